//! Stored chat completions: what `store: true` keeps. List, get, update, delete, messages.

use axum::extract::Path;
use axum::response::Response;
use axum::routing::{delete, get, post};
use bytes::Bytes;
use fakeai_store::{Change, Document, Expected, PageEnd, StoreError};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::params::metadata;
use crate::api::Endpoint;
use crate::api::openai::listing::List;
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::{JsonBody, Query, json as json_answer};

const KIND: &str = "chat.completion";

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::api("GET", "/chat/completions", "listChatCompletions", get(list)),
        Endpoint::api("GET", "/chat/completions/{completion_id}", "getChatCompletion", get(get_one)),
        Endpoint::api("POST", "/chat/completions/{completion_id}", "updateChatCompletion", post(update)),
        Endpoint::api("DELETE", "/chat/completions/{completion_id}", "deleteChatCompletion", delete(delete_one)),
        Endpoint::api("GET", "/chat/completions/{completion_id}/messages", "getChatCompletionMessages", get(messages)),
    ]
}

/// What a request asked to be kept beside its answer.
#[derive(Debug, Default)]
pub(super) struct Keep {
    pub metadata: Map<String, Value>,
    pub temperature: Option<f64>,
    pub top_p: Option<f64>,
    pub presence_penalty: Option<f64>,
    pub frequency_penalty: Option<f64>,
    pub seed: Option<i64>,
    pub user: Option<String>,
    pub tools: Option<Value>,
    pub tool_choice: Option<Value>,
    pub response_format: Option<Value>,
    pub messages: Vec<Value>,
}

/// A stored completion: the answer, and how it was asked for.
#[derive(Deserialize, Serialize)]
struct Stored {
    completion: Map<String, Value>,
    messages: Vec<Value>,
}

impl Keep {
    /// Puts the answer away.
    pub(super) async fn put(self, context: &Context, completion: Value) -> Result<(), ApiError> {
        let Value::Object(mut completion) = completion else { return Err(ApiError::internal()) };
        completion.extend([
            ("request_id".to_owned(), json!(context.request_id())),
            ("tool_choice".to_owned(), json!(self.tool_choice)),
            ("seed".to_owned(), json!(self.seed)),
            ("top_p".to_owned(), json!(self.top_p.unwrap_or(1.0))),
            ("temperature".to_owned(), json!(self.temperature.unwrap_or(1.0))),
            ("presence_penalty".to_owned(), json!(self.presence_penalty.unwrap_or(0.0))),
            ("frequency_penalty".to_owned(), json!(self.frequency_penalty.unwrap_or(0.0))),
            ("input_user".to_owned(), json!(self.user)),
            ("tools".to_owned(), json!(self.tools)),
            ("metadata".to_owned(), Value::Object(self.metadata)),
            ("response_format".to_owned(), json!(self.response_format)),
        ]);
        let id = completion.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut messages = self.messages;
        for (index, message) in messages.iter_mut().enumerate() {
            message["id"] = json!(format!("{id}-{index}"));
        }
        put(context, &id, &Stored { completion, messages }, Expected::Any).await
    }
}

async fn put(context: &Context, id: &str, stored: &Stored, expected: Expected) -> Result<(), ApiError> {
    let body = serde_json::to_vec(stored).map_err(|_| ApiError::internal())?;
    context.documents().change(Change::put(KIND, id, body).expecting(expected)).await?;
    Ok(())
}

/// The completion of an id, and the version it is in.
async fn find(context: &Context, id: &str) -> Result<(Stored, u64), ApiError> {
    let found = context.documents().get(KIND, id).await?;
    let read = |found: Document| Some((serde_json::from_slice(&found.body).ok()?, found.version));
    found.and_then(read).ok_or_else(|| {
        ApiError::invalid(format!("Chat completion {id} not found")).status(StatusCode::NOT_FOUND).code("not_found")
    })
}

async fn list(context: Context) -> Result<Response, ApiError> {
    let query = Query::of(context.path());
    let page = query.page(false)?;
    let wanted = |body: &Bytes| {
        let Ok(stored) = serde_json::from_slice::<Stored>(body) else { return false };
        query.pairs().all(|(name, value)| match name.strip_prefix("metadata[").and_then(|key| key.strip_suffix(']')) {
            Some(key) => stored.completion["metadata"][key] == value,
            None => name != "model" || stored.completion["model"] == value,
        })
    };
    let listing = context.documents().find(KIND, &page, wanted).await?;
    let completion = |(_, document): (String, Document)| {
        serde_json::from_slice::<Stored>(&document.body).map_or(Value::Null, |stored| Value::Object(stored.completion))
    };
    Ok(json_answer(&List::new(listing.documents.into_iter().map(completion).collect(), listing.has_more)))
}

async fn get_one(context: Context, Path(id): Path<String>) -> Result<Response, ApiError> {
    Ok(json_answer(&find(&context, &id).await?.0.completion))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Update {
    metadata: Option<Map<String, Value>>,
}

async fn update(Path(id): Path<String>, JsonBody(context, wire): JsonBody<Update>) -> Result<Response, ApiError> {
    let (mut stored, version) = find(&context, &id).await?;
    let Some(new) = wire.metadata else { return Err(context.validation(ApiError::missing("metadata"))) };
    metadata(Some(&new)).map_err(|error| context.validation(error))?;
    stored.completion.insert("metadata".to_owned(), Value::Object(new));
    put(&context, &id, &stored, Expected::Version(version)).await?;
    Ok(json_answer(&stored.completion))
}

async fn delete_one(context: Context, Path(id): Path<String>) -> Result<Response, ApiError> {
    let (_, version) = find(&context, &id).await?;
    context.documents().change(Change::delete(KIND, &*id).expecting(Expected::Version(version))).await?;
    Ok(json_answer(&json!({"object": "chat.completion.deleted", "id": id, "deleted": true})))
}

async fn messages(context: Context, Path(id): Path<String>) -> Result<Response, ApiError> {
    let (stored, _) = find(&context, &id).await?;
    let page = Query::of(context.path()).page(false)?;
    let mut all: Vec<Value> = stored.messages;
    if page.descending {
        all.reverse();
    }
    let start = match &page.after {
        None => 0,
        Some(after) => {
            let at = all.iter().position(|message| message["id"] == **after);
            at.ok_or_else(|| StoreError::NoCursor { end: PageEnd::After, id: after.clone() })? + 1
        }
    };
    let has_more = all.len() > start + page.limit;
    let data = all.into_iter().skip(start).take(page.limit).collect();
    Ok(json_answer(&List::new(data, has_more)))
}
