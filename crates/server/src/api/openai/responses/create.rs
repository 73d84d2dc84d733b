//! `POST /responses`, and the counting of its input.

use std::sync::Arc;

use axum::response::Response;
use fakeai_core::Tick;
use fakeai_engine::Flow;
use fakeai_writer::{Finish, Generation, GenerationRequest};
use serde_json::{Value, json};

use super::echo::{Times, under_way, whole};
use super::events::{Events, Replay};
use super::hosted::Performed;
use super::items::ItemIds;
use super::lower::{Lowered, lower};
use super::output;
use super::seal::Seal;
use super::stored::{self, Schedule, Stored};
use super::wire::CreateResponse;
use crate::api::openai::containers::Container;
use crate::api::openai::conversations;
use crate::api::openai::moderations::Inline;
use crate::body::stream;
use crate::context::Context;
use crate::error::ApiError;
use crate::generation::{Answer, Pace, collect, generate_with};
use crate::wire::{JsonBody, json as json_answer};

pub(super) async fn create(JsonBody(context, wire): JsonBody<CreateResponse>) -> Result<Response, ApiError> {
    let ids = ItemIds::new(&context);
    let lowered = understand(&context, wire, &ids).await.map_err(|error| context.validation(error))?;
    {
        let mut note = context.note();
        note.model = Some(lowered.request.model.id.as_str().into());
        note.grade = Some(lowered.echo.tier);
    }
    let Lowered { mut request, terms, input, performed, conversation, namespaces, echo, manner, moderation } = lowered;
    containers(&context, &echo.tools, &performed).await.map_err(|error| context.validation(error))?;
    output::reserve(&performed, &mut request);
    let performed = Arc::new(performed);
    let made = generate_with(&context, request, terms, edit(Arc::clone(&performed), moderation.clone())).await;
    let mut answer = made.map_err(|error| context.validation(too_long(error)))?;
    if manner.background {
        answer = answer.scheduled();
    }
    answer.admitted(&context).await;
    let Answer { generation, paces, .. } = answer;
    let Generation { choices, usage } = generation;
    let mut choice = choices.into_iter().next().unwrap_or_default();
    let seal = Seal::new(context.app().kit.seed)?;
    let mut output = output::of(&choice, &performed, manner, &ids, &seal);

    output.place(&namespaces);
    let flow = paces.first().map(Pace::forecast);
    let last = flow.clone().and_then(Flow::take_all).map_or(Tick::default(), |(_, last)| last);
    let created = context.created();
    let times = Times { created, completed: created + last.since(context.arrived()).as_secs() as i64 };
    let items = output.items.clone();
    let mut response = whole(&ids.next("resp_"), echo, output.items, choice.finish, usage, times);
    if let Some(judge) = moderation {
        response["moderation"] = judge.found();
    }
    choice.segments = output.shown;
    choice.finish = Finish::Stop;

    // First what can fail, because the conversation may have gone meanwhile: nothing is stored half.
    if let Some(conversation) = conversation {
        conversations::append(&context, &conversation, input.iter().cloned().chain(items).collect()).await?;
    }
    if manner.store {
        let ends = choice.segments.iter().map(|segment| segment.tokens.iter().map(|token| token.end).collect());
        let schedule = manner.background.then(|| Schedule::of(flow.as_ref(), context.arrived(), context.clock()));
        let stored = Stored { response: response.clone(), input, ends: ends.collect(), schedule, version: None };
        stored::put(&context, &stored).await?;
    }
    let answer = Answer { generation: Generation { choices: vec![choice], usage }, paces, readings: Vec::new() };
    if manner.stream {
        return Ok(stream(context.clone(), answer, Events::new(response, manner.obfuscation, Replay::default())));
    }
    if manner.background {
        return Ok(json_answer(&under_way(&response, "queued", Vec::new())));
    }
    collect(&context, answer).await?;
    Ok(json_answer(&response))
}

/// What becomes of what the writer wrote: what tools say goes into it, and it is judged.
fn edit(
    performed: Arc<Vec<Performed>>,
    moderation: Option<Inline>,
) -> impl FnOnce(&GenerationRequest, &mut Generation) + Send + 'static {
    move |request, generation| {
        output::insert(&performed, request, generation);
        if let Some(judge) = moderation {
            judge.moderate(request, generation);
        }
    }
}

/// The containers of the code interpreter: those that tools name are used, others are made.
async fn containers(context: &Context, tools: &[Value], performed: &[Performed]) -> Result<(), ApiError> {
    let named = |tool: &Value| tool["container"].as_str().map(str::to_owned);
    let named: Vec<String> = tools.iter().filter(|tool| tool["type"] == "code_interpreter").filter_map(named).collect();
    for id in &named {
        let container = Container::touch(context, id).await;
        container.map_err(|error| error.param("tools").status(http::StatusCode::BAD_REQUEST))?;
    }
    let calls = performed.iter().filter(|one| one.item["type"] == "code_interpreter_call");
    for id in calls.filter_map(|call| call.item["container_id"].as_str()) {
        if !named.iter().any(|named| named == id) {
            Container::new(context, id.to_owned(), "auto").put(context).await?;
        }
    }
    Ok(())
}

/// Lowers a request; media are measured, and pictures painted, beside the connections.
async fn understand(context: &Context, wire: CreateResponse, ids: &ItemIds) -> Result<Lowered, ApiError> {
    if !wire.carries_media() && !wire.may_paint() {
        return lower(context, wire, ids);
    }
    let (here, ids) = (context.clone(), ids.clone());
    let lowered = context.app().kit.tasks.compute(move || lower(&here, wire, &ids));
    lowered.await.unwrap_or_else(|| Err(ApiError::internal()))
}

/// The words of this API for a prompt that is too long.
fn too_long(error: ApiError) -> ApiError {
    if error.code != Some("context_length_exceeded") {
        return error;
    }
    let message = "Your input exceeds the context window of this model. Please adjust your input and try again.";
    ApiError { message: message.into(), ..error }.param("input")
}

/// `POST /responses/input_tokens`.
pub(super) async fn count(JsonBody(context, mut wire): JsonBody<CreateResponse>) -> Result<Response, ApiError> {
    let ids = ItemIds::new(&context);
    wire.model.get_or_insert_with(|| "gpt-4.1".to_owned());
    // Hosted tools do not run for being counted.
    wire.tool_choice = Some(Value::from("none"));
    let lowered = understand(&context, wire, &ids).await.map_err(|error| context.validation(error))?;
    let count = fakeai_writer::count_prompt(&lowered.request, &context.app().counts);
    Ok(json_answer(&json!({"object": "response.input_tokens", "input_tokens": count.tokens})))
}
