//! How a model is spread over GPUs: tensors, stages, ranks, experts.

use crate::{Architecture, EngineError, Precision};

/// How a model is spread over GPUs and stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layout {
    /// GPUs that share every layer.
    pub tensor_parallel: u32,
    /// Stages: each has a part of the layers, on GPUs of its own.
    pub pipeline_parallel: u32,
    /// Ranks of the attention: each has sequences and a cache of its own, the experts are spread over the GPUs of all.
    pub data_parallel: u32,
    /// Groups of GPUs that each hold whole experts; 1 where every expert is shared by all GPUs.
    pub expert_parallel: u32,
    /// How weights are stored.
    pub weights: Precision,
    /// How the KV cache is stored.
    pub kv: Precision,
}

impl Default for Layout {
    /// One GPU, 16 bit.
    fn default() -> Self {
        Self {
            tensor_parallel: 1,
            pipeline_parallel: 1,
            data_parallel: 1,
            expert_parallel: 1,
            weights: Precision::Bf16,
            kv: Precision::Bf16,
        }
    }
}

impl Layout {
    /// GPUs of one engine.
    pub const fn gpus(&self) -> u32 {
        self.tensor_parallel.saturating_mul(self.pipeline_parallel).saturating_mul(self.data_parallel)
    }

    /// The share of the layers that the stage with most of them has.
    pub(crate) fn largest_stage(&self, architecture: &Architecture) -> f64 {
        let most = stage_layers(architecture.layers, self.pipeline_parallel).into_iter().max().unwrap_or_default();
        f64::from(most) / f64::from(architecture.layers.max(1))
    }

    /// Whether it can be.
    ///
    /// # Errors
    /// [`EngineError::InvalidSettings`]: a count of zero, more stages than layers, ranks of a model without experts,
    /// stages and ranks together.
    pub fn check(&self, architecture: &Architecture) -> Result<(), EngineError> {
        let wrong = |what: String| Err(EngineError::InvalidSettings { what });
        let counts = [self.tensor_parallel, self.pipeline_parallel, self.data_parallel, self.expert_parallel];
        if counts.contains(&0) {
            return wrong("parallelism counts from 1".to_owned());
        }
        if self.pipeline_parallel > architecture.layers {
            return wrong(format!(
                "{} stages are more than the {} layers",
                self.pipeline_parallel, architecture.layers
            ));
        }
        if self.data_parallel > 1 && architecture.experts.is_none() {
            return wrong(format!("`{}` has no experts to share among ranks: use replicas", architecture.name));
        }
        if self.data_parallel > 1 && self.pipeline_parallel > 1 {
            return wrong("data-parallel ranks in pipeline stages are not modelled".to_owned());
        }
        Ok(())
    }
}

/// Layers of each stage, as vLLM parts them: evenly, what is left over one each from the last but one stage backwards.
pub(crate) fn stage_layers(layers: u32, stages: u32) -> Vec<u32> {
    let stages = stages.clamp(1, layers.max(1));
    let (each, left) = (layers / stages, layers % stages);
    (0..stages).map(|stage| each + u32::from(stage + 1 + left >= stages && stage + 1 < stages)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_parted_as_vllm_does() {
        assert_eq!(stage_layers(80, 1), [80]);
        assert_eq!(stage_layers(80, 4), [20; 4]);
        assert_eq!(stage_layers(61, 4), [15, 15, 16, 15]);
        assert_eq!(stage_layers(63, 4), [16, 16, 16, 15]);
        assert_eq!(stage_layers(2, 4), [1, 1]);
    }

    #[test]
    fn layouts_that_cannot_be_are_refused() {
        let (dense, mixture) =
            (Architecture::find("llama-3.1-8b").unwrap(), Architecture::find("deepseek-v3").unwrap());
        let check = |architecture, pipeline_parallel, data_parallel| {
            Layout { pipeline_parallel, data_parallel, ..Layout::default() }.check(architecture).is_ok()
        };
        assert!(check(dense, 4, 1) && check(mixture, 1, 8));
        assert!(!check(dense, 0, 1) && !check(dense, 33, 1) && !check(dense, 1, 2) && !check(mixture, 2, 2));
    }
}
