//! The fitted numbers of the step model, one set for each engine, GPU class and kind of model: `data/profiles.toml`.

use std::str::FromStr;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::nearest::fold;
use crate::{EngineError, Gpu, Precision};

/// Whose scheduler and overheads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// vLLM, its V1 scheduler.
    #[default]
    Vllm,
    /// `SGLang`.
    Sglang,
    /// TensorRT-LLM.
    Trtllm,
}

impl FromStr for EngineKind {
    type Err = EngineError;

    fn from_str(name: &str) -> Result<Self, EngineError> {
        match name.to_ascii_lowercase().as_str() {
            "vllm" => Ok(Self::Vllm),
            "sglang" => Ok(Self::Sglang),
            "trtllm" | "trt-llm" | "tensorrt-llm" => Ok(Self::Trtllm),
            _ => {
                Err(EngineError::InvalidSettings { what: format!("`{name}` is no engine; vllm, sglang or trtllm are") })
            }
        }
    }
}

/// The numbers a fit decides. They absorb what the roofline leaves out, so they belong to one engine, one class of
/// GPU and dense models or mixtures: they are no constants of the hardware.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Coefficients {
    /// Share of the peak arithmetic reached in 16 bit.
    pub compute_efficiency: f64,
    /// Share of the peak arithmetic reached in narrower formats.
    pub narrow_compute_efficiency: f64,
    /// Share of the peak memory bandwidth reached.
    pub memory_efficiency: f64,
    /// How arithmetic and memory overlap: 1 adds them, large takes the longer.
    pub overlap: f64,
    /// Each step, milliseconds.
    pub step_ms: f64,
    /// Each layer of each step, microseconds.
    pub layer_us: f64,
    /// Each sequence of each step, microseconds.
    pub sequence_us: f64,
    /// Each sequence that reads its prompt in a step, milliseconds.
    pub prefill_ms: f64,
    /// Each layer of a step that has prompts and is too large for a captured graph, microseconds: kernels are launched
    /// one by one.
    #[serde(default)]
    pub eager_layer_us: f64,
    /// Each exchange between GPUs (two a layer), microseconds.
    pub allreduce_us: f64,
    /// Share of the link bandwidth reached.
    pub link_efficiency: f64,
    /// Before the scheduler sees a request: HTTP, tokenising, hand-over, milliseconds.
    pub arrival_ms: f64,
    /// After a step, before its tokens leave, in durations of the step.
    pub output_delay_steps: f64,
}

impl Coefficients {
    /// Share of the peak arithmetic of this GPU and precision reached.
    pub(crate) fn compute_efficiency(&self, gpu: &Gpu, precision: Precision) -> f64 {
        let is_narrow = gpu.flops(precision) > gpu.flops(Precision::Bf16);
        if is_narrow { self.narrow_compute_efficiency } else { self.compute_efficiency }
    }
}

/// One record of the file.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The engine.
    pub engine: EngineKind,
    /// The GPUs it holds for; the first one is where it was measured.
    pub gpus: Vec<String>,
    /// Whether it is for mixtures of experts.
    pub mixture: bool,
    /// Where the numbers come from.
    pub note: String,
    /// The numbers.
    pub coefficients: Coefficients,
}

#[derive(Deserialize)]
struct File {
    profile: Vec<Profile>,
}

static PROFILES: LazyLock<Result<Vec<Profile>, EngineError>> = LazyLock::new(|| {
    let file: Result<File, _> = toml::from_str(include_str!("../../data/profiles.toml"));
    file.map(|file| file.profile)
        .map_err(|error| EngineError::Data { file: "engine/data/profiles.toml", reason: error.to_string() })
});

impl Profile {
    /// All that are built in.
    pub fn all() -> Result<&'static [Self], EngineError> {
        PROFILES.as_deref().map_err(Clone::clone)
    }

    /// The profile for an engine, a GPU and a kind of model. Where the GPU was never measured, the engine's first
    /// profile of that kind: efficiencies carry over better than times.
    ///
    /// # Errors
    /// [`EngineError::InvalidSettings`] if the file lacks the engine.
    pub fn find(engine: EngineKind, gpu: &str, mixture: bool) -> Result<&'static Self, EngineError> {
        let fits = |profile: &&Self| profile.engine == engine && profile.mixture == mixture;
        let is_for_gpu = |profile: &&Self| profile.gpus.iter().any(|name| fold(name) == fold(gpu));
        let profiles = Self::all()?;
        let exact = profiles.iter().find(|profile| fits(profile) && is_for_gpu(profile));
        exact
            .or_else(|| profiles.iter().find(fits))
            .ok_or_else(|| EngineError::InvalidSettings { what: format!("no profile of {engine:?} is built in") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_engine_has_a_profile_for_each_kind_and_gpu() {
        for engine in [EngineKind::Vllm, EngineKind::Sglang, EngineKind::Trtllm] {
            for gpu in Gpu::all().unwrap() {
                for mixture in [false, true] {
                    let profile = Profile::find(engine, &gpu.name, mixture).unwrap();
                    assert_eq!((profile.engine, profile.mixture), (engine, mixture));
                }
            }
        }
    }

    #[test]
    fn profiles_name_gpus_that_exist() {
        for profile in Profile::all().unwrap() {
            assert!(!profile.gpus.is_empty() && profile.gpus.iter().all(|name| Gpu::find(name).is_ok()), "{profile:?}");
        }
    }

    #[test]
    fn efficiencies_are_shares() {
        for profile in Profile::all().unwrap() {
            let c = profile.coefficients;
            for share in [c.compute_efficiency, c.narrow_compute_efficiency, c.memory_efficiency, c.link_efficiency] {
                assert!((0.01..=1.2).contains(&share), "{profile:?}");
            }
        }
    }
}
