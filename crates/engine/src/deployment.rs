//! A whole deployment as its operator describes it: which model, on which GPUs, under which engine, how often. The
//! server and the simulator build their clusters from the same description, so that they agree.

use crate::cluster::Cluster;
use crate::kv::{Capacity, Memory};
use crate::scheduler::{Replica, Settings};
use crate::step::{Coefficients, EngineKind, Layout, Profile, StepModel};
use crate::{Architecture, EngineError, Gpu, Precision};

/// What is deployed.
#[derive(Clone, Debug, PartialEq)]
pub struct Deployment {
    /// The model.
    pub architecture: Architecture,
    /// The kind of GPU.
    pub gpu: Gpu,
    /// GPUs that share every layer of one replica.
    pub tensor_parallel: u32,
    /// Stages of one replica, each with a part of the layers.
    pub pipeline_parallel: u32,
    /// Attention ranks of one replica that step together and share its experts (`DeepSeek`'s way); each has
    /// `tensor_parallel` GPUs, a queue and a cache of its own. Independent copies are `replicas`.
    pub data_parallel: u32,
    /// Groups of a replica's GPUs that each hold whole experts; 1 where every expert is shared by all.
    pub expert_parallel: u32,
    /// Copies of the model.
    pub replicas: u32,
    /// How memory is used.
    pub memory: Memory,
    /// Blocks of each replica's KV cache; `None` takes what memory leaves.
    pub kv_blocks: Option<u32>,
    /// The numbers of the step model.
    pub coefficients: Coefficients,
    /// How each replica schedules. Its `capacity` is worked out when the deployment is built, its seed is mixed with
    /// the replica's number.
    pub settings: Settings,
}

impl Deployment {
    /// One replica of a model in its published precision on one GPU, with the engine's defaults and its built-in
    /// profile.
    ///
    /// # Errors
    /// [`EngineError::InvalidSettings`] if no profile of the engine is built in.
    pub fn new(engine: EngineKind, architecture: Architecture, gpu: Gpu) -> Result<Self, EngineError> {
        let profile = Profile::find(engine, &gpu.name, architecture.experts.is_some())?;
        let memory = Memory::of_model(&architecture, architecture.weights, Precision::Bf16);
        Ok(Self {
            tensor_parallel: 1,
            pipeline_parallel: 1,
            data_parallel: 1,
            expert_parallel: 1,
            replicas: 1,
            kv_blocks: None,
            coefficients: profile.coefficients,
            settings: Settings::new(engine, Capacity::of(0, memory.block_tokens)),
            memory,
            architecture,
            gpu,
        })
    }

    /// GPUs of the whole deployment.
    pub const fn gpus(&self) -> u32 {
        self.replicas.saturating_mul(self.layout().gpus())
    }

    /// How one replica is spread over its GPUs.
    pub const fn layout(&self) -> Layout {
        Layout {
            tensor_parallel: self.tensor_parallel,
            pipeline_parallel: self.pipeline_parallel,
            data_parallel: self.data_parallel,
            expert_parallel: self.expert_parallel,
            weights: self.memory.weights,
            kv: self.memory.kv,
        }
    }

    /// The KV cache of one replica, or of each of its data-parallel ranks.
    ///
    /// # Errors
    /// [`EngineError::ModelTooLarge`] if the weights leave no room for it; as [`Layout::check`].
    pub fn capacity(&self) -> Result<Capacity, EngineError> {
        let fitting = Capacity::of_layout(&self.architecture, &self.gpu, &self.layout(), &self.memory)?;
        Ok(Capacity { blocks: self.kv_blocks.unwrap_or(fitting.blocks), ..fitting })
    }

    /// What its steps cost.
    pub fn step_model(&self) -> StepModel {
        StepModel::new(&self.architecture, &self.gpu, &self.layout(), &self.coefficients)
    }

    /// The settings of the replica of that number.
    ///
    /// # Errors
    /// As [`Self::capacity`].
    pub fn settings_of(&self, replica: u32) -> Result<Settings, EngineError> {
        let seed = self.settings.seed.derive("replica").mix(replica.into());
        Ok(Settings { capacity: self.capacity()?, seed, ..self.settings.clone() })
    }

    /// The cluster, idle.
    ///
    /// # Errors
    /// As [`Self::capacity`]; [`EngineError::InvalidSettings`] if the settings cannot work or there are no replicas.
    pub fn cluster(&self) -> Result<Cluster, EngineError> {
        let model = self.step_model();
        let ranks = self.data_parallel;
        let replicas = (0..self.replicas).map(|number| Replica::of_ranks(&self.settings_of(number)?, &model, ranks));
        Cluster::new(replicas.collect::<Result<_, _>>()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployment() -> Deployment {
        let architecture = Architecture::find("llama-3.1-70b").unwrap().clone();
        Deployment::new(EngineKind::Vllm, architecture, Gpu::find("h100").unwrap().clone()).unwrap()
    }

    #[test]
    fn a_model_gets_the_room_its_gpus_leave() {
        assert!(matches!(deployment().cluster(), Err(EngineError::ModelTooLarge { .. })));
        let deployment = Deployment { tensor_parallel: 4, replicas: 2, ..deployment() };
        let cluster = deployment.cluster().unwrap();
        assert_eq!((cluster.replicas().len(), deployment.gpus()), (2, 8));
        assert!(cluster.replicas().iter().all(|replica| replica.free_blocks() > 30_000));
        let small = Deployment { kv_blocks: Some(100), ..deployment };
        assert_eq!(small.cluster().unwrap().replicas()[1].free_blocks(), 100);
    }

    #[test]
    fn stages_and_ranks_count_their_gpus() {
        let staged = Deployment { tensor_parallel: 2, pipeline_parallel: 4, ..deployment() };
        assert_eq!((staged.gpus(), staged.cluster().unwrap().replicas().len()), (8, 1));
        assert!(Deployment { data_parallel: 4, ..deployment() }.cluster().is_err());
        let architecture = Architecture::find("deepseek-v3").unwrap().clone();
        let h200 = Gpu::find("h200").unwrap().clone();
        let ranks = Deployment {
            data_parallel: 8,
            expert_parallel: 8,
            ..Deployment::new(EngineKind::Vllm, architecture, h200).unwrap()
        };
        assert_eq!((ranks.gpus(), ranks.cluster().unwrap().replicas()[0].ranks().count()), (8, 8));
    }

    #[test]
    fn replicas_draw_their_own_noise() {
        let deployment = Deployment { tensor_parallel: 4, ..deployment() };
        assert_ne!(deployment.settings_of(0).unwrap().seed, deployment.settings_of(1).unwrap().seed);
    }
}
