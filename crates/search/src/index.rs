//! The chunks of a collection, kept so that a search looks at each once.

use crate::postings::{MOST_CHUNKS, Postings};
use crate::rank::{Fusion, Query, best, share_of_place};
use crate::vector::{dot, inverse_length};

/// Candidates that each way of searching names, at least.
const CANDIDATES: usize = 100;
/// Cosines below this are chance: texts about different things reach it.
const CHANCE: f32 = 0.1;
/// Words in common tell at most this much of what a chunk full of them would.
const FULL_TEXT: f32 = 0.6;

/// One chunk, as it is added.
#[derive(Clone, Copy, Debug)]
pub struct Chunk<'a> {
    /// Whose it is: a number the caller gives.
    pub owner: u32,
    /// Which of its owner's.
    pub ordinal: u32,
    /// Its direction, [`crate::quantise`]d.
    pub vector: &'a [i8],
    /// Its terms, in any order, repeated ones included.
    pub terms: &'a [u32],
}

/// A chunk that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hit {
    /// Whose it is.
    pub owner: u32,
    /// Which of its owner's.
    pub ordinal: u32,
    /// How well it fits, 0 to 1.
    pub score: f32,
}

/// The chunks of a collection.
#[derive(Debug)]
pub struct Index {
    dimensions: usize,
    vectors: Vec<i8>,
    inverse_lengths: Vec<f32>,
    places: Vec<(u32, u32)>,
    postings: Postings,
}

impl Index {
    /// An index of vectors of so many numbers.
    pub fn new(dimensions: usize) -> Self {
        Self {
            dimensions,
            vectors: Vec::new(),
            inverse_lengths: Vec::new(),
            places: Vec::new(),
            postings: Postings::default(),
        }
    }

    /// Adds a chunk; false if it has no room, or vectors of other dimensions.
    pub fn add(&mut self, chunk: Chunk<'_>) -> bool {
        if self.places.len() >= MOST_CHUNKS || chunk.vector.len() != self.dimensions {
            return false;
        }
        self.vectors.extend_from_slice(chunk.vector);
        self.inverse_lengths.push(inverse_length(chunk.vector));
        self.places.push((chunk.owner, chunk.ordinal));
        self.postings.add(chunk.terms);
        true
    }

    /// Removes the chunks whose owner is gone. Takes as long as looking at all postings, so call it once for many.
    pub fn remove(&mut self, gone: impl Fn(u32) -> bool) {
        let kept: Vec<bool> = self.places.iter().map(|(owner, _)| !gone(*owner)).collect();
        if kept.iter().all(|kept| *kept) {
            return;
        }
        let mut at = 0;
        for (place, _) in kept.iter().enumerate().filter(|(_, kept)| **kept) {
            let from = place * self.dimensions;
            self.vectors.copy_within(from..from + self.dimensions, at);
            at += self.dimensions;
        }
        self.vectors.truncate(at);
        let mut each = kept.iter();
        self.inverse_lengths.retain(|_| each.next().copied().unwrap_or_default());
        let mut each = kept.iter();
        self.places.retain(|_| each.next().copied().unwrap_or_default());
        self.postings.retain(&kept);
    }

    /// How many chunks there are.
    pub const fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Memory it takes, bytes, without what the allocator adds.
    pub fn bytes(&self) -> usize {
        self.vectors.len() + self.places.len() * 12 + self.postings.bytes()
    }

    /// The chunks that fit `query` best, the best first, among those whose owner is `allowed`; of equal ones the one
    /// that was added first. The same index, however it came about, finds the same.
    pub fn search(&self, query: &Query, allowed: impl Fn(u32) -> bool) -> Vec<Hit> {
        if query.vector.len() != self.dimensions || query.most == 0 {
            return Vec::new();
        }
        let allowed: Vec<bool> = self.owners_allowed(allowed);
        let is_open = |place: usize| allowed[self.places[place].0 as usize];
        let near = self.nearness(&query.vector, &is_open);
        let shared = self.sharing(&query.terms, &is_open);
        let weights = query.weights.shares();
        let wanted = query.most.max(CANDIDATES);
        let first = if weights.vector > 0.0 { best(&near, wanted) } else { Vec::new() };
        let second = if weights.text > 0.0 { best(&shared, wanted) } else { Vec::new() };
        let mut found: Vec<(f32, u32)> = match query.fusion {
            Fusion::Scores => {
                let mut places = [first, second].concat();
                places.sort_unstable();
                places.dedup();
                let score = |place: &u32| {
                    let at = *place as usize;
                    (weights.vector * near[at] + weights.text * shared[at], *place)
                };
                places.iter().map(score).collect()
            }
            Fusion::Places => {
                let weighed = |places: Vec<u32>, weight: f32| {
                    places.into_iter().enumerate().map(move |(at, place)| (place, weight * share_of_place(at)))
                };
                let mut all: Vec<(u32, f32)> =
                    weighed(first, weights.vector).chain(weighed(second, weights.text)).collect();
                all.sort_unstable_by_key(|(place, _)| *place);
                all.chunk_by(|a, b| a.0 == b.0)
                    .map(|same| (same.iter().map(|(_, share)| share).sum(), same[0].0))
                    .collect()
            }
        };
        found.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        found.truncate(query.most);
        let hit = |(score, place): (f32, u32)| {
            let (owner, ordinal) = self.places[place as usize];
            Hit { owner, ordinal, score: score.clamp(0.0, 1.0) }
        };
        found.into_iter().map(hit).collect()
    }

    /// Whether each owner is allowed, asked once each.
    fn owners_allowed(&self, allowed: impl Fn(u32) -> bool) -> Vec<bool> {
        let most = self.places.iter().map(|(owner, _)| owner + 1).max().unwrap_or(0);
        let mut known = vec![None; most as usize];
        for (owner, _) in &self.places {
            known[*owner as usize].get_or_insert_with(|| allowed(*owner));
        }
        known.into_iter().map(Option::unwrap_or_default).collect()
    }

    /// How near each chunk's vector is, 0 to 1.
    fn nearness(&self, vector: &[i8], is_open: &impl Fn(usize) -> bool) -> Vec<f32> {
        let wide: Vec<i16> = vector.iter().map(|number| i16::from(*number)).collect();
        let own = inverse_length(vector);
        let near = |(place, (other, length)): (usize, (&[i8], &f32))| {
            if !is_open(place) {
                return 0.0;
            }
            let cosine = dot(&wide, other) as f32 * own * length;
            ((cosine - CHANCE) / (1.0 - CHANCE)).clamp(0.0, 1.0)
        };
        self.vectors.chunks_exact(self.dimensions.max(1)).zip(&self.inverse_lengths).enumerate().map(near).collect()
    }

    /// How many of the terms each chunk has, 0 to 1.
    fn sharing(&self, terms: &[u32], is_open: &impl Fn(usize) -> bool) -> Vec<f32> {
        let mut scores = vec![0.0; self.places.len()];
        let most = FULL_TEXT * self.postings.score(terms, &mut scores);
        if most > 0.0 {
            for (place, score) in scores.iter_mut().enumerate().filter(|(_, score)| **score > 0.0) {
                *score = if is_open(place) { (*score / most).min(1.0) } else { 0.0 };
            }
        }
        scores
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rank::Weights;

    fn query(vector: [i8; 4], terms: &[u32]) -> Query {
        Query { vector: vector.to_vec(), terms: terms.to_vec(), most: 10, ..Query::default() }
    }

    fn index() -> Index {
        let mut index = Index::new(4);
        for (owner, vector, terms) in
            [(0, [127, 0, 0, 0], [1, 2]), (1, [0, 127, 0, 0], [3, 4]), (1, [90, 90, 0, 0], [5, 6]), (7, [0; 4], [7, 8])]
        {
            assert!(index.add(Chunk { owner, ordinal: 3, vector: &vector, terms: &terms }));
        }
        assert!(!index.add(Chunk { owner: 0, ordinal: 0, vector: &[1], terms: &[] }));
        index
    }

    fn owners(hits: &[Hit]) -> Vec<u32> {
        hits.iter().map(|hit| hit.owner).collect()
    }

    #[test]
    fn both_ways_find_and_weights_decide() {
        let index = index();
        let hits = index.search(&query([127, 0, 0, 0], &[8]), |_| true);
        // The word alone is worth as much as the vector alone, and more than half of it.
        assert_eq!(owners(&hits), [0, 7, 1]);
        assert!((hits[0].score - 0.5).abs() < 0.01 && hits[0].ordinal == 3);
        let words = Query { weights: Weights { vector: 0.0, text: 1.0 }, ..query([127, 0, 0, 0], &[8]) };
        assert_eq!(owners(&index.search(&words, |_| true)), [7]);
        let places = Query { fusion: Fusion::Places, ..query([127, 0, 0, 0], &[1, 2]) };
        let hits = index.search(&places, |_| true);
        assert!(owners(&hits) == [0, 1] && (hits[0].score - 1.0).abs() < 1e-5, "{hits:?}");
        assert_eq!(owners(&index.search(&query([127, 0, 0, 0], &[8]), |owner| owner != 0)), [7, 1]);
    }

    #[test]
    fn what_is_removed_is_as_if_it_had_never_been() {
        let mut removed = index();
        removed.remove(|owner| owner == 1);
        let mut fresh = Index::new(4);
        fresh.add(Chunk { owner: 0, ordinal: 3, vector: &[127, 0, 0, 0], terms: &[1, 2] });
        fresh.add(Chunk { owner: 7, ordinal: 3, vector: &[0; 4], terms: &[7, 8] });
        for asked in [query([90, 90, 0, 0], &[3, 8]), query([127, 0, 0, 0], &[1])] {
            assert_eq!(removed.search(&asked, |_| true), fresh.search(&asked, |_| true));
        }
        assert_eq!((removed.len(), removed.bytes()), (fresh.len(), fresh.bytes()));
        removed.remove(|_| true);
        assert!(removed.is_empty() && removed.search(&query([1; 4], &[1]), |_| true).is_empty());
    }

    proptest! {
        #[test]
        fn scores_are_shares_in_order(
            chunks in prop::collection::vec((0..4_u32, prop::array::uniform4(-127..=127_i8), prop::collection::vec(0..9_u32, 0..6)), 0..20),
            vector in prop::array::uniform4(-127..=127_i8),
            terms in prop::collection::vec(0..12_u32, 0..5),
            most in 0..12_usize,
            places: bool,
        ) {
            let mut index = Index::new(4);
            for (owner, vector, terms) in &chunks {
                index.add(Chunk { owner: *owner, ordinal: 0, vector, terms });
            }
            let fusion = if places { Fusion::Places } else { Fusion::Scores };
            let hits = index.search(&Query { fusion, most, ..query(vector, &terms) }, |owner| owner != 2);
            prop_assert!(hits.len() <= most);
            prop_assert!(hits.iter().all(|hit| (0.0..=1.0).contains(&hit.score) && hit.owner != 2));
            prop_assert!(hits.windows(2).all(|pair| pair[0].score >= pair[1].score));
        }
    }
}
