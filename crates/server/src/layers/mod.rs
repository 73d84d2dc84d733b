//! What every request passes before it reaches a room, in this order:
//!
//! 1. **door**: request id, workspace (header or path prefix), oversized bodies refused before they are read, panics
//!    turned into 500s, response headers, the ledger's record.
//! 2. **cors**: preflight requests answered, answers marked for browsers.
//! 3. the router of [`crate::api`].
//!
//! The stack is one hand-written service instead of a tower of generic ones: a request crosses it in a microsecond,
//! and the order is the order of the lines.

mod cors;
mod door;

pub(crate) use door::ADDED_HEADERS;
pub use door::{Door, Passing};
