//! Faults on purpose: which request is broken, and how. The same seed and the same order of requests break the same ones.

mod kind;
mod plan;
mod rule;

pub use kind::{Fault, FaultKind};
pub use plan::{Asked, FaultCounts, FaultPlan, Spike};
pub use rule::FaultRule;
