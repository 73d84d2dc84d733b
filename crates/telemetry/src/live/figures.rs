//! Figures of the last minute, in the shapes of the original system's stream: milliseconds and percent.

use std::collections::BTreeMap;

use fakeai_core::Tick;
use rustc_hash::FxHashMap;
use serde::Serialize;

use super::window::{Choice, Sample, Window};
use crate::archive::Archive;
use crate::record::Outcome;

/// Models that are listed.
const MOST_MODELS: usize = 50;

/// How values are spread: those of times are milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Spread {
    /// Values.
    pub count: usize,
    /// Mean.
    pub avg: f64,
    /// Least.
    pub min: f64,
    /// Greatest.
    pub max: f64,
    /// Median.
    pub p50: f64,
    /// 90th percentile.
    pub p90: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 99th percentile.
    pub p99: f64,
}

impl Spread {
    /// Of `values`, each multiplied by `scale`. Percentiles are values that occur: the least that so large a share does
    /// not exceed.
    fn of(mut values: Vec<f64>, scale: f64) -> Self {
        let count = values.len();
        if count == 0 {
            return Self::default();
        }
        let sum: f64 = values.iter().sum();
        let min = values.iter().copied().fold(f64::INFINITY, f64::min);
        let max = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut sorted_to = 0;
        let mut at = |share: f64| {
            let rank = ((count as f64 * share).ceil() as usize).clamp(1, count) - 1;
            // What is before a rank found earlier is no larger, so only the rest is looked through.
            if rank >= sorted_to {
                values[sorted_to..].select_nth_unstable_by(rank - sorted_to, f64::total_cmp);
                sorted_to = rank + 1;
            }
            values[rank] * scale
        };
        let (p50, p90, p95, p99) = (at(0.5), at(0.9), at(0.95), at(0.99));
        Self { count, avg: sum / count as f64 * scale, min: min * scale, max: max * scale, p50, p90, p95, p99 }
    }
}

/// How much is done.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ThroughputFigures {
    /// By endpoint.
    pub requests_per_sec: BTreeMap<&'static str, f64>,
    /// Of all.
    pub total_requests_per_sec: f64,
    /// Read and written, by endpoint.
    pub tokens_per_sec: BTreeMap<&'static str, f64>,
    /// Read and written.
    pub total_tokens_per_sec: f64,
    /// Read.
    pub prompt_tokens_per_sec: f64,
    /// Written.
    pub completion_tokens_per_sec: f64,
}

/// What prompts had in the cache.
#[derive(Clone, Debug, Default, Serialize)]
pub struct CacheFigures {
    /// Percent of the requests with a prompt that found some of it.
    pub hit_rate: f64,
    /// Percent of prompt tokens that were found.
    pub token_reuse_rate: f64,
    /// Tokens found, in the mean of the requests that found some.
    pub avg_prefix_length: f64,
}

/// How long requests waited for the engine.
#[derive(Clone, Debug, Default, Serialize)]
pub struct QueueFigures {
    /// Streams being written now.
    pub active_streams: usize,
    /// Milliseconds until the engine began; nothing without a physical engine.
    pub wait: Option<Spread>,
}

/// Streams.
#[derive(Clone, Debug, Default, Serialize)]
pub struct StreamingFigures {
    /// Being written now.
    pub active_streams: usize,
    /// Ended well.
    pub completed_streams: usize,
    /// Ended by an error or a hang-up.
    pub failed_streams: usize,
    /// Milliseconds to the first token.
    pub ttft: Spread,
    /// Mean milliseconds between tokens.
    pub itl: Spread,
    /// Tokens of a stream each second.
    pub tokens_per_second: Spread,
}

/// What went wrong.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ErrorFigures {
    /// Refused or failed, each second.
    pub total_errors_per_sec: f64,
    /// Percent of requests.
    pub error_rate: f64,
    /// How many, by kind.
    pub by_type: BTreeMap<&'static str, u64>,
    /// How many, by endpoint.
    pub by_endpoint: BTreeMap<&'static str, u64>,
    /// Left by their clients.
    pub client_closed: u64,
}

/// What it costs.
#[derive(Clone, Debug, Default, Serialize)]
pub struct CostFigures {
    /// US dollars in the window.
    pub window_usd: f64,
    /// US dollars in an hour that goes on like the window.
    pub per_hour_usd: f64,
}

/// Since the start.
#[derive(Clone, Debug, Default, Serialize)]
pub struct TotalFigures {
    /// Requests ended.
    pub requests: u64,
    /// Of those, refused or failed.
    pub errors: u64,
    /// Of those, left by the client.
    pub client_closed: u64,
    /// Of those, streamed.
    pub streams: u64,
    /// Prompt tokens.
    pub prompt_tokens: u64,
    /// Of those, found in the cache.
    pub cached_tokens: u64,
    /// Tokens written.
    pub completion_tokens: u64,
    /// US dollars.
    pub cost_usd: f64,
}

/// One model: what was since the start, and how fast it was in the last minute.
#[derive(Clone, Debug, Serialize)]
pub struct ModelFigures {
    /// Its name.
    pub model: String,
    /// Since the start.
    #[serde(flatten)]
    pub totals: TotalFigures,
    /// Requests each second.
    pub requests_per_sec: f64,
    /// Tokens written each second.
    pub completion_tokens_per_sec: f64,
    /// Milliseconds from arrival to end.
    pub latency: Spread,
    /// Milliseconds to the first token.
    pub ttft: Spread,
    /// Mean milliseconds between tokens.
    pub itl: Spread,
}

/// The last minute of what a choice takes.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Figures {
    /// How much is done.
    pub throughput: ThroughputFigures,
    /// Milliseconds from arrival to end, by endpoint, and `overall`.
    pub latency: BTreeMap<&'static str, Spread>,
    /// What prompts had in the cache.
    pub cache: CacheFigures,
    /// How long requests waited.
    pub queue: QueueFigures,
    /// Streams.
    pub streaming: StreamingFigures,
    /// What went wrong.
    pub error: ErrorFigures,
    /// What it costs.
    pub cost: CostFigures,
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 * 100.0 }
}

impl Figures {
    /// Of the minute before `now`; `active_streams` are being written.
    pub fn of(window: &Window, choice: &Choice, active_streams: usize, now: Tick) -> Self {
        let seconds = window.seconds(now);
        let samples: Vec<&Sample> =
            window.samples(now).filter(|sample| choice.takes(sample.endpoint, sample.model.as_deref())).collect();
        let waits: Vec<f64> = samples.iter().filter_map(|sample| sample.queued).collect();
        let cost: f64 = samples.iter().fold(0.0, |sum, sample| sum + sample.cost_usd);
        Self {
            throughput: throughput(&samples, seconds),
            latency: latency(&samples),
            cache: cache(&samples),
            queue: QueueFigures { active_streams, wait: (!waits.is_empty()).then(|| Spread::of(waits, 1e3)) },
            streaming: streaming(&samples, active_streams),
            error: errors(&samples, seconds),
            cost: CostFigures { window_usd: cost, per_hour_usd: cost / seconds * 3600.0 },
        }
    }
}

fn throughput(samples: &[&Sample], seconds: f64) -> ThroughputFigures {
    let mut figures = ThroughputFigures::default();
    let (mut prompt, mut completion) = (0_u64, 0_u64);
    for sample in samples {
        *figures.requests_per_sec.entry(sample.endpoint).or_default() += 1.0;
        let tokens = u64::from(sample.prompt) + u64::from(sample.completion);
        if tokens > 0 {
            *figures.tokens_per_sec.entry(sample.endpoint).or_default() += tokens as f64;
        }
        prompt += u64::from(sample.prompt);
        completion += u64::from(sample.completion);
    }
    figures.requests_per_sec.values_mut().for_each(|count| *count /= seconds);
    figures.tokens_per_sec.values_mut().for_each(|count| *count /= seconds);
    figures.total_requests_per_sec = samples.len() as f64 / seconds;
    figures.prompt_tokens_per_sec = prompt as f64 / seconds;
    figures.completion_tokens_per_sec = completion as f64 / seconds;
    figures.total_tokens_per_sec = (prompt + completion) as f64 / seconds;
    figures
}

fn latency(samples: &[&Sample]) -> BTreeMap<&'static str, Spread> {
    let mut by_endpoint: BTreeMap<&'static str, Vec<f64>> = BTreeMap::new();
    for sample in samples {
        by_endpoint.entry(sample.endpoint).or_default().push(sample.latency);
    }
    let mut spreads: BTreeMap<&'static str, Spread> =
        by_endpoint.into_iter().map(|(endpoint, values)| (endpoint, Spread::of(values, 1e3))).collect();
    spreads.insert("overall", Spread::of(samples.iter().map(|sample| sample.latency).collect(), 1e3));
    spreads
}

fn cache(samples: &[&Sample]) -> CacheFigures {
    let prompts = samples.iter().filter(|sample| sample.prompt > 0).count() as u64;
    let hits = samples.iter().filter(|sample| sample.cached > 0).count() as u64;
    let prompt: u64 = samples.iter().map(|sample| u64::from(sample.prompt)).sum();
    let cached: u64 = samples.iter().map(|sample| u64::from(sample.cached)).sum();
    let avg_prefix_length = if hits == 0 { 0.0 } else { cached as f64 / hits as f64 };
    CacheFigures { hit_rate: share(hits, prompts), token_reuse_rate: share(cached, prompt), avg_prefix_length }
}

fn streaming(samples: &[&Sample], active_streams: usize) -> StreamingFigures {
    let streams = || samples.iter().filter(|sample| sample.stream);
    let completed = streams().filter(|sample| sample.outcome == Outcome::Success).count();
    let itl: Vec<f64> = streams().filter_map(|sample| sample.itl).collect();
    let pace = itl.iter().filter(|itl| **itl > 0.0).map(|itl| 1.0 / itl).collect();
    StreamingFigures {
        active_streams,
        completed_streams: completed,
        failed_streams: streams().count() - completed,
        ttft: Spread::of(streams().filter_map(|sample| sample.ttft).collect(), 1e3),
        itl: Spread::of(itl, 1e3),
        tokens_per_second: Spread::of(pace, 1.0),
    }
}

fn errors(samples: &[&Sample], seconds: f64) -> ErrorFigures {
    let mut figures = ErrorFigures::default();
    let mut count = 0;
    for sample in samples {
        match sample.outcome {
            Outcome::Success => {}
            Outcome::ClientClosed => figures.client_closed += 1,
            Outcome::Error(kind) => {
                count += 1;
                *figures.by_type.entry(kind).or_default() += 1;
                *figures.by_endpoint.entry(sample.endpoint).or_default() += 1;
            }
        }
    }
    figures.total_errors_per_sec = count as f64 / seconds;
    figures.error_rate = share(count, samples.len() as u64);
    figures
}

impl TotalFigures {
    /// Since the start, of what the choice takes.
    pub fn of(archive: &Archive, choice: &Choice) -> Self {
        let mut figures = Self::default();
        for (key, totals) in archive.totals() {
            if choice.takes(key.endpoint, Some(&*key.model).filter(|model| !model.is_empty())) {
                figures.add(key.error, totals);
            }
        }
        figures
    }

    fn add(&mut self, error: &str, totals: &crate::totals::Totals) {
        self.requests += totals.requests;
        self.client_closed += totals.client_closed;
        if !error.is_empty() && error != "client_closed" {
            self.errors += totals.requests;
        }
        self.streams += totals.streams;
        self.prompt_tokens += totals.prompt_tokens;
        self.cached_tokens += totals.cached_tokens;
        self.completion_tokens += totals.completion_tokens;
        self.cost_usd += totals.cost_usd;
    }
}

impl ModelFigures {
    /// The models the choice takes, the most asked first, at most fifty: what was since the start.
    pub fn of(archive: &Archive, choice: &Choice) -> Vec<Self> {
        let mut models: FxHashMap<&str, TotalFigures> = FxHashMap::default();
        for (key, totals) in archive.totals() {
            if !key.model.is_empty() && choice.takes(key.endpoint, Some(&key.model)) {
                models.entry(&key.model).or_default().add(key.error, totals);
            }
        }
        let mut models: Vec<_> = models.into_iter().collect();
        models.sort_by(|left, right| (right.1.requests, left.0).cmp(&(left.1.requests, right.0)));
        models.truncate(MOST_MODELS);
        let model = |(model, totals): (&str, TotalFigures)| Self {
            model: model.to_owned(),
            totals,
            requests_per_sec: 0.0,
            completion_tokens_per_sec: 0.0,
            latency: Spread::default(),
            ttft: Spread::default(),
            itl: Spread::default(),
        };
        models.into_iter().map(model).collect()
    }

    /// Adds how fast they were in the minute before `now`.
    pub fn measure(models: &mut [Self], window: &Window, choice: &Choice, now: Tick) {
        #[derive(Default)]
        struct Times {
            requests: u64,
            completion: u64,
            latency: Vec<f64>,
            ttft: Vec<f64>,
            itl: Vec<f64>,
        }
        let mut times: FxHashMap<&str, Times> = FxHashMap::default();
        for sample in window.samples(now) {
            let Some(model) = sample.model.as_deref() else { continue };
            if choice.takes(sample.endpoint, Some(model)) {
                let times = times.entry(model).or_default();
                times.requests += 1;
                times.completion += u64::from(sample.completion);
                times.latency.push(sample.latency);
                times.ttft.extend(sample.ttft);
                times.itl.extend(sample.itl);
            }
        }
        let seconds = window.seconds(now);
        for model in models {
            let Some(times) = times.remove(&*model.model) else { continue };
            model.requests_per_sec = times.requests as f64 / seconds;
            model.completion_tokens_per_sec = times.completion as f64 / seconds;
            model.latency = Spread::of(times.latency, 1e3);
            model.ttft = Spread::of(times.ttft, 1e3);
            model.itl = Spread::of(times.itl, 1e3);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ledger::Ledger;
    use crate::ledger::tests::record;
    use crate::views::core::CoreMetrics;

    #[test]
    fn figures_agree_with_the_core_view() {
        let (ledger, mut window) = (Ledger::new(true), Window::default());
        (0..10).for_each(|second| ledger.add(record("/v1/chat/completions", second)));
        let mut failed = record("/v1/embeddings", 5);
        (failed.outcome, failed.stream) = (Outcome::Error("invalid_request_error"), false);
        ledger.add(failed);
        let now = Tick::from_nanos(10_000_000_000);
        ledger.look(|archive| window.update(archive, now));
        let (core, figures) = (CoreMetrics::of(&ledger, now), Figures::of(&window, &Choice::default(), 3, now));
        let chat = "/v1/chat/completions";
        let near = |left: f64, right: f64| assert!((left - right).abs() < 1e-9, "{left} {right}");
        near(figures.throughput.requests_per_sec[chat], core.requests[chat].rate);
        near(figures.throughput.tokens_per_sec[chat], core.tokens[chat].rate);
        near(figures.latency[chat].p99, core.latency[chat].p99 * 1e3);
        near(figures.streaming.ttft.avg, core.streaming[chat].avg * 1e3);
        near(figures.streaming.tokens_per_second.p50, core.streaming_stats.tokens_per_second.p50);
        assert_eq!((figures.streaming.completed_streams, figures.streaming.active_streams), (10, 3));
        near(figures.error.error_rate, 100.0 / 11.0);
        assert_eq!(figures.error.by_type["invalid_request_error"], 1);
        let total = ledger.look(|archive| TotalFigures::of(archive, &Choice::default()));
        assert_eq!((total.requests, total.errors), (11, 1));
    }

    proptest! {
        #[test]
        fn percentiles_are_those_of_the_sorted_values(values in prop::collection::vec(0.0_f64..1e6, 0..300)) {
            let spread = Spread::of(values.clone(), 1.0);
            let mut sorted = values;
            sorted.sort_by(f64::total_cmp);
            let at = |share: f64| {
                let rank = ((sorted.len() as f64 * share).ceil() as usize).max(1) - 1;
                sorted.get(rank).copied().unwrap_or_default()
            };
            let found = [spread.p50, spread.p90, spread.p95, spread.p99, spread.max].map(f64::to_bits);
            prop_assert_eq!(found, [at(0.5), at(0.9), at(0.95), at(0.99), at(1.0)].map(f64::to_bits));
        }
    }
}
