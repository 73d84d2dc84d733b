//! The health view: is it well, and how busy.

use std::collections::BTreeMap;

use fakeai_core::Tick;
use serde::Serialize;

use super::core::{CoreMetrics, Minute};
use crate::ledger::Ledger;

/// `GET /health/detailed`, in the original system's shape.
#[derive(Debug, Serialize)]
pub struct DetailedHealth {
    /// `healthy`; `degraded` above 5 % faults of the server; `unhealthy` above 10 %.
    pub status: &'static str,
    /// RFC 3339.
    pub timestamp: String,
    /// Seconds since the start.
    pub uptime_seconds: f64,
    /// The server's.
    pub version: &'static str,
    /// The last minute in a few numbers.
    pub metrics_summary: MetricsSummary,
    /// By endpoint.
    pub endpoints: BTreeMap<&'static str, EndpointHealth>,
}

/// The last minute in a few numbers.
#[derive(Debug, Serialize)]
pub struct MetricsSummary {
    /// Requests since the start.
    pub total_requests: u64,
    /// Requests each second.
    pub total_requests_per_second: f64,
    /// Faults of the server each second.
    pub total_errors_per_second: f64,
    /// Faults among requests.
    pub error_rate_percentage: f64,
    /// Mean seconds from arrival to end.
    pub average_latency_seconds: f64,
    /// Streams being written now.
    pub active_streams: usize,
}

/// One endpoint in the last minute.
#[derive(Debug, Serialize)]
pub struct EndpointHealth {
    /// Requests each second.
    pub requests_per_second: f64,
    /// Median latency, milliseconds.
    pub latency_p50_ms: f64,
    /// 99th percentile of latency, milliseconds.
    pub latency_p99_ms: f64,
}

impl DetailedHealth {
    /// The last minute before `now`, which is `timestamp` on the wall; the server is of `version`.
    pub fn of(ledger: &Ledger, now: Tick, timestamp: String, version: &'static str) -> Self {
        let (minute, total_requests) = ledger.look(|archive| {
            let total = archive.each_total().map(|(_, totals)| totals.requests).sum();
            (Minute::of(archive, now), total)
        });
        let faults = minute.faults as f64;
        let core = CoreMetrics::within(minute, ledger.active_streams(), ledger.window_seconds(now));
        // Not sum(): the sum of nothing is -0.
        let sum = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0, |sum, value| sum + value);
        let requests = sum(&mut core.requests.values().map(|statistics| statistics.rate));
        // A client's mistakes do not make the server unwell.
        let errors = faults / core.seconds;
        let busy = sum(&mut core.latency.values().map(|statistics| statistics.avg * statistics.rate));
        let share = if requests > 0.0 { errors / requests * 100.0 } else { 0.0 };
        let endpoints = core.requests.iter().map(|(endpoint, statistics)| {
            let latency = core.latency.get(endpoint).copied().unwrap_or_default();
            let health = EndpointHealth {
                requests_per_second: statistics.rate,
                latency_p50_ms: latency.p50 * 1e3,
                latency_p99_ms: latency.p99 * 1e3,
            };
            (*endpoint, health)
        });
        Self {
            status: match share {
                share if share > 10.0 => "unhealthy",
                share if share > 5.0 => "degraded",
                _ => "healthy",
            },
            timestamp,
            uptime_seconds: now.since(ledger.began()).as_secs_f64(),
            version,
            metrics_summary: MetricsSummary {
                total_requests,
                total_requests_per_second: requests,
                total_errors_per_second: errors,
                error_rate_percentage: share,
                average_latency_seconds: if requests > 0.0 { busy / requests } else { 0.0 },
                active_streams: core.streaming_stats.active_streams,
            },
            endpoints: endpoints.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::tests::record;
    use crate::record::Outcome;

    #[test]
    fn faults_make_it_unwell() {
        let ledger = Ledger::new(true);
        let now = Tick::from_nanos(20_000_000_000);
        (0..19).for_each(|second| ledger.add(record("/v1/models", second)));
        assert_eq!(DetailedHealth::of(&ledger, now, String::new(), "1").status, "healthy");
        for expected in ["healthy", "degraded", "unhealthy"] {
            let mut failed = record("/v1/models", 19);
            (failed.outcome, failed.status) = (Outcome::Error("server_error"), 500);
            ledger.add(failed);
            assert_eq!(DetailedHealth::of(&ledger, now, String::new(), "1").status, expected);
        }
    }

    #[test]
    fn mistakes_of_clients_do_not() {
        let ledger = Ledger::new(true);
        for second in 0..10 {
            let mut refused = record("/v1/models", second);
            (refused.outcome, refused.status) = (Outcome::Error("invalid_request_error"), 400);
            ledger.add(refused);
        }
        let health = DetailedHealth::of(&ledger, Tick::from_nanos(10_000_000_000), String::new(), "1");
        assert_eq!((health.status, health.metrics_summary.total_requests), ("healthy", 10));
    }
}
