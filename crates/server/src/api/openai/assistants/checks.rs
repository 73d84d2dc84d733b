//! What assistants, threads and runs have in common on the wire, checked in OpenAI's words.

use fakeai_writer::Format;
use serde_json::{Map, Value, json};

use crate::api::openai::format::{SchemaWire, json_schema};
use crate::error::ApiError;
use crate::wire::{Range, number};

/// Longest instructions, characters.
const LONGEST_INSTRUCTIONS: usize = 256_000;
/// Most files of a code interpreter.
const MOST_FILES: usize = 20;

/// A text of at most `most` characters.
pub(super) fn text(param: &str, text: Option<&str>, most: usize) -> Result<(), ApiError> {
    let length = text.map_or(0, |text| text.chars().count());
    if length > most { Err(ApiError::too_long(param, most, length)) } else { Ok(()) }
}

/// Instructions, as an assistant or a run gives them.
pub(in crate::api::openai) fn instructions(param: &str, instructions: Option<&str>) -> Result<(), ApiError> {
    text(param, instructions, LONGEST_INSTRUCTIONS)
}

/// 0 to 2.
pub(in crate::api::openai) fn temperature(value: Option<f64>) -> Result<Option<f64>, ApiError> {
    number("temperature", value, Range::new(0.0, 2.0))
}

/// 0 to 1.
pub(in crate::api::openai) fn top_p(value: Option<f64>) -> Result<Option<f64>, ApiError> {
    number("top_p", value, Range::new(0.0, 1.0))
}

/// The shape of an answer: `auto`, or as in chat.
pub(in crate::api::openai) fn response_format(format: &Value) -> Result<Format, ApiError> {
    const PARAM: &str = "response_format";
    const KIND: &str = "response_format.type";
    let kind = match format {
        Value::Null => return Ok(Format::Text),
        Value::String(mode) if mode == "auto" => return Ok(Format::Text),
        Value::String(other) => return Err(ApiError::unsupported_value(PARAM, other, &["auto"])),
        Value::Object(fields) => fields.get("type").and_then(Value::as_str),
        _ => return Err(wrong_type(PARAM, "one of 'auto' or an object")),
    };
    match kind {
        None => Err(ApiError::missing(KIND)),
        Some("text") => Ok(Format::Text),
        Some("json_object") => Ok(Format::JsonObject),
        Some("json_schema") => {
            const SCHEMA: &str = "response_format.json_schema";
            let schema = format.get("json_schema").ok_or_else(|| ApiError::missing(SCHEMA))?;
            let wire: SchemaWire =
                serde_json::from_value(schema.clone()).map_err(|_| wrong_type(SCHEMA, "an object"))?;
            json_schema(wire, PARAM, SCHEMA)
        }
        Some(other) => Err(ApiError::unsupported_value(KIND, other, &["json_object", "json_schema", "text"])),
    }
}

/// Files and vector stores that tools may use, at `tool_resources`. They are kept and not looked for until they are
/// used. Whoever allows `vector_stores` takes the description out first.
pub(in crate::api::openai) fn resources(given: Option<Map<String, Value>>) -> Result<Value, ApiError> {
    let Some(mut given) = given else { return Ok(json!({})) };
    let ids = |tool: &str, field: &str, most: usize| {
        let param = format!("tool_resources.{tool}.{field}");
        let Some(list) = given.get(tool).and_then(|tool| tool.get(field)).filter(|list| !list.is_null()) else {
            return Ok(());
        };
        let strings = list.as_array().filter(|list| list.iter().all(Value::is_string));
        let count = strings.ok_or_else(|| wrong_type(&param, "an array of strings"))?.len();
        if count > most { Err(ApiError::too_many(&param, most, count)) } else { Ok(()) }
    };
    ids("code_interpreter", "file_ids", MOST_FILES)?;
    ids("file_search", "vector_store_ids", 1)?;
    if let Some(search) = given.get_mut("file_search").and_then(Value::as_object_mut) {
        search.remove("vector_stores");
    }
    Ok(Value::Object(given))
}

/// A value of the wrong type.
pub(super) fn wrong_type(param: &str, expected: &str) -> ApiError {
    ApiError::invalid(format!("Invalid type for '{param}': expected {expected}.")).param(param).code("invalid_type")
}
