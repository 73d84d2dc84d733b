//! The OpenAI family: one room per resource, listed here.

mod chat;
mod completions;
mod embeddings;
mod format;
mod media;
mod models;
mod reasoning;
mod tools;
mod usage;

use super::Endpoint;

/// Every endpoint of the family, under `/v1` and without it.
pub(super) fn endpoints() -> Vec<Endpoint> {
    [models::endpoints(), chat::endpoints(), completions::endpoints(), embeddings::endpoints()]
        .into_iter()
        .flatten()
        .collect()
}
