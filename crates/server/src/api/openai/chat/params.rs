//! Parameters of a chat request that stand for themselves: ranges, lengths, stops, biases, tiers, metadata.

use fakeai_writer::{Sampling, Seeding, Verbosity};
use serde_json::{Map, Value};

use super::wire::{ChatRequest, StreamOptions};
use crate::error::ApiError;
use crate::generation::TokenLimit;
use crate::wire::{Range, integer, number};

/// Most stop sequences.
const MOST_STOPS: usize = 4;

/// How words are drawn.
pub(super) fn sampling(wire: &mut ChatRequest) -> Result<Sampling, ApiError> {
    let temperature = number("temperature", wire.temperature, Range::new(0.0, 2.0))?;
    number("top_p", wire.top_p, Range::new(0.0, 1.0))?;
    number("presence_penalty", wire.presence_penalty, Range::new(-2.0, 2.0))?;
    number("frequency_penalty", wire.frequency_penalty, Range::new(-2.0, 2.0))?;
    let seed = match (wire.seed, temperature) {
        (Some(seed), _) => Seeding::Given(seed),
        (None, Some(0.0)) => Seeding::Same,
        _ => Seeding::Repeat(0),
    };
    // Models that think refuse a bias that is there, so it is looked at and not taken.
    let logit_bias = logit_bias(wire.logit_bias.clone().unwrap_or_default())?;
    Ok(Sampling { seed, temperature, logit_bias })
}

pub(super) fn logprobs(wanted: Option<bool>, top: Option<i64>) -> Result<Option<u8>, ApiError> {
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

pub(super) fn limit(
    max_tokens: Option<i64>,
    max_completion_tokens: Option<i64>,
) -> Result<Option<TokenLimit>, ApiError> {
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
pub(super) fn stream_options(stream: bool, options: Option<&StreamOptions>) -> Result<(bool, bool), ApiError> {
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

/// Whether the prompt stays in the cache for a day.
pub(in crate::api::openai) fn cache_retention(retention: Option<&str>) -> Result<bool, ApiError> {
    match retention {
        None | Some("in_memory" | "in-memory") => Ok(false),
        Some("24h") => Ok(true),
        Some(other) => Err(ApiError::unsupported_value("prompt_cache_retention", other, &["in_memory", "24h"])),
    }
}
