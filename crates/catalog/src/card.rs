//! The record of one model.

use fakeai_tokens::Tokenizer;

/// What a model is, can do, costs, and how fast it is.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelCard {
    /// The id clients send, for example `gpt-4o-2024-08-06` or `meta-llama/Llama-3.1-8B-Instruct`.
    pub id: String,
    /// The name people say.
    pub name: String,
    /// One line on what it is for.
    pub description: String,
    /// Whose catalog it is in: `openai`, `anthropic`, `meta`, `mistral`, `deepseek`, `nvidia`, `google`, `qwen`, `custom`.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Architecture {
    /// `dense` or `moe`, with its style where known.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

/// Prices in US dollars. `None`: not sold that way.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Pricing {
    /// A million tokens of prompt.
    pub input_per_million: Option<f64>,
    /// A million tokens of prompt found in the cache.
    pub cached_input_per_million: Option<f64>,
    /// A million tokens of answer.
    pub output_per_million: Option<f64>,
    /// A million tokens of sound in.
    pub audio_input_per_million: Option<f64>,
    /// A million tokens of sound out.
    pub audio_output_per_million: Option<f64>,
    /// One picture of the usual size.
    pub per_image: Option<f64>,
    /// A minute of sound or video second ×60.
    pub per_minute: Option<f64>,
    /// A million characters spoken.
    pub characters_per_million: Option<f64>,
}

/// Sizes of an embedding model's vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
