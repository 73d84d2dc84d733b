//! What batches do, in figures: `/metrics/batches`.

use std::collections::BTreeMap;

use fakeai_store::Page;
use serde::Serialize;

use super::batch::{Batch, KIND, Usage};
use crate::context::Context;
use crate::error::ApiError;
use crate::jobs::Moment;

/// Batches that are read at a time, and the newest that are shown one by one.
const PORTION: usize = 256;
const SHOWN: usize = 20;

/// The batches of a workspace in figures.
#[derive(Debug, Default, Serialize)]
pub(in crate::api) struct BatchMetrics {
    total_batches: u64,
    by_status: BTreeMap<&'static str, u64>,
    by_endpoint: BTreeMap<String, u64>,
    requests: Requests,
    tokens: Tokens,
    /// From creation to end, of those that have ended.
    duration_seconds: Durations,
    throughput: Throughput,
    recent: Vec<One>,
}

#[derive(Debug, Default, Serialize)]
struct Requests {
    total: u64,
    completed: u64,
    failed: u64,
    pending: u64,
    /// Failed of those dealt with, 0 to 1.
    error_rate: f64,
}

#[derive(Debug, Default, Serialize)]
struct Tokens {
    input: u64,
    cached: u64,
    output: u64,
    reasoning: u64,
    total: u64,
}

#[derive(Debug, Default, Serialize)]
struct Durations {
    batches: u64,
    avg: f64,
    min: f64,
    max: f64,
    p50: f64,
    p90: f64,
    p99: f64,
}

/// Over the time in which lines were answered, one batch after the other.
#[derive(Debug, Default, Serialize)]
struct Throughput {
    busy_seconds: f64,
    requests_per_second: f64,
    tokens_per_second: f64,
}

#[derive(Debug, Serialize)]
struct One {
    id: String,
    status: &'static str,
    endpoint: String,
    model: Option<String>,
    created_at: i64,
    requests: u64,
    completed: u64,
    failed: u64,
    total_tokens: u64,
    duration_seconds: f64,
    requests_per_second: f64,
}

impl BatchMetrics {
    /// Of the workspace of the one who asks.
    pub(in crate::api) async fn of(context: &Context) -> Result<Self, ApiError> {
        let now = Moment::now(context.clock());
        let mut page = Page { limit: PORTION, descending: true, ..Page::default() };
        let (mut all, mut durations) = (Self::default(), Vec::new());
        loop {
            let listing = context.documents().list(KIND, &page).await?;
            for batch in listing.documents.iter().filter_map(|(_, document)| Batch::read(document)) {
                all.add(&batch, now, &mut durations);
            }
            if !listing.has_more {
                break;
            }
            page.after = listing.last_id().map(str::to_owned);
        }
        all.finish(durations);
        Ok(all)
    }

    fn add(&mut self, batch: &Batch, now: Moment, durations: &mut Vec<f64>) {
        let Batch { progress, schedule, .. } = batch;
        let total = batch.checked.as_ref().map_or(0, |checked| checked.requests);
        let end = batch.ended.map(|(at, _)| at);
        let lasted = end.unwrap_or(now).since(schedule.created).as_secs_f64();
        let busy = batch.began.map_or(0.0, |began| progress.reached.since(began).as_secs_f64());
        self.total_batches += 1;
        *self.by_status.entry(batch.status()).or_default() += 1;
        *self.by_endpoint.entry(batch.endpoint.clone()).or_default() += 1;
        self.requests.total += total;
        self.requests.completed += progress.completed;
        self.requests.failed += progress.failed;
        if end.is_none() {
            self.requests.pending += total.saturating_sub(progress.done());
        } else {
            durations.push(lasted);
        }
        let Usage { input, cached, output, reasoning, total: tokens } = progress.usage;
        self.tokens.input += input;
        self.tokens.cached += cached;
        self.tokens.output += output;
        self.tokens.reasoning += reasoning;
        self.tokens.total += tokens;
        self.throughput.busy_seconds += busy;
        if self.recent.len() < SHOWN {
            self.recent.push(One {
                id: batch.id.clone(),
                status: batch.status(),
                endpoint: batch.endpoint.clone(),
                model: batch.checked.as_ref().and_then(|checked| checked.model.clone()),
                created_at: schedule.created.unix(),
                requests: total,
                completed: progress.completed,
                failed: progress.failed,
                total_tokens: tokens,
                duration_seconds: lasted,
                requests_per_second: rate(progress.done(), busy),
            });
        }
    }

    fn finish(&mut self, mut durations: Vec<f64>) {
        let done = self.requests.completed + self.requests.failed;
        self.requests.error_rate = rate(self.requests.failed, done as f64);
        self.throughput.requests_per_second = rate(done, self.throughput.busy_seconds);
        self.throughput.tokens_per_second = rate(self.tokens.total, self.throughput.busy_seconds);
        durations.sort_by(f64::total_cmp);
        let Some((first, last)) = durations.first().zip(durations.last()) else { return };
        // The nearest rank.
        let rank = |share: f64| {
            let place = (durations.len() as f64 * share).ceil() as usize;
            durations.get(place.max(1) - 1).copied().unwrap_or_default()
        };
        self.duration_seconds = Durations {
            batches: durations.len() as u64,
            avg: durations.iter().sum::<f64>() / durations.len() as f64,
            min: *first,
            max: *last,
            p50: rank(0.5),
            p90: rank(0.9),
            p99: rank(0.99),
        };
    }
}

/// So many in this time; 0 in no time.
fn rate(count: u64, over: f64) -> f64 {
    if over > 0.0 { count as f64 / over } else { 0.0 }
}
