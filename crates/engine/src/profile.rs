//! Each model at its own unloaded speed.

use std::time::Duration;

use fakeai_core::{Rng, Tick};

use crate::Sequence;
use crate::flow::{Flow, Gap};

/// How fast a model is on an unloaded server: means and standard deviations of normal draws.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Speed {
    /// Time to first token for a prompt of up to 100 tokens, milliseconds.
    pub ttft_ms: f64,
    /// Its standard deviation, milliseconds.
    pub ttft_deviation_ms: f64,
    /// Time between tokens, milliseconds.
    pub itl_ms: f64,
    /// Its standard deviation, milliseconds.
    pub itl_deviation_ms: f64,
    /// Prompt tokens read each second, beyond the first 100.
    pub prefill_tokens_per_second: f64,
}

/// Prompt tokens whose reading is part of [`Speed::ttft_ms`].
const FREE_PROMPT_TOKENS: u32 = 100;

impl Speed {
    /// The latency formula of the original system's profiles: TTFT = max(1 ms, N(ttft, σ)), plus what the prompt has
    /// beyond 100 uncached tokens at prefill speed; ITL = max(0.5 ms, N(itl, σ)); both grow with temperature beyond 1
    /// (3 % and 2 % for each degree).
    pub(crate) fn flow(&self, sequence: &Sequence, now: Tick) -> Flow {
        let mut rng = sequence.seed.rng();
        let heat = (sequence.temperature - 1.0).max(0.0);
        let first = now + self.ttft(sequence, heat, &mut rng);
        let slower = (1.0 + 0.02 * heat) * sequence.pace();
        let gap = Gap::Normal {
            mean_ns: self.itl_ms * 1e6 * slower,
            deviation_ns: self.itl_deviation_ms * 1e6 * slower,
            floor_ns: 0.5e6,
        };
        Flow::new(first, sequence.output_tokens, gap, rng)
    }

    fn ttft(&self, sequence: &Sequence, heat: f64, rng: &mut Rng) -> Duration {
        let uncached = sequence.prompt_tokens.saturating_sub(sequence.cached_tokens);
        let beyond = f64::from(uncached.saturating_sub(FREE_PROMPT_TOKENS));
        let start_ms = (self.ttft_ms + self.ttft_deviation_ms * rng.normal()).max(1.0);
        let prefill_ms = beyond / self.prefill_tokens_per_second.max(1.0) * 1e3;
        Duration::from_nanos(((start_ms + prefill_ms) * (1.0 + 0.03 * heat) * 1e6) as u64)
    }
}
