//! The GPUs of one replica, told of its steps.

use std::time::Duration;

use fakeai_core::{Rng, Seed, Tick};

use super::identity::Identity;
use super::reading::Reading;
use super::sensor::{Sensor, Work};
use crate::scheduler::{Observer, StepReport};
use crate::step::{Layout, StepModel};
use crate::{Deployment, EngineError, Gpu};

/// Bytes the host sends for each token of a step: its id, its position, its slot in the cache.
const TOKEN_BYTES: f64 = 16.0;
/// Bytes of one entry of a table of blocks.
const BLOCK_BYTES: f64 = 4.0;
/// Bytes of one written token.
const WRITTEN_BYTES: f64 = 8.0;

/// How GPUs are watched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BoardSettings {
    /// What one reading is a mean of. Must not be zero.
    pub window: Duration,
    /// Corrected memory errors of one GPU in an hour, on average; rare, and no fleet's measured rate.
    pub corrected_errors_per_hour: f64,
    /// Names the GPUs and draws the errors.
    pub seed: Seed,
}

impl Default for BoardSettings {
    fn default() -> Self {
        Self { window: Duration::from_secs(1), corrected_errors_per_hour: 0.001, seed: Seed::new(0) }
    }
}

/// Watches one replica and knows what the sensors of its GPUs show.
#[derive(Clone, Debug)]
pub struct GpuBoard {
    gpu: Gpu,
    layout: Layout,
    model: StepModel,
    block_tokens: f64,
    settings: BoardSettings,
    identities: Vec<Identity>,
    sensors: Vec<Sensor>,
    readings: Vec<Reading>,
    /// When the current window began.
    window_start: Tick,
    rng: Rng,
}

impl GpuBoard {
    /// The GPUs of the replica of that number, idle since the clock's beginning.
    ///
    /// # Errors
    /// As [`Deployment::capacity`]; [`EngineError::InvalidSettings`] if the window is zero.
    pub fn new(deployment: &Deployment, replica: u32, settings: BoardSettings) -> Result<Self, EngineError> {
        if settings.window.is_zero() {
            return Err(EngineError::InvalidSettings { what: "a window of readings must not be zero".to_owned() });
        }
        let capacity = deployment.capacity()?;
        let (gpu, layout) = (deployment.gpu.clone(), deployment.layout());
        // Engines fill their share of the memory with cache, unless its size is given.
        let memory = &deployment.memory;
        let used = if deployment.kv_blocks.is_none() {
            memory.utilization * gpu.memory_bytes()
        } else {
            let cache = memory.block_bytes_per_gpu(&deployment.architecture, &layout) * f64::from(capacity.blocks);
            memory.weight_bytes_per_gpu(&deployment.architecture, &layout)
                + memory.overhead_gib * crate::hardware::GIB
                + cache
        };
        let count = layout.gpus();
        let sensor = Sensor::new(&gpu, used);
        let identity = |place: u32| Identity::new(settings.seed, replica * count + place, &gpu.board.product);
        Ok(Self {
            identities: (0..count).map(identity).collect(),
            readings: vec![sensor.reading.clone(); count as usize],
            sensors: vec![sensor; count as usize],
            model: deployment.step_model(),
            block_tokens: f64::from(capacity.block_tokens.max(1)),
            window_start: Tick::default(),
            rng: settings.seed.derive("gpu errors").mix(replica.into()).rng(),
            gpu,
            layout,
            settings,
        })
    }

    /// Which GPUs they are.
    pub fn identities(&self) -> &[Identity] {
        &self.identities
    }

    /// The kind of GPU.
    pub const fn gpu(&self) -> &Gpu {
        &self.gpu
    }

    /// What each GPU shows at `now`: the means of the last whole window. Tell it the time after advancing the replica to
    /// it: a step that has not ended is counted when it does, in the window of that moment.
    pub fn sample(&mut self, now: Tick) -> &[Reading] {
        self.close_windows(now);
        for (reading, sensor) in self.readings.iter_mut().zip(&self.sensors) {
            reading.clone_from(&sensor.reading);
        }
        &self.readings
    }

    /// Limits the power of one GPU, W, as `nvidia-smi -pl` does; from idle power to the usual limit. `false` if there is
    /// no such GPU.
    pub fn limit_power(&mut self, place: usize, watts: f64) -> bool {
        let (least, most) = (self.gpu.board.idle_watts, self.gpu.watts);
        self.sensors.get_mut(place).is_some_and(|sensor| {
            sensor.reading.power_limit_watts = watts.clamp(least, most);
            true
        })
    }

    /// An XID error on one GPU; 48, 94 and 95 are memory errors that were not corrected, and count as such. `false` if
    /// there is no such GPU.
    pub fn inject_xid(&mut self, place: usize, code: u32) -> bool {
        self.sensors.get_mut(place).is_some_and(|sensor| {
            sensor.reading.xid = code;
            sensor.reading.uncorrected_errors += u64::from(matches!(code, 48 | 94 | 95));
            true
        })
    }

    /// Keys and values that left or reached the replica by a transfer between machines, bytes: shared by its GPUs.
    pub fn count_transfer(&mut self, sent: u64, received: u64) {
        let share = 1.0 / self.sensors.len().max(1) as f64;
        for sensor in &mut self.sensors {
            sensor.work.sent_bytes += sent as f64 * share;
            sensor.work.received_bytes += received as f64 * share;
        }
    }

    fn close_windows(&mut self, now: Tick) {
        while self.window_start + self.settings.window <= now {
            let window_s = self.settings.window.as_secs_f64();
            for sensor in &mut self.sensors {
                sensor.close(&self.gpu, window_s, self.settings.corrected_errors_per_hour, &mut self.rng);
            }
            self.window_start = self.window_start + self.settings.window;
        }
    }

    /// Gives each GPU of the step its work, as far as it was done in the share of the step from `from` to `until`.
    fn give(&mut self, report: &StepReport, share: f64) {
        let tensor = self.layout.tensor_parallel as usize;
        let stages = self.layout.pipeline_parallel as usize;
        let first = report.rank as usize * tensor * stages;
        for stage in 0..stages {
            let work = self.work(report, stage);
            for sensor in self.sensors.iter_mut().skip(first + stage * tensor).take(tensor) {
                sensor.work.add(&work, share);
            }
        }
    }

    /// What one GPU of a stage does in a step.
    fn work(&self, report: &StepReport, stage: usize) -> Work {
        let (cost, batch) = (&report.cost, &report.batch);
        let took = report.end.since(report.start).as_secs_f64();
        let stages = f64::from(self.layout.pipeline_parallel);
        let stretch = if cost.total_s > 0.0 { took / cost.total_s } else { 1.0 };
        // In a pipeline the step may have waited between stages: that is nobody's work.
        let stretch = if stages > 1.0 { stretch.min(1.0) } else { stretch };
        let busy_s = (self.model.stage_s(cost, stage) * stretch).min(took);
        let share = self.model.stage_share(stage);
        let spread = cost.spread_s * share * stretch;
        let blocks = batch.read_tokens as f64 / self.block_tokens;
        let is_first = stage == 0;
        let is_last = stage + 1 == self.layout.pipeline_parallel as usize;
        Work {
            busy_s,
            graphics_s: spread.min(busy_s),
            tensor_s: (cost.compute_s * share).min(busy_s),
            memory_s: (cost.memory_s * share).min(busy_s),
            link_bytes: cost.link_bytes,
            sent_bytes: if is_last { f64::from(batch.sequences) * WRITTEN_BYTES } else { 0.0 },
            received_bytes: if is_first { batch.tokens as f64 * TOKEN_BYTES + blocks * BLOCK_BYTES } else { 0.0 },
        }
    }
}

impl Observer for GpuBoard {
    fn step(&mut self, report: &StepReport) {
        let took = report.end.since(report.start).as_nanos().max(1) as f64;
        let mut from = report.start;
        // The part of the step in each window that ends before it does; a part in windows that are closed already goes
        // to the current one.
        while self.window_start + self.settings.window <= report.end {
            let boundary = self.window_start + self.settings.window;
            self.give(report, boundary.since(from).as_nanos() as f64 / took);
            from = from.max(boundary);
            self.close_windows(boundary);
        }
        self.give(report, report.end.since(from).as_nanos() as f64 / took);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Architecture;
    use crate::gpu::Throttle;
    use crate::scheduler::{EngineKind, Replica, Submission};

    fn deployment(gpu: &str, tensor_parallel: u32, pipeline_parallel: u32) -> Deployment {
        let architecture = Architecture::find("llama-3.1-8b").unwrap().clone();
        let deployment = Deployment::new(EngineKind::Vllm, architecture, Gpu::find(gpu).unwrap().clone()).unwrap();
        Deployment { tensor_parallel, pipeline_parallel, ..deployment }
    }

    fn seconds(seconds: f64) -> Tick {
        Tick::default() + Duration::from_secs_f64(seconds)
    }

    fn board(deployment: &Deployment) -> (Replica, GpuBoard) {
        let replica = Replica::new(deployment.settings_of(0).unwrap(), deployment.step_model()).unwrap();
        (replica, GpuBoard::new(deployment, 0, BoardSettings::default()).unwrap())
    }

    /// Keeps `clients` sequences running for so long.
    fn load(replica: &mut Replica, board: &mut GpuBoard, clients: u32, prompt: u32, until: f64) {
        let mut events = Vec::new();
        for _ in 0..clients {
            replica.submit(&Submission::new(prompt, 200), Tick::default()).unwrap();
        }
        while let Some(at) = replica.next_event().filter(|at| *at <= seconds(until)) {
            events.clear();
            replica.advance(at, &mut events, board);
            for event in &events {
                if event.is_last {
                    replica.submit(&Submission::new(prompt, 200), event.at).unwrap();
                }
            }
        }
    }

    #[test]
    fn an_idle_gpu_shows_its_idle_values() {
        for gpu in Gpu::all().unwrap() {
            let (_, mut board) = board(&deployment(&gpu.name, 1, 1));
            let reading = board.sample(seconds(600.0))[0].clone();
            assert!(reading.utilization == 0.0 && reading.throttle == Throttle::IDLE, "{reading:?}");
            assert!((reading.power_watts - gpu.board.idle_watts).abs() < 1e-9);
            assert!((reading.energy_millijoules as f64 / (gpu.board.idle_watts * 600_000.0) - 1.0).abs() < 1e-6);
            assert!((25.0..45.0).contains(&reading.celsius), "{}: {reading:?}", gpu.name);
            assert_eq!(reading.used_mib + reading.free_mib + reading.reserved_mib, gpu.board.framebuffer_mib);
        }
    }

    #[test]
    fn decodes_keep_memory_busy_and_prompts_the_tensor_cores() {
        let deployment = deployment("h100", 1, 1);
        let (mut replica, mut decoding) = board(&deployment);
        load(&mut replica, &mut decoding, 16, 10, 30.0);
        let (mut replica, mut reading) = board(&deployment);
        // Clients in lock-step: after ten seconds they still read their first prompts, later they write together.
        load(&mut replica, &mut reading, 64, 8000, 10.0);
        let (decoding, reading) = (decoding.sample(seconds(30.0))[0].clone(), reading.sample(seconds(10.0))[0].clone());
        assert!(
            decoding.utilization > 0.95 && decoding.memory_active > 0.3 && decoding.tensor_active < 0.1,
            "{decoding:?}"
        );
        assert!(reading.tensor_active > 0.5 && reading.tensor_active > reading.memory_active, "{reading:?}");
        assert!(reading.celsius > decoding.celsius - 20.0 && decoding.sm_clock_mhz > 1900.0);
        assert!(decoding.pcie_received_bytes > 0 && decoding.nvlink_bytes == 0);
    }

    #[test]
    fn gpus_of_a_replica_share_its_work() {
        let (mut replica, mut board) = board(&deployment("l40s", 2, 2));
        load(&mut replica, &mut board, 32, 500, 10.0);
        let readings = board.sample(seconds(10.0));
        assert_eq!(readings.len(), 4);
        assert_eq!(readings[0].utilization.to_bits(), readings[1].utilization.to_bits());
        assert!(readings[2].utilization > 0.1 && readings[2].utilization < readings[0].utilization, "{readings:?}");
        // Without NVLink they talk over PCIe.
        assert!(readings[3].nvlink_bytes == 0 && readings[3].pcie_sent_bytes > 1_000_000);
    }

    #[test]
    fn a_power_limit_lowers_power_and_clocks() {
        let (mut replica, mut board) = board(&deployment("h100", 1, 1));
        assert!(board.limit_power(0, 300.0) && !board.limit_power(1, 300.0));
        load(&mut replica, &mut board, 64, 8000, 10.0);
        let reading = board.sample(seconds(10.0))[0].clone();
        assert!(reading.throttle.has(Throttle::POWER_CAP) && reading.power_violation >= Duration::from_secs(5));
        assert!((reading.power_watts - 300.0).abs() < 1e-9 && reading.sm_clock_mhz < 1900.0, "{reading:?}");
    }

    #[test]
    fn an_xid_shows_on_its_gpu_alone() {
        let (_, mut board) = board(&deployment("b200", 2, 1));
        assert!(board.inject_xid(1, 48) && !board.inject_xid(2, 48));
        let shown: Vec<_> =
            board.sample(seconds(5.0)).iter().map(|reading| (reading.xid, reading.uncorrected_errors)).collect();
        assert_eq!(shown, [(0, 0), (48, 1)]);
    }

    #[test]
    fn a_board_cools_when_the_work_ends() {
        let (mut replica, mut board) = board(&deployment("h100", 1, 1));
        load(&mut replica, &mut board, 64, 8000, 60.0);
        let hot = board.sample(seconds(60.0))[0].celsius;
        let cool = board.sample(seconds(400.0))[0].celsius;
        assert!(hot > 45.0 && (cool - 30.6).abs() < 0.1, "{hot} {cool}");
    }

    fn report(start: f64, took: f64, compute: f64, memory: f64) -> StepReport {
        let total_s = took;
        let cost = crate::step::StepCost {
            compute_s: compute * took,
            memory_s: memory * took,
            total_s,
            spread_s: total_s,
            link_bytes: 1e6,
            ..crate::step::StepCost::default()
        };
        let batch = crate::step::Batch { sequences: 1, tokens: 1, ..crate::step::Batch::default() };
        let (start, end) = (seconds(start), seconds(start + took));
        StepReport { rank: 0, start, end, batch, cost, running: 1, waiting: 0, free_blocks: 0 }
    }

    proptest! {
        #[test]
        fn energy_is_the_integral_of_power(
            gpu in prop::sample::select(Gpu::all().unwrap()),
            steps in prop::collection::vec((0.0..2.0_f64, 0.001..1.5_f64, 0.0..1.0_f64, 0.0..1.0_f64, any::<bool>()), 0..40),
            limit in prop::option::of(50.0..800.0_f64),
        ) {
            let (_, mut board) = board(&deployment(&gpu.name, 1, 1));
            if let Some(watts) = limit {
                board.limit_power(0, watts);
            }
            let (mut now, mut busy, mut work, mut is_all_seen) = (0.0_f64, 0.0, 0.0, true);
            let mut look = |board: &mut GpuBoard, until: f64| {
                let mut windows = board.window_start.as_nanos() / 1_000_000_000;
                while ((windows + 1) as f64) <= until {
                    windows += 1;
                    let before = board.sensors[0].reading.energy_millijoules;
                    let reading = &board.sample(seconds(windows as f64))[0];
                    let shares = [reading.utilization, reading.graphics_active, reading.tensor_active, reading.memory_active];
                    prop_assert!(shares.iter().all(|share| (0.0..=1.0).contains(share)), "{:?}", reading);
                    let (least, most) = (gpu.board.idle_watts - 1e-9, reading.power_limit_watts + 1e-9);
                    prop_assert!((least..=most).contains(&reading.power_watts), "{:?}", reading);
                    prop_assert!((25.0..=gpu.board.slowdown_celsius).contains(&reading.celsius), "{:?}", reading);
                    prop_assert!(reading.sm_clock_mhz <= gpu.board.sm_clock_mhz + 1e-9);
                    let energy = (reading.energy_millijoules - before) as f64;
                    prop_assert!((energy - reading.power_watts * 1e3).abs() <= 1.0, "{} {:?}", energy, reading);
                    work += reading.utilization;
                }
                Ok(())
            };
            for (idle, took, compute, memory, is_late) in steps {
                let start = now + idle;
                now = start + took;
                // A step is told when it has ended; somebody may have looked in between.
                look(&mut board, if is_late { start } else { now - 1e-6 })?;
                is_all_seen &= board.window_start + Duration::from_secs(1) > seconds(now);
                board.step(&report(start, took, compute, memory));
                busy += took;
            }
            look(&mut board, now + 30.0)?;
            if is_all_seen {
                prop_assert!((work - busy).abs() < 1e-3, "{} {}", work, busy);
            }
        }
    }
}
