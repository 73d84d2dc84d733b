//! Chat request → [`GenerationRequest`]: every parameter checked, in OpenAI's words where it is wrong.

use fakeai_catalog::ModelCard;
use fakeai_writer::{Format, GenerationRequest, Limits, Part, Prompt, Reasoning, Sampling, Seeding, Turn, Verbosity};
use serde_json::{Map, Value, json};

use super::head::{Manner, Thoughts};
use super::messages::turns;
use super::offers;
use super::stored::Keep;
use super::wire::{ChatRequest, Content, PredictionWire, ResponseFormat, StreamOptions};
use crate::api::openai::reasoning::{self, Wish, only_default, refuses_sampling, unsupported_parameter};
use crate::context::Context;
use crate::error::ApiError;
use crate::generation::TokenLimit;
use crate::wire::{Range, integer, number};

/// A chat request, understood.
pub(super) struct Lowered {
    pub request: GenerationRequest,
    pub limit: Option<TokenLimit>,
    /// The model as the client wrote it.
    pub model: String,
    pub service_tier: &'static str,
    pub stream: bool,
    pub manner: Manner,
    /// What to put away with the answer, if it is to be stored.
    pub keep: Option<Keep>,
}

/// Most stop sequences.
const MOST_STOPS: usize = 4;

pub(super) fn lower(context: &Context, mut wire: ChatRequest) -> Result<Lowered, ApiError> {
    let model = wire.model.take().filter(|model| !model.is_empty()).ok_or_else(ApiError::missing_model)?;
    let messages = wire.messages.take().ok_or_else(|| ApiError::missing("messages"))?;
    if messages.is_empty() {
        let message = "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty \
                       array instead.";
        return Err(ApiError::invalid(message).param("messages").code("empty_array"));
    }
    let temperature = number("temperature", wire.temperature, Range::new(0.0, 2.0))?;
    number("top_p", wire.top_p, Range::new(0.0, 1.0))?;
    number("presence_penalty", wire.presence_penalty, Range::new(-2.0, 2.0))?;
    number("frequency_penalty", wire.frequency_penalty, Range::new(-2.0, 2.0))?;
    let choices = integer("n", wire.n, Range::new(1, 128))?.unwrap_or(1) as u32;
    let logprobs = logprobs(wire.logprobs, wire.top_logprobs)?;
    let limit = limit(wire.max_tokens, wire.max_completion_tokens)?;
    let min_tokens = integer("min_tokens", wire.min_tokens, Range::from(0))?.unwrap_or(0);
    let stop = stops(wire.stop.take().map(crate::wire::OneOrMany::into_vec).unwrap_or_default())?;
    let logit_bias = logit_bias(wire.logit_bias.take().unwrap_or_default())?;
    let format = format(wire.response_format.take())?;
    let verbosity = verbosity(wire.verbosity.as_deref(), "verbosity")?;
    let service_tier = service_tier(wire.service_tier.as_deref())?;
    let stream = wire.stream.unwrap_or_default();
    let stream_options = stream_options(stream, wire.stream_options.as_ref())?;
    metadata(wire.metadata.as_ref())?;
    let keep = wire.store.unwrap_or_default().then(|| Keep {
        metadata: wire.metadata.take().unwrap_or_default(),
        temperature,
        top_p: wire.top_p,
        presence_penalty: wire.presence_penalty,
        frequency_penalty: wire.frequency_penalty,
        seed: wire.seed,
        messages: Vec::new(),
    });
    let function_call = wire.functions.is_some();
    let tools = offers::tools(&mut wire)?;
    let prediction = prediction(wire.prediction.take())?;
    let turns = turns(messages)?;
    let keep = keep.map(|keep| Keep { messages: stored_messages(&turns), ..keep });
    let card = context.app().model(context.workspace(), &model)?;
    let reasoning = reasoning(&card, &wire)?;
    thinks_alone(&card, reasoning, &wire)?;
    let manner = Manner {
        logprobs: logprobs.is_some(),
        include_usage: stream_options.0,
        obfuscation: stream_options.1,
        function_call,
        reasoning: thoughts(&card, &wire),
    };
    let max_tokens = limit.map_or(card.max_output_tokens, |limit| limit.tokens);
    let seed = match (wire.seed, temperature) {
        (Some(seed), _) => Seeding::Given(seed),
        (None, Some(0.0)) => Seeding::Same,
        _ => Seeding::Repeat(0),
    };
    let request = GenerationRequest {
        model: card,
        prompt: Prompt::Chat(turns),
        choices,
        sampling: Sampling { seed, temperature, logit_bias },
        limits: Limits {
            max_tokens,
            min_tokens: (min_tokens as u32).min(max_tokens),
            ignore_eos: wire.ignore_eos.unwrap_or_default(),
            stop,
        },
        format,
        logprobs,
        verbosity,
        tools,
        reasoning,
        prediction,
    };
    Ok(Lowered { request, limit, model, service_tier, stream, manner, keep })
}

/// How the model thinks about it.
fn reasoning(card: &ModelCard, wire: &ChatRequest) -> Result<Option<Reasoning>, ApiError> {
    let theirs = wire.reasoning.as_ref();
    let template = wire.chat_template_kwargs.as_ref();
    let budget = integer("reasoning.max_tokens", theirs.and_then(|wire| wire.max_tokens), Range::from(0))?;
    let effort = [
        wire.reasoning_effort.as_deref(),
        theirs.and_then(|wire| wire.effort.as_deref()),
        template.and_then(|template| template.reasoning_effort.as_deref()),
    ];
    let wish = Wish {
        effort: effort.into_iter().flatten().next(),
        budget_tokens: budget.map(|tokens| u32::try_from(tokens).unwrap_or(u32::MAX)),
        enabled: theirs
            .and_then(|wire| wire.enabled)
            .or(template.and_then(|template| template.enable_thinking.or(template.thinking))),
    };
    reasoning::reasoning(card, wish, "reasoning_effort")
}

/// Refuses what models that think do not take.
fn thinks_alone(card: &ModelCard, reasoning: Option<Reasoning>, wire: &ChatRequest) -> Result<(), ApiError> {
    if reasoning.is_some() && reasoning::is_openai(card) && wire.max_tokens.is_some() {
        return Err(unsupported_parameter("max_tokens", " Use 'max_completion_tokens' instead."));
    }
    if !refuses_sampling(card, reasoning) {
        return Ok(());
    }
    only_default("temperature", wire.temperature, 1.0)?;
    only_default("top_p", wire.top_p, 1.0)?;
    only_default("presence_penalty", wire.presence_penalty, 0.0)?;
    only_default("frequency_penalty", wire.frequency_penalty, 0.0)?;
    let refused = [
        ("logprobs", wire.logprobs == Some(true)),
        ("top_logprobs", wire.top_logprobs.is_some()),
        ("logit_bias", wire.logit_bias.as_ref().is_some_and(|bias| !bias.is_empty())),
    ];
    refused.iter().find(|(_, given)| *given).map_or(Ok(()), |(param, _)| Err(unsupported_parameter(param, "")))
}

/// Whether and how thoughts are shown.
fn thoughts(card: &ModelCard, wire: &ChatRequest) -> Thoughts {
    let excluded = wire.include_reasoning == Some(false)
        || wire.reasoning.as_ref().is_some_and(|reasoning| reasoning.exclude == Some(true));
    if excluded || reasoning::is_openai(card) {
        Thoughts::Hidden
    } else if wire.reasoning.is_some() || wire.include_reasoning.is_some() {
        Thoughts::Reasoning
    } else {
        Thoughts::Content
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

fn logprobs(wanted: Option<bool>, top: Option<i64>) -> Result<Option<u8>, ApiError> {
    let top = integer("top_logprobs", top, Range::new(0, 20))?;
    match (wanted.unwrap_or_default(), top) {
        (true, top) => Ok(Some(top.unwrap_or(0) as u8)),
        (false, None) => Ok(None),
        (false, Some(_)) => {
            Err(ApiError::invalid("Invalid parameter: 'top_logprobs' is only allowed when 'logprobs' is set to true.")
                .param("top_logprobs"))
        }
    }
}

fn limit(max_tokens: Option<i64>, max_completion_tokens: Option<i64>) -> Result<Option<TokenLimit>, ApiError> {
    if max_tokens.is_some() && max_completion_tokens.is_some() {
        let message = "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.";
        return Err(ApiError::invalid(message).param("max_tokens").code("invalid_parameter_combination"));
    }
    let range = Range::from(1);
    let old = integer("max_tokens", max_tokens, range)?.map(|tokens| ("max_tokens", tokens));
    let new =
        integer("max_completion_tokens", max_completion_tokens, range)?.map(|tokens| ("max_completion_tokens", tokens));
    Ok(new.or(old).map(|(param, tokens)| TokenLimit { param, tokens: u32::try_from(tokens).unwrap_or(u32::MAX) }))
}

/// Stop sequences, at most four and none of them empty.
pub(in crate::api::openai) fn stops(stops: Vec<String>) -> Result<Vec<String>, ApiError> {
    if stops.len() > MOST_STOPS {
        let message = format!(
            "Invalid 'stop': array too long. Expected an array with maximum length {MOST_STOPS}, but got an array \
             with length {} instead.",
            stops.len()
        );
        return Err(ApiError::invalid(message).param("stop").code("array_above_max_length"));
    }
    Ok(stops.into_iter().filter(|stop| !stop.is_empty()).collect())
}

/// Token ids and what is added to their chance, -100 to 100.
pub(in crate::api::openai) fn logit_bias(map: Map<String, Value>) -> Result<Vec<(u32, f64)>, ApiError> {
    let param = |key: &str| format!("logit_bias.{key}");
    let entry = |(key, value): (String, Value)| {
        let id = key.parse::<u32>().map_err(|_| {
            ApiError::invalid(format!(
                "Invalid key in 'logit_bias': {key}. You should only be submitting non-negative integers."
            ))
            .param("logit_bias")
        })?;
        let bias = value.as_f64().ok_or_else(|| {
            ApiError::invalid(format!("Invalid type for '{}': expected a decimal.", param(&key)))
                .param(param(&key))
                .code("invalid_type")
        })?;
        number(&param(&key), Some(bias), Range::new(-100.0, 100.0))?;
        Ok((id, bias))
    };
    map.into_iter().map(entry).collect()
}

fn format(format: Option<ResponseFormat>) -> Result<Format, ApiError> {
    const PARAM: &str = "response_format.type";
    let Some(format) = format else { return Ok(Format::Text) };
    match format.kind.as_deref() {
        None => Err(ApiError::missing(PARAM)),
        Some("text") => Ok(Format::Text),
        Some("json_object") => Ok(Format::JsonObject),
        Some("json_schema") => {
            Err(ApiError::invalid("response_format 'json_schema' is not built yet; refused rather than ignored.")
                .param(PARAM)
                .code("not_built_yet"))
        }
        Some(other) => Err(ApiError::unsupported_value(PARAM, other, &["json_object", "json_schema", "text"])),
    }
}

/// How long-winded the answer is to be; `param` names it.
pub(in crate::api::openai) fn verbosity(verbosity: Option<&str>, param: &str) -> Result<Verbosity, ApiError> {
    match verbosity {
        None | Some("medium") => Ok(Verbosity::Medium),
        Some("low") => Ok(Verbosity::Low),
        Some("high") => Ok(Verbosity::High),
        Some(other) => Err(ApiError::unsupported_value(param, other, &["low", "medium", "high"])),
    }
}

/// The tier that served the request: the one asked for, `default` for `auto`.
pub(in crate::api::openai) fn service_tier(tier: Option<&str>) -> Result<&'static str, ApiError> {
    match tier {
        None | Some("auto" | "default") => Ok("default"),
        Some("flex") => Ok("flex"),
        Some("priority") => Ok("priority"),
        Some("scale") => Ok("scale"),
        Some(other) => {
            Err(ApiError::unsupported_value("service_tier", other, &["auto", "default", "flex", "scale", "priority"]))
        }
    }
}

/// Whether the usage is streamed, and whether chunks are padded.
fn stream_options(stream: bool, options: Option<&StreamOptions>) -> Result<(bool, bool), ApiError> {
    if !stream && options.is_some() {
        return Err(ApiError::invalid("The 'stream_options' parameter is only allowed when 'stream' is enabled.")
            .param("stream_options"));
    }
    let flag = |get: fn(&StreamOptions) -> Option<bool>| options.and_then(get).unwrap_or_default();
    Ok((flag(|options| options.include_usage), flag(|options| options.include_obfuscation)))
}

/// At most 16 pairs, keys to 64 characters, values strings to 512.
pub(in crate::api::openai) fn metadata(metadata: Option<&Map<String, Value>>) -> Result<(), ApiError> {
    let Some(metadata) = metadata else { return Ok(()) };
    if metadata.len() > 16 {
        let message = format!(
            "Invalid 'metadata': too many properties. Expected an object with at most 16 properties, but got an \
             object with {} properties instead.",
            metadata.len()
        );
        return Err(ApiError::invalid(message).param("metadata").code("object_above_max_properties"));
    }
    for (key, value) in metadata {
        let param = format!("metadata.{key}");
        let Some(text) = value.as_str() else {
            return Err(ApiError::invalid(format!("Invalid type for '{param}': expected a string."))
                .param(param)
                .code("invalid_type"));
        };
        if key.chars().count() > 64 || text.chars().count() > 512 {
            return Err(ApiError::invalid(format!("Invalid '{param}': string too long."))
                .param(param)
                .code("string_above_max_length"));
        }
    }
    Ok(())
}

/// The messages as the list of a stored completion shows them; their ids are given when the completion has one.
fn stored_messages(turns: &[Turn]) -> Vec<Value> {
    let message = |turn: &Turn| {
        let texts: Vec<&str> = turn.parts.iter().filter_map(Part::text).collect();
        json!({"role": turn.role.name(), "content": texts.join("\n"), "name": turn.name, "content_parts": null})
    };
    turns.iter().map(message).collect()
}
