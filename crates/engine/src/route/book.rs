//! What a router has sent to one worker and has not seen end: its own count of the load, as Dynamo's router keeps it
//! (`ActiveSequences`), exact and without asking the engine.

use rustc_hash::FxHashMap;

/// The load of one worker as the router counts it itself.
#[derive(Clone, Debug, Default)]
pub struct Book {
    requests: u32,
    prefill_tokens: u64,
    /// Blocks with a hash, and how many requests use each.
    blocks: FxHashMap<u64, u32>,
    /// Blocks without.
    plain_blocks: u64,
}

impl Book {
    /// Requests sent and not ended.
    pub const fn requests(&self) -> u32 {
        self.requests
    }

    /// Prompt tokens sent, less those expected in the cache, of requests whose first token was not seen yet.
    pub const fn prefill_tokens(&self) -> u64 {
        self.prefill_tokens
    }

    /// Distinct blocks of prompts of active requests.
    pub fn active_blocks(&self) -> u64 {
        self.plain_blocks + self.blocks.len() as u64
    }

    /// How many blocks would be active with one more prompt of `blocks` blocks, the full ones of which have the hashes
    /// `chain`. Costs O(log chain): every active request holds its chain from the start, so what is active of a chain
    /// is a beginning of it.
    pub fn potential_blocks(&self, chain: &[u64], blocks: u32) -> u64 {
        let shared = chain.partition_point(|hash| self.blocks.contains_key(hash));
        self.active_blocks() + u64::from(blocks) - shared as u64
    }

    /// A request was sent, with `prefill_tokens` to read and a prompt of `blocks` blocks.
    pub fn add(&mut self, chain: &[u64], blocks: u32, prefill_tokens: u64) {
        self.requests += 1;
        self.prefill_tokens += prefill_tokens;
        self.plain_blocks += u64::from(blocks) - chain.len() as u64;
        for hash in chain {
            *self.blocks.entry(*hash).or_default() += 1;
        }
    }

    /// The prompt was read.
    pub const fn finish_prefill(&mut self, prefill_tokens: u64) {
        self.prefill_tokens -= prefill_tokens;
    }

    /// A request ended; `chain` and `blocks` are as they were added.
    pub fn remove(&mut self, chain: &[u64], blocks: u32) {
        self.requests -= 1;
        self.plain_blocks -= u64::from(blocks) - chain.len() as u64;
        for hash in chain {
            if let std::collections::hash_map::Entry::Occupied(mut entry) = self.blocks.entry(*hash) {
                *entry.get_mut() -= 1;
                if *entry.get() == 0 {
                    entry.remove();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_blocks_count_once() {
        let mut book = Book::default();
        book.add(&[1, 2, 3], 4, 64);
        assert_eq!((book.active_blocks(), book.potential_blocks(&[1, 2, 9], 3)), (4, 5));
        book.add(&[1, 2, 9], 3, 16);
        assert_eq!((book.requests(), book.active_blocks(), book.prefill_tokens()), (2, 5, 80));
        book.finish_prefill(64);
        book.remove(&[1, 2, 3], 4);
        assert_eq!((book.requests(), book.active_blocks(), book.prefill_tokens()), (1, 3, 16));
        book.remove(&[1, 2, 9], 3);
        assert_eq!(book.active_blocks(), 0);
    }
}
