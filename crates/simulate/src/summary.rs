//! A run in figures.

use fakeai_core::Tick;
use hdrhistogram::Histogram;
use serde::Serialize;

use crate::case::{Measure, Served};
use crate::cost::gpu_price;
use crate::record::{Outcome, Record, Rejection, millis};
use crate::run::Run;

/// Mean and percentiles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Distribution {
    pub mean: f64,
    pub p50: f64,
    pub p90: f64,
    pub p95: f64,
    pub p99: f64,
    pub max: f64,
}

impl Distribution {
    /// Of values in ascending order: the nearest rank.
    fn of(sorted: &[f64]) -> Self {
        let Some(max) = sorted.last().copied() else { return Self::default() };
        let at = |percent: f64| quantile(sorted, percent / 100.0);
        let mean = sorted.iter().sum::<f64>() / sorted.len() as f64;
        Self { mean, p50: at(50.0), p90: at(90.0), p95: at(95.0), p99: at(99.0), max }
    }

    /// Of nanoseconds, in milliseconds.
    fn of_nanos(histogram: &Histogram<u64>) -> Self {
        if histogram.is_empty() {
            return Self::default();
        }
        let at = |quantile: f64| histogram.value_at_quantile(quantile) as f64 / 1e6;
        Self {
            mean: histogram.mean() / 1e6,
            p50: at(0.5),
            p90: at(0.9),
            p95: at(0.95),
            p99: at(0.99),
            max: histogram.max() as f64 / 1e6,
        }
    }

    /// The percentile, of those there are: 50, 90, 95 or 99; the largest value for others.
    pub const fn at(&self, percentile: u8) -> f64 {
        match percentile {
            50 => self.p50,
            90 => self.p90,
            95 => self.p95,
            99 => self.p99,
            _ => self.max,
        }
    }
}

fn quantile(sorted: &[f64], share: f64) -> f64 {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.clamp(1, sorted.len().max(1)) - 1).copied().unwrap_or_default()
}

/// A run in figures. Latencies are of the requests that count: finished, and no warm-up.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Requests that count, rejected ones included.
    pub requests: u64,
    /// Of those, finished.
    pub finished: u64,
    /// Of those, refused.
    pub rejected: u64,
    /// Refusals by their kind: how many, and the words of the first.
    pub rejections: Vec<Refused>,
    /// From the first arrival that counts to the last token, seconds.
    pub duration_s: f64,
    /// Tokens read, cached ones included.
    pub prompt_tokens: u64,
    /// Of those, found in the cache.
    pub cached_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
    /// Finished requests a second.
    pub requests_per_second: f64,
    /// Tokens written a second.
    pub output_tokens_per_second: f64,
    /// Tokens read and written a second.
    pub total_tokens_per_second: f64,
    /// Tokens written a second by each GPU.
    pub output_tokens_per_second_per_gpu: f64,
    /// Tokens a second that the median user sees: 1 / median TPOT.
    pub output_tokens_per_second_per_user: f64,
    /// Time to first token.
    pub ttft_ms: Distribution,
    /// Gaps between tokens, all of all requests.
    pub itl_ms: Distribution,
    /// Mean gap of each request.
    pub tpot_ms: Distribution,
    /// From the request to its last token.
    pub e2e_ms: Distribution,
    /// In the scheduler's queue, until first admitted.
    pub queue_ms: Distribution,
    /// Share of the prompt tokens that was found in the cache.
    pub cache_hit_rate: f64,
    /// Times that a sequence lost its blocks.
    pub preemptions: u64,
    /// Sequences of a step, on average.
    pub mean_batch: f64,
    /// Share of the time that replicas were in a step.
    pub busy: f64,
    /// Most of the KV cache that was in use, over all replicas.
    pub most_kv_usage: f64,
    /// Most requests that waited at a time.
    pub most_waiting: f64,
    /// Requests that kept the promises; absent without promises.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goodput: Option<Goodput>,
    /// What it cost; absent if no price is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// What it took in power; absent where steps are not simulated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub energy: Option<Energy>,
}

/// Refusals of one kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// The kind.
    pub kind: Rejection,
    /// How many.
    pub count: u64,
    /// The engine's words for the first.
    pub example: String,
}

/// Requests that kept the promises.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Goodput {
    /// Of all that count, those that kept every promise.
    pub share: f64,
    /// Such requests a second.
    pub requests_per_second: f64,
    /// Whether the promises were kept at their percentile.
    pub is_kept: bool,
}

/// Money, US dollars.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Cost {
    /// An hour of one GPU.
    pub usd_per_gpu_hour: f64,
    /// An hour of the whole deployment.
    pub usd_per_hour: f64,
    /// A million tokens written.
    pub usd_per_million_output_tokens: f64,
    /// A million tokens read and written.
    pub usd_per_million_tokens: f64,
}

/// Energy of all GPUs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Energy {
    /// Mean power of one GPU, W.
    pub mean_watts_per_gpu: f64,
    /// All GPUs over the whole run, kWh.
    pub kilowatt_hours: f64,
    /// For each token written, J.
    pub joules_per_output_token: f64,
}

/// Distributions to plot: for 0 to 100 percent of the requests, the latency that so many stay within, milliseconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curves {
    /// Time to first token.
    pub ttft_ms: Vec<f64>,
    /// Mean gap of each request.
    pub tpot_ms: Vec<f64>,
    /// From the request to its last token.
    pub e2e_ms: Vec<f64>,
}

/// Sums a run up.
pub(crate) fn summarise(run: &Run, served: &Served, measure: &Measure) -> (Summary, Curves) {
    let counted: Vec<&Record> = run.records.iter().filter(|record| record.counts()).collect();
    let mut latencies = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
    for record in &counted {
        latencies[0].push(record.ttft_ms());
        latencies[1].extend(record.tpot_ms());
        latencies[2].push(record.e2e_ms());
        latencies[3].push(millis(record.queued));
    }
    for values in &mut latencies {
        values.sort_by(f64::total_cmp);
    }
    let [ttft, tpot, e2e, queue] = latencies;
    let curve = |sorted: &[f64]| (0..=100).map(|percent| quantile(sorted, f64::from(percent) / 100.0)).collect();
    let curves = Curves { ttft_ms: curve(&ttft), tpot_ms: curve(&tpot), e2e_ms: curve(&e2e) };
    let mut summary = Summary {
        ttft_ms: Distribution::of(&ttft),
        itl_ms: Distribution::of_nanos(&run.gaps),
        tpot_ms: Distribution::of(&tpot),
        e2e_ms: Distribution::of(&e2e),
        queue_ms: Distribution::of(&queue),
        finished: counted.len() as u64,
        ..Summary::default()
    };
    count(&mut summary, run, &counted);
    rate(&mut summary, run, served);
    summary.goodput = measure.slo.as_ref().map(|slo| {
        let kept = counted
            .iter()
            .filter(|record| slo.keeps(record.ttft_ms(), record.tpot_ms().unwrap_or_default(), record.e2e_ms()))
            .count() as f64;
        Goodput {
            share: kept / summary.requests.max(1) as f64,
            requests_per_second: over(kept, summary.duration_s),
            is_kept: slo.is_kept(&summary),
        }
    });
    charge(&mut summary, run, served, measure);
    (summary, curves)
}

/// `amount / whole`, or nothing of nothing.
fn over(amount: f64, whole: f64) -> f64 {
    if whole > 0.0 { amount / whole } else { 0.0 }
}

fn count(summary: &mut Summary, run: &Run, counted: &[&Record]) {
    let rejected = |record: &&Record| !record.is_warmup && matches!(record.outcome, Outcome::Rejected(_));
    summary.rejected = run.records.iter().filter(rejected).count() as u64;
    summary.requests = summary.finished + summary.rejected;
    summary.rejections = run
        .rejections
        .iter()
        .map(|(kind, (count, example))| Refused { kind: *kind, count: *count, example: example.clone() })
        .collect();
    summary.prompt_tokens = counted.iter().map(|record| u64::from(record.prompt_tokens)).sum();
    summary.cached_tokens = counted.iter().map(|record| u64::from(record.cached_tokens)).sum();
    summary.output_tokens = counted.iter().map(|record| u64::from(record.output_tokens)).sum();
    summary.preemptions = counted.iter().map(|record| u64::from(record.preemptions)).sum();
    summary.cache_hit_rate = over(summary.cached_tokens as f64, summary.prompt_tokens as f64);
    let start = counted.iter().map(|record| record.arrival).min().unwrap_or_default();
    summary.duration_s = run.end.since(start).as_secs_f64();
}

fn rate(summary: &mut Summary, run: &Run, served: &Served) {
    let (seconds, written) = (summary.duration_s, summary.output_tokens as f64);
    let whole = run.end.since(Tick::default()).as_secs_f64();
    summary.requests_per_second = over(summary.finished as f64, seconds);
    summary.output_tokens_per_second = over(written, seconds);
    summary.total_tokens_per_second = over(written + summary.prompt_tokens as f64, seconds);
    summary.output_tokens_per_second_per_gpu =
        over(summary.output_tokens_per_second, f64::from(served.deployment.gpus()));
    summary.output_tokens_per_second_per_user = over(1e3, summary.tpot_ms.p50);
    summary.mean_batch = over(run.work.sequence_steps as f64, run.work.steps as f64);
    let replicas = f64::from(served.deployment.gpus()) / f64::from(served.deployment.tensor_parallel.max(1));
    summary.busy = over(run.work.busy_s, whole * replicas).min(1.0);
    let most = |of: fn(&crate::Sample) -> f64| run.series.samples.iter().map(of).fold(0.0, f64::max);
    summary.most_kv_usage = most(|sample| sample.kv_usage);
    summary.most_waiting = most(|sample| sample.waiting);
}

fn charge(summary: &mut Summary, run: &Run, served: &Served, measure: &Measure) {
    let gpus = f64::from(served.deployment.gpus());
    let hours = summary.duration_s / 3600.0;
    let written = summary.output_tokens as f64;
    let price = measure.price.or_else(|| gpu_price(&served.deployment.gpu));
    summary.cost = price.filter(|_| written > 0.0).map(|price| {
        let usd = price.0 * gpus * hours;
        Cost {
            usd_per_gpu_hour: price.0,
            usd_per_hour: price.0 * gpus,
            usd_per_million_output_tokens: over(usd * 1e6, written),
            usd_per_million_tokens: over(usd * 1e6, written + summary.prompt_tokens as f64),
        }
    });
    let samples = &run.series.samples;
    let watts = over(samples.iter().map(|sample| sample.watts).sum(), samples.len() as f64);
    let is_known = served.table.is_none() && written > 0.0;
    summary.energy = is_known.then(|| Energy {
        mean_watts_per_gpu: watts,
        kilowatt_hours: watts * gpus * hours / 1e3,
        joules_per_output_token: over(watts * gpus * summary.duration_s, written),
    });
}
