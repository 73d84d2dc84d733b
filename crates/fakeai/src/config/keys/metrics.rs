//! Section `metrics`.

use crate::config::section::section;

section! {
    /// What is measured and shown.
    metrics: Metrics {
        /// Keep metrics and answer under /metrics.
        enable_metrics: bool = true, Key::switch();
        /// Answer /metrics/prometheus. (The original's default was false, and it answered all the same.)
        enable_prometheus: bool = true, Key::switch();
    }
}
