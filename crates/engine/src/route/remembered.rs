//! A router's guess at who has what cached, from where it sent what: without events from the caches, a block counts as
//! held for some time after it was last sent there.

use std::time::Duration;

use fakeai_core::Tick;

use super::Recent;
use crate::kv::WorkerIndex;

/// What was sent where.
#[derive(Clone, Debug)]
pub struct Remembered {
    index: WorkerIndex,
    uses: Recent<(u64, u32)>,
}

impl Remembered {
    /// Remembers each block for `ttl` after it was sent (`None`: for ever), and `capacity` blocks at most, counted for
    /// each worker.
    pub fn new(ttl: Option<Duration>, capacity: usize) -> Self {
        Self { index: WorkerIndex::new(), uses: Recent::new(ttl, capacity) }
    }

    /// These blocks went to that worker at `at`, which is not before any earlier call.
    pub fn remember(&mut self, worker: usize, chain: &[u64], at: Tick) {
        self.index.insert(worker as u32, chain);
        // The last block first, so that the end of a prompt is forgotten before its beginning.
        for hash in chain.iter().rev() {
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
        let mut remembered = Remembered::new(None, 2);
        let mut matched = [0];
        remembered.remember(0, &[1, 2, 3], second(0));
        remembered.overlaps(&[1, 2, 3], second(0), &mut matched);
        assert_eq!(matched, [2]);
        remembered.remember(0, &[1, 7], second(1));
        remembered.overlaps(&[1, 2, 3], second(1), &mut matched);
        assert_eq!(matched, [1]);
    }
}
