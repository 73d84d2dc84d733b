//! Runs the physical engine along a clock: takes sequences in as requests come, and hands tokens out as steps end.
//!
//! The engine itself has no clock. Here is one task that sleeps until the next step ends, runs every step that has
//! ended by then, and leaves each token with whoever sends it: one timer for a step, however many sequences are in it.
//! Ticks are absolute, so being woken late delays tokens but never the engine's own time. On a clock that is moved by
//! hand the same task runs in virtual time.

mod caches;
mod contents;
mod drivers;
mod figures;
mod live;
mod submission;
mod watch;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Poll, Waker};
use std::time::Duration;

use fakeai_core::{Clock, Tasks, Tick};
use fakeai_engine::cluster::{Cluster, ClusterEvent, Refusal, RequestId, Tokens};
use fakeai_engine::gpu::{BoardSettings, GpuBoard};
use fakeai_engine::scheduler::Submission;
use fakeai_engine::step::{Batch, StepModel};
use fakeai_engine::{Deployment, EngineError};
use fakeai_events::Feed;
use fakeai_telemetry::engine::Ending;

use caches::Caches;
pub(crate) use drivers::Drivers;
pub(crate) use live::{Admission, Failure, Live, Reading};
use live::{Forecast, Line};
pub(crate) use submission::{Sequence, sequence};
pub(crate) use watch::Asked;
use watch::{Eyes, Watch};

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

/// One cluster on one clock.
#[derive(Debug)]
pub(crate) struct Driver {
    clock: Clock,
    /// The tick of the clock at which the engine's time began.
    origin: Tick,
    time_scale: f64,
    model: StepModel,
    block_tokens: u32,
    tells_caches: bool,
    physics: Physics,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    cluster: Cluster,
    /// By slot of the request: where its tokens go.
    lines: Vec<Option<Arc<Line>>>,
    /// Requests that were admitted since the last look, and how much of their prompts was cached.
    admitted: Vec<(RequestId, Admission)>,
    watch: Watch,
    /// Tells of caches, if somebody wants to know.
    caches: Option<Caches>,
    /// Slots of requests that have ended; used again and again.
    ended: Vec<usize>,
    /// Tokens of steps that ended, which leave later: by the clock's ticks, in order.
    leaving: VecDeque<Departure>,
    /// The task, while it sleeps, and until when.
    asleep: Option<(Tick, Waker)>,
}

#[derive(Debug)]
struct Departure {
    at: Tick,
    line: Arc<Line>,
    parcel: Parcel,
}

/// What is left with whoever waits.
#[derive(Debug)]
enum Parcel {
    Tokens(Tokens),
    /// There will be no more.
    Failure(Failure),
}

impl Driver {
    /// An idle cluster that begins now. Changes of its caches go into `feeds`, one for each rank of each worker; what it
    /// does is counted if `is_watched`.
    pub(crate) fn start(
        physics: &Physics,
        clock: &Clock,
        tasks: &Tasks,
        (feeds, is_watched): (Option<Arc<[Arc<Feed>]>>, bool),
    ) -> Result<Arc<Self>, EngineError> {
        let mut cluster = physics.deployment.cluster()?;
        let block_tokens = physics.deployment.capacity()?.block_tokens;
        let caches = feeds.map(|feeds| {
            Caches::new(feeds, (physics.deployment.data_parallel, block_tokens), dated(clock, clock.now()))
        });
        if caches.is_some() {
            cluster.note_cache_events();
        }
        let model = physics.deployment.step_model();
        let settings = BoardSettings { seed: physics.deployment.settings.seed, ..BoardSettings::default() };
        let board = |worker| GpuBoard::new(&physics.deployment, worker, settings);
        let boards: Vec<GpuBoard> =
            (0..cluster.workers().len() as u32).map(board).collect::<Result<_, EngineError>>()?;
        let driver = Arc::new(Self {
            origin: clock.now(),
            clock: clock.clone(),
            time_scale: physics.time_scale,
            block_tokens,
            tells_caches: caches.is_some(),
            physics: physics.clone(),
            state: Mutex::new(State {
                cluster,
                lines: Vec::new(),
                admitted: Vec::new(),
                watch: Watch::new(boards, &model, physics.time_scale, is_watched),
                caches,
                ended: Vec::new(),
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

    /// Whether somebody wants to know what is in its caches.
    pub(crate) const fn tells_caches(&self) -> bool {
        self.tells_caches
    }

    /// Takes a request in at `now`. Requests of one `session` go to the same worker where they can.
    ///
    /// # Errors
    /// What the cluster refuses.
    pub(crate) fn submit(
        self: &Arc<Self>,
        sequence: Sequence,
        session: Option<u64>,
        asked: Asked,
        now: Tick,
    ) -> Result<Live, Refusal> {
        let Sequence { submission, text } = sequence;
        let line = Arc::new(Line::default());
        let mut state = self.lock();
        let inside = self.inside(now);
        // So that the router sees what is.
        state.advance(self, now);
        let request = match session {
            Some(session) => state.cluster.submit_in_session(&submission, session, inside),
            None => state.cluster.submit(&submission, inside),
        };
        let request = request.inspect_err(|_| state.wake_task(self))?;
        if state.lines.len() <= request.slot() {
            state.lines.resize(request.slot() + 1, None);
        }
        state.lines[request.slot()] = Some(Arc::clone(&line));
        if let Some((caches, text)) = state.caches.as_mut().zip(text) {
            caches.add(request, text);
        }
        let worker = state.cluster.worker_of(request).unwrap_or_default();
        state.watch.submitted(worker, request, &submission, asked, inside);
        let forecast = self.forecast(&state.cluster, worker, &submission, now);
        state.wake_task(self);
        drop(state);
        let tokens = submission.output_tokens;
        Ok(Live { driver: Arc::clone(self), line, request, tokens, left: tokens, ready: VecDeque::new(), forecast })
    }

    /// Looks at the cluster as it is now, by its own time, or changes it.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Cluster, Tick) -> T) -> T {
        let now = self.clock.now();
        let mut state = self.lock();
        state.advance(self, now);
        let changed = change(&mut state.cluster, self.inside(now));
        state.advance(self, now);
        state.wake_task(self);
        changed
    }

    /// Forgets what idle workers have cached. `false` if some worker has blocks in use and keeps what it has.
    pub(crate) fn reset_prefix_caches(&self) -> bool {
        let now = self.clock.now();
        let mut state = self.lock();
        state.advance(self, now);
        let State { cluster, admitted, watch, caches, .. } = &mut *state;
        let watch = &RefCell::new(watch);
        cluster.reset_prefix_caches(&mut Eyes { watch, admitted, caches: caches.as_mut() })
    }

    /// Drops a request nobody waits for.
    fn abort(&self, request: RequestId) {
        let mut state = self.lock();
        let State { cluster, lines, watch, caches, .. } = &mut *state;
        if cluster.abort(request) {
            watch.ended(request, Ending::Abort);
            if let Some(line) = lines.get_mut(request.slot()) {
                *line = None;
            }
            if let Some(caches) = caches {
                caches.abort(request, cluster);
            }
        }
    }

    /// What may be expected of a sequence if nobody else comes: whoever waits reads first, then all write together.
    fn forecast(&self, cluster: &Cluster, worker: usize, submission: &Submission, now: Tick) -> Forecast {
        let replica = &cluster.replicas()[worker];
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
        state.hand_out(self, now, &mut wakers);
        let next = state.next(self);
        state.asleep = Some((next.unwrap_or(Tick::from_nanos(u64::MAX)), waker.clone()));
        drop(state);
        if let Some(next) = next {
            self.clock.wake_at(next, waker);
        }
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl State {
    /// Does everything that has happened by `now`.
    fn advance(&mut self, driver: &Driver, now: Tick) {
        let Self { cluster, lines, leaving, admitted, watch, caches, ended, .. } = self;
        let before = leaving.len();
        if let Some(caches) = caches {
            caches.look_at(dated(&driver.clock, now));
        }
        let watch = &RefCell::new(watch);
        cluster.advance(driver.inside(now), &mut Eyes { watch, admitted, caches: caches.as_mut() }, |event| {
            watch.borrow_mut().happened(&event);
            let (request, at, is_last, parcel) = match event {
                ClusterEvent::Tokens(tokens) => (tokens.request, tokens.at, tokens.is_last, Parcel::Tokens(tokens)),
                ClusterEvent::Lost { request, at, .. } => (request, at, true, Parcel::Failure(Failure::Lost)),
                ClusterEvent::Rejected { request, at, refusal } => {
                    (request, at, true, Parcel::Failure(Failure::Refused(*refusal)))
                }
                _ => return,
            };
            if is_last {
                ended.push(request.slot());
            }
            let Some(line) = lines.get_mut(request.slot()) else { return };
            // A request that was dropped meanwhile has left its line; nobody looks there any more.
            let Some(line) = (if is_last { line.take() } else { line.clone() }) else { return };
            leaving.push_back(Departure { at: driver.outside(at), line, parcel });
        });
        for slot in ended.drain(..) {
            if let Some(caches) = caches {
                caches.finish(slot);
            }
        }
        // Tokens of each worker are in order; together they need not be.
        if leaving.len() > before && cluster.workers().len() > 1 {
            leaving.make_contiguous().sort_by_key(|departure| departure.at);
        }
    }

    /// Hands out what leaves by `now`, and tells who was admitted.
    fn hand_out(&mut self, driver: &Driver, now: Tick, wakers: &mut Vec<Waker>) {
        for (request, admission) in self.admitted.drain(..) {
            if let Some(Some(line)) = self.lines.get(request.slot()) {
                let waited = (driver.model.arrival() + admission.waited).div_f64(driver.time_scale);
                wakers.extend(line.admit(Admission { waited, ..admission }));
            }
        }
        while self.leaving.front().is_some_and(|departure| departure.at <= now) {
            let Some(Departure { at, line, parcel }) = self.leaving.pop_front() else { return };
            wakers.extend(match parcel {
                Parcel::Tokens(tokens) => line.deliver(at, tokens.tokens, tokens.cached_tokens, tokens.is_last),
                Parcel::Failure(failure) => line.fail(failure),
            });
        }
    }

    /// When there is something to do next, by the clock.
    fn next(&self, driver: &Driver) -> Option<Tick> {
        let happens = self.cluster.next_event().map(|at| driver.outside(at));
        let leaves = self.leaving.front().map(|departure| departure.at);
        [happens, leaves].into_iter().flatten().min()
    }

    /// Wakes the task if it sleeps past what comes next.
    fn wake_task(&mut self, driver: &Driver) {
        let Some(next) = self.next(driver) else { return };
        if let Some((_, waker)) = self.asleep.take_if(|(until, _)| *until > next) {
            waker.wake();
        }
    }
}

/// A tick with its date in seconds since 1970.
fn dated(clock: &Clock, now: Tick) -> (Tick, f64) {
    (now, clock.unix_nanos() as f64 / 1e9)
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
