//! `POST /chat/completions`.

use axum::response::Response;
use axum::routing::post;

use super::encode::{self, Chunks, Head};
use super::lower::{Lowered, lower};
use super::plain::plain;
use super::stored;
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
    let lowered = lower(&context, wire).map_err(|error| context.validation(error))?;
    let Lowered { request, limit, model, service_tier, stream: streaming, logprobs, keep } = lowered;
    context.note().model = Some(request.model.id.as_str().into());
    let head = head(&context, &request.model.id, model, service_tier);
    let answer = generate(&context, request, limit).await.map_err(|error| context.validation(error))?;
    if let Some(keep) = keep {
        let completion = serde_json::to_value(encode::completion(&head, &answer.generation, logprobs));
        keep.put(&context, completion.map_err(|_| ApiError::internal())?)?;
    }
    if let Some(streaming) = streaming {
        let chunks = Chunks::new(&head, streaming.include_usage, logprobs);
        return Ok(stream(context, answer, chunks));
    }
    let generation = collect(&context, answer).await;
    let written = if logprobs { None } else { plain(&head, &generation) };
    Ok(written.map_or_else(|| json(&encode::completion(&head, &generation, logprobs)), json_bytes))
}

fn head(context: &Context, card_id: &str, model: String, service_tier: &'static str) -> Head {
    Head {
        id: context.id("chatcmpl-", 29),
        created: context.created(),
        fingerprint: context.fingerprint(card_id),
        model,
        service_tier,
    }
}
