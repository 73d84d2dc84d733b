//! Text cut into chunks, and an index that finds them again by vector and by word.
//!
//! [`Chunking`] cuts; [`Index`] keeps vectors, quantised, and which terms are in which chunk, and ranks by both. It is
//! told vectors and terms as numbers, so it must not know where they come from, nor whose the chunks are, nor where
//! they are stored.

mod chunking;
mod index;
mod postings;
mod rank;
mod vector;

pub use chunking::Chunking;
pub use index::{Chunk, Hit, Index};
pub use rank::{Fusion, Query, Weights};
pub use vector::quantise;
