//! Chat completions: create, and what `store` keeps.

mod content;
mod encode;
mod lower;
mod plain;
mod routes;
mod stored;
mod wire;

pub(super) use lower::{logit_bias, stops};
pub(super) use routes::endpoints;
