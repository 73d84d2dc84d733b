//! The OpenAI family: one room per resource, listed here.

mod assistants;
mod audio;
mod batches;
mod chat;
mod chatkit;
mod completions;
mod containers;
mod conversations;
mod declared;
mod embeddings;
mod evals;
mod fabricate;
mod fields;
mod files;
mod fine_tuning;
mod format;
mod graders;
mod images;
mod listing;
mod media;
mod models;
mod moderations;
mod organization;
mod provenance;
mod realtime;
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
mod vector_stores;
mod videos;
mod voices;

pub(super) use batches::BatchMetrics;
pub(crate) use batches::Desk;
pub(super) use chat::{Chat, prompt};
pub(crate) use fabricate::answer as fabricate;
pub(super) use fine_tuning::FineTuningMetrics;
pub(super) use organization::accept_invite;
pub(crate) use vector_stores::Shelves;
pub(super) use vector_stores::figures as vector_store_figures;

use std::sync::Arc;

use super::Endpoint;
use crate::app::App;
use crate::jobs::OpenJob;

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
        realtime::endpoints(),
        conversations::endpoints(),
        embeddings::endpoints(),
        assistants::endpoints(),
        threads::endpoints(),
        runs::endpoints(),
        files::endpoints(),
        uploads::endpoints(),
        batches::endpoints(),
        fine_tuning::endpoints(),
        graders::endpoints(),
        vector_stores::endpoints(),
        moderations::endpoints(),
        images::endpoints(),
        provenance::endpoints(),
        evals::endpoints(),
        containers::endpoints(),
        videos::endpoints(),
        skills::endpoints(),
        voices::endpoints(),
        chatkit::endpoints(),
        organization::endpoints(),
        audio::endpoints(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Goes on with a job that a process before this one began.
pub(super) fn resume(app: &Arc<App>, job: &OpenJob) {
    batches::resume(app, job);
    fine_tuning::resume(app, job);
}
