//! From rules to scores.

use crate::category::{Category, Scores};
use crate::frames::{Frames, is_negated};
use crate::idioms;
use crate::pattern::find;
use crate::rules::{IMPLIED, RULES};
use crate::words::{Sentence, sentences};

/// Log-odds of a category of which nothing speaks.
const NOTHING: f64 = -8.2;
/// Log-odds beyond which nothing is told apart.
const MOST: f64 = 5.2;
/// How far a text's own hash moves its scores: models are never exactly sure.
const JITTER: f64 = 0.55;
/// What is excused still counts with this share: a report of a murder scores above the weather.
const LEAST_SHARE: f64 = 0.4;
/// The share of the second, third, … rule that speaks of the same category.
const REPEATED: f64 = 0.35;

/// The scores of a text. The same text always has the same.
pub fn score(text: &str) -> Scores {
    let mut sentences = sentences(text);
    sentences.iter_mut().for_each(idioms::take_out);
    let frames: Vec<Frames> = sentences.iter().map(Frames::of).collect();
    let mut evidence = [0.0_f64; 13];
    for (index, sentence) in sentences.iter().enumerate() {
        // The sentence before still frames this one, as a story does that has begun.
        let before = index.checked_sub(1).map(|before| frames[before]).unwrap_or_default();
        let carried = Frames { is_against: false, is_help: false, ..before };
        weigh(sentence, frames[index].or(carried), &mut evidence);
    }
    finish(evidence, hash(text))
}

/// Adds what a sentence says; of several sentences the worst counts, and the others a little.
fn weigh(sentence: &Sentence, frames: Frames, evidence: &mut [f64; 13]) {
    let mut found = [0.0_f64; 13];
    for rule in RULES {
        let Some((start, end)) = find(rule.pattern, &sentence.words) else { continue };
        let quoted = sentence.quoted.get(start..end).is_some_and(|quoted| quoted.iter().any(|quoted| *quoted));
        let is_negated = is_negated(&sentence.words, start, end, rule.pattern);
        let is_against = frames.is_against || is_negated;
        let frames = Frames { is_quoted: frames.is_quoted && quoted, is_against, ..frames };
        let weight = (rule.weight - rule.excuses.taken(frames)).max(LEAST_SHARE * rule.weight);
        let place = &mut found[rule.category.place()];
        *place = place.max(weight) + REPEATED * place.min(weight);
    }
    for (sum, found) in evidence.iter_mut().zip(found) {
        *sum = sum.max(found) + REPEATED / 2.0 * sum.min(found);
    }
}

fn finish(mut evidence: [f64; 13], hash: u64) -> Scores {
    for (from, to, less) in IMPLIED {
        let implied = evidence[from.place()] - less;
        if evidence[from.place()] > 0.0 && implied > evidence[to.place()] {
            evidence[to.place()] = implied;
        }
    }
    let mut scores = Scores::default();
    for category in Category::ALL {
        let place = category.place();
        let draw = (mixed(hash ^ place as u64) >> 11) as f64 / (1_u64 << 53) as f64;
        // What is near the middle is not moved across it.
        let sure = ((evidence[place] + NOTHING).abs() / 2.0).min(1.0);
        let odds = NOTHING + evidence[place] + (draw * 2.0 - 1.0) * JITTER * sure;
        scores.0[place] = 1.0 / (1.0 + (-odds.min(MOST)).exp());
    }
    scores
}

/// What is known of a picture: shares of its colours, 0 to 1. Nothing is recognised.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sight {
    /// Pixels of the colours of human skin.
    pub skin: f64,
    /// Pixels of the colour of blood.
    pub blood: f64,
    /// What tells the picture from others.
    pub hash: u64,
}

/// The scores of a picture: much of the colour of skin raises `sexual`, much blood red `violence`. That is all that
/// colours can say, so no picture is flagged at the usual threshold for them alone.
pub fn score_picture(sight: Sight) -> Scores {
    let mut evidence = [0.0; 13];
    evidence[Category::Sexual.place()] = 7.0 * (sight.skin - 0.15).max(0.0);
    evidence[Category::ViolenceGraphic.place()] = 7.0 * (sight.blood - 0.1).max(0.0);
    finish(evidence, sight.hash)
}

/// FNV-1a, then mixed: stable on every platform.
fn hash(text: &str) -> u64 {
    mixed(text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)))
}

/// The finaliser of `SplitMix64` (Steele, Lea, Flood 2014).
const fn mixed(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
