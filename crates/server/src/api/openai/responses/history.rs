//! What came before a request: the responses it goes on from, its conversation, and items it only names.

use serde_json::Value;

use super::items::{self, ItemIds, Sent};
use super::stored;
use super::wire::Input;
use crate::api::openai::conversations;
use crate::context::Context;
use crate::error::ApiError;

/// Longest chain of responses that is followed.
const MOST_RESPONSES: usize = 1000;

/// All items before the request's own, the oldest first.
pub(super) fn before(
    context: &Context,
    previous: Option<&str>,
    conversation: Option<&str>,
) -> Result<Vec<Value>, ApiError> {
    if let Some(id) = conversation {
        return conversations::all_items(context, id);
    }
    let mut rounds = Vec::new();
    let mut next = previous.map(str::to_owned);
    while let Some(id) = next.take().filter(|_| rounds.len() < MOST_RESPONSES) {
        let Some(stored) = stored::find(context, &id)? else {
            return Err(ApiError::invalid(format!("Previous response with id '{id}' not found."))
                .param("previous_response_id")
                .code("previous_response_not_found"));
        };
        next = stored.response["previous_response_id"].as_str().map(str::to_owned);
        let mut response = stored.at(context.clock());
        let mut items = stored.input;
        if let Value::Array(output) = response["output"].take() {
            items.extend(output);
        }
        rounds.push(items);
    }
    Ok(rounds.into_iter().rev().flatten().collect())
}

/// The request's own items in their full form; `before` is what may be referred to.
pub(super) fn own(
    context: &Context,
    input: Option<Input>,
    before: &[Value],
    ids: &ItemIds,
) -> Result<Vec<Value>, ApiError> {
    let list = match input {
        None => return Ok(Vec::new()),
        Some(Input::Text(text)) => {
            let message = serde_json::json!({"role": "user", "content": text});
            let Value::Object(message) = message else { return Ok(Vec::new()) };
            vec![message]
        }
        Some(Input::Items(list)) => list,
    };
    let mut own = Vec::with_capacity(list.len());
    for (index, item) in list.into_iter().enumerate() {
        match items::read(item, ids, &format!("input[{index}]"))? {
            Sent::Item(item) => own.push(item),
            Sent::Reference(id) => {
                let item = referred(context, &id, before)?.ok_or_else(|| {
                    let message = format!(
                        "Item with id '{id}' not found. Items are not persisted when `store` is set to false. Try \
                         again with `store` set to true, or remove this item from your input."
                    );
                    ApiError::invalid(message).param("input").status(http::StatusCode::NOT_FOUND)
                })?;
                own.push(item);
            }
        }
    }
    Ok(own)
}

fn referred(context: &Context, id: &str, before: &[Value]) -> Result<Option<Value>, ApiError> {
    if let Some(item) = before.iter().find(|item| item["id"] == id) {
        return Ok(Some(item.clone()));
    }
    let Some(stored) = stored::find_by_end(context, items::shared_end(id))? else { return Ok(None) };
    let output = stored.response["output"].as_array().into_iter().flatten();
    Ok(stored.input.iter().chain(output).find(|item| item["id"] == id).cloned())
}
