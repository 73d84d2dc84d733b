//! Section `metrics`.

use std::path::PathBuf;

use crate::config::kind::Kind;
use crate::config::section::section;
use crate::config::values::MetricsFlavor;
use crate::wiring::gate;

section! {
    /// What is measured and shown.
    metrics: Metrics {
        /// Keep metrics and answer under /metrics.
        enable_metrics: bool = true, Key::switch();
        /// Answer with Prometheus text, at /metrics/prometheus and the engines' paths. (The original's default was false, and it
        /// answered all the same.)
        enable_prometheus: bool = true, Key::switch();
        /// Whose names metrics have at /metrics: fakeai (JSON, or Prometheus text if asked for), or always text as vllm,
        /// sglang, trtllm, nim or dynamo writes it. Each is also at a path of its own, such as /vllm/metrics.
        flavor: MetricsFlavor = MetricsFlavor::Fakeai,
            Key::new(Kind::OneOf(MetricsFlavor::WORDS)).flat("metrics_flavor").flag("metrics-flavor").value("NAME");
        /// Show metrics and dashboards without a key, where keys are required.
        public_metrics: bool = false, Key::switch();
        /// What goes wrong on purpose: rules such as `cut;after=3` or `internal_error;rate=0.1`. See
        /// docs/faults.md.
        faults: Vec<String> = Vec::new(),
            Key::new(Kind::Texts { allowed: "rules such as internal_error;first=3", accepts: gate::is_fault })
                .flag("fault").value("RULE");
        /// Answer a share of all requests with errors; a short way to write faults.
        error_injection_enabled: bool = false, Key::switch();
        /// The share, 0 to 1.
        error_injection_rate: f64 = 0.0, Key::number(0.0, 1.0);
        /// The errors, equally often each.
        error_injection_types: Vec<String> =
            ["internal_error", "service_unavailable", "gateway_timeout", "rate_limit_quota"].map(str::to_owned).to_vec(),
            Key::new(Kind::Texts {
                allowed: "internal_error, bad_gateway, service_unavailable, gateway_timeout, rate_limit_quota, \
                          rate_limit, context_length_exceeded",
                accepts: gate::is_injected,
            }).value("ERRORS");
        /// Most clients that watch /metrics/stream at a time; of more, each is refused with 503.
        stream_clients: usize = 10_000, Key::integer(0, 1_000_000).flat("metrics_stream_clients").flag("metrics-stream-clients");
        /// Directory that metrics are kept in, made if it is not there: a server started on it goes on counting where the
        /// last one ended, and finds exports as JSON, CSV, Prometheus text and lines of `InfluxDB`.
        dir: Option<PathBuf> = None, Key::new(Kind::Path).flat("metrics_dir").flag("metrics-dir").value("DIR");
        /// Seconds from one write into the directory of metrics to the next: what a server that is killed loses at most.
        write_interval_seconds: f64 = 60.0,
            Key::number(1.0, 86_400.0).flat("metrics_interval").flag("metrics-interval").value("SECONDS");
        /// Hours that snapshots stay in the directory of metrics: all of the last hour, of a day one a minute, then one
        /// an hour.
        metrics_retention_hours: u64 = 24, Key::integer(1, 8760).value("HOURS");
    }
}
