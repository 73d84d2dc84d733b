//! Events of KV caches, as routers read them: vLLM's batches over ZMQ with a replay socket, and Dynamo's.
//!
//! Knows no engine and no HTTP: it is handed what happened, with the tokens of each block. [`Feed`] numbers and keeps
//! the batches of one worker, [`Sockets`] send them, [`dynamo`] and [`encode`] write them.

mod batch;
pub mod dynamo;
mod endpoint;
mod error;
mod feed;
mod msgpack;
mod replay;
#[cfg(feature = "zmq")]
mod sockets;
mod status;

pub use batch::{Adapter, Batch, CacheEvent, StoredBlocks};
pub use endpoint::Endpoint;
pub use error::EventsError;
pub use feed::{Feed, FeedSettings};
pub use msgpack::{Format, Hashes, Style, encode};
pub use replay::{END_OF_REPLAY, Request};
#[cfg(feature = "zmq")]
pub use sockets::Sockets;
pub use status::Status;
