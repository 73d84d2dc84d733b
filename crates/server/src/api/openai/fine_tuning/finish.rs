//! The end of a job: its results become a file and its model one that can be asked.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use fakeai_core::Clock;
use fakeai_store::Space;

use super::job::{Job, KIND, Status};
use crate::api::openai::files::File;
use crate::app::App;
use crate::error::ApiError;
use crate::jobs::{Moment, OpenJob, forget};
use crate::tuned::{self, TunedModel};
use crate::workspace::Workspace;

/// Bytes of results that are encoded at a time: a multiple of three, so that portions join.
const PORTION: usize = 48 * 1024;

/// The note of a job under way.
pub(super) fn open_job(workspace: &str, id: &str) -> OpenJob {
    OpenJob { workspace: workspace.to_owned(), kind: KIND.to_owned(), id: id.to_owned() }
}

/// Goes on with a job that a process before this one began.
pub(in crate::api::openai) fn resume(app: &Arc<App>, job: &OpenJob) {
    if job.kind != KIND {
        return;
    }
    match app.workspaces.get(&job.workspace, app.kit.clock.now()) {
        Ok(workspace) => await_end(app, &workspace, &job.id),
        Err(problem) => tracing::warn!(id = job.id, ?problem, "a job can't go on: its workspace can't be made"),
    }
}

/// Begins to wait for a job's end, to deliver what it made. Whoever looks at the job then does so too, so nothing is
/// lost if this one waits by a clock that is no longer its workspace's.
pub(super) fn await_end(app: &Arc<App>, workspace: &Arc<Workspace>, id: &str) {
    let (server, workspace, id) = (Arc::clone(app), Arc::clone(workspace), id.to_owned());
    app.kit.tasks.spawn(async move {
        if let Err(error) = wait(&server, &workspace, &id).await {
            tracing::error!(id, %error, "the results of a job could not be put away");
        }
    });
}

async fn wait(app: &App, workspace: &Workspace, id: &str) -> Result<(), ApiError> {
    loop {
        let clock = workspace.clock();
        let Some(job) = deliver(workspace.space(), &clock, id).await? else { break };
        let now = Moment::now(&clock);
        match job.status(now) {
            status if status.has_ended() => break,
            // Whoever wakes it begins to wait anew.
            Status::Paused => return Ok(()),
            _ => {}
        }
        let end = job.schedule.at(job.work());
        tokio::select! {
            () = app.kit.tasks.stopping() => return Ok(()),
            () = clock.sleep_until(end.tick(&clock)) => {}
        }
    }
    forget(workspace.space().home(), &open_job(&workspace.name, id)).await?;
    Ok(())
}

/// The job as it is now; what it has made is where it belongs.
pub(super) async fn deliver(space: &Space, clock: &Clock, id: &str) -> Result<Option<Job>, ApiError> {
    let view = space.at(clock.unix_nanos().div_euclid(1_000_000));
    let load = async || Ok::<_, ApiError>(view.get(KIND, id).await?.as_ref().and_then(Job::read));
    let now = Moment::now(clock);
    let is_due = |job: &Job| !job.delivered && job.status(now) == Status::Succeeded;
    let Some(job) = load().await? else { return Ok(None) };
    if !is_due(&job) {
        return Ok(Some(job));
    }
    let _turn = space.alone(id).await;
    let Some(mut job) = load().await?.filter(is_due) else { return load().await };
    let ended = job.schedule.at(job.work()).unix();
    let bytes = write_results(space, &job).await?;
    let file = File::made(&job.result_file, ("fine-tune-results", "step_metrics.csv".to_owned()), bytes, ended, None);
    let model = TunedModel { id: job.tuned.clone(), created: ended, job: job.id.clone(), deleted: false };
    job.delivered = true;
    view.apply(vec![job.change()?, file.change()?, tuned::change(&model)?]).await?;
    tracing::info!(id, model = job.tuned, "a model was fine-tuned");
    Ok(Some(job))
}

/// Writes what was measured at each step, as a CSV in Base64: that is how OpenAI hands it out.
async fn write_results(space: &Space, job: &Job) -> Result<u64, ApiError> {
    let (curve, steps) = (job.curve(), job.numbers().steps);
    let mut writer = File::writer(space, &job.result_file);
    let mut lines = b"step,train_loss,train_accuracy,valid_loss,valid_mean_token_accuracy\n".to_vec();
    let mut bytes = 0;
    for step in 1..=steps {
        lines.extend_from_slice(curve.at(step).csv().as_bytes());
        if lines.len() >= PORTION {
            let part: Vec<u8> = lines.drain(..PORTION).collect();
            let text = STANDARD.encode(part);
            bytes += text.len() as u64;
            writer.write(Bytes::from(text)).await?;
            // Where the home answers at once, others on this thread would wait for all of it.
            tokio::task::yield_now().await;
        }
    }
    let text = STANDARD.encode(lines);
    bytes += text.len() as u64;
    writer.write(Bytes::from(text)).await?;
    writer.finish().await?;
    Ok(bytes)
}
