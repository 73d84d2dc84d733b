//! Chat request → [`GenerationRequest`]: every parameter checked, in OpenAI's words where it is wrong.

use fakeai_writer::{GenerationRequest, Limits, Part, Prompt, Turn};
use serde_json::{Value, json};

use super::head::Manner;
use super::messages::turns;
use super::nvext::Nvext;
use super::offers;
use super::params::{
    cache_retention, limit, logprobs, metadata, sampling, service_tier, stops, stream_options, verbosity,
};
use super::shape::shape;
use super::stored::Keep;
use super::thinking::{reasoning, thinks_alone, thoughts};
use super::voice::{Spoken, recall, spoken};
use super::wire::{ChatRequest, Content, Message, PredictionWire};
use crate::api::openai::media::check;
use crate::api::openai::moderations::{Form, Inline};
use crate::api::openai::transfer::TransferRequest;
use crate::context::Context;
use crate::error::ApiError;
use crate::gate::policy;
use crate::generation::{Elsewhere, Terms};
use crate::wire::{Range, integer};

/// A chat request, understood.
pub(super) struct Lowered {
    pub request: GenerationRequest,
    pub terms: Terms,
    /// The model as the client wrote it.
    pub model: String,
    pub service_tier: &'static str,
    pub stream: bool,
    pub manner: Manner,
    /// How the answer is to be spoken, if it is.
    pub spoken: Option<Spoken>,
    /// Whether the answer says what a server elsewhere has to know, if anything.
    pub transfers: bool,
    /// What to put away with the answer, if it is to be stored.
    pub keep: Option<Keep>,
    /// How request and answer are to be judged, if they are.
    pub moderation: Option<Inline>,
}

pub(super) fn lower(context: &Context, mut wire: Box<ChatRequest>) -> Result<Lowered, ApiError> {
    let model = wire.model.take().filter(|model| !model.is_empty()).ok_or_else(ApiError::missing_model)?;
    Nvext::tell(&mut wire);
    let mut messages = messages(&mut wire)?;
    let sampling = sampling(&mut wire)?;
    let choices = integer("n", wire.n, Range::new(1, 128))?.unwrap_or(1) as u32;
    let logprobs = logprobs(wire.logprobs, wire.top_logprobs)?;
    let limit = limit(wire.max_tokens, wire.max_completion_tokens)?;
    let min_tokens = integer("min_tokens", wire.min_tokens, Range::from(0))?.unwrap_or(0);
    let stop = stops(wire.stop.take().map(crate::wire::OneOrMany::into_vec).unwrap_or_default())?;
    let verbosity = verbosity(wire.verbosity.as_deref(), "verbosity")?;
    let service_tier = service_tier(wire.service_tier.as_deref())?;
    let stream = wire.stream.unwrap_or_default();
    let (include_usage, obfuscation) = stream_options(stream, wire.stream_options.as_ref())?;
    let cached_for_a_day = cache_retention(wire.prompt_cache_retention.as_deref())?;
    metadata(wire.metadata.as_ref())?;
    let moderation = Inline::parse(context, wire.moderation.as_ref(), Form::Chat)?;
    let kept = (wire.store.unwrap_or_default() && policy::stores(context)?).then(|| keep(&mut wire));
    let format = shape(&mut wire)?;
    let function_call = wire.functions.is_some();
    let tools = offers::tools(&mut wire)?;
    let prediction = prediction(wire.prediction.take())?;
    recall(context, &mut messages)?;
    let turns = turns(context, messages)?;
    let keep = kept.map(|kept| Keep { messages: stored_messages(&turns), ..kept });
    let card = context.model(&model)?;
    let reasoning = reasoning(&card, &wire)?;
    thinks_alone(&card, reasoning, &wire)?;
    let reasoning_shown = thoughts(&card, &wire);
    let manner =
        Manner { logprobs: logprobs.is_some(), include_usage, obfuscation, function_call, reasoning: reasoning_shown };
    let max_tokens = limit.map_or(card.max_output_tokens, |limit| limit.tokens);
    let transfer = wire.kv_transfer_params.as_ref();
    let elsewhere = transfer.map(TransferRequest::elsewhere).unwrap_or_default();
    let max_tokens = if elsewhere == Elsewhere::Decode { max_tokens.min(1) } else { max_tokens };
    let ignore_eos = wire.ignore_eos.unwrap_or_default();
    let limits = Limits { max_tokens, min_tokens: (min_tokens as u32).min(max_tokens), ignore_eos, stop };
    check(context, &card, &turns, |turn, part| format!("messages.[{turn}].content.[{part}].type"))?;
    let prompt = Prompt::Chat(turns);
    let spoken = spoken(context, &wire, &card, &prompt)?;
    let request = GenerationRequest {
        model: card,
        prompt,
        choices,
        sampling,
        limits,
        format,
        logprobs,
        verbosity,
        tools,
        reasoning,
        prediction,
    };
    let (cache_key, cache_salt, priority) = (wire.prompt_cache_key, wire.cache_salt, wire.priority.unwrap_or_default());
    let terms = Terms { limit, cache_key, cache_salt, priority, cached_for_a_day, elsewhere };
    let transfers = transfer.is_some();
    Ok(Lowered { request, terms, model, service_tier, stream, manner, spoken, transfers, keep, moderation })
}

/// The messages, of which there must be one; what is asked for beside them and not built is refused.
fn messages(wire: &mut ChatRequest) -> Result<Vec<Message>, ApiError> {
    if wire.web_search_options.is_some() {
        let message = "'web_search_options' is not built yet: the Responses API has web search as a tool.";
        return Err(ApiError::invalid(message).param("web_search_options").code("not_built_yet"));
    }
    let messages = wire.messages.take().ok_or_else(|| ApiError::missing("messages"))?;
    if messages.is_empty() {
        let message = "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty \
                       array instead.";
        return Err(ApiError::invalid(message).param("messages").code("empty_array"));
    }
    Ok(messages)
}

/// What is kept beside the answer.
fn keep(wire: &mut ChatRequest) -> Keep {
    Keep {
        user: wire.user.take(),
        tools: wire.tools.as_ref().map(|tools| json!(tools)),
        tool_choice: wire.tool_choice.clone(),
        response_format: wire.response_format.as_ref().map(|format| json!(format)),
        metadata: wire.metadata.take().unwrap_or_default(),
        temperature: wire.temperature,
        top_p: wire.top_p,
        presence_penalty: wire.presence_penalty,
        frequency_penalty: wire.frequency_penalty,
        seed: wire.seed,
        messages: Vec::new(),
    }
}

fn prediction(prediction: Option<PredictionWire>) -> Result<Option<String>, ApiError> {
    let Some(PredictionWire { kind, content }) = prediction else { return Ok(None) };
    match kind.as_deref() {
        Some("content") => {}
        None => return Err(ApiError::missing("prediction.type")),
        Some(other) => return Err(ApiError::unsupported_value("prediction.type", other, &["content"])),
    }
    match content.ok_or_else(|| ApiError::missing("prediction.content"))? {
        Content::Text(text) => Ok(Some(text)),
        Content::Parts(parts) => {
            let text = |(index, part): (usize, super::wire::ContentPart)| {
                part.text.ok_or_else(|| ApiError::missing(&format!("prediction.content[{index}].text")))
            };
            parts.into_iter().enumerate().map(text).collect::<Result<String, _>>().map(Some)
        }
    }
}

/// The messages as the list of a stored completion shows them; their ids are given when the completion has one.
fn stored_messages(turns: &[Turn]) -> Vec<Value> {
    let message = |turn: &Turn| {
        let texts: Vec<&str> = turn.parts.iter().filter_map(Part::text).collect();
        json!({"role": turn.role.name(), "content": texts.join("\n"), "name": turn.name, "content_parts": null})
    };
    turns.iter().map(message).collect()
}
