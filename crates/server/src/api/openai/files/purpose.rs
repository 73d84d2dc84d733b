//! What a file is for, and how long it stays.

use serde::Deserialize;
use serde_json::Value;

use crate::error::ApiError;
use crate::wire::{Range, integer};

/// What a client may upload a file for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::api::openai) enum Purpose {
    Assistants,
    Batch,
    FineTune,
    Vision,
    UserData,
    Evals,
}

const NAMES: [(&str, Purpose); 6] = [
    ("assistants", Purpose::Assistants),
    ("batch", Purpose::Batch),
    ("fine-tune", Purpose::FineTune),
    ("vision", Purpose::Vision),
    ("user_data", Purpose::UserData),
    ("evals", Purpose::Evals),
];

/// Largest file, bytes; OpenAI's "up to 512 MB", and 200 MB for batches.
const MOST_BYTES: u64 = 512 << 20;
const MOST_BATCH_BYTES: u64 = 200 << 20;
/// Seconds that a batch's file stays unless told otherwise.
const BATCH_SECONDS: i64 = 30 * 24 * 3600;

impl Purpose {
    pub(in crate::api::openai) fn read(text: &str) -> Result<Self, ApiError> {
        let found = NAMES.iter().find(|(name, _)| *name == text);
        found.map(|(_, purpose)| *purpose).ok_or_else(|| {
            let names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
            ApiError::unsupported_value("purpose", text, &names)
        })
    }

    pub(in crate::api::openai) fn name(self) -> &'static str {
        NAMES.iter().find(|(_, purpose)| *purpose == self).map_or("", |(name, _)| name)
    }

    /// Whether its files are lines of JSON objects.
    pub(super) const fn has_lines(self) -> bool {
        matches!(self, Self::Batch | Self::FineTune | Self::Evals)
    }

    /// Largest file, bytes.
    pub(in crate::api::openai) const fn most_bytes(self) -> u64 {
        if matches!(self, Self::Batch) { MOST_BATCH_BYTES } else { MOST_BYTES }
    }
}

/// Whether a file of this purpose, ours among them, is handed out again: OpenAI keeps what was given to assistants.
pub(super) fn is_readable(purpose: &str) -> bool {
    !matches!(purpose, "assistants" | "user_data")
}

/// `expires_after`: how long a file stays.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::api::openai) struct Expiry {
    pub anchor: Option<String>,
    pub seconds: Option<Value>,
}

impl Expiry {
    /// When a file made at `created` goes, Unix seconds.
    pub(in crate::api::openai) fn expires_at(
        expiry: Option<&Self>,
        purpose: Purpose,
        created: i64,
    ) -> Result<Option<i64>, ApiError> {
        let Some(expiry) = expiry else {
            return Ok((purpose == Purpose::Batch).then_some(created + BATCH_SECONDS));
        };
        Ok(expiry.lifetime("expires_after")?.map(|seconds| created + seconds))
    }

    /// How many seconds it is, given at `param`.
    pub(in crate::api::openai) fn lifetime(&self, param: &str) -> Result<Option<i64>, ApiError> {
        let Self { anchor, seconds } = self;
        let place = format!("{param}.anchor");
        match anchor.as_deref() {
            None => return Err(ApiError::missing(&place)),
            Some("created_at") => {}
            Some(other) => return Err(ApiError::unsupported_value(&place, other, &["created_at"])),
        }
        let param = &*format!("{param}.seconds");
        let number = match seconds {
            None | Some(Value::Null) => return Err(ApiError::missing(param)),
            Some(Value::Number(number)) => number.as_i64(),
            // A field of a form is text.
            Some(Value::String(text)) => text.parse().ok(),
            Some(_) => None,
        };
        let wrong = || ApiError::invalid(format!("Invalid type for '{param}': expected an integer.")).param(param);
        let number = number.ok_or_else(|| wrong().code("invalid_type"))?;
        integer(param, Some(number), Range::new(3600, 2_592_000))
    }
}
