//! `/assistants`.

use axum::response::Response;
use axum::routing::{delete, get, post};
use fakeai_store::{Change, Document};
use serde_json::{Value, json};

use super::wire::{Assistant, AssistantWire, KIND, find};
use crate::api::Endpoint;
use crate::api::openai::listing::List;
use crate::api::openai::vector_stores::Helper;
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

async fn create(JsonBody(context, mut wire): JsonBody<AssistantWire>) -> Result<Response, ApiError> {
    let helper = Helper::take(wire.resources()).map_err(|error| context.validation(error))?;
    let mut assistant = Assistant::create(&context, wire).map_err(|error| context.validation(error))?;
    if let Some(helper) = helper {
        let made = helper.make(&context, &mut assistant.tool_resources).await;
        made.map_err(|error| context.validation(error))?;
    }
    assistant.put(&context).await?;
    Ok(json_answer(&assistant))
}

async fn list(context: Context) -> Result<Response, ApiError> {
    let page = Query::of(context.path()).page(true).map_err(|error| context.validation(error))?;
    let listing = context.documents().list(KIND, &page).await?;
    let shown = |(_, document): (String, Document)| serde_json::from_slice(&document.body).unwrap_or(Value::Null);
    Ok(json_answer(&List::new(listing.documents.into_iter().map(shown).collect(), listing.has_more)))
}

async fn get_one(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    Ok(json_answer(&find(&context, &id)?))
}

async fn update(
    PathText(id): PathText,
    JsonBody(context, mut wire): JsonBody<AssistantWire>,
) -> Result<Response, ApiError> {
    let helper = Helper::take(wire.resources()).map_err(|error| context.validation(error))?;
    let mut made = Value::Null;
    if let Some(helper) = helper {
        find(&context, &id)?;
        helper.make(&context, &mut made).await.map_err(|error| context.validation(error))?;
    }
    let _turn = context.workspace().space().alone(&id).await;
    let mut assistant = find(&context, &id)?;
    assistant.change(&context, wire).map_err(|error| context.validation(error))?;
    if made.is_object() {
        assistant.tool_resources["file_search"] = made["file_search"].take();
    }
    assistant.put(&context).await?;
    Ok(json_answer(&assistant))
}

async fn delete_one(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    let _turn = context.workspace().space().alone(&id).await;
    find(&context, &id)?;
    context.documents().change(Change::delete(KIND, &*id)).await?;
    Ok(json_answer(&json!({"id": id, "object": "assistant.deleted", "deleted": true})))
}
