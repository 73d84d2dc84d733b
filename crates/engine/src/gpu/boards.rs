//! The GPUs of a whole cluster.

use fakeai_core::Tick;

use super::board::{BoardSettings, GpuBoard};
use super::identity::Identity;
use super::reading::Reading;
use crate::cluster::ClusterObserver;
use crate::scheduler::StepReport;
use crate::{Deployment, EngineError};

/// A board for each worker.
#[derive(Clone, Debug)]
pub struct GpuBoards(Vec<GpuBoard>);

impl GpuBoards {
    /// Boards of as many workers of this deployment.
    ///
    /// # Errors
    /// As [`GpuBoard::new`].
    pub fn new(deployment: &Deployment, workers: u32, settings: BoardSettings) -> Result<Self, EngineError> {
        (0..workers).map(|worker| GpuBoard::new(deployment, worker, settings)).collect::<Result<_, _>>().map(Self)
    }

    /// The boards, by worker.
    pub fn workers_mut(&mut self) -> &mut [GpuBoard] {
        &mut self.0
    }

    /// Every GPU and what it shows at `now`, as [`GpuBoard::sample`].
    pub fn sample(&mut self, now: Tick) -> Vec<(Identity, Reading)> {
        let of_board = |board: &mut GpuBoard| -> Vec<(Identity, Reading)> {
            let readings = board.sample(now).to_vec();
            board.identities().iter().cloned().zip(readings).collect()
        };
        self.0.iter_mut().flat_map(of_board).collect()
    }
}

impl ClusterObserver for GpuBoards {
    fn step(&mut self, worker: usize, report: &StepReport) {
        if let Some(board) = self.0.get_mut(worker) {
            crate::scheduler::Observer::step(board, report);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use super::*;
    use crate::scheduler::{EngineKind, Submission};
    use crate::{Architecture, Gpu};

    fn play(deployment: &Deployment) -> Vec<(Identity, Reading)> {
        let mut cluster = deployment.cluster().unwrap();
        let workers = cluster.replicas().len() as u32;
        let mut boards = GpuBoards::new(deployment, workers, BoardSettings::default()).unwrap();
        for number in 0..200_u64 {
            let at = Tick::default() + Duration::from_millis(20 * number);
            cluster.advance(at, &mut boards, |_| {});
            cluster.submit(&Submission::new(500, 100), at).unwrap();
        }
        let mut tokens = 0;
        while let Some(at) = cluster.next_event() {
            cluster.advance(at, &mut boards, |_| tokens += 1);
        }
        assert!(tokens > 0 && cluster.totals().finished == 200);
        boards.sample(Tick::default() + Duration::from_secs(4))
    }

    #[test]
    fn all_gpus_of_a_cluster_with_stages_are_told_of_their_steps() {
        let architecture = Architecture::find("llama-3.1-8b").unwrap().clone();
        let l40s = Gpu::find("l40s").unwrap().clone();
        let new = Deployment::new(EngineKind::Vllm, architecture, l40s).unwrap();
        let readings = play(&Deployment { tensor_parallel: 2, pipeline_parallel: 2, replicas: 2, ..new });
        assert_eq!(readings.iter().map(|(gpu, _)| &gpu.uuid).collect::<BTreeSet<_>>().len(), 8);
        assert!(readings.iter().all(|(_, reading)| reading.energy_millijoules > 4 * 33_000), "{readings:?}");
    }

    #[test]
    fn ranks_of_a_worker_work_together() {
        let architecture = Architecture::find("qwen3-30b-a3b").unwrap().clone();
        let h100 = Gpu::find("h100").unwrap().clone();
        let new = Deployment::new(EngineKind::Vllm, architecture, h100).unwrap();
        let readings = play(&Deployment { data_parallel: 4, expert_parallel: 4, replicas: 2, ..new });
        assert_eq!(readings.len(), 8);
        let busy = readings[0].1.utilization;
        assert!(busy > 0.3 && readings[..4].iter().all(|(_, reading)| (reading.utilization - busy).abs() < 1e-9));
        assert!(readings.iter().all(|(_, reading)| reading.nvlink_bytes > 1_000_000_000), "{readings:?}");
    }
}
