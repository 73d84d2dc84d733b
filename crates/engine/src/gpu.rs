//! The GPUs of a replica as their sensors show them, derived from the steps that really ran: idle when it idles.
//!
//! [`GpuBoard`] watches a replica as an [`crate::scheduler::Observer`] and closes a window of one second, by default,
//! after another; [`GpuBoard::sample`] tells it the time and gives each GPU's [`Reading`]. Knows no metric names.
//!
//! - **Activity**: a GPU is busy as long as its stage is in a step. Tensor cores are active for the step's arithmetic,
//!   memory for its reading, the graphics engine for what belongs to layers (the rest is the host's).
//! - **Power**: `idle + (limit − idle)·(0.35·busy + 0.35·memory + 0.3·tensor)`, as far as the power limit and the
//!   temperature allow. Above a limit, clocks fall with the cube root of the dynamic power, for `P ∝ f·V²` and voltage
//!   goes with frequency.
//! - **Temperature**: one thermal resistance and one capacity (a lumped RC circuit, as in `HotSpot`, Skadron et al. 2003):
//!   it approaches `inlet + resistance·power` exponentially.
//!
//! Throttling shows, but does not slow the steps down.

mod board;
mod boards;
mod identity;
mod reading;
mod sensor;

pub use board::{BoardSettings, GpuBoard};
pub use boards::GpuBoards;
pub use identity::Identity;
pub use reading::{Reading, Throttle};
