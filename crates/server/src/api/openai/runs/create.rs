//! What sets a run going: making it, making it with its thread, giving it outputs. Each answers with the run, or with
//! its events as they happen.

use axum::response::Response;
use fakeai_store::Document;
use serde_json::Value;

use super::encode;
use super::events::{Beginning, RunEvents};
use super::outputs::outputs;
use super::plan::{Said, add_round};
use super::run::{Run, Status};
use super::settings::RunSettings;
use super::wire::{OutputsWire, RunWire};
use crate::api::openai::assistants::{find, resources};
use crate::api::openai::chat::metadata;
use crate::api::openai::threads::{MessageWire, Thread, fill};
use crate::api::openai::vector_stores::Helper;
use crate::body::stream;
use crate::context::Context;
use crate::error::ApiError;
use crate::generation::aside;
use crate::jobs::Moment;
use crate::wire::{JsonBody, PathText, json as json_answer};

/// A run that was set going.
struct Going {
    thread: Thread,
    run: Run,
    said: Said,
    beginning: Beginning,
    stream: bool,
}

/// `POST /threads/{thread_id}/runs`.
pub(super) async fn create(
    PathText(id): PathText,
    JsonBody(context, wire): JsonBody<RunWire>,
) -> Result<Response, ApiError> {
    let more: u64 = wire.additional_messages.iter().flatten().map(MessageWire::bytes).sum();
    let files: Vec<String> = wire.additional_messages.iter().flatten().flat_map(MessageWire::attached).collect();
    let mut attached = Value::Null;
    if !files.is_empty() {
        // Before the thread is locked: stores have locks of their own, and nobody holds two.
        attached = Thread::find(&context, &id)?.tool_resources;
        fill(&context, &mut attached, None, files).await.map_err(|error| context.validation(error))?;
    }
    let turn = context.workspace().space().alone(&id).await;
    let document = Thread::document(&context, &id)?;
    let bytes = if searches(&context, &wire) { u64::MAX } else { stored_bytes(document.as_ref()) + more };
    let here = context.clone();
    let going = aside(&context, bytes, move || {
        let mut thread = Thread::read(document, &id)?;
        if attached.is_object() {
            thread.tool_resources["file_search"] = attached["file_search"].take();
        }
        if let Some(run) = thread.active_run(Moment::now(here.clock())) {
            return Err(ApiError::invalid(format!("Thread {id} already has an active run {}.", run.id)));
        }
        begin(&here, thread, wire, Beginning::Run)
    });
    let mut going = going.await.map_err(|error| context.validation(error))?;
    going.thread.put(&context).await?;
    drop(turn);
    Ok(answer(context, going))
}

/// `POST /threads/runs`.
pub(super) async fn create_with_thread(JsonBody(context, mut wire): JsonBody<RunWire>) -> Result<Response, ApiError> {
    let mut thread = wire.thread.take().unwrap_or_default();
    let validation = |error| context.validation(error);
    let of_thread = Helper::take(thread.tool_resources.as_mut()).map_err(validation)?;
    let helper = Helper::take(wire.tool_resources.as_mut()).map_err(validation)?.or(of_thread);
    let attached = thread.attached();
    let mut filled = Value::Null;
    if helper.is_some() || !attached.is_empty() {
        let known = wire.tool_resources.as_ref().or(thread.tool_resources.as_ref());
        filled = resources(known.cloned()).map_err(validation)?;
        fill(&context, &mut filled, helper, attached).await.map_err(validation)?;
    }
    let bytes = if searches(&context, &wire) { u64::MAX } else { thread.bytes() };
    let here = context.clone();
    let going = aside(&context, bytes, move || {
        let mut thread = thread.thread(&here, "thread.")?;
        let given = resources(wire.tool_resources.take())?;
        if given.as_object().is_some_and(|given| !given.is_empty()) {
            thread.tool_resources = given;
        }
        if filled.is_object() {
            thread.tool_resources["file_search"] = filled["file_search"].take();
        }
        begin(&here, thread, wire, Beginning::Thread)
    });
    let mut going = going.await.map_err(|error| context.validation(error))?;
    going.thread.put(&context).await?;
    Ok(answer(context, going))
}

/// Whether a run's assistant may search files, which may take a while.
fn searches(context: &Context, wire: &RunWire) -> bool {
    let of_assistant = || wire.assistant_id.as_ref().and_then(|id| find(context, id).ok()).map(|found| found.tools);
    let tools = wire.tools.clone().or_else(of_assistant).unwrap_or_default();
    tools.iter().any(|tool| tool["type"] == "file_search")
}

/// The stores that `tool_resources` name.
fn stores(resources: &Value) -> impl Iterator<Item = String> {
    let ids = resources["file_search"]["vector_store_ids"].as_array().into_iter().flatten();
    ids.filter_map(|id| id.as_str().map(str::to_owned))
}

/// Bytes of a thread's document.
fn stored_bytes(document: Option<&Document>) -> u64 {
    document.map_or(0, |document| document.body.len() as u64)
}

fn begin(context: &Context, mut thread: Thread, mut wire: RunWire, beginning: Beginning) -> Result<Going, ApiError> {
    let id = wire.assistant_id.take().ok_or_else(|| ApiError::missing("assistant_id"))?;
    let assistant = find(context, &id)?;
    metadata(wire.metadata.as_ref())?;
    let stream = wire.stream.unwrap_or_default();
    let stores = stores(&assistant.tool_resources).chain(stores(&thread.tool_resources)).collect();
    let settings = RunSettings::new(context, assistant, &mut wire)?;
    for (index, message) in wire.additional_messages.unwrap_or_default().into_iter().enumerate() {
        let message = message.message(context, &format!("additional_messages[{index}]."))?;
        thread.add_message(message)?;
    }
    let mut run = Run {
        id: context.id("run_", 24),
        assistant_id: id,
        created: Moment::now(context.clock()),
        metadata: wire.metadata.unwrap_or_default(),
        stores,
        settings,
        rounds: Vec::new(),
        cancelled: false,
    };
    let said = add_round(context, &mut thread, &mut run, stream)?;
    thread.add_run(run.clone());
    Ok(Going { thread, run, said, beginning, stream })
}

/// `POST /threads/{thread_id}/runs/{run_id}/submit_tool_outputs`.
pub(super) async fn submit(
    PathText((thread_id, run_id)): PathText<(String, String)>,
    JsonBody(context, wire): JsonBody<OutputsWire>,
) -> Result<Response, ApiError> {
    let outputs = wire.tool_outputs.iter().flatten().filter_map(|output| output.output.as_ref());
    let more: u64 = outputs.map(|text| text.len() as u64).sum();
    let turn = context.workspace().space().alone(&thread_id).await;
    let document = Thread::document(&context, &thread_id)?;
    let (here, bytes) = (context.clone(), stored_bytes(document.as_ref()) + more);
    let going = aside(&context, bytes, move || go_on(&here, Thread::read(document, &thread_id)?, &run_id, wire));
    let mut going = going.await.map_err(|error| context.validation(error))?;
    going.thread.put(&context).await?;
    drop(turn);
    Ok(answer(context, going))
}

fn go_on(context: &Context, mut thread: Thread, run_id: &str, wire: OutputsWire) -> Result<Going, ApiError> {
    let mut run = thread.run(run_id)?.clone();
    let now = Moment::now(context.clock());
    let given = outputs(&run, run.status(now), wire.tool_outputs)?;
    let done = run.submit(given, now);
    let stream = wire.stream.unwrap_or_default();
    let said = add_round(context, &mut thread, &mut run, stream)?;
    if let Some(kept) = thread.runs.iter_mut().find(|kept| kept.id == run_id) {
        kept.clone_from(&run);
    }
    Ok(Going { thread, run, said, beginning: Beginning::Outputs(done), stream })
}

/// The run, or the stream of its events.
fn answer(context: Context, going: Going) -> Response {
    let Going { thread, run, said: Said { answer, places }, beginning, stream: streaming } = going;
    if streaming {
        let events = RunEvents::new(context.clone(), thread, run, places, beginning);
        return stream(context, answer, events);
    }
    context.note().tokens.delivered = answer.generation.usage.completion_tokens;
    json_answer(&encode::run(&run, &thread.id, Status::Queued))
}
