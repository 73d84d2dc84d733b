//! Text to the tokens an engine reads, and back.

use axum::response::Response;
use axum::routing::post;
use fakeai_tokens::Tokenizer;
use fakeai_writer::Rendered;
use serde::{Deserialize, Serialize};

use crate::api::Endpoint;
use crate::api::openai::{Chat, prompt};
use crate::error::ApiError;
use crate::wire::{JsonBody, json};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::own("POST", "/tokenize", "tokenize", post(tokenize)),
        Endpoint::own("POST", "/detokenize", "detokenize", post(detokenize)),
    ]
}

/// A text, or a chat as it would be asked.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TokenizeRequest {
    prompt: Option<String>,
    return_token_strs: Option<bool>,
    add_generation_prompt: Option<bool>,
    continue_final_message: Option<bool>,
    #[serde(flatten)]
    chat: Chat,
}

#[derive(Serialize)]
struct Tokenized {
    count: usize,
    max_model_len: u32,
    tokens: Vec<u32>,
    token_strs: Option<Vec<String>>,
}

async fn tokenize(JsonBody(context, wire): JsonBody<TokenizeRequest>) -> Result<Response, ApiError> {
    let TokenizeRequest { prompt: text, return_token_strs, add_generation_prompt, continue_final_message, chat } = wire;
    if add_generation_prompt == Some(false) || continue_final_message == Some(true) {
        let message = "A chat without the beginning of an answer is not built yet.";
        return Err(ApiError::invalid(message).param("add_generation_prompt").code("not_built_yet"));
    }
    let (card, tokens) = if let Some(text) = text {
        let model = chat.model().ok_or_else(ApiError::missing_model)?;
        let card = context.app().peek_model(context.workspace(), model)?;
        let tokens = card.tokenizer.encode(&text).iter().map(|token| token.id).collect();
        (card, tokens)
    } else {
        let request = prompt(&context, chat).await.map_err(|error| context.validation(error))?;
        let tokens = Rendered::of(&request).ids;
        (request.model, tokens)
    };
    let strings = return_token_strs.unwrap_or_default().then(|| strings(card.tokenizer, &tokens));
    let max_model_len = card.context_window_tokens;
    Ok(json(&Tokenized { count: tokens.len(), max_model_len, tokens, token_strs: strings }))
}

fn strings(tokenizer: Tokenizer, tokens: &[u32]) -> Vec<String> {
    let string = |token: &u32| String::from_utf8_lossy(&tokenizer.decode(&[*token])).into_owned();
    tokens.iter().map(string).collect()
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct DetokenizeRequest {
    model: Option<String>,
    tokens: Option<Vec<u32>>,
}

#[derive(Serialize)]
struct Detokenized {
    prompt: String,
}

async fn detokenize(JsonBody(context, wire): JsonBody<DetokenizeRequest>) -> Result<Response, ApiError> {
    let model = wire.model.filter(|model| !model.is_empty()).ok_or_else(ApiError::missing_model)?;
    let tokens = wire.tokens.ok_or_else(|| ApiError::missing("tokens"))?;
    let tokenizer = context.app().peek_model(context.workspace(), &model)?.tokenizer;
    let prompt = String::from_utf8_lossy(&tokenizer.decode(&tokens)).into_owned();
    Ok(json(&Detokenized { prompt }))
}
