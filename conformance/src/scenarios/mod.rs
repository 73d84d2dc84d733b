//! What is played, one file per resource. A scenario may be written before its routes are: it waits for them.

mod assistants;
mod audio;
mod batches;
mod chat;
mod chat_variants;
mod completions;
mod containers;
mod conversations;
mod declared;
mod embeddings;
mod evals;
mod fabricated;
mod files;
mod fine_tuning;
mod images;
mod models;
mod moderations;
mod organization;
mod realtime;
mod refusals;
mod responses;
mod stored;
mod streams;
mod usage;
mod vector_stores;

mod videos;

use std::time::Duration;

use anyhow::Result;
use fakeai_server::Settings;

use crate::document::Document;
use crate::judge::Judge;
use crate::report::Report;
use crate::server::Server;
use crate::trial::Trial;

/// Plays every scenario. Each resource has a server of its own, so that none leans on what another left.
pub(crate) async fn all<'a>(document: &'a Document, judge: &Judge<'a>, report: &mut Report<'a>) -> Result<()> {
    let server = quick_server()?;
    models::play(&mut Trial::new(document, judge, &server, report, "models")).await?;
    let server = quick_server()?;
    chat::play(&mut Trial::new(document, judge, &server, report, "chat")).await?;
    let server = quick_server()?;
    stored::play(&mut Trial::new(document, judge, &server, report, "stored chat")).await?;
    let server = careful_server()?;
    refusals::play(&mut Trial::new(document, judge, &server, report, "refusals")).await?;
    let server = quick_server()?;
    completions::play(&mut Trial::new(document, judge, &server, report, "completions")).await?;
    let server = quick_server()?;
    embeddings::play(&mut Trial::new(document, judge, &server, report, "embeddings")).await?;
    let server = quick_server()?;
    responses::play(&mut Trial::new(document, judge, &server, report, "responses")).await?;
    let server = slow_server()?;
    responses::play_background(&mut Trial::new(document, judge, &server, report, "background")).await?;
    let server = quick_server()?;
    conversations::play(&mut Trial::new(document, judge, &server, report, "conversations")).await?;
    kept(document, judge, report).await?;
    worked(document, judge, report).await?;
    let server = slow_server()?;
    assistants::play(&mut Trial::new(document, judge, &server, report, "assistants")).await
}

/// Plays what clients keep.
async fn kept<'a>(document: &'a Document, judge: &Judge<'a>, report: &mut Report<'a>) -> Result<()> {
    let server = quick_server()?;
    files::play(&mut Trial::new(document, judge, &server, report, "files")).await?;
    let server = quick_server()?;
    containers::play(&mut Trial::new(document, judge, &server, report, "containers")).await?;
    let server = quick_server()?;
    videos::play(&mut Trial::new(document, judge, &server, report, "videos")).await?;
    let server = quick_server()?;
    evals::play(&mut Trial::new(document, judge, &server, report, "evals")).await?;
    let server = slow_server()?;
    evals::play_cancelled(&mut Trial::new(document, judge, &server, report, "a run, cancelled")).await?;
    let server = quick_server()?;
    declared::play(&mut Trial::new(document, judge, &server, report, "declared")).await?;
    let server = quick_server()?;
    organization::play(&mut Trial::new(document, judge, &server, report, "organization")).await?;
    let server = quick_server()?;
    usage::play(&mut Trial::new(document, judge, &server, report, "usage")).await?;
    let server = Server::new(|settings| settings.fabricate = true)?;
    fabricated::play(&mut Trial::new(document, judge, &server, report, "fabricated")).await
}

/// Plays what is worked on, and what looks at files.
async fn worked<'a>(document: &'a Document, judge: &Judge<'a>, report: &mut Report<'a>) -> Result<()> {
    let server = Server::new(|settings| settings.jobs.batch = Duration::from_secs(48 * 3600))?;
    batches::play(&mut Trial::new(document, judge, &server, report, "batches")).await?;
    let server = quick_server()?;
    fine_tuning::play(&mut Trial::new(document, judge, &server, report, "fine-tuning")).await?;
    let server = quick_server()?;
    vector_stores::play(&mut Trial::new(document, judge, &server, report, "vector stores")).await?;
    let server = quick_server()?;
    images::play(&mut Trial::new(document, judge, &server, report, "images")).await?;
    let server = quick_server()?;
    audio::play(&mut Trial::new(document, judge, &server, report, "audio")).await?;
    let server = quick_server()?;
    realtime::play(&mut Trial::new(document, judge, &server, report, "realtime")).await?;
    let server = quick_server()?;
    moderations::play(&mut Trial::new(document, judge, &server, report, "moderations")).await
}

/// A server with the defaults.
pub(crate) fn quick_server() -> Result<Server> {
    Server::new(|_| {})
}

/// A server with the timing of a model, on whose clock things take a while.
fn slow_server() -> Result<Server> {
    Server::new(|settings| settings.latency = Settings::default().latency)
}

/// A server that refuses what is harmful and cuts what is protected.
fn careful_server() -> Result<Server> {
    Server::new(|settings| {
        settings.writer.safety.refusals = true;
        settings.writer.safety.jailbreaks = true;
        settings.writer.safety.filter = true;
    })
}
