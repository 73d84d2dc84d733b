//! The core view: requests, responses, tokens, errors and latency of the last minute, by endpoint.

use std::collections::BTreeMap;

use fakeai_core::Tick;
use serde::Serialize;

use crate::archive::{Archive, WINDOW};
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
    /// Of counted things: the rate is their sum each second.
    fn of_counts(values: Vec<f64>, seconds: f64) -> Self {
        let sum: f64 = values.iter().sum();
        Self { rate: sum / seconds, ..Self::of(values) }
    }

    /// Of measured times: the rate is their number each second.
    pub(crate) fn of_times(values: Vec<f64>, seconds: f64) -> Self {
        let count = values.len() as f64;
        Self { rate: count / seconds, ..Self::of(values) }
    }

    fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let (Some(min), Some(max)) = (values.first().copied(), values.last().copied()) else { return Self::default() };
        let at = |share: f64| values[((values.len() as f64 * share).ceil() as usize).clamp(1, values.len()) - 1];
        let avg = values.iter().sum::<f64>() / values.len() as f64;
        Self { rate: 0.0, avg, min, max, p50: at(0.5), p90: at(0.9), p99: at(0.99) }
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

/// One statistic for each endpoint that has samples.
fn by_endpoint(
    records: &[&Record],
    value: impl Fn(&Record) -> Option<f64>,
    statistics: impl Fn(Vec<f64>) -> Statistics,
) -> BTreeMap<&'static str, Statistics> {
    let mut samples: BTreeMap<&'static str, Vec<f64>> = BTreeMap::new();
    for record in records {
        if let Some(value) = value(record) {
            samples.entry(record.endpoint).or_default().push(value);
        }
    }
    samples.into_iter().map(|(endpoint, values)| (endpoint, statistics(values))).collect()
}

fn tokens_per_second(record: &Record) -> Option<f64> {
    record.itl_seconds().filter(|itl| *itl > 0.0).map(|itl| 1.0 / itl)
}

impl CoreMetrics {
    /// The last minute before `now`.
    pub fn of(ledger: &Ledger, now: Tick) -> Self {
        ledger.look(|archive| Self::within(archive, ledger.active_streams(), now))
    }

    fn within(archive: &Archive, active_streams: usize, now: Tick) -> Self {
        let records: Vec<&Record> = archive.recent(now).collect();
        // A server younger than the window is measured over its age.
        let seconds = WINDOW.as_secs_f64().min(now.as_nanos() as f64 / 1e9).max(1.0);
        let counts = |values| Statistics::of_counts(values, seconds);
        let times = |values| Statistics::of_times(values, seconds);
        let streams: Vec<&Record> = records.iter().copied().filter(|record| record.stream).collect();
        let completed = streams.iter().filter(|record| record.outcome == Outcome::Success).count();
        let of_streams =
            |value: fn(&Record) -> Option<f64>| streams.iter().filter_map(|record| value(record)).collect();
        let streaming_stats = StreamingStatistics {
            active_streams,
            completed_streams: completed,
            failed_streams: streams.len() - completed,
            ttft: times(of_streams(Record::ttft_seconds)),
            tokens_per_second: times(of_streams(tokens_per_second)),
        };
        Self {
            requests: by_endpoint(&records, |_| Some(1.0), counts),
            responses: by_endpoint(&records, |r| (r.outcome == Outcome::Success).then_some(1.0), counts),
            tokens: by_endpoint(
                &records,
                |r| Some(f64::from(r.tokens.prompt) + f64::from(r.tokens.completion)).filter(|sum| *sum > 0.0),
                counts,
            ),
            errors: by_endpoint(&records, |r| r.is_error().then_some(1.0), counts),
            latency: by_endpoint(&records, |r| Some(r.latency_seconds()), times),
            streaming: by_endpoint(&records, |r| r.ttft_seconds().filter(|_| r.stream), times),
            streaming_stats,
            seconds,
        }
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
