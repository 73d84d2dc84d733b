//! A whole deployment as its operator describes it: which model, on which GPUs, under which engine, how often. The
//! server and the simulator build their clusters from the same description, so that they agree.

use crate::cluster::{Cluster, ClusterSettings, Link, Outages, Role, Transfer};
use crate::kv::{Capacity, Memory};
use crate::route::RouteSettings;
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
    /// Copies of the model; with disaggregation, those that write answers.
    pub replicas: u32,
    /// Copies that read prompts for the others; `None` if each replica does both.
    pub disaggregation: Option<Disaggregation>,
    /// How memory is used.
    pub memory: Memory,
    /// Blocks of each replica's KV cache; `None` takes what memory leaves.
    pub kv_blocks: Option<u32>,
    /// The numbers of the step model.
    pub coefficients: Coefficients,
    /// How each replica schedules. Its `capacity` is worked out when the deployment is built, its seed is mixed with
    /// the replica's number.
    pub settings: Settings,
    /// How the router works. Its transfer is worked out when the deployment is built, its seeds are derived from the
    /// seed of `settings`.
    pub cluster: ClusterSettings,
}

/// Prompts are read by some replicas, answers written by others.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Disaggregation {
    /// Copies of the model that only read prompts.
    pub prefill_replicas: u32,
    /// What keys and values travel over.
    pub link: Link,
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
            disaggregation: None,
            cluster: ClusterSettings::default(),
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
        self.all_replicas().saturating_mul(self.layout().gpus())
    }

    /// Replicas of all kinds: as many as the cluster has workers.
    pub const fn all_replicas(&self) -> u32 {
        match &self.disaggregation {
            Some(disaggregation) => self.replicas.saturating_add(disaggregation.prefill_replicas),
            None => self.replicas,
        }
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

    /// The role of the replica of that number: those that read prompts come first.
    const fn role_of(&self, replica: u32) -> Role {
        match &self.disaggregation {
            None => Role::Aggregated,
            Some(disaggregation) if replica < disaggregation.prefill_replicas => Role::Prefill,
            Some(_) => Role::Decode,
        }
    }

    /// The settings of the cluster.
    pub fn cluster_settings(&self) -> ClusterSettings {
        let seed = self.settings.seed;
        let transfer = self.disaggregation.map(|disaggregation| Transfer {
            link: disaggregation.link,
            kv_bytes_per_token: self.architecture.kv_bytes_per_token(self.memory.kv),
        });
        let route = RouteSettings { seed: seed.derive("router"), ..self.cluster.route.clone() };
        let outages = self.cluster.outages.map(|outages| Outages { seed: seed.derive("outages"), ..outages });
        let remote = self.cluster.remote.unwrap_or_else(|| Transfer {
            link: Link::network(&self.gpu),
            kv_bytes_per_token: self.architecture.kv_bytes_per_token(self.memory.kv),
        });
        ClusterSettings { route, outages, transfer, remote: Some(remote), ..self.cluster.clone() }
    }

    /// The cluster, idle.
    ///
    /// # Errors
    /// As [`Self::capacity`]; [`EngineError::InvalidSettings`] if the settings cannot work or there are no replicas.
    pub fn cluster(&self) -> Result<Cluster, EngineError> {
        let model = self.step_model();
        let replica = |number| Replica::of_ranks(&self.settings_of(number)?, &model, self.data_parallel);
        let workers = (0..self.all_replicas()).map(|number| Ok((self.role_of(number), replica(number)?)));
        Cluster::with_roles(workers.collect::<Result<_, EngineError>>()?, self.cluster_settings())
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

    #[test]
    fn prompts_can_have_replicas_of_their_own() {
        let link = Link::network(Gpu::find("h100").unwrap());
        let disaggregation = Some(Disaggregation { prefill_replicas: 2, link });
        let deployment = Deployment { tensor_parallel: 4, replicas: 3, disaggregation, ..deployment() };
        let cluster = deployment.cluster().unwrap();
        let roles: Vec<Role> = cluster.workers().iter().map(crate::cluster::Worker::role).collect();
        assert_eq!(roles, [Role::Prefill, Role::Prefill, Role::Decode, Role::Decode, Role::Decode]);
        assert_eq!(deployment.gpus(), 20);
        let bytes = cluster.settings().transfer.unwrap().kv_bytes_per_token;
        assert!((bytes - 320.0 * 1024.0).abs() < 1.0, "{bytes}");
    }
}
