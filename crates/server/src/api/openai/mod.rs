//! The OpenAI family: one room per resource, listed here.

mod assistants;
mod chat;
mod completions;
mod conversations;
mod embeddings;
mod files;
mod format;
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
mod vector_stores;

pub(super) use chat::{Chat, prompt};
pub(crate) use vector_stores::Shelves;
pub(super) use vector_stores::figures as vector_store_figures;

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
        vector_stores::endpoints(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
