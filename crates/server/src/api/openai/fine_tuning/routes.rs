//! `/fine_tuning`.

use axum::response::Response;
use axum::routing::{delete, get, post};
use fakeai_store::Document;
use serde_json::{Value, json};

use super::checkpoints;
use super::events::{announce, follow, told};
use super::finish::{await_end, deliver, open_job};
use super::job::{Job, KIND, Status};
use super::permissions;
use super::wire::JobWire;
use crate::api::Endpoint;
use crate::api::openai::listing::{List, page};
use crate::context::Context;
use crate::error::ApiError;
use crate::jobs::{Moment, remember};
use crate::wire::{JsonBody, PathText, Query, json as json_answer};

pub(in crate::api::openai) fn endpoints() -> Vec<Endpoint> {
    const PERMISSIONS: &str = "/fine_tuning/checkpoints/{fine_tuned_model_checkpoint}/permissions";
    const PERMISSION: &str = "/fine_tuning/checkpoints/{fine_tuned_model_checkpoint}/permissions/{permission_id}";
    const JOB: &str = "/fine_tuning/jobs/{fine_tuning_job_id}";
    const PAUSE: &str = "/fine_tuning/jobs/{fine_tuning_job_id}/pause";
    const RESUME: &str = "/fine_tuning/jobs/{fine_tuning_job_id}/resume";
    const CANCEL: &str = "/fine_tuning/jobs/{fine_tuning_job_id}/cancel";
    const EVENTS: &str = "/fine_tuning/jobs/{fine_tuning_job_id}/events";
    const CHECKPOINTS: &str = "/fine_tuning/jobs/{fine_tuning_job_id}/checkpoints";
    vec![
        Endpoint::api("POST", "/fine_tuning/jobs", "createFineTuningJob", post(create)),
        Endpoint::api("GET", "/fine_tuning/jobs", "listPaginatedFineTuningJobs", get(list)),
        Endpoint::api("GET", JOB, "retrieveFineTuningJob", get(get_one)),
        Endpoint::api("POST", CANCEL, "cancelFineTuningJob", post(cancel)),
        Endpoint::api("POST", PAUSE, "pauseFineTuningJob", post(pause)),
        Endpoint::api("POST", RESUME, "resumeFineTuningJob", post(resume)),
        Endpoint::api("GET", EVENTS, "listFineTuningEvents", get(events))
            .asks(&[("stream", "`true` for the events as they happen, up to the end of the job")]),
        Endpoint::api("GET", CHECKPOINTS, "listFineTuningJobCheckpoints", get(list_checkpoints)),
        Endpoint::api("POST", PERMISSIONS, "createFineTuningCheckpointPermission", post(permissions::create)),
        Endpoint::api("GET", PERMISSIONS, "listFineTuningCheckpointPermissions", get(permissions::list)),
        Endpoint::api("DELETE", PERMISSION, "deleteFineTuningCheckpointPermission", delete(permissions::delete)),
    ]
}

async fn create(JsonBody(context, wire): JsonBody<JobWire>) -> Result<Response, ApiError> {
    let job = wire.checked(&context).await.map_err(|error| context.validation(error))?;
    let workspace = context.workspace();
    // First the note: one without a job is dropped, a job without one would not go on after a restart.
    remember(workspace.space().home(), &open_job(&workspace.name, &job.id)).await?;
    context.documents().change(job.change()?).await?;
    await_end(context.app(), workspace, &job.id);
    Ok(json_answer(&job.object(job.schedule.created)))
}

/// The job of an id as it is now.
async fn look(context: &Context, id: &str) -> Result<Job, ApiError> {
    match deliver(context.workspace().space(), context.clock(), id).await? {
        Some(job) => Ok(job),
        // For its words.
        None => Job::find(context, id).await,
    }
}

async fn get_one(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    let job = look(&context, &id).await?;
    Ok(json_answer(&job.object(Moment::now(context.clock()))))
}

async fn list(context: Context) -> Result<Response, ApiError> {
    let query = Query::of(context.path());
    let page = query.page(true).map_err(|error| context.validation(error))?;
    let wanted: Vec<(String, String)> = query
        .pairs()
        .filter_map(|(name, value)| {
            let key = name.strip_prefix("metadata[")?.strip_suffix(']')?;
            Some((key.to_owned(), value.to_owned()))
        })
        .collect();
    let holds = |body: &bytes::Bytes| {
        serde_json::from_slice::<Job>(body).is_ok_and(|job| {
            wanted.iter().all(|(key, value)| {
                let found = job.metadata.as_ref().and_then(|metadata| metadata.get(key));
                found.and_then(Value::as_str) == Some(value)
            })
        })
    };
    let listing = context.documents().find(KIND, &page, holds).await?;
    let now = Moment::now(context.clock());
    let mut shown = Vec::with_capacity(listing.documents.len());
    for job in listing.documents.iter().filter_map(|(_, document): &(String, Document)| Job::read(document)) {
        let job = if job.delivered { job } else { look(&context, &job.id).await? };
        shown.push(job.object(now));
    }
    Ok(json_answer(&json!({"object": "list", "data": shown, "has_more": listing.has_more})))
}

/// Changes a job that has not ended, and shows it.
async fn change(
    context: &Context,
    id: &str,
    apply: impl FnOnce(&mut Job, Status, Moment) -> Result<(), ApiError> + Send,
) -> Result<Response, ApiError> {
    look(context, id).await?;
    let job = {
        let _turn = context.workspace().space().alone(id).await;
        let mut job = Job::find(context, id).await?;
        let now = Moment::now(context.clock());
        let status = job.status(now);
        if status.has_ended() {
            let message = format!("Job has already {}: {id}", ended(status));
            return Err(context.validation(ApiError::invalid(message).code("invalid_job_state")));
        }
        apply(&mut job, status, now).map_err(|error| context.validation(error))?;
        context.documents().change(job.change()?).await?;
        job
    };
    announce(context, id);
    await_end(context.app(), context.workspace(), id);
    Ok(json_answer(&job.object(Moment::now(context.clock()))))
}

const fn ended(status: Status) -> &'static str {
    match status {
        Status::Cancelled => "been cancelled",
        Status::Failed => "failed",
        _ => "completed",
    }
}

async fn cancel(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    let cancel = |job: &mut Job, _, now| {
        job.schedule.cancelled = Some(now);
        Ok(())
    };
    change(&context, &id, cancel).await
}

async fn pause(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    let pause = |job: &mut Job, status, now| {
        if status == Status::Paused {
            let message = format!("Job is already paused: {}", job.id);
            return Err(ApiError::invalid(message).code("invalid_job_state"));
        }
        job.schedule.pause(now);
        Ok(())
    };
    change(&context, &id, pause).await
}

async fn resume(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    let resume = |job: &mut Job, status, now| {
        if status != Status::Paused {
            let message = format!("Job is not paused: {}", job.id);
            return Err(ApiError::invalid(message).code("invalid_job_state"));
        }
        job.schedule.resume(now);
        Ok(())
    };
    change(&context, &id, resume).await
}

async fn events(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    let job = look(&context, &id).await?;
    let query = Query::of(context.path());
    if query.get("stream").is_some_and(|stream| matches!(stream, "true" | "1")) {
        return Ok(follow(context, &id));
    }
    let (told, _) = told(&job, Moment::now(context.clock()));
    let (part, has_more) = page(told, |event| &event.id, &query).map_err(|error| context.validation(error))?;
    let data: Vec<Value> = part.iter().map(super::events::Event::object).collect();
    Ok(json_answer(&json!({"object": "list", "data": data, "has_more": has_more})))
}

async fn list_checkpoints(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    let job = look(&context, &id).await?;
    let mut made = checkpoints::made(&job, Moment::now(context.clock()));
    // Oldest first, as pages are cut.
    made.reverse();
    let id = |checkpoint: &Value| checkpoint["id"].as_str().unwrap_or_default().to_owned();
    let named: Vec<(String, Value)> = made.into_iter().map(|checkpoint| (id(&checkpoint), checkpoint)).collect();
    let query = Query::of(context.path());
    let (part, has_more) = page(named, |(id, _)| id, &query).map_err(|error| context.validation(error))?;
    Ok(json_answer(&List::new(part.into_iter().map(|(_, checkpoint)| checkpoint).collect(), has_more)))
}
