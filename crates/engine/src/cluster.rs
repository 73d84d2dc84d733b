//! Several engine instances behind one router.
//!
//! A [`Cluster`] is told the time, as its replicas are: requests are submitted at ticks, [`Cluster::advance`] does
//! everything that happens by a tick and yields [`ClusterEvent`]s, and [`Cluster::next_event`] says when to come back.
//! A request has one [`RequestId`] whichever workers it is on. The router chooses a worker (room `route`), refuses what
//! it is told to refuse, holds back what it is told to hold back, and follows workers that fail and recover.
//!
//! Workers are all [`Role::Aggregated`], or some read prompts and the others write answers (`handover`).

mod agenda;
mod dispatch;
mod event;
mod handover;
#[cfg(test)]
mod invariants;
mod link;
mod outage;
mod overlap;
mod refusal;
mod remote;
mod request;
mod reset;
mod settings;
mod settle;
#[cfg(test)]
mod tests;
mod worker;

use std::collections::VecDeque;

use fakeai_core::{Seed, Tick};

pub use event::{ClusterEvent, ClusterObserver, ClusterTotals, Routed, Tokens, Transferred};
pub use link::Link;
pub use refusal::{Limits, Refusal};
pub use request::RequestId;
pub use settings::{ClusterSettings, Outages, Transfer};
pub use worker::{Role, Worker, WorkerState};

use crate::EngineError;
use crate::kv::KvEvent;
use crate::route::{Affinity, Candidate, Choice, RouteSettings, Router, Stage};
use crate::scheduler::{self, Replica, Submission, TokenEvent, Totals};
use agenda::{Agenda, Due};
use link::Traffic;
use outage::Turn;
use overlap::Overlaps;
use request::{Phase, Request, Requests};
use worker::Reported;

/// Workers that serve the same model, and their router.
#[derive(Debug)]
pub struct Cluster {
    settings: ClusterSettings,
    replicas: Vec<Replica>,
    workers: Vec<Worker>,
    /// What the router chooses from: the data-parallel ranks of all workers, most often one each.
    targets: Vec<Target>,
    requests: Requests,
    /// Of prompts, or of whole requests; and of answers to prompts that were read elsewhere.
    routers: [Router; 2],
    overlaps: Overlaps,
    sessions: Option<Affinity>,
    /// Requests that wait at the router; some are gone.
    queue: VecDeque<RequestId>,
    due: Due,
    agenda: Agenda<Action>,
    outages: Agenda<Turn>,
    traffic: Option<Traffic>,
    totals: ClusterTotals,
    events: Vec<ClusterEvent>,
    /// What `advance` was told last.
    now: Tick,
    /// When engines were last asked what they report.
    scraped: Tick,
    is_noting: bool,
    is_drain_planned: bool,
    /// Whether a prompt that was read outside ever came.
    takes_remote: bool,
    /// Used again and again.
    tokens: Vec<TokenEvent>,
    candidates: Vec<Candidate>,
    overlap_counts: Vec<u32>,
}

/// A data-parallel rank of a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// The worker.
    pub worker: usize,
    /// The rank; 0 if it has none.
    pub rank: u32,
}

/// What a cluster plans to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Action {
    Fail(usize),
    Recover(usize),
    /// Send on what waits at the router.
    Drain,
    /// The router knows that a prompt is read: find a decode worker. With the request's migrations so far.
    HandOver(RequestId, u32),
    /// The set-up of a transfer is over.
    Send(RequestId, u32),
    /// What was read outside has arrived.
    Arrive(RequestId, u32),
}

impl Cluster {
    /// These replicas, each for whole requests, with the default settings.
    ///
    /// # Errors
    /// [`EngineError::InvalidSettings`] if there are none.
    pub fn new(replicas: Vec<Replica>) -> Result<Self, EngineError> {
        let workers = replicas.into_iter().map(|replica| (Role::Aggregated, replica)).collect();
        Self::with_roles(workers, ClusterSettings::default())
    }

    /// These replicas in these roles.
    ///
    /// # Errors
    /// [`EngineError::InvalidSettings`] if there are none, if the settings cannot work, or if prefill and decode
    /// workers are not both there, with a transfer and without aggregated ones.
    pub fn with_roles(workers: Vec<(Role, Replica)>, settings: ClusterSettings) -> Result<Self, EngineError> {
        settings.check()?;
        check_roles(&workers, &settings)?;
        let fates = settings.outages.map_or(Seed::new(0), |outages| outages.seed).derive("outages");
        let (roles, replicas): (Vec<Role>, Vec<Replica>) = workers.into_iter().unzip();
        let (mut targets, mut sides) = (Vec::new(), Vec::with_capacity(replicas.len()));
        for (worker, (replica, role)) in replicas.iter().zip(roles).enumerate() {
            let ranks = replica.ranks().count();
            sides.push(Worker::new(role, ranks, targets.len(), fates.mix(worker as u64).rng()));
            targets.extend((0..ranks as u32).map(|rank| Target { worker, rank }));
        }
        let router =
            |label| Router::new(&RouteSettings { seed: settings.route.seed.derive(label), ..settings.route.clone() });
        let mut cluster = Self {
            workers: sides,
            requests: Requests::default(),
            routers: [router("first"), router("decode")],
            overlaps: Overlaps::new(&settings.route),
            sessions: settings.route.sessions.map(Affinity::new),
            queue: VecDeque::new(),
            due: Due::new(replicas.len()),
            agenda: Agenda::new(),
            outages: Agenda::new(),
            traffic: settings.transfer.map(|transfer| Traffic::new(transfer.link.bytes_per_second)),
            totals: ClusterTotals::default(),
            events: Vec::new(),
            now: Tick::default(),
            scraped: Tick::default(),
            is_noting: false,
            is_drain_planned: false,
            takes_remote: false,
            tokens: Vec::new(),
            candidates: Vec::with_capacity(targets.len()),
            overlap_counts: vec![0; targets.len()],
            targets,
            replicas,
            settings,
        };
        cluster.note_if_needed();
        (0..cluster.workers.len()).for_each(|worker| cluster.plan_outage(worker, Tick::default()));
        Ok(cluster)
    }

    /// From now on tells observers how the caches change.
    pub fn note_cache_events(&mut self) {
        self.is_noting = true;
        self.note_if_needed();
    }

    fn note_if_needed(&mut self) {
        if self.is_noting || self.overlaps.needs_events() {
            self.replicas.iter_mut().for_each(Replica::note_cache_events);
        }
    }

    /// Takes a request in at `at`, which is not before the tick `advance` was told last. Call `advance(at)` before, so
    /// that the router sees what is.
    ///
    /// # Errors
    /// [`Refusal`], and then the request has ended.
    pub fn submit(&mut self, submission: &Submission, at: Tick) -> Result<RequestId, Refusal> {
        self.take_in(submission, None, at)
    }

    /// As [`Self::submit`], for a request of a session: it goes to the worker the session's last request went to,
    /// unless that is down or too loaded.
    ///
    /// # Errors
    /// As [`Self::submit`].
    pub fn submit_in_session(&mut self, submission: &Submission, session: u64, at: Tick) -> Result<RequestId, Refusal> {
        self.take_in(submission, Some(session), at)
    }

    fn take_in(&mut self, submission: &Submission, session: Option<u64>, at: Tick) -> Result<RequestId, Refusal> {
        self.totals.arrived += 1;
        self.takes_remote |= submission.phase == scheduler::Phase::Decode;
        let in_flight = self.requests.len();
        if let Some(limit) = self.settings.limits.max_in_flight.filter(|limit| in_flight >= *limit) {
            self.totals.rejected += 1;
            return Err(Refusal::TooManyInFlight { in_flight, limit });
        }
        let request = self.requests.insert(Request::new(submission, session, self.totals.arrived, at));
        self.send(request, false, at.max(self.now)).map(|()| request).inspect_err(|_| {
            self.requests.remove(request);
            self.totals.rejected += 1;
        })
    }

    /// Drops a request, wherever it is. `false` if it has ended already.
    pub fn abort(&mut self, request: RequestId) -> bool {
        if self.requests.get(request).is_none() {
            return false;
        }
        self.leave_workers(request, self.now);
        self.requests.remove(request);
        self.totals.aborted += 1;
        self.plan_drain(self.now);
        true
    }

    /// Does everything that happens by `now` and hands out what happened: in the order of things, except that the
    /// tokens of different workers are in order only within each worker.
    pub fn advance<O: ClusterObserver>(&mut self, now: Tick, observer: &mut O, mut take: impl FnMut(ClusterEvent)) {
        loop {
            let other = self.next_action().map_or(now, |at| at.min(now));
            let scrape = self.next_scrape(other);
            let until = scrape.unwrap_or(other);
            if let Some((at, worker)) = self.due.first().filter(|(at, _)| *at <= until) {
                // Where one worker's step makes work for another, they go step by step in the order of time.
                let until = if self.is_coupled() { at } else { until };
                self.now = self.now.max(at);
                self.run(worker, until, observer);
            } else if let Some(at) = scrape {
                self.scrape(at);
            } else if self.act(now) {
                self.tell_losses(observer);
            } else {
                break;
            }
            self.events.drain(..).for_each(&mut take);
        }
        self.now = self.now.max(now);
        self.events.drain(..).for_each(&mut take);
    }

    /// A worker that has just failed has an empty cache.
    fn tell_losses<O: ClusterObserver>(&self, observer: &mut O) {
        for event in self.events.iter().filter(|_| self.is_noting) {
            if let ClusterEvent::WorkerFailed { worker, .. } = event {
                let ranks = 0..self.replicas[*worker].ranks().count() as u32;
                ranks.for_each(|rank| observer.cache_changed(*worker, rank, &[KvEvent::Cleared]));
            }
        }
    }

    /// When `advance` has something to do next; `None` while there is nothing to do. Failures by chance count only
    /// while a request is in flight.
    pub fn next_event(&self) -> Option<Tick> {
        let step = self.due.first().map(|(at, _)| at);
        let chance = self.outages.next().filter(|_| self.requests.len() > 0);
        let transfer = self.traffic.as_ref().and_then(Traffic::next_end);
        [step, self.agenda.next(), transfer, chance].into_iter().flatten().min()
    }

    /// When something other than a step of a worker happens next.
    fn next_action(&self) -> Option<Tick> {
        let transfer = self.traffic.as_ref().and_then(Traffic::next_end);
        [self.agenda.next(), self.outages.next(), transfer].into_iter().flatten().min()
    }

    /// Does the first thing that is due and no step. `false` if there is none.
    fn act(&mut self, now: Tick) -> bool {
        let Some(at) = self.next_action().filter(|at| *at <= now) else { return false };
        self.now = self.now.max(at);
        if let Some((at, action)) = self.agenda.pop_due(at) {
            match action {
                Action::Fail(worker) => self.take_down(worker, at),
                Action::Recover(worker) => self.bring_up(worker, at),
                Action::Drain => self.drain(at),
                Action::HandOver(request, life) => self.hand_over(request, life, at),
                Action::Send(request, life) => self.begin_transfer(request, life, at),
                Action::Arrive(request, life) => self.arrive(request, life, at),
            }
        } else if let Some(request) = self.traffic.as_mut().and_then(|traffic| traffic.pop_ended(at)) {
            self.end_transfer(request, at);
        } else if let Some((at, turn)) = self.outages.pop_due(at) {
            self.turn(turn, at);
        }
        true
    }

    /// Whether what one worker does changes what another does before the caller comes back.
    fn is_coupled(&self) -> bool {
        self.is_disaggregated() || self.takes_remote || self.settings.queue_threshold.is_some()
    }

    const fn is_disaggregated(&self) -> bool {
        self.traffic.is_some()
    }

    /// The last tick by `until` at which engines should have been asked, if they were not.
    fn next_scrape(&self, until: Tick) -> Option<Tick> {
        let interval = self.settings.route.signal_interval.as_nanos() as u64;
        let times = until.as_nanos().checked_div(interval)?;
        Some(Tick::from_nanos(times * interval)).filter(|at| *at > self.scraped)
    }

    fn scrape(&mut self, at: Tick) {
        for (worker, replica) in self.workers.iter_mut().zip(&self.replicas) {
            let blocks = replica.settings().capacity.blocks;
            for (side, rank) in worker.ranks.iter_mut().zip(replica.ranks()) {
                side.reported = Reported::of_rank(blocks, &rank);
            }
        }
        self.scraped = at;
    }

    /// Asks the worker's replica again when it has something to do.
    fn wake(&mut self, worker: usize) {
        self.due.set(worker, self.replicas[worker].next_event());
    }

    /// The workers' replicas, by number.
    pub fn replicas(&self) -> &[Replica] {
        &self.replicas
    }

    /// The workers, by number.
    pub fn workers(&self) -> &[Worker] {
        &self.workers
    }

    /// What a worker's replica has done, in all its lives. What it had when it went down counts as aborted. `None` if
    /// there is no such worker.
    pub fn worker_totals(&self, worker: usize) -> Option<Totals> {
        let mut totals = self.workers.get(worker)?.past;
        totals += *self.replicas.get(worker)?.totals();
        Some(totals)
    }

    /// What the router chooses from: the data-parallel ranks of all workers. The workers of a [`Choice`] are numbers of
    /// these.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// What was done so far.
    pub const fn totals(&self) -> &ClusterTotals {
        &self.totals
    }

    /// Requests in flight.
    pub fn in_flight(&self) -> usize {
        self.requests.len()
    }

    /// Requests that wait at the router.
    pub fn queued(&self) -> usize {
        let is_queued = |id: &&RequestId| self.requests.get(**id).is_some();
        self.queue.iter().filter(is_queued).count()
    }

    /// Transfers under way.
    pub fn transferring(&self) -> usize {
        self.traffic.as_ref().map_or(0, Traffic::len)
    }

    /// The worker that has the request: the decode worker once there is one. `None` if it waits at the router or has
    /// ended.
    pub fn worker_of(&self, request: RequestId) -> Option<usize> {
        match self.requests.get(request)?.phase {
            Phase::Queued => None,
            Phase::Serving(spot) | Phase::Prefilling(spot) | Phase::Leaving(spot) => Some(spot.worker),
            Phase::Arriving { target, .. } => Some(target.worker),
        }
    }

    /// The last decision of the router for that part of a request, with all scores.
    pub const fn choice(&self, stage: Stage) -> &Choice {
        self.router(stage).choice()
    }

    /// The router for that part of a request.
    pub const fn router(&self, stage: Stage) -> &Router {
        match stage {
            Stage::Whole | Stage::Prefill => &self.routers[0],
            Stage::Decode => &self.routers[1],
        }
    }

    /// How it is set up.
    pub const fn settings(&self) -> &ClusterSettings {
        &self.settings
    }
}

fn check_roles(workers: &[(Role, Replica)], settings: &ClusterSettings) -> Result<(), EngineError> {
    let wrong = |what: &str| Err(EngineError::InvalidSettings { what: what.to_owned() });
    let count = |role| workers.iter().filter(|(other, _)| *other == role).count();
    if workers.is_empty() {
        return wrong("a cluster needs at least one replica");
    }
    match (count(Role::Prefill), count(Role::Decode), count(Role::Aggregated)) {
        (0, 0, _) if settings.transfer.is_some() => wrong("a transfer needs prefill and decode workers"),
        (0, 0, _) => Ok(()),
        (0, ..) | (_, 0, _) => wrong("prefill workers need decode workers, and the other way round"),
        (_, _, 0) if settings.transfer.is_none() => wrong("prefill and decode workers need a link between them"),
        (_, _, 0) => Ok(()),
        _ => wrong("workers are either all aggregated, or each for prefill or decode"),
    }
}
