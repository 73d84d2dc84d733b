//! What a completion request looks like on the wire.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::api::openai::transfer::TransferRequest;
use crate::wire::{OneOrMany, TokenInput};

/// The body of `POST /completions`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CompletionRequest {
    pub model: Option<String>,
    pub prompt: Option<TokenInput>,
    pub suffix: Option<String>,
    pub max_tokens: Option<i64>,
    pub temperature: Option<f64>,
    pub top_p: Option<f64>,
    pub n: Option<i64>,
    pub best_of: Option<i64>,
    pub stream: Option<bool>,
    pub stream_options: Option<StreamOptions>,
    pub logprobs: Option<i64>,
    pub echo: Option<bool>,
    pub stop: Option<OneOrMany>,
    pub presence_penalty: Option<f64>,
    pub frequency_penalty: Option<f64>,
    pub logit_bias: Option<Map<String, Value>>,
    pub seed: Option<i64>,
    // vLLM's own.
    pub min_tokens: Option<i64>,
    pub ignore_eos: Option<bool>,
    pub priority: Option<i32>,
    pub cache_salt: Option<String>,
    pub kv_transfer_params: Option<TransferRequest>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct StreamOptions {
    pub include_usage: Option<bool>,
}
