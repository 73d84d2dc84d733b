//! One run: a workload against idle replicas, from the first arrival to the last token.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

use fakeai_core::{Seed, Tick};
use fakeai_engine::cluster::{ClusterObserver, Refusal, RequestId};
use fakeai_engine::scheduler::{StepReport, Submission};
use hdrhistogram::Histogram;

use crate::SimulateError;
use crate::case::Served;
use crate::record::{Outcome, Record, Rejection};
use crate::replicas::{Happened, Replicas, Token};
use crate::series::{Sample, Sampler, Series};
use crate::workload::Workload;

/// How a run is made.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Options {
    /// Share of the requests, from the first on, that only warm up.
    pub warmup: f64,
    /// Length of the intervals of the series; `None` for as many as a plot shows.
    pub interval: Option<Duration>,
}

/// What a run found.
#[derive(Debug)]
pub struct Run {
    /// Each request, by its place in the workload.
    pub records: Vec<Record>,
    /// Gaps between tokens of the requests that count, nanoseconds.
    pub gaps: Histogram<u64>,
    /// What happened over time.
    pub series: Series,
    /// How many were refused, why, and the words of the first refusal of each kind.
    pub rejections: BTreeMap<Rejection, (u64, String)>,
    /// What was done in steps.
    pub work: Work,
    /// When the last token left.
    pub end: Tick,
}

/// What steps did, summed over replicas.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Work {
    /// Steps.
    pub steps: u64,
    /// Sequences in those steps, summed.
    pub sequence_steps: u64,
    /// Seconds in steps.
    pub busy_s: f64,
    /// Seconds of arithmetic, were it alone.
    pub compute_s: f64,
    /// Seconds of memory traffic, were it alone.
    pub memory_s: f64,
}

impl Work {
    fn since(&self, before: &Self) -> Self {
        Self {
            steps: self.steps - before.steps,
            sequence_steps: self.sequence_steps - before.sequence_steps,
            busy_s: self.busy_s - before.busy_s,
            compute_s: self.compute_s - before.compute_s,
            memory_s: self.memory_s - before.memory_s,
        }
    }
}

/// Runs `workload` on what is `served`. `progress` is told how many requests are done, now and then.
///
/// # Errors
/// What cannot be deployed.
pub fn run(
    served: &Served,
    workload: &Workload,
    options: &Options,
    progress: &mut dyn FnMut(u64),
) -> Result<Run, SimulateError> {
    if !(0.0..1.0).contains(&options.warmup) {
        return Err(SimulateError::invalid("the warm-up is a share of the requests, from 0 to below 1"));
    }
    let mut driver = Driver::new(served, workload, options)?;
    while let Some(target) = driver.next_target() {
        driver.advance(target);
        driver.send_arrivals(target);
        if driver.sampler.next() <= target {
            driver.sample();
        }
        progress(driver.done);
    }
    Ok(driver.finish())
}

/// Gaps longer than this count as this: a day.
const LONGEST_GAP_NS: u64 = 86_400_000_000_000;

/// A request that is due: when, in which order, and its place.
type Due = Reverse<(Tick, u64, usize)>;

struct Driver<'a> {
    workload: &'a Workload,
    replicas: Replicas,
    /// Sessions of an open loop, or those the clients have not begun.
    next_session: usize,
    /// What follows something that ended.
    due: BinaryHeap<Due>,
    orders: u64,
    /// Requests by slot.
    slots: Vec<usize>,
    /// What a sequence's next one waits for needs every event in time.
    has_followers: bool,
    warmup: u64,
    sent: u64,
    done: u64,
    finished: u64,
    written: u64,
    preemptions: u64,
    read: u64,
    /// As they were at the end of the last interval: sent, finished, read, written, preemptions.
    before: [u64; 5],
    work_before: Work,
    notes: Notes,
    happened: Vec<Happened>,
    sampler: Sampler,
    records: Vec<Record>,
    gaps: Histogram<u64>,
    rejections: BTreeMap<Rejection, (u64, String)>,
    end: Tick,
}

/// What the engine tells besides tokens.
#[derive(Default)]
struct Notes {
    /// Requests by slot, and how long they waited.
    admitted: Vec<(usize, Duration)>,
    preempted: Vec<usize>,
    read: u64,
    work: Work,
}

impl ClusterObserver for Notes {
    fn step(&mut self, _worker: usize, report: &StepReport) {
        let work = &mut self.work;
        work.steps += 1;
        work.sequence_steps += u64::from(report.batch.sequences);
        work.busy_s += report.end.since(report.start).as_secs_f64();
        work.compute_s += report.cost.compute_s;
        work.memory_s += report.cost.memory_s;
        self.read += report.batch.prefill_tokens;
    }

    fn admitted(&mut self, _worker: usize, request: RequestId, waited: Duration, _cached_tokens: u32) {
        self.admitted.push((request.slot(), waited));
    }

    fn preempted(&mut self, _worker: usize, request: RequestId) {
        self.preempted.push(request.slot());
    }
}

impl<'a> Driver<'a> {
    fn new(served: &Served, workload: &'a Workload, options: &Options) -> Result<Self, SimulateError> {
        let replicas = Replicas::new(served)?;
        let histogram = Histogram::new_with_bounds(1, LONGEST_GAP_NS, 3);
        let mut driver = Self {
            slots: Vec::new(),
            replicas,
            next_session: 0,
            due: BinaryHeap::new(),
            orders: 0,
            has_followers: workload.clients.is_some() || workload.sessions.iter().any(|session| session.turns > 1),
            warmup: (options.warmup * workload.turns.len() as f64) as u64,
            sent: 0,
            done: 0,
            finished: 0,
            written: 0,
            preemptions: 0,
            read: 0,
            before: [0; 5],
            work_before: Work::default(),
            notes: Notes::default(),
            happened: Vec::new(),
            sampler: Sampler::new(options.interval),
            records: records_of(workload),
            gaps: histogram.map_err(|error| SimulateError::invalid(error.to_string()))?,
            rejections: BTreeMap::new(),
            end: Tick::default(),
            workload,
        };
        if let Some(clients) = workload.clients {
            for _ in 0..clients.count {
                driver.begin_session(Tick::default());
            }
        }
        Ok(driver)
    }

    /// When there is something to do next; `None` when all is done.
    fn next_target(&self) -> Option<Tick> {
        let sample = self.sampler.next();
        let target = match (self.next_arrival(), self.replicas.next_event()) {
            (None, None) => return None,
            (Some(arrival), Some(event)) if self.has_followers => arrival.min(event),
            (Some(arrival), _) => arrival,
            (None, Some(event)) if self.has_followers => event,
            // Nobody waits for these tokens, so steps need not be taken one by one.
            (None, Some(_)) => sample,
        };
        Some(target.min(sample))
    }

    fn next_arrival(&self) -> Option<Tick> {
        let opened = match self.workload.clients {
            Some(_) => None,
            None => self.workload.sessions.get(self.next_session).map(|session| Tick::default() + session.arrival),
        };
        let due = self.due.peek().map(|Reverse((at, ..))| *at);
        opened.into_iter().chain(due).min()
    }

    /// Runs all steps until `now` and takes in what they did.
    fn advance(&mut self, now: Tick) {
        self.happened.clear();
        self.replicas.advance(now, &mut self.notes, &mut self.happened);
        let mut notes = std::mem::take(&mut self.notes);
        for (slot, waited) in notes.admitted.drain(..) {
            let record = &mut self.records[self.slots[slot]];
            // What is admitted on a second worker has waited in two queues.
            record.queued += waited;
        }
        for slot in notes.preempted.drain(..) {
            self.records[self.slots[slot]].preemptions += 1;
            self.preemptions += 1;
        }
        self.read += std::mem::take(&mut notes.read);
        self.notes = notes;
        let happened = std::mem::take(&mut self.happened);
        for event in &happened {
            match event {
                Happened::Token(token) => self.take(token),
                Happened::Refused(slot, at, refusal) => self.reject(self.slots[*slot], refusal, *at),
                Happened::Lost(slot, at) => self.reject(self.slots[*slot], &Refusal::NoWorker, *at),
            }
        }
        self.happened = happened;
    }

    fn take(&mut self, token: &Token) {
        let place = self.slots[token.slot];
        let record = &mut self.records[place];
        self.written += u64::from(token.tokens);
        let mut gaps_at_once = token.tokens - 1;
        if token.produced == token.tokens {
            record.first = token.at;
            record.cached_tokens = token.cached_tokens;
        } else {
            let gap = token.at.since(record.end);
            record.longest_gap = record.longest_gap.max(gap);
            if !record.is_warmup {
                self.gaps.saturating_record(gap.as_nanos() as u64);
            }
        }
        if record.is_warmup {
            gaps_at_once = 0;
        }
        record.end = token.at;
        record.worker = token.replica as u32;
        self.end = self.end.max(token.at);
        if gaps_at_once > 0 {
            // Tokens that leave together have no gap between them.
            self.gaps.saturating_record_n(1, u64::from(gaps_at_once));
        }
        if token.is_last {
            record.outcome = Outcome::Finished;
            self.finished += 1;
            self.follow(place, token.at);
        }
    }

    /// Sends what is due by `now`.
    fn send_arrivals(&mut self, now: Tick) {
        while let Some(arrival) = self.next_arrival().filter(|arrival| *arrival <= now) {
            let is_due = self.due.peek().is_some_and(|Reverse((at, ..))| *at == arrival);
            match self.due.peek().filter(|_| is_due) {
                Some(&Reverse((at, _, turn))) => {
                    self.due.pop();
                    self.send(turn, at);
                }
                None => self.begin_session(arrival),
            }
        }
    }

    fn begin_session(&mut self, at: Tick) {
        if let Some(session) = self.workload.sessions.get(self.next_session) {
            self.next_session += 1;
            self.plan(session.first, at);
        }
    }

    fn plan(&mut self, turn: usize, at: Tick) {
        self.orders += 1;
        self.due.push(Reverse((at, self.orders, turn)));
    }

    fn send(&mut self, place: usize, at: Tick) {
        let turn = &self.workload.turns[place];
        let record = &mut self.records[place];
        record.arrival = at;
        record.is_warmup = self.sent < self.warmup;
        self.sent += 1;
        let submission = Submission {
            chain: turn.chain(self.replicas.block_tokens()),
            seed: Seed::new(place as u64),
            ..Submission::new(turn.prompt_tokens, turn.output_tokens)
        };
        let session = self.workload.sessions[record.session];
        let session = (session.turns > 1).then_some(record.session as u64);
        match self.replicas.submit(&submission, session, at) {
            Ok(slot) => {
                if self.slots.len() <= slot {
                    self.slots.resize(slot + 1, 0);
                }
                self.slots[slot] = place;
            }
            Err(refusal) => self.reject(place, &refusal, at),
        }
    }

    fn reject(&mut self, place: usize, refusal: &Refusal, at: Tick) {
        let kind = Rejection::of(refusal);
        self.records[place].outcome = Outcome::Rejected(kind);
        let (count, _) = self.rejections.entry(kind).or_insert_with(|| (0, refusal.to_string()));
        *count += 1;
        self.follow(place, at);
    }

    /// A request ended: the session's next turn follows, or the client's next session.
    fn follow(&mut self, place: usize, at: Tick) {
        self.done += 1;
        let session = self.workload.sessions[self.records[place].session];
        if place + 1 < session.first + session.turns {
            self.plan(place + 1, at + self.workload.turns[place + 1].pause);
        } else if let Some(clients) = self.workload.clients {
            self.begin_session(at + clients.think);
        }
    }

    /// Ends an interval of the series.
    fn sample(&mut self) {
        let now = [self.sent, self.finished, self.read, self.written, self.preemptions];
        let [arrived, finished, read_tokens, written_tokens, preemptions] =
            std::array::from_fn(|at| now[at] - self.before[at]);
        let work = self.notes.work.since(&self.work_before);
        (self.before, self.work_before) = (now, self.notes.work);
        let whole = self.sampler.interval().as_secs_f64() * self.replicas.count() as f64;
        let gauges = self.replicas.gauges();
        let (busy, compute, memory) = (work.busy_s / whole, work.compute_s / whole, work.memory_s / whole);
        self.sampler.push(Sample {
            at_s: 0.0,
            running: gauges.running as f64,
            waiting: gauges.waiting as f64,
            kv_usage: gauges.kv_usage,
            arrived,
            finished,
            read_tokens,
            written_tokens,
            preemptions,
            busy: busy.min(1.0),
            compute: compute.min(1.0),
            memory: memory.min(1.0),
            watts: self.replicas.watts(busy, memory, compute),
        });
    }

    fn finish(mut self) -> Run {
        self.sample();
        Run {
            records: self.records,
            gaps: self.gaps,
            series: self.sampler.into_series(),
            rejections: self.rejections,
            work: self.notes.work,
            end: self.end,
        }
    }
}

/// A record for each turn, by its place.
fn records_of(workload: &Workload) -> Vec<Record> {
    let mut records: Vec<Record> =
        workload.turns.iter().map(|turn| Record::new(0, turn.prompt_tokens, turn.output_tokens)).collect();
    for (place, session) in workload.sessions.iter().enumerate() {
        for record in records.iter_mut().skip(session.first).take(session.turns) {
            record.session = place;
        }
    }
    records
}
