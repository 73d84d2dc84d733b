//! What clients note of a file, to filter by: texts, numbers and switches.

use serde_json::{Map, Value};

use crate::error::ApiError;

/// Attributes of a file, and characters of a key and of a text, as `OpenAI` allows.
const MOST_ATTRIBUTES: usize = 16;
const LONGEST_KEY: usize = 64;
const LONGEST_TEXT: usize = 512;

/// Refuses attributes that are not allowed; `param` is their path.
pub(super) fn check(given: Option<Value>, param: &str) -> Result<Map<String, Value>, ApiError> {
    let wrong = |param: &str, expected: &str| {
        let message = format!("Invalid type for '{param}': expected {expected}.");
        ApiError::invalid(message).param(param).code("invalid_type")
    };
    let attributes = match given {
        None | Some(Value::Null) => return Ok(Map::new()),
        Some(Value::Object(attributes)) => attributes,
        Some(_) => return Err(wrong(param, "an object")),
    };
    if attributes.len() > MOST_ATTRIBUTES {
        let message = format!(
            "Invalid '{param}': too many properties. Expected an object with at most {MOST_ATTRIBUTES} properties, but \
             got an object with {} properties instead.",
            attributes.len()
        );
        return Err(ApiError::invalid(message).param(param).code("object_above_max_properties"));
    }
    for (key, value) in &attributes {
        let param = format!("{param}.{key}");
        let length = key.chars().count();
        if length > LONGEST_KEY {
            return Err(ApiError::too_long(&param, LONGEST_KEY, length));
        }
        match value {
            Value::Bool(_) | Value::Number(_) => {}
            Value::String(text) => {
                let length = text.chars().count();
                if length > LONGEST_TEXT {
                    return Err(ApiError::too_long(&param, LONGEST_TEXT, length));
                }
            }
            _ => return Err(wrong(&param, "one of a string, number or boolean")),
        }
    }
    Ok(attributes)
}
