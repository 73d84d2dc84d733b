//! `/assistants`.

use axum::response::Response;
use axum::routing::{delete, get, post};
use bytes::Bytes;
use fakeai_store::Page;
use serde_json::{Value, json};

use super::wire::{Assistant, AssistantWire, KIND, find};
use crate::api::Endpoint;
use crate::api::openai::listing::{List, page};
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::{JsonBody, PathText, Query, json as json_answer};

pub(in crate::api::openai) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::api("POST", "/assistants", "createAssistant", post(create)),
        Endpoint::api("GET", "/assistants", "listAssistants", get(list)),
        Endpoint::api("GET", "/assistants/{assistant_id}", "getAssistant", get(get_one)),
        Endpoint::api("POST", "/assistants/{assistant_id}", "modifyAssistant", post(update)),
        Endpoint::api("DELETE", "/assistants/{assistant_id}", "deleteAssistant", delete(delete_one)),
    ]
}

async fn create(JsonBody(context, wire): JsonBody<AssistantWire>) -> Result<Response, ApiError> {
    let assistant = Assistant::create(&context, wire).map_err(|error| context.validation(error))?;
    assistant.put(&context)?;
    Ok(json_answer(&assistant))
}

async fn list(context: Context) -> Result<Response, ApiError> {
    let whole = Page { after: None, limit: usize::MAX, descending: false };
    let listing = context.workspace().documents().list(KIND, &whole, &|_| true).map_err(|_| ApiError::internal())?;
    let query = Query::of(context.path());
    let (part, has_more) = page(listing.documents, |(id, _)| id, &query).map_err(|error| context.validation(error))?;
    let shown = |(_, body): (String, Bytes)| serde_json::from_slice(&body).unwrap_or(Value::Null);
    Ok(json_answer(&List::new(part.into_iter().map(shown).collect(), has_more)))
}

async fn get_one(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    Ok(json_answer(&find(&context, &id)?))
}

async fn update(
    PathText(id): PathText,
    JsonBody(context, wire): JsonBody<AssistantWire>,
) -> Result<Response, ApiError> {
    let _turn = context.workspace().alone(&id);
    let mut assistant = find(&context, &id)?;
    assistant.change(&context, wire).map_err(|error| context.validation(error))?;
    assistant.put(&context)?;
    Ok(json_answer(&assistant))
}

async fn delete_one(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    let _turn = context.workspace().alone(&id);
    find(&context, &id)?;
    context.workspace().documents().delete(KIND, &id).map_err(|_| ApiError::internal())?;
    Ok(json_answer(&json!({"id": id, "object": "assistant.deleted", "deleted": true})))
}
