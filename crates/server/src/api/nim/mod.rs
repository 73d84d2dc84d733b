//! What NVIDIA's NIM services have beside OpenAI's operations: ranking, what is served, health.

mod asked;
mod ranking;
mod relevance;
mod rerank;
mod score;
mod service;

pub(super) use relevance::{DIMENSIONS, vector};

use super::Endpoint;

pub(super) fn endpoints() -> Vec<Endpoint> {
    [ranking::endpoints(), rerank::endpoints(), score::endpoints(), service::endpoints()]
        .into_iter()
        .flatten()
        .collect()
}
