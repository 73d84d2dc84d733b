//! What is asked, and how two rankings become one.

/// How much each way of searching counts; zero leaves it out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights {
    /// Nearness of vectors.
    pub vector: f32,
    /// Words in common.
    pub text: f32,
}

impl Default for Weights {
    /// Vectors know what a text is about; words and their synonyms know how rare they are.
    fn default() -> Self {
        Self { vector: 0.5, text: 0.5 }
    }
}

/// How two rankings become one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fusion {
    /// The best of both, ranked again by the weighted mean of their scores: what a score means does not depend on the
    /// other chunks.
    #[default]
    Scores,
    /// By the places alone: the sum of weight / (60 + place), as a share of what the first of both would have (Cormack,
    /// Clarke and Büttcher, "Reciprocal Rank Fusion", 2009).
    Places,
}

/// What is asked.
#[derive(Clone, Debug, Default)]
pub struct Query {
    /// Quantised, of the index's dimensions.
    pub vector: Vec<i8>,
    /// Its terms.
    pub terms: Vec<u32>,
    /// How much each way counts.
    pub weights: Weights,
    /// How they become one.
    pub fusion: Fusion,
    /// Most hits.
    pub most: usize,
}

/// Reciprocal rank fusion's constant.
const RANK_OFFSET: f32 = 60.0;

impl Weights {
    /// Both, as shares of one. Where nothing counts, both do.
    pub(crate) fn shares(self) -> Self {
        let clean = |weight: f32| if weight.is_finite() && weight > 0.0 { weight } else { 0.0 };
        let (vector, text) = (clean(self.vector), clean(self.text));
        let sum = vector + text;
        if sum > 0.0 { Self { vector: vector / sum, text: text / sum } } else { Self { vector: 0.5, text: 0.5 } }
    }
}

/// What a place counts, 1 for the first (0).
pub(crate) fn share_of_place(place: usize) -> f32 {
    (RANK_OFFSET + 1.0) / (RANK_OFFSET + 1.0 + place as f32)
}

/// The `most` places with the highest scores above zero, the best first; of equal ones the first.
pub(crate) fn best(scores: &[f32], most: usize) -> Vec<u32> {
    let mut found: Vec<u32> = Vec::with_capacity(2 * most + 1);
    let mut least = 0.0;
    let order = |a: &u32, b: &u32| scores[*b as usize].total_cmp(&scores[*a as usize]).then(a.cmp(b));
    for (place, score) in scores.iter().enumerate() {
        if *score > least {
            found.push(place as u32);
            // Now and then the worse half goes, and with it whatever is no better: one pass, little memory.
            if found.len() > 2 * most {
                found.select_nth_unstable_by(most, order);
                found.truncate(most);
                least = found.iter().map(|place| scores[*place as usize]).fold(f32::INFINITY, f32::min);
            }
        }
    }
    found.sort_unstable_by(order);
    found.truncate(most);
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_best_are_the_best(scores in prop::collection::vec(0..9_u8, 0..80), most in 1..9_usize) {
            let scores: Vec<f32> = scores.into_iter().map(f32::from).collect();
            let mut expected: Vec<u32> = (0..scores.len() as u32).filter(|place| scores[*place as usize] > 0.0).collect();
            expected.sort_by(|a, b| scores[*b as usize].total_cmp(&scores[*a as usize]).then(a.cmp(b)));
            expected.truncate(most);
            prop_assert_eq!(best(&scores, most), expected);
        }
    }
}
