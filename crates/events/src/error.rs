//! What can go wrong.

/// Events can't be published as asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EventsError {
    /// An endpoint that is none, or of a kind that is not built.
    #[error("'{endpoint}' is no endpoint for KV events: {reason}")]
    Endpoint {
        /// As it was written.
        endpoint: String,
        /// Why not.
        reason: String,
    },
    /// The address is taken or not ours.
    #[error("can't publish KV events on {endpoint}: {reason}")]
    Bind {
        /// What was to be bound.
        endpoint: String,
        /// Why not.
        reason: String,
    },
    /// The frames of a replay request are not what they must be.
    #[error("a replay request is an empty frame and the first sequence number in 8 bytes, not {frames}")]
    Replay {
        /// What came, in words.
        frames: String,
    },
}
