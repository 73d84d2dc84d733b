//! Requests that are being answered, by model.

use std::collections::BTreeMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fakeai_core::Sharded;
use rustc_hash::FxHashMap;

/// Models beyond this many are counted as `other`: a request that ends on another thread than it began on leaves a
/// number on both, and clients may invent names without end. The number of others is then only about right.
const MOST_MODELS: usize = 500;

type Counts = FxHashMap<Arc<str>, i64>;

/// Begun less ended, each counted where it happens.
#[derive(Debug, Default)]
pub(crate) struct Active(Sharded<Mutex<Counts>>);

impl Active {
    /// One more.
    pub(crate) fn begin(&self, model: &Arc<str>) {
        self.count(model, 1);
    }

    /// One less.
    pub(crate) fn end(&self, model: &Arc<str>) {
        self.count(model, -1);
    }

    fn count(&self, model: &Arc<str>, change: i64) {
        let mut counts = lock(self.0.own());
        let is_kept = counts.len() < MOST_MODELS || counts.contains_key(model);
        match counts.entry(if is_kept { Arc::clone(model) } else { Arc::from("other") }) {
            Entry::Occupied(entry) if *entry.get() == -change => drop(entry.remove()),
            entry => *entry.or_default() += change,
        }
    }

    /// How many there are, of models that have some.
    pub(crate) fn counts(&self) -> BTreeMap<Arc<str>, u64> {
        let mut all: BTreeMap<Arc<str>, i64> = BTreeMap::new();
        for counts in self.0.iter() {
            for (model, count) in lock(counts).iter() {
                *all.entry(Arc::clone(model)).or_default() += count;
            }
        }
        let some = |(model, count)| Some((model, u64::try_from(count).ok()?));
        all.into_iter().filter_map(some).filter(|(_, count)| *count > 0).collect()
    }
}

fn lock(counts: &Mutex<Counts>) -> MutexGuard<'_, Counts> {
    counts.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_here_may_end_there() {
        let active = Arc::new(Active::default());
        let (one, other): (Arc<str>, Arc<str>) = (Arc::from("one"), Arc::from("other one"));
        (0..3).for_each(|_| active.begin(&one));
        active.begin(&other);
        let there = (Arc::clone(&active), Arc::clone(&one));
        std::thread::spawn(move || there.0.end(&there.1)).join().unwrap();
        active.end(&other);
        assert_eq!(active.counts(), BTreeMap::from([(Arc::clone(&one), 2)]));
        (0..2).for_each(|_| active.end(&one));
        assert!(active.counts().is_empty());
    }
}
