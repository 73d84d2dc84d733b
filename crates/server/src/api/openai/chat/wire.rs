//! What a chat request looks like on the wire: lenient, unknown fields accepted.

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::wire::{OneOrMany, one_of};

/// The body of `POST /chat/completions`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ChatRequest {
    pub model: Option<String>,
    pub messages: Option<Vec<Message>>,
    pub temperature: Option<f64>,
    pub top_p: Option<f64>,
    pub n: Option<i64>,
    pub stream: Option<bool>,
    pub stream_options: Option<StreamOptions>,
    pub stop: Option<OneOrMany>,
    pub max_tokens: Option<i64>,
    pub max_completion_tokens: Option<i64>,
    pub presence_penalty: Option<f64>,
    pub frequency_penalty: Option<f64>,
    pub logit_bias: Option<Map<String, Value>>,
    pub logprobs: Option<bool>,
    pub top_logprobs: Option<i64>,
    pub seed: Option<i64>,
    pub response_format: Option<ResponseFormat>,
    pub service_tier: Option<String>,
    pub verbosity: Option<String>,
    pub metadata: Option<Map<String, Value>>,
    pub store: Option<bool>,
    pub tools: Option<Vec<Map<String, Value>>>,
    pub tool_choice: Option<Value>,
    pub functions: Option<Vec<Map<String, Value>>>,
    pub function_call: Option<Value>,
    // vLLM's own.
    pub min_tokens: Option<i64>,
    pub ignore_eos: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct StreamOptions {
    pub include_usage: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ResponseFormat {
    #[serde(rename = "type")]
    pub kind: Option<String>,
}

/// One message, of any role.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Message {
    pub role: Option<String>,
    pub content: Option<Content>,
    pub name: Option<String>,
    pub tool_call_id: Option<String>,
    pub tool_calls: Option<Vec<Map<String, Value>>>,
    pub function_call: Option<Map<String, Value>>,
    pub refusal: Option<String>,
}

/// A message's content: words, or words and media.
#[derive(Debug)]
pub(super) enum Content {
    Text(String),
    Parts(Vec<ContentPart>),
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        one_of(deserializer, "one of a string or array of objects", Self::Text, Self::Parts)
    }
}

/// A piece of a message.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ContentPart {
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub text: Option<String>,
    pub refusal: Option<String>,
    pub image_url: Option<MediaUrl>,
    pub video_url: Option<MediaUrl>,
    pub input_audio: Option<InputAudio>,
}

/// An image or a video by URL or data URL.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct MediaUrl {
    pub url: Option<String>,
    pub detail: Option<String>,
}

/// Sound, in base64.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct InputAudio {
    pub data: Option<String>,
    pub format: Option<String>,
}
