//! One engine instance: a waiting queue, a running batch, a block pool and a clock of steps.
//!
//! [`Replica`] is a state machine told the time: sequences are submitted at ticks, [`Replica::advance`] runs every step
//! that ends by then and yields the tokens with their absolute ticks, and [`Replica::next_event`] says when to come
//! back. The same code runs in real time and as fast as the machine can. It knows no text and no request, only counts
//! and hashes.
//!
//! Three flavours decide what a step is made of: [`EngineKind::Vllm`] (running first, chunked prefill within a token
//! budget, last-in preemption with recompute), [`EngineKind::Sglang`] (prefill first and alone, estimated reservation,
//! retraction) and [`EngineKind::Trtllm`] (everything reserved at admission, never evicted).

mod admit;
mod flight;
mod handover;
mod live;
mod observe;
mod plan;
mod rank;
mod replica;
mod reset;
mod settings;
mod sglang;
#[cfg(test)]
mod tests;

pub use handover::Reservation;
pub use live::{Phase, SequenceId, Submission, TokenEvent};
pub use observe::{Observer, StepReport, Totals};
pub use replica::{RankState, Replica};
pub use settings::{Adapters, Policy, Settings, Speculation};

pub use crate::step::EngineKind;
