//! How requests are read: lenient in what is there, exact in what is wrong with it.

mod explain;
mod number;
mod payload;
mod union;

pub use number::{Range, integer, number};
pub use payload::{JsonBody, json};
pub use union::{OneOrMany, TokenInput, one_of};
