//! `/threads/{thread_id}/runs`.

use axum::response::Response;
use axum::routing::{get, post};

use super::create::{create, create_with_thread, submit};
use super::encode;
use super::run::Status;
use super::steps;
use super::wire::UpdateWire;
use crate::api::Endpoint;
use crate::api::openai::chat::metadata;
use crate::api::openai::listing::{List, page};
use crate::api::openai::threads::Thread;
use crate::context::Context;
use crate::error::ApiError;
use crate::jobs::Moment;
use crate::wire::{JsonBody, PathText, Query, json as json_answer};

pub(in crate::api::openai) fn endpoints() -> Vec<Endpoint> {
    const ALL: &str = "/threads/{thread_id}/runs";
    const ONE: &str = "/threads/{thread_id}/runs/{run_id}";
    const SUBMIT: &str = "/threads/{thread_id}/runs/{run_id}/submit_tool_outputs";
    let mut all = vec![
        Endpoint::api("POST", "/threads/runs", "createThreadAndRun", post(create_with_thread)),
        Endpoint::api("POST", ALL, "createRun", post(create)),
        Endpoint::api("GET", ALL, "listRuns", get(list)),
        Endpoint::api("GET", ONE, "getRun", get(get_one)),
        Endpoint::api("POST", ONE, "modifyRun", post(update)),
        Endpoint::api("POST", "/threads/{thread_id}/runs/{run_id}/cancel", "cancelRun", post(cancel)),
        // OpenAI's document spells it so.
        Endpoint::api("POST", SUBMIT, "submitToolOuputsToRun", post(submit)),
    ];
    all.extend(steps::endpoints());
    all
}

async fn list(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    let Thread { runs, .. } = Thread::find(&context, &id)?;
    let now = Moment::now(context.clock());
    let query = Query::of(context.path());
    let (part, has_more) = page(runs, |run| &run.id, &query).map_err(|error| context.validation(error))?;
    let shown = part.iter().map(|run| encode::run(run, &id, run.status(now)));
    Ok(json_answer(&List::new(shown.collect(), has_more)))
}

async fn get_one(
    context: Context,
    PathText((thread_id, id)): PathText<(String, String)>,
) -> Result<Response, ApiError> {
    let thread = Thread::find(&context, &thread_id)?;
    let run = thread.run(&id)?;
    let status = run.status(Moment::now(context.clock()));
    Ok(json_answer(&encode::run(run, &thread_id, status)))
}

async fn update(
    PathText((thread_id, id)): PathText<(String, String)>,
    JsonBody(context, wire): JsonBody<UpdateWire>,
) -> Result<Response, ApiError> {
    let _turn = context.workspace().space().alone(&thread_id).await;
    let mut thread = Thread::find(&context, &thread_id)?;
    let (run, _) = thread.run_mut(&id)?;
    if let Some(pairs) = wire.metadata {
        metadata(Some(&pairs)).map_err(|error| context.validation(error))?;
        run.metadata = pairs;
    }
    let status = run.status(Moment::now(context.clock()));
    let shown = encode::run(run, &thread_id, status);
    thread.put(&context).await?;
    Ok(json_answer(&shown))
}

async fn cancel(context: Context, PathText((thread_id, id)): PathText<(String, String)>) -> Result<Response, ApiError> {
    let _turn = context.workspace().space().alone(&thread_id).await;
    let mut thread = Thread::find(&context, &thread_id)?;
    let now = Moment::now(context.clock());
    let (run, messages) = thread.run_mut(&id)?;
    let status = run.status(now);
    if !status.is_active() || status == Status::Cancelling {
        let message = format!("Cannot cancel run with status '{}'.", status.name());
        return Err(context.validation(ApiError::invalid(message)));
    }
    run.cancel(now, messages);
    let shown = encode::run(run, &thread_id, Status::Cancelling);
    thread.put(&context).await?;
    Ok(json_answer(&shown))
}
