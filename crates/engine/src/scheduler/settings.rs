//! How an engine instance is set up, with the defaults of the engines themselves.

use std::time::Duration;

use fakeai_core::Seed;

use crate::kv::Capacity;
use crate::step::{EngineKind, Noise};
use crate::{Architecture, EngineError};

/// Who is admitted first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// First come, first served.
    #[default]
    Fcfs,
    /// Lower numbers first, then first come; the highest number is preempted first.
    Priority,
    /// The longest cached prefix first (`SGLang`), while at most 128 wait.
    LongestPrefix,
}

/// Speculative decoding: how many tokens are drafted, how many of them hold, what drafting costs.
#[derive(Clone, Debug, PartialEq)]
pub struct Speculation {
    /// Chance that the draft at each position holds if all before it did; as many positions as are drafted.
    pub acceptance: Vec<f64>,
    /// Time of drafting one token, in shares of the step (0.1 to 0.15 for a small model, 0 for n-grams).
    pub draft_cost: f64,
}

/// Adapters (`LoRA`) that can be used at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adapters {
    /// Distinct adapters in the running batch, and kept loaded.
    pub slots: u32,
    /// Time to load one that is not loaded.
    pub load: Duration,
    /// What each adapter in a batch adds to its step, as a share (0.02 for rank 8 to 0.06 for rank 32).
    pub overhead: f64,
}

impl Adapters {
    /// Adapters of that rank for all projections of the attention of `architecture`, in 16 bit: loaded in 1.5 ms and at
    /// 2 GB/s, and each adds 2, 3.5 or 6 % to a step for rank 8, 16 or 32, the defaults of the BLIS simulator; other
    /// ranks lie on the power law between them.
    pub fn of_rank(slots: u32, rank: u32, architecture: &Architecture) -> Self {
        let (hidden, rank) = (f64::from(architecture.hidden_size), f64::from(rank.max(1)));
        let queries = f64::from(architecture.attention_heads * architecture.head_size);
        let values = f64::from(architecture.kv_heads * architecture.head_size);
        // Query and output, key and value: each a pair of narrow matrices.
        let weights = rank * 2.0 * ((hidden + queries) + (hidden + values)) * f64::from(architecture.attention_layers);
        let load = Duration::from_secs_f64(0.0015 + 2.0 * weights / 2e9);
        Self { slots, load, overhead: 0.035 * (rank / 16.0).powf(0.79) }
    }
}

/// The settings of one engine instance.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Whose scheduler.
    pub kind: EngineKind,
    /// The KV cache.
    pub capacity: Capacity,
    /// Sequences of a step at most.
    pub max_sequences: u32,
    /// Tokens of a step at most; with `SGLang`, of one chunk of a prompt.
    pub max_batched_tokens: u32,
    /// Tokens of one step's prompts in all; `SGLang` only.
    pub max_prefill_tokens: u32,
    /// Prompt tokens of one sequence in a step at most; `None` for no limit of its own.
    pub long_prefill_tokens: Option<u32>,
    /// Whether prompts are read in pieces. Otherwise a prompt waits for a step that has room for all of it.
    pub is_chunked: bool,
    /// Whether decodes go along with prompts; `SGLang` only, the others always do.
    pub is_mixed: bool,
    /// Who is admitted first.
    pub policy: Policy,
    /// Whether beginnings of prompts are found again.
    pub is_prefix_cached: bool,
    /// Share of the cache that admission leaves free.
    pub watermark: f64,
    /// Prompt and answer at most, tokens.
    pub max_sequence_tokens: u32,
    /// Sequences that may wait; `None` for no limit.
    pub max_waiting: Option<usize>,
    /// Speculative decoding.
    pub speculation: Option<Speculation>,
    /// Adapters; `None` ignores them.
    pub adapters: Option<Adapters>,
    /// How step times stray.
    pub noise: Noise,
    /// Decides every draw.
    pub seed: Seed,
}

impl Settings {
    /// The defaults of that engine for a large GPU: vLLM's API server takes 8,192 tokens and 1,024 sequences there.
    pub const fn new(kind: EngineKind, capacity: Capacity) -> Self {
        let (max_sequences, is_mixed) = match kind {
            EngineKind::Vllm => (1024, true),
            EngineKind::Sglang => (2048, false),
            EngineKind::Trtllm => (2048, true),
        };
        Self {
            kind,
            capacity,
            max_sequences,
            max_batched_tokens: 8192,
            max_prefill_tokens: 16_384,
            long_prefill_tokens: None,
            is_chunked: true,
            is_mixed,
            policy: Policy::Fcfs,
            is_prefix_cached: true,
            watermark: 0.01,
            max_sequence_tokens: u32::MAX,
            max_waiting: None,
            speculation: None,
            adapters: None,
            noise: Noise { sigma: 0.04, hiccup_chance: 0.001, hiccup_steps: 2.0 },
            seed: Seed::new(0),
        }
    }

    /// Whether an engine can run so.
    ///
    /// # Errors
    /// [`EngineError::InvalidSettings`], which says what cannot be.
    pub fn check(&self) -> Result<(), EngineError> {
        let wrong = |what: &str| Err(EngineError::InvalidSettings { what: what.to_owned() });
        if self.capacity.blocks == 0 || self.capacity.block_tokens == 0 {
            return wrong("a KV cache needs blocks of at least one token");
        }
        if self.max_sequences == 0 || self.max_batched_tokens == 0 || self.max_prefill_tokens == 0 {
            return wrong("a step must hold at least one sequence and one token");
        }
        if self.long_prefill_tokens == Some(0) {
            return wrong("the long-prefill limit must be at least one token");
        }
        if !(0.0..1.0).contains(&self.watermark) {
            return wrong("the watermark is a share of the cache, from 0 to below 1");
        }
        if self.adapters.is_some_and(|adapters| adapters.slots == 0) {
            return wrong("at least one adapter must fit a step");
        }
        let noise = self.noise;
        if ![noise.sigma, noise.hiccup_steps].iter().all(|value| (0.0..=10.0).contains(value)) {
            return wrong("noise must be between 0 and 10");
        }
        let is_chance = |chance: &f64| (0.0..=1.0).contains(chance);
        if !self.speculation.as_ref().is_none_or(|drafts| drafts.acceptance.iter().all(is_chance)) {
            return wrong("acceptance is a chance, from 0 to 1");
        }
        Ok(())
    }

    /// Drafts of each decode.
    pub(crate) fn drafts(&self) -> u32 {
        self.speculation.as_ref().map_or(0, |speculation| speculation.acceptance.len() as u32)
    }

    /// Blocks that admission leaves free.
    pub(crate) fn reserve_blocks(&self) -> u32 {
        (self.watermark * f64::from(self.capacity.blocks)) as u32
    }
}
