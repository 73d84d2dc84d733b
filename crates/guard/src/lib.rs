//! Who may do what and how much: keys, quotas, bans, patterns of attacks, faults. Pure: time, chance and addresses are handed in, and what is
//! refused is told as a value. It must not know HTTP, JSON or the store.

mod abuse;
mod budget;
mod error;
mod faults;
mod keys;
mod quota;
mod scopes;
mod screen;

pub use abuse::{Ban, Client, Networks, Offence, Thresholds, Watch};
pub use budget::{Budget, Period, Spent};
pub use error::GuardError;
pub use faults::{Asked, Fault, FaultCounts, FaultKind, FaultPlan, FaultRule, Spike};
pub use keys::{KeyRing, StoredKey, Verdict};
pub use quota::{
    Cost, Limiter, Limits, Measure, Refusal, Reservation, Room, Standing, Subject, Tier, written_duration,
};
pub use scopes::Scope;
pub use screen::{Finding, Level, Screen, Threat};
