//! Which terms are in which chunks, and how well chunks match by them: Okapi BM25 (Robertson and Zaragoza, "The
//! Probabilistic Relevance Framework: BM25 and Beyond", 2009).

use rustc_hash::FxHashMap;

/// How fast more of a term stops telling more, and how much long chunks are marked down: the usual values.
const SATURATION: f32 = 1.2;
const LENGTH: f32 = 0.75;
/// Bits of a posting that count the term.
const COUNT_BITS: u32 = 8;

/// Most chunks that fit.
pub(crate) const MOST_CHUNKS: usize = 1 << (32 - COUNT_BITS);

/// The chunks of each term, in their order: number of the chunk, and how often the term is in it.
#[derive(Debug, Default)]
pub(crate) struct Postings {
    of_term: FxHashMap<u32, Vec<u32>>,
    /// Terms of each chunk, repeated ones included.
    lengths: Vec<u32>,
    total: u64,
    entries: usize,
}

impl Postings {
    /// Adds the next chunk.
    pub(crate) fn add(&mut self, terms: &[u32]) {
        let chunk = self.lengths.len() as u32;
        self.lengths.push(terms.len() as u32);
        self.total += terms.len() as u64;
        let mut sorted = terms.to_vec();
        sorted.sort_unstable();
        for same in sorted.chunk_by(|a, b| a == b) {
            let count = (same.len() as u32).min((1 << COUNT_BITS) - 1);
            self.of_term.entry(same[0]).or_default().push(chunk << COUNT_BITS | count);
            self.entries += 1;
        }
    }

    /// Keeps the chunks that `kept` says, which then are numbered anew.
    pub(crate) fn retain(&mut self, kept: &[bool]) {
        let mut next = 0;
        let numbers: Vec<Option<u32>> = kept
            .iter()
            .map(|kept| {
                let number = kept.then_some(next);
                next += u32::from(*kept);
                number
            })
            .collect();
        let (mut entries, mask) = (0, (1 << COUNT_BITS) - 1);
        self.of_term.retain(|_, chunks| {
            chunks.retain_mut(|posting| match numbers[(*posting >> COUNT_BITS) as usize] {
                Some(number) => {
                    *posting = number << COUNT_BITS | *posting & mask;
                    true
                }
                None => false,
            });
            entries += chunks.len();
            !chunks.is_empty()
        });
        self.entries = entries;
        let mut kept = kept.iter();
        self.lengths.retain(|_| kept.next().copied().unwrap_or_default());
        self.total = self.lengths.iter().map(|length| u64::from(*length)).sum();
    }

    /// Adds what each chunk scores for `terms` to `scores`, and says what one would score that is full of all of them.
    pub(crate) fn score(&self, terms: &[u32], scores: &mut [f32]) -> f32 {
        let all = self.lengths.len() as f32;
        let mean = (self.total as f32 / all.max(1.0)).max(1.0);
        let mut terms = terms.to_vec();
        terms.sort_unstable();
        terms.dedup();
        let mut most = 0.0;
        for term in terms {
            let chunks = self.of_term.get(&term).map_or(&[][..], Vec::as_slice);
            let count = chunks.len() as f32;
            // The form that is never negative (Lucene's).
            let rarity = (1.0 + (all - count + 0.5) / (count + 0.5)).ln();
            most += rarity * (SATURATION + 1.0);
            for posting in chunks {
                let chunk = (posting >> COUNT_BITS) as usize;
                let times = (posting & ((1 << COUNT_BITS) - 1)) as f32;
                let length = 1.0 - LENGTH + LENGTH * self.lengths[chunk] as f32 / mean;
                scores[chunk] += rarity * times * (SATURATION + 1.0) / (times + SATURATION * length);
            }
        }
        most
    }

    /// Memory it takes, bytes, without what the allocator adds.
    pub(crate) fn bytes(&self) -> usize {
        // A term's own entry in the map, with room to spare.
        self.entries * 4 + self.of_term.len() * 48 + self.lengths.len() * 4
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_terms_and_short_chunks_score_more() {
        let mut postings = Postings::default();
        postings.add(&[1, 2, 3, 4]);
        postings.add(&[1, 5]);
        postings.add(&[1, 2, 6, 7, 8, 9, 10, 11]);
        let mut scores = [0.0; 3];
        let most = postings.score(&[5, 99], &mut scores);
        assert!(scores[1] > 0.5 && scores[0] == 0.0 && scores[1] < most);
        let mut scores = [0.0; 3];
        postings.score(&[2, 2], &mut scores);
        assert!(scores[0] > scores[2] && scores[2] > 0.0 && scores[1] == 0.0);
        postings.retain(&[false, true, true]);
        let mut scores = [0.0; 2];
        postings.score(&[2, 3], &mut scores);
        assert!(scores[0] == 0.0 && scores[1] > 0.0);
        assert_eq!((postings.total, postings.entries), (10, 10));
    }
}
