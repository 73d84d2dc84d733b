//! How each key fares with its limits: what it asked for, what it was refused, how it behaved then. Keys are known by
//! their fingerprints.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fakeai_core::Tick;
use fakeai_guard::Measure;
use rustc_hash::FxHashMap;

/// Keys that are told apart; what is beyond counts as one of the name `other`.
const MOST_KEYS: usize = 1000;
/// Who sends no key.
const ANONYMOUS: &str = "anonymous";
/// Upper ends of the ranges of waits, seconds; the last range has none.
pub(crate) const WAITS: [u64; 6] = [1, 5, 10, 30, 60, 300];

/// How one key fares.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fared {
    /// When it first asked.
    pub first: Tick,
    /// Requests it made.
    pub attempted: u64,
    /// Of those, refused.
    pub throttled: u64,
    /// Refused for requests, tokens and pictures.
    pub exceeded: [u64; 3],
    /// Tokens it asked for by estimate, and those it used.
    pub tokens_requested: u64,
    pub tokens_used: u64,
    /// Requests made before the time it was told to wait had passed.
    pub retries: u64,
    /// The most of those within a minute.
    pub peak_retries: u64,
    /// Most requests in a second.
    pub peak_burst: u64,
    /// What it was told to wait: sum, longest, and how often in each range of [`WAITS`].
    pub waited: Duration,
    pub longest_wait: Duration,
    pub waits: [u64; 7],
    /// Most of its quota of requests and of tokens that was in use, 0 to 1.
    pub peak_use: [f64; 2],
    /// When it may come back.
    back: Tick,
    second: (u64, u64),
    minute: (u64, u64),
}

impl Fared {
    /// Requests that were let through.
    pub(crate) const fn allowed(&self) -> u64 {
        self.attempted - self.throttled
    }

    /// The share of requests that was refused.
    pub(crate) fn throttle_rate(&self) -> f64 {
        if self.attempted == 0 { 0.0 } else { self.throttled as f64 / self.attempted as f64 }
    }

    fn attempt(&mut self, tokens: u64, now: Tick) {
        if self.attempted == 0 {
            self.first = now;
        }
        self.attempted += 1;
        self.tokens_requested = self.tokens_requested.saturating_add(tokens);
        self.peak_burst = self.peak_burst.max(count(&mut self.second, now, 1));
        if now < self.back {
            self.retries += 1;
            self.peak_retries = self.peak_retries.max(count(&mut self.minute, now, 60));
        }
    }

    fn refuse(&mut self, measure: Measure, wait: Option<Duration>, now: Tick) {
        self.throttled += 1;
        let kind = ["requests", "tokens", "images"].iter().position(|kind| *kind == measure.kind());
        self.exceeded[kind.unwrap_or_default()] += 1;
        // What is larger than the limit itself has no time to come back at.
        let Some(wait) = wait else { return };
        self.back = now + wait;
        self.waited += wait;
        self.longest_wait = self.longest_wait.max(wait);
        let range = WAITS.iter().position(|end| wait <= Duration::from_secs(*end)).unwrap_or(WAITS.len());
        self.waits[range] += 1;
    }
}

/// Counts one more in the span of so many seconds in which `now` lies.
fn count((span, number): &mut (u64, u64), now: Tick, seconds: u64) -> u64 {
    let current = now.as_nanos() / (seconds * 1_000_000_000);
    if *span != current {
        (*span, *number) = (current, 0);
    }
    *number += 1;
    *number
}

/// How all keys fare.
#[derive(Debug, Default)]
pub(super) struct Throttles(Mutex<FxHashMap<Arc<str>, Fared>>);

impl Throttles {
    /// A key was let through; `used` are the shares of its quotas of requests and tokens that are then in use.
    pub(super) fn allow(&self, key: Option<&Arc<str>>, tokens: u64, used: [f64; 2], now: Tick) {
        self.change(key, |fared| {
            fared.attempt(tokens, now);
            for (peak, used) in fared.peak_use.iter_mut().zip(used) {
                *peak = peak.max(used);
            }
        });
    }

    /// A key was refused.
    pub(super) fn refuse(
        &self,
        key: Option<&Arc<str>>,
        tokens: u64,
        (measure, wait): (Measure, Option<Duration>),
        now: Tick,
    ) {
        self.change(key, |fared| {
            fared.attempt(tokens, now);
            fared.refuse(measure, wait, now);
        });
    }

    /// A request of a key has ended.
    pub(super) fn settle(&self, key: Option<&Arc<str>>, tokens: u64) {
        self.change(key, |fared| fared.tokens_used = fared.tokens_used.saturating_add(tokens));
    }

    /// All of them in the order of their names.
    pub(super) fn all(&self) -> Vec<(Arc<str>, Fared)> {
        let mut all: Vec<_> = self.lock().iter().map(|(key, fared)| (Arc::clone(key), fared.clone())).collect();
        all.sort_by(|(left, _), (right, _)| left.cmp(right));
        all
    }

    fn change(&self, key: Option<&Arc<str>>, change: impl FnOnce(&mut Fared)) {
        let mut all = self.lock();
        let name = key.map_or(ANONYMOUS, |key| &**key);
        let name = if all.len() < MOST_KEYS || all.contains_key(name) { name } else { "other" };
        if let Some(fared) = all.get_mut(name) {
            change(fared);
            return;
        }
        let mut fared = Fared::default();
        change(&mut fared);
        all.insert(name.into(), fared);
    }

    fn lock(&self) -> MutexGuard<'_, FxHashMap<Arc<str>, Fared>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
