//! `POST /ranking`, as NIM's retriever answers it.

use axum::response::Response;
use axum::routing::post;
use serde::{Deserialize, Serialize};

use super::asked::{Asked, MOST_TEXTS, TextWire, text, texts};
use super::relevance::{logit, order};
use crate::api::Endpoint;
use crate::api::truncate::Truncate;
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::{JsonBody, Range, integer, json};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::api("POST", "/ranking", "createRanking", post(create))]
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RankingRequest {
    model: Option<String>,
    query: Option<TextWire>,
    passages: Option<Vec<TextWire>>,
    documents: Option<Vec<TextWire>>,
    truncate: Option<String>,
    top_n: Option<i64>,
}

#[derive(Serialize)]
struct RankingAnswer {
    rankings: Vec<RankingWire>,
    usage: UsageWire,
}

#[derive(Serialize)]
struct RankingWire {
    index: usize,
    logit: f64,
}

#[derive(Serialize)]
struct UsageWire {
    prompt_tokens: u32,
    total_tokens: u32,
}

async fn create(JsonBody(context, wire): JsonBody<RankingRequest>) -> Result<Response, ApiError> {
    rank(&context, wire).await.map_err(|error| context.validation(error))
}

async fn rank(context: &Context, wire: RankingRequest) -> Result<Response, ApiError> {
    let query = text(wire.query, "query.text")?;
    let texts = match wire.documents {
        Some(documents) if wire.passages.is_none() => texts(Some(documents), "documents")?,
        _ => texts(wire.passages, "passages")?,
    };
    let truncate = Truncate::named(wire.truncate.as_deref())?;
    let most = integer("top_n", wire.top_n, Range::from(1))?.map_or(MOST_TEXTS, |most| most as usize);
    let judged = Asked { model: wire.model, query, texts, truncate, most_tokens: None }.judged(context).await?;
    let ranking = |index: usize| RankingWire { index, logit: logit(judged.scores[index]) };
    Ok(json(&RankingAnswer {
        rankings: order(&judged.scores).into_iter().take(most).map(ranking).collect(),
        usage: UsageWire { prompt_tokens: judged.tokens, total_tokens: judged.tokens },
    }))
}
