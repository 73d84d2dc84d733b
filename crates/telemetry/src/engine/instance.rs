//! One engine as somebody who looks sees it.

use std::sync::Arc;

use crate::engine::{Requests, Steps};

/// One engine that serves one model, at a moment.
#[derive(Clone, Debug, Default)]
pub struct Instance {
    /// Its number among the engines of its server.
    pub index: usize,
    /// How many there are.
    pub of: usize,
    /// The model it serves.
    pub model: Arc<str>,
    /// Tokens of prompt and answer at most.
    pub max_model_len: u64,
    /// Requests being answered. Of a physical engine: in its running batch.
    pub running: u64,
    /// Requests answered.
    pub requests: Requests,
    /// What is known of a physical engine only.
    pub physical: Option<Physical>,
}

/// What is known of a physical engine only.
#[derive(Clone, Debug, Default)]
pub struct Physical {
    /// What its steps did.
    pub steps: Steps,
    /// Requests that wait.
    pub waiting: u64,
    /// Blocks of its KV cache that somebody holds.
    pub used_blocks: u64,
    /// Blocks whose content can be found again.
    pub cached_blocks: u64,
    /// Nodes of the radix trees that find them.
    pub tree_nodes: u64,
    /// Tokens of prompts of which no token is written yet.
    pub unread_tokens: u64,
    /// How it is set up.
    pub setup: Setup,
}

/// How a physical engine is set up.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Setup {
    /// Blocks of the KV cache.
    pub blocks: u64,
    /// Tokens of a block.
    pub block_tokens: u64,
    /// Share of the GPU's memory it may use.
    pub memory_utilization: f64,
    /// How the cache is stored: `auto`, `fp8`.
    pub cache_dtype: &'static str,
    /// Whether beginnings of prompts are found again.
    pub is_prefix_cached: bool,
    /// Sequences of a step at most.
    pub max_sequences: u64,
    /// Tokens of a step at most.
    pub max_batched_tokens: u64,
    /// Blocks of the cache that were set by hand instead of by the memory there is.
    pub blocks_override: Option<u64>,
    /// Adapters that can be used at once, if any can.
    pub adapters: Option<u64>,
    /// Tokens drafted for each sequence, if any are.
    pub drafts: u64,
    /// Seconds since the beginning of 1970 on the clock it runs along.
    pub now_unix: i64,
}

impl Physical {
    /// Share of the cache's blocks that somebody holds.
    pub fn cache_usage(&self) -> f64 {
        self.used_blocks as f64 / self.setup.blocks.max(1) as f64
    }
}
