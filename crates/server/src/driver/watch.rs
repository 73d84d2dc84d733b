//! What the workers of a cluster are seen to do, counted for the metrics of engines.
//!
//! Times are the clock's: with a time scale of ten, an engine's second counts as a tenth, as clients see it. A step costs
//! some nanoseconds for each sequence: members of a step mostly have the same gap to their last token, so the gap is
//! looked up once for all of them.

use std::cell::RefCell;
use std::time::Duration;

use fakeai_core::Tick;
use fakeai_engine::cluster::{ClusterEvent, ClusterObserver, RequestId, Tokens};
use fakeai_engine::gpu::GpuBoard;
use fakeai_engine::kv::KvEvent;
use fakeai_engine::scheduler::{Observer, StepReport, Submission};
use fakeai_engine::step::{Batch, StepModel};
use fakeai_telemetry::engine::{Ending, LastStep, Requests, Steps};

use super::Admission;
use super::caches::Caches;

/// What is known of a sequence that the engine need not know.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Asked {
    /// How it ends, unless the client leaves before.
    pub ending: Ending,
    /// The most tokens the client asked for, if it said so.
    pub max_tokens: Option<u32>,
    /// Of the first choice of a request: how many choices there are, and tokens of the longest.
    pub choices: Option<(u32, u32)>,
}

/// All workers of one cluster.
#[derive(Debug)]
pub(super) struct Watch {
    workers: Vec<Worker>,
    /// By slot of the request.
    live: Vec<Option<Live>>,
    /// Time from submission to the scheduler's queue.
    arrival: Duration,
    model: StepModel,
    /// Seconds of the engine's time in one of the clock's.
    time_scale: f64,
    is_enabled: bool,
}

/// One worker.
#[derive(Debug)]
pub(super) struct Worker {
    /// Requests that wrote tokens.
    pub(super) requests: Requests,
    /// Its steps.
    pub(super) steps: Steps,
    /// Tokens of prompts of which no token is written yet.
    pub(super) unread_tokens: u64,
    /// Its GPUs, in the engine's time.
    pub(super) board: GpuBoard,
    window: Window,
    run: Run,
    /// Events and tokens since the last step.
    written: (u64, u64),
}

/// A sequence under way, in the engine's time.
#[derive(Clone, Copy, Debug)]
struct Live {
    asked: Asked,
    /// Who has it, as far as is known.
    worker: usize,
    prompt: u32,
    submitted: Tick,
    /// When its first step began, once it has.
    scheduled: Option<Tick>,
    first: Tick,
    last: Tick,
    produced: u32,
    preemptions: u32,
}

/// Steps over which the throughput is measured, as `SGLang` does.
const WINDOW_STEPS: u32 = 40;

#[derive(Debug, Default)]
struct Window {
    start: Tick,
    steps: u32,
    tokens: u64,
}

/// The same gap, several times.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    gap: Duration,
    times: u64,
}

/// Tells a watch what workers do, and notes who is admitted.
#[derive(Debug)]
pub(super) struct Eyes<'a> {
    /// Events go there too, meanwhile.
    pub(super) watch: &'a RefCell<&'a mut Watch>,
    /// Requests that were admitted; what they waited is the engine's time in the scheduler's queue.
    pub(super) admitted: &'a mut Vec<(RequestId, Admission)>,
    /// Who tells of caches.
    pub(super) caches: Option<&'a mut Caches>,
}

impl ClusterObserver for Eyes<'_> {
    fn step(&mut self, worker: usize, report: &StepReport) {
        self.watch.borrow_mut().step(worker, report);
    }

    fn admitted(&mut self, worker: usize, request: RequestId, waited: Duration, cached_tokens: u32) {
        self.admitted.push((request, Admission { worker, waited, cached_tokens }));
        self.watch.borrow_mut().admitted(worker, request, waited);
    }

    fn cache_changed(&mut self, worker: usize, rank: u32, events: &[KvEvent]) {
        if let Some(caches) = &mut self.caches {
            caches.change(worker, rank, events);
        }
    }

    fn preempted(&mut self, worker: usize, request: RequestId) {
        self.watch.borrow_mut().preempted(worker, request);
    }

    fn drafted(&mut self, worker: usize, drafts: u32, accepted: u32) {
        let mut watch = self.watch.borrow_mut();
        if let Some(worker) = watch.worker(worker) {
            worker.steps.verify(drafts, accepted);
        }
    }
}

impl Watch {
    /// Nothing was seen yet of workers with these GPUs, whose steps `model` times. One that is not enabled counts
    /// nothing.
    pub(super) fn new(boards: Vec<GpuBoard>, model: &StepModel, time_scale: f64, is_enabled: bool) -> Self {
        Self {
            workers: boards.into_iter().map(Worker::new).collect(),
            live: Vec::new(),
            arrival: model.arrival(),
            model: model.clone(),
            time_scale,
            is_enabled,
        }
    }

    /// The workers, if what they do is counted, with all that was seen counted.
    pub(super) fn workers(&mut self) -> &mut [Worker] {
        if !self.is_enabled {
            return &mut [];
        }
        for worker in &mut self.workers {
            worker.count_run(self.time_scale);
        }
        &mut self.workers
    }

    fn worker(&mut self, worker: usize) -> Option<&mut Worker> {
        self.workers.get_mut(worker).filter(|_| self.is_enabled)
    }

    /// A request was taken in at a time of the engine's; `worker` has it, or will.
    pub(super) fn submitted(
        &mut self,
        worker: usize,
        request: RequestId,
        submission: &Submission,
        asked: Asked,
        at: Tick,
    ) {
        let Some(has_it) = self.worker(worker) else { return };
        has_it.unread_tokens += u64::from(submission.prompt_tokens);
        if self.live.len() <= request.slot() {
            self.live.resize(request.slot() + 1, None);
        }
        self.live[request.slot()] = Some(Live {
            asked,
            worker,
            prompt: submission.prompt_tokens,
            submitted: at,
            scheduled: None,
            first: at,
            last: at,
            produced: 0,
            preemptions: 0,
        });
    }

    /// A request ended before its last token.
    pub(super) fn ended(&mut self, request: RequestId, ending: Ending) {
        let Some(live) = self.live.get_mut(request.slot()).and_then(Option::take) else { return };
        let Some(worker) = self.worker(live.worker) else { return };
        worker.requests.end(ending, 1);
        if live.produced == 0 {
            worker.unread_tokens -= u64::from(live.prompt);
        }
    }

    /// Something happened to a request.
    pub(super) fn happened(&mut self, event: &ClusterEvent) {
        match event {
            ClusterEvent::Tokens(tokens) => self.wrote(tokens),
            ClusterEvent::Lost { request, .. } | ClusterEvent::Rejected { request, .. } => {
                self.ended(*request, Ending::Error);
            }
            _ => {}
        }
    }

    fn step(&mut self, worker: usize, report: &StepReport) {
        let time_scale = self.time_scale;
        if let Some(worker) = self.worker(worker) {
            worker.step(report, time_scale);
        }
    }

    fn admitted(&mut self, worker: usize, request: RequestId, waited: Duration) {
        let (arrival, time_scale) = (self.arrival, self.time_scale);
        let Some(Some(live)) = self.live.get_mut(request.slot()) else { return };
        // Once on each worker: what the second one waits for is no queue of the request's.
        if live.scheduled.is_some() {
            return;
        }
        live.scheduled = Some(live.submitted + arrival + waited);
        let (before, prompt) = (live.worker, u64::from(live.prompt));
        live.worker = worker;
        let Some(queue) = self.worker(worker).map(|worker| &mut worker.steps.queue) else { return };
        queue.observe(waited.as_secs_f64() / time_scale);
        if before != worker {
            self.workers[before].unread_tokens -= prompt;
            self.workers[worker].unread_tokens += prompt;
        }
    }

    fn preempted(&mut self, worker: usize, request: RequestId) {
        let Some(Some(live)) = self.live.get_mut(request.slot()) else { return };
        live.preemptions += 1;
        let (prompt, produced) = (live.prompt, live.produced);
        if let Some(worker) = self.worker(worker) {
            worker.steps.preempted_prompt_tokens += u64::from(prompt);
            worker.steps.preempted_answer_tokens += u64::from(produced);
        }
    }

    fn wrote(&mut self, tokens: &Tokens) {
        let Self { workers, live: all, model, time_scale, is_enabled, .. } = self;
        let Some(worker) = workers.get_mut(tokens.worker).filter(|_| *is_enabled) else { return };
        let Some(place) = all.get_mut(tokens.request.slot()) else { return };
        let Some(live) = place else { return };
        worker.requests.generation_tokens += u64::from(tokens.tokens);
        worker.window.tokens += u64::from(tokens.tokens);
        worker.written = (worker.written.0 + 1, worker.written.1 + u64::from(tokens.tokens));
        let is_first = live.produced == 0;
        if is_first {
            live.first = tokens.at;
            worker.first_token(live, tokens, *time_scale, model);
        } else {
            let gap = tokens.at.since(live.last);
            if gap != worker.run.gap {
                worker.count_run(*time_scale);
                worker.run.gap = gap;
            }
            worker.run.times += 1;
        }
        live.last = tokens.at;
        live.produced = tokens.produced;
        let (had_it, prompt, live) = (live.worker, u64::from(live.prompt), *live);
        if tokens.is_last {
            *place = None;
            worker.last_token(&live, tokens, *time_scale);
        }
        if is_first && let Some(worker) = workers.get_mut(had_it) {
            worker.unread_tokens -= prompt;
        }
    }
}

impl Worker {
    fn new(board: GpuBoard) -> Self {
        Self {
            requests: Requests::default(),
            steps: Steps::default(),
            unread_tokens: 0,
            board,
            window: Window::default(),
            run: Run::default(),
            written: (0, 0),
        }
    }

    fn step(&mut self, report: &StepReport, time_scale: f64) {
        Observer::step(&mut self.board, report);
        let batch = &report.batch;
        self.steps.step_tokens.observe(batch.tokens as f64);
        if batch.prefill_tokens > 0 {
            self.steps.step_prompt_tokens.observe(batch.prefill_tokens as f64);
        }
        let (events, tokens) = std::mem::take(&mut self.written);
        self.steps.last = LastStep {
            seconds: seconds(report.start, report.end, time_scale),
            sequences: batch.sequences,
            prefills: batch.prefills,
            prompt_tokens: batch.prefill_tokens,
            written_each: tokens as f64 / events.max(1) as f64,
        };
        if batch.sequences > batch.prefills {
            self.window.count(report, time_scale, &mut self.steps.throughput);
        }
    }

    /// Counts the gaps that were all the same.
    fn count_run(&mut self, time_scale: f64) {
        let Run { gap, times } = std::mem::take(&mut self.run);
        if times > 0 {
            let seconds = gap.as_secs_f64() / time_scale;
            self.requests.itl.observe_many(seconds, times);
            self.steps.last_gap = seconds;
        }
    }

    fn first_token(&mut self, live: &Live, tokens: &Tokens, time_scale: f64, model: &StepModel) {
        let took = seconds(live.submitted, tokens.at, time_scale);
        let cached = tokens.cached_tokens.min(live.prompt);
        self.requests.prompt_tokens += u64::from(live.prompt);
        self.requests.cached_tokens += u64::from(cached);
        self.requests.ttft.observe(took);
        self.steps.last_first_token = (took, live.prompt);
        self.steps.prefill.observe(seconds(live.scheduled.unwrap_or(live.submitted), tokens.at, time_scale));
        if cached > 0 {
            let saved = (reading(model, live.prompt, 0) - reading(model, live.prompt - cached, cached)).max(0.0);
            let savings = &mut self.steps.savings;
            savings.requests += 1;
            savings.actual_seconds += took;
            savings.baseline_seconds += took + saved / time_scale;
            savings.cached_shares += f64::from(cached) / f64::from(live.prompt);
        }
    }

    fn last_token(&mut self, live: &Live, tokens: &Tokens, time_scale: f64) {
        self.requests.end(live.asked.ending, 1);
        self.requests.e2e.observe(seconds(live.submitted, tokens.at, time_scale));
        self.requests.lengths(live.prompt, tokens.cached_tokens, tokens.produced);
        let decode = seconds(live.first, tokens.at, time_scale);
        if tokens.produced > 1 {
            self.requests.tpot.observe(decode / f64::from(tokens.produced - 1));
        }
        let steps = &mut self.steps;
        steps.decode.observe(decode);
        steps.inference.observe(seconds(live.scheduled.unwrap_or(live.submitted), tokens.at, time_scale));
        steps.preemptions_each.observe(f64::from(live.preemptions));
        live.asked.max_tokens.into_iter().for_each(|tokens| steps.asked_tokens.observe(f64::from(tokens)));
        if let Some((choices, longest)) = live.asked.choices {
            steps.choices.observe(f64::from(choices));
            steps.longest_choice.observe(f64::from(longest));
        }
    }
}

impl Window {
    /// Counts a step with decodes; sets the throughput once there were enough.
    fn count(&mut self, report: &StepReport, time_scale: f64, throughput: &mut f64) {
        if self.steps == 0 {
            self.start = report.start;
        }
        self.steps += 1;
        if self.steps == WINDOW_STEPS {
            *throughput = self.tokens as f64 / seconds(self.start, report.end, time_scale).max(1e-9);
            *self = Self::default();
        }
    }
}

/// Seconds of the clock's from one time of the engine's to another.
fn seconds(from: Tick, to: Tick, time_scale: f64) -> f64 {
    to.since(from).as_secs_f64() / time_scale
}

/// Seconds of a step that reads `tokens` of one prompt after `context` others.
fn reading(model: &StepModel, tokens: u32, context: u32) -> f64 {
    let mut batch = Batch::default();
    batch.add(tokens, context, model.window());
    model.cost(&batch).duration().as_secs_f64()
}
