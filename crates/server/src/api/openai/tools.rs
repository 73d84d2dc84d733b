//! Tools as clients describe them, checked in OpenAI's words. Chat, Responses and runs share them.

use fakeai_schema::{Syntax, strict};
use fakeai_writer::{Shape, Tool, ToolChoice, ToolInput, Tools};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::ApiError;

/// Most tools of a request.
const MOST_TOOLS: usize = 128;
/// Longest name of a tool, characters.
const LONGEST_NAME: usize = 64;

/// A function as clients describe it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct FunctionWire {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict: Option<bool>,
}

/// A tool that takes text, as clients describe it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct CustomWire {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<Map<String, Value>>,
}

/// A function at `param`, `tools[0].function`.
pub(super) fn function(wire: FunctionWire, param: &str) -> Result<Tool, ApiError> {
    let FunctionWire { name, description, parameters, strict } = wire;
    let name = tool_name(name, param)?;
    let parameters = match parameters {
        None | Some(Value::Null) => Value::Object(Map::from_iter([
            ("type".to_owned(), Value::from("object")),
            ("properties".to_owned(), Value::Object(Map::new())),
        ])),
        Some(parameters @ (Value::Object(_) | Value::Bool(_))) => parameters,
        Some(_) => {
            let param = format!("{param}.parameters");
            return Err(ApiError::invalid(format!("Invalid type for '{param}': expected an object."))
                .param(param)
                .code("invalid_type"));
        }
    };
    let wrong = |message: &str| {
        ApiError::invalid(format!("Invalid schema for function '{name}': {message}"))
            .param(format!("{param}.parameters"))
            .code("invalid_function_parameters")
    };
    if parameters.get("type").is_some_and(|kind| kind != "object") {
        let message =
            format!("schema must be a JSON Schema of 'type: \"object\"', got 'type: {}'.", parameters["type"]);
        return Err(wrong(&message));
    }
    if strict == Some(true) {
        strict::check(&parameters).map_err(|error| wrong(&error.message))?;
    }
    let input = ToolInput::Arguments(Shape::parse(parameters).map_err(|error| wrong(&error.message))?);
    Ok(Tool { name, description: description.unwrap_or_default(), input, allowed: true })
}

/// A custom tool at `param`, `tools[0].custom`.
pub(super) fn custom(wire: CustomWire, param: &str) -> Result<Tool, ApiError> {
    let name = tool_name(wire.name, param)?;
    let input = match wire.format {
        None => ToolInput::Text,
        Some(format) => custom_input(&Value::Object(format), &format!("{param}.format"))?,
    };
    Ok(Tool { name, description: wire.description.unwrap_or_default(), input, allowed: true })
}

/// What a custom tool takes, as chat (`grammar: {syntax, definition}`) or Responses (the two beside `type`) say it.
fn custom_input(format: &Value, param: &str) -> Result<ToolInput, ApiError> {
    let missing = |field: &str| ApiError::missing(&format!("{param}.{field}"));
    match format["type"].as_str() {
        Some("text") => Ok(ToolInput::Text),
        Some("grammar") => {
            let grammar = format.get("grammar").unwrap_or(format);
            let definition = grammar["definition"].as_str().ok_or_else(|| missing("grammar.definition"))?;
            let param = format!("{param}.grammar.definition");
            let syntax = match grammar["syntax"].as_str() {
                Some("lark") => Syntax::Lark,
                Some("regex") => Syntax::Regex,
                None => return Err(missing("grammar.syntax")),
                Some(other) => return Err(ApiError::unsupported_value(&param, other, &["lark", "regex"])),
            };
            super::format::grammar(definition, syntax, &param).map(ToolInput::Grammar)
        }
        None => Err(missing("type")),
        Some(other) => Err(ApiError::unsupported_value(&format!("{param}.type"), other, &["text", "grammar"])),
    }
}

/// A name of letters, digits, underscores and dashes.
pub(super) fn tool_name(name: Option<String>, param: &str) -> Result<String, ApiError> {
    let param = format!("{param}.name");
    let name = name.ok_or_else(|| ApiError::missing(&param))?;
    let length = name.chars().count();
    if length > LONGEST_NAME {
        let message = format!(
            "Invalid '{param}': string too long. Expected a string with maximum length {LONGEST_NAME}, but got a \
             string with length {length} instead."
        );
        return Err(ApiError::invalid(message).param(param).code("string_above_max_length"));
    }
    if name.is_empty() {
        let message = format!(
            "Invalid '{param}': empty string. Expected a string with minimum length 1, but got an empty string instead."
        );
        return Err(ApiError::invalid(message).param(param).code("empty_string"));
    }
    if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-') {
        let message = format!(
            "Invalid '{param}': string does not match pattern. Expected a string that matches the pattern \
             '^[a-zA-Z0-9_-]+$'."
        );
        return Err(ApiError::invalid(message).param(param).code("invalid_value"));
    }
    Ok(name)
}

/// Refuses an empty list and one that is too long; `param` is `tools` or `functions`.
pub(super) fn check_count(count: usize, param: &str) -> Result<(), ApiError> {
    let (problem, expected, code) = match count {
        0 => ("empty array", "an array with minimum length 1, but got an empty array".to_owned(), "empty_array"),
        count if count > MOST_TOOLS => (
            "array too long",
            format!("an array with maximum length {MOST_TOOLS}, but got an array with length {count}"),
            "array_above_max_length",
        ),
        _ => return Ok(()),
    };
    Err(ApiError::invalid(format!("Invalid '{param}': {problem}. Expected {expected} instead."))
        .param(param)
        .code(code))
}

/// What a client says about calling, as both APIs say it.
#[derive(Debug)]
pub(super) enum Wanted {
    /// `auto`, `none`, `required`.
    Mode(String),
    /// One tool by name.
    Named(String),
    /// `auto` or `required`, of these tools only.
    Among(String, Vec<String>),
}

/// The choice among `offered`, at `param`.
pub(super) fn choose(mut offered: Vec<Tool>, wanted: Option<Wanted>, param: &str) -> Result<Tools, ApiError> {
    let place = |offered: &[Tool], name: &str| {
        offered.iter().position(|tool| tool.name == name).ok_or_else(|| {
            ApiError::invalid(format!(
                "Invalid value for '{param}': no function named '{name}' was specified in the 'tools' parameter."
            ))
            .param(param)
        })
    };
    let mode = |mode: &str| match mode {
        "auto" => Ok(ToolChoice::Auto),
        "none" => Ok(ToolChoice::Never),
        // vLLM's older word.
        "required" | "any" => Ok(ToolChoice::Required),
        other => Err(ApiError::unsupported_value(param, other, &["none", "auto", "required"])),
    };
    let choice = match wanted {
        None => ToolChoice::Auto,
        Some(Wanted::Mode(name)) => mode(&name)?,
        Some(Wanted::Named(name)) => ToolChoice::Named(place(&offered, &name)?),
        Some(Wanted::Among(name, names)) => {
            let places = names.iter().map(|name| place(&offered, name)).collect::<Result<Vec<_>, _>>()?;
            for (index, tool) in offered.iter_mut().enumerate() {
                tool.allowed = places.contains(&index);
            }
            mode(&name)?
        }
    };
    Ok(Tools { offered, choice, one_at_a_time: false })
}
