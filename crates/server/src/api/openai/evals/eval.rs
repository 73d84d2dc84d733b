//! Evals: made, listed, renamed and removed.

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use fakeai_store::{Change, Document, Page, Retention};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{config, run};
use crate::api::openai::chat::metadata;
use crate::api::openai::listing::List;
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::{JsonBody, PathText, Query, json as json_answer};

const KIND: &str = "eval";
/// Longest name, characters.
const LONGEST_NAME: usize = 512;

/// An eval, as it is kept and shown.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Eval {
    object: String,
    pub id: String,
    name: String,
    pub data_source_config: Value,
    pub testing_criteria: Vec<Value>,
    created_at: i64,
    metadata: Map<String, Value>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct EvalWire {
    name: Option<String>,
    metadata: Option<Map<String, Value>>,
    data_source_config: Option<Value>,
    testing_criteria: Option<Value>,
}

impl EvalWire {
    fn checked(self, context: &Context) -> Result<Eval, ApiError> {
        named(self.name.as_deref())?;
        metadata(self.metadata.as_ref())?;
        let data_source_config = config::data_source(self.data_source_config.as_ref())?;
        let testing_criteria = config::criteria(self.testing_criteria.as_ref())?;
        let id = context.hex_id("eval_", 32);
        Ok(Eval {
            object: "eval".to_owned(),
            name: self.name.unwrap_or_else(|| format!("Eval {}", &id[5..13])),
            id,
            data_source_config,
            testing_criteria,
            created_at: context.created(),
            metadata: self.metadata.unwrap_or_default(),
        })
    }
}

/// A name that is not too long.
pub(super) fn named(name: Option<&str>) -> Result<(), ApiError> {
    match name.map_or(0, |name| name.chars().count()) {
        count if count > LONGEST_NAME => Err(ApiError::too_long("name", LONGEST_NAME, count)),
        _ => Ok(()),
    }
}

impl Eval {
    pub(super) async fn find(context: &Context, id: &str) -> Result<Self, ApiError> {
        let found = context.documents().get(KIND, id).await?;
        let eval = found.and_then(|found| serde_json::from_slice(&found.body).ok());
        eval.ok_or_else(|| ApiError::no_such("eval", id))
    }
}

pub(super) async fn create(JsonBody(context, wire): JsonBody<EvalWire>) -> Result<Response, ApiError> {
    let eval = wire.checked(&context).map_err(|error| context.validation(error))?;
    let body = serde_json::to_vec(&eval).map_err(|_| ApiError::internal())?;
    context.documents().change(Change::put(KIND, &*eval.id, body).retained(Retention::Kept)).await?;
    Ok((StatusCode::CREATED, json_answer(&eval)).into_response())
}

pub(super) async fn list(context: Context) -> Result<Response, ApiError> {
    let query = Query::of(context.path());
    let checked = || {
        match query.get("order_by") {
            None | Some("created_at" | "updated_at") => {}
            Some(other) => return Err(ApiError::unsupported_value("order_by", other, &["created_at", "updated_at"])),
        }
        query.page(false)
    };
    let page = checked().map_err(|error| context.validation(error))?;
    let listing = context.documents().list(KIND, &page).await?;
    let shown = |(_, document): (String, Document)| serde_json::from_slice::<Value>(&document.body).ok();
    Ok(json_answer(&List::new(listing.documents.into_iter().filter_map(shown).collect(), listing.has_more)))
}

pub(super) async fn get_one(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    Ok(json_answer(&Eval::find(&context, &id).await?))
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct UpdateWire {
    name: Option<String>,
    metadata: Option<Map<String, Value>>,
}

pub(super) async fn update(
    PathText(id): PathText,
    JsonBody(context, wire): JsonBody<UpdateWire>,
) -> Result<Response, ApiError> {
    let checked = named(wire.name.as_deref()).and_then(|()| metadata(wire.metadata.as_ref()));
    checked.map_err(|error| context.validation(error))?;
    let change = |body: &Bytes| {
        let mut eval: Eval = serde_json::from_slice(body).map_err(|_| ApiError::internal())?;
        eval.name = wire.name.clone().unwrap_or(eval.name);
        eval.metadata = wire.metadata.clone().unwrap_or(eval.metadata);
        let bytes = serde_json::to_vec(&eval).map_err(|_| ApiError::internal())?;
        Ok::<_, ApiError>((bytes.into(), eval))
    };
    let changed = context.documents().update(KIND, &id, change).await?;
    Ok(json_answer(&changed.ok_or_else(|| ApiError::no_such("eval", &id))?))
}

/// Removes an eval with its runs.
pub(super) async fn delete_one(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    Eval::find(&context, &id).await?;
    let page = Page { limit: 100, ..Page::default() };
    loop {
        let runs = context.documents().list(&run::kind(&id), &page).await?.documents;
        if runs.is_empty() {
            break;
        }
        for (run, _) in runs {
            run::delete(&context, &id, &run).await?;
        }
    }
    context.documents().change(Change::delete(KIND, &*id)).await?;
    Ok(json_answer(&json!({"object": "eval.deleted", "deleted": true, "eval_id": id})))
}
