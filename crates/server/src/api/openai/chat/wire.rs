//! What a chat request looks like on the wire: lenient, unknown fields accepted.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::nvext::Nvext;
use super::voice::AudioWire;
use crate::api::openai::format::SchemaWire;
use crate::api::openai::tools::{CustomWire, FunctionWire};
use crate::api::openai::transfer::TransferRequest;
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
    pub tools: Option<Vec<ToolWire>>,
    pub tool_choice: Option<Value>,
    pub parallel_tool_calls: Option<bool>,
    pub functions: Option<Vec<FunctionWire>>,
    pub function_call: Option<Value>,
    pub reasoning_effort: Option<String>,
    pub prediction: Option<PredictionWire>,
    pub web_search_options: Option<Map<String, Value>>,
    pub modalities: Option<Vec<String>>,
    pub audio: Option<AudioWire>,
    pub user: Option<String>,
    pub moderation: Option<Value>,
    pub prompt_cache_key: Option<String>,
    pub prompt_cache_retention: Option<String>,
    // vLLM's own.
    pub min_tokens: Option<i64>,
    pub ignore_eos: Option<bool>,
    pub priority: Option<i32>,
    pub cache_salt: Option<String>,
    pub kv_transfer_params: Option<TransferRequest>,
    pub chat_template_kwargs: Option<TemplateArguments>,
    pub guided_json: Option<Value>,
    pub guided_regex: Option<Value>,
    pub guided_choice: Option<Value>,
    pub guided_grammar: Option<Value>,
    pub structured_outputs: Option<Map<String, Value>>,
    // Dynamo's own.
    pub nvext: Option<Nvext>,
    // OpenRouter's own.
    pub reasoning: Option<ReasoningWire>,
    pub include_reasoning: Option<bool>,
    // Anthropic's own.
    pub thinking: Option<ThinkingWire>,
}

impl ChatRequest {
    /// Whether it holds pictures, sounds or documents that take a while to measure.
    pub(super) fn carries_media(&self) -> bool {
        const LONG_BYTES: usize = 4096;
        let messages = self.messages.iter().flatten();
        let parts = messages.filter_map(|message| match &message.content {
            Some(Content::Parts(parts)) => Some(parts),
            _ => None,
        });
        let long = |text: &Option<String>| text.as_ref().is_some_and(|text| text.len() > LONG_BYTES);
        parts.flatten().any(|part| {
            part.image_url.as_ref().is_some_and(|image| long(&image.url))
                || part.video_url.as_ref().is_some_and(|video| long(&video.url))
                || part.input_audio.as_ref().is_some_and(|audio| long(&audio.data))
                || part.file.as_ref().is_some_and(|file| long(&file.file_data) || file.file_id.is_some())
        })
    }
}

/// A tool on offer.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct ToolWire {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function: Option<FunctionWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom: Option<CustomWire>,
}

/// What the client expects most of the answer to be.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PredictionWire {
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub content: Option<Content>,
}

/// What chat templates of open models understand.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TemplateArguments {
    pub enable_thinking: Option<bool>,
    pub thinking: Option<bool>,
    pub reasoning_effort: Option<String>,
}

/// Whether to think, in the way of Anthropic.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ThinkingWire {
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub budget_tokens: Option<i64>,
}

/// How to think, in the way of OpenRouter.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ReasoningWire {
    pub effort: Option<String>,
    pub max_tokens: Option<i64>,
    pub exclude: Option<bool>,
    pub enabled: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct StreamOptions {
    pub include_usage: Option<bool>,
    pub include_obfuscation: Option<bool>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub(super) struct ResponseFormat {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub json_schema: Option<SchemaWire>,
}

/// One message, of any role.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Message {
    pub role: Option<String>,
    pub content: Option<Content>,
    pub name: Option<String>,
    pub tool_call_id: Option<String>,
    pub tool_calls: Option<Vec<CallWire>>,
    pub function_call: Option<CalledFunction>,
    pub refusal: Option<String>,
    pub audio: Option<AudioReference>,
}

/// An earlier answer that was spoken.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct AudioReference {
    pub id: Option<String>,
}

/// A call the model made in an earlier turn.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CallWire {
    pub id: Option<String>,
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub function: Option<CalledFunction>,
    pub custom: Option<CalledCustom>,
}

/// A function that was called.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CalledFunction {
    pub name: Option<String>,
    pub arguments: Option<String>,
}

/// A custom tool that was called.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CalledCustom {
    pub name: Option<String>,
    pub input: Option<String>,
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
    pub file: Option<FileWire>,
}

/// An image or a video by URL or data URL.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct MediaUrl {
    pub url: Option<String>,
    pub detail: Option<String>,
}

/// A document, stored or sent along.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct FileWire {
    pub file_id: Option<String>,
    pub filename: Option<String>,
    pub file_data: Option<String>,
}

/// Sound, in base64.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct InputAudio {
    pub data: Option<String>,
    pub format: Option<String>,
}
