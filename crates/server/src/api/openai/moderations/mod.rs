//! Moderations: `POST /moderations`, texts and pictures judged by category.

mod inline;
mod judge;
mod wire;

use axum::response::Response;
use axum::routing::post;
use fakeai_catalog::ModelKind;

pub(super) use self::inline::{Form, Inline};
use self::judge::judge;
use self::wire::{Answer, Request};
use crate::api::Endpoint;
use crate::context::Context;
use crate::error::ApiError;
use crate::generation::delay;
use crate::wire::{JsonBody, json};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::api("POST", "/moderations", "createModeration", post(create))]
}

const DEFAULT_MODEL: &str = "omni-moderation-latest";

async fn create(JsonBody(context, request): JsonBody<Request>) -> Result<Response, ApiError> {
    let (answer, fingerprint) = moderate(&context, request).await.map_err(|error| context.validation(error))?;
    delay(&context, fingerprint).await;
    Ok(json(&answer))
}

async fn moderate(context: &Context, request: Request) -> Result<(Answer, u64), ApiError> {
    let Some(settings) = context.app().settings.moderation else {
        let message = "Moderation is turned off on this server (features.enable_moderation).";
        return Err(ApiError::invalid(message).status(http::StatusCode::NOT_FOUND).code("moderation_disabled"));
    };
    let model = request.model.filter(|model| !model.is_empty()).unwrap_or_else(|| DEFAULT_MODEL.to_owned());
    let input = request.input.ok_or_else(|| ApiError::missing("input"))?;
    let card = context.model(&model)?;
    if card.kind != ModelKind::Moderation {
        let known = [
            "omni-moderation-latest",
            "omni-moderation-2024-09-26",
            "text-moderation-latest",
            "text-moderation-stable",
        ];
        return Err(ApiError::unsupported_value("model", &model, &known));
    }
    context.note().model = Some(card.id.as_str().into());
    let is_omni = card.capabilities.vision;
    let items = wire::items(&input, is_omni)?;
    let texts = || items.iter().flat_map(|item| &item.texts);
    let tokens: usize = texts().map(|text| card.tokenizer.count(text)).sum();
    if let Some(long) = texts().find(|text| card.tokenizer.count(text) > card.context_window_tokens as usize) {
        let got = card.tokenizer.count(long);
        let message = format!(
            "This model's maximum context length is {} tokens, however you requested {got} tokens. Please reduce your input.",
            card.context_window_tokens
        );
        return Err(ApiError::invalid(message).param("input").code("context_length_exceeded"));
    }
    context.note().tokens.prompt = tokens as u32;
    let work = move || items.iter().map(judge).collect::<Result<Vec<_>, _>>();
    let judged = context.app().kit.tasks.compute(work).await.unwrap_or_else(|| Err(ApiError::internal()))?;
    let shown = if is_omni { model } else { "text-moderation-007".to_owned() };
    let answer = Answer::new(context.id("modr-", 30), shown, &judged, settings.threshold, is_omni);
    Ok((answer, tokens as u64))
}
