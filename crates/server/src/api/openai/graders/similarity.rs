//! How near a text is to a reference, from 0 to 1, by the measures that OpenAI names.
//!
//! All compare lower-case words, but for `fuzzy_match`, which compares characters, and `cosine`, which compares what
//! texts mean.

use std::collections::HashMap;
use std::hash::Hash;

/// Characters and words of a text that are compared; what follows is not read, because some measures take the product
/// of both lengths.
const MOST_CHARACTERS: usize = 100_000;
const MOST_WORDS: usize = 20_000;
/// Dimensions of the vectors that `cosine` compares.
const DIMENSIONS: u32 = 256;
/// Longest n-grams of BLEU and GLEU.
const LONGEST: usize = 4;

/// A measure of similarity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Metric {
    FuzzyMatch,
    Bleu,
    Gleu,
    Meteor,
    Cosine,
    /// Overlap of runs of so many words.
    Rouge(usize),
    /// Longest common subsequence of words.
    RougeL,
}

/// Their names.
pub(super) const METRICS: [(&str, Metric); 11] = [
    ("cosine", Metric::Cosine),
    ("fuzzy_match", Metric::FuzzyMatch),
    ("bleu", Metric::Bleu),
    ("gleu", Metric::Gleu),
    ("meteor", Metric::Meteor),
    ("rouge_1", Metric::Rouge(1)),
    ("rouge_2", Metric::Rouge(2)),
    ("rouge_3", Metric::Rouge(3)),
    ("rouge_4", Metric::Rouge(4)),
    ("rouge_5", Metric::Rouge(5)),
    ("rouge_l", Metric::RougeL),
];

impl Metric {
    /// How near `text` is to `reference`, from 0 to 1.
    pub(super) fn measure(self, text: &str, reference: &str) -> f64 {
        let (ours, theirs) = (words(text), words(reference));
        let score = match self {
            Self::FuzzyMatch => fuzzy(text, reference),
            Self::Cosine => return cosine(text, reference),
            _ if ours.is_empty() && theirs.is_empty() => 1.0,
            Self::Bleu => bleu(&ours, &theirs),
            Self::Gleu => gleu(&ours, &theirs),
            Self::Meteor => meteor(&ours, &theirs),
            Self::Rouge(length) => rouge(&ours, &theirs, length),
            Self::RougeL => f1(common(&ours, &theirs), ours.len(), theirs.len()),
        };
        score.clamp(0.0, 1.0)
    }
}

/// Lower-case runs of letters and digits.
fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.take(MOST_WORDS).map(str::to_lowercase).collect()
}

/// The cosine of the vectors of both texts, not below 0.
pub(super) fn cosine(text: &str, reference: &str) -> f64 {
    let vector = |text| fakeai_writer::embed(text, DIMENSIONS, 0);
    if text == reference {
        return 1.0;
    }
    let product: f32 = vector(text).iter().zip(vector(reference)).map(|(one, other)| one * other).sum();
    f64::from(product).clamp(0.0, 1.0)
}

/// Normalised indel similarity, `rapidfuzz.fuzz.ratio` / 100: twice the longest common subsequence of characters over
/// the sum of lengths.
fn fuzzy(text: &str, reference: &str) -> f64 {
    let characters = |text: &str| text.chars().take(MOST_CHARACTERS).collect::<Vec<char>>();
    let (ours, theirs) = (characters(text), characters(reference));
    if ours.is_empty() && theirs.is_empty() { 1.0 } else { f1(common(&ours, &theirs), ours.len(), theirs.len()) }
}

/// The harmonic mean of precision and recall.
fn f1(matches: usize, ours: usize, theirs: usize) -> f64 {
    if matches == 0 { 0.0 } else { 2.0 * matches as f64 / (ours + theirs) as f64 }
}

/// The length of the longest common subsequence; bit-parallel, 64 columns at a time (Crochemore and others 2001).
fn common<T: Eq + Hash>(ours: &[T], theirs: &[T]) -> usize {
    let blocks = ours.len().div_ceil(64);
    let mut places: HashMap<&T, Vec<(usize, u64)>> = HashMap::new();
    for (at, value) in ours.iter().enumerate() {
        let masks = places.entry(value).or_default();
        match masks.last_mut() {
            Some((block, mask)) if *block == at / 64 => *mask |= 1 << (at % 64),
            _ => masks.push((at / 64, 1 << (at % 64))),
        }
    }
    let mut rows = vec![u64::MAX; blocks];
    for value in theirs {
        let Some(masks) = places.get(value) else { continue };
        let (mut carry, mut masks) = (false, masks.iter().peekable());
        for (block, row) in rows.iter_mut().enumerate() {
            let mask = masks.next_if(|(at, _)| *at == block).map_or(0, |(_, mask)| *mask);
            let hits = *row & mask;
            let (sum, first) = row.overflowing_add(hits);
            let (sum, second) = sum.overflowing_add(u64::from(carry));
            carry = first || second;
            *row = sum | (*row & !mask);
        }
    }
    let zeros: u32 = rows.iter().map(|row| row.count_zeros()).sum();
    zeros as usize
}

/// How often each run of `length` words comes.
fn runs(words: &[String], length: usize) -> HashMap<&[String], usize> {
    let mut counts = HashMap::new();
    for run in words.windows(length) {
        *counts.entry(run).or_insert(0) += 1;
    }
    counts
}

/// Runs of `length` words that both have, and how many each has.
fn overlap(ours: &[String], theirs: &[String], length: usize) -> (usize, usize, usize) {
    let other = runs(theirs, length);
    let matches = runs(ours, length).iter().map(|(run, count)| *count.min(other.get(run).unwrap_or(&0))).sum();
    let of = |words: &[String]| (words.len() + 1).saturating_sub(length);
    (matches, of(ours), of(theirs))
}

/// ROUGE-N (Lin 2004), as F1.
fn rouge(ours: &[String], theirs: &[String], length: usize) -> f64 {
    let (matches, ours, theirs) = overlap(ours, theirs, length);
    f1(matches, ours, theirs)
}

/// Sentence BLEU up to 4-grams with brevity penalty (Papineni and others 2002); an order without a match counts as half
/// the one before (exponential smoothing, Lin and Och 2004). Orders longer than the text are left out.
fn bleu(ours: &[String], theirs: &[String]) -> f64 {
    if ours.is_empty() || theirs.is_empty() {
        return 0.0;
    }
    let (mut logarithms, mut orders, mut smoothing) = (0.0, 0, 1.0);
    for length in 1..=LONGEST.min(ours.len()) {
        let (matches, all, _) = overlap(ours, theirs, length);
        if matches == 0 && length == 1 {
            return 0.0;
        }
        let precision = if matches == 0 {
            smoothing *= 2.0;
            1.0 / (smoothing * all as f64)
        } else {
            matches as f64 / all as f64
        };
        logarithms += precision.ln();
        orders += 1;
    }
    let brevity = (1.0 - theirs.len() as f64 / ours.len() as f64).min(0.0).exp();
    brevity * (logarithms / f64::from(orders)).exp()
}

/// Google's BLEU for sentences (Wu and others 2016): the lesser of precision and recall of all runs of 1 to 4 words.
fn gleu(ours: &[String], theirs: &[String]) -> f64 {
    let sums = (1..=LONGEST)
        .map(|length| overlap(ours, theirs, length))
        .fold((0, 0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1, sum.2 + one.2));
    sums.0 as f64 / sums.1.max(sums.2).max(1) as f64
}

/// METEOR (Banerjee and Lavie 2005) with exact words: the mean of precision and recall that leans to recall, less for
/// matches that are torn apart.
fn meteor(ours: &[String], theirs: &[String]) -> f64 {
    let mut places: HashMap<&String, Vec<usize>> = HashMap::new();
    theirs.iter().enumerate().rev().for_each(|(at, word)| places.entry(word).or_default().push(at));
    let (mut matches, mut chunks, mut last) = (0_usize, 0_usize, None::<(usize, usize)>);
    for (at, word) in ours.iter().enumerate() {
        let Some(free) = places.get_mut(word) else { continue };
        // What goes on where the last match ended keeps a chunk whole.
        let next = last.filter(|(own, _)| own + 1 == at).map(|(_, other)| other + 1);
        let found = next.and_then(|next| free.iter().position(|place| *place == next));
        let Some(place) = found.map(|index| free.remove(index)).or_else(|| free.pop()) else { continue };
        matches += 1;
        chunks += usize::from(next != Some(place));
        last = Some((at, place));
    }
    if matches == 0 {
        return 0.0;
    }
    let (precision, recall) = (matches as f64 / ours.len() as f64, matches as f64 / theirs.len() as f64);
    let mean = 10.0 * precision * recall / (recall + 9.0 * precision);
    // One chunk is as whole as it can be, which the formula would still charge for.
    let torn = (chunks - 1) as f64 / matches as f64;
    mean * 0.5_f64.mul_add(-torn.powi(3), 1.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn near(metric: Metric, text: &str, reference: &str, expected: f64) {
        let got = metric.measure(text, reference);
        assert!((got - expected).abs() < 1e-4, "{metric:?} of {text:?}, {reference:?}: {got}, not {expected}");
    }

    #[test]
    fn measures_are_those_of_the_field() {
        near(Metric::FuzzyMatch, "this is a test", "this is a test!", 0.965_517);
        near(Metric::FuzzyMatch, "kitten", "sitting", 0.615_385);
        near(Metric::Rouge(1), "the cat was found under the bed", "the cat was under the bed", 0.923_077);
        near(Metric::Rouge(2), "the cat was found under the bed", "the cat was under the bed", 0.727_273);
        near(Metric::RougeL, "police kill the gunman", "police killed the gunman", 0.75);
        near(Metric::RougeL, "the gunman kill police", "police killed the gunman", 0.5);
        // Precisions 5/6, 3/5, 1/4 and smoothed 1/(2·3).
        near(Metric::Bleu, "the cat sat on a mat", "the cat sat on the mat", 0.537_285);
        near(Metric::Gleu, "the cat sat on a mat", "the cat sat on the mat", 11.0 / 18.0);
        near(Metric::Meteor, "on the mat sat the cat", "the cat sat on the mat", 1.0 - 0.5 * (2.0_f64 / 6.0).powi(3));
        assert!(Metric::Cosine.measure("How do I reset my password?", "password reset help") > 0.3);
    }

    proptest! {
        #[test]
        fn every_measure_is_a_share_and_whole_for_the_same_text(
            one in "[a-c ]{0,90}", other in "\\PC{0,40}", which in 0..METRICS.len(),
        ) {
            let (name, metric) = METRICS[which];
            for (text, reference) in [(&one, &other), (&other, &one), (&one, &one)] {
                let score = metric.measure(text, reference);
                prop_assert!((0.0..=1.0).contains(&score), "{} {}", name, score);
            }
            if words(&one).len() > 5 {
                prop_assert!(metric.measure(&one, &one) > 0.999, "{} {}", name, metric.measure(&one, &one));
            }
        }

        #[test]
        fn common_subsequences_are_as_long_as_by_the_book(
            ours in proptest::collection::vec(0..4_u8, 0..150), theirs in proptest::collection::vec(0..4_u8, 0..150),
        ) {
            let mut table = vec![vec![0_usize; theirs.len() + 1]; ours.len() + 1];
            for (i, one) in ours.iter().enumerate() {
                for (j, other) in theirs.iter().enumerate() {
                    table[i + 1][j + 1] =
                        if one == other { table[i][j] + 1 } else { table[i][j + 1].max(table[i + 1][j]) };
                }
            }
            prop_assert_eq!(common(&ours, &theirs), table[ours.len()][theirs.len()]);
        }
    }
}
