//! Views of the ledger: the same records, asked different questions. What a view needs is copied or summed under the
//! archive's lock, and everything else is computed outside.

pub(crate) mod core;
pub(crate) mod costs;
pub(crate) mod csv;
pub(crate) mod dates;
pub(crate) mod dimensions;
pub(crate) mod errors;
pub(crate) mod faults;
pub(crate) mod findings;
pub(crate) mod health;
pub(crate) mod influx;
pub(crate) mod latency;
pub(crate) mod live;
pub(crate) mod models;
pub(crate) mod openmetrics;
pub mod prometheus;
pub(crate) mod requests;
mod samples;
pub(crate) mod spread;
pub(crate) mod streaming;
pub(crate) mod trend;
