//! `/threads/{thread_id}/runs/{run_id}/steps`.

use axum::response::Response;
use axum::routing::get;

use serde_json::{Value, json};

use super::encode;
use super::run::{CalledTool, Run, Step, StepPhase};
use crate::api::Endpoint;
use crate::api::openai::listing::{List, page};
use crate::api::openai::threads::Thread;
use crate::api::openai::vector_stores::passage_of;
use crate::context::Context;
use crate::error::ApiError;
use crate::jobs::Moment;
use crate::wire::{PathText, Query, json as json_answer};

/// What `include[]` may name: the text of what was found.
const INCLUDED: &str = "step_details.tool_calls[*].file_search.results[*].content";

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::api("GET", "/threads/{thread_id}/runs/{run_id}/steps", "listRunSteps", get(list)),
        Endpoint::api("GET", "/threads/{thread_id}/runs/{run_id}/steps/{step_id}", "getRunStep", get(get_one)),
    ]
}

/// Whether the text of what was found is to be shown; refuses what cannot be included.
pub(super) fn included(query: &Query) -> Result<bool, ApiError> {
    let mut named = query.pairs().filter(|(name, _)| matches!(*name, "include[]" | "include"));
    match named.find(|(_, value)| *value != INCLUDED) {
        Some((name, other)) => Err(ApiError::unsupported_value(name, other, &[INCLUDED])),
        None => Ok(query.pairs().any(|(name, _)| matches!(name, "include[]" | "include"))),
    }
}

/// A step with the text of what was found, if that is wanted. What was removed since has none.
fn shown(
    context: &Context,
    run: &Run,
    thread_id: &str,
    (step, phase): (&Step, StepPhase),
    texts: bool,
) -> Result<Value, ApiError> {
    let mut object = encode::step(run, step, thread_id, phase);
    let calls = step.calls().iter().enumerate().filter(|_| texts && phase != StepPhase::Writing);
    for (place, call) in calls {
        let CalledTool::Search { results, .. } = &call.tool else { continue };
        for (index, result) in results.iter().enumerate() {
            let text = passage_of(context, &result.store, &result.file_id, &result.span)?;
            let content: Vec<Value> = text.into_iter().map(|text| json!({"type": "text", "text": text})).collect();
            object["step_details"]["tool_calls"][place]["file_search"]["results"][index]["content"] = json!(content);
        }
    }
    Ok(object)
}

async fn list(context: Context, PathText((thread_id, id)): PathText<(String, String)>) -> Result<Response, ApiError> {
    let thread = Thread::find(&context, &thread_id)?;
    let run = thread.run(&id)?;
    let query = Query::of(context.path());
    let texts = included(&query).map_err(|error| context.validation(error))?;
    let begun = run.steps_by(Moment::now(context.clock())).collect();
    let (part, has_more) = page(begun, |(step, _)| &step.id, &query).map_err(|error| context.validation(error))?;
    let shown = part.into_iter().map(|found| shown(&context, run, &thread_id, found, texts));
    Ok(json_answer(&List::new(shown.collect::<Result<_, _>>()?, has_more)))
}

async fn get_one(
    context: Context,
    PathText((thread_id, id, step_id)): PathText<(String, String, String)>,
) -> Result<Response, ApiError> {
    let thread = Thread::find(&context, &thread_id)?;
    let run = thread.run(&id)?;
    let texts = included(&Query::of(context.path())).map_err(|error| context.validation(error))?;
    let mut begun = run.steps_by(Moment::now(context.clock()));
    let found = begun.find(|(step, _)| step.id == step_id);
    let found = found.ok_or_else(|| ApiError::no_such("run step", &step_id))?;
    Ok(json_answer(&shown(&context, run, &thread_id, found, texts)?))
}
