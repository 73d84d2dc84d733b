//! Counts of texts seen before.

use std::sync::{Mutex, PoisonError};

use xxhash_rust::xxh3::xxh3_128;

use crate::Tokenizer;

/// Remembers how many tokens texts have: system prompts and earlier turns come again with every request of a
/// conversation. Holds a fixed number of counts and no text; a new one takes the place of whichever shared its slot.
#[derive(Debug)]
pub struct CountMemo {
    shards: Box<[Mutex<[Slot; SLOTS]>]>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    text: u128,
    tokenizer: Option<Tokenizer>,
    tokens: u32,
}

const SHARDS: usize = 64;
const SLOTS: usize = 64;
/// Shorter texts are counted faster than they are looked up.
const LEAST_BYTES: usize = 96;

impl Default for CountMemo {
    fn default() -> Self {
        Self { shards: (0..SHARDS).map(|_| Mutex::new([Slot::default(); SLOTS])).collect() }
    }
}

impl CountMemo {
    /// [`Tokenizer::count`], remembered.
    pub fn count(&self, tokenizer: Tokenizer, text: &str) -> u32 {
        if text.len() < LEAST_BYTES {
            return tokenizer.count(text) as u32;
        }
        let hash = xxh3_128(text.as_bytes());
        let (shard, slot) = (hash as usize % SHARDS, (hash >> 64) as usize % SLOTS);
        let known = self.lock(shard)[slot];
        if known.text == hash && known.tokenizer == Some(tokenizer) {
            return known.tokens;
        }
        let tokens = tokenizer.count(text) as u32;
        self.lock(shard)[slot] = Slot { text: hash, tokenizer: Some(tokenizer), tokens };
        tokens
    }

    fn lock(&self, shard: usize) -> std::sync::MutexGuard<'_, [Slot; SLOTS]> {
        self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Encoding;

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
}
