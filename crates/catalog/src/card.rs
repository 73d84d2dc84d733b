//! The record of one model.

use fakeai_tokens::Tokenizer;
use serde::Deserialize;

use crate::pricing::Pricing;

/// What a model is, can do, costs, and how fast it is.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelCard {
    /// The id clients send, for example `gpt-4o-2024-08-06` or `meta-llama/Llama-3.1-8B-Instruct`.
    pub id: String,
    /// The name people say.
    pub name: String,
    /// One line on what it is for.
    pub description: String,
    /// Whose it is: `openai`, `anthropic`, `meta`, `mistral`, `deepseek`, `nvidia`, `google`, `qwen`, a smaller maker's
    /// name, or `custom` for models nobody described.
    pub provider: String,
    /// `owned_by` of `/v1/models`.
    pub owned_by: String,
    /// Unix seconds.
    pub created: i64,
    /// What it is used for.
    pub kind: ModelKind,
    /// How it is built.
    pub architecture: Architecture,
    /// Most tokens of prompt and answer together.
    pub context_window_tokens: u32,
    /// Most tokens of an answer.
    pub max_output_tokens: u32,
    /// What it can do.
    pub capabilities: Capabilities,
    /// What it takes in.
    pub input_modalities: Vec<Modality>,
    /// What it gives out.
    pub output_modalities: Vec<Modality>,
    /// What it costs.
    pub pricing: Pricing,
    /// How its tokens are counted.
    pub tokenizer: Tokenizer,
    /// False where the model's own vocabulary can't be shipped and the nearest is used.
    pub tokenizer_is_exact: bool,
    /// Sizes of its vectors, for embedding models.
    pub embedding: Option<EmbeddingSize>,
    /// How fast it is, unloaded.
    pub latency: Latency,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// Other ids that mean this model.
    pub aliases: Vec<String>,
    /// Year and month its knowledge ends, `2023-10`.
    pub knowledge_cutoff: Option<String>,
    /// Year, month and day it came out.
    pub release_date: Option<String>,
    /// The licence of its weights.
    pub license: Option<String>,
    /// The model it was derived from (`root` and `parent` of `/v1/models`).
    pub base: Option<String>,
}

/// What a model is used for: which endpoints take it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelKind {
    /// Chat completions and responses.
    Chat,
    /// Legacy completions only.
    Completion,
    /// Vectors.
    Embedding,
    /// Pictures.
    Image,
    /// Speech from text.
    Speech,
    /// Text from speech.
    Transcription,
    /// Safety scores.
    Moderation,
    /// Live speech over a socket.
    Realtime,
    /// Relevance of passages.
    Rerank,
    /// Videos.
    Video,
}

/// How a model is built. Unknown numbers are `None`: closed models do not say.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Architecture {
    /// `dense` or `moe`; `undisclosed` for closed models.
    pub style: String,
    /// Weights in billions.
    pub parameters_billions: Option<f64>,
    /// Weights used for each token, in billions (mixture of experts).
    pub active_parameters_billions: Option<f64>,
    /// Experts in each layer.
    pub experts: Option<u32>,
    /// Experts a token goes through.
    pub experts_per_token: Option<u32>,
    /// Transformer layers.
    pub layers: Option<u32>,
    /// Width of a layer.
    pub hidden_size: Option<u32>,
    /// Query heads.
    pub attention_heads: Option<u32>,
    /// Key/value heads.
    pub kv_heads: Option<u32>,
    /// Width of a head.
    pub head_size: Option<u32>,
}

/// What a model can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// Answers token by token.
    pub streaming: bool,
    /// Calls tools.
    pub function_calling: bool,
    /// Looks at images.
    pub vision: bool,
    /// Listens.
    pub audio_input: bool,
    /// Speaks.
    pub audio_output: bool,
    /// Watches videos.
    pub video_input: bool,
    /// Thinks before it answers.
    pub reasoning: bool,
    /// Keeps to a JSON schema.
    pub structured_output: bool,
    /// Takes a predicted output.
    pub predicted_outputs: bool,
    /// Can be fine-tuned.
    pub fine_tuning: bool,
    /// Can be used in batches.
    pub batch: bool,
}

/// What goes in or comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Modality {
    /// Words.
    Text,
    /// Pictures.
    Image,
    /// Sound.
    Audio,
    /// Moving pictures.
    Video,
}

/// Sizes of an embedding model's vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbeddingSize {
    /// Numbers in a vector unless asked otherwise.
    pub dimensions: u32,
    /// Whether the client may ask for fewer.
    pub shortens: bool,
    /// Most tokens of one input.
    pub max_input_tokens: u32,
}

/// Speed on an unloaded server; the means and standard deviations of normal draws.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Latency {
    /// Time to first token for a prompt of up to 100 tokens, milliseconds.
    pub ttft_ms: f64,
    /// Its standard deviation, milliseconds.
    pub ttft_deviation_ms: f64,
    /// Time between tokens, milliseconds.
    pub itl_ms: f64,
    /// Its standard deviation, milliseconds.
    pub itl_deviation_ms: f64,
    /// Prompt tokens read each second, for what is beyond 100 tokens.
    pub prefill_tokens_per_second: f64,
}

impl Latency {
    /// The latency of a model that nobody measured, by its billions of weights: a power law through the two ends of
    /// our measured dense models (8 B: 140 ms and 7.5 ms; 405 B: 900 ms and 42 ms). For a mixture of experts hand in
    /// the geometric mean of total and active weights.
    pub fn for_size(parameters_billions: f64) -> Self {
        let size = parameters_billions.clamp(0.1, 5000.0);
        let round = |value: f64| (value * 10.0).round() / 10.0;
        let (ttft_ms, itl_ms) = (round(52.2 * size.powf(0.474)), round(3.01 * size.powf(0.439)));
        Self {
            ttft_ms,
            ttft_deviation_ms: round(ttft_ms * 0.2),
            itl_ms,
            itl_deviation_ms: round(itl_ms * 0.21),
            prefill_tokens_per_second: (4075.0 * size.powf(-0.367)).round(),
        }
    }
}
