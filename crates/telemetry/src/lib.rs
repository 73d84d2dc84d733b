//! The ledger and its views.
//!
//! Each request yields one [`Record`]; the [`Archive`] keeps totals for ever, sums by time for a month and the records of
//! the last minute. Every
//! metric is computed from those when somebody looks. No handler calls a metric by name, and nothing here knows HTTP
//! or the wire formats.

mod active;
mod archive;
pub mod engine;
mod exposition;
mod histogram;
mod ledger;
pub mod live;
mod open;
mod record;
mod series;
mod slim;
mod totals;
mod views;

pub use archive::{Archive, WINDOW};
pub use exposition::CONTENT_TYPE;
pub use histogram::{Buckets, Pacing, PacingSummary};
pub use ledger::Ledger;
pub use open::{OpenStream, Ticket};
pub use record::{Caller, Gaps, Outcome, Record, Tokens};
pub use series::{Resolution, Ring, Series, Sums};
pub use slim::Slim;
pub use totals::{Key, Totals};
pub use views::core::{CoreMetrics, Statistics, StreamingStatistics};
pub use views::health::{DetailedHealth, EndpointHealth, MetricsSummary};
pub use views::prometheus;
