//! What is left of an English word without its endings. Coarse on purpose: `bake`, `baked`, `bakes` and `baking` only
//! have to come out the same, not right.

/// Endings and the fewest letters that must be left before them, longest first within each step.
const DERIVED: [(&str, usize); 15] = [
    ("fulness", 3),
    ("ization", 4),
    ("isation", 4),
    ("ation", 4),
    ("ement", 4),
    ("ness", 4),
    ("ment", 3),
    ("able", 4),
    ("ible", 4),
    ("ate", 4),
    ("ion", 4),
    ("ful", 4),
    ("est", 3),
    ("er", 6),
    ("or", 6),
];

/// The stem of a lower-case word. Words that are not ASCII letters are left alone.
pub(super) fn stem(word: &str) -> &str {
    if word.len() < 4 || !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return word;
    }
    let word = without_plural(word);
    let word = ["ingly", "edly", "ally", "ly"].iter().find_map(|ending| cut(word, ending, 4)).unwrap_or(word);
    let word = without_tense(word);
    let word = DERIVED.iter().find_map(|(ending, least)| cut(word, ending, *least)).unwrap_or(word);
    without_tail(word)
}

fn cut<'a>(word: &'a str, ending: &str, least: usize) -> Option<&'a str> {
    word.strip_suffix(ending).filter(|stem| stem.len() >= least && has_vowel(stem))
}

fn without_plural(word: &str) -> &str {
    if word.ends_with("sses") || word.ends_with("shes") || word.ends_with("ches") || word.ends_with("xes") {
        return &word[..word.len() - 2];
    }
    if word.ends_with("ss") || word.ends_with("us") || word.ends_with("is") {
        return word;
    }
    word.strip_suffix('s').unwrap_or(word)
}

fn without_tense(word: &str) -> &str {
    // "operating" as "operate", but "repeating" as "repeat".
    let verb_in_ate = |ending: &&str| cut(word, ending, 4).filter(|stem| !stem.ends_with('e'));
    ["ating", "ated"]
        .iter()
        .find_map(verb_in_ate)
        .or_else(|| cut(word, "ied", 3))
        .or_else(|| cut(word, "ing", 2))
        .or_else(|| cut(word, "ed", 2))
        .unwrap_or(word)
}

/// Takes off what differs between forms: a last `e`, `i` or `y`, and one of two equal consonants.
fn without_tail(word: &str) -> &str {
    let mut word = word;
    while word.len() > 3 && word.ends_with(['e', 'i', 'y']) {
        word = &word[..word.len() - 1];
    }
    let bytes = word.as_bytes();
    match bytes {
        [.., before, last] if before == last && word.len() > 3 && !b"aeiou".contains(last) => &word[..word.len() - 1],
        _ => word,
    }
}

fn has_vowel(word: &str) -> bool {
    word.bytes().any(|byte| b"aeiouy".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_word_come_out_the_same() {
        for forms in [
            &["bake", "bakes", "baked", "baking"][..],
            &["stop", "stops", "stopped", "stopping"],
            &["fall", "falls", "falling"],
            &["city", "cities"],
            &["study", "studies", "studied", "studying"],
            &["box", "boxes"],
            &["install", "installs", "installed", "installing", "installation"],
            &["create", "created", "creating", "creation"],
            &["quick", "quickly"],
            &["pay", "pays", "paying", "payment"],
            &["move", "moving", "movement"],
            &["operate", "operates", "operated", "operation", "operating"],
            &["repeat", "repeated", "repeating"],
        ] {
            let stems: Vec<&str> = forms.iter().map(|form| stem(form)).collect();
            assert!(stems.iter().all(|found| *found == stems[0]), "{stems:?}");
        }
        assert_ne!(stem("bring"), "br");
        assert_eq!(stem("naïve"), "naïve");
    }
}
