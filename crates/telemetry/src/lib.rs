//! The ledger and its views.
//!
//! Each request yields one [`Record`]; the [`Archive`] keeps totals for ever, sums by time for a month and the records of
//! the last minute. Every
//! metric is computed from those when somebody looks. No handler calls a metric by name, and nothing here knows HTTP
//! or the wire formats.

mod active;
mod archive;
mod books;
pub mod engine;
mod exposition;
mod group;
mod histogram;
mod hours;
mod kept;
mod ledger;
pub mod live;
mod open;
mod record;
mod series;
mod slim;
mod spent;
mod totals;
mod views;

pub use archive::{Archive, WINDOW};
pub use books::{Account, Books, Used};
pub use exposition::CONTENT_TYPE;
pub use histogram::{Buckets, Pacing, PacingSummary};
pub use hours::Hours;
pub use kept::{Directory, Kept, KeptError, KeptFile, MOST_HISTORY_BYTES, grade};
pub use ledger::Ledger;
pub use open::{OpenStream, Ticket};
pub use record::{Caller, Gaps, MOST_DETAIL, Outcome, Record, Tokens, Units};
pub use series::{Resolution, Ring, Series, Sums};
pub use slim::Slim;
pub use spent::Whose;
pub use totals::{Key, Totals};
pub use views::core::{CoreMetrics, Statistics, StreamingStatistics};
pub use views::costs::Costs;
pub use views::csv::CSV_CONTENT_TYPE;
pub use views::dates::Dates;
pub use views::dimensions::Dimensions;
pub use views::errors::{Burn, ErrorEntry, ErrorShare, Errors, OBJECTIVE, Slo};
pub use views::faults::FaultFigures;
pub use views::findings::FindingFigures;
pub use views::health::{DetailedHealth, EndpointHealth, MetricsSummary};
pub use views::influx::{INFLUX_CONTENT_TYPE, influx};
pub use views::latency::{Bucket, Histogram, LatencyMetrics, LatencyPercentiles, Profile, Profiled, Profiles};
pub use views::live::{Live, LiveStream};
pub use views::models::{
    Compared, Comparison, ModelCost, ModelErrors, ModelMetrics, ModelTokens, RankBy, Ranked, Winners,
};
pub use views::openmetrics::{OPENMETRICS_CONTENT_TYPE, openmetrics};
pub use views::prometheus;
pub use views::requests::{EntryTokens, RequestEntry, Requests, Timeline, Wanted, WantedStatus};
pub use views::spread::{Percentiles, Spread};
pub use views::streaming::{Streaming, StreamsOfOne};
pub use views::trend::{Anomaly, Asked, Change, Point, THRESHOLD, Trend};
