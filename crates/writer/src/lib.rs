//! What is said: a pure function of (request, model, seed).
//!
//! [`Writer::write`] turns a [`GenerationRequest`] into a complete [`Generation`], already in tokens: text, why it
//! ended, log probabilities, usage. It must not know when a token is sent (that is the engine's) nor how it looks on
//! the wire (that is a dialect's). Same request, same seed: same bytes.

mod embedding;
mod generation;
mod request;

pub use embedding::embed;
pub use generation::{Choice, Finish, Generation, Logprob, Segment, SegmentKind, Usage};
pub use request::{
    Continuation, Format, GenerationRequest, Limits, Part, Prompt, Role, Sampling, Seeding, Turn, Verbosity,
};
