//! Keys by when they were last used, so that the oldest can be forgotten: after a time, or when there are too many.

use std::collections::VecDeque;
use std::hash::Hash;
use std::time::Duration;

use fakeai_core::Tick;
use rustc_hash::FxHashMap;

/// Keys in the order of their last use. Every operation costs O(1), amortised.
#[derive(Clone, Debug)]
pub struct Recent<K> {
    last: FxHashMap<K, Tick>,
    /// Every use; only the one that `last` still knows counts.
    uses: VecDeque<(Tick, K)>,
    /// How long after its last use a key is stale; `None` for ever.
    ttl: Option<Duration>,
    /// Keys at most.
    capacity: usize,
}

impl<K: Copy + Eq + Hash> Recent<K> {
    /// No keys yet.
    pub fn new(ttl: Option<Duration>, capacity: usize) -> Self {
        Self { last: FxHashMap::default(), uses: VecDeque::new(), ttl, capacity }
    }

    /// The key is used at `at`, which is not before any earlier use.
    pub fn touch(&mut self, key: K, at: Tick) {
        if self.last.insert(key, at) == Some(at) {
            return;
        }
        self.uses.push_back((at, key));
        if self.uses.len() > 2 * self.last.len() + 1024 {
            let last = &self.last;
            self.uses.retain(|(at, key)| last.get(key) == Some(at));
        }
    }

    /// Forgets one key that is stale at `at` or one too many, the least recently used first, and says which.
    pub fn pop_stale(&mut self, at: Tick) -> Option<K> {
        while let Some((used, key)) = self.uses.front().copied() {
            let is_current = self.last.get(&key) == Some(&used);
            let is_stale = self.ttl.is_some_and(|ttl| used + ttl <= at) || self.last.len() > self.capacity;
            if is_current && !is_stale {
                return None;
            }
            self.uses.pop_front();
            if is_current {
                self.last.remove(&key);
                return Some(key);
            }
        }
        None
    }

    /// Forgets the key.
    pub fn remove(&mut self, key: &K) {
        self.last.remove(key);
    }

    /// Keys.
    pub fn len(&self) -> usize {
        self.last.len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.last.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(number: u64) -> Tick {
        Tick::from_nanos(number * 1_000_000_000)
    }

    #[test]
    fn a_use_makes_a_key_young_again() {
        let mut recent = Recent::new(Some(Duration::from_secs(10)), 100);
        recent.touch('a', second(0));
        recent.touch('b', second(1));
        recent.touch('a', second(5));
        assert_eq!(recent.pop_stale(second(10)), None);
        assert_eq!(recent.pop_stale(second(11)), Some('b'));
        assert_eq!(recent.pop_stale(second(14)), None);
        assert_eq!(recent.pop_stale(second(15)), Some('a'));
        assert!(recent.is_empty());
    }

    #[test]
    fn one_too_many_pushes_out_the_oldest() {
        let mut recent = Recent::new(None, 2);
        for (place, key) in ['a', 'b', 'a', 'c'].into_iter().enumerate() {
            recent.touch(key, second(place as u64));
        }
        assert_eq!(recent.pop_stale(second(9)), Some('b'));
        assert_eq!(recent.pop_stale(second(9)), None);
    }

    #[test]
    fn many_uses_of_few_keys_take_little_room() {
        let mut recent = Recent::new(None, 10);
        (0..100_000).for_each(|at| recent.touch(at % 3, Tick::from_nanos(at)));
        assert_eq!(recent.len(), 3);
        assert!(recent.uses.len() <= 1030);
    }
}
