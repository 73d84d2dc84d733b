//! `POST /rag/api/prompt`: what is retrieved, and an answer that quotes it.

use std::sync::Arc;

use axum::response::Response;
use axum::routing::post;
use fakeai_writer::{GenerationRequest, Part, Prompt, SegmentKind};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::library::{Found, Library};
use crate::api::Endpoint;
use crate::api::openai::{Chat, prompt};
use crate::context::Context;
use crate::error::ApiError;
use crate::generation::{Terms, collect, generate};
use crate::wire::{JsonBody, OneOrMany, Range, integer, json as json_answer};

/// The model where none is named.
const USUAL_MODEL: &str = "meta-llama/Llama-3.1-70B-Instruct";
/// Documents where nothing is said.
const USUAL_DOCUMENTS: i64 = 5;
const MOST_DOCUMENTS: Range<i64> = Range { least: Some(1), most: Some(20) };
/// Questions of a request, and characters of one.
const MOST_QUERIES: usize = 20;
const LONGEST_QUERY: usize = 16_384;
/// What scores less is no answer.
const RELEVANT: f32 = 0.2;
/// A second document is quoted if its score is at least this share of the first's.
const AS_GOOD: f32 = 0.8;
/// Most that is quoted of a document, bytes.
const PASSAGE_BYTES: usize = 400;
/// What the model is told before anything else.
const INSTRUCTIONS: &str = "Answer with what the documents say. Say so if they do not answer the question.";
/// What it is told if nothing was found.
const NOTHING: &str = "The documents do not answer this question.";

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::own("POST", "/rag/api/prompt", "createRagPrompt", post(create))]
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PromptRequest {
    query: Option<OneOrMany>,
    filters: Option<Map<String, Value>>,
    inference_model: Option<String>,
    top_k: Option<i64>,
    stream: Option<bool>,
}

/// A request, understood.
struct Asked {
    queries: Vec<String>,
    filters: Map<String, Value>,
    model: String,
    most: usize,
}

async fn create(JsonBody(context, wire): JsonBody<PromptRequest>) -> Result<Response, ApiError> {
    answer(&context, wire).await.map_err(|error| context.validation(error))
}

async fn answer(context: &Context, wire: PromptRequest) -> Result<Response, ApiError> {
    let asked = understand(wire)?;
    let library = context.app().settings.rag.clone().unwrap_or_else(Library::sample);
    let (library, asked, documents, told) = {
        // Cutting and comparing a long question would keep other connections waiting.
        let searched = context.app().kit.tasks.compute(move || {
            let found = library.search(&asked.queries, &asked.filters, asked.most);
            let (documents, told) = (shown(&found), told(&found, &asked.queries.join(" ")));
            (Arc::clone(&library), asked, documents, told)
        });
        searched.await.ok_or_else(ApiError::internal)?
    };
    drop(library);
    let request = request(context, &asked, &documents, &told).await?;
    context.note().model = Some(request.model.id.as_str().into());
    let answer = generate(context, request, Terms::default()).await?;
    let generation = collect(context, answer).await?;
    let segments = generation.choices.iter().take(1).flat_map(|choice| &choice.segments);
    let said = segments.filter(|segment| matches!(segment.kind, SegmentKind::Text | SegmentKind::Refusal));
    let content: String = said.map(|segment| segment.text.as_str()).collect();
    let usage = generation.usage;
    Ok(json_answer(&json!({
        "content": content,
        "retrieved_docs": documents,
        "usage": {
            "prompt_tokens": usage.prompt_tokens,
            "completion_tokens": usage.completion_tokens,
            "total_tokens": usage.total_tokens(),
        },
    })))
}

fn understand(wire: PromptRequest) -> Result<Asked, ApiError> {
    let PromptRequest { query, filters, inference_model, top_k, stream } = wire;
    let queries = query.ok_or_else(|| ApiError::missing("query"))?.into_vec();
    if queries.iter().all(|query| query.trim().is_empty()) {
        let message = "Invalid 'query': expected a question that is not empty.";
        return Err(ApiError::invalid(message).param("query").code("invalid_value"));
    }
    if queries.len() > MOST_QUERIES {
        return Err(ApiError::too_many("query", MOST_QUERIES, queries.len()));
    }
    if let Some(length) = queries.iter().map(|query| query.chars().count()).find(|length| *length > LONGEST_QUERY) {
        return Err(ApiError::too_long("query", LONGEST_QUERY, length));
    }
    if stream == Some(true) {
        let message = "Streams of this endpoint are not built yet.";
        return Err(ApiError::invalid(message).param("stream").code("not_built_yet"));
    }
    Ok(Asked {
        queries,
        filters: filters.unwrap_or_default(),
        model: inference_model.filter(|model| !model.is_empty()).unwrap_or_else(|| USUAL_MODEL.to_owned()),
        most: integer("top_k", top_k, MOST_DOCUMENTS)?.unwrap_or(USUAL_DOCUMENTS) as usize,
    })
}

/// `retrieved_docs`.
fn shown(found: &[Found<'_>]) -> Vec<Value> {
    let document = |found: &Found<'_>| {
        let mut metadata = found.document.metadata.clone();
        metadata.entry("title").or_insert_with(|| found.document.title.clone().into());
        json!({
            "id": found.document.id,
            "content": found.text,
            "score": (f64::from(found.score) * 1e4).round() / 1e4,
            "metadata": metadata,
            "source": found.document.source,
        })
    };
    found.iter().map(document).collect()
}

/// What the documents say about the question, in their words, with the places of the documents.
fn told(found: &[Found<'_>], question: &str) -> String {
    let best = found.first().map_or(0.0, |found| found.score);
    if best < RELEVANT {
        return NOTHING.to_owned();
    }
    let good = found.iter().enumerate().filter(|(_, found)| found.score >= AS_GOOD * best).take(2);
    let quote = |(place, found): (usize, &Found<'_>)| {
        let passage = fakeai_writer::passage(found.text, question, PASSAGE_BYTES);
        format!("According to \"{}\" [{}]: {passage}", found.document.title, place + 1)
    };
    good.map(quote).collect::<Vec<_>>().join("\n\n")
}

/// The question, a search for it, what was found as the search's result, and all documents beside it.
async fn request(
    context: &Context,
    asked: &Asked,
    documents: &[Value],
    told: &str,
) -> Result<GenerationRequest, ApiError> {
    let question = asked.queries.join("\n");
    let call = json!({
        "id": "call_search",
        "type": "function",
        "function": {"name": "search_documents", "arguments": json!({"query": question}).to_string()},
    });
    let chat = json!({
        "model": asked.model,
        "messages": [
            {"role": "system", "content": INSTRUCTIONS},
            {"role": "user", "content": question},
            {"role": "assistant", "content": null, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call_search", "content": told},
        ],
    });
    let chat: Chat = serde_json::from_value(chat).map_err(|_| ApiError::internal())?;
    let mut request = prompt(context, chat).await?;
    if let Prompt::Chat(turns) = &mut request.prompt
        && let Some(turn) = turns.last_mut()
    {
        let text = |document: &Value, field: &str| document[field].as_str().unwrap_or_default().to_owned();
        turn.parts.extend(documents.iter().map(|document| Part::File {
            name: text(document, "source"),
            pages: 0,
            text: text(document, "content"),
        }));
    }
    Ok(request)
}
