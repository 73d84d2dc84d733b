//! Section `metrics`.

use crate::config::kind::Kind;
use crate::config::section::section;
use crate::config::values::MetricsFlavor;

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
    }
}
