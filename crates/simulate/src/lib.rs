//! A deployment under a load, in virtual time: what `fakeai simulate` computes and shows.
//!
//! A [`Case`] is a deployment and a [`Load`]; [`simulate`] runs it and sums it up as a [`Point`]. Sweeps are many cases,
//! searches are cases at changing rates. Everything is a function of its arguments: the same seed gives the same
//! bytes. It knows no clock, no file and no flag.

mod case;
mod cost;
mod error;
pub mod json;
mod record;
mod replicas;
pub mod report;
mod run;
mod search;
mod series;
mod slo;
mod summary;
mod tabled;
pub mod trace;
mod workload;

pub use case::{Case, Failure, Labels, Measure, Point, Progress, Results, Served, simulate, simulate_all};
pub use cost::{Price, gpu_price};
pub use error::SimulateError;
pub use record::{Outcome, Record, Rejection};
pub use run::{Options, Run, run};
pub use search::{Find, Found, Trial};
pub use series::{Sample, Series};
pub use slo::{Bound, Goal, Slo};
pub use summary::{Cost, Curves, Distribution, Energy, Goodput, Refused, Summary};
pub use workload::{
    Arrivals, Clients, Lengths, Load, Prefixes, Requests, Segment, Session, Source, Synthetic, Turn, Workload,
};
