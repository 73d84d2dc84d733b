//! What an operator may want to know of a worker's events.

use serde::Serialize;

/// The state of one worker's events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Status {
    /// The worker's number.
    pub rank: u32,
    /// Where batches are published, with the port that was really taken; `None` without a socket.
    pub endpoint: Option<String>,
    /// Where missed batches are asked for.
    pub replay_endpoint: Option<String>,
    /// Batches so far; the number of the next one.
    pub batches: u64,
    /// Of those, the ones that were never sent because the queue was full.
    pub dropped_batches: u64,
    /// Batches that can be asked for again.
    pub kept_batches: usize,
    /// Batches that wait to be sent.
    pub queued_batches: usize,
}
