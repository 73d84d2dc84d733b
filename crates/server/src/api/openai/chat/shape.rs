//! The shape an answer must have, in OpenAI's way and in vLLM's.

use fakeai_writer::Format;
use serde_json::Value;

use super::wire::{ChatRequest, ResponseFormat};
use crate::api::openai::format;
use crate::error::ApiError;

/// The shape a request asks for; takes it out of the request.
pub(super) fn shape(wire: &mut ChatRequest) -> Result<Format, ApiError> {
    guided(wire)?.map_or_else(|| response_format(wire.response_format.take()), Ok)
}

fn response_format(format: Option<ResponseFormat>) -> Result<Format, ApiError> {
    const PARAM: &str = "response_format.type";
    let Some(format) = format else { return Ok(Format::Text) };
    match format.kind.as_deref() {
        None => Err(ApiError::missing(PARAM)),
        Some("text") => Ok(Format::Text),
        Some("json_object") => Ok(Format::JsonObject),
        Some("json_schema") => {
            let schema = format.json_schema.ok_or_else(|| ApiError::missing("response_format.json_schema"))?;
            format::json_schema(schema, "response_format", "response_format.json_schema")
        }
        Some(other) => Err(ApiError::unsupported_value(PARAM, other, &["json_object", "json_schema", "text"])),
    }
}

/// A shape asked for in vLLM's ways: `guided_json`, `guided_regex`, `guided_choice`, `guided_grammar`, or the same
/// within `structured_outputs`.
fn guided(wire: &mut ChatRequest) -> Result<Option<Format>, ApiError> {
    let own = wire.structured_outputs.take();
    let given = [
        ("guided_json", wire.guided_json.take(), "json"),
        ("guided_regex", wire.guided_regex.take(), "regex"),
        ("guided_choice", wire.guided_choice.take(), "choice"),
        ("guided_grammar", wire.guided_grammar.take(), "grammar"),
    ];
    for (name, value, key) in given {
        if let Some(value) = value.filter(|value| !value.is_null()) {
            return one(key, value, name).map(Some);
        }
        let inner = own.as_ref().and_then(|own| own.get(key));
        if let Some(value) = inner.filter(|value| !value.is_null()) {
            return one(key, value.clone(), &format!("structured_outputs.{key}")).map(Some);
        }
    }
    Ok(None)
}

fn one(key: &str, value: Value, param: &str) -> Result<Format, ApiError> {
    let text = |value: &Value| {
        value.as_str().map(str::to_owned).ok_or_else(|| {
            ApiError::invalid(format!("Invalid type for '{param}': expected a string."))
                .param(param)
                .code("invalid_type")
        })
    };
    match key {
        "json" => {
            // A schema may also be sent as text.
            let schema = match value.as_str() {
                Some(text) => serde_json::from_str(text).unwrap_or(Value::Null),
                None => value,
            };
            format::json_schema(
                format::SchemaWire { name: Some("guided_json".to_owned()), schema: Some(schema), ..Default::default() },
                param,
                param,
            )
        }
        "regex" => format::pattern(&text(&value)?, param),
        "grammar" => {
            let source = text(&value)?;
            let grammar = format::grammar(&source, fakeai_schema::Syntax::guess(&source), param)?;
            Ok(Format::Grammar { source, grammar })
        }
        _ => {
            let choices: Vec<String> =
                value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
            if choices.is_empty() {
                let message = format!("Invalid value for '{param}': expected a list of one or more strings.");
                return Err(ApiError::invalid(message).param(param).code("invalid_value"));
            }
            Ok(Format::Choice(choices))
        }
    }
}
