//! Chat completions: create, and what `store` keeps.

mod chunks;
mod content;
mod encode;
mod head;
mod logprobs;
mod lower;
mod messages;
mod nvext;
mod offers;
mod params;
mod plain;
mod routes;
mod shape;
mod skim;
mod stored;
mod thinking;
mod voice;
mod wire;

pub(super) use logprobs::TokenLogprob;
pub(super) use params::{cache_retention, logit_bias, metadata, service_tier, stops, verbosity};
pub(super) use routes::endpoints;
pub(in crate::api) use routes::{Chat, prompt};
pub(super) use voice::TOKENS_PER_SECOND;
