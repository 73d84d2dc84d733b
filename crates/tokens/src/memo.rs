//! Counts of texts seen before.

use std::sync::atomic::{AtomicU64, Ordering};

use xxhash_rust::xxh3::xxh3_128_with_seed;

use crate::{Encoding, Tokenizer};

/// Remembers how many tokens texts have: system prompts and earlier turns come again with every request of a
/// conversation. Holds a fixed number of counts and no text; a new one takes the place of whichever shared its slot.
#[derive(Debug)]
pub struct CountMemo {
    slots: Box<[Slot]>,
}

/// A count and the hash of its text, each half of it mixed with the count. Two threads that write at once may leave
/// words of both, which then fit no text: no lock is needed, and readers leave the slot in everybody's cache.
#[derive(Debug, Default)]
struct Slot {
    low: AtomicU64,
    high: AtomicU64,
    count: AtomicU64,
}

impl Slot {
    fn get(&self, hash: u128) -> Option<u32> {
        let count = self.count.load(Ordering::Relaxed);
        let low = self.low.load(Ordering::Relaxed) ^ count;
        let high = self.high.load(Ordering::Relaxed) ^ count.rotate_left(32);
        // A slot never written has no count, which is not a count of nothing.
        (count & WRITTEN != 0 && low == hash as u64 && high == (hash >> 64) as u64).then_some(count as u32)
    }

    fn set(&self, hash: u128, tokens: u32) {
        let count = u64::from(tokens) | WRITTEN;
        self.count.store(count, Ordering::Relaxed);
        self.low.store(hash as u64 ^ count, Ordering::Relaxed);
        self.high.store((hash >> 64) as u64 ^ count.rotate_left(32), Ordering::Relaxed);
    }
}

const SLOTS: usize = 4096;
/// Set in every count that was written.
const WRITTEN: u64 = 1 << 32;
/// Shorter texts are counted faster than they are looked up.
const LEAST_BYTES: usize = 96;

impl Default for CountMemo {
    fn default() -> Self {
        Self { slots: (0..SLOTS).map(|_| Slot::default()).collect() }
    }
}

impl CountMemo {
    /// [`Tokenizer::count`], remembered.
    pub fn count(&self, tokenizer: Tokenizer, text: &str) -> u32 {
        if text.len() < LEAST_BYTES {
            return tokenizer.count(text) as u32;
        }
        let seed = match tokenizer {
            Tokenizer::Bpe(Encoding::O200k) => 0,
            Tokenizer::Bpe(Encoding::Cl100k) => 1,
            Tokenizer::Words => 2,
        };
        let hash = xxh3_128_with_seed(text.as_bytes(), seed);
        let slot = &self.slots[(hash >> 32) as usize % SLOTS];
        slot.get(hash).unwrap_or_else(|| {
            let tokens = tokenizer.count(text) as u32;
            slot.set(hash, tokens);
            tokens
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_what_is_counted() {
        let memo = CountMemo::default();
        for round in 0..3 {
            for length in [10, 95, 96, 500] {
                let text = "a word, ".repeat(length / 8 + 1) + &round.to_string();
                for tokenizer in [Tokenizer::Bpe(Encoding::O200k), Tokenizer::Bpe(Encoding::Cl100k), Tokenizer::Words] {
                    assert_eq!(memo.count(tokenizer, &text), tokenizer.count(&text) as u32);
                    assert_eq!(memo.count(tokenizer, &text), tokenizer.count(&text) as u32);
                }
            }
        }
    }

    #[test]
    fn words_of_two_writers_fit_no_text() {
        let slot = Slot::default();
        assert_eq!(slot.get(0), None);
        let (one, other) = ((1 << 70) + 5, (9 << 70) + 5);
        slot.set(one, 7);
        let count = slot.count.load(Ordering::Relaxed);
        slot.set(other, 8);
        assert_eq!((slot.get(one), slot.get(other)), (None, Some(8)));
        slot.count.store(count, Ordering::Relaxed);
        assert_eq!((slot.get(one), slot.get(other)), (None, None));
    }
}
