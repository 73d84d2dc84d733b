//! `POST /chat/completions`.

use std::sync::Arc;

use axum::response::Response;
use axum::routing::post;
use fakeai_writer::Generation;

use super::chunks::Chunks;
use super::encode;
use super::head::{CallIds, Head, Manner};
use super::lower::{Lowered, lower};
use super::plain::plain;
use super::stored;
use super::voice;
use super::wire::ChatRequest;
use crate::api::Endpoint;
use crate::body::stream;
use crate::context::Context;
use crate::error::ApiError;
use crate::generation::{collect, generate};
use crate::wire::{JsonBody, json, json_bytes};

pub(in crate::api::openai) fn endpoints() -> Vec<Endpoint> {
    let mut all = vec![Endpoint::api("POST", "/chat/completions", "createChatCompletion", post(create))];
    all.extend(stored::endpoints());
    all
}

async fn create(JsonBody(context, wire): JsonBody<ChatRequest>) -> Result<Response, ApiError> {
    let lowered = understand(&context, wire).await.map_err(|error| context.validation(error))?;
    let Lowered { request, terms, model, service_tier, stream: streaming, manner, keep, spoken } = lowered;
    let card = Arc::clone(&request.model);
    context.note().model = Some(request.model.id.as_str().into());
    let head = head(&context, &request.model.id, model, service_tier, manner);
    let mut answer = generate(&context, request, terms).await.map_err(|error| context.validation(error))?;
    let mut head = named(head, &context, &answer.generation);
    if let Some(spoken) = spoken {
        voice::charge(&context, spoken, &card, &mut answer.generation);
        if streaming {
            let live = voice::Live::all(&context, spoken, &answer.generation).await?;
            return Ok(stream(context, answer, Chunks::new(head).spoken(live)));
        }
        head.spoken = voice::say(&context, spoken, &answer.generation).await?;
    }
    if let Some(keep) = keep {
        let completion = serde_json::to_value(encode::completion(&head, &answer.generation));
        keep.put(&context, completion.map_err(|_| ApiError::internal())?).await?;
    }
    if streaming {
        return Ok(stream(context, answer, Chunks::new(head)));
    }
    let generation = collect(&context, answer).await?;
    let written = plain(&head, &generation);
    Ok(written.map_or_else(|| json(&encode::completion(&head, &generation)), json_bytes))
}

/// Lowers a request; media are measured beside the connections.
async fn understand(context: &Context, wire: ChatRequest) -> Result<Lowered, ApiError> {
    if !wire.carries_media() {
        return lower(context, wire);
    }
    let here = context.clone();
    let lowered = context.app().kit.tasks.compute(move || lower(&here, wire));
    lowered.await.unwrap_or_else(|| Err(ApiError::internal()))
}

fn head(context: &Context, card_id: &str, model: String, service_tier: &'static str, manner: Manner) -> Head {
    Head {
        id: context.id("chatcmpl-", 29),
        created: context.created(),
        fingerprint: context.fingerprint(card_id),
        model,
        service_tier,
        manner,
        call_ids: CallIds::default(),
        spoken: Vec::new(),
    }
}

/// The head with an id for each call of the answer.
fn named(head: Head, context: &Context, generation: &Generation) -> Head {
    Head { call_ids: CallIds::new(context, generation), ..head }
}
