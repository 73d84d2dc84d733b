//! Chat request → [`GenerationRequest`]: every parameter checked, in OpenAI's words where it is wrong.

use fakeai_writer::{Format, GenerationRequest, Limits, Part, Prompt, Role, Sampling, Seeding, Turn, Verbosity};
use serde_json::{Map, Value, json};

use super::content;
use super::stored::Keep;
use super::wire::{ChatRequest, Content, Message, ResponseFormat};
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
    /// `Some` for a streamed answer.
    pub stream: Option<Streaming>,
    pub logprobs: bool,
    /// What to put away with the answer, if it is to be stored.
    pub keep: Option<Keep>,
}

/// How a streamed answer is wanted.
pub(super) struct Streaming {
    pub include_usage: bool,
}

/// Most stop sequences.
const MOST_STOPS: usize = 4;

pub(super) fn lower(context: &Context, wire: ChatRequest) -> Result<Lowered, ApiError> {
    let model = wire.model.filter(|model| !model.is_empty()).ok_or_else(ApiError::missing_model)?;
    let messages = wire.messages.ok_or_else(|| ApiError::missing("messages"))?;
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
    let stop = stops(wire.stop.map(crate::wire::OneOrMany::into_vec).unwrap_or_default())?;
    let logit_bias = logit_bias(wire.logit_bias.unwrap_or_default())?;
    let format = format(wire.response_format)?;
    let verbosity = verbosity(wire.verbosity.as_deref())?;
    let service_tier = service_tier(wire.service_tier.as_deref())?;
    let stream = stream(wire.stream.unwrap_or_default(), wire.stream_options)?;
    metadata(wire.metadata.as_ref())?;
    let keep = wire.store.unwrap_or_default().then(|| Keep {
        metadata: wire.metadata.unwrap_or_default(),
        temperature,
        top_p: wire.top_p,
        presence_penalty: wire.presence_penalty,
        frequency_penalty: wire.frequency_penalty,
        seed: wire.seed,
        messages: Vec::new(),
    });
    tools(wire.tools.as_deref(), wire.tool_choice.as_ref(), wire.functions.as_deref(), wire.function_call.as_ref())?;
    let turns = turns(messages)?;
    let keep = keep.map(|keep| Keep { messages: stored_messages(&turns), ..keep });
    let card = context.app().model(context.workspace(), &model)?;
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
    };
    Ok(Lowered { request, limit, model, service_tier, stream, logprobs: logprobs.is_some(), keep })
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

fn verbosity(verbosity: Option<&str>) -> Result<Verbosity, ApiError> {
    match verbosity {
        None | Some("medium") => Ok(Verbosity::Medium),
        Some("low") => Ok(Verbosity::Low),
        Some("high") => Ok(Verbosity::High),
        Some(other) => Err(ApiError::unsupported_value("verbosity", other, &["low", "medium", "high"])),
    }
}

/// The tier that served the request: the one asked for, `default` for `auto`.
fn service_tier(tier: Option<&str>) -> Result<&'static str, ApiError> {
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

fn stream(stream: bool, options: Option<super::wire::StreamOptions>) -> Result<Option<Streaming>, ApiError> {
    if !stream && options.is_some() {
        return Err(ApiError::invalid("The 'stream_options' parameter is only allowed when 'stream' is enabled.")
            .param("stream_options"));
    }
    let include_usage = options.and_then(|options| options.include_usage).unwrap_or_default();
    Ok(stream.then_some(Streaming { include_usage }))
}

/// At most 16 pairs, keys to 64 characters, values strings to 512.
pub(super) fn metadata(metadata: Option<&Map<String, Value>>) -> Result<(), ApiError> {
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

/// Tools may be offered; a call that must be made is refused until calls are built.
fn tools(
    tools: Option<&[Map<String, Value>]>,
    tool_choice: Option<&Value>,
    functions: Option<&[Map<String, Value>]>,
    function_call: Option<&Value>,
) -> Result<(), ApiError> {
    for (choice, param, offered) in [
        (tool_choice, "tool_choice", tools.is_some_and(|tools| !tools.is_empty())),
        (function_call, "function_call", functions.is_some_and(|functions| !functions.is_empty())),
    ] {
        let Some(choice) = choice.filter(|choice| !choice.is_null()) else { continue };
        if !offered {
            let list = if param == "tool_choice" { "tools" } else { "functions" };
            return Err(ApiError::invalid(format!(
                "Invalid value for '{param}': '{param}' is only allowed when '{list}' are specified."
            ))
            .param(param));
        }
        if !matches!(choice.as_str(), Some("auto" | "none")) {
            return Err(ApiError::invalid(format!("A {param} that demands a call is not built yet."))
                .param(param)
                .code("not_built_yet"));
        }
    }
    Ok(())
}

fn turns(messages: Vec<Message>) -> Result<Vec<Turn>, ApiError> {
    let mut turns: Vec<Turn> = Vec::with_capacity(messages.len());
    // Whether the last assistant message called tools, which lets tool messages follow.
    let mut called = false;
    for (index, message) in messages.into_iter().enumerate() {
        let calls = message.tool_calls.as_ref().is_some_and(|calls| !calls.is_empty());
        let turn = turn(message, index, called)?;
        called = match turn.role {
            Role::Assistant => calls,
            Role::Tool => called,
            _ => false,
        };
        turns.push(turn);
    }
    Ok(turns)
}

/// The messages as the list of a stored completion shows them; their ids are given when the completion has one.
fn stored_messages(turns: &[Turn]) -> Vec<Value> {
    let message = |turn: &Turn| {
        let texts: Vec<&str> = turn.parts.iter().filter_map(Part::text).collect();
        json!({"role": turn.role.name(), "content": texts.join("\n"), "name": turn.name, "content_parts": null})
    };
    turns.iter().map(message).collect()
}

fn role(name: Option<&str>, param: &str) -> Result<Role, ApiError> {
    const ROLES: [&str; 6] = ["system", "assistant", "user", "function", "tool", "developer"];
    match name {
        None => Err(ApiError::missing(&format!("{param}.role"))),
        Some("system") => Ok(Role::System),
        Some("developer") => Ok(Role::Developer),
        Some("user") => Ok(Role::User),
        Some("assistant") => Ok(Role::Assistant),
        Some("tool") => Ok(Role::Tool),
        Some("function") => Ok(Role::Function),
        Some(other) => Err(ApiError::unsupported_value(&format!("{param}.role"), other, &ROLES)),
    }
}

fn turn(message: Message, index: usize, called: bool) -> Result<Turn, ApiError> {
    let param = format!("messages[{index}]");
    let role = role(message.role.as_deref(), &param)?;
    if role == Role::Tool {
        if message.tool_call_id.is_none() {
            return Err(ApiError::missing(&format!("{param}.tool_call_id")));
        }
        if !called {
            let text = "Invalid parameter: messages with role 'tool' must be a response to a preceeding message \
                        with 'tool_calls'.";
            return Err(ApiError::invalid(text).param(format!("messages.[{index}].role")));
        }
    }
    if role == Role::Function && message.name.is_none() {
        return Err(ApiError::missing(&format!("{param}.name")));
    }
    let parts = match message.content {
        Some(Content::Text(text)) => vec![Part::Text(text)],
        Some(Content::Parts(parts)) => {
            let measured = parts.into_iter().enumerate();
            measured
                .map(|(part, content)| content::measure(content, &format!("{param}.content[{part}]")))
                .collect::<Result<_, _>>()?
        }
        // An assistant may have called tools or refused instead of saying something.
        None if role == Role::Assistant => message.refusal.map(Part::Text).into_iter().collect(),
        None => {
            let text = format!("Invalid value for 'content': expected a string, got null. (param: {param}.content)");
            return Err(ApiError::invalid(text).param(format!("{param}.content")));
        }
    };
    Ok(Turn { role, name: message.name, parts })
}
