//! The OpenAI family: one room per resource, listed here.

mod assistants;
mod chat;
mod chatkit;
mod completions;
mod containers;
mod conversations;
mod declared;
mod embeddings;
mod evals;
mod fabricate;
mod files;
mod format;
mod graders;
mod listing;
mod media;
mod models;
mod organization;
mod reasoning;
mod responses;
mod runs;
mod service;
mod skills;
mod sums;
mod threads;
mod tools;
mod transfer;
mod uploads;
mod usage;
mod videos;
mod voices;

pub(super) use chat::{Chat, prompt};
pub(crate) use fabricate::answer as fabricate;

use super::Endpoint;

/// The declared resources whose objects have ids.
fn declared_resources() -> impl Iterator<Item = &'static declared::Resource> {
    organization::resources().into_iter().chain([&voices::CONSENTS, &videos::CHARACTERS])
}

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
        evals::endpoints(),
        containers::endpoints(),
        videos::endpoints(),
        skills::endpoints(),
        voices::endpoints(),
        chatkit::endpoints(),
        organization::endpoints(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
