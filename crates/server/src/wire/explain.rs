//! What is wrong with a body, in OpenAI's words. Only run when reading it has failed.

use serde::de::{DeserializeOwned, IgnoredAny};

use crate::error::ApiError;

const NOT_JSON: &str = "We could not parse the JSON body of your request. (HINT: This likely means you aren't using \
                        your HTTP library correctly. The OpenAI API expects a JSON payload, but what was sent was not \
                        valid JSON. If you have trouble figuring out how to fix this, please contact us through our \
                        help center at help.openai.com.)";

/// Why `bytes` are not a `T`.
pub(super) fn explain<T: DeserializeOwned>(bytes: &[u8]) -> ApiError {
    if bytes.trim_ascii_start().first() == Some(&b'[') && serde_json::from_slice::<IgnoredAny>(bytes).is_ok() {
        return not_an_object("an array");
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let Err(error) = serde_path_to_error::deserialize::<_, T>(&mut reader) else {
        return ApiError::invalid(NOT_JSON);
    };
    let path = error.path().to_string();
    let inner = error.into_inner();
    if !inner.is_data() {
        return ApiError::invalid(NOT_JSON);
    }
    let text = inner.to_string();
    // serde_json ends its messages with " at line 1 column 2".
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(message, _)| message);
    let param = if path == "." { String::new() } else { path };
    translate(&param, text)
}

fn not_an_object(got: &str) -> ApiError {
    ApiError::invalid(format!("Invalid type for the request's body: expected an object, but got {got} instead."))
        .code("invalid_type")
}

fn translate(param: &str, text: &str) -> ApiError {
    let Some((got, expected)) = text.strip_prefix("invalid type: ").and_then(|rest| rest.rsplit_once(", expected "))
    else {
        let message = if param.is_empty() { text.to_owned() } else { format!("Invalid value for '{param}': {text}.") };
        return ApiError::invalid(message).param(param).code("invalid_value");
    };
    let (got, expected) = (got_in_words(got), expected_in_words(expected));
    if param.is_empty() {
        return not_an_object(got);
    }
    ApiError::invalid(format!("Invalid type for '{param}': expected {expected}, but got {got} instead."))
        .param(param)
        .code("invalid_type")
}

/// What serde calls what it met, in OpenAI's words.
fn got_in_words(serde: &str) -> &'static str {
    match serde.split([' ', '`']).next().unwrap_or_default() {
        "string" | "character" => "a string",
        "integer" => "an integer",
        "floating" => "a decimal number",
        "boolean" => "a boolean",
        "map" => "an object",
        "sequence" => "an array",
        "null" | "unit" | "Option" => "null",
        _ => "something else",
    }
}

/// What serde calls what it wanted, in OpenAI's words. Our own visitors already speak them.
fn expected_in_words(serde: &str) -> &str {
    match serde {
        "f64" | "f32" => "a decimal",
        "i64" | "u64" | "i32" | "u32" | "u16" | "u8" | "usize" => "an integer",
        "a string" | "string" | "a borrowed string" => "a string",
        "a boolean" => "a boolean",
        "a map" => "an object",
        "a sequence" => "an array of objects",
        other if other.starts_with("struct ") => "an object",
        other => other,
    }
}
