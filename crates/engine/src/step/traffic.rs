//! What the GPUs of one engine send each other in a step: the sums of tensor parallelism, the tokens that travel to
//! experts of other ranks, the activations that go on to the next stage.

use super::{Coefficients, Layout};
use crate::{Architecture, Gpu};

/// Before the first byte of a message between stages: aiconfigurator's figure for point-to-point transfers.
const HOP_LATENCY_S: f64 = 10e-6;

/// One kind of exchange: how often in a step, and how long and how many bytes for each GPU.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Exchange {
    count: f64,
    latency_s: f64,
    token_s: f64,
    token_bytes: f64,
}

impl Exchange {
    fn seconds(&self, tokens: f64) -> f64 {
        self.count * (self.latency_s + tokens * self.token_s)
    }
}

/// All of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Traffic {
    /// Two in each layer.
    reductions: Exchange,
    /// There and back in each layer with experts.
    dispatches: Exchange,
    /// One from a stage to the next.
    hop: Exchange,
}

impl Traffic {
    pub(super) fn new(architecture: &Architecture, gpu: &Gpu, layout: &Layout, c: &Coefficients) -> Self {
        let gpus = f64::from(layout.tensor_parallel.max(1));
        let ranks = f64::from(layout.data_parallel.max(1));
        let hidden_bytes = f64::from(architecture.hidden_size) * 2.0;
        let within = gpu.link_bandwidth() * c.link_efficiency;
        let is_one_machine = layout.gpus() <= gpu.nvlink_gpus;
        let between = if is_one_machine { within } else { gpu.network_bandwidth() * c.link_efficiency };
        let exchange = |count, latency_s, token_bytes, bandwidth: f64| Exchange {
            count,
            latency_s,
            token_s: token_bytes / bandwidth,
            token_bytes,
        };
        let latency_s = c.allreduce_us * 1e-6;
        let reductions = if gpus > 1.0 { 2.0 * f64::from(architecture.layers) } else { 0.0 };
        let experts = architecture.experts.filter(|_| ranks > 1.0);
        let dispatches = experts.map_or(0.0, |experts| 2.0 * f64::from(experts.layers));
        let to_experts =
            experts.map_or(0.0, |experts| (ranks - 1.0) / ranks * f64::from(experts.per_token) * hidden_bytes / gpus);
        Self {
            reductions: exchange(reductions, latency_s, 2.0 * (gpus - 1.0) / gpus * hidden_bytes, within),
            dispatches: exchange(dispatches, latency_s, to_experts, between),
            // Hidden state and residual, each GPU its part.
            hop: exchange(1.0, HOP_LATENCY_S, 2.0 * hidden_bytes / gpus, between),
        }
    }

    /// Time of a step's exchanges within its stages, seconds.
    pub(super) fn communication_s(&self, tokens: f64) -> f64 {
        self.reductions.seconds(tokens) + self.dispatches.seconds(tokens)
    }

    /// Time from one stage to the next, seconds.
    pub(super) fn hop_s(&self, tokens: f64) -> f64 {
        self.hop.seconds(tokens)
    }

    /// Bytes that the GPUs of all stages send, one of each stage.
    pub(super) fn bytes(&self, tokens: f64, hops: f64) -> f64 {
        let Self { reductions, dispatches, hop } = self;
        let within = reductions.count * reductions.token_bytes + dispatches.count * dispatches.token_bytes;
        tokens * (within + hops * hop.token_bytes)
    }
}
