//! What workers did: their tokens, and the end of requests.

use std::time::Duration;

use fakeai_core::Tick;

use super::overlap::Overlaps;
use super::request::Phase;
use super::{Action, Cluster, ClusterEvent, ClusterObserver, RequestId, Target, Tokens, Worker};
use crate::kv::KvEvent;
use crate::route::Stage;
use crate::scheduler::{Observer, SequenceId, StepReport, TokenEvent};

impl Cluster {
    /// Runs the steps of a worker that end by `until`.
    pub(super) fn run<O: ClusterObserver>(&mut self, worker: usize, until: Tick, observer: &mut O) {
        let mut tokens = std::mem::take(&mut self.tokens);
        tokens.clear();
        let Worker { sequences, first_target, .. } = &self.workers[worker];
        let first_target = *first_target;
        let mut tap =
            Tap { worker, first_target, sequences, overlaps: &mut self.overlaps, is_noting: self.is_noting, observer };
        self.replicas[worker].advance(until, &mut tokens, &mut tap);
        self.wake(worker);
        for event in &tokens {
            self.settle(worker, event);
        }
        self.tokens = tokens;
        if self.is_disaggregated() {
            self.take_reservations(worker);
        } else if self.takes_remote {
            self.take_remote_reservations(worker);
        }
    }

    fn settle(&mut self, worker: usize, event: &TokenEvent) {
        let Some(Some(id)) = self.workers[worker].sequences.get(event.sequence.slot()).copied() else { return };
        let Some(request) = self.requests.get_mut(id) else { return };
        let cached_tokens = *request.cached_tokens.get_or_insert(event.cached_tokens);
        let is_first = request.booking.is_some_and(|booking| booking.is_unread);
        match request.phase {
            Phase::Serving(_) => {
                request.delivered = request.before + event.produced;
                self.totals.tokens += u64::from(event.tokens);
                self.events.push(ClusterEvent::Tokens(Tokens {
                    request: id,
                    worker,
                    at: event.at,
                    tokens: event.tokens,
                    produced: request.delivered,
                    cached_tokens,
                    is_last: event.is_last,
                }));
            }
            Phase::Prefilling(spot) => {
                request.phase = Phase::Leaving(spot);
                self.agenda.add(event.at, Action::HandOver(id, request.migrations));
            }
            Phase::Queued | Phase::Leaving(_) | Phase::Arriving { .. } => return,
        }
        if is_first {
            self.note_read(id, event.at);
        }
        if event.is_last {
            self.unbook(id);
            self.plan_drain(event.at);
            if matches!(self.requests.get(id), Some(request) if matches!(request.phase, Phase::Serving(_))) {
                self.requests.remove(id);
                self.totals.finished += 1;
            }
        }
    }

    /// The router sees the first token of a part of a request: its prompt is read.
    fn note_read(&mut self, id: RequestId, at: Tick) {
        let Some(booking) = self.requests.get_mut(id).and_then(|request| request.booking.as_mut()) else { return };
        booking.is_unread = false;
        let Target { worker, rank } = self.targets[booking.target];
        self.workers[worker].ranks[rank as usize].book.finish_prefill(booking.prefill_tokens);
        if let Some(features) = &booking.features {
            let router = &mut self.routers[usize::from(booking.stage == Stage::Decode)];
            router.learn(booking.target, features, at.since(booking.placed));
        }
        self.plan_drain(at);
    }

    /// Takes what a request has on workers away from it, as far as it has something.
    pub(super) fn leave_workers(&mut self, id: RequestId, at: Tick) {
        self.unbook(id);
        let Some(phase) = self.requests.get(id).map(|request| request.phase) else { return };
        let (one, other) = match phase {
            Phase::Queued => (None, None),
            Phase::Serving(spot) | Phase::Prefilling(spot) | Phase::Leaving(spot) => (Some(spot), None),
            Phase::Arriving { source, target, .. } => (Some(source), Some(target)),
        };
        for spot in [one, other].into_iter().flatten() {
            self.replicas[spot.worker].abort(spot.sequence);
            self.wake(spot.worker);
        }
        if let Some(traffic) = self.traffic.as_mut().filter(|_| other.is_some()) {
            traffic.cancel(id, at);
        }
    }
}

/// Translates what a replica tells its observer.
struct Tap<'a, O> {
    worker: usize,
    first_target: usize,
    sequences: &'a [Option<RequestId>],
    overlaps: &'a mut Overlaps,
    is_noting: bool,
    observer: &'a mut O,
}

impl<O> Tap<'_, O> {
    fn request(&self, sequence: SequenceId) -> Option<RequestId> {
        self.sequences.get(sequence.slot()).copied().flatten()
    }
}

impl<O: ClusterObserver> Observer for Tap<'_, O> {
    fn step(&mut self, report: &StepReport) {
        self.observer.step(self.worker, report);
    }

    fn admitted(&mut self, sequence: SequenceId, waited: Duration, cached_tokens: u32) {
        if let Some(request) = self.request(sequence) {
            self.observer.admitted(self.worker, request, waited, cached_tokens);
        }
    }

    fn preempted(&mut self, sequence: SequenceId) {
        if let Some(request) = self.request(sequence) {
            self.observer.preempted(self.worker, request);
        }
    }

    fn drafted(&mut self, drafts: u32, accepted: u32) {
        self.observer.drafted(self.worker, drafts, accepted);
    }

    fn rank_cache_changed(&mut self, rank: u32, events: &[KvEvent]) {
        self.overlaps.changed(self.first_target + rank as usize, events);
        if self.is_noting {
            self.observer.cache_changed(self.worker, rank, events);
        }
    }
}
