//! A router's guess at who has what cached, from where it sent what: without events from the caches, a block counts as
//! held for some time after it was last sent there.
//!
//! Times are kept for segments of eight blocks, by the segment's first block: who shares that keeps the others alive
//! too. Kept for each block, most of the time would go there.

use std::time::Duration;

use fakeai_core::Tick;

use super::Recent;
use crate::kv::WorkerIndex;

/// Blocks that share a time.
const SEGMENT_BLOCKS: usize = 8;

/// What was sent where.
#[derive(Clone, Debug)]
pub struct Remembered {
    index: WorkerIndex,
    /// First blocks of segments, by worker.
    uses: Recent<(u64, u32)>,
}

impl Remembered {
    /// Remembers each block for `ttl` after it was sent (`None`: for ever), and about `capacity` blocks at most, counted
    /// for each worker that has them.
    pub fn new(ttl: Option<Duration>, capacity: usize) -> Self {
        Self { index: WorkerIndex::new(), uses: Recent::new(ttl, capacity.div_ceil(SEGMENT_BLOCKS)) }
    }

    /// These blocks went to that worker at `at`, which is not before any earlier call.
    pub fn remember(&mut self, worker: usize, chain: &[u64], at: Tick) {
        self.index.insert(worker as u32, chain);
        // The last segment first, so that the end of a prompt is forgotten before its beginning.
        for hash in chain.iter().step_by(SEGMENT_BLOCKS).rev() {
            self.uses.touch((*hash, worker as u32), at);
        }
        self.forget_stale(at);
    }

    /// Writes into `matched`, by worker number, how many blocks of `chain` from its start each worker should have.
    pub fn overlaps(&mut self, chain: &[u64], at: Tick, matched: &mut [u32]) {
        self.forget_stale(at);
        self.index.overlaps(chain, matched);
    }

    /// The worker has lost everything.
    pub fn remove_worker(&mut self, worker: usize) {
        self.index.remove_worker(worker as u32);
    }

    fn forget_stale(&mut self, at: Tick) {
        while let Some((hash, worker)) = self.uses.pop_stale(at) {
            self.index.remove(worker, hash);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn second(number: u64) -> Tick {
        Tick::from_nanos(number * 1_000_000_000)
    }

    #[test]
    fn what_was_sent_long_ago_is_forgotten() {
        let mut remembered = Remembered::new(Some(Duration::from_secs(120)), 100);
        let mut matched = [0; 2];
        remembered.remember(0, &[1, 2], second(0));
        remembered.remember(1, &[1, 2, 3], second(60));
        remembered.overlaps(&[1, 2, 3], second(119), &mut matched);
        assert_eq!(matched, [2, 3]);
        remembered.overlaps(&[1, 2, 3], second(120), &mut matched);
        assert_eq!(matched, [0, 3]);
        remembered.remove_worker(1);
        remembered.overlaps(&[1, 2, 3], second(120), &mut matched);
        assert_eq!(matched, [0, 0]);
    }

    #[test]
    fn what_is_too_much_is_forgotten_from_the_end() {
        let mut remembered = Remembered::new(None, 16);
        let mut matched = [0];
        let long: Vec<u64> = (1..=24).collect();
        remembered.remember(0, &long, second(0));
        remembered.overlaps(&long, second(0), &mut matched);
        assert_eq!(matched, [16]);
        let other: Vec<u64> = (1..=8).chain(100..108).collect();
        remembered.remember(0, &other, second(1));
        remembered.overlaps(&long, second(1), &mut matched);
        assert_eq!(matched, [8]);
    }

    proptest! {
        #[test]
        fn without_limits_it_is_a_set_of_beginnings(
            sent in prop::collection::vec((0_usize..3, prop::collection::vec(1_u64..4, 1..30)), 1..20),
        ) {
            let chained = |numbers: &[u64]| -> Vec<u64> {
                numbers.iter().scan(7_u64, |hash, number| {
                    *hash = hash.wrapping_mul(31).wrapping_add(*number);
                    Some(*hash)
                }).collect()
            };
            let mut remembered = Remembered::new(None, 1_000_000);
            for (worker, numbers) in &sent {
                remembered.remember(*worker, &chained(numbers), second(0));
            }
            for (_, numbers) in &sent {
                let mut matched = [0; 3];
                remembered.overlaps(&chained(numbers), second(0), &mut matched);
                let expected: [u32; 3] = std::array::from_fn(|worker| {
                    let shared = |other: &[u64]| other.iter().zip(numbers).take_while(|(a, b)| a == b).count() as u32;
                    sent.iter().filter(|(to, _)| *to == worker).map(|(_, other)| shared(other)).max().unwrap_or_default()
                });
                prop_assert_eq!(matched, expected);
            }
        }
    }
}
