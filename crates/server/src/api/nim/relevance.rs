//! How well texts answer a question: by the direction of their vectors and by their words.

use fakeai_core::Seed;
use fakeai_search::{Chunk, Index, Query, quantise};

/// Numbers of a vector.
pub(in crate::api) const DIMENSIONS: usize = 256;
/// Scores this low are shown as if they were this, so that logits are finite.
const LEAST: f32 = 1e-4;

/// The direction of a text, for comparing texts with one another.
pub(in crate::api) fn vector(text: &str) -> Vec<i8> {
    quantise(&fakeai_writer::embed(text, DIMENSIONS as u32, Seed::new(0).derive("relevance").value()))
}

/// How well each of `texts` answers `query`, 0 to 1: half the cosine of their vectors, half BM25 over the words and
/// synonyms they share, as a share of what a text full of them would have. How rare a word is follows from `texts`, so a
/// text's score moves a little with its neighbours.
pub(super) fn relevance(query: &str, texts: &[String]) -> Vec<f32> {
    let mut index = Index::new(DIMENSIONS);
    for (owner, text) in texts.iter().enumerate() {
        let chunk =
            Chunk { owner: owner as u32, ordinal: 0, vector: &vector(text), terms: &fakeai_writer::terms(text) };
        index.add(chunk);
    }
    let query =
        Query { vector: vector(query), terms: fakeai_writer::terms(query), most: texts.len(), ..Query::default() };
    let mut scores = vec![0.0; texts.len()];
    for hit in index.search(&query, |_| true) {
        scores[hit.owner as usize] = hit.score;
    }
    scores
}

/// A score as rerankers give it before their last step: the log of its odds, so that `1 / (1 + exp(-logit))` is the
/// score again. -9.2 to 9.2.
pub(super) fn logit(score: f32) -> f64 {
    let score = f64::from(score.clamp(LEAST, 1.0 - LEAST));
    let logit = (score / (1.0 - score)).ln();
    (logit * 1e4).round() / 1e4
}

/// The places of `scores`, the best first; of equal ones the first.
pub(super) fn order(scores: &[f32]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..scores.len()).collect();
    places.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]));
    places
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_text_has_a_score_and_a_place(query in "\\PC{0,40}", texts in prop::collection::vec("\\PC{0,40}", 0..6)) {
            let scores = relevance(&query, &texts);
            prop_assert_eq!(scores.len(), texts.len());
            let order = order(&scores);
            prop_assert!(order.windows(2).all(|pair| logit(scores[pair[0]]) >= logit(scores[pair[1]])));
            prop_assert!(scores.iter().all(|score| (0.0..=1.0).contains(score) && logit(*score).abs() < 9.3));
        }
    }
}
