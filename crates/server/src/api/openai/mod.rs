//! The OpenAI family: one room per resource, listed here.

mod assistants;
mod chat;
mod completions;
mod conversations;
mod embeddings;
mod files;
mod format;
#[expect(dead_code, unused_imports, reason = "evals, which ask them, follow")]
mod graders;
mod listing;
mod media;
mod models;
mod reasoning;
mod responses;
mod runs;
mod sums;
mod threads;
mod tools;
mod transfer;
mod uploads;
mod usage;

pub(super) use chat::{Chat, prompt};

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
        assistants::endpoints(),
        threads::endpoints(),
        runs::endpoints(),
        files::endpoints(),
        uploads::endpoints(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
