//! The parameters of a request, from JSON or from the fields of a form, read with `OpenAI`'s words for what is wrong.

use serde_json::{Map, Value};

use crate::error::ApiError;
use crate::wire::{Range, integer, number};

/// Parameters by name. In a form all of them are texts.
#[derive(Debug, Default)]
pub(in crate::api::openai) struct Fields {
    map: Map<String, Value>,
    is_form: bool,
}

impl Fields {
    pub(in crate::api::openai) const fn json(map: Map<String, Value>) -> Self {
        Self { map, is_form: false }
    }

    pub(in crate::api::openai) fn form(pairs: Vec<(String, String)>) -> Self {
        let map = pairs.into_iter().map(|(name, text)| (name, Value::String(text))).collect();
        Self { map, is_form: true }
    }

    pub(in crate::api::openai) fn get(&self, name: &str) -> Option<&Value> {
        self.map.get(name).filter(|value| !value.is_null())
    }

    pub(in crate::api::openai) fn text(&self, name: &str) -> Result<Option<&str>, ApiError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(ApiError::wrong_type(name, "a string", other)),
        }
    }

    pub(in crate::api::openai) fn integer(&self, name: &str, least: i64, most: i64) -> Result<Option<i64>, ApiError> {
        let number = match self.get(name) {
            None => None,
            Some(Value::Number(number)) if number.is_i64() => number.as_i64(),
            Some(other @ Value::String(text)) if self.is_form => {
                Some(text.trim().parse().map_err(|_| ApiError::wrong_type(name, "an integer", other))?)
            }
            Some(other) => return Err(ApiError::wrong_type(name, "an integer", other)),
        };
        integer(name, number, Range::new(least, most))
    }

    pub(in crate::api::openai) fn decimal(&self, name: &str, least: f64, most: f64) -> Result<Option<f64>, ApiError> {
        let wanted = "a decimal";
        let value = match self.get(name) {
            None => None,
            Some(other @ Value::Number(number)) => {
                Some(number.as_f64().ok_or_else(|| ApiError::wrong_type(name, wanted, other))?)
            }
            Some(other @ Value::String(text)) if self.is_form => {
                let parsed = text.trim().parse().ok().filter(|number: &f64| number.is_finite());
                Some(parsed.ok_or_else(|| ApiError::wrong_type(name, wanted, other))?)
            }
            Some(other) => return Err(ApiError::wrong_type(name, wanted, other)),
        };
        number(name, value, Range::new(least, most))
    }

    pub(in crate::api::openai) fn flag(&self, name: &str) -> Result<bool, ApiError> {
        match self.get(name) {
            None => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(Value::String(text)) if self.is_form && matches!(text.as_str(), "true" | "false") => {
                Ok(text == "true")
            }
            Some(other) => Err(ApiError::wrong_type(name, "a boolean", other)),
        }
    }

    /// One of a fixed set of words.
    pub(in crate::api::openai) fn word<'a>(&'a self, name: &str, known: &[&str]) -> Result<Option<&'a str>, ApiError> {
        match self.text(name)? {
            Some(word) if !known.contains(&word) => Err(ApiError::unsupported_value(name, word, known)),
            word => Ok(word),
        }
    }

    /// Refuses parameters that nobody knows.
    pub(in crate::api::openai) fn check_names(&self, is_known: impl Fn(&str) -> bool) -> Result<(), ApiError> {
        let unknown = self.map.iter().find(|(name, value)| !value.is_null() && !is_known(name));
        unknown.map_or(Ok(()), |(name, _)| {
            Err(ApiError::invalid(format!("Unknown parameter: '{name}'."))
                .param(name.as_str())
                .code("unknown_parameter"))
        })
    }
}
