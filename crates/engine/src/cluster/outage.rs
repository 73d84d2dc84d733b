//! Workers that go down and come up again, by call or by chance, and what becomes of their requests.

use std::time::Duration;

use fakeai_core::{Rng, Tick};

use super::{Action, Cluster, ClusterEvent, RequestId, WorkerState};

/// A change that chance has planned. Outdated if the worker's life has changed since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Turn {
    worker: usize,
    life: u64,
}

impl Cluster {
    /// At `at` the worker goes down: its cache is lost, and its requests are moved or lost too. Told as events by the
    /// `advance` that reaches `at`. Tokens of steps that had ended by then still leave, even if their tick is later.
    /// `false` if there is no such worker.
    pub fn fail(&mut self, worker: usize, at: Tick) -> bool {
        self.plan(worker, Action::Fail(worker), at)
    }

    /// At `at` the worker is up, with an empty cache; or takes requests again if it was draining. `false` if there is
    /// no such worker.
    pub fn recover(&mut self, worker: usize, at: Tick) -> bool {
        self.plan(worker, Action::Recover(worker), at)
    }

    /// From now on the worker ends what it has and takes no more. `false` if it is not up.
    pub fn retire(&mut self, worker: usize) -> bool {
        match self.workers.get_mut(worker) {
            Some(worker) if worker.state == WorkerState::Up => {
                worker.state = WorkerState::Draining;
                true
            }
            _ => false,
        }
    }

    fn plan(&mut self, worker: usize, action: Action, at: Tick) -> bool {
        let is_known = worker < self.workers.len();
        if is_known {
            self.agenda.add(at.max(self.now), action);
        }
        is_known
    }

    pub(super) fn take_down(&mut self, number: usize, at: Tick) {
        if self.workers[number].state == WorkerState::Failed {
            return;
        }
        let victims = self.requests.on(number);
        let lost = self.replicas[number].running() + self.replicas[number].waiting();
        // A replica that could be made once can be made again.
        let Ok(mut fresh) = self.replicas[number].restarted() else { return };
        if self.is_noting || self.overlaps.needs_events() {
            fresh.note_cache_events();
        }
        let old = std::mem::replace(&mut self.replicas[number], fresh);
        let worker = &mut self.workers[number];
        worker.past += *old.totals();
        worker.past.aborted += lost as u64;
        worker.state = WorkerState::Failed;
        worker.sequences.clear();
        let targets = worker.first_target..worker.first_target + worker.ranks.len();
        targets.for_each(|target| self.overlaps.clear(target));
        self.wake(number);
        self.totals.failures += 1;
        self.events.push(ClusterEvent::WorkerFailed { worker: number, at });
        self.plan_outage(number, at);
        for id in victims {
            self.move_away(id, number, at);
        }
        self.plan_drain(at);
    }

    /// Begins a request anew elsewhere, or loses it.
    fn move_away(&mut self, id: RequestId, from: usize, at: Tick) {
        self.leave_workers(id, at);
        let Some(request) = self.requests.get_mut(id) else { return };
        if request.migrations < self.settings.migration_limit {
            request.migrations += 1;
            request.restart();
            self.totals.migrations += 1;
            self.events.push(ClusterEvent::Migrated { request: id, from, at });
            if self.send(id, true, at).is_ok() {
                return;
            }
        }
        self.requests.remove(id);
        self.totals.lost += 1;
        self.events.push(ClusterEvent::Lost { request: id, worker: from, at });
    }

    pub(super) fn bring_up(&mut self, number: usize, at: Tick) {
        let worker = &mut self.workers[number];
        let before = std::mem::replace(&mut worker.state, WorkerState::Up);
        if before == WorkerState::Failed {
            self.events.push(ClusterEvent::WorkerRecovered { worker: number, at });
            self.plan_outage(number, at);
        }
        self.plan_drain(at);
    }

    /// Draws when the worker's state changes next by chance, after it has just changed.
    pub(super) fn plan_outage(&mut self, number: usize, at: Tick) {
        let worker = &mut self.workers[number];
        worker.life += 1;
        let Some(outages) = self.settings.outages else { return };
        let mean = if worker.state == WorkerState::Failed { outages.mttr } else { outages.mtbf };
        let after = exponential(mean, &mut worker.fate);
        self.outages.add(at + after, Turn { worker: number, life: worker.life });
    }

    pub(super) fn turn(&mut self, turn: Turn, at: Tick) {
        let worker = &self.workers[turn.worker];
        if worker.life != turn.life {
            return;
        }
        match worker.state {
            WorkerState::Failed => self.bring_up(turn.worker, at),
            WorkerState::Up | WorkerState::Draining => self.take_down(turn.worker, at),
        }
    }
}

/// A time drawn from the exponential distribution, a nanosecond at least.
fn exponential(mean: Duration, rng: &mut Rng) -> Duration {
    let nanos = -mean.as_secs_f64() * (1.0 - rng.unit()).ln() * 1e9;
    Duration::from_nanos((nanos as u64).max(1))
}
