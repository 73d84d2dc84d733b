//! Patterns over words, written as text: `i|we .. @harm ?@the @person`.
//!
//! `a|b` is one of both, `kill*` what begins so, `?x` may be missing, `..` up to four words of any kind, `@name` a word
//! of a list below, `^` the beginning of the sentence.

/// Most words that `..` stands for.
const WIDEST_GAP: usize = 4;

/// The words from `start` to before `end` that the pattern fits first.
pub(crate) fn find(pattern: &str, words: &[String]) -> Option<(usize, usize)> {
    let parts: Vec<&str> = pattern.split(' ').collect();
    if let Some((&"^", rest)) = parts.split_first() {
        return fit(rest, words, 0).map(|end| (0, end));
    }
    (0..words.len()).find_map(|start| fit(&parts, words, start).map(|end| (start, end)))
}

/// Where the pattern ends if it begins at `at`.
fn fit(parts: &[&str], words: &[String], at: usize) -> Option<usize> {
    let Some((part, rest)) = parts.split_first() else { return Some(at) };
    if *part == ".." {
        return (at..=(at + WIDEST_GAP).min(words.len())).find_map(|next| fit(rest, words, next));
    }
    let (part, optional) = part.strip_prefix('?').map_or((*part, false), |part| (part, true));
    let here = words.get(at).filter(|word| is_one(part, word)).and_then(|_| fit(rest, words, at + 1));
    here.or_else(|| if optional { fit(rest, words, at) } else { None })
}

fn is_one(part: &str, word: &str) -> bool {
    part.split('|').any(|choice| match (choice.strip_prefix('@'), choice.strip_suffix('*')) {
        (Some(list), _) => list_of(list).contains(&word),
        (None, Some(beginning)) => word.starts_with(beginning),
        (None, None) => word == choice,
    })
}

/// The words of a list; none of one that is not there, which a test looks for.
pub(crate) fn list_of(name: &str) -> &'static [&'static str] {
    LISTS.iter().find(|(known, _)| *known == name).map_or(&[], |(_, words)| words)
}

#[rustfmt::skip]
pub(crate) const LISTS: &[(&str, &[&str])] = &[
    ("i", &["i", "i'm", "im", "i'll", "i'd", "ima", "imma", "we", "we'll", "we're", "i've", "we've"]),
    ("will", &["will", "i'll", "we'll", "gonna", "going", "want", "wanna", "plan", "planning", "about", "swear", "ima",
        "imma", "shall", "must", "should", "intend", "dream", "love", "ready", "need", "let's", "lets", "decided", "wish",
        "fantasize", "thinking", "can't", "would", "could"]),
    ("the", &["the", "my", "your", "his", "her", "their", "our", "that", "this", "these", "those", "all", "every", "each",
        "both", "a", "an", "some", "any", "of", "stupid", "whole", "entire", "fucking", "damn", "old", "little", "more",
        "as", "many"]),
    ("person", &["you", "him", "her", "them", "everyone", "everybody", "someone", "somebody", "people", "person", "kids",
        "kid", "children", "child", "wife", "husband", "boss", "neighbor", "neighbour", "neighbors", "neighbours", "ex",
        "teacher", "teachers", "coworker", "coworkers", "colleague", "colleagues", "brother", "sister", "mother", "father",
        "mom", "mum", "dad", "girlfriend", "boyfriend", "roommate", "landlord", "family", "guy", "guys", "man", "men",
        "woman", "women", "politician", "politicians", "president", "judge", "cop", "cops", "officer", "officers", "classmates",
        "classmate", "students", "parents", "girl", "boy", "senator", "manager", "ass", "y'all", "tenants", "customers",
        "stepfather", "stepmother", "uncle", "aunt", "cousin", "rival", "stranger", "strangers", "pedestrians", "crowd",
        "bully", "journalist", "journalists", "bastard", "bastards"]),
    ("harm", &["kill", "kills", "killing", "murder", "murdering", "slaughter", "stab", "stabbing", "strangle",
        "strangling", "shoot", "shooting", "behead", "execute", "butcher", "massacre", "choke", "exterminate", "hang",
        "poison", "torture", "lynch", "assassinate", "drown", "bury", "burn", "hurt", "maim", "beat", "punch",
        "hit", "attack", "smash", "crush", "destroy", "cripple", "gut", "skin", "run", "bomb", "suffocate", "kidnap"]),
    ("kill", &["kill", "kills", "killing", "murder", "murdering", "slaughter", "stab", "stabbing", "strangle", "shoot",
        "behead", "execute", "butcher", "massacre", "exterminate", "hang", "poison", "torture", "lynch", "assassinate", "gas",
        "drown", "burn", "eradicate", "eliminate", "annihilate", "hunt", "bomb", "attack", "beat", "gun"]),
    ("killed", &["killed", "murdered", "slaughtered", "stabbed", "strangled", "shot", "beheaded", "executed", "butchered",
        "massacred", "exterminated", "hanged", "hung", "poisoned", "tortured", "lynched", "gassed", "drowned", "burned",
        "burnt", "eradicated", "eliminated", "beaten", "sterilized", "castrated", "wiped", "crushed"]),
    ("group", &["immigrants", "immigrant", "migrants", "muslims", "muslim", "jews", "jew", "jewish", "christians", "gays",
        "gay", "lesbians", "lesbian", "homosexuals", "homosexual", "blacks", "black", "whites", "asians", "asian", "mexicans",
        "mexican", "arabs", "arab", "africans", "african", "refugees", "foreigners", "trans", "transgender", "disabled",
        "gypsies", "gypsy", "roma", "indians", "chinese", "latinos", "hispanics", "hindus", "atheists", "women", "females",
        "catholics", "buddhists", "sikhs", "turks", "poles", "africans", "queers", "autistic", "wheelchair", "elderly",
        "minorities", "koreans", "japanese", "pakistanis", "nigerians", "natives", "aboriginals", "feminists", "cripples"]),
    ("low", &["vermin", "animals", "cockroaches", "rats", "parasites", "subhuman", "subhumans", "inferior", "disgusting",
        "scum", "filth", "filthy", "disease", "plague", "savages", "criminals", "stupid", "trash", "garbage", "dirty",
        "lazy", "evil", "destroying", "ruining", "terrorists", "rapists", "thieves", "worthless", "monkeys", "apes",
        "dogs", "pigs", "insects", "cancer", "degenerate", "degenerates", "perverts", "barbarians", "poison", "poisoning",
        "abomination", "unclean", "dumb", "dumber", "idiots", "infestation", "invaders", "liars", "greedy", "retarded",
        "mistake", "leeches", "burden", "objects", "property", "backward", "primitive", "snakes", "uncivilized"]),
    ("insult", &["idiot", "idiots", "moron", "morons", "loser", "losers", "stupid", "pathetic", "worthless", "disgusting",
        "ugly", "dumb", "scum", "trash", "garbage", "pig", "whore", "slut", "bitch", "bastard", "asshole", "imbecile",
        "cretin", "retard", "retarded", "coward", "freak", "failure", "dumbass", "clown", "useless", "fat", "jerk", "weakling",
        "creep", "brainless", "repulsive", "vermin", "cow", "hideous", "joke", "shit", "incompetent", "nobody", "dimwit",
        "psycho", "maggot", "cockroach", "rat", "filth", "parasite", "waste", "embarrassment", "laughingstock"]),
    ("how", &["how", "instructions", "steps", "step", "guide", "recipe", "tutorial", "ways", "way", "teach", "explain",
        "show", "tell", "help", "method", "methods", "tips", "blueprint", "write", "give", "where", "walk", "list"]),
    ("make", &["make", "making", "build", "building", "cook", "cooking", "synthesize", "synthesise", "produce", "create",
        "construct", "assemble", "manufacture", "brew", "mix", "extract", "3d", "print", "grow", "detonate", "plant",
        "get", "buy", "sell", "order", "obtain", "smuggle", "modify", "convert"]),
    ("drug", &["meth", "methamphetamine", "cocaine", "heroin", "crack", "fentanyl", "lsd", "mdma", "ecstasy", "ketamine",
        "ghb", "amphetamine", "drugs", "opium", "dmt", "steroids", "oxycontin", "rohypnol", "roofies", "narcotics"]),
    ("weapon", &["bomb", "bombs", "explosive", "explosives", "napalm", "molotov", "grenade", "grenades", "silencer", "gun",
        "guns", "rifle", "pistol", "sarin", "ricin", "anthrax", "thermite", "ied", "detonator", "dynamite", "suppressor",
        "tnt", "landmine", "c4", "firearm", "firearms", "bioweapon", "flamethrower", "poison", "cyanide", "warhead",
        "semtex", "shrapnel", "machete", "automatic"]),
    ("minor", &["child", "children", "kid", "kids", "minor", "minors", "underage", "teen", "teens", "teenage", "teenager",
        "teenagers", "schoolgirl", "schoolgirls", "schoolboy", "preteen", "preteens", "toddler", "toddlers", "daughter",
        "niece", "nephew", "stepdaughter", "pupil", "loli", "lolita", "infant", "boy", "preschooler", "kindergartner"]),
    ("lewd", &["sexual", "sexually", "sex", "erotic", "erotica", "nude", "nudes", "naked", "porn", "porno", "pornographic",
        "seduce", "seduces", "seducing", "sexy", "lust", "aroused", "arousing", "horny", "intercourse", "undressing", "fuck",
        "fucking", "molest", "molesting", "explicit", "sexualized", "fondle", "fondling", "grope", "orgasm", "undress",
        "undresses", "genitals", "masturbate", "masturbating", "strip", "stripping", "topless", "sensual", "kinky"]),
    ("bare", &["breasts", "nipples", "tits", "boobs", "pussy", "cock", "dick", "penis", "vagina", "clit", "ass", "thighs",
        "crotch", "genitals", "balls"]),
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn patterns_fit_as_written() {
        for (pattern, text, fits) in [
            ("kill @person", "i kill you", true),
            ("kill* ?the process", "killing process", true),
            ("^ kill", "do not kill", false),
            ("i .. go", "i want to go", true),
            ("i .. go", "i a b c d e go", false),
        ] {
            assert_eq!(find(pattern, &words(text)).is_some(), fits, "{pattern} / {text}");
        }
    }

    proptest! {
        #[test]
        fn no_words_panic(text in "[a-z ]{0,80}", pattern in "[a-z.?|*@^ ]{0,40}") {
            let words = words(&text);
            if let Some((start, end)) = find(&pattern, &words) {
                prop_assert!(start <= end && end <= words.len());
            }
        }
    }
}
