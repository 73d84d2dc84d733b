//! Log probabilities: drawn, but normalised and consistent with the text.

use fakeai_core::{Rng, Seed};
use fakeai_tokens::Tokenizer;

use crate::bias::Bias;
use crate::{Logprob, Segment};

/// The most alternatives a client may ask for.
const MOST_ALTERNATIVES: usize = 20;

/// Tokens that could have stood where another of their shape stands. Each is one token of every vocabulary.
const WORDS: &[&str] = &[
    " the", " a", " of", " to", " and", " in", " that", " is", " for", " with", " as", " this", " more", " their",
    " your", " which", " an", " from", " it", " these", " each", " on", " by", " can", " at", " its", " be", " one",
];
const CAPITALISED: &[&str] = &[
    "The", "This", "A", "In", "It", "For", "When", "You", "To", "If", "As", "There", "Here", "We", "What", "One",
    "Some", "An", "Many", "By", "On", "At", "With", "That", "Yes", "No", "I", "So",
];
const SPACED_CAPITALISED: &[&str] = &[
    " The", " This", " A", " In", " It", " For", " When", " You", " To", " If", " As", " There", " Here", " We",
    " What", " One", " Some", " An", " Many", " By", " On", " At", " With", " That", " Yes", " No", " I", " So",
];
const CONTINUED: &[&str] = &[
    "ing", "ed", "s", "er", "ly", "al", "ion", "ment", "ity", "able", "ive", "ence", "ist", "or", "es", "en", "ic",
    "ous", "ful", "less", "ness", "ation", "age", "ant", "ary", "ism", "ure", "y",
];
const MARKS: &[&str] = &[
    ".", ",", ":", ";", "!", "?", " –", " (", ")", "\n\n", "\n", " and", " or", ".\n\n", ":\n\n", "...", "-", " -",
    "/", "**", " **", "\"", "'", " which", " but", " with", " in", " of",
];
const DIGITS: &[&str] = &[
    "1", "2", "3", "4", "5", "6", "7", "8", "9", "0", "10", "12", "15", "20", "24", "25", "30", "40", "50", "60", "75",
    "80", "90", "99", "100", "200", "365", "500",
];
const IDEOGRAPHS: &[&str] = &[
    "的", "是", "在", "不", "了", "有", "和", "人", "这", "中", "大", "为", "上", "个", "国", "我", "以", "要", "他",
    "时", "来", "用", "们", "生", "到", "作", "地", "于",
];
const KANA: &[&str] = &[
    "の", "に", "は", "を", "た", "が", "で", "て", "と", "し", "れ", "さ", "い", "や", "な", "こ", "ま", "す", "か",
    "も", "ら", "り", "る", "く", "う", "あ", "ん", "っ", "き",
];

/// Draws the log probabilities of a segment's tokens, `top` alternatives each.
pub(crate) fn draw(
    segment: &Segment,
    top: u8,
    greedy: bool,
    seed: Seed,
    bias: Option<&Bias>,
    with: Tokenizer,
) -> Vec<Logprob> {
    let top = usize::from(top).min(MOST_ALTERNATIVES);
    let one = |position: usize| {
        let mut rng = seed.mix(position as u64).rng();
        let (chosen, falloff) = chance(greedy, &mut rng);
        draw_one(segment.token_bytes(position), chosen, falloff, top, &mut rng, |token| {
            bias.is_some_and(|bias| with.encode(token).iter().any(|token| bias.bans(token.id)))
        })
    };
    (0..segment.tokens.len()).map(one).collect()
}

/// The probability of the chosen token, and how fast the alternatives' probabilities fall.
fn chance(greedy: bool, rng: &mut Rng) -> (f64, f64) {
    let falloff = rng.range(0.35, 0.7);
    if !greedy && rng.chance(0.12) {
        // A draw that was not the likeliest one.
        return (rng.range(0.12, 0.4), rng.range(0.15, 0.35));
    }
    // Models are sure of most tokens and undecided about a few; above one half nothing else can be likelier.
    let doubt = rng.unit();
    (1.0 - 0.49 * doubt * doubt * doubt - 1e-6, falloff)
}

fn draw_one(
    bytes: &[u8],
    chosen: f64,
    falloff: f64,
    top: usize,
    rng: &mut Rng,
    banned: impl Fn(&str) -> bool,
) -> Logprob {
    let mut list = Vec::with_capacity(top + usize::from(top > 0));
    if top > 0 {
        let pool = alternatives(bytes);
        let mut share = (1.0 - chosen) * (1.0 - falloff);
        let first = rng.below(pool.len());
        let others = pool.iter().cycle().skip(first).take(pool.len());
        for other in others.filter(|other| other.as_bytes() != bytes && !banned(other)).take(top) {
            list.push((other.as_bytes().to_vec(), share.ln()));
            share *= falloff;
        }
        let rank = list.partition_point(|(_, logprob)| *logprob > chosen.ln());
        list.insert(rank, (bytes.to_vec(), chosen.ln()));
        list.truncate(top);
    }
    Logprob { logprob: chosen.ln(), top: list }
}

/// Tokens of the shape of `bytes`.
fn alternatives(bytes: &[u8]) -> &'static [&'static str] {
    let Ok(token) = std::str::from_utf8(bytes) else { return IDEOGRAPHS };
    let mut characters = token.chars();
    match (characters.next(), characters.next()) {
        (Some(' '), Some(second)) if second.is_uppercase() => SPACED_CAPITALISED,
        (Some(' '), Some(second)) if second.is_alphabetic() => WORDS,
        (Some(first), _) if first.is_ascii_digit() => DIGITS,
        (Some('\u{3040}'..='\u{30FF}'), _) => KANA,
        (Some('\u{3400}'..='\u{9FFF}'), _) => IDEOGRAPHS,
        (Some(first), _) if first.is_uppercase() => CAPITALISED,
        (Some(first), _) if first.is_alphabetic() => CONTINUED,
        _ => MARKS,
    }
}

#[cfg(test)]
mod tests {
    use fakeai_tokens::Encoding;

    use super::*;

    const POOLS: [&[&str]; 8] = [WORDS, CAPITALISED, SPACED_CAPITALISED, CONTINUED, MARKS, DIGITS, IDEOGRAPHS, KANA];

    #[test]
    fn alternatives_are_single_distinct_tokens() {
        for pool in POOLS {
            assert!(pool.len() > MOST_ALTERNATIVES);
            for (index, token) in pool.iter().enumerate() {
                assert!(!pool[..index].contains(token), "{token:?} twice");
                for encoding in Encoding::ALL {
                    assert_eq!(Tokenizer::Bpe(encoding).count(token), 1, "{token:?} in {}", encoding.name());
                }
            }
        }
    }
}
