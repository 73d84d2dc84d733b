//! The core view: requests, responses, tokens, errors and latency of the last minute, by endpoint.

use std::collections::BTreeMap;

use fakeai_core::Tick;
use serde::Serialize;

use super::samples::{Ended, Sample, grouped};
use super::spread::ranks;
use crate::archive::WINDOW;
use crate::ledger::Ledger;

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

/// One statistic for each endpoint that has samples.
fn by_endpoint(
    groups: &BTreeMap<&'static str, Vec<&Sample>>,
    value: impl Fn(&Sample) -> Option<f64>,
    statistics: impl Fn(Vec<f64>) -> Statistics,
) -> BTreeMap<&'static str, Statistics> {
    let of = |(endpoint, samples): (&&'static str, &Vec<&Sample>)| {
        let values: Vec<f64> = samples.iter().filter_map(|sample| value(sample)).collect();
        (!values.is_empty()).then(|| (*endpoint, statistics(values)))
    };
    groups.iter().filter_map(of).collect()
}

impl CoreMetrics {
    /// The last minute before `now`.
    pub fn of(ledger: &Ledger, now: Tick) -> Self {
        Self::within(&Sample::recent(ledger, now), ledger.active_streams(), now)
    }

    pub(super) fn within(samples: &[Sample], active_streams: usize, now: Tick) -> Self {
        let seconds = window_seconds(now);
        let counts = |values| Statistics::of_counts(values, seconds);
        let times = |values| Statistics::of_times(values, seconds);
        let streams = || samples.iter().filter(|sample| sample.stream);
        let completed = streams().filter(|sample| sample.ended == Ended::Well).count();
        let mut groups: BTreeMap<&'static str, Vec<&Sample>> = BTreeMap::new();
        for samples in grouped(samples.iter(), |sample| Some(sample.endpoint)).into_values() {
            groups.insert(samples[0].endpoint, samples);
        }
        let streaming_stats = StreamingStatistics {
            active_streams,
            completed_streams: completed,
            failed_streams: streams().count() - completed,
            ttft: times(streams().filter_map(|sample| sample.ttft).collect()),
            tokens_per_second: times(streams().filter_map(Sample::tokens_per_second).collect()),
        };
        Self {
            requests: by_endpoint(&groups, |_| Some(1.0), counts),
            responses: by_endpoint(&groups, |sample| (sample.ended == Ended::Well).then_some(1.0), counts),
            tokens: by_endpoint(&groups, |sample| Some(sample.tokens()).filter(|sum| *sum > 0.0), counts),
            errors: by_endpoint(&groups, |sample| sample.is_error().then_some(1.0), counts),
            latency: by_endpoint(&groups, |sample| Some(sample.latency), times),
            streaming: by_endpoint(&groups, |sample| sample.ttft.filter(|_| sample.stream), times),
            streaming_stats,
            seconds,
        }
    }
}

/// Seconds that the last minute has had: a server younger than it is measured over its age.
pub(super) fn window_seconds(now: Tick) -> f64 {
    WINDOW.as_secs_f64().min(now.as_nanos() as f64 / 1e9).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::tests::record;
    use crate::record::Outcome;

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
