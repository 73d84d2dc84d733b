//! Conversations: made, changed and deleted, and the items in them. Responses read and append to them.
//!
//! A conversation is one document with its items. Whoever changes one holds the workspace's turn to change, so no item
//! is lost between two requests.

mod items;
mod routes;
mod stored;

pub(super) use routes::endpoints;
pub(super) use stored::{all_items, append};
