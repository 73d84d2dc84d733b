//! Where records go: totals for ever, single records for a minute.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fakeai_core::{Sharded, Tick};
use rustc_hash::FxHashMap;

use crate::engine::Requests;
use crate::histogram::{Buckets, Pacing};
use crate::record::{Outcome, Record};

/// How long single records are kept, and the most of them.
pub const WINDOW: Duration = Duration::from_secs(60);
const MOST_RECENT: usize = 100_000;
/// Models beyond this many are counted as `other`: clients may invent names without end.
const MOST_MODELS: usize = 500;

/// One record per request. Each thread writes to a shard that few others write to, so that threads neither wait for one
/// another nor take pages of the ledger out of each other's caches.
#[derive(Debug)]
pub struct Ledger {
    shards: Sharded<Mutex<Shard>>,
    /// Shards that hold something; they share the room there is for single records.
    used: AtomicUsize,
    /// Streams begun less streams ended, which may be on another thread.
    active_streams: Sharded<AtomicI64>,
    pacing: Pacing,
    enabled: bool,
}

#[derive(Debug, Default)]
struct Shard {
    recent: VecDeque<Record>,
    totals: FxHashMap<Key, Totals>,
    /// Requests being answered, by model: begun on this shard less ended on it.
    active: FxHashMap<Arc<str>, i64>,
}

/// What totals are kept by.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The endpoint's path.
    pub endpoint: &'static str,
    /// The model, empty where there is none.
    pub model: Arc<str>,
    /// The HTTP status.
    pub status: u16,
    /// The error's kind, empty on success.
    pub error: &'static str,
}

/// Everything counted under one [`Key`] since the start.
#[derive(Clone, Debug)]
pub struct Totals {
    /// Requests ended.
    pub requests: u64,
    /// Of those, streamed.
    pub streams: u64,
    /// Of those, left by the client before their end.
    pub client_closed: u64,
    /// Prompt tokens.
    pub prompt_tokens: u64,
    /// Prompt tokens found in the cache.
    pub cached_tokens: u64,
    /// Tokens written.
    pub completion_tokens: u64,
    /// US dollars.
    pub cost_usd: f64,
    /// Seconds from arrival to end.
    pub latency: Buckets,
    /// Seconds from arrival to first token, of streams.
    pub ttft: Buckets,
    /// Mean seconds between tokens, of streams.
    pub itl: Buckets,
    /// What engines count of requests, if tokens were written.
    pub written: Option<Box<Requests>>,
}

impl Default for Totals {
    fn default() -> Self {
        Self {
            requests: 0,
            streams: 0,
            client_closed: 0,
            prompt_tokens: 0,
            cached_tokens: 0,
            completion_tokens: 0,
            cost_usd: 0.0,
            latency: Buckets::new(Buckets::LATENCY_SECONDS),
            ttft: Buckets::new(Buckets::TTFT_SECONDS),
            itl: Buckets::new(Buckets::ITL_SECONDS),
            written: None,
        }
    }
}

impl Totals {
    fn add(&mut self, record: &Record) {
        self.requests += 1;
        self.streams += u64::from(record.stream);
        self.client_closed += u64::from(record.outcome == Outcome::ClientClosed);
        self.prompt_tokens += u64::from(record.tokens.prompt);
        self.cached_tokens += u64::from(record.tokens.cached);
        self.completion_tokens += u64::from(record.tokens.completion);
        self.cost_usd += record.cost_usd;
        self.latency.observe(record.latency_seconds());
        if record.stream {
            record.ttft_seconds().into_iter().for_each(|ttft| self.ttft.observe(ttft));
            record.itl_seconds().into_iter().for_each(|itl| self.itl.observe(itl));
        }
        if record.tokens.completion > 0 {
            self.written.get_or_insert_default().add(record);
        }
    }

    /// Adds other totals to these.
    pub fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        self.streams += other.streams;
        self.client_closed += other.client_closed;
        self.prompt_tokens += other.prompt_tokens;
        self.cached_tokens += other.cached_tokens;
        self.completion_tokens += other.completion_tokens;
        self.cost_usd += other.cost_usd;
        self.latency.merge(&other.latency);
        self.ttft.merge(&other.ttft);
        self.itl.merge(&other.itl);
        if let Some(written) = &other.written {
            self.written.get_or_insert_default().merge(written);
        }
    }
}

impl Ledger {
    /// An empty ledger; a disabled one keeps nothing.
    pub fn new(enabled: bool) -> Self {
        Self {
            shards: Sharded::default(),
            used: AtomicUsize::new(0),
            active_streams: Sharded::default(),
            pacing: Pacing::default(),
            enabled,
        }
    }

    /// Writes one request down.
    pub fn add(&self, record: Record) {
        if !self.enabled {
            return;
        }
        let mut shard = lock(self.shards.own());
        if shard.totals.is_empty() {
            self.used.fetch_add(1, Ordering::Relaxed);
        }
        shard.add(record, MOST_RECENT / self.used.load(Ordering::Relaxed).max(1));
    }

    /// Counts a request in whose answer is being written; its record counts it out.
    pub fn begin(&self, model: &Arc<str>) {
        if self.enabled {
            let mut shard = lock(self.shards.own());
            let model = shard.active_name(model);
            *shard.active.entry(model).or_default() += 1;
        }
    }

    /// Requests being answered now, by model.
    pub fn active(&self) -> BTreeMap<Arc<str>, u64> {
        let mut all: BTreeMap<Arc<str>, i64> = BTreeMap::new();
        for shard in self.shards.iter() {
            for (model, count) in &lock(shard).active {
                *all.entry(Arc::clone(model)).or_default() += count;
            }
        }
        all.into_iter().filter_map(|(model, count)| Some((model, u64::try_from(count).ok()?))).collect()
    }

    /// What was written since the start, by model.
    pub fn written(&self) -> BTreeMap<Arc<str>, Requests> {
        let mut all: BTreeMap<Arc<str>, Requests> = BTreeMap::new();
        for shard in self.shards.iter() {
            for (key, totals) in &lock(shard).totals {
                if let Some(written) = &totals.written {
                    all.entry(Arc::clone(&key.model)).or_default().merge(written);
                }
            }
        }
        all
    }

    /// Counts a stream in (`true`) or out.
    pub fn stream_active(&self, active: bool) {
        self.active_streams.own().fetch_add(if active { 1 } else { -1 }, Ordering::Relaxed);
    }

    /// Streams being written now.
    pub fn active_streams(&self) -> i64 {
        self.active_streams.iter().map(|streams| streams.load(Ordering::Relaxed)).sum()
    }

    /// How late tokens leave.
    pub const fn pacing(&self) -> &Pacing {
        &self.pacing
    }

    /// Totals since the start, in a stable order.
    pub fn totals(&self) -> Vec<(Key, Totals)> {
        let mut all: FxHashMap<Key, Totals> = FxHashMap::default();
        for shard in self.shards.iter() {
            for (key, totals) in &lock(shard).totals {
                all.entry(key.clone()).or_default().merge(totals);
            }
        }
        let mut all: Vec<_> = all.into_iter().collect();
        all.sort_by(|(left, _), (right, _)| left.cmp(right));
        all
    }

    /// The records of the last [`WINDOW`] before `now`, by time of their end.
    pub fn recent(&self, now: Tick) -> Vec<Record> {
        let mut records = Vec::new();
        for shard in self.shards.iter() {
            let shard = lock(shard);
            records.extend(shard.recent.iter().filter(|record| now.since(record.ended) <= WINDOW).cloned());
        }
        records.sort_by_key(|record| record.ended);
        records
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shard {
    /// The name under which requests of a model are counted while they are answered. Those that end on another shard
    /// than they began on leave a number on both, so names are limited here too; beyond the limit the number of others
    /// is only about right.
    fn active_name(&self, model: &Arc<str>) -> Arc<str> {
        let is_kept = self.active.len() < MOST_MODELS || self.active.contains_key(model);
        if is_kept { Arc::clone(model) } else { Arc::from("other") }
    }

    /// Counts a request out that [`Ledger::begin`] counted in, mostly on this shard.
    fn end(&mut self, model: &Arc<str>) {
        match self.active.entry(self.active_name(model)) {
            Entry::Occupied(entry) if *entry.get() == 1 => drop(entry.remove()),
            entry => *entry.or_default() -= 1,
        }
    }

    fn add(&mut self, mut record: Record, most_recent: usize) {
        if let Some(model) = record.model.as_ref().filter(|_| record.has_begun) {
            self.end(model);
        }
        let key = self.key(&record);
        let totals = self.totals.entry(key);
        // The name in hand is this request's own; kept for a minute it would only lie about and grow cold.
        if record.model.is_some() && record.model.as_deref() == Some(&*totals.key().model) {
            record.model = Some(Arc::clone(&totals.key().model));
        }
        totals.or_default().add(&record);
        let old = |oldest: &Record| record.ended.since(oldest.ended) > WINDOW;
        while self.recent.len() >= most_recent || self.recent.front().is_some_and(old) {
            self.recent.pop_front();
        }
        self.recent.push_back(record);
    }

    fn key(&self, record: &Record) -> Key {
        let error = match record.outcome {
            Outcome::Error(kind) => kind,
            Outcome::ClientClosed => "client_closed",
            Outcome::Success => "",
        };
        let model = record.model.clone().unwrap_or_default();
        let key = Key { endpoint: record.endpoint, model, status: record.status, error };
        if self.totals.len() < MOST_MODELS || self.totals.contains_key(&key) {
            key
        } else {
            Key { model: Arc::from("other"), ..key }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::record::Tokens;

    pub(crate) fn record(endpoint: &'static str, seconds: u64) -> Record {
        Record {
            endpoint,
            model: Some(Arc::from("gpt-4o")),
            workspace: Arc::from("default"),
            status: 200,
            outcome: Outcome::Success,
            stream: true,
            arrived: Tick::from_nanos(seconds * 1_000_000_000),
            first_token: Some(Tick::from_nanos(seconds * 1_000_000_000 + 20_000_000)),
            ended: Tick::from_nanos(seconds * 1_000_000_000 + 70_000_000),
            tokens: Tokens { prompt: 10, cached: 0, completion: 11, reasoning: 0, delivered: 11 },
            is_cut: false,
            has_begun: false,
            cost_usd: 0.001,
        }
    }

    #[test]
    fn totals_stay_and_records_go() {
        let ledger = Ledger::new(true);
        for seconds in 0..100 {
            ledger.add(record("/v1/chat/completions", seconds));
        }
        let totals = ledger.totals();
        assert_eq!((totals.len(), totals[0].1.requests, totals[0].1.completion_tokens), (1, 100, 1100));
        let now = Tick::from_nanos(100_000_000_000);
        let recent = ledger.recent(now);
        assert_eq!(recent.len(), 60);
        assert!(recent.iter().all(|record| record.itl_seconds() == Some(0.005)));
    }

    #[test]
    fn invented_models_do_not_grow_it_without_end() {
        let ledger = Ledger::new(true);
        for number in 0..20_000 {
            let mut record = record("/v1/chat/completions", 1);
            record.model = Some(Arc::from(format!("invented-{number}")));
            ledger.add(record);
        }
        let totals = ledger.totals();
        assert!(totals.len() <= MOST_MODELS + 1);
        assert_eq!(totals.iter().map(|(_, totals)| totals.requests).sum::<u64>(), 20_000);
    }

    #[test]
    fn a_disabled_ledger_keeps_nothing() {
        let ledger = Ledger::new(false);
        ledger.add(record("/v1/models", 1));
        assert!(ledger.totals().is_empty());
    }
}
