//! The tokens of one sequence on their way from the driver to whoever sends them.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use fakeai_core::Tick;
use fakeai_engine::cluster::{Refusal, RequestId};
use fakeai_engine::{Flow, Readiness};

use super::Driver;

/// Later than every tick: when a token comes is not known yet.
const UNKNOWN: Tick = Tick::from_nanos(u64::MAX);

/// One sequence under way. Dropped before its last token, it leaves the engine.
#[derive(Debug)]
pub(crate) struct Live {
    pub(super) driver: Arc<Driver>,
    pub(super) line: Arc<Line>,
    pub(super) request: RequestId,
    /// Tokens of the sequence.
    pub(super) tokens: u32,
    /// Of those, the ones that were not taken yet.
    pub(super) left: u32,
    /// The ones that are ready: tick and count.
    pub(super) ready: VecDeque<(Tick, u32)>,
    /// When it may be expected to be ready: of the first token, and from one to the next.
    pub(super) forecast: Forecast,
}

/// Why a request gets no more tokens.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Failure {
    /// Its worker failed.
    Lost,
    /// It waited at the router, and was refused after all.
    Refused(Refusal),
}

/// What can be said of token times beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Forecast {
    /// The first token.
    pub(super) first: Tick,
    /// Nanoseconds from one to the next.
    pub(super) gap_ns: u64,
}

/// A request that the engine has begun to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Admission {
    /// The worker that reads it.
    pub(crate) worker: usize,
    /// How long it waited since it was submitted, by the clock.
    pub(crate) waited: Duration,
    /// Tokens of it that were cached.
    pub(crate) cached_tokens: u32,
}

/// Where the driver leaves tokens.
#[derive(Debug, Default)]
pub(super) struct Line(Mutex<Mailbox>);

#[derive(Debug, Default)]
struct Mailbox {
    ready: VecDeque<(Tick, u32)>,
    /// Prompt tokens found in the cache, once that is known.
    cached: Option<u32>,
    admission: Option<Admission>,
    has_ended: bool,
    failure: Option<Failure>,
    waker: Option<Waker>,
}

impl Line {
    fn lock(&self) -> MutexGuard<'_, Mailbox> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The request was admitted; the first time counts.
    pub(super) fn admit(&self, admission: Admission) -> Option<Waker> {
        let mut mailbox = self.lock();
        mailbox.admission.get_or_insert(admission);
        mailbox.cached.get_or_insert(admission.cached_tokens);
        mailbox.waker.take()
    }

    /// There will be no more tokens.
    pub(super) fn fail(&self, failure: Failure) -> Option<Waker> {
        let mut mailbox = self.lock();
        mailbox.has_ended = true;
        mailbox.cached.get_or_insert(0);
        mailbox.failure = Some(failure);
        mailbox.waker.take()
    }

    /// Tokens are ready since `at`. Whoever waits for them is to be woken.
    pub(super) fn deliver(&self, at: Tick, tokens: u32, cached_tokens: u32, is_last: bool) -> Option<Waker> {
        let mut mailbox = self.lock();
        mailbox.cached.get_or_insert(cached_tokens);
        mailbox.ready.push_back((at, tokens));
        mailbox.has_ended |= is_last;
        mailbox.waker.take()
    }
}

impl Live {
    /// The tick the next token is ready at: long past the end of time while nobody knows, `None` if all were taken.
    pub(crate) fn next(&mut self) -> Option<Tick> {
        if self.left == 0 {
            return None;
        }
        if self.ready.is_empty() {
            std::mem::swap(&mut self.ready, &mut self.line.lock().ready);
        }
        Some(self.ready.front().map_or(UNKNOWN, |(at, _)| *at))
    }

    /// The state of the next token.
    pub(crate) fn poll(&mut self, now: Tick) -> Readiness {
        match self.next() {
            None => Readiness::Done,
            Some(at) if at <= now => Readiness::Ready(at),
            Some(at) => Readiness::At(at),
        }
    }

    /// Takes the next token, which is ready.
    pub(crate) fn take(&mut self) {
        if let Some((_, tokens)) = self.ready.front_mut() {
            *tokens -= 1;
            self.left -= 1;
            if *tokens == 0 {
                self.ready.pop_front();
            }
        }
    }

    /// Wakes `waker` at the next news. True if there is some already.
    pub(crate) fn listen(&self, waker: &Waker) -> bool {
        let mut mailbox = self.line.lock();
        if !mailbox.ready.is_empty() || (mailbox.failure.is_some() && self.left > 0) {
            return true;
        }
        match &mut mailbox.waker {
            Some(known) => known.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
        false
    }

    /// Why the tokens that were not taken never come, once those that came were.
    pub(crate) fn failure(&self) -> Option<Failure> {
        let mailbox = self.line.lock();
        mailbox.failure.clone().filter(|_| self.left > 0 && self.ready.is_empty() && mailbox.ready.is_empty())
    }

    /// Waits until the last token is ready; the ticks of the first and the last.
    pub(crate) async fn finish(&mut self) -> Result<Option<(Tick, Tick)>, Failure> {
        let mut span = None;
        poll_fn(|context| {
            loop {
                while let Some((at, tokens)) = self.ready.pop_front() {
                    self.left = self.left.saturating_sub(tokens);
                    span = Some((span.map_or(at, |(first, _)| first), at));
                }
                if self.next().is_none() {
                    return Poll::Ready(Ok(span));
                }
                if let Some(failure) = self.failure() {
                    return Poll::Ready(Err(failure));
                }
                if self.ready.is_empty() && !self.listen(context.waker()) {
                    return Poll::Pending;
                }
            }
        })
        .await
    }

    /// How the engine reads its prompt.
    pub(crate) fn reading(&self) -> Reading {
        Reading(Arc::clone(&self.line))
    }

    /// When its tokens may be expected.
    pub(crate) fn forecast(&self) -> Flow {
        let Forecast { first, gap_ns } = self.forecast;
        let tick = |token: u32| first + Duration::from_nanos(gap_ns * u64::from(token));
        Flow::given((0..self.tokens).map(tick).collect())
    }

    /// Lets the engine go on with it although nobody waits for its tokens: it was scheduled by its forecast.
    pub(crate) fn detach(mut self) {
        self.left = 0;
    }
}

/// How the engine reads a prompt.
#[derive(Clone, Debug)]
pub(crate) struct Reading(Arc<Line>);

impl Reading {
    /// Waits until the engine has begun to read it, and knows how much of it is cached.
    pub(crate) async fn begun(&self) {
        poll_fn(|context| {
            let mut mailbox = self.0.lock();
            if mailbox.cached.is_some() {
                return Poll::Ready(());
            }
            mailbox.waker = Some(context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    /// When and where the engine began to read it, if it has.
    pub(crate) fn admission(&self) -> Option<Admission> {
        self.0.lock().admission
    }

    /// Tokens of it that were cached; 0 before that is known.
    pub(crate) fn cached_tokens(&self) -> u32 {
        self.0.lock().cached.unwrap_or(0)
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        if self.left > 0 && !self.line.lock().has_ended {
            self.driver.abort(self.request);
        }
    }
}
