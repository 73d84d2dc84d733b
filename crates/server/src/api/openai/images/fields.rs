//! The parameters of a request, from JSON or from the fields of a form, read with `OpenAI`'s words for what is wrong.

use serde_json::{Map, Value};

use super::family::Family;
use crate::error::ApiError;
use crate::wire::{Range, integer};

/// Parameters by name. In a form all of them are texts.
#[derive(Debug, Default)]
pub(super) struct Fields {
    map: Map<String, Value>,
    is_form: bool,
}

impl Fields {
    pub(super) const fn json(map: Map<String, Value>) -> Self {
        Self { map, is_form: false }
    }

    pub(super) fn form(pairs: Vec<(String, String)>) -> Self {
        let map = pairs.into_iter().map(|(name, text)| (name, Value::String(text))).collect();
        Self { map, is_form: true }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.map.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, ApiError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(wrong_type(name, "a string", other)),
        }
    }

    pub(super) fn integer(&self, name: &str, least: i64, most: i64) -> Result<Option<i64>, ApiError> {
        let number = match self.get(name) {
            None => None,
            Some(Value::Number(number)) if number.is_i64() => number.as_i64(),
            Some(other @ Value::String(text)) if self.is_form => {
                Some(text.trim().parse().map_err(|_| wrong_type(name, "an integer", other))?)
            }
            Some(other) => return Err(wrong_type(name, "an integer", other)),
        };
        integer(name, number, Range::new(least, most))
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool, ApiError> {
        match self.get(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(Value::String(text)) if self.is_form && matches!(text.as_str(), "true" | "false") => {
                Ok(text == "true")
            }
            Some(other) => Err(wrong_type(name, "a boolean", other)),
        }
    }

    /// One of a fixed set of words.
    pub(super) fn word<'a>(&'a self, name: &str, known: &[&str]) -> Result<Option<&'a str>, ApiError> {
        match self.text(name)? {
            Some(word) if !known.contains(&word) => Err(ApiError::unsupported_value(name, word, known)),
            word => Ok(word),
        }
    }

    /// Refuses what the family does not know.
    pub(super) fn check_names(&self, family: Family) -> Result<(), ApiError> {
        let unknown = self.map.iter().find(|(name, value)| !value.is_null() && !family.knows(name));
        unknown.map_or(Ok(()), |(name, _)| {
            Err(ApiError::invalid(format!("Unknown parameter: '{name}'."))
                .param(name.as_str())
                .code("unknown_parameter"))
        })
    }
}

fn wrong_type(param: &str, expected: &str, got: &Value) -> ApiError {
    let got = match got {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(number) if number.is_f64() => "a decimal",
        Value::Number(_) => "an integer",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    ApiError::invalid(format!("Invalid type for '{param}': expected {expected}, but got {got} instead."))
        .param(param)
        .code("invalid_type")
}
