//! The core view: requests, responses, tokens, errors and latency of the last minute, by endpoint.

use std::collections::BTreeMap;

use fakeai_core::Tick;
use rustc_hash::FxHashMap;
use serde::Serialize;

use super::spread::ranks;
use crate::archive::Archive;
use crate::ledger::Ledger;
use crate::record::{Outcome, Record};

/// `GET /metrics` as JSON, in the original system's shape.
#[derive(Debug, Serialize)]
pub struct CoreMetrics {
    /// Requests ended, by endpoint; the values are 1 each.
    pub requests: BTreeMap<&'static str, Statistics>,
    /// Requests answered with success.
    pub responses: BTreeMap<&'static str, Statistics>,
    /// Tokens read and written of each request.
    pub tokens: BTreeMap<&'static str, Statistics>,
    /// Requests refused or failed.
    pub errors: BTreeMap<&'static str, Statistics>,
    /// Seconds from arrival to end.
    pub latency: BTreeMap<&'static str, Statistics>,
    /// Seconds from arrival to the first token, of streams.
    pub streaming: BTreeMap<&'static str, Statistics>,
    /// Streams as a whole.
    pub streaming_stats: StreamingStatistics,
    /// How long the window was.
    #[serde(skip)]
    pub(super) seconds: f64,
}

/// A sample of values of the last minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Statistics {
    /// Sum of counts, or number of samples for times, each second.
    pub rate: f64,
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
    /// 99th percentile.
    pub p99: f64,
}

impl Statistics {
    /// Of things that count 1 each.
    fn of_ones(count: usize, seconds: f64) -> Self {
        Self { rate: count as f64 / seconds, avg: 1.0, min: 1.0, max: 1.0, p50: 1.0, p90: 1.0, p99: 1.0 }
    }

    /// Of counted things: the rate is their sum each second.
    pub(super) fn of_counts(values: Vec<f64>, seconds: f64) -> Self {
        let sum: f64 = values.iter().sum();
        Self { rate: sum / seconds, ..Self::of(values) }
    }

    /// Of measured times: the rate is their number each second.
    pub(crate) fn of_times(values: Vec<f64>, seconds: f64) -> Self {
        let count = values.len() as f64;
        Self { rate: count / seconds, ..Self::of(values) }
    }

    fn of(mut values: Vec<f64>) -> Self {
        if values.is_empty() {
            return Self::default();
        }
        let avg = values.iter().sum::<f64>() / values.len() as f64;
        let [min, p50, p90, p99, max] = ranks(&mut values, [0.0, 0.5, 0.9, 0.99, 1.0]);
        Self { rate: 0.0, avg, min, max, p50, p90, p99 }
    }
}

/// Streams as a whole.
#[derive(Debug, Serialize)]
pub struct StreamingStatistics {
    /// Being written now.
    pub active_streams: usize,
    /// Ended well in the last minute.
    pub completed_streams: usize,
    /// Ended by an error or a hang-up in the last minute.
    pub failed_streams: usize,
    /// Seconds to the first token.
    pub ttft: Statistics,
    /// Tokens of a stream each second, from its first token to its last.
    pub tokens_per_second: Statistics,
}

/// What ended in the last minute, put in columns in one pass over the records.
#[derive(Debug, Default)]
pub(super) struct Minute {
    columns: Vec<Columns>,
    /// Places of the columns by that of the endpoint's name, which is one for nearly all records.
    places: FxHashMap<*const str, usize>,
    streams: usize,
    completed_streams: usize,
    tokens_per_second: Vec<f64>,
    /// Requests that failed by the server's own fault.
    pub(super) faults: usize,
}

/// What ended at one endpoint.
#[derive(Debug)]
struct Columns {
    endpoint: &'static str,
    requests: usize,
    responses: usize,
    errors: usize,
    tokens: Vec<f64>,
    latency: Vec<f64>,
    ttft: Vec<f64>,
}

impl Minute {
    /// The last minute of `archive`.
    pub(super) fn of(archive: &Archive, now: Tick) -> Self {
        let mut minute = Self::default();
        archive.recent(now).for_each(|record| minute.add(record));
        minute
    }

    fn add(&mut self, record: &Record) {
        let is_answered = record.outcome == Outcome::Success;
        self.faults += usize::from(record.is_fault());
        let speed = record.itl_seconds().filter(|itl| *itl > 0.0).map(|itl| 1.0 / itl);
        if record.stream {
            self.streams += 1;
            self.completed_streams += usize::from(is_answered);
            self.tokens_per_second.extend(speed);
        }
        let columns = self.columns(record.endpoint);
        columns.requests += 1;
        columns.responses += usize::from(is_answered);
        columns.errors += usize::from(record.is_error());
        columns.tokens.extend(Some(record.total_tokens() as f64).filter(|tokens| *tokens > 0.0));
        columns.latency.push(record.latency_seconds());
        columns.ttft.extend(record.ttft_seconds().filter(|_| record.stream));
    }

    fn columns(&mut self, endpoint: &'static str) -> &mut Columns {
        let Self { columns, places, .. } = self;
        let place = *places.entry(std::ptr::from_ref(endpoint)).or_insert_with(|| {
            columns.iter().position(|known| known.endpoint == endpoint).unwrap_or_else(|| {
                let (tokens, latency, ttft) = (Vec::new(), Vec::new(), Vec::new());
                columns.push(Columns { endpoint, requests: 0, responses: 0, errors: 0, tokens, latency, ttft });
                columns.len() - 1
            })
        });
        &mut columns[place]
    }
}

impl CoreMetrics {
    /// The last minute before `now`.
    pub fn of(ledger: &Ledger, now: Tick) -> Self {
        let minute = ledger.look(|archive| Minute::of(archive, now));
        Self::within(minute, ledger.active_streams(), ledger.window_seconds(now))
    }

    pub(super) fn within(minute: Minute, active_streams: usize, seconds: f64) -> Self {
        let Minute { columns, places: _, streams, completed_streams, tokens_per_second, faults: _ } = minute;
        let mut core = Self {
            requests: BTreeMap::new(),
            responses: BTreeMap::new(),
            tokens: BTreeMap::new(),
            errors: BTreeMap::new(),
            latency: BTreeMap::new(),
            streaming: BTreeMap::new(),
            streaming_stats: StreamingStatistics {
                active_streams,
                completed_streams,
                failed_streams: streams - completed_streams,
                ttft: Statistics::of_times(columns.iter().flat_map(|own| &own.ttft).copied().collect(), seconds),
                tokens_per_second: Statistics::of_times(tokens_per_second, seconds),
            },
            seconds,
        };
        for Columns { endpoint, requests, responses, errors, tokens, latency, ttft } in columns {
            let counted =
                [(&mut core.requests, requests), (&mut core.responses, responses), (&mut core.errors, errors)];
            for (by_endpoint, count) in counted.into_iter().filter(|(_, count)| *count > 0) {
                by_endpoint.insert(endpoint, Statistics::of_ones(count, seconds));
            }
            if !tokens.is_empty() {
                core.tokens.insert(endpoint, Statistics::of_counts(tokens, seconds));
            }
            core.latency.insert(endpoint, Statistics::of_times(latency, seconds));
            if !ttft.is_empty() {
                core.streaming.insert(endpoint, Statistics::of_times(ttft, seconds));
            }
        }
        core
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::tests::record;

    #[test]
    fn known_input_gives_known_numbers() {
        let ledger = Ledger::new(true);
        (0..10).for_each(|second| ledger.add(record("/v1/chat/completions", second)));
        let mut failed = record("/v1/embeddings", 5);
        failed.outcome = Outcome::Error("invalid_request_error");
        failed.stream = false;
        ledger.add(failed);
        let core = CoreMetrics::of(&ledger, Tick::from_nanos(10_000_000_000));
        let chat = "/v1/chat/completions";
        assert!((core.requests[chat].rate - 1.0).abs() < 1e-9);
        assert!((core.tokens[chat].rate - 21.0).abs() < 1e-9);
        assert!((core.latency[chat].p99 - 0.07).abs() < 1e-9);
        assert!((core.streaming[chat].avg - 0.02).abs() < 1e-9);
        assert!((core.streaming_stats.tokens_per_second.p50 - 200.0).abs() < 1e-6);
        assert_eq!((core.streaming_stats.completed_streams, core.streaming_stats.failed_streams), (10, 0));
        assert!(core.errors.contains_key("/v1/embeddings") && !core.responses.contains_key("/v1/embeddings"));
    }

    #[test]
    fn an_empty_ledger_has_empty_views() {
        let core = CoreMetrics::of(&Ledger::new(true), Tick::default());
        assert_eq!(core.streaming_stats.ttft, Statistics::default());
        assert!(core.requests.is_empty());
    }
}
