//! What Dynamo's dashboards show in a few numbers: `GET /dynamo/metrics/json`, with the original system's sections.

use std::collections::BTreeMap;

use fakeai_core::Tick;
use serde::Serialize;

use crate::engine::dynamo::{Front, endpoint};
use crate::engine::{Instance, Physical};
use crate::views::core::Statistics;
use crate::{Ledger, Outcome, Record};

/// Sums are since the start; latencies and rates are of the last minute. What nobody knows is null.
#[derive(Debug, Serialize)]
pub struct DynamoMetrics {
    /// Requests in all.
    pub summary: Summary,
    /// Milliseconds, of requests that ended in the last minute.
    pub latency: Latency,
    /// Of the last minute.
    pub throughput: Throughput,
    /// Who waits; null without a physical engine.
    pub queue: Option<Queue>,
    /// The batches of the physical engines; null without.
    pub batch: Option<BatchFigures>,
    /// The KV caches of the physical engines; null without.
    pub cache: Option<CacheFigures>,
    /// Null: workers are not parted into prefill and decode.
    pub disaggregation: Option<()>,
    /// By model.
    pub per_model: BTreeMap<String, PerModel>,
}

/// Requests in all.
#[derive(Debug, Serialize)]
pub struct Summary {
    /// Ended.
    pub total_requests: u64,
    /// Of those, answered.
    pub successful_requests: u64,
    /// Of those, refused, failed or left by the client.
    pub failed_requests: u64,
    /// Being answered.
    pub active_requests: u64,
    /// Tokens of prompts.
    pub prompt_tokens: u64,
    /// Tokens of answers.
    pub completion_tokens: u64,
}

/// Milliseconds.
#[derive(Debug, Serialize)]
pub struct Latency {
    /// To the first token.
    pub ttft_ms: Statistics,
    /// From token to token, the mean of each request.
    pub itl_ms: Statistics,
    /// To the end.
    pub total_ms: Statistics,
}

/// Each second.
#[derive(Debug, Serialize)]
pub struct Throughput {
    /// Requests ended.
    pub requests_per_second: f64,
    /// Tokens written.
    pub tokens_per_second: f64,
}

/// Who waits.
#[derive(Debug, Serialize)]
pub struct Queue {
    /// Requests.
    pub depth: u64,
    /// The same by worker.
    pub by_worker: Vec<u64>,
    /// Mean milliseconds a request has waited, since the start.
    pub avg_wait_ms: f64,
}

/// Batches of the engines.
#[derive(Debug, Serialize)]
pub struct BatchFigures {
    /// Requests running.
    pub size: u64,
    /// The same by worker.
    pub by_worker: Vec<u64>,
    /// Mean tokens of a step, since the start.
    pub avg_tokens_per_step: f64,
    /// Steps since the start.
    pub steps: u64,
}

/// KV caches of the engines.
#[derive(Debug, Serialize)]
pub struct CacheFigures {
    /// Found of the tokens that were looked up, since the start; 0 to 1.
    pub hit_rate: f64,
    /// Share of the blocks that somebody holds; 0 to 1.
    pub usage: f64,
    /// All blocks.
    pub total_blocks: u64,
    /// Blocks that somebody holds.
    pub used_blocks: u64,
    /// Requests that lost their blocks.
    pub preemptions: u64,
}

/// One model since the start.
#[derive(Debug, Serialize)]
pub struct PerModel {
    /// Requests ended.
    pub requests: u64,
    /// Being answered.
    pub active_requests: u64,
    /// Tokens of prompts.
    pub prompt_tokens: u64,
    /// Tokens of answers.
    pub completion_tokens: u64,
    /// Mean milliseconds to the first token.
    pub avg_ttft_ms: f64,
    /// Mean milliseconds from token to token.
    pub avg_itl_ms: f64,
    /// Mean milliseconds to the end.
    pub avg_total_ms: f64,
}

impl DynamoMetrics {
    /// What the frontend and its workers know at `now`.
    pub fn of(ledger: &Ledger, engines: &[Instance], now: Tick) -> Self {
        let fronts = Front::all(ledger, engines);
        let is_known = |record: &&Record| endpoint(record.endpoint).is_some();
        let recent: Vec<Record> = ledger.look(|archive| archive.recent(now).filter(is_known).cloned().collect());
        let seconds = ledger.window_seconds(now);
        let tokens: u64 = recent.iter().map(|record| u64::from(record.tokens.delivered)).sum();
        let answered = |record: &&Record| record.outcome == Outcome::Success;
        let of = |value: fn(&Record) -> Option<f64>| {
            let values = recent.iter().filter(answered).filter_map(value).map(|seconds| seconds * 1e3);
            Statistics::of_times(values.collect(), seconds)
        };
        let workers: Vec<&Physical> = engines.iter().filter_map(|engine| engine.physical.as_ref()).collect();
        let running = engines.iter().filter(|engine| engine.physical.is_some()).map(|engine| engine.running);
        let is_physical = !workers.is_empty();
        Self {
            summary: summary(&fronts),
            latency: Latency {
                ttft_ms: of(Record::ttft_seconds),
                itl_ms: of(Record::itl_seconds),
                total_ms: of(|record| Some(record.latency_seconds())),
            },
            throughput: Throughput {
                requests_per_second: recent.len() as f64 / seconds,
                tokens_per_second: tokens as f64 / seconds,
            },
            queue: is_physical.then(|| queue(&workers)),
            batch: is_physical.then(|| batch(&workers, running.collect())),
            cache: is_physical.then(|| cache(&workers)),
            disaggregation: None,
            per_model: fronts.iter().map(|front| (front.model.to_string(), PerModel::of(front))).collect(),
        }
    }
}

fn summary(fronts: &[Front]) -> Summary {
    let requests = |is_wanted: fn(bool) -> bool| {
        let counts = fronts.iter().flat_map(|front| &front.counts);
        counts.filter(|count| is_wanted(count.is_success())).map(|count| count.requests).sum()
    };
    let tokens = |read: fn(&Front) -> u64| fronts.iter().map(read).sum();
    Summary {
        total_requests: requests(|_| true),
        successful_requests: requests(|success| success),
        failed_requests: requests(|success| !success),
        active_requests: fronts.iter().map(|front| front.active).sum(),
        prompt_tokens: tokens(|front| front.requests.prompt_tokens),
        completion_tokens: tokens(|front| front.requests.generation_tokens),
    }
}

/// A mean over all workers, each as often as it counted.
fn mean(sums: impl Iterator<Item = (f64, u64)>) -> f64 {
    let (sum, count) = sums.fold((0.0, 0), |(sum, count), (more, times)| (sum + more, count + times));
    sum / count.max(1) as f64
}

fn queue(workers: &[&Physical]) -> Queue {
    let by_worker: Vec<u64> = workers.iter().map(|worker| worker.waiting).collect();
    let waits = workers.iter().map(|worker| (worker.steps.queue.sum(), worker.steps.queue.count()));
    Queue { depth: by_worker.iter().sum(), by_worker, avg_wait_ms: mean(waits) * 1e3 }
}

fn batch(workers: &[&Physical], by_worker: Vec<u64>) -> BatchFigures {
    let steps = || workers.iter().map(|worker| &worker.steps.step_tokens);
    BatchFigures {
        size: by_worker.iter().sum(),
        by_worker,
        avg_tokens_per_step: mean(steps().map(|tokens| (tokens.sum(), tokens.count()))),
        steps: steps().map(crate::Buckets::count).sum(),
    }
}

fn cache(workers: &[&Physical]) -> CacheFigures {
    let sum = |read: fn(&Physical) -> u64| workers.iter().map(|worker| read(worker)).sum::<u64>();
    let (used_blocks, total_blocks) = (sum(|worker| worker.used_blocks), sum(|worker| worker.setup.blocks));
    let (hits, queries) = (sum(|worker| worker.steps.cache_hits), sum(|worker| worker.steps.cache_queries));
    CacheFigures {
        hit_rate: hits as f64 / queries.max(1) as f64,
        usage: used_blocks as f64 / total_blocks.max(1) as f64,
        total_blocks,
        used_blocks,
        preemptions: sum(|worker| worker.steps.preemptions),
    }
}

impl PerModel {
    fn of(front: &Front) -> Self {
        let requests = &front.requests;
        Self {
            requests: front.counts.iter().map(|count| count.requests).sum(),
            active_requests: front.active,
            prompt_tokens: requests.prompt_tokens,
            completion_tokens: requests.generation_tokens,
            avg_ttft_ms: requests.ttft.mean() * 1e3,
            avg_itl_ms: requests.itl.mean() * 1e3,
            avg_total_ms: requests.e2e.mean() * 1e3,
        }
    }
}
