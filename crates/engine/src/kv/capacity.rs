//! How many KV blocks fit beside the weights.
//!
//! `KV bytes = utilisation × memory − weights / GPUs − overhead`, per GPU. The overhead (activations, graphs, NCCL) is
//! about 2 GiB in vLLM 0.15's own logs for dense models of 7 to 70 B. Mixtures need more for what goes to the experts;
//! the 5 GiB here put the KV cliff of `MiniMax` M2.5 on four H100 where it was measured.

use crate::hardware::GIB;
use crate::step::Layout;
use crate::{Architecture, EngineError, Gpu, Precision};

/// How memory is used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Memory {
    /// Share of the GPU's memory the engine may use.
    pub utilization: f64,
    /// What activations, graphs and libraries take on each GPU, GiB.
    pub overhead_gib: f64,
    /// How weights are stored.
    pub weights: Precision,
    /// How the cache is stored.
    pub kv: Precision,
    /// Tokens of a block.
    pub block_tokens: u32,
}

impl Default for Memory {
    fn default() -> Self {
        Self { utilization: 0.9, overhead_gib: 2.0, weights: Precision::Bf16, kv: Precision::Bf16, block_tokens: 16 }
    }
}

impl Memory {
    /// The defaults for a model stored as `weights`.
    pub fn of_model(architecture: &Architecture, weights: Precision, kv: Precision) -> Self {
        let overhead_gib = if architecture.experts.is_some() { 5.0 } else { 2.0 };
        Self { overhead_gib, weights, kv, ..Self::default() }
    }

    /// Weights on the GPU that has most, bytes. Embeddings are on the first stage, the output layer on the last.
    pub fn weight_bytes_per_gpu(&self, architecture: &Architecture, layout: &Layout) -> f64 {
        let tensor = f64::from(layout.tensor_parallel.max(1));
        let ranks = f64::from(layout.data_parallel.max(1));
        let experts = architecture.body_parameters() - architecture.dense_parameters;
        let body = (architecture.dense_parameters + experts / ranks) * self.weights.bytes();
        let ends = if layout.pipeline_parallel > 1 { 0.5 } else { 1.0 };
        let embeddings = architecture.embedding_parameters * Precision::Bf16.bytes() * ends;
        (body * layout.largest_stage(architecture) + embeddings) / tensor
    }
}

impl Memory {
    /// Keys and values of one token in one layer on each GPU, bytes.
    fn layer_bytes_per_gpu(&self, architecture: &Architecture, layout: &Layout) -> f64 {
        // Every GPU holds at least one head; a compressed cache has one for all and cannot be split.
        let heads = if architecture.latent.is_some() { 1 } else { architecture.kv_heads };
        let sharers = f64::from(layout.tensor_parallel.min(heads).max(1));
        architecture.kv_bytes_per_token_and_layer(self.kv) / sharers
    }

    /// One block of the cache on the GPU that has most layers, bytes.
    pub fn block_bytes_per_gpu(&self, architecture: &Architecture, layout: &Layout) -> f64 {
        let windowed = architecture.window.map_or(0, |window| window.layers.min(architecture.attention_layers));
        let full = f64::from(architecture.attention_layers - windowed) * layout.largest_stage(architecture);
        f64::from(self.block_tokens.max(1)) * full.ceil().max(1.0) * self.layer_bytes_per_gpu(architecture, layout)
    }
}

/// The size of a KV cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// Blocks.
    pub blocks: u32,
    /// Tokens of a block.
    pub block_tokens: u32,
    /// Blocks each sequence takes besides those of its tokens: windowed layers and fixed states.
    pub blocks_per_sequence: u32,
}

impl Capacity {
    /// A cache of a given size.
    pub const fn of(blocks: u32, block_tokens: u32) -> Self {
        Self { blocks, block_tokens, blocks_per_sequence: 0 }
    }

    /// The cache of `architecture` on `gpus` GPUs that share its weights by tensor parallelism.
    ///
    /// # Errors
    /// [`EngineError::ModelTooLarge`] if not one block fits beside the weights.
    pub fn of_model(architecture: &Architecture, gpu: &Gpu, gpus: u32, memory: &Memory) -> Result<Self, EngineError> {
        Self::of_layout(architecture, gpu, &Layout { tensor_parallel: gpus.max(1), ..Layout::default() }, memory)
    }

    /// The cache of one engine, or of one of its data-parallel ranks. Precisions are those of `memory`. The stage with
    /// most layers decides.
    ///
    /// # Errors
    /// [`EngineError::ModelTooLarge`] if not one block fits beside the weights; as [`Layout::check`].
    pub fn of_layout(
        architecture: &Architecture,
        gpu: &Gpu,
        layout: &Layout,
        memory: &Memory,
    ) -> Result<Self, EngineError> {
        layout.check(architecture)?;
        let gpus = layout.tensor_parallel;
        let share = layout.largest_stage(architecture);
        let weights = memory.weight_bytes_per_gpu(architecture, layout);
        let usable = memory.utilization * gpu.memory_bytes() - memory.overhead_gib * GIB;
        let layer_bytes = memory.layer_bytes_per_gpu(architecture, layout);
        let windowed = architecture.window.map_or(0, |window| window.layers.min(architecture.attention_layers));
        let block_bytes = memory.block_bytes_per_gpu(architecture, layout);
        let blocks = ((usable - weights) / block_bytes).floor();
        if blocks < 1.0 {
            return Err(EngineError::ModelTooLarge {
                model: architecture.name.clone(),
                gpu: gpu.name.clone(),
                gpus: layout.gpus(),
                weights_gib: weights / GIB,
                usable_gib: usable / GIB,
            });
        }
        let window_bytes = architecture
            .window
            .map_or(0.0, |window| f64::from(window.tokens) * f64::from(windowed) * share * layer_bytes);
        let fixed = window_bytes + architecture.state_bytes_per_sequence * share / f64::from(gpus);
        Ok(Self {
            blocks: blocks.min(f64::from(u32::MAX / 2)) as u32,
            block_tokens: memory.block_tokens.max(1),
            blocks_per_sequence: (fixed / block_bytes).ceil() as u32,
        })
    }

    /// Tokens the cache holds.
    pub const fn tokens(&self) -> u64 {
        self.blocks as u64 * self.block_tokens as u64
    }

    /// Blocks that `tokens` tokens take.
    pub const fn blocks_of(&self, tokens: u32) -> u32 {
        tokens.div_ceil(self.block_tokens)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capacity(model: &str, gpus: u32, memory: &Memory) -> Result<Capacity, EngineError> {
        Capacity::of_model(Architecture::find(model).unwrap(), Gpu::find("h100").unwrap(), gpus, memory)
    }

    #[test]
    fn a_70b_model_on_four_gpus_has_the_blocks_vllm_logs() {
        // 4 × (0.9 × 80 − 2 GiB) − 131.5 GiB of weights, at 320 KiB for each token.
        let tokens = capacity("llama-3.1-70b", 4, &Memory::default()).unwrap().tokens();
        assert!((485_000..490_000).contains(&tokens), "{tokens}");
    }

    #[test]
    fn a_model_that_does_not_fit_says_by_how_much() {
        let error = capacity("llama-3.1-70b", 1, &Memory::default()).unwrap_err();
        assert!(error.to_string().contains("131.4 GiB per GPU, 70.0 GiB are usable"), "{error}");
    }

    #[test]
    fn stages_and_ranks_leave_more_room_for_the_cache() {
        let memory = Memory::default();
        let tokens = |name: &str, layout: Layout, memory: &Memory| {
            let architecture = Architecture::find(name).unwrap();
            Capacity::of_layout(architecture, Gpu::find("h100").unwrap(), &layout, memory).map(|room| room.tokens())
        };
        let staged = Layout { tensor_parallel: 2, pipeline_parallel: 2, ..Layout::default() };
        let (four, staged) = (
            capacity("llama-3.1-70b", 4, &memory).unwrap().tokens(),
            tokens("llama-3.1-70b", staged, &memory).unwrap(),
        );
        assert!((staged as f64 / four as f64 - 1.0).abs() < 0.02, "{staged} {four}");
        let fp8 = Memory { weights: Precision::Fp8, ..Memory::default() };
        let ranks = |data_parallel| Layout { data_parallel, ..Layout::default() };
        assert!(tokens("deepseek-v3", ranks(8), &fp8).is_err());
        assert!(tokens("deepseek-v3", ranks(16), &fp8).unwrap() > 100_000);
    }

    #[test]
    fn windows_and_states_are_counted_by_sequence() {
        let memory = Memory { weights: Precision::Mxfp4, ..Memory::default() };
        assert_eq!(capacity("gpt-oss-120b", 2, &memory).unwrap().blocks_per_sequence, 8);
        assert!(capacity("nemotron-3-nano-30b-a3b", 1, &memory).unwrap().blocks_per_sequence > 100);
        assert_eq!(capacity("llama-3.1-8b", 1, &Memory::default()).unwrap().blocks_per_sequence, 0);
    }
}
