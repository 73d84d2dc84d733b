//! The OpenAI family: one room per resource, listed here.

mod chat;
mod completions;
mod conversations;
mod embeddings;
mod format;
mod media;
mod models;
mod reasoning;
mod responses;
mod tools;
mod usage;

use super::Endpoint;

/// Every endpoint of the family, under `/v1` and without it.
pub(super) fn endpoints() -> Vec<Endpoint> {
    [
        models::endpoints(),
        chat::endpoints(),
        completions::endpoints(),
        responses::endpoints(),
        conversations::endpoints(),
        embeddings::endpoints(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
