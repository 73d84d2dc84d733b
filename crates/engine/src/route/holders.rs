//! Who holds which blocks, as a router knows it: from the events of the caches, or from its own memory of what it sent
//! where.
//!
//! A block's chained hash stands for everything before it, so a map of hashes is a radix tree laid flat: the longest
//! beginning of a prompt that a worker holds is found by walking the prompt's hashes once, for all workers together.

use std::time::Duration;

use fakeai_core::Tick;
use rustc_hash::FxHashMap;

use super::Recent;
use crate::kv::KvEvent;

/// Workers in one machine word.
const WORD: usize = u64::BITS as usize;

/// Which workers hold which blocks.
#[derive(Clone, Debug, Default)]
pub struct Holders {
    /// For each block, 64 workers to a word.
    words: FxHashMap<(u64, u32), u64>,
}

impl Holders {
    /// The worker holds the block of that hash.
    pub fn add(&mut self, worker: usize, hash: u64) {
        *self.words.entry((hash, (worker / WORD) as u32)).or_default() |= 1 << (worker % WORD);
    }

    /// The worker holds it no longer.
    pub fn remove(&mut self, worker: usize, hash: u64) {
        let key = (hash, (worker / WORD) as u32);
        if let Some(word) = self.words.get_mut(&key) {
            *word &= !(1 << (worker % WORD));
            if *word == 0 {
                self.words.remove(&key);
            }
        }
    }

    /// The worker holds nothing any more. Costs O(blocks).
    pub fn clear(&mut self, worker: usize) {
        let number = (worker / WORD) as u32;
        self.words.retain(|(_, other), word| {
            if *other == number {
                *word &= !(1 << (worker % WORD));
            }
            *word != 0
        });
    }

    /// What a worker's cache said.
    pub fn apply(&mut self, worker: usize, events: &[KvEvent]) {
        for event in events {
            match *event {
                KvEvent::Stored { hash, .. } => self.add(worker, hash),
                KvEvent::Removed { hash } => self.remove(worker, hash),
                KvEvent::Cleared => self.clear(worker),
            }
        }
    }

    /// How many blocks from the start of `chain` each worker holds; `overlaps` has one place for each worker.
    pub fn count(&self, chain: &[u64], overlaps: &mut [u32]) {
        overlaps.fill(0);
        for (number, overlaps) in overlaps.chunks_mut(WORD).enumerate() {
            let mut alive = u64::MAX >> (WORD - overlaps.len());
            for (matched, hash) in (1..).zip(chain) {
                alive &= self.words.get(&(*hash, number as u32)).copied().unwrap_or_default();
                if alive == 0 {
                    break;
                }
                let mut left = alive;
                while left != 0 {
                    overlaps[left.trailing_zeros() as usize] = matched;
                    left &= left - 1;
                }
            }
        }
    }

    /// Blocks somebody holds, counted once for each 64 workers.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether nobody holds anything.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }
}

/// A router's guess at who holds what, from where it sent what: without events from the caches, a block counts as held
/// for some time after it was last sent there.
#[derive(Clone, Debug)]
pub struct Remembered {
    holders: Holders,
    uses: Recent<(u64, u32)>,
}

impl Remembered {
    /// Remembers each block for `ttl` after it was sent (`None`: for ever), and `capacity` blocks at most, counted for
    /// each worker.
    pub fn new(ttl: Option<Duration>, capacity: usize) -> Self {
        Self { holders: Holders::default(), uses: Recent::new(ttl, capacity) }
    }

    /// These blocks went to that worker at `at`.
    pub fn remember(&mut self, worker: usize, chain: &[u64], at: Tick) {
        // The last block first, so that the end of a prompt is forgotten before its beginning.
        for hash in chain.iter().rev() {
            self.holders.add(worker, *hash);
            self.uses.touch((*hash, worker as u32), at);
        }
        self.forget_stale(at);
    }

    /// As [`Holders::count`], at `at`.
    pub fn count(&mut self, chain: &[u64], at: Tick, overlaps: &mut [u32]) {
        self.forget_stale(at);
        self.holders.count(chain, overlaps);
    }

    /// The worker has lost everything.
    pub fn clear(&mut self, worker: usize) {
        self.holders.clear(worker);
    }

    fn forget_stale(&mut self, at: Tick) {
        while let Some((hash, worker)) = self.uses.pop_stale(at) {
            self.holders.remove(worker as usize, hash);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_worker_counts_to_its_first_gap() {
        let mut holders = Holders::default();
        for (worker, hashes) in [(0, &[1, 2, 3][..]), (1, &[1, 3]), (70, &[1, 2])] {
            for hash in hashes {
                holders.add(worker, *hash);
            }
        }
        let mut overlaps = [9; 71];
        holders.count(&[1, 2, 3, 4], &mut overlaps);
        assert_eq!((overlaps[0], overlaps[1], overlaps[2], overlaps[70]), (3, 1, 0, 2));
        holders.clear(0);
        holders.count(&[1, 2], &mut overlaps);
        assert_eq!((overlaps[0], overlaps[1], overlaps[70]), (0, 1, 2));
    }

    #[test]
    fn what_was_sent_long_ago_is_forgotten() {
        let mut remembered = Remembered::new(Some(Duration::from_secs(120)), 100);
        let second = |number: u64| Tick::from_nanos(number * 1_000_000_000);
        let mut overlaps = [0; 2];
        remembered.remember(0, &[1, 2], second(0));
        remembered.remember(1, &[1, 2, 3], second(60));
        remembered.count(&[1, 2, 3], second(119), &mut overlaps);
        assert_eq!(overlaps, [2, 3]);
        remembered.count(&[1, 2, 3], second(120), &mut overlaps);
        assert_eq!(overlaps, [0, 3]);
        let mut small = Remembered::new(None, 2);
        small.remember(0, &[1, 2, 3], second(0));
        small.count(&[1, 2, 3], second(0), &mut overlaps);
        assert_eq!(overlaps, [2, 0]);
    }

    proptest! {
        #[test]
        fn counting_agrees_with_looking(
            held in prop::collection::vec((0_usize..130, 1_u64..20), 0..200),
            gone in prop::collection::vec((0_usize..130, 1_u64..20), 0..50),
            chain in prop::collection::vec(1_u64..20, 0..12),
        ) {
            let mut holders = Holders::default();
            let mut plain = std::collections::BTreeSet::new();
            for (worker, hash) in held {
                holders.add(worker, hash);
                plain.insert((worker, hash));
            }
            for (worker, hash) in gone {
                holders.remove(worker, hash);
                plain.remove(&(worker, hash));
            }
            let mut overlaps = vec![7; 130];
            holders.count(&chain, &mut overlaps);
            for (worker, overlap) in overlaps.into_iter().enumerate() {
                let expected = chain.iter().take_while(|hash| plain.contains(&(worker, **hash))).count();
                prop_assert_eq!(overlap as usize, expected);
            }
        }
    }
}
