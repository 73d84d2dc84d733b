//! Abuse: who did so much wrong that nothing is heard of them for a while.

mod client;
mod watch;

pub use client::{Client, Networks};
pub use watch::{Ban, Offence, Thresholds, Watch};
