//! `POST /text/generation`: one text for another.

use axum::response::Response;
use axum::routing::post;
use fakeai_writer::SegmentKind;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::api::Endpoint;
use crate::api::openai::{Chat, prompt};
use crate::context::Context;
use crate::error::ApiError;
use crate::generation::{Terms, TokenLimit, collect, generate};
use crate::wire::{JsonBody, OneOrMany, Range, integer, json as json_answer};

/// Tokens of an output where nothing is said.
const USUAL_TOKENS: i64 = 100;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::api("POST", "/text/generation", "createTextGeneration", post(create))]
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TextGenerationRequest {
    model: Option<String>,
    input: Option<String>,
    max_output_tokens: Option<i64>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    stop: Option<OneOrMany>,
    user: Option<String>,
}

async fn create(JsonBody(context, wire): JsonBody<TextGenerationRequest>) -> Result<Response, ApiError> {
    write(&context, wire).await.map_err(|error| context.validation(error))
}

async fn write(context: &Context, wire: TextGenerationRequest) -> Result<Response, ApiError> {
    let model = wire.model.filter(|model| !model.is_empty()).ok_or_else(ApiError::missing_model)?;
    let input = wire.input.ok_or_else(|| ApiError::missing("input"))?;
    let most = integer("max_output_tokens", wire.max_output_tokens, Range::from(1))?.unwrap_or(USUAL_TOKENS);
    let mut chat = Map::new();
    chat.insert("model".to_owned(), json!(model));
    chat.insert("messages".to_owned(), json!([{"role": "user", "content": input}]));
    chat.insert("max_completion_tokens".to_owned(), json!(most));
    let optional = [
        ("temperature", wire.temperature.map(Value::from)),
        ("top_p", wire.top_p.map(Value::from)),
        ("stop", wire.stop.map(|stop| json!(stop.into_vec()))),
        ("user", wire.user.map(Value::from)),
    ];
    chat.extend(optional.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    let chat: Chat = serde_json::from_value(Value::Object(chat)).map_err(|_| ApiError::internal())?;
    let request = prompt(context, chat).await?;
    context.note().model = Some(request.model.id.as_str().into());
    let tokens = u32::try_from(most).unwrap_or(u32::MAX);
    let limit = Some(TokenLimit { param: "max_output_tokens", tokens });
    let answer = generate(context, request, Terms { limit, ..Terms::default() }).await?;
    let generation = collect(context, answer).await?;
    let segments = generation.choices.iter().take(1).flat_map(|choice| &choice.segments);
    let shown = segments.filter(|segment| matches!(segment.kind, SegmentKind::Text | SegmentKind::Refusal));
    let output: String = shown.map(|segment| segment.text.as_str()).collect();
    let usage = generation.usage;
    Ok(json_answer(&json!({
        "id": context.id("txtgen-", 24),
        "created": context.created(),
        "output": output,
        "usage": {
            "prompt_tokens": usage.prompt_tokens,
            "completion_tokens": usage.completion_tokens,
            "total_tokens": usage.total_tokens(),
        },
        "model": model,
    })))
}
