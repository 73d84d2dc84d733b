//! What a request for a response looks like on the wire: lenient, unknown fields accepted.
//!
//! Items and tools stay JSON here: there are dozens of kinds, they are given back as they came, and
//! [`super::items`] and [`super::offers`] know what each must have.

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::wire::one_of;

/// A JSON object.
pub(super) type Object = Map<String, Value>;

/// The body of `POST /responses`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CreateResponse {
    pub model: Option<String>,
    pub input: Option<Input>,
    pub instructions: Option<String>,
    pub previous_response_id: Option<String>,
    pub conversation: Option<Value>,
    pub store: Option<bool>,
    pub metadata: Option<Object>,
    pub max_output_tokens: Option<i64>,
    pub temperature: Option<f64>,
    pub top_p: Option<f64>,
    pub tools: Option<Vec<Object>>,
    pub tool_choice: Option<Value>,
    pub parallel_tool_calls: Option<bool>,
    pub max_tool_calls: Option<i64>,
    pub text: Option<TextWire>,
    pub reasoning: Option<ReasoningWire>,
    pub include: Option<Vec<String>>,
    pub truncation: Option<String>,
    pub service_tier: Option<String>,
    pub background: Option<bool>,
    pub stream: Option<bool>,
    pub stream_options: Option<StreamOptions>,
    pub safety_identifier: Option<String>,
    pub prompt_cache_key: Option<String>,
    pub prompt_cache_retention: Option<String>,
    pub top_logprobs: Option<i64>,
    pub prompt: Option<PromptWire>,
    pub user: Option<String>,
    pub moderation: Option<Value>,
    pub context_management: Option<Value>,
}

impl CreateResponse {
    /// Whether there is anything to answer.
    pub(super) const fn says_something(&self) -> bool {
        self.input.is_some()
            || self.prompt.is_some()
            || self.previous_response_id.is_some()
            || self.conversation.is_some()
    }
}

impl CreateResponse {
    /// Whether a picture may have to be painted.
    pub(super) fn may_paint(&self) -> bool {
        let is_painter = |tool: &Object| tool.get("type").is_some_and(|kind| kind == "image_generation");
        self.tools.iter().flatten().any(is_painter)
    }

    /// Whether it holds pictures, sounds or documents that take a while to measure, or searches files.
    pub(super) fn carries_media(&self) -> bool {
        const LONG_BYTES: usize = 4096;
        let searches = |tool: &Object| tool.get("type").is_some_and(|kind| kind == "file_search");
        if self.tools.iter().flatten().any(searches) {
            return true;
        }
        let Some(Input::Items(items)) = &self.input else { return false };
        let parts = items.iter().flat_map(|item| [item.get("content"), item.get("output")]).flatten();
        let long = |value: &Value| value.as_str().is_some_and(|text| text.len() > LONG_BYTES);
        parts.filter_map(Value::as_array).flatten().any(|part| {
            ["image_url", "file_data"].iter().any(|field| long(&part[field]))
                || long(&part["input_audio"]["data"])
                || part["file_id"].is_string()
        })
    }
}

/// `input`: words, or items.
#[derive(Clone, Debug)]
pub(super) enum Input {
    Text(String),
    Items(Vec<Object>),
}

impl<'de> Deserialize<'de> for Input {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        one_of(deserializer, "one of a string or array of objects", Self::Text, Self::Items)
    }
}

/// What the answer's text is to be.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TextWire {
    pub format: Option<Object>,
    pub verbosity: Option<String>,
}

/// How to think.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ReasoningWire {
    pub effort: Option<String>,
    pub summary: Option<String>,
    pub generate_summary: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct StreamOptions {
    pub include_obfuscation: Option<bool>,
}

/// A prompt kept on OpenAI's platform, and what to fill into it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PromptWire {
    pub id: Option<String>,
    pub version: Option<String>,
    pub variables: Option<Object>,
}

/// The body of `POST /responses/compact`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Compact {
    pub model: Option<String>,
    pub input: Option<Input>,
    pub previous_response_id: Option<String>,
    pub instructions: Option<String>,
}
