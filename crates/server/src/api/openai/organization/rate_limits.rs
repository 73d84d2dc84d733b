//! Rate limits of a project: one for each model of the catalog, changed or not. Where the server counts at all, the gate
//! reads the changes from where they are kept.

use axum::response::Response;
use axum::routing::{get, post};
use fakeai_store::{Change, Retention};
use serde_json::{Map, Value, json};

use super::projects::PROJECTS;
use super::told;
use crate::api::Endpoint;
use crate::api::openai::declared::{Kind, Rule};
use crate::api::openai::listing::{List, page};
use crate::audit;
use crate::context::Context;
use crate::error::ApiError;
use crate::gate::limit_kind;
use crate::wire::{JsonBody, PathText, Query, json as json_answer};

const LIMITS: &str = "/organization/projects/{project_id}/rate_limits";
const LIMIT: &str = "/organization/projects/{project_id}/rate_limits/{rate_limit_id}";
/// What begins the id of a limit; the model follows.
const PREFIX: &str = "rl-";
/// The limits that can be changed.
const NAMES: [&str; 6] = [
    "max_requests_per_1_minute",
    "max_tokens_per_1_minute",
    "max_images_per_1_minute",
    "max_audio_megabytes_per_1_minute",
    "max_requests_per_1_day",
    "batch_1_day_max_input_tokens",
];

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::api("GET", LIMITS, "list-project-rate-limits", get(list)),
        Endpoint::api("POST", LIMIT, "update-project-rate-limits", post(update)),
    ]
}

fn project_of(context: &Context, project: &str) -> Result<(), ApiError> {
    PROJECTS.need(context, &[], project).map(drop)
}

/// The limit of a model: OpenAI's for the first tier, unless it was changed.
fn limit(context: &Context, project: &str, model: &str) -> Result<Value, ApiError> {
    let mut limit = json!({
        "object": "project.rate_limit", "id": format!("{PREFIX}{model}"), "model": model,
        "max_requests_per_1_minute": 500, "max_tokens_per_1_minute": 200_000,
    });
    for (name, value) in changes(context, project, model)? {
        limit[name] = value;
    }
    Ok(limit)
}

/// What was changed of it.
fn changes(context: &Context, project: &str, model: &str) -> Result<Map<String, Value>, ApiError> {
    let changed = context.documents().get(&limit_kind(project), model).wait()?;
    Ok(changed.and_then(|found| serde_json::from_slice(&found.body).ok()).unwrap_or_default())
}

async fn list(context: Context, PathText(project): PathText) -> Result<Response, ApiError> {
    project_of(&context, &project)?;
    let ids: Vec<String> = context.app().catalog.iter().map(|card| format!("{PREFIX}{}", card.id)).collect();
    let (ids, has_more) =
        page(ids, String::as_str, &Query::of(context.path())).map_err(|error| context.validation(error))?;
    let limits: Result<Vec<Value>, ApiError> =
        ids.iter().map(|id| limit(&context, &project, id.strip_prefix(PREFIX).unwrap_or_default())).collect();
    Ok(json_answer(&List::new(limits?, has_more)))
}

async fn update(
    PathText((project, id)): PathText<(String, String)>,
    JsonBody(context, body): JsonBody<Map<String, Value>>,
) -> Result<Response, ApiError> {
    project_of(&context, &project)?;
    let model = id.strip_prefix(PREFIX).filter(|model| context.app().catalog.get(model).is_some());
    let model = model.ok_or_else(|| ApiError::no_such("rate limit", &id))?;
    let mut asked = Map::new();
    for name in NAMES {
        let given = Rule::or(Kind::Integer(0, i64::MAX), "").read(&body, name);
        if let Some(value) = given.map_err(|error| context.validation(error))? {
            asked.insert(name.to_owned(), value);
        }
    }
    // Only what was changed is kept: it alone is held against the project.
    let mut changed = changes(&context, &project, model)?;
    changed.extend(asked.clone());
    let kept = serde_json::to_vec(&changed).map_err(|_| ApiError::internal())?;
    let change = Change::put(limit_kind(&project), model, kept).retained(Retention::Kept);
    audit::apply(&context, vec![change], Some(told::rate_limit(&project, &id, &asked))).await?;
    Ok(json_answer(&limit(&context, &project, model)?))
}
