//! `/threads/{thread_id}/runs/{run_id}/steps`.

use axum::response::Response;
use axum::routing::get;

use super::encode;
use crate::api::Endpoint;
use crate::api::openai::listing::{List, page};
use crate::api::openai::threads::Thread;
use crate::context::Context;
use crate::error::ApiError;
use crate::jobs::Moment;
use crate::wire::{PathText, Query, json as json_answer};

/// What `include[]` may name: the text of what was found. Nothing is, so it adds nothing.
const INCLUDED: &str = "step_details.tool_calls[*].file_search.results[*].content";

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::api("GET", "/threads/{thread_id}/runs/{run_id}/steps", "listRunSteps", get(list)),
        Endpoint::api("GET", "/threads/{thread_id}/runs/{run_id}/steps/{step_id}", "getRunStep", get(get_one)),
    ]
}

/// Refuses what cannot be included.
pub(super) fn included(query: &Query) -> Result<(), ApiError> {
    let mut named = query.pairs().filter(|(name, _)| matches!(*name, "include[]" | "include"));
    match named.find(|(_, value)| *value != INCLUDED) {
        Some((name, other)) => Err(ApiError::unsupported_value(name, other, &[INCLUDED])),
        None => Ok(()),
    }
}

async fn list(context: Context, PathText((thread_id, id)): PathText<(String, String)>) -> Result<Response, ApiError> {
    let thread = Thread::find(&context, &thread_id)?;
    let run = thread.run(&id)?;
    let query = Query::of(context.path());
    included(&query).map_err(|error| context.validation(error))?;
    let begun = run.steps_by(Moment::now(context.clock())).collect();
    let (part, has_more) = page(begun, |(step, _)| &step.id, &query).map_err(|error| context.validation(error))?;
    let shown = part.into_iter().map(|(step, phase)| encode::step(run, step, &thread_id, phase));
    Ok(json_answer(&List::new(shown.collect(), has_more)))
}

async fn get_one(
    context: Context,
    PathText((thread_id, id, step_id)): PathText<(String, String, String)>,
) -> Result<Response, ApiError> {
    let thread = Thread::find(&context, &thread_id)?;
    let run = thread.run(&id)?;
    included(&Query::of(context.path())).map_err(|error| context.validation(error))?;
    let mut begun = run.steps_by(Moment::now(context.clock()));
    let found = begun.find(|(step, _)| step.id == step_id);
    let (step, phase) = found.ok_or_else(|| ApiError::no_such("run step", &step_id))?;
    Ok(json_answer(&encode::step(run, step, &thread_id, phase)))
}
