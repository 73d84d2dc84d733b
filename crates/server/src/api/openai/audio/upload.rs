//! A recording that comes in a form, with what is wanted of it.

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use serde_json::{Map, Value};

use super::check_enabled;
use crate::api::openai::fields::Fields;
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::{Part, PartsBody, broken};

/// Most bytes of a recording: `OpenAI`'s 25 MB.
const MOST_BYTES: usize = 25 << 20;

/// What a form says.
#[derive(Debug, Default)]
pub(super) struct Upload {
    /// Fields that have one value.
    pub fields: Fields,
    /// Fields whose name ends in `[]`, by the name before it.
    lists: Vec<(String, String)>,
    /// The recording.
    pub file: Bytes,
}

impl Upload {
    /// The values of a list, whether its name was written with brackets or without.
    pub(super) fn list(&self, name: &str) -> Vec<&str> {
        self.lists.iter().filter(|(own, _)| own == name).map(|(_, value)| value.as_str()).collect()
    }

    /// Refuses what is not among `names`.
    pub(super) fn check_names(&self, names: &[&str]) -> Result<(), ApiError> {
        self.fields.check_names(|name| names.contains(&name))?;
        let unknown = self.lists.iter().find(|(name, _)| !names.contains(&name.as_str()));
        unknown.map_or(Ok(()), |(name, _)| {
            let message = format!("Unknown parameter: '{name}'.");
            Err(ApiError::invalid(message).param(name.as_str()).code("unknown_parameter"))
        })
    }
}

/// Fields that are lists also where they come without brackets.
const LISTS: [&str; 6] =
    ["timestamp_granularities", "include", "known_speaker_names", "known_speaker_references", "languages", "keywords"];

/// Takes a form in, its recording piece by piece.
pub(super) async fn take_in(request: Request) -> Result<(Context, Upload), ApiError> {
    let PartsBody(context, mut parts) = PartsBody::from_request(request, &()).await?;
    check_enabled(&context)?;
    let (mut pairs, mut lists, mut nested, mut file) = (Vec::new(), Vec::new(), Map::new(), None);
    while let Some(part) = parts.next().await.map_err(|error| context.validation(error))? {
        match part {
            Part::Text(name, _) if name == "file" => {
                let message = "Invalid type for 'file': expected a file, but got a string instead.";
                return Err(context.validation(ApiError::invalid(message).param("file").code("invalid_type")));
            }
            Part::Text(name, text) => match name.split_once('[') {
                Some((list, "]")) => lists.push((list.to_owned(), text)),
                Some(("chunking_strategy", key)) => {
                    nested.insert(key.trim_end_matches(']').to_owned(), Value::String(text));
                }
                None if LISTS.contains(&name.as_str()) => lists.push((name, text)),
                _ => pairs.push((name, text)),
            },
            Part::File(name, _, mut content) => {
                let mut bytes = Vec::new();
                while let Some(chunk) = content.chunk().await.map_err(broken)? {
                    bytes.extend_from_slice(&chunk);
                    if bytes.len() > MOST_BYTES {
                        let message = format!("Maximum content size limit ({MOST_BYTES}) exceeded.");
                        return Err(ApiError::invalid(message)
                            .status(http::StatusCode::PAYLOAD_TOO_LARGE)
                            .param("file"));
                    }
                }
                if name == "file" {
                    file = Some(Bytes::from(bytes));
                }
            }
        }
    }
    if !nested.is_empty() {
        pairs.push(("chunking_strategy".to_owned(), Value::Object(nested).to_string()));
    }
    let file = file.ok_or_else(|| context.validation(ApiError::missing("file")))?;
    Ok((context, Upload { fields: Fields::form(pairs), lists, file }))
}
