//! How long one step of the engine takes: a roofline of arithmetic and memory, plus communication, plus what engines
//! spend on every step, layer and sequence. Knows no queue and no sequence, only the sums of a [`Batch`].
//!
//! `T = (T_compute^p + T_memory^p)^(1/p) + T_communication + t_fixed + layers·t_layer + sequences·t_sequence +
//! prefills·t_prefill`. The terms follow the published analyses of transformer inference (weights and KV cache are
//! read once a step; two operations for each active weight and token; experts touched by chance); the coefficients of
//! a [`Profile`] are fitted to measurements.
//!
//! **Pipeline stages** share what grows with layers; a step passes them in order with a hop between (hidden state and
//! residual), and each stage takes one step at a time, so several are under way at once: the schedule of `GPipe` (Huang et
//! al. 2019) with as many micro-batches as stages, which is vLLM's batch queue. **Data-parallel ranks** share the
//! experts: their weights are touched by the tokens of all ranks, and every expert layer sends each token to its experts
//! and back, `2·(ranks − 1)/ranks·tokens·experts per token·hidden·2 bytes`.

mod batch;
mod layout;
mod noise;
mod profile;
mod traffic;

pub use batch::Batch;
pub use layout::Layout;
use layout::stage_layers;
pub use noise::Noise;
pub use profile::{Coefficients, EngineKind, Profile};
use traffic::Traffic;

use std::time::Duration;

use crate::{Architecture, Gpu, Precision};

/// Tokens of the largest step that vLLM captures as a graph by default.
const MOST_GRAPH_TOKENS: u64 = 512;

/// Where the time of a step goes, seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct StepCost {
    /// Arithmetic, were it alone.
    pub compute_s: f64,
    /// Reading weights and KV cache, were it alone.
    pub memory_s: f64,
    /// Talk between the GPUs.
    pub communication_s: f64,
    /// The whole step; with stages, from the first one's begin to the last one's end if none has to wait.
    pub total_s: f64,
    /// Of that, what stages share by their layers.
    pub spread_s: f64,
    /// From one stage to the next.
    pub hop_s: f64,
    /// Bytes read and written in each GPU's memory; with stages, their mean.
    pub memory_bytes: f64,
    /// Bytes each GPU sent to the others.
    pub link_bytes: f64,
}

impl StepCost {
    /// The whole step.
    pub fn duration(&self) -> Duration {
        Duration::from_nanos((self.total_s * 1e9).max(1.0) as u64)
    }
}

/// The cost of a step for one model on one kind of GPU: all that does not change from step to step, worked out once.
#[derive(Clone, Debug, PartialEq)]
pub struct StepModel {
    /// Seconds of arithmetic for each token.
    token_s: f64,
    /// Seconds of arithmetic for each token of all ranks: what they share.
    group_token_s: f64,
    /// Seconds of arithmetic for each pair of tokens that attend to each other, in all full layers.
    pair_s: f64,
    windowed_pair_s: f64,
    dense_bytes: f64,
    expert_bytes: f64,
    /// Chance that a token leaves a given expert alone, as its logarithm.
    log_untouched: f64,
    /// Experts of a layer in each group, and by how many standard deviations the busiest group exceeds the mean.
    group_experts: f64,
    group_excess: f64,
    kv_bytes: f64,
    windowed_kv_bytes: f64,
    state_bytes: f64,
    byte_s: f64,
    overlap: f64,
    traffic: Traffic,
    window: u32,
    /// Shares of the layers that stages have.
    stages: Vec<f64>,
    step_s: f64,
    layers_s: f64,
    sequence_s: f64,
    prefill_s: f64,
    eager_s: f64,
    /// What happens before and after the steps.
    arrival: Duration,
    output_delay_steps: f64,
}

impl StepModel {
    /// The cost of a step of `architecture` on GPUs of this kind.
    pub fn new(architecture: &Architecture, gpu: &Gpu, layout: &Layout, coefficients: &Coefficients) -> Self {
        let c = coefficients;
        let gpus = f64::from(layout.tensor_parallel.max(1));
        let heads = f64::from(architecture.attention_heads);
        let windowed = architecture.window.map_or(0, |window| window.layers.min(architecture.attention_layers));
        let (full_layers, windowed_layers) = (f64::from(architecture.attention_layers - windowed), f64::from(windowed));
        // Two multiplications (scores, values) of two operations each; compressed attention has its own widths.
        let pair_flops = architecture.latent.map_or(4.0 * heads * f64::from(architecture.head_size), |latent| {
            2.0 * heads * f64::from(architecture.head_size + latent.value_size)
        });
        let flops = gpus * gpu.flops(layout.weights) * c.compute_efficiency(gpu, layout.weights);
        let attention_flops = gpus * gpu.flops(Precision::Bf16) * c.compute_efficiency;
        let kv_heads = if architecture.latent.is_some() { 1.0 } else { f64::from(architecture.kv_heads) };
        let layer_kv = architecture.kv_bytes_per_token_and_layer(layout.kv) / gpus.min(kv_heads).max(1.0);
        let layers = f64::from(architecture.layers);
        let experts = architecture.experts;
        let groups = f64::from(layout.expert_parallel.max(1));
        let ranks = f64::from(layout.data_parallel.max(1));
        let stages = stage_layers(architecture.layers, layout.pipeline_parallel);
        let expert_flops = experts.map_or(0.0, |e| 2.0 * e.parameters * f64::from(e.per_token));
        let (own_flops, group_flops) = if ranks > 1.0 {
            (2.0 * architecture.dense_parameters, expert_flops)
        } else {
            (2.0 * architecture.active_parameters(), 0.0)
        };
        Self {
            token_s: own_flops / flops,
            group_token_s: group_flops / (flops * ranks),
            pair_s: pair_flops * full_layers / attention_flops,
            windowed_pair_s: pair_flops * windowed_layers / attention_flops,
            dense_bytes: (architecture.dense_parameters * layout.weights.bytes()
                + 2.0 * f64::from(architecture.hidden_size) * f64::from(architecture.vocabulary))
                / gpus,
            expert_bytes: experts
                .map_or(0.0, |e| e.parameters * f64::from(e.count) * layout.weights.bytes() / gpus / ranks),
            log_untouched: experts.map_or(0.0, |e| (1.0 - f64::from(e.per_token) / f64::from(e.count)).max(1e-9).ln()),
            group_experts: experts.map_or(1.0, |e| f64::from(e.count) / groups),
            group_excess: busiest_excess(groups),
            kv_bytes: layer_kv * full_layers,
            windowed_kv_bytes: layer_kv * windowed_layers,
            state_bytes: 2.0 * architecture.state_bytes_per_sequence / gpus,
            byte_s: 1.0 / (gpu.memory_bandwidth() * c.memory_efficiency),
            overlap: c.overlap,
            traffic: Traffic::new(architecture, gpu, layout, c),
            window: architecture.window.map_or(u32::MAX, |window| window.tokens),
            stages: stages.iter().map(|count| f64::from(*count) / layers.max(1.0)).collect(),
            step_s: c.step_ms * 1e-3,
            layers_s: layers * c.layer_us * 1e-6,
            sequence_s: c.sequence_us * 1e-6,
            prefill_s: c.prefill_ms * 1e-3,
            eager_s: layers * c.eager_layer_us * 1e-6,
            arrival: Duration::from_nanos((c.arrival_ms.max(0.0) * 1e6) as u64),
            output_delay_steps: c.output_delay_steps.max(0.0),
        }
    }

    /// A model where every step takes `step_s` and every token of a prompt `token_s` on top, seconds; for tests of what
    /// does not depend on hardware.
    pub fn fixed(step_s: f64, token_s: f64) -> Self {
        Self {
            token_s,
            group_token_s: 0.0,
            pair_s: 0.0,
            windowed_pair_s: 0.0,
            dense_bytes: 0.0,
            expert_bytes: 0.0,
            log_untouched: 0.0,
            group_experts: 1.0,
            group_excess: 0.0,
            kv_bytes: 0.0,
            windowed_kv_bytes: 0.0,
            state_bytes: 0.0,
            byte_s: 0.0,
            overlap: 1.0,
            traffic: Traffic::default(),
            window: u32::MAX,
            stages: vec![1.0],
            step_s,
            layers_s: 0.0,
            sequence_s: 0.0,
            prefill_s: 0.0,
            eager_s: 0.0,
            arrival: Duration::ZERO,
            output_delay_steps: 0.0,
        }
    }

    /// The same with so many equal pipeline stages and no time between them; for tests.
    #[must_use]
    pub fn in_stages(self, stages: u32) -> Self {
        let stages = stages.max(1);
        Self { stages: vec![1.0 / f64::from(stages); stages as usize], ..self }
    }

    /// What this batch costs, before noise.
    pub fn cost(&self, batch: &Batch) -> StepCost {
        self.cost_in_group(batch, batch.tokens)
    }

    /// What this batch of one data-parallel rank costs, before noise, when all ranks together work on `group_tokens`.
    pub fn cost_in_group(&self, batch: &Batch, group_tokens: u64) -> StepCost {
        let (tokens, group_tokens) = (batch.tokens as f64, group_tokens as f64);
        let sequences = f64::from(batch.sequences);
        let compute_s = tokens * self.token_s
            + group_tokens * self.group_token_s
            + batch.attended_pairs * self.pair_s
            + batch.windowed_pairs * self.windowed_pair_s;
        let touched = self.busiest_share(1.0 - (group_tokens * self.log_untouched).exp());
        let memory_bytes = self.dense_bytes
            + self.expert_bytes * touched
            + batch.read_tokens as f64 * self.kv_bytes
            + batch.windowed_tokens as f64 * self.windowed_kv_bytes
            + sequences * self.state_bytes;
        let memory_s = memory_bytes * self.byte_s;
        let communication_s = self.traffic.communication_s(tokens);
        let eager_s = if batch.prefills > 0 && batch.tokens > MOST_GRAPH_TOKENS { self.eager_s } else { 0.0 };
        let spread_s = overlap(compute_s, memory_s, self.overlap) + communication_s + self.layers_s + eager_s;
        let hops = self.stages.len() as f64 - 1.0;
        let hop_s = if hops > 0.0 { self.traffic.hop_s(tokens) } else { 0.0 };
        let total_s = spread_s
            + self.step_s
            + sequences * self.sequence_s
            + f64::from(batch.prefills) * self.prefill_s
            + batch.extra_s
            + hops * hop_s;
        let share = 1.0 / (hops + 1.0);
        let (memory_bytes, link_bytes) = (memory_bytes * share, self.traffic.bytes(tokens, hops) * share);
        StepCost { compute_s, memory_s, communication_s, total_s, spread_s, hop_s, memory_bytes, link_bytes }
    }

    /// Pipeline stages.
    pub const fn stages(&self) -> usize {
        self.stages.len()
    }

    /// The share of the layers that a stage has.
    pub fn stage_share(&self, stage: usize) -> f64 {
        self.stages.get(stage).copied().unwrap_or_default()
    }

    /// How long a step of this cost occupies one stage, seconds. What does not belong to layers (scheduling, preparing
    /// inputs) is the first stage's.
    pub fn stage_s(&self, cost: &StepCost, stage: usize) -> f64 {
        let share = self.stage_share(stage) * cost.spread_s;
        let hops = self.stages.len() as f64 - 1.0;
        if stage == 0 { cost.total_s - cost.spread_s - hops * cost.hop_s + share } else { share }
    }

    /// The share of its experts that the busiest group reads when `touched` of all are read. Every layer waits for that
    /// group. Which experts are read is drawn without replacement, so the spread is that of the hypergeometric
    /// distribution and vanishes when all are read.
    fn busiest_share(&self, touched: f64) -> f64 {
        if self.group_excess == 0.0 {
            return touched;
        }
        let deviation = (touched * (1.0 - touched) / self.group_experts).sqrt();
        (touched + self.group_excess * deviation).min(1.0)
    }

    /// How far windowed layers look back, tokens; `u32::MAX` without such layers.
    pub const fn window(&self) -> u32 {
        self.window
    }

    /// From the client's sending to the scheduler's seeing: HTTP, tokenising, hand-over.
    pub const fn arrival(&self) -> Duration {
        self.arrival
    }

    /// From the end of a step to the tokens' leaving, in durations of that step (1 with asynchronous scheduling).
    pub const fn output_delay_steps(&self) -> f64 {
        self.output_delay_steps
    }
}

/// The expected maximum of `groups` equal normal draws, in standard deviations above their mean, times the share of the
/// variance that is left when their sum is given. `√(2 ln n) − 0.6` is within 0.03 of the expected maximum for 2 to 16.
fn busiest_excess(groups: f64) -> f64 {
    if groups <= 1.0 { 0.0 } else { ((2.0 * groups.ln()).sqrt() - 0.6) * (1.0 - 1.0 / groups).sqrt() }
}

/// `(a^p + b^p)^(1/p)`: the larger one for large `p`, the sum for 1.
fn overlap(a: f64, b: f64, p: f64) -> f64 {
    let (more, less) = if a > b { (a, b) } else { (b, a) };
    let ratio = if more > 0.0 { less / more } else { 0.0 };
    // Below a tenth the smaller one adds less than 0.5 % for every p from 2 on.
    if ratio < 0.1 && p >= 2.0 {
        return more;
    }
    more * (1.0 + ratio.powf(p)).powf(1.0 / p)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn model(name: &str, gpus: u32) -> StepModel {
        let layout = Layout { tensor_parallel: gpus, ..Layout::default() };
        let architecture = Architecture::find(name).unwrap();
        let profile = Profile::find(EngineKind::Vllm, "H100", architecture.experts.is_some()).unwrap();
        StepModel::new(architecture, Gpu::find("h100").unwrap(), &layout, &profile.coefficients)
    }

    fn decode(sequences: u32, context: u32, window: u32) -> Batch {
        let mut batch = Batch::default();
        for _ in 0..sequences {
            batch.add(1, context, window);
        }
        batch
    }

    #[test]
    fn reading_the_weights_bounds_a_lone_decode() {
        let step = model("llama-3.1-8b", 1).cost(&decode(1, 100, u32::MAX));
        // 15 GB at 3.35 TB/s is 4.5 ms at least.
        assert!(step.memory_s > step.compute_s && (0.0045..0.02).contains(&step.total_s), "{step:?}");
    }

    #[test]
    fn a_long_prompt_is_bound_by_arithmetic() {
        let mut batch = Batch::default();
        batch.add(8192, 0, u32::MAX);
        let step = model("llama-3.1-8b", 1).cost(&batch);
        assert!(step.compute_s > 5.0 * step.memory_s && step.total_s > 0.13, "{step:?}");
    }

    #[test]
    fn windowed_layers_read_no_more_than_the_window() {
        let model = model("gpt-oss-120b", 2);
        let bytes = |context| model.cost(&decode(1, context, model.window())).memory_bytes;
        let (short, long) = (bytes(10_000) - bytes(1_000), bytes(100_000) - bytes(91_000));
        assert!((short / long - 1.0).abs() < 1e-9);
        assert!((short / (9_000.0 * 36_864.0 / 2.0) - 1.0).abs() < 1e-6, "{short}");
    }

    #[test]
    fn few_tokens_touch_few_experts() {
        let model = model("qwen3-30b-a3b", 1);
        let bytes = |sequences| model.cost(&decode(sequences, 0, u32::MAX)).memory_bytes;
        assert!(bytes(1) < 0.2 * bytes(256));
    }

    #[test]
    fn layers_wait_for_the_group_with_most_experts_to_read() {
        let architecture = Architecture::find("qwen3-235b-a22b").unwrap();
        let profile = Profile::find(EngineKind::Vllm, "H100", true).unwrap();
        let bytes = |groups, tokens| {
            let weights = Precision::Fp8;
            let layout = Layout { tensor_parallel: 8, expert_parallel: groups, weights, ..Layout::default() };
            let model = StepModel::new(architecture, Gpu::find("h100").unwrap(), &layout, &profile.coefficients);
            model.cost(&decode(tokens, 0, u32::MAX)).memory_bytes
        };
        assert!(bytes(8, 4) > 1.3 * bytes(1, 4));
        assert!(bytes(8, 1000) < 1.001 * bytes(1, 1000));
    }

    fn laid_out(name: &str, layout: Layout) -> StepModel {
        let architecture = Architecture::find(name).unwrap();
        let profile = Profile::find(EngineKind::Vllm, "H100", architecture.experts.is_some()).unwrap();
        StepModel::new(architecture, Gpu::find("h100").unwrap(), &layout, &profile.coefficients)
    }

    #[test]
    fn stages_share_the_layers_and_add_hops() {
        let (one, four) =
            (model("llama-3.1-70b", 2), Layout { tensor_parallel: 2, pipeline_parallel: 4, ..Layout::default() });
        let four = laid_out("llama-3.1-70b", four);
        let batch = decode(32, 1000, u32::MAX);
        let (whole, parted) = (one.cost(&batch), four.cost(&batch));
        // 32 tokens of 8,192 values, twice, two bytes each, over two GPUs and 450 GB/s: 10 µs and little more.
        assert!((10e-6..15e-6).contains(&parted.hop_s), "{parted:?}");
        assert!((parted.total_s - whole.total_s - 3.0 * parted.hop_s).abs() < 1e-9);
        let stages: f64 = (0..4).map(|stage| four.stage_s(&parted, stage)).sum();
        assert!((stages - whole.total_s).abs() < 1e-9 && four.stage_s(&parted, 3) < 0.26 * whole.total_s);
        assert!((parted.memory_bytes - whole.memory_bytes / 4.0).abs() < 1.0);
    }

    #[test]
    fn ranks_share_experts_and_pay_for_the_exchange() {
        let group = Layout { data_parallel: 8, expert_parallel: 8, weights: Precision::Fp8, ..Layout::default() };
        let group = laid_out("deepseek-v3", group);
        let batch = decode(16, 1000, u32::MAX);
        let (busy, quiet) = (group.cost_in_group(&batch, 128), group.cost_in_group(&batch, 16));
        assert!(busy.memory_bytes > 1.5 * quiet.memory_bytes && busy.compute_s > quiet.compute_s);
        // 58 layers, there and back, 16 tokens to 8 experts of 7,168 values, seven eighths of them elsewhere.
        let expected = 2.0 * 58.0 * 16.0 * 8.0 * 7168.0 * 2.0 * 7.0 / 8.0;
        assert!((busy.link_bytes / expected - 1.0).abs() < 1e-9, "{}", busy.link_bytes);
    }

    proptest! {
        #[test]
        fn more_work_never_takes_less_time(sequences in 1_u32..300, context in 0_u32..30_000, q in 1_u32..8192) {
            let model = model("llama-3.1-70b", 4);
            let mut batch = decode(sequences, context, u32::MAX);
            let before = model.cost(&batch).total_s;
            batch.add(q, context, u32::MAX);
            // The shortcut of `overlap` may round away half a percent.
            prop_assert!(model.cost(&batch).total_s > before * 0.995);
        }
    }
}
