//! What is said: a pure function of (request, model, seed).
//!
//! [`Writer::write`] turns a [`GenerationRequest`] into a complete [`Generation`], already in tokens: text, why it
//! ended, log probabilities, usage. It must not know when a token is sent (that is the engine's) nor how it looks on
//! the wire (that is a dialect's). Same request, same seed: same bytes.

mod bias;
mod count;
mod draft;
mod embedding;
mod finds;
#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod gallery;
#[cfg(test)]
mod gallery_tests;
mod generation;
mod length;
mod limits;
mod logprobs;
mod lorem;
mod prediction;
mod prefix;
mod prose;
mod reasoning;
mod refusal;
mod rendered;
mod reply;
mod request;
mod shaped;
mod shown;
mod source;
mod tools;
mod writer;
#[cfg(test)]
mod writer_tests;

pub use count::{PromptCount, count_prompt};
pub use embedding::{condense, embed, passage, terms};
pub use generation::{CalledTool, Choice, Finish, Generation, Logprob, Segment, SegmentKind, Usage};
pub use length::OutputLength;
pub use prefix::{Blocks, prefix_chain};
pub use reasoning::{Effort, Reasoning};
pub use rendered::Rendered;
pub use reply::ReplyMode;
pub use request::{
    Continuation, Format, GenerationRequest, Limits, Part, Prompt, Role, Sampling, Seeding, Turn, Verbosity,
};
pub use tools::{Call, Shape, Tool, ToolChoice, ToolInput, Tools};
pub use writer::{Safety, Writer, WriterOptions};
