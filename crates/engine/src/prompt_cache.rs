//! Which beginnings of prompts were read lately, so that they need not be read again.
//!
//! This is the cache that clients see in their bills: whole blocks, the first one large (`OpenAI`, "Prompt caching":
//! from 1,024 tokens on, in steps of 128). A beginning is a chain of hashes, one for each block; each hash stands for
//! everything up to its end.

use std::collections::VecDeque;
use std::time::Duration;

use fakeai_core::Tick;
use rustc_hash::FxHashMap;

/// How long a beginning is remembered after it was last read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention(pub Duration);

/// Remembers beginnings of prompts. Bounded: the ones that were read longest ago go first.
#[derive(Debug)]
pub struct PromptCache {
    /// When each beginning is forgotten, and the number of its last reading.
    known: FxHashMap<u64, (Tick, u64)>,
    /// Readings in order; those that are not the last of their beginning mean nothing.
    readings: VecDeque<(u64, u64)>,
    number: u64,
    most: usize,
}

impl PromptCache {
    /// A cache of at most `most` blocks.
    pub fn new(most: usize) -> Self {
        Self { known: FxHashMap::default(), readings: VecDeque::new(), number: 0, most: most.max(1) }
    }

    /// How many blocks of the prompt, from its start, are known at `now`. From now on all of them are.
    pub fn read(&mut self, chain: &[u64], retention: Retention, now: Tick) -> usize {
        let known = |hash: &&u64| self.known.get(hash).is_some_and(|(until, _)| *until >= now);
        let hits = chain.iter().take_while(known).count();
        let until = now + retention.0;
        for hash in chain {
            self.number += 1;
            let entry = self.known.entry(*hash).or_insert((until, 0));
            *entry = (entry.0.max(until), self.number);
            self.readings.push_back((*hash, self.number));
        }
        self.forget();
        hits
    }

    fn forget(&mut self) {
        while self.known.len() > self.most || self.readings.len() > 4 * self.most {
            let Some((hash, number)) = self.readings.pop_front() else { return };
            if self.known.get(&hash).is_some_and(|(_, last)| *last == number) {
                self.known.remove(&hash);
            }
        }
    }

    /// Blocks remembered.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: Retention = Retention(Duration::from_secs(60));

    fn at(seconds: u64) -> Tick {
        Tick::default() + Duration::from_secs(seconds)
    }

    #[test]
    fn the_longest_known_beginning_counts_until_it_is_forgotten() {
        let mut cache = PromptCache::new(100);
        assert_eq!(cache.read(&[1, 2, 3], MINUTE, at(0)), 0);
        assert_eq!(cache.read(&[1, 2, 4], MINUTE, at(30)), 2);
        assert_eq!(cache.read(&[1, 2, 3, 5], MINUTE, at(61)), 2);
        assert_eq!(cache.read(&[1], MINUTE, at(500)), 0);
        assert_eq!(cache.read(&[9, 2], MINUTE, at(501)), 0);
    }

    proptest! {
        #[test]
        fn it_stays_bounded_and_hits_are_blocks_of_the_prompt(chains in prop::collection::vec(prop::collection::vec(0_u64..40, 0..12), 0..60)) {
            let mut cache = PromptCache::new(20);
            for chain in chains {
                let hits = cache.read(&chain, MINUTE, at(0));
                prop_assert!(hits <= chain.len());
                prop_assert!(cache.len() <= 20 && cache.readings.len() <= 80);
            }
        }
    }
}
