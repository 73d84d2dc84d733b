//! The ground floor: time, chance, names and tasks, each as an object that is handed in.
//!
//! Everything above asks these objects instead of the operating system, so that a test can stop the clock, a seed
//! decides every draw, and shutdown can wait for every task. This crate knows nothing of models, tokens or HTTP.

mod clock;
mod ids;
mod mask;
mod pacer;
mod random;
mod sharded;
mod tasks;

pub use clock::{Clock, Sleep, Tick};
pub use ids::Ids;
pub use mask::{is_secret_name, masked, masked_url};
pub use random::{Rng, Seed};
pub use sharded::{Apart, Sharded};
pub use tasks::Tasks;
