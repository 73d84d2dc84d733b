//! How answers leave: event streams that are written as their tokens become ready.

mod escape;
mod script;
mod stream;

pub(crate) use escape::{plain_bytes, push_json, push_text};
pub(crate) use script::{Piece, Script};
pub(crate) use stream::{StreamDialect, stream};
