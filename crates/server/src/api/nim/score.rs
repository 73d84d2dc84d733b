//! `POST /score`, as vLLM answers it: one text against many, or pairs.

use axum::response::Response;
use axum::routing::post;
use serde::{Deserialize, Serialize};

use super::asked::{Asked, Judged, MOST_TEXTS};
use crate::api::Endpoint;
use crate::api::truncate::Truncate;
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::{JsonBody, OneOrMany, json};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::api("POST", "/score", "createScore", post(create))]
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ScoreRequest {
    model: Option<String>,
    text_1: Option<OneOrMany>,
    text_2: Option<OneOrMany>,
}

#[derive(Serialize)]
struct ScoreAnswer {
    id: String,
    object: &'static str,
    created: i64,
    model: String,
    data: Vec<ScoreWire>,
    usage: UsageWire,
}

#[derive(Serialize)]
struct ScoreWire {
    index: usize,
    object: &'static str,
    score: f32,
}

#[derive(Serialize)]
struct UsageWire {
    prompt_tokens: u32,
    total_tokens: u32,
    completion_tokens: u32,
    prompt_tokens_details: Option<()>,
}

async fn create(JsonBody(context, wire): JsonBody<ScoreRequest>) -> Result<Response, ApiError> {
    score(&context, wire).await.map_err(|error| context.validation(error))
}

async fn score(context: &Context, wire: ScoreRequest) -> Result<Response, ApiError> {
    let first = given(wire.text_1, "text_1")?;
    let second = given(wire.text_2, "text_2")?;
    let asked = |query: String, texts: Vec<String>| Asked {
        model: wire.model.clone(),
        query,
        texts,
        truncate: Truncate::Refuse,
        most_tokens: None,
    };
    let judged = match <[String; 1]>::try_from(first) {
        Ok([query]) => vec![asked(query, second).judged(context).await?],
        Err(queries) if queries.len() == second.len() => {
            let mut judged = Vec::with_capacity(queries.len());
            for (query, text) in queries.into_iter().zip(second) {
                judged.push(asked(query, vec![text]).judged(context).await?);
            }
            judged
        }
        Err(_) => {
            let message = "Input lengths must be either 1:1, 1:N or N:N.";
            return Err(ApiError::invalid(message).param("text_2").code("invalid_value"));
        }
    };
    let tokens = judged.iter().map(|judged| judged.tokens).sum();
    let model = judged.first().map(|judged| judged.model.clone()).unwrap_or_default();
    let scores = judged.into_iter().flat_map(|judged: Judged| judged.scores);
    Ok(json(&ScoreAnswer {
        id: context.hex_id("score-", 32),
        object: "list",
        created: context.created(),
        model,
        data: scores.enumerate().map(|(index, score)| ScoreWire { index, object: "score", score }).collect(),
        usage: UsageWire {
            prompt_tokens: tokens,
            total_tokens: tokens,
            completion_tokens: 0,
            prompt_tokens_details: None,
        },
    }))
}

fn given(texts: Option<OneOrMany>, param: &str) -> Result<Vec<String>, ApiError> {
    let texts = texts.ok_or_else(|| ApiError::missing(param))?.into_vec();
    if texts.is_empty() || texts.iter().any(String::is_empty) {
        let message = format!("Invalid '{param}': expected texts that are not empty.");
        return Err(ApiError::invalid(message).param(param).code("invalid_value"));
    }
    if texts.len() > MOST_TEXTS {
        return Err(ApiError::too_many(param, MOST_TEXTS, texts.len()));
    }
    Ok(texts)
}
