//! Counters that everybody who shares a home counts with.

use std::fmt::Debug;

use crate::Reply;

/// Where counters live.
pub trait Counters: Send + Sync + Debug {
    /// Adds to a counter, which begins at 0 and stops at the ends of its range, and says what it is now.
    fn add(&self, space: &str, name: &str, by: i64) -> Reply<i64>;
}
