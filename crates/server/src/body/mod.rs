//! How answers leave: event streams that are written as their tokens become ready.

mod escape;
mod stream;

pub use escape::{push_json, push_text};
pub use stream::{Piece, StreamDialect, stream};
