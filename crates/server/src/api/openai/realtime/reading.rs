//! Objects that clients send, read with `OpenAI`'s words for what is wrong and the whole path of it.

use serde_json::{Map, Value};

use crate::error::ApiError;
use crate::wire::{Range, integer, number};

/// An object and where it is: `session.audio.input`.
#[derive(Clone, Debug)]
pub(super) struct Reading<'a> {
    map: &'a Map<String, Value>,
    path: String,
}

/// A field that may be taken back.
#[derive(Clone, Copy, Debug)]
pub(super) enum Given<T> {
    /// It is not there.
    Nothing,
    /// It is null.
    Null,
    /// It is there.
    Some(T),
}

impl<'a> Reading<'a> {
    /// The object at `path`; an empty one is the event itself.
    pub(super) fn new(map: &'a Map<String, Value>, path: impl Into<String>) -> Self {
        Self { map, path: path.into() }
    }

    /// The path of a field.
    pub(super) fn path(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    /// A field that is there and not null.
    pub(super) fn get(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name).filter(|value| !value.is_null())
    }

    /// A field, be it null.
    pub(super) fn raw(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name)
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&'a str>, ApiError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(other) => Err(ApiError::wrong_type(&self.path(name), "a string", other)),
        }
    }

    /// A text that has to be there.
    pub(super) fn needed(&self, name: &str) -> Result<&'a str, ApiError> {
        self.text(name)?.ok_or_else(|| ApiError::missing(&self.path(name)))
    }

    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(other) => Err(ApiError::wrong_type(&self.path(name), "a boolean", other)),
        }
    }

    pub(super) fn integer(&self, name: &str, least: i64, most: i64) -> Result<Option<i64>, ApiError> {
        let given = match self.get(name) {
            None => None,
            Some(value) => {
                let whole = value.as_i64();
                Some(whole.ok_or_else(|| ApiError::wrong_type(&self.path(name), "an integer", value))?)
            }
        };
        integer(&self.path(name), given, Range::new(least, most))
    }

    pub(super) fn decimal(&self, name: &str, least: f64, most: f64) -> Result<Option<f64>, ApiError> {
        let given = match self.get(name) {
            None => None,
            Some(value) => {
                let decimal = value.as_f64();
                Some(decimal.ok_or_else(|| ApiError::wrong_type(&self.path(name), "a decimal", value))?)
            }
        };
        number(&self.path(name), given, Range::new(least, most))
    }

    /// One of a fixed set of words.
    pub(super) fn word(&self, name: &str, known: &[&'static str]) -> Result<Option<&'static str>, ApiError> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let found = known.iter().copied().find(|word| *word == text);
        found.map(Some).ok_or_else(|| ApiError::unsupported_value(&self.path(name), text, known))
    }

    pub(super) fn object(&self, name: &str) -> Result<Option<Self>, ApiError> {
        match self.object_or_null(name)? {
            Given::Some(object) => Ok(Some(object)),
            Given::Nothing | Given::Null => Ok(None),
        }
    }

    pub(super) fn object_or_null(&self, name: &str) -> Result<Given<Self>, ApiError> {
        match self.raw(name) {
            None => Ok(Given::Nothing),
            Some(Value::Null) => Ok(Given::Null),
            Some(Value::Object(map)) => Ok(Given::Some(Reading::new(map, self.path(name)))),
            Some(other) => Err(ApiError::wrong_type(&self.path(name), "an object", other)),
        }
    }

    pub(super) fn list(&self, name: &str) -> Result<Option<&'a [Value]>, ApiError> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Array(list)) => Ok(Some(list)),
            Some(other) => Err(ApiError::wrong_type(&self.path(name), "an array", other)),
        }
    }

    /// Refuses fields that nobody knows.
    pub(super) fn check_names(&self, known: &[&str]) -> Result<(), ApiError> {
        let unknown = self.map.keys().find(|name| !known.contains(&name.as_str()));
        unknown.map_or(Ok(()), |name| {
            let param = self.path(name);
            let message = format!("Unknown parameter: '{param}'.");
            Err(ApiError::invalid(message).param(param).code("unknown_parameter"))
        })
    }
}

/// An object inside a list, at `path`, `items[2]`.
pub(super) fn object_of<'a>(value: &'a Value, path: &str) -> Result<Reading<'a>, ApiError> {
    match value {
        Value::Object(map) => Ok(Reading::new(map, path)),
        other => Err(ApiError::wrong_type(path, "an object", other)),
    }
}
