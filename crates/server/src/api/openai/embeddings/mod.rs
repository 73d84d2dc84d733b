//! Embeddings: `POST /embeddings`.

mod wire;

use axum::response::Response;
use axum::routing::post;
use fakeai_catalog::{EmbeddingSize, ModelCard};

use self::wire::{EmbeddingList, EmbeddingRequest, Encoding, InputType};
use crate::api::Endpoint;
use crate::api::truncate::Truncate;
use crate::context::Context;
use crate::error::ApiError;
use crate::generation::delay;
use crate::wire::{JsonBody, Range, TokenInput, integer, json};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::api("POST", "/embeddings", "createEmbedding", post(create))]
}

/// Most inputs of one request, and most tokens of all inputs.
const MOST_INPUTS: usize = 2048;
const MOST_TOKENS: usize = 300_000;
/// A model that is no embedding model gets vectors of this size.
const DEFAULT_SIZE: EmbeddingSize = EmbeddingSize { dimensions: 1536, shortens: true, max_input_tokens: 8192 };

/// One text to embed, and its tokens.
struct Input {
    text: String,
    tokens: usize,
}

async fn create(JsonBody(context, wire): JsonBody<EmbeddingRequest>) -> Result<Response, ApiError> {
    let (list, fingerprint) = embed(&context, wire).map_err(|error| context.validation(error))?;
    delay(&context, fingerprint).await;
    Ok(json(&list))
}

fn embed(context: &Context, wire: EmbeddingRequest) -> Result<(EmbeddingList, u64), ApiError> {
    let model = wire.model.filter(|model| !model.is_empty()).ok_or_else(ApiError::missing_model)?;
    let given = wire.input.ok_or_else(|| ApiError::missing("input"))?;
    let encoding = Encoding::named(wire.encoding_format.as_deref())?;
    let input_type = InputType::named(wire.input_type.as_deref())?;
    let truncate = wire.truncate.as_deref().map(|name| Truncate::named(Some(name))).transpose()?;
    let card = context.model(&model)?;
    context.note().model = Some(card.id.as_str().into());
    let size = card.embedding.unwrap_or(DEFAULT_SIZE);
    let dimensions = dimensions(&card, size, wire.dimensions)?;
    let inputs = inputs(&card, given, size, truncate)?;
    let prompt_tokens = inputs.iter().map(|input| input.tokens).sum::<usize>() as u32;
    // Models differ in their directions, aliases and snapshots of one model do not.
    let salt = fakeai_core::Seed::new(0).derive(&card.id).value();
    let vectors = inputs.iter().map(|input| {
        let vector = fakeai_writer::embed(&input.text, dimensions, salt);
        match input_type {
            Some(side) => side.lean(vector, salt),
            None => vector,
        }
    });
    let list = EmbeddingList::new(&model, vectors, encoding, prompt_tokens);
    let mut note = context.note();
    note.tokens.prompt = prompt_tokens;
    note.cost_usd = card.pricing.cost_usd(prompt_tokens.into(), 0, 0);
    Ok((list, salt ^ u64::from(prompt_tokens)))
}

fn dimensions(card: &ModelCard, size: EmbeddingSize, asked: Option<i64>) -> Result<u32, ApiError> {
    let asked = integer("dimensions", asked, Range::from(1))?;
    let Some(asked) = asked else { return Ok(size.dimensions) };
    if !size.shortens && asked != i64::from(size.dimensions) {
        let message = format!("This model does not support specifying dimensions: {}.", card.id);
        return Err(ApiError::invalid(message).param("dimensions"));
    }
    if asked > i64::from(size.dimensions) {
        let message =
            format!("Invalid value for 'dimensions' = {asked}. Must be less than or equal to {}.", size.dimensions);
        return Err(ApiError::invalid(message).param("dimensions"));
    }
    Ok(asked as u32)
}

/// The texts, checked as OpenAI checks them; a client that says how is one of NIM, and has long ones cut.
fn inputs(
    card: &ModelCard,
    given: TokenInput,
    size: EmbeddingSize,
    truncate: Option<Truncate>,
) -> Result<Vec<Input>, ApiError> {
    let invalid = |message: String| ApiError::invalid(message).param("input");
    let text = |text: String| Input { tokens: card.tokenizer.count(&text), text };
    let ids = |ids: Vec<u32>| Input {
        tokens: ids.len(),
        text: String::from_utf8_lossy(&card.tokenizer.decode(&ids)).into_owned(),
    };
    let mut inputs: Vec<Input> = match given {
        TokenInput::Text(one) => vec![text(one)],
        TokenInput::Texts(texts) => texts.into_iter().map(text).collect(),
        TokenInput::Ids(one) => vec![ids(one)],
        TokenInput::IdLists(lists) => lists.into_iter().map(ids).collect(),
    };
    if inputs.is_empty() || inputs.iter().any(|input| input.tokens == 0 && input.text.is_empty()) {
        return Err(invalid(
            "'$.input' is invalid. Please check the API reference: https://platform.openai.com/docs/api-reference."
                .to_owned(),
        ));
    }
    if inputs.len() > MOST_INPUTS {
        return Err(invalid(format!(
            "Invalid 'input': array too long. Expected an array with maximum length {MOST_INPUTS}, but got an array \
             with length {} instead.",
            inputs.len()
        ))
        .code("array_above_max_length"));
    }
    let most = size.max_input_tokens as usize;
    if let Some(truncate) = truncate {
        for input in inputs.iter_mut().filter(|input| input.tokens > most) {
            let cut = truncate.cut(card.tokenizer, std::mem::take(&mut input.text), most);
            (input.text, input.tokens) = cut.map_err(|error| error.param("input"))?;
        }
    }
    if let Some(long) = inputs.iter().find(|input| input.tokens > most) {
        return Err(invalid(format!(
            "This model's maximum context length is {most} tokens, however you requested {} tokens ({} in your \
             prompt; 0 for the completion). Please reduce your prompt; or completion length.",
            long.tokens, long.tokens
        )));
    }
    let total: usize = inputs.iter().map(|input| input.tokens).sum();
    if total > MOST_TOKENS {
        return Err(invalid(format!("Requested {total} tokens, max {MOST_TOKENS} tokens per request."))
            .code("max_tokens_per_request"));
    }
    Ok(inputs)
}
