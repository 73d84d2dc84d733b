//! The views by model: what each was asked, compared and ranked.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fakeai_core::Tick;
use serde::Serialize;

use super::dates::Dates;
use super::spread::Percentiles;
use crate::archive::Archive;
use crate::ledger::Ledger;
use crate::slim::Slim;
use crate::totals::{Key, Totals};

/// How far back percentiles by model look.
const HOUR: Duration = Duration::from_secs(3600);

/// One model since the start, `GET /metrics/by-model/{id}`, in the original system's shape.
#[derive(Clone, Debug, Serialize)]
pub struct ModelMetrics {
    /// Its id.
    pub model: String,
    /// Requests ended.
    pub request_count: u64,
    /// Tokens read and written.
    pub tokens: ModelTokens,
    /// From arrival to end. Percentiles are those of the last hour, or since the start if there was no request in it.
    pub latency: Percentiles,
    /// From arrival to the first token of streams, in the same way; `null` without streams.
    pub ttft: Option<Percentiles>,
    /// Refused or failed.
    pub errors: ModelErrors,
    /// US dollars.
    pub cost: ModelCost,
    /// Requests by endpoint.
    pub endpoints: BTreeMap<&'static str, u64>,
    /// Requests by fingerprint of the key, as far as callers are told apart.
    pub users: BTreeMap<Arc<str>, u64>,
    /// Streams among the requests.
    pub streams: u64,
    /// Requests left by the client.
    pub client_closed: u64,
    /// Seconds since the first request ended.
    pub uptime_seconds: f64,
    /// When the first ended.
    pub first_request: String,
    /// When the last ended.
    pub last_request: String,
}

/// Tokens of one model.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct ModelTokens {
    /// Read.
    pub prompt: u64,
    /// Written.
    pub completion: u64,
    /// Both.
    pub total: u64,
    /// Of those read, found in the cache.
    pub cached: u64,
    /// Of those written, thought.
    pub reasoning: u64,
    /// Of those written, predicted by clients.
    pub accepted: u64,
    /// Predicted and not written.
    pub rejected: u64,
    /// Sound, read and written.
    pub audio: u64,
}

/// Errors of one model.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ModelErrors {
    /// How many.
    pub count: u64,
    /// Of a hundred requests.
    pub rate_percent: f64,
}

/// Cost of one model.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ModelCost {
    /// Of all requests.
    pub total_usd: f64,
    /// Mean of a request.
    pub per_request_usd: f64,
}

/// What is summed of a model under the lock.
#[derive(Debug, Default)]
pub(super) struct Account {
    pub(super) totals: Totals,
    pub(super) errors: u64,
    pub(super) endpoints: BTreeMap<&'static str, u64>,
    users: BTreeMap<Arc<str>, u64>,
    latency: Slim,
    ttft: Slim,
}

impl Account {
    fn add(&mut self, key: &Key, totals: &Totals) {
        self.totals.merge(totals);
        if is_error(key) {
            self.errors += totals.requests;
        }
        *self.endpoints.entry(key.endpoint).or_default() += totals.requests;
    }

    /// Every model of `archive`.
    pub(super) fn all(archive: &Archive, dates: Dates) -> BTreeMap<Arc<str>, Self> {
        let mut all: BTreeMap<Arc<str>, Self> = BTreeMap::new();
        for (key, totals) in archive.totals().into_iter().filter(|(key, _)| !key.model.is_empty()) {
            all.entry(Arc::clone(&key.model)).or_default().add(key, totals);
        }
        for (model, caller, totals) in archive.callers() {
            if let Some((account, key)) = all.get_mut(model).zip(caller.key.as_ref()) {
                *account.users.entry(Arc::clone(key)).or_default() += totals.requests;
            }
        }
        for (model, account) in &mut all {
            account.look_back(archive, model, dates);
        }
        all
    }

    fn look_back(&mut self, archive: &Archive, model: &str, dates: Dates) {
        let Some(ring) = archive.model_minutes(model) else { return };
        for (_, sums) in ring.spans(dates.ago(HOUR), dates.now()) {
            self.latency.merge(&sums.latency);
            self.ttft.merge(&sums.ttft);
        }
    }
}

/// Whether totals of this key are of requests that were refused or failed.
pub(super) fn is_error(key: &Key) -> bool {
    !key.error.is_empty() && key.error != "client_closed"
}

/// Requests of a hundred; 0 of none.
pub(super) fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}

impl ModelMetrics {
    fn of(model: &str, account: Account, dates: Dates) -> Self {
        let Account { totals, errors, endpoints, users, latency, ttft } = account;
        let spread = |slim: &Slim, buckets| {
            if slim.count() > 0 { Percentiles::of_slim(slim) } else { Percentiles::of_buckets(buckets) }
        };
        // The mean is that of all requests, however old.
        let latency = Percentiles { avg_ms: totals.latency.mean() * 1e3, ..spread(&latency, &totals.latency) };
        let ttft = (totals.ttft.count() > 0)
            .then(|| Percentiles { avg_ms: totals.ttft.mean() * 1e3, ..spread(&ttft, &totals.ttft) });
        Self {
            model: model.to_owned(),
            request_count: totals.requests,
            tokens: ModelTokens {
                prompt: totals.prompt_tokens,
                completion: totals.completion_tokens,
                total: totals.prompt_tokens + totals.completion_tokens,
                cached: totals.cached_tokens,
                reasoning: totals.reasoning_tokens,
                accepted: totals.accepted_tokens,
                rejected: totals.rejected_tokens,
                audio: totals.audio_tokens,
            },
            latency,
            ttft,
            errors: ModelErrors { count: errors, rate_percent: percent(errors, totals.requests) },
            cost: ModelCost {
                total_usd: totals.cost_usd,
                per_request_usd: totals.cost_usd / totals.requests.max(1) as f64,
            },
            endpoints,
            users,
            streams: totals.streams,
            client_closed: totals.client_closed,
            uptime_seconds: dates.now().since(totals.first.min(dates.now())).as_secs_f64(),
            first_request: dates.text(known(totals.first, dates)),
            last_request: dates.text(totals.last),
        }
    }

    /// Every model that was asked, by its id.
    pub fn all(ledger: &Ledger, dates: Dates) -> BTreeMap<Arc<str>, Self> {
        let accounts = ledger.look(|archive| Account::all(archive, dates));
        let metrics = |(model, account): (Arc<str>, _)| (Arc::clone(&model), Self::of(&model, account, dates));
        accounts.into_iter().map(metrics).collect()
    }

    /// One model, if it was asked.
    pub fn get(ledger: &Ledger, model: &str, dates: Dates) -> Option<Self> {
        Self::all(ledger, dates).remove(model)
    }
}

/// The tick of a first request; totals without any have one beyond all time.
fn known(first: Tick, dates: Dates) -> Tick {
    first.min(dates.now())
}

/// Two models side by side, `GET /metrics/compare`.
#[derive(Debug, Serialize)]
pub struct Comparison {
    /// The first.
    pub model1: String,
    /// The second.
    pub model2: String,
    /// By figure.
    pub comparison: BTreeMap<&'static str, Compared>,
    /// The better one by latency, error rate and cost of a request; `tie` where they are equal.
    pub winner: Winners,
}

/// One figure of two models.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Compared {
    /// The first model's.
    pub model1: f64,
    /// The second model's.
    pub model2: f64,
    /// By how much the second is greater.
    pub delta: f64,
    /// The same in percent of the first; `null` if that is 0.
    pub percent_change: Option<f64>,
}

/// Which of two models is better.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Winners {
    /// The quicker one.
    pub latency: String,
    /// The one with fewer errors among its requests.
    pub error_rate: String,
    /// The one whose requests cost less.
    pub cost_efficiency: String,
}

impl Compared {
    fn of(model1: f64, model2: f64) -> Self {
        let delta = model2 - model1;
        let percent_change = (model1 != 0.0).then(|| delta / model1 * 100.0);
        Self { model1, model2, delta, percent_change }
    }
}

impl Comparison {
    /// The second beside the first.
    pub fn of(one: &ModelMetrics, two: &ModelMetrics) -> Self {
        type Figure = (&'static str, fn(&ModelMetrics) -> f64);
        let figures: [Figure; 6] = [
            ("request_count", |model| model.request_count as f64),
            ("avg_latency_ms", |model| model.latency.avg_ms),
            ("error_rate_percent", |model| model.errors.rate_percent),
            ("total_cost_usd", |model| model.cost.total_usd),
            ("cost_per_request_usd", |model| model.cost.per_request_usd),
            ("total_tokens", |model| model.tokens.total as f64),
        ];
        let comparison: BTreeMap<_, _> =
            figures.into_iter().map(|(name, of)| (name, Compared::of(of(one), of(two)))).collect();
        let lower = |name: &str| match comparison[name].delta {
            delta if delta > 0.0 => one.model.clone(),
            delta if delta < 0.0 => two.model.clone(),
            _ => "tie".to_owned(),
        };
        let winner = Winners {
            latency: lower("avg_latency_ms"),
            error_rate: lower("error_rate_percent"),
            cost_efficiency: lower("cost_per_request_usd"),
        };
        Self { model1: one.model.clone(), model2: two.model.clone(), comparison, winner }
    }
}

/// What models are ranked by, `GET /metrics/ranking`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RankBy {
    /// Most requests first.
    RequestCount,
    /// Fastest first, by the mean.
    Latency,
    /// Fewest errors among its requests first.
    ErrorRate,
    /// Most expensive first.
    Cost,
    /// Most tokens first.
    Tokens,
}

impl RankBy {
    /// What it is called in a query.
    pub const WORDS: [(&'static str, Self); 5] = [
        ("request_count", Self::RequestCount),
        ("latency", Self::Latency),
        ("error_rate", Self::ErrorRate),
        ("cost", Self::Cost),
        ("tokens", Self::Tokens),
    ];

    fn value(self, model: &ModelMetrics) -> f64 {
        match self {
            Self::RequestCount => model.request_count as f64,
            Self::Latency => model.latency.avg_ms,
            Self::ErrorRate => model.errors.rate_percent,
            Self::Cost => model.cost.total_usd,
            Self::Tokens => model.tokens.total as f64,
        }
    }

    const fn is_best_low(self) -> bool {
        matches!(self, Self::Latency | Self::ErrorRate)
    }
}

/// One place of a ranking.
#[derive(Debug, Serialize)]
pub struct Ranked {
    /// From 1.
    pub rank: usize,
    /// What it is ranked by: requests, milliseconds, percent, US dollars or tokens.
    pub value: f64,
    /// The model.
    #[serde(flatten)]
    pub metrics: ModelMetrics,
}

impl Ranked {
    /// At most `limit` of `models`; equal ones in order of their ids.
    pub fn all(models: BTreeMap<Arc<str>, ModelMetrics>, by: RankBy, limit: usize) -> Vec<Self> {
        let mut models: Vec<ModelMetrics> = models.into_values().collect();
        models.sort_by(|left, right| {
            let order = by.value(left).total_cmp(&by.value(right));
            if by.is_best_low() { order } else { order.reverse() }
        });
        let places = models.into_iter().take(limit).zip(1..);
        places.map(|(metrics, rank)| Self { rank, value: by.value(&metrics), metrics }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::tests::record;
    use crate::record::{Caller, Outcome};

    const CHAT: &str = "/v1/chat/completions";

    fn asked(ledger: &Ledger, model: &str, milliseconds: u64, cost_usd: f64, fails: bool) {
        let mut record = record(CHAT, 1);
        record.model = Some(Arc::from(model));
        record.ended = record.arrived + Duration::from_millis(milliseconds);
        record.cost_usd = cost_usd;
        record.caller = Some(Arc::new(Caller { key: Some(Arc::from("key-00000001")), ..Caller::default() }));
        if fails {
            (record.outcome, record.status) = (Outcome::Error("server_error"), 500);
        }
        ledger.add(record);
    }

    fn dates() -> Dates {
        let clock = fakeai_core::Clock::manual(1_735_689_600);
        clock.advance(Duration::from_secs(10));
        Dates::of(&clock)
    }

    fn ledger() -> Ledger {
        let ledger = Ledger::new(true);
        for fails in [false, false, false, true] {
            asked(&ledger, "slow", 400, 0.01, fails);
        }
        asked(&ledger, "quick", 100, 0.05, false);
        ledger
    }

    #[test]
    fn a_model_has_its_own_numbers() {
        let slow = ModelMetrics::get(&ledger(), "slow", dates()).unwrap();
        assert_eq!((slow.request_count, slow.tokens.total, slow.errors.count), (4, 84, 1));
        assert!((slow.errors.rate_percent - 25.0).abs() < 1e-9 && (slow.cost.total_usd - 0.04).abs() < 1e-9);
        assert!((slow.latency.avg_ms - 400.0).abs() < 1e-6, "{:?}", slow.latency);
        assert!((slow.latency.p99 - 400.0).abs() < 1e-3, "{:?}", slow.latency);
        assert_eq!(slow.endpoints[CHAT], 4);
        assert_eq!(slow.users["key-00000001"], 4);
        assert_eq!((slow.uptime_seconds, &*slow.last_request), (8.93, "2025-01-01T00:00:01.07Z"));
        assert!(ModelMetrics::get(&ledger(), "none", dates()).is_none());
    }

    #[test]
    fn compared_models_have_winners() {
        let all = ModelMetrics::all(&ledger(), dates());
        let comparison = Comparison::of(&all["slow"], &all["quick"]);
        let latency = comparison.comparison["avg_latency_ms"];
        assert!((latency.delta + 300.0).abs() < 1e-6 && (latency.percent_change.unwrap() + 75.0).abs() < 1e-6);
        assert_eq!(
            comparison.winner,
            Winners { latency: "quick".to_owned(), error_rate: "quick".to_owned(), cost_efficiency: "slow".to_owned() }
        );
        let same = Comparison::of(&all["slow"], &all["slow"]);
        assert_eq!((&*same.winner.latency, same.comparison["total_tokens"].percent_change), ("tie", Some(0.0)));
    }

    #[test]
    fn the_fastest_is_ranked_first() {
        let order = |by| {
            let ranked = Ranked::all(ModelMetrics::all(&ledger(), dates()), by, 5);
            ranked.into_iter().map(|ranked| ranked.metrics.model).collect::<Vec<_>>()
        };
        assert_eq!(order(RankBy::Latency), ["quick", "slow"]);
        assert_eq!(order(RankBy::ErrorRate), ["quick", "slow"]);
        assert_eq!(order(RankBy::RequestCount), ["slow", "quick"]);
        assert_eq!(order(RankBy::Cost), ["quick", "slow"]);
        assert_eq!(Ranked::all(ModelMetrics::all(&ledger(), dates()), RankBy::Tokens, 1).len(), 1);
    }
}
