//! Rate limits of a project: one for each model of the catalog, changed or not. Where the server counts at all, a change
//! holds from then on until the server ends.

use axum::response::Response;
use axum::routing::{get, post};
use fakeai_store::{Change, Retention};
use serde_json::{Map, Value, json};

use super::projects::PROJECTS;
use crate::api::Endpoint;
use crate::api::openai::declared::{Kind, Rule};
use crate::api::openai::listing::{List, page};
use crate::context::Context;
use crate::error::ApiError;
use crate::gate;
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

fn kind(project: &str) -> String {
    format!("rate limit/{project}")
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
    let changed = context.documents().get(&kind(project), model).wait()?;
    let changed = changed.and_then(|found| serde_json::from_slice::<Map<String, Value>>(&found.body).ok());
    for (name, value) in changed.unwrap_or_default() {
        limit[name] = value;
    }
    Ok(limit)
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
    let mut changed = limit(&context, &project, model)?;
    for name in NAMES {
        let given = Rule::or(Kind::Integer(0, i64::MAX), "").read(&body, name);
        if let Some(value) = given.map_err(|error| context.validation(error))? {
            changed[name] = value;
        }
    }
    enforce(&context, &project, model, &body);
    let kept = serde_json::to_vec(&changed).map_err(|_| ApiError::internal())?;
    context.documents().change(Change::put(kind(&project), model, kept).retained(Retention::Kept)).await?;
    Ok(json_answer(&changed))
}

/// Lets the gate go by what is changed; what is not stays as it is there.
fn enforce(context: &Context, project: &str, model: &str, changes: &Map<String, Value>) {
    let Some(quotas) = &context.app().gate.quotas else { return };
    let place = gate::place(context, project);
    let mut limits = quotas.limits(&place, model);
    for (name, limit) in [
        (NAMES[0], &mut limits.requests_per_minute),
        (NAMES[1], &mut limits.tokens_per_minute),
        (NAMES[2], &mut limits.images_per_minute),
        (NAMES[4], &mut limits.requests_per_day),
        (NAMES[5], &mut limits.batch_queue_tokens),
    ] {
        if let Some(changed) = changes.get(name).and_then(Value::as_u64) {
            *limit = Some(changed);
        }
    }
    quotas.set(&place, model, Some(limits));
}
