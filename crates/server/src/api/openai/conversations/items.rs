//! The items of a conversation.

use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::stored;
use crate::api::openai::listing::List;
use crate::api::openai::responses::{ItemIds, Sent, page_of, read};
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::{JsonBody, PathText, json};

/// Most items of one request.
const MOST_AT_ONCE: usize = 20;

/// Items as clients send them, in their full form.
pub(super) fn full(context: &Context, items: Vec<Map<String, Value>>) -> Result<Vec<Value>, ApiError> {
    if items.len() > MOST_AT_ONCE {
        let message = format!(
            "Invalid 'items': array too long. Expected an array with maximum length {MOST_AT_ONCE}, but got an array \
             with length {} instead.",
            items.len()
        );
        return Err(ApiError::invalid(message).param("items").code("array_above_max_length"));
    }
    let ids = ItemIds::new(context);
    let full = |(index, item): (usize, Map<String, Value>)| match read(item, &ids, &format!("items[{index}]"))? {
        Sent::Item(item) => Ok(item),
        Sent::Reference(id) => Err(ApiError::invalid(format!("Item with id '{id}' not found."))
            .param(format!("items[{index}]"))
            .status(StatusCode::NOT_FOUND)),
    };
    items.into_iter().enumerate().map(full).collect()
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct CreateItems {
    items: Option<Vec<Map<String, Value>>>,
}

pub(super) async fn create(
    PathText(id): PathText,
    JsonBody(context, wire): JsonBody<CreateItems>,
) -> Result<Response, ApiError> {
    let items = wire.items.ok_or_else(|| ApiError::missing("items")).and_then(|items| full(&context, items));
    let items = items.map_err(|error| context.validation(error))?;
    stored::append(&context, &id, items.clone()).await?;
    Ok(json(&List::new(items, false)))
}

pub(super) async fn list(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    Ok(json(&page_of(&context, stored::get(&context, &id).await?.items)?))
}

fn no_item(id: &str, conversation: &str) -> ApiError {
    ApiError::invalid(format!("Item with id '{id}' not found in conversation '{conversation}'."))
        .status(StatusCode::NOT_FOUND)
}

pub(super) async fn get_one(
    context: Context,
    PathText((id, item)): PathText<(String, String)>,
) -> Result<Response, ApiError> {
    let items = stored::get(&context, &id).await?.items;
    let found = items.iter().find(|known| known["id"] == item);
    found.map(json).ok_or_else(|| no_item(&item, &id))
}

pub(super) async fn delete_one(
    context: Context,
    PathText((id, item)): PathText<(String, String)>,
) -> Result<Response, ApiError> {
    let conversation = stored::change(&context, &id, |conversation| {
        let before = conversation.items.len();
        conversation.items.retain(|known| known["id"] != item);
        if conversation.items.len() == before {
            return Err(no_item(&item, &id));
        }
        Ok(conversation.wire())
    });
    Ok(json(&conversation.await?))
}
