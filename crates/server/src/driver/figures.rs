//! The workers as somebody sees them who asks for their metrics.

use fakeai_engine::Precision;
use fakeai_telemetry::engine::{Instance, Physical, Setup};

use super::Driver;

impl Driver {
    /// Each worker now; none if nothing is counted.
    pub(crate) fn instances(&self) -> Vec<Instance> {
        let setup = self.setup();
        let state = self.lock();
        let workers = state.watch.workers();
        let instances = workers.iter().zip(state.cluster.replicas()).enumerate().map(|(index, (worker, replica))| {
            let totals = replica.totals();
            let mut steps = worker.steps.clone();
            steps.cache_queries = totals.queried_tokens;
            steps.cache_hits = totals.hit_tokens;
            steps.preemptions = totals.preemptions;
            let blocks = u64::from(replica.settings().capacity.blocks);
            Instance {
                index,
                of: workers.len(),
                model: self.physics.model.as_str().into(),
                max_model_len: replica.settings().max_sequence_tokens.into(),
                running: replica.running() as u64,
                requests: worker.requests.clone(),
                physical: Some(Physical {
                    steps,
                    waiting: replica.waiting() as u64,
                    used_blocks: blocks - u64::from(replica.free_blocks()),
                    cached_blocks: replica.known_blocks() as u64,
                    unread_tokens: worker.unread_tokens,
                    setup: Setup { blocks, ..setup.clone() },
                }),
            }
        });
        instances.collect()
    }

    fn setup(&self) -> Setup {
        let deployment = &self.physics.deployment;
        let settings = &deployment.settings;
        Setup {
            blocks: 0,
            block_tokens: self.block_tokens.into(),
            memory_utilization: deployment.memory.utilization,
            cache_dtype: match deployment.memory.kv {
                Precision::Bf16 => "auto",
                Precision::Fp8 => "fp8",
                Precision::Nvfp4 => "nvfp4",
                Precision::Mxfp4 => "mxfp4",
                Precision::Int4 => "int4",
            },
            is_prefix_cached: settings.is_prefix_cached,
            max_sequences: settings.max_sequences.into(),
            max_batched_tokens: settings.max_batched_tokens.into(),
            blocks_override: deployment.kv_blocks.map(u64::from),
            adapters: settings.adapters.map(|adapters| adapters.slots.into()),
            drafts: settings.speculation.as_ref().map_or(0, |speculation| speculation.acceptance.len() as u64),
            now_unix: self.clock.unix(),
        }
    }
}
