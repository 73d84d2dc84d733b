//! Which projects may use a checkpoint.

use axum::response::Response;
use fakeai_store::{Change, Document, Page, Retention};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::api::openai::listing::List;
use crate::audit::{self, Event};
use crate::context::Context;
use crate::error::ApiError;
use crate::tuned;
use crate::wire::{JsonBody, PathText, Query, json as json_answer};

/// The kind of its documents.
const KIND: &str = "checkpoint_permission";
/// Most projects of a request.
const MOST_PROJECTS: usize = 100;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PermissionWire {
    project_ids: Option<Vec<String>>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Permission {
    object: String,
    id: String,
    created_at: i64,
    project_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    checkpoint: Option<String>,
}

impl Permission {
    fn read(document: &Document) -> Option<Self> {
        serde_json::from_slice(&document.body).ok()
    }

    fn shown(self) -> Value {
        json!(Self { checkpoint: None, ..self })
    }
}

/// Refuses a checkpoint of no model that was made here.
fn known(context: &Context, checkpoint: &str) -> Result<(), ApiError> {
    let model = checkpoint.split(":ckpt-step-").next().unwrap_or_default();
    let there = tuned::find(context.workspace(), model).is_some_and(|model| !model.deleted);
    if there { Ok(()) } else { Err(ApiError::no_such("checkpoint", checkpoint)) }
}

pub(super) async fn create(
    PathText(checkpoint): PathText,
    JsonBody(context, wire): JsonBody<PermissionWire>,
) -> Result<Response, ApiError> {
    const PARAM: &str = "project_ids";
    let projects = wire.project_ids.filter(|ids| !ids.is_empty());
    let projects = projects.ok_or_else(|| context.validation(ApiError::missing(PARAM)))?;
    if projects.len() > MOST_PROJECTS {
        return Err(context.validation(ApiError::too_many(PARAM, MOST_PROJECTS, projects.len())));
    }
    known(&context, &checkpoint)?;
    let (mut changes, mut events, mut shown) = (Vec::new(), Vec::new(), Vec::new());
    for project_id in projects {
        let permission = Permission {
            object: "checkpoint.permission".to_owned(),
            id: context.id("cp_", 24),
            created_at: context.created(),
            project_id,
            checkpoint: Some(checkpoint.clone()),
        };
        let body = serde_json::to_vec(&permission).map_err(|_| ApiError::internal())?;
        changes.push(Change::put(KIND, &*permission.id, body).retained(Retention::Kept));
        let data = json!({"project_id": permission.project_id, "fine_tuned_model_checkpoint": checkpoint});
        events.push(told("checkpoint.permission.created", json!({"id": permission.id, "data": data})));
        shown.push(permission.shown());
    }
    context.documents().apply(changes).await?;
    for event in events {
        audit::note(&context, Some(event)).await?;
    }
    Ok(json_answer(&List::new(shown, false)))
}

/// What the organisation's log says of it.
const fn told(kind: &'static str, details: Value) -> Event {
    Event { kind, project: None, details }
}

pub(super) async fn list(context: Context, PathText(checkpoint): PathText) -> Result<Response, ApiError> {
    known(&context, &checkpoint)?;
    let query = Query::of(context.path());
    let page = page(&query).map_err(|error| context.validation(error))?;
    let project = query.get("project_id");
    let wanted = |body: &bytes::Bytes| {
        serde_json::from_slice::<Permission>(body).is_ok_and(|permission| {
            permission.checkpoint.as_deref() == Some(&checkpoint)
                && project.is_none_or(|project| permission.project_id == project)
        })
    };
    let listing = context.documents().find(KIND, &page, wanted).await?;
    let shown = listing.documents.iter().filter_map(|(_, document)| Permission::read(document).map(Permission::shown));
    Ok(json_answer(&List::new(shown.collect(), listing.has_more)))
}

/// As elsewhere, but the order has longer names.
fn page(query: &Query) -> Result<Page, ApiError> {
    const ORDERS: [&str; 2] = ["ascending", "descending"];
    let pairs = query.pairs().filter(|(name, _)| *name != "order");
    let rest: Vec<String> = pairs.map(|(name, value)| format!("{name}={value}")).collect();
    let page = Query::of(&format!("?{}", rest.join("&"))).page_of(true, 10, 100)?;
    match query.get("order") {
        None | Some("descending") => Ok(page),
        Some("ascending") => Ok(Page { descending: false, ..page }),
        Some(other) => Err(ApiError::unsupported_value("order", other, &ORDERS)),
    }
}

pub(super) async fn delete(
    context: Context,
    PathText((checkpoint, id)): PathText<(String, String)>,
) -> Result<Response, ApiError> {
    let found = context.documents().get(KIND, &id).await?.as_ref().and_then(Permission::read);
    if found.is_none_or(|permission| permission.checkpoint.as_deref() != Some(&checkpoint)) {
        return Err(ApiError::no_such("checkpoint permission", &id));
    }
    let event = told("checkpoint.permission.deleted", json!({"id": id}));
    audit::apply(&context, vec![Change::delete(KIND, &*id)], Some(event)).await?;
    Ok(json_answer(&json!({"id": id, "object": "checkpoint.permission", "deleted": true})))
}
