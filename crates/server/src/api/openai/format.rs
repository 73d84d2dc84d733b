//! The shapes clients ask answers to have, checked in OpenAI's words. Chat, Responses and runs share them.

use fakeai_schema::{Grammar, Pattern, SchemaError, Syntax, strict};
use fakeai_writer::{Format, Shape};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::ApiError;

/// A JSON schema for an answer.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct SchemaWire {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict: Option<bool>,
}

/// A structured answer; `param` is `response_format` or `text.format`, `inner` where the schema's own fields are.
pub(super) fn json_schema(wire: SchemaWire, param: &str, inner: &str) -> Result<Format, ApiError> {
    let name = super::tools::tool_name(wire.name, inner)?;
    let Some(schema) = wire.schema.filter(|schema| !schema.is_null()) else {
        // Without a schema any object will do, unless it has to be strict.
        return if wire.strict == Some(true) {
            Err(ApiError::missing(&format!("{inner}.schema")))
        } else {
            Ok(Format::JsonObject)
        };
    };
    if !schema.is_object() {
        let param = format!("{inner}.schema");
        let message = format!("Invalid type for '{param}': expected an object.");
        return Err(ApiError::invalid(message).param(param).code("invalid_type"));
    }
    let wrong = |error: &SchemaError| {
        ApiError::invalid(format!("Invalid schema for response_format '{name}': {}", error.message)).param(param)
    };
    if wire.strict == Some(true) {
        strict::check(&schema).map_err(|error| wrong(&error))?;
    }
    Shape::parse(schema).map(Format::Schema).map_err(|error| wrong(&error))
}

/// A regular expression at `param`.
pub(super) fn pattern(source: &str, param: &str) -> Result<Format, ApiError> {
    Pattern::parse_full(source).map(Format::Pattern).map_err(|error| invalid(&error, "regular expression", param))
}

/// A grammar of `syntax` at `param`.
pub(super) fn grammar(source: &str, syntax: Syntax, param: &str) -> Result<Grammar, ApiError> {
    Grammar::parse(syntax, source).map_err(|error| invalid(&error, "grammar", param))
}

fn invalid(error: &SchemaError, what: &str, param: &str) -> ApiError {
    ApiError::invalid(format!("Invalid {what} in '{param}': {}", error.message)).param(param).code("invalid_value")
}
