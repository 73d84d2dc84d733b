//! How conversations are kept.

use fakeai_store::{Change, Document, Expected};
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

/// The conversation in a document, and the version it is in.
fn read(found: Option<Document>, id: &str) -> Result<(Conversation, u64), ApiError> {
    let read = |found: Document| Some((serde_json::from_slice(&found.body).ok()?, found.version));
    found.and_then(read).ok_or_else(|| not_found(id))
}

async fn write(context: &Context, conversation: &Conversation, expected: Expected) -> Result<(), ApiError> {
    let body = serde_json::to_vec(conversation).map_err(|_| ApiError::internal())?;
    context.documents().change(Change::put(KIND, &*conversation.id, body).expecting(expected)).await?;
    Ok(())
}

/// The conversation of an id.
pub(super) async fn get(context: &Context, id: &str) -> Result<Conversation, ApiError> {
    Ok(read(context.documents().get(KIND, id).await?, id)?.0)
}

/// Keeps a new conversation.
pub(super) async fn put(context: &Context, conversation: &Conversation) -> Result<(), ApiError> {
    write(context, conversation, Expected::Any).await
}

/// Changes a conversation; what `change` returns is returned.
pub(super) async fn change<T: Send>(
    context: &Context,
    id: &str,
    change: impl FnOnce(&mut Conversation) -> Result<T, ApiError> + Send,
) -> Result<T, ApiError> {
    let _turn = context.workspace().space().alone(id).await;
    let (mut conversation, version) = read(context.documents().get(KIND, id).await?, id)?;
    let result = change(&mut conversation)?;
    write(context, &conversation, Expected::Version(version)).await?;
    Ok(result)
}

/// Removes a conversation.
pub(super) async fn delete(context: &Context, id: &str) -> Result<(), ApiError> {
    let gone = context.documents().change(Change::delete(KIND, id)).await?;
    gone.map(drop).ok_or_else(|| not_found(id))
}

/// All items of a conversation, the oldest first.
pub(in crate::api::openai) fn all_items(context: &Context, id: &str) -> Result<Vec<Value>, ApiError> {
    Ok(read(context.documents().get(KIND, id).wait()?, id)?.0.items)
}

/// Adds a response's input and output to a conversation.
pub(in crate::api::openai) async fn append(context: &Context, id: &str, items: Vec<Value>) -> Result<(), ApiError> {
    change(context, id, |conversation| {
        conversation.extend(items);
        Ok(())
    })
    .await
}
