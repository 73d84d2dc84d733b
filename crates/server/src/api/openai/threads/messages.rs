//! `/threads/{thread_id}/messages`. What a run writes is there from the moment it begins to write it.

use axum::response::Response;
use axum::routing::{delete, get, post};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::message::MessageWire;
use super::thread::Thread;
use crate::api::Endpoint;
use crate::api::openai::chat::metadata;
use crate::api::openai::listing::{List, page};
use crate::api::openai::vector_stores::attach;
use crate::context::Context;
use crate::error::ApiError;
use crate::jobs::Moment;
use crate::wire::{JsonBody, PathText, Query, json as json_answer};

pub(super) fn endpoints() -> Vec<Endpoint> {
    const ALL: &str = "/threads/{thread_id}/messages";
    const ONE: &str = "/threads/{thread_id}/messages/{message_id}";
    vec![
        Endpoint::api("GET", ALL, "listMessages", get(list)),
        Endpoint::api("POST", ALL, "createMessage", post(create)),
        Endpoint::api("GET", ONE, "getMessage", get(get_one)),
        Endpoint::api("POST", ONE, "modifyMessage", post(update)),
        Endpoint::api("DELETE", ONE, "deleteMessage", delete(delete_one)),
    ]
}

async fn list(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    let Thread { messages, .. } = Thread::find(&context, &id)?;
    let now = Moment::now(context.clock());
    let query = Query::of(context.path());
    let by = query.get("run_id");
    let wanted = messages.into_iter().filter(|message| message.created <= now);
    let wanted = wanted.filter(|message| by.is_none_or(|run| message.is_by(run))).collect();
    let (part, has_more) = page(wanted, |message| &message.id, &query).map_err(|error| context.validation(error))?;
    let shown = part.iter().map(|message| message.object(&id, message.phase(now)));
    Ok(json_answer(&List::new(shown.collect(), has_more)))
}

async fn create(PathText(id): PathText, JsonBody(context, wire): JsonBody<MessageWire>) -> Result<Response, ApiError> {
    let attached = wire.attached();
    let (_turn, mut thread) = prepared(&context, &id, attached).await.map_err(|error| context.validation(error))?;
    let now = Moment::now(context.clock());
    if let Some(run) = thread.active_run(now) {
        let message = format!("Can't add messages to {id} while a run {} is active.", run.id);
        return Err(context.validation(ApiError::invalid(message)));
    }
    let message = wire.message(&context, "").map_err(|error| context.validation(error))?;
    let shown = message.object(&id, message.phase(now));
    thread.add_message(message).map_err(|error| context.validation(error))?;
    thread.put(&context).await?;
    Ok(json_answer(&shown))
}

/// The thread of an id, alone, with the attached files in its store.
///
/// They are read before the thread's turnstile is taken, because stores have turnstiles of their own and nobody holds
/// two. Whoever gave the thread another store meanwhile is followed.
async fn prepared<'a>(
    context: &'a Context,
    id: &str,
    attached: Vec<String>,
) -> Result<(tokio::sync::MutexGuard<'a, ()>, Thread), ApiError> {
    let mut known = Thread::find(context, id)?.tool_resources;
    loop {
        let mut resources = known.clone();
        attach(context, &mut resources, attached.clone()).await?;
        let turn = context.workspace().space().alone(id).await;
        let mut thread = Thread::find(context, id)?;
        if thread.tool_resources == known {
            thread.tool_resources = resources;
            return Ok((turn, thread));
        }
        known = thread.tool_resources;
    }
}

async fn get_one(context: Context, PathText((id, message)): PathText<(String, String)>) -> Result<Response, ApiError> {
    let mut thread = Thread::find(&context, &id)?;
    let now = Moment::now(context.clock());
    let message = thread.message(&message, now)?;
    Ok(json_answer(&message.object(&id, message.phase(now))))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Update {
    metadata: Option<Map<String, Value>>,
}

async fn update(
    PathText((id, message)): PathText<(String, String)>,
    JsonBody(context, wire): JsonBody<Update>,
) -> Result<Response, ApiError> {
    let _turn = context.workspace().space().alone(&id).await;
    let mut thread = Thread::find(&context, &id)?;
    let now = Moment::now(context.clock());
    let message = thread.message(&message, now)?;
    if let Some(pairs) = wire.metadata {
        metadata(Some(&pairs)).map_err(|error| context.validation(error))?;
        message.metadata = pairs;
    }
    let shown = message.object(&id, message.phase(now));
    thread.put(&context).await?;
    Ok(json_answer(&shown))
}

async fn delete_one(
    context: Context,
    PathText((id, message)): PathText<(String, String)>,
) -> Result<Response, ApiError> {
    let _turn = context.workspace().space().alone(&id).await;
    let mut thread = Thread::find(&context, &id)?;
    thread.message(&message, Moment::now(context.clock()))?;
    thread.messages.retain(|kept| kept.id != message);
    thread.put(&context).await?;
    Ok(json_answer(&json!({"id": message, "object": "thread.message.deleted", "deleted": true})))
}
