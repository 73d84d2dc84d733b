//! The endpoints of conversations.

use axum::response::Response;
use axum::routing::{delete, get, post};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::items;
use super::stored::{self, Conversation};
use crate::api::Endpoint;
use crate::api::openai::chat::metadata;
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::{JsonBody, PathText, json as json_answer};

pub(in crate::api::openai) fn endpoints() -> Vec<Endpoint> {
    const ONE: &str = "/conversations/{conversation_id}";
    const ITEMS: &str = "/conversations/{conversation_id}/items";
    const ITEM: &str = "/conversations/{conversation_id}/items/{item_id}";
    vec![
        Endpoint::api("POST", "/conversations", "createConversation", post(create)),
        Endpoint::api("GET", ONE, "getConversation", get(get_one)),
        Endpoint::api("POST", ONE, "updateConversation", post(update)),
        Endpoint::api("DELETE", ONE, "deleteConversation", delete(delete_one)),
        Endpoint::api("POST", ITEMS, "createConversationItems", post(items::create)),
        Endpoint::api("GET", ITEMS, "listConversationItems", get(items::list)),
        Endpoint::api("GET", ITEM, "getConversationItem", get(items::get_one)),
        Endpoint::api("DELETE", ITEM, "deleteConversationItem", delete(items::delete_one)),
    ]
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct CreateConversation {
    metadata: Option<Map<String, Value>>,
    items: Option<Vec<Map<String, Value>>>,
}

async fn create(JsonBody(context, wire): JsonBody<CreateConversation>) -> Result<Response, ApiError> {
    let made = || {
        metadata(wire.metadata.as_ref())?;
        Ok(Conversation {
            items: items::full(&context, wire.items.unwrap_or_default())?,
            id: context.hex_id("conv_", 48),
            created_at: context.created(),
            metadata: wire.metadata.unwrap_or_default(),
        })
    };
    let conversation = made().map_err(|error| context.validation(error))?;
    stored::put(&context, &conversation).await?;
    Ok(json_answer(&conversation.wire()))
}

async fn get_one(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    Ok(json_answer(&stored::get(&context, &id).await?.wire()))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Update {
    metadata: Option<Map<String, Value>>,
}

async fn update(PathText(id): PathText, JsonBody(context, wire): JsonBody<Update>) -> Result<Response, ApiError> {
    let checked = wire.metadata.ok_or_else(|| ApiError::missing("metadata"));
    let checked = checked.and_then(|new| metadata(Some(&new)).map(|()| new));
    let new = checked.map_err(|error| context.validation(error))?;
    let changed = stored::change(&context, &id, |conversation| {
        conversation.metadata = new;
        Ok(conversation.wire())
    });
    Ok(json_answer(&changed.await?))
}

async fn delete_one(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    stored::delete(&context, &id).await?;
    Ok(json_answer(&json!({"id": id, "object": "conversation.deleted", "deleted": true})))
}
