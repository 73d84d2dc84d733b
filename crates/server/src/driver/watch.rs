//! What the workers of a cluster are seen to do, counted for the metrics of engines.
//!
//! Times are the clock's: with a time scale of ten, an engine's second counts as a tenth, as clients see it. A step costs
//! a few nanoseconds for each sequence: members of a step mostly have the same gap to their last token, so the gap is
//! looked up once for all of them.

use std::cell::RefCell;
use std::time::Duration;

use fakeai_core::Tick;
use fakeai_engine::scheduler::{Observer, SequenceId, StepReport, Submission, TokenEvent};
use fakeai_engine::step::{Batch, StepModel};
use fakeai_telemetry::engine::{Ending, LastStep, Requests, Steps};

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
    /// Time from submission to the scheduler's queue.
    arrival: Duration,
    /// Seconds of the engine's time in one of the clock's.
    time_scale: f64,
    /// Used again and again.
    notes: Vec<Note>,
    is_enabled: bool,
}

/// One worker.
#[derive(Debug, Default)]
pub(super) struct Worker {
    /// Requests that wrote tokens.
    pub(super) requests: Requests,
    /// Its steps.
    pub(super) steps: Steps,
    /// Tokens of prompts of which no token is written yet.
    pub(super) unread_tokens: u64,
    /// By slot.
    live: Vec<Option<Live>>,
    window: Window,
}

/// A sequence under way, in the engine's time.
#[derive(Clone, Copy, Debug)]
struct Live {
    asked: Asked,
    prompt: u32,
    submitted: Tick,
    scheduled: Tick,
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

/// What a replica told; whose it is becomes known with its tokens.
#[derive(Debug)]
enum Note {
    Step(StepReport),
    Admitted { slot: usize, waited: Duration },
    Preempted { slot: usize },
    Drafted { drafts: u32, accepted: u32 },
}

/// Writes down what a replica tells.
pub(super) struct Tap<'a>(&'a RefCell<Vec<Note>>);

impl Observer for Tap<'_> {
    fn step(&mut self, report: &StepReport) {
        self.0.borrow_mut().push(Note::Step(*report));
    }

    fn admitted(&mut self, sequence: SequenceId, waited: Duration, _: u32) {
        self.0.borrow_mut().push(Note::Admitted { slot: sequence.slot(), waited });
    }

    fn preempted(&mut self, sequence: SequenceId) {
        self.0.borrow_mut().push(Note::Preempted { slot: sequence.slot() });
    }

    fn drafted(&mut self, drafts: u32, accepted: u32) {
        self.0.borrow_mut().push(Note::Drafted { drafts, accepted });
    }
}

/// The same gap, several times.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    gap: Duration,
    times: u64,
}

impl Watch {
    /// Nothing was seen yet of `workers` workers whose steps `model` times. One that is not enabled counts nothing.
    pub(super) fn new(workers: usize, model: &StepModel, time_scale: f64, is_enabled: bool) -> Self {
        Self {
            workers: (0..workers).map(|_| Worker::default()).collect(),
            arrival: model.arrival(),
            time_scale,
            notes: Vec::new(),
            is_enabled,
        }
    }

    /// The workers, if what they do is counted.
    pub(super) fn workers(&self) -> &[Worker] {
        if self.is_enabled { &self.workers } else { &[] }
    }

    /// A worker took a sequence in, at a time of the engine's.
    pub(super) fn submitted(&mut self, worker: usize, slot: usize, submission: &Submission, asked: Asked, at: Tick) {
        let Some(worker) = self.workers.get_mut(worker).filter(|_| self.is_enabled) else { return };
        if worker.live.len() <= slot {
            worker.live.resize(slot + 1, None);
        }
        worker.unread_tokens += u64::from(submission.prompt_tokens);
        worker.live[slot] = Some(Live {
            asked,
            prompt: submission.prompt_tokens,
            submitted: at,
            scheduled: at,
            first: at,
            last: at,
            produced: 0,
            preemptions: 0,
        });
    }

    /// A sequence left its worker before its end.
    pub(super) fn aborted(&mut self, worker: usize, slot: usize) {
        let Some(worker) = self.workers.get_mut(worker) else { return };
        if let Some(live) = worker.live.get_mut(slot).and_then(Option::take) {
            worker.requests.end(Ending::Abort, 1);
            if live.produced == 0 {
                worker.unread_tokens -= u64::from(live.prompt);
            }
        }
    }

    /// Lets replicas advance under its eyes: `advance` gets whom to tell, and [`Notes`] for each replica's tokens.
    pub(super) fn during(&mut self, model: &StepModel, advance: impl FnOnce(&mut Tap<'_>, &mut Eyes<'_>)) {
        let notes = RefCell::new(std::mem::take(&mut self.notes));
        advance(&mut Tap(&notes), &mut Eyes { watch: self, notes: &notes, model });
        self.notes = notes.into_inner();
        self.notes.clear();
    }

    fn seconds(&self, from: Tick, to: Tick) -> f64 {
        to.since(from).as_secs_f64() / self.time_scale
    }
}

/// Sees each replica's tokens after what it told.
pub(super) struct Eyes<'a> {
    watch: &'a mut Watch,
    notes: &'a RefCell<Vec<Note>>,
    model: &'a StepModel,
}

impl Eyes<'_> {
    /// What the replica of that number told since the last one, and the tokens it wrote.
    pub(super) fn see(&mut self, replica: usize, events: &[TokenEvent]) {
        let mut notes = self.notes.borrow_mut();
        if self.watch.is_enabled && replica < self.watch.workers.len() {
            let mut worker = std::mem::take(&mut self.watch.workers[replica]);
            for note in notes.drain(..) {
                worker.note(&note, self.watch);
            }
            worker.write(events, self.watch, self.model);
            self.watch.workers[replica] = worker;
        }
        notes.clear();
    }
}

impl Worker {
    fn note(&mut self, note: &Note, watch: &Watch) {
        match *note {
            Note::Step(ref report) => self.step(report, watch),
            Note::Admitted { slot, waited } => {
                if let Some(Some(live)) = self.live.get_mut(slot) {
                    live.scheduled = live.submitted + watch.arrival + waited;
                    self.steps.queue.observe(waited.as_secs_f64() / watch.time_scale);
                }
            }
            Note::Preempted { slot } => {
                if let Some(Some(live)) = self.live.get_mut(slot) {
                    live.preemptions += 1;
                    self.steps.preempted_prompt_tokens += u64::from(live.prompt);
                    self.steps.preempted_answer_tokens += u64::from(live.produced);
                }
            }
            Note::Drafted { drafts, accepted } => self.steps.verify(drafts, accepted),
        }
    }

    fn step(&mut self, report: &StepReport, watch: &Watch) {
        let batch = &report.batch;
        self.steps.step_tokens.observe(batch.tokens as f64);
        if batch.prefill_tokens > 0 {
            self.steps.step_prompt_tokens.observe(batch.prefill_tokens as f64);
        }
        self.steps.last = LastStep {
            seconds: watch.seconds(report.start, report.end),
            sequences: batch.sequences,
            prefills: batch.prefills,
            prompt_tokens: batch.prefill_tokens,
            written_each: self.steps.last.written_each,
        };
        if batch.sequences > batch.prefills {
            self.window.count(report, watch, &mut self.steps.throughput);
        }
    }

    fn write(&mut self, events: &[TokenEvent], watch: &Watch, model: &StepModel) {
        let mut run = Run::default();
        for event in events {
            let slot = event.sequence.slot();
            let Some(Some(live)) = self.live.get_mut(slot) else { continue };
            self.requests.generation_tokens += u64::from(event.tokens);
            self.window.tokens += u64::from(event.tokens);
            if live.produced == 0 {
                live.first = event.at;
                let live = *live;
                self.first_token(&live, event, watch, model);
            } else {
                let gap = event.at.since(live.last);
                if gap != run.gap {
                    self.gaps(run, watch);
                    run = Run { gap, times: 0 };
                }
                run.times += 1;
            }
            if let Some(Some(live)) = self.live.get_mut(slot) {
                live.last = event.at;
                live.produced = event.produced;
            }
            if event.is_last
                && let Some(live) = self.live[slot].take()
            {
                self.last_token(&live, event, watch);
            }
        }
        self.gaps(run, watch);
        if !events.is_empty() {
            let tokens: u32 = events.iter().map(|event| event.tokens).sum();
            self.steps.last.written_each = f64::from(tokens) / events.len() as f64;
        }
    }

    fn gaps(&mut self, run: Run, watch: &Watch) {
        if run.times > 0 {
            let seconds = run.gap.as_secs_f64() / watch.time_scale;
            self.requests.itl.observe_many(seconds, run.times);
            self.steps.last_gap = seconds;
        }
    }

    fn first_token(&mut self, live: &Live, event: &TokenEvent, watch: &Watch, model: &StepModel) {
        let (seconds, cached) = (watch.seconds(live.submitted, event.at), event.cached_tokens);
        self.unread_tokens -= u64::from(live.prompt);
        self.requests.prompt_tokens += u64::from(live.prompt);
        self.requests.cached_tokens += u64::from(cached);
        self.requests.ttft.observe(seconds);
        self.steps.last_first_token = (seconds, live.prompt);
        self.steps.prefill.observe(watch.seconds(live.scheduled, event.at));
        if cached > 0 {
            let saved = (reading(model, live.prompt, 0) - reading(model, live.prompt - cached, cached)).max(0.0);
            let savings = &mut self.steps.savings;
            savings.requests += 1;
            savings.actual_seconds += seconds;
            savings.baseline_seconds += seconds + saved / watch.time_scale;
            savings.cached_shares += f64::from(cached) / f64::from(live.prompt);
        }
    }

    fn last_token(&mut self, live: &Live, event: &TokenEvent, watch: &Watch) {
        self.requests.end(live.asked.ending, 1);
        self.requests.e2e.observe(watch.seconds(live.submitted, event.at));
        self.requests.lengths(live.prompt, event.cached_tokens, event.produced);
        let decode = watch.seconds(live.first, event.at);
        if event.produced > 1 {
            self.requests.tpot.observe(decode / f64::from(event.produced - 1));
        }
        let steps = &mut self.steps;
        steps.decode.observe(decode);
        steps.inference.observe(watch.seconds(live.scheduled, event.at));
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
    fn count(&mut self, report: &StepReport, watch: &Watch, throughput: &mut f64) {
        if self.steps == 0 {
            self.start = report.start;
        }
        self.steps += 1;
        if self.steps == WINDOW_STEPS {
            *throughput = self.tokens as f64 / watch.seconds(self.start, report.end).max(1e-9);
            *self = Self::default();
        }
    }
}

/// Seconds of a step that reads `tokens` of one prompt after `context` others.
fn reading(model: &StepModel, tokens: u32, context: u32) -> f64 {
    let mut batch = Batch::default();
    batch.add(tokens, context, model.window());
    model.cost(&batch).duration().as_secs_f64()
}
