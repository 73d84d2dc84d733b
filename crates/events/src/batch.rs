//! What happened to a cache, with all that a router needs to know of it.

use std::sync::Arc;

/// One change of a cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CacheEvent {
    /// Full blocks are known by their hashes.
    Stored(StoredBlocks),
    /// The content of these blocks is gone.
    Removed {
        /// Their hashes.
        block_hashes: Vec<u64>,
    },
    /// All content is gone.
    Cleared,
}

/// Blocks that follow one another in one prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredBlocks {
    /// Their hashes, in order.
    pub block_hashes: Vec<u64>,
    /// The hash of the block before the first; `None` if that begins the prompt.
    pub parent_block_hash: Option<u64>,
    /// Their tokens, `block_tokens` for each block.
    pub token_ids: Vec<u32>,
    /// Tokens of a block.
    pub block_tokens: u32,
    /// The adapter the prompt was read with.
    pub adapter: Option<Adapter>,
}

/// An adapter (`LoRA`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adapter {
    /// Its number, from 1.
    pub id: u64,
    /// Its name.
    pub name: Arc<str>,
}

/// What happened to a cache in one step.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Its number, without gaps unless batches were dropped.
    pub sequence: u64,
    /// The number of its first event, among all events of the worker.
    pub first_event: u64,
    /// When, in seconds since 1970.
    pub unix_seconds: f64,
    /// The worker's number.
    pub rank: u32,
    /// What, in order.
    pub events: Vec<CacheEvent>,
}
