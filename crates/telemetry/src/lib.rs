//! The ledger and its views.
//!
//! Each request yields one [`Record`]; the [`Ledger`] keeps totals for ever and the records of the last minute. Every
//! metric is computed from those when somebody looks. No handler calls a metric by name, and nothing here knows HTTP
//! or the wire formats.

pub mod engine;
mod exposition;
mod histogram;
mod ledger;
mod record;
mod views;

pub use exposition::CONTENT_TYPE;
pub use histogram::{Buckets, Pacing, PacingSummary};
pub use ledger::{Key, Ledger, Totals, WINDOW};
pub use record::{Outcome, Record, Tokens};
pub use views::core::{CoreMetrics, Statistics, StreamingStatistics};
pub use views::health::{DetailedHealth, EndpointHealth, MetricsSummary};
pub use views::prometheus;
