//! Runs the physical engine along a clock: takes sequences in as requests come, and hands tokens out as steps end.
//!
//! The engine itself has no clock. Here is one task that sleeps until the next step ends, runs every step that has
//! ended by then, and leaves each token with whoever sends it: one timer for a step, however many sequences are in it.
//! Ticks are absolute, so being woken late delays tokens but never the engine's own time. On a clock that is moved by
//! hand the same task runs in virtual time.

mod drivers;
mod figures;
mod live;
mod submission;
mod watch;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Poll, Waker};
use std::time::Duration;

use fakeai_core::{Clock, Tasks, Tick};
use fakeai_engine::cluster::Cluster;
use fakeai_engine::scheduler::{SequenceId, Submission, TokenEvent};
use fakeai_engine::step::{Batch, StepModel};
use fakeai_engine::{Deployment, EngineError};

pub(crate) use drivers::Drivers;
use live::{Forecast, Line};
pub(crate) use live::{Live, Reading};
pub(crate) use submission::{drawn, submission};
pub(crate) use watch::Asked;
use watch::Watch;

/// A physical engine, and how fast its time goes by.
#[derive(Clone, Debug)]
pub struct Physics {
    /// What the model is called.
    pub model: String,
    /// What is deployed.
    pub deployment: Deployment,
    /// Seconds of the engine's time in one second of the clock's.
    pub time_scale: f64,
}

/// Which replica, and which of its sequences.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    replica: usize,
    sequence: SequenceId,
}

/// One cluster on one clock.
#[derive(Debug)]
pub(crate) struct Driver {
    clock: Clock,
    /// The tick of the clock at which the engine's time began.
    origin: Tick,
    time_scale: f64,
    model: StepModel,
    block_tokens: u32,
    physics: Physics,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    cluster: Cluster,
    /// By replica and slot: where the tokens of its sequence go.
    lines: Vec<Vec<Option<Arc<Line>>>>,
    /// Tokens of steps that ended, which leave later: by the clock's ticks, in order.
    leaving: VecDeque<Departure>,
    watch: Watch,
    /// The task, while it sleeps, and until when.
    asleep: Option<(Tick, Waker)>,
}

#[derive(Debug)]
struct Departure {
    at: Tick,
    line: Arc<Line>,
    event: TokenEvent,
}

impl Driver {
    /// An idle cluster that begins now. What it does is counted if `is_watched`.
    pub(crate) fn start(
        physics: &Physics,
        clock: &Clock,
        tasks: &Tasks,
        is_watched: bool,
    ) -> Result<Arc<Self>, EngineError> {
        let cluster = physics.deployment.cluster()?;
        let model = physics.deployment.step_model();
        let driver = Arc::new(Self {
            origin: clock.now(),
            clock: clock.clone(),
            time_scale: physics.time_scale,
            block_tokens: physics.deployment.capacity()?.block_tokens,
            physics: physics.clone(),
            state: Mutex::new(State {
                lines: vec![Vec::new(); cluster.replicas().len()],
                watch: Watch::new(cluster.replicas().len(), &model, physics.time_scale, is_watched),
                cluster,
                leaving: VecDeque::new(),
                asleep: None,
            }),
            model,
        });
        tasks.spawn(run(Arc::downgrade(&driver)));
        Ok(driver)
    }

    /// The clock it runs along.
    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Tokens of a block of its cache.
    pub(crate) fn block_tokens(&self) -> u32 {
        self.block_tokens
    }

    /// Takes a sequence in at `now`.
    ///
    /// # Errors
    /// What the engine refuses: longer than its context or its cache, or too many waiting.
    pub(crate) fn submit(
        self: &Arc<Self>,
        submission: &Submission,
        asked: Asked,
        now: Tick,
    ) -> Result<Live, EngineError> {
        let line = Arc::new(Line::default());
        let mut state = self.lock();
        let (replica, sequence) = state.cluster.submit(submission, self.inside(now))?;
        state.watch.submitted(replica, sequence.slot(), submission, asked, self.inside(now));
        let lines = &mut state.lines[replica];
        if lines.len() <= sequence.slot() {
            lines.resize(sequence.slot() + 1, None);
        }
        lines[sequence.slot()] = Some(Arc::clone(&line));
        let forecast = self.forecast(&state.cluster, replica, submission, now);
        let next = state.cluster.next_event().map(|at| self.outside(at));
        let wake = state.wake_for(next);
        drop(state);
        if let Some(waker) = wake {
            waker.wake();
        }
        let place = Place { replica, sequence };
        Ok(Live {
            driver: Arc::clone(self),
            line,
            place,
            tokens: submission.output_tokens,
            left: submission.output_tokens,
            ready: VecDeque::new(),
            forecast,
        })
    }

    /// Drops a sequence nobody waits for.
    fn abort(&self, place: Place) {
        let mut state = self.lock();
        if state.cluster.abort(place.replica, place.sequence) {
            state.watch.aborted(place.replica, place.sequence.slot());
        }
    }

    /// What may be expected of a sequence if nobody else comes: whoever waits reads first, then all write together.
    fn forecast(&self, cluster: &Cluster, replica: usize, submission: &Submission, now: Tick) -> Forecast {
        let replica = &cluster.replicas()[replica];
        let mut batch = Batch::default();
        let context = submission.prompt_tokens + submission.output_tokens / 2;
        for _ in 0..=replica.running() {
            batch.add(1, context, self.model.window());
        }
        let gap = self.model.cost(&batch).duration();
        batch.add(submission.prompt_tokens, 0, self.model.window());
        let reading = self.model.cost(&batch).duration() * (replica.waiting() as u32).max(1);
        let scaled = |time: Duration| time.div_f64(self.time_scale);
        Forecast { first: now + scaled(self.model.arrival() + reading), gap_ns: scaled(gap).as_nanos() as u64 }
    }

    /// The engine's time at a tick of the clock.
    fn inside(&self, at: Tick) -> Tick {
        Tick::default() + at.since(self.origin).mul_f64(self.time_scale)
    }

    /// The tick of the clock at a time of the engine's.
    fn outside(&self, at: Tick) -> Tick {
        let nanos = (at.as_nanos() as f64 / self.time_scale).ceil() as u64;
        self.origin + Duration::from_nanos(nanos)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs what has ended by now and hands out what leaves by now; when to come back.
    fn turn(&self, waker: &Waker) {
        let now = self.clock.now();
        let mut wakers = Vec::new();
        let mut state = self.lock();
        state.advance(self, now);
        state.hand_out(now, &mut wakers);
        let steps = state.cluster.next_event().map(|at| self.outside(at));
        let tokens = state.leaving.front().map(|departure| departure.at);
        let next = [steps, tokens].into_iter().flatten().min();
        let until = next.unwrap_or(Tick::from_nanos(u64::MAX));
        state.asleep = Some((until, waker.clone()));
        drop(state);
        if let Some(next) = next {
            self.clock.wake_at(next, waker);
        }
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl State {
    /// Runs every step that has ended by `now`.
    fn advance(&mut self, driver: &Driver, now: Tick) {
        let Self { cluster, lines, leaving, watch, .. } = self;
        watch.during(&driver.model, |tap, eyes| {
            cluster.advance(driver.inside(now), tap, |replica, events| {
                eyes.see(replica, events);
                for event in events {
                    let line = &mut lines[replica][event.sequence.slot()];
                    let Some(line) = (if event.is_last { line.take() } else { line.clone() }) else { continue };
                    leaving.push_back(Departure { at: driver.outside(event.at), line, event: *event });
                }
            });
        });
        // Those of each replica are in order; together they need not be.
        if lines.len() > 1 {
            leaving.make_contiguous().sort_by_key(|departure| departure.at);
        }
    }

    /// Hands out the tokens that leave by `now`.
    fn hand_out(&mut self, now: Tick, wakers: &mut Vec<Waker>) {
        while self.leaving.front().is_some_and(|departure| departure.at <= now) {
            let Some(Departure { at, line, event }) = self.leaving.pop_front() else { return };
            wakers.extend(line.deliver(at, event.tokens, event.cached_tokens, event.is_last));
        }
    }

    /// The task, if it sleeps past `next`.
    fn wake_for(&mut self, next: Option<Tick>) -> Option<Waker> {
        let next = next?;
        self.asleep.take_if(|(until, _)| *until > next).map(|(_, waker)| waker)
    }
}

/// The task: as long as somebody holds the driver.
async fn run(driver: Weak<Driver>) {
    poll_fn(|context| {
        let Some(driver) = driver.upgrade() else { return Poll::Ready(()) };
        driver.turn(context.waker());
        Poll::Pending
    })
    .await;
}
