//! How alike two texts are, 0 to 1.

use std::hash::Hash;

use rustc_hash::FxHashMap;

use super::lcs;

/// A measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Metric {
    Cosine,
    FuzzyMatch,
    Bleu,
    Gleu,
    Meteor,
    /// Of so many words.
    Rouge(usize),
    RougeL,
}

impl Metric {
    pub(super) const WORDS: [(&'static str, Self); 11] = [
        ("bleu", Self::Bleu),
        ("cosine", Self::Cosine),
        ("fuzzy_match", Self::FuzzyMatch),
        ("gleu", Self::Gleu),
        ("meteor", Self::Meteor),
        ("rouge_1", Self::Rouge(1)),
        ("rouge_2", Self::Rouge(2)),
        ("rouge_3", Self::Rouge(3)),
        ("rouge_4", Self::Rouge(4)),
        ("rouge_5", Self::Rouge(5)),
        ("rouge_l", Self::RougeL),
    ];

    /// How alike `text` is to `reference`.
    pub(super) fn score(self, text: &str, reference: &str) -> f64 {
        if self == Self::FuzzyMatch {
            return fuzzy(text, reference);
        }
        if self == Self::Cosine {
            return cosine(text, reference);
        }
        let (text, reference) = (words(text), words(reference));
        if text.is_empty() || reference.is_empty() {
            return f64::from(u8::from(text.is_empty() && reference.is_empty()));
        }
        match self {
            Self::Bleu => bleu(&text, &reference),
            Self::Gleu => gleu(&text, &reference),
            Self::Meteor => meteor(&text, &reference),
            Self::Rouge(size) => {
                let shared = shared(&text, &reference, size);
                harmonic(share(shared, count(&text, size)), share(shared, count(&reference, size)))
            }
            _ => {
                let shared = lcs::length(&text, &reference);
                harmonic(share(shared, text.len()), share(shared, reference.len()))
            }
        }
    }
}

/// Words in small letters, and signs as words of their own.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut open = false;
    for c in text.chars() {
        if c.is_alphanumeric() || (c == '\'' && open) {
            if !open {
                words.push(String::new());
            }
            open = true;
            if let Some(word) = words.last_mut() {
                word.extend(c.to_lowercase());
            }
            continue;
        }
        open = false;
        if !c.is_whitespace() {
            words.push(c.to_string());
        }
    }
    words
}

/// Twice the longest common subsequence of letters by the letters of both (the ratio of rapidfuzz).
pub(super) fn fuzzy(text: &str, reference: &str) -> f64 {
    let (text, reference): (Vec<char>, Vec<char>) = (text.chars().collect(), reference.chars().collect());
    if text.is_empty() && reference.is_empty() {
        return 1.0;
    }
    share(2 * lcs::length(&text, &reference), text.len() + reference.len())
}

/// The cosine of the writer's embeddings; what points away from each other is not alike at all.
pub(super) fn cosine(text: &str, reference: &str) -> f64 {
    const DIMENSIONS: u32 = 1536;
    let (one, other) = (fakeai_writer::embed(text, DIMENSIONS, 0), fakeai_writer::embed(reference, DIMENSIONS, 0));
    let product: f32 = one.iter().zip(&other).map(|(one, other)| one * other).sum();
    f64::from(product).clamp(0.0, 1.0)
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

fn harmonic(precision: f64, recall: f64) -> f64 {
    let sum = precision + recall;
    if sum > 0.0 { 2.0 * precision * recall / sum } else { 0.0 }
}

/// How many runs of `size` words there are.
const fn count(words: &[String], size: usize) -> usize {
    (words.len() + 1).saturating_sub(size)
}

/// Runs of `size` that both have, each as often as both have it.
fn shared<T: Eq + Hash>(text: &[T], reference: &[T], size: usize) -> usize {
    let mut left: FxHashMap<&[T], usize> = FxHashMap::default();
    reference.windows(size).for_each(|run| *left.entry(run).or_default() += 1);
    text.windows(size)
        .filter(|run| {
            let Some(count) = left.get_mut(run).filter(|count| **count > 0) else { return false };
            *count -= 1;
            true
        })
        .count()
}

/// BLEU of one sentence: K. Papineni et al. (2002), up to four words; orders without a match are smoothed as in C.-Y. Lin
/// and F. J. Och (2004): one is added to matches and runs of orders above the first.
fn bleu(text: &[String], reference: &[String]) -> f64 {
    let mut logs = 0.0;
    for size in 1..=4 {
        let extra = usize::from(size > 1);
        let precision = share(shared(text, reference, size) + extra, count(text, size) + extra);
        if precision <= 0.0 {
            return 0.0;
        }
        logs += precision.ln() / 4.0;
    }
    let brevity = (1.0 - reference.len() as f64 / text.len() as f64).min(0.0).exp();
    brevity * logs.exp()
}

/// Google's BLEU: Y. Wu et al. (2016), the smaller of precision and recall over all runs of up to four words.
fn gleu(text: &[String], reference: &[String]) -> f64 {
    let (mut both, mut own, mut wanted) = (0, 0, 0);
    for size in 1..=4 {
        both += shared(text, reference, size);
        own += count(text, size);
        wanted += count(reference, size);
    }
    share(both, own).min(share(both, wanted))
}

/// METEOR: S. Banerjee and A. Lavie (2005), with equal words and equal stems: 10 P R / (R + 9 P), less a half of the cube
/// of the chunks by matches.
fn meteor(text: &[String], reference: &[String]) -> f64 {
    let mut used = vec![false; reference.len()];
    let mut places: Vec<Option<usize>> = vec![None; text.len()];
    for same in [|one: &str, other: &str| one == other, |one: &str, other: &str| stem(one) == stem(other)] {
        for (place, word) in places.iter_mut().zip(text).filter(|(place, _)| place.is_none()) {
            let found = reference.iter().enumerate().position(|(at, wanted)| !used[at] && same(word, wanted));
            if let Some(at) = found {
                used[at] = true;
                *place = Some(at);
            }
        }
    }
    let matches = places.iter().flatten().count();
    if matches == 0 {
        return 0.0;
    }
    let follows = |pair: &[Option<usize>]| matches!(pair, [Some(one), Some(next)] if *next == one + 1);
    let chunks = matches - places.windows(2).filter(|pair| follows(pair)).count();
    let (precision, recall) = (share(matches, text.len()), share(matches, reference.len()));
    let mean = 10.0 * precision * recall / (recall + 9.0 * precision);
    // One chunk is as good as it gets, so that a text is like itself.
    let penalty = if chunks == 1 { 0.0 } else { 0.5 * share(chunks, matches).powi(3) };
    mean * (1.0 - penalty)
}

/// A word without its usual endings.
fn stem(word: &str) -> &str {
    let endings = ["ing", "edly", "ed", "ies", "es", "ly", "s"];
    let found = endings.iter().find_map(|ending| word.strip_suffix(ending).filter(|stem| stem.len() >= 3));
    found.unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn measures_are_those_of_their_papers() {
        let (text, reference) = ("the cat sat on the mat", "the cat is on the mat");
        for (metric, expected) in [
            (Metric::Rouge(1), 5.0 / 6.0),
            (Metric::Rouge(2), 3.0 / 5.0),
            (Metric::RougeL, 5.0 / 6.0),
            // 5 + 3 + 1 + 0 runs of 6 + 5 + 4 + 3.
            (Metric::Gleu, 9.0 / 18.0),
            // 5/6, 4/6, 2/5, 1/4.
            (Metric::Bleu, (5.0 / 6.0 * 4.0 / 6.0 * 2.0 / 5.0 * 0.25_f64).powf(0.25)),
            // Two chunks of five matches.
            (Metric::Meteor, 5.0 / 6.0 * (1.0 - 0.5 * (2.0_f64 / 5.0).powi(3))),
        ] {
            assert!(
                (metric.score(text, reference) - expected).abs() < 1e-9,
                "{metric:?}: {}",
                metric.score(text, reference)
            );
        }
        assert!((fuzzy("kitten", "sitting") - 8.0 / 13.0).abs() < 1e-9);
        assert!(cosine("a small dog", "the little puppy") > cosine("a small dog", "quarterly tax report"));
    }

    proptest! {
        #[test]
        fn scores_are_shares_and_a_text_is_like_itself(text in "\\PC{0,60}", other in "\\PC{0,60}") {
            for (_, metric) in Metric::WORDS {
                let score = metric.score(&text, &other);
                prop_assert!((0.0..=1.0 + 1e-9).contains(&score), "{metric:?} {score}");
                if words(&text).len() >= 5 {
                    prop_assert!(metric.score(&text, &text) > 0.999, "{metric:?}");
                }
            }
        }
    }
}
