//! The workers and their GPUs as somebody sees them who asks for their metrics.

use fakeai_engine::Precision;
use fakeai_engine::gpu::{Identity, Reading};
use fakeai_telemetry::engine::{Gpu, Instance, Physical, Setup};

use super::Driver;

impl Driver {
    /// Each worker now; none if nothing is counted.
    pub(crate) fn instances(&self) -> Vec<Instance> {
        let setup = self.setup();
        let mut state = self.lock();
        let state = &mut *state;
        let cluster = &state.cluster;
        let workers = state.watch.workers();
        let of = workers.len();
        let instances = workers.iter().zip(cluster.replicas()).enumerate().map(|(index, (worker, replica))| {
            let totals = cluster.worker_totals(index).unwrap_or_default();
            let mut steps = worker.steps.clone();
            steps.cache_queries = totals.queried_tokens;
            steps.cache_hits = totals.hit_tokens;
            steps.preemptions = totals.preemptions;
            Instance {
                index,
                of,
                model: self.physics.model.as_str().into(),
                max_model_len: replica.settings().max_sequence_tokens.into(),
                running: replica.running() as u64,
                requests: worker.requests.clone(),
                physical: Some(Physical {
                    steps,
                    waiting: replica.waiting() as u64,
                    used_blocks: setup.blocks.saturating_sub(replica.free_blocks().into()),
                    cached_blocks: replica.known_blocks() as u64,
                    tree_nodes: replica.tree_nodes() as u64,
                    unread_tokens: worker.unread_tokens,
                    setup: setup.clone(),
                }),
            }
        });
        instances.collect()
    }

    /// Each worker's GPUs now, in the engine's own time; none if nothing is counted.
    pub(crate) fn gpus(&self) -> Vec<Gpu> {
        let mut state = self.lock();
        let now = self.clock.now();
        state.advance(self, now);
        let now = self.inside(now);
        let mut gpus = Vec::new();
        for worker in state.watch.workers() {
            let readings = worker.board.sample(now).to_vec();
            gpus.extend(
                worker.board.identities().iter().zip(readings).map(|(identity, reading)| gpu(identity, &reading)),
            );
        }
        gpus
    }

    fn setup(&self) -> Setup {
        let deployment = &self.physics.deployment;
        let settings = &deployment.settings;
        let blocks = deployment.capacity().map_or(0, |capacity| capacity.blocks);
        Setup {
            blocks: u64::from(blocks) * u64::from(deployment.data_parallel),
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

fn gpu(identity: &Identity, reading: &Reading) -> Gpu {
    Gpu {
        index: identity.index,
        uuid: identity.uuid.clone(),
        pci_bus_id: identity.pci_bus_id.clone(),
        name: identity.product.clone(),
        sm_clock_mhz: reading.sm_clock_mhz,
        memory_clock_mhz: reading.memory_clock_mhz,
        temperature_c: reading.celsius,
        memory_temp_c: reading.memory_celsius,
        power_usage_w: reading.power_watts,
        power_limit_w: reading.power_limit_watts,
        total_energy_mj: reading.energy_millijoules,
        gpu_utilization: reading.utilization,
        dram_active: reading.memory_active,
        tensor_active: reading.tensor_active,
        graphics_active: reading.graphics_active,
        encoder_utilization: reading.encoder,
        decoder_utilization: reading.decoder,
        memory_free_mib: reading.free_mib.into(),
        memory_used_mib: reading.used_mib.into(),
        memory_reserved_mib: reading.reserved_mib.into(),
        ecc_sbe_total: reading.corrected_errors,
        ecc_dbe_total: reading.uncorrected_errors,
        xid: reading.xid,
        pcie_tx_bytes: reading.pcie_sent_bytes,
        pcie_rx_bytes: reading.pcie_received_bytes,
        pcie_replays: reading.pcie_replays,
        nvlink_bytes: reading.nvlink_bytes,
        throttle_reasons: reading.throttle.0,
        power_violation_us: reading.power_violation.as_micros() as u64,
        thermal_violation_us: reading.thermal_violation.as_micros() as u64,
    }
}
