//! What was found in texts read before.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use fakeai_core::Sharded;
use xxhash_rust::xxh3::xxh3_128;

/// Remembers what was found in texts: a conversation sends its system prompt and its earlier turns with every request,
/// and a load test sends one prompt all the time. Holds a fixed number of findings and no text; a new one takes the
/// place of whichever shared its slot. Threads remember each for themselves. What is found depends on the text alone, so
/// remembering changes no answer.
pub(crate) struct Memo<T> {
    shards: Sharded<Mutex<Shard<T>>>,
}

struct Slot<T> {
    text: u128,
    found: T,
}

/// Empty until something is remembered, then so many slots.
type Shard<T> = Vec<Option<Slot<T>>>;

/// Slots of each thread.
const SLOTS: usize = 256;

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Self { shards: Sharded::default() }
    }
}

impl<T> fmt::Debug for Memo<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Memo")
    }
}

impl<T: Clone> Memo<T> {
    /// What `find` finds in `text`, remembered.
    pub(crate) fn recall(&self, text: &str, find: impl FnOnce(&str) -> T) -> T {
        let hash = xxh3_128(text.as_bytes());
        let slot = (hash >> 64) as usize % SLOTS;
        if let Some(Some(known)) = self.lock().get(slot)
            && known.text == hash
        {
            return known.found.clone();
        }
        let found = find(text);
        let new = Slot { text: hash, found: found.clone() };
        let mut shard = self.lock();
        if shard.is_empty() {
            shard.resize_with(SLOTS, || None);
        }
        // The old one is dropped when the shard is free again.
        let old = shard[slot].replace(new);
        drop(shard);
        drop(old);
        found
    }

    fn lock(&self) -> MutexGuard<'_, Shard<T>> {
        self.shards.own().lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_what_was_found() {
        let memo = Memo::default();
        for _ in 0..2 {
            for number in 0..5000_usize {
                let text = number.to_string();
                assert_eq!(memo.recall(&text, |text| text.parse::<usize>().unwrap()), number);
                assert_eq!(memo.recall(&text, |_| unreachable!("it was just found")), number);
            }
        }
    }
}
