//! Chat completions: `POST /chat/completions`.

mod content;
mod encode;
mod lower;
mod routes;
mod wire;

pub(super) use lower::{logit_bias, stops};
pub(super) use routes::endpoints;
