//! `/threads`.

use axum::response::Response;
use axum::routing::{delete, get, post};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::message::MessageWire;
use super::messages;
use super::thread::Thread;
use crate::api::Endpoint;
use crate::api::openai::assistants::resources;
use crate::api::openai::chat::metadata;
use crate::api::openai::vector_stores::{Helper, attach};
use crate::context::Context;
use crate::error::ApiError;
use crate::jobs::Moment;
use crate::wire::{JsonBody, PathText, json as json_answer};

pub(in crate::api::openai) fn endpoints() -> Vec<Endpoint> {
    let mut all = vec![
        Endpoint::api("POST", "/threads", "createThread", post(create)),
        Endpoint::api("GET", "/threads/{thread_id}", "getThread", get(get_one)),
        Endpoint::api("POST", "/threads/{thread_id}", "modifyThread", post(update)),
        Endpoint::api("DELETE", "/threads/{thread_id}", "deleteThread", delete(delete_one)),
    ];
    all.extend(messages::endpoints());
    all
}

/// A thread as clients write it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::api::openai) struct ThreadWire {
    messages: Option<Vec<MessageWire>>,
    pub tool_resources: Option<Map<String, Value>>,
    metadata: Option<Map<String, Value>>,
}

impl ThreadWire {
    /// Files attached to its messages to be searched.
    pub(in crate::api::openai) fn attached(&self) -> Vec<String> {
        self.messages.iter().flatten().flat_map(MessageWire::attached).collect()
    }

    /// Bytes of text in it.
    pub(in crate::api::openai) fn bytes(&self) -> u64 {
        self.messages.iter().flatten().map(MessageWire::bytes).sum()
    }

    /// The thread, if it is right; `prefix` is the path to it.
    pub(in crate::api::openai) fn thread(self, context: &Context, prefix: &str) -> Result<Thread, ApiError> {
        metadata(self.metadata.as_ref())?;
        let tool_resources = resources(self.tool_resources)?;
        let id = context.id("thread_", 24);
        let messages = self.messages.unwrap_or_default().into_iter().enumerate();
        let messages = messages.map(|(index, wire)| wire.message(context, &format!("{prefix}messages[{index}].")));
        Ok(Thread {
            id,
            created: Moment::now(context.clock()),
            tool_resources,
            metadata: self.metadata.unwrap_or_default(),
            messages: messages.collect::<Result<_, _>>()?,
            runs: Vec::new(),
            version: None,
        })
    }
}

async fn create(JsonBody(context, mut wire): JsonBody<ThreadWire>) -> Result<Response, ApiError> {
    let helper = Helper::take(wire.tool_resources.as_mut()).map_err(|error| context.validation(error))?;
    let attached = wire.attached();
    let mut thread = wire.thread(&context, "").map_err(|error| context.validation(error))?;
    let filled = fill(&context, &mut thread.tool_resources, helper, attached).await;
    filled.map_err(|error| context.validation(error))?;
    thread.put(&context).await?;
    Ok(json_answer(&thread.object()))
}

/// Makes the store that `helper` describes, and adds attached files to the thread's store.
pub(in crate::api::openai) async fn fill(
    context: &Context,
    resources: &mut Value,
    helper: Option<Helper>,
    attached: Vec<String>,
) -> Result<(), ApiError> {
    if let Some(helper) = helper {
        helper.make(context, resources).await?;
    }
    attach(context, resources, attached).await
}

async fn get_one(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    Ok(json_answer(&Thread::find(&context, &id)?.object()))
}

async fn update(
    PathText(id): PathText,
    JsonBody(context, mut wire): JsonBody<ThreadWire>,
) -> Result<Response, ApiError> {
    let helper = Helper::take(wire.tool_resources.as_mut()).map_err(|error| context.validation(error))?;
    let mut made = Value::Null;
    if helper.is_some() {
        Thread::find(&context, &id)?;
        fill(&context, &mut made, helper, Vec::new()).await.map_err(|error| context.validation(error))?;
    }
    let _turn = context.workspace().space().alone(&id).await;
    let mut thread = Thread::find(&context, &id)?;
    if let Some(pairs) = wire.metadata {
        metadata(Some(&pairs)).map_err(|error| context.validation(error))?;
        thread.metadata = pairs;
    }
    if wire.tool_resources.is_some() {
        thread.tool_resources = resources(wire.tool_resources).map_err(|error| context.validation(error))?;
        if made.is_object() {
            thread.tool_resources["file_search"] = made["file_search"].take();
        }
    }
    thread.put(&context).await?;
    Ok(json_answer(&thread.object()))
}

async fn delete_one(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    let _turn = context.workspace().space().alone(&id).await;
    Thread::delete(&context, &id).await?;
    Ok(json_answer(&json!({"id": id, "object": "thread.deleted", "deleted": true})))
}
