//! Chat completions: create, and what `store` keeps.

mod chunks;
mod content;
mod encode;
mod head;
mod logprobs;
mod lower;
mod messages;
mod offers;
mod routes;
mod stored;
mod wire;

pub(super) use lower::{logit_bias, stops};
pub(super) use routes::endpoints;
