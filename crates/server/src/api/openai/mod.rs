//! The OpenAI family: one room per resource, listed here.

mod assistants;
mod chat;
mod chatkit;
mod completions;
mod conversations;
mod declared;
mod embeddings;
mod files;
mod format;
#[expect(dead_code, unused_imports, reason = "evals, which ask them, follow")]
mod graders;
mod listing;
mod media;
mod models;
mod organization;
mod reasoning;
mod responses;
mod runs;
mod skills;
mod sums;
mod threads;
mod tools;
mod transfer;
mod uploads;
mod usage;
mod voices;

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
        skills::endpoints(),
        voices::endpoints(),
        chatkit::endpoints(),
        organization::endpoints(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
