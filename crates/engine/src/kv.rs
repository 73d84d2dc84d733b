//! The KV cache of one engine: how large it is, whose blocks are whose, and which beginnings of prompts it still holds.
//!
//! Knows no time and no scheduling. A block is `block_tokens` tokens; a full block is known by a hash that stands for
//! everything up to its end ([`chain`]), so beginnings of prompts are paths of a [`RadixTree`].

mod capacity;
mod chain;
mod pool;
pub mod radix;
mod workers;

pub use capacity::{Capacity, Memory};
pub use chain::{ExtraKeys, ImageSpan, chain};
pub use pool::{BlockId, BlockPool, KvEvent};
pub use radix::RadixTree;
pub use workers::{WorkerIndex, WorkerNumber};
