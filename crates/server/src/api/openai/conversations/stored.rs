//! How conversations are kept.

use bytes::Bytes;
use fakeai_store::Documents;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::context::Context;
use crate::error::ApiError;

const KIND: &str = "conversation";

/// Most items of a conversation; the oldest are forgotten.
const MOST_ITEMS: usize = 10_000;

/// A conversation.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Conversation {
    pub id: String,
    /// Unix seconds.
    pub created_at: i64,
    pub metadata: Map<String, Value>,
    pub items: Vec<Value>,
}

impl Conversation {
    /// As clients see it.
    pub(super) fn wire(&self) -> Value {
        json!({
            "id": self.id, "object": "conversation", "created_at": self.created_at, "metadata": self.metadata,
        })
    }

    /// Adds items at the end.
    pub(super) fn extend(&mut self, items: Vec<Value>) {
        self.items.extend(items);
        let surplus = self.items.len().saturating_sub(MOST_ITEMS);
        self.items.drain(..surplus);
    }
}

fn not_found(id: &str) -> ApiError {
    ApiError::invalid(format!("Conversation with id '{id}' not found.")).status(StatusCode::NOT_FOUND)
}

fn read(documents: &dyn Documents, id: &str) -> Result<Conversation, ApiError> {
    let body = documents.get(KIND, id).map_err(|_| ApiError::internal())?;
    body.and_then(|body| serde_json::from_slice(&body).ok()).ok_or_else(|| not_found(id))
}

fn write(documents: &dyn Documents, conversation: &Conversation) -> Result<(), ApiError> {
    let body = serde_json::to_vec(conversation).map_err(|_| ApiError::internal())?;
    documents.put(KIND, &conversation.id, Bytes::from(body)).map_err(|_| ApiError::internal())
}

/// The conversation of an id.
pub(super) fn get(context: &Context, id: &str) -> Result<Conversation, ApiError> {
    read(context.workspace().documents(), id)
}

/// Keeps a new conversation.
pub(super) fn put(context: &Context, conversation: &Conversation) -> Result<(), ApiError> {
    write(context.workspace().documents(), conversation)
}

/// Changes a conversation; what `change` returns is returned.
pub(super) fn change<T>(
    context: &Context,
    id: &str,
    change: impl FnOnce(&mut Conversation) -> Result<T, ApiError>,
) -> Result<T, ApiError> {
    context.workspace().change_documents(|documents| {
        let mut conversation = read(documents, id)?;
        let result = change(&mut conversation)?;
        write(documents, &conversation)?;
        Ok(result)
    })
}

/// Removes a conversation.
pub(super) fn delete(context: &Context, id: &str) -> Result<(), ApiError> {
    let was_there = context.workspace().documents().delete(KIND, id).map_err(|_| ApiError::internal())?;
    if was_there { Ok(()) } else { Err(not_found(id)) }
}

/// All items of a conversation, the oldest first.
pub(in crate::api::openai) fn all_items(context: &Context, id: &str) -> Result<Vec<Value>, ApiError> {
    Ok(get(context, id)?.items)
}

/// Adds a response's input and output to a conversation.
pub(in crate::api::openai) fn append(context: &Context, id: &str, items: Vec<Value>) -> Result<(), ApiError> {
    change(context, id, |conversation| {
        conversation.extend(items);
        Ok(())
    })
}
