//! `POST /rerank`, as Cohere, Jina and vLLM answer it.

use axum::response::Response;
use axum::routing::post;
use serde::{Deserialize, Serialize};

use super::asked::{Asked, MOST_TEXTS, TextWire, text, texts};
use super::relevance::order;
use crate::api::Endpoint;
use crate::api::truncate::Truncate;
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::{JsonBody, Range, integer, json};

/// What Cohere counts as one search: a question and as many documents.
const DOCUMENTS_PER_SEARCH: usize = 100;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::api("POST", "/rerank", "createRerank", post(create)),
        Endpoint::own("POST", "/v2/rerank", "createRerankV2", post(create)),
    ]
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RerankRequest {
    model: Option<String>,
    query: Option<TextWire>,
    documents: Option<Vec<TextWire>>,
    top_n: Option<i64>,
    return_documents: Option<bool>,
    max_tokens_per_doc: Option<i64>,
}

#[derive(Serialize)]
struct RerankAnswer {
    id: String,
    model: String,
    results: Vec<ResultWire>,
    usage: UsageWire,
    meta: MetaWire,
}

#[derive(Serialize)]
struct ResultWire {
    index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<DocumentWire>,
    relevance_score: f32,
}

#[derive(Serialize)]
struct DocumentWire {
    text: String,
}

#[derive(Serialize)]
struct UsageWire {
    total_tokens: u32,
}

#[derive(Serialize)]
struct MetaWire {
    billed_units: BilledWire,
}

#[derive(Serialize)]
struct BilledWire {
    search_units: usize,
}

async fn create(JsonBody(context, wire): JsonBody<RerankRequest>) -> Result<Response, ApiError> {
    rerank(&context, wire).await.map_err(|error| context.validation(error))
}

/// Documents are shown unless the client wants none, as vLLM does. What is too long loses its end.
async fn rerank(context: &Context, wire: RerankRequest) -> Result<Response, ApiError> {
    let query = text(wire.query, "query")?;
    let texts = texts(wire.documents, "documents")?;
    let most = integer("top_n", wire.top_n, Range::from(1))?.map_or(MOST_TEXTS, |most| most as usize);
    let most_tokens = integer("max_tokens_per_doc", wire.max_tokens_per_doc, Range::from(1))?;
    let most_tokens = most_tokens.map(|most| most as usize);
    let asked = Asked { model: wire.model, query, texts, truncate: Truncate::End, most_tokens };
    let mut judged = asked.judged(context).await?;
    let shows = wire.return_documents.unwrap_or(true);
    let search_units = judged.texts.len().div_ceil(DOCUMENTS_PER_SEARCH);
    let result = |index: usize| ResultWire {
        index,
        document: shows.then(|| DocumentWire { text: std::mem::take(&mut judged.texts[index]) }),
        relevance_score: judged.scores[index],
    };
    Ok(json(&RerankAnswer {
        id: context.hex_id("rerank-", 32),
        results: order(&judged.scores).into_iter().take(most).map(result).collect(),
        model: judged.model,
        usage: UsageWire { total_tokens: judged.tokens },
        meta: MetaWire { billed_units: BilledWire { search_units } },
    }))
}
