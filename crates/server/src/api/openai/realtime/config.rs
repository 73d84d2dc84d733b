//! The configuration of a session, in which nothing can be wrong: what it is unless told otherwise, and what it shows.
//! `update` changes it.

use std::sync::Arc;

use fakeai_catalog::{ModelCard, ModelKind};
use fakeai_media::speech::Voice;
use fakeai_writer::Tools;
use serde_json::{Map, Value, json};

use super::dialect::Dialect;
use super::sound::Coding;
use crate::context::Context;
use crate::error::ApiError;

/// What sessions are told unless the client tells them something else.
const INSTRUCTIONS: &str = "You are a helpful, friendly assistant who speaks with a person. Answer briefly and to the \
                            point, as people talk.";

/// What a session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A conversation with a model.
    Conversation,
    /// Speech written down.
    Transcription,
    /// Speech said again in another language.
    Translation,
}

impl Kind {
    /// Its name in a configuration.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Conversation => "realtime",
            Self::Transcription => "transcription",
            Self::Translation => "translation",
        }
    }
}

/// A session's configuration.
#[derive(Clone, Debug)]
pub(super) struct Config {
    pub kind: Kind,
    /// The model that answers; of a transcription, the one that listens.
    pub card: Arc<ModelCard>,
    /// Its name as the client wrote it.
    pub model: String,
    pub instructions: String,
    /// Whether answers are spoken.
    pub speaks: bool,
    pub input: Input,
    pub output: Output,
    /// Whether transcripts come with log probabilities.
    pub has_logprobs: bool,
    /// Kept and shown.
    pub tracing: Value,
    pub tools: Tools,
    /// `tools` as they are shown.
    pub shown_tools: Vec<Value>,
    pub tool_choice: Value,
    pub parallel_tool_calls: Option<bool>,
    /// `None` is `inf`.
    pub max_output_tokens: Option<u32>,
    pub truncation: Truncation,
    /// A reference to a prompt, kept and shown.
    pub prompt: Option<Value>,
    /// Effort, kept and shown.
    pub reasoning: Option<Value>,
    /// Of the beta.
    pub temperature: f64,
    /// What belongs to the client's own turn.
    pub metadata: Option<Value>,
}

/// What comes in.
#[derive(Clone, Debug)]
pub(super) struct Input {
    pub coding: Coding,
    pub transcription: Option<Transcription>,
    pub noise_reduction: Option<&'static str>,
    pub turns: Option<TurnDetection>,
}

/// How what was said is written down.
#[derive(Clone, Debug)]
pub(super) struct Transcription {
    pub card: Arc<ModelCard>,
    pub model: String,
    pub language: Option<String>,
    pub prompt: Option<String>,
}

/// What goes out.
#[derive(Clone, Debug)]
pub(super) struct Output {
    pub coding: Coding,
    pub voice: &'static Voice,
    /// The name the client gave it, if it is a voice of its own.
    pub own_voice: Option<String>,
    pub speed: f64,
    /// The language of a translation, by its code.
    pub language: String,
}

/// How the end of a turn is found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct TurnDetection {
    pub means: Means,
    /// Whether the model answers when a turn has ended.
    pub creates: bool,
    /// Whether speech ends an answer under way.
    pub interrupts: bool,
}

/// By what a turn's end is found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Means {
    /// By silence.
    Silence {
        /// How loud speech is, 0 to 1.
        threshold: f64,
        prefix_padding_ms: u32,
        silence_duration_ms: u32,
        /// How long after an answer the model speaks up by itself.
        idle_timeout_ms: Option<u32>,
    },
    /// By silence, and by whether what was said is complete.
    Sense(Eagerness),
}

/// How soon the model takes its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Eagerness {
    Low,
    Medium,
    High,
    Auto,
}

impl Eagerness {
    /// All names, and what they mean.
    pub(super) const ALL: [(&'static str, Self); 4] =
        [("low", Self::Low), ("medium", Self::Medium), ("high", Self::High), ("auto", Self::Auto)];

    pub(super) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, eagerness)| *eagerness == self).map_or("auto", |(name, _)| name)
    }

    /// Milliseconds of silence after which a finished sentence is a turn, and after which anything is (`OpenAI`,
    /// "Semantic VAD": at most 8, 4 and 2 seconds).
    pub(super) const fn waits(self) -> (u32, u32) {
        match self {
            Self::Low => (900, 8000),
            Self::Medium | Self::Auto => (500, 4000),
            Self::High => (250, 2000),
        }
    }
}

/// What is dropped of a conversation that has become too long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Truncation {
    /// As little as possible.
    Auto,
    /// Nothing: the answer fails.
    Disabled,
    /// As much as leaves this share.
    Ratio(f64, Option<u32>),
}

impl Default for TurnDetection {
    fn default() -> Self {
        let means =
            Means::Silence { threshold: 0.5, prefix_padding_ms: 300, silence_duration_ms: 500, idle_timeout_ms: None };
        Self { means, creates: true, interrupts: true }
    }
}

impl Config {
    /// What a session of `kind` with `model` is unless it is told otherwise.
    ///
    /// # Errors
    /// The model does not exist, or does not take sessions.
    pub(super) fn new(context: &Context, kind: Kind, model: &str) -> Result<Self, ApiError> {
        let card = model_of(context, kind, model)?;
        let settings = &context.app().settings.audio;
        let voice = Voice::named(&settings.voice).unwrap_or(&fakeai_media::speech::VOICES[0]);
        let transcription = (kind == Kind::Transcription).then(|| Transcription {
            card: card.clone(),
            model: model.to_owned(),
            language: None,
            prompt: None,
        });
        let speaks = kind != Kind::Transcription && settings.enabled && card.capabilities.audio_output;
        Ok(Self {
            kind,
            card,
            model: model.to_owned(),
            instructions: INSTRUCTIONS.to_owned(),
            speaks,
            input: Input {
                coding: Coding::Pcm,
                transcription,
                noise_reduction: None,
                turns: Some(TurnDetection { interrupts: kind != Kind::Translation, ..TurnDetection::default() }),
            },
            output: Output { coding: Coding::Pcm, voice, own_voice: None, speed: 1.0, language: "en".to_owned() },
            has_logprobs: false,
            tracing: Value::Null,
            tools: Tools::default(),
            shown_tools: Vec::new(),
            tool_choice: json!("auto"),
            parallel_tool_calls: None,
            max_output_tokens: None,
            truncation: Truncation::Auto,
            prompt: None,
            reasoning: None,
            temperature: 0.8,
            metadata: None,
        })
    }

    /// The name of the voice.
    pub(super) fn voice_name(&self) -> &str {
        self.output.own_voice.as_deref().unwrap_or(self.output.voice.name)
    }

    /// The session as `dialect` shows it.
    pub(super) fn shown(&self, dialect: Dialect, id: &str, expires: i64) -> Value {
        match (self.kind, dialect) {
            (Kind::Translation, _) => self.shown_translation(id, expires),
            (Kind::Transcription, Dialect::Beta) => self.shown_transcription_beta(id, expires),
            (Kind::Conversation, Dialect::Beta) => self.shown_beta(id, expires),
            (Kind::Transcription, _) => self.shown_transcription(id, expires),
            (Kind::Conversation, _) => self.shown_general(id, expires),
        }
    }

    fn shown_general(&self, id: &str, expires: i64) -> Value {
        let mut shown = json!({
            "type": "realtime", "object": "realtime.session", "id": id, "model": self.model, "expires_at": expires,
            "output_modalities": [if self.speaks { "audio" } else { "text" }], "instructions": self.instructions,
            "tools": self.shown_tools, "tool_choice": self.tool_choice,
            "max_output_tokens": tokens(self.max_output_tokens), "tracing": self.tracing,
            "truncation": self.truncation.shown(),
            "audio": {
                "input": self.input.shown(),
                "output": {
                    "format": format(self.output.coding), "voice": self.voice_name(), "speed": self.output.speed,
                },
            },
        });
        put(&mut shown, "prompt", self.prompt.clone());
        put(&mut shown, "reasoning", self.reasoning.clone());
        put(&mut shown, "include", self.include());
        shown
    }

    fn shown_beta(&self, id: &str, expires: i64) -> Value {
        let modalities: &[&str] = if self.speaks { &["audio", "text"] } else { &["text"] };
        let mut shown = json!({
            "id": id, "object": "realtime.session", "model": self.model, "expires_at": expires,
            "modalities": modalities, "instructions": self.instructions, "voice": self.voice_name(),
            "input_audio_format": self.input.coding.beta_name(), "output_audio_format": self.output.coding.beta_name(),
            "input_audio_transcription": self.input.transcription.as_ref().map(Transcription::shown),
            "turn_detection": self.input.turns.map(TurnDetection::shown), "speed": self.output.speed,
            "tracing": self.tracing, "tools": self.shown_tools, "temperature": self.temperature,
            "tool_choice": self.tool_choice.as_str().unwrap_or("auto"),
            "max_response_output_tokens": tokens(self.max_output_tokens), "prompt": self.prompt,
            "include": self.include(),
        });
        put(&mut shown, "input_audio_noise_reduction", self.input.noise());
        shown
    }

    fn shown_transcription(&self, id: &str, expires: i64) -> Value {
        let mut shown = json!({
            "type": "transcription", "object": "realtime.transcription_session", "id": id, "expires_at": expires,
            "audio": {"input": self.input.shown()},
        });
        put(&mut shown, "include", self.include());
        shown
    }

    fn shown_transcription_beta(&self, id: &str, expires: i64) -> Value {
        let mut shown = json!({
            "id": id, "object": "realtime.transcription_session", "expires_at": expires, "modalities": ["audio", "text"],
            "input_audio_format": self.input.coding.beta_name(),
            "input_audio_transcription": self.input.transcription.as_ref().map(Transcription::shown),
        });
        put(&mut shown, "turn_detection", self.input.turns.map(TurnDetection::shown));
        put(&mut shown, "input_audio_noise_reduction", self.input.noise());
        put(&mut shown, "include", self.include());
        shown
    }

    fn shown_translation(&self, id: &str, expires: i64) -> Value {
        let transcription = self.input.transcription.as_ref().map(|wanted| json!({"model": wanted.model}));
        json!({
            "id": id, "type": "translation", "expires_at": expires, "model": self.model,
            "audio": {
                "input": {"transcription": transcription, "noise_reduction": self.input.noise()},
                "output": {"language": self.output.language},
            },
        })
    }

    fn include(&self) -> Option<Value> {
        self.has_logprobs.then(|| json!(["item.input_audio_transcription.logprobs"]))
    }
}

/// The card of a model that takes sessions of `kind`. Models that nobody described are taken at their word.
fn model_of(context: &Context, kind: Kind, model: &str) -> Result<Arc<ModelCard>, ApiError> {
    let card = context.model(model)?;
    let fits = match kind {
        Kind::Transcription => card.kind == ModelKind::Transcription || card.kind == ModelKind::Realtime,
        Kind::Conversation | Kind::Translation => card.kind == ModelKind::Realtime || card.capabilities.audio_output,
    };
    if fits || card.provider != "openai" {
        return Ok(card);
    }
    let message = match kind {
        Kind::Transcription => format!("Model \"{model}\" is not supported for transcription sessions."),
        _ => format!("Model \"{model}\" is not supported in realtime mode."),
    };
    Err(ApiError::invalid(message).param("model").code("invalid_model"))
}

/// Adds a field that is there.
fn put(shown: &mut Value, name: &str, value: Option<Value>) {
    if let (Value::Object(map), Some(value)) = (shown, value) {
        map.insert(name.to_owned(), value);
    }
}

/// A number, or `inf`.
pub(super) fn tokens(most: Option<u32>) -> Value {
    most.map_or_else(|| json!("inf"), |most| json!(most))
}

/// A coding as the general form shows it.
pub(super) fn format(coding: Coding) -> Value {
    match coding {
        Coding::Pcm => json!({"type": coding.name(), "rate": coding.rate()}),
        Coding::MuLaw | Coding::ALaw => json!({"type": coding.name()}),
    }
}

impl Input {
    fn shown(&self) -> Value {
        let mut shown = json!({
            "format": format(self.coding), "turn_detection": self.turns.map(TurnDetection::shown),
        });
        put(&mut shown, "transcription", self.transcription.as_ref().map(Transcription::shown));
        put(&mut shown, "noise_reduction", self.noise());
        shown
    }

    fn noise(&self) -> Option<Value> {
        self.noise_reduction.map(|kind| json!({"type": kind}))
    }
}

impl Transcription {
    fn shown(&self) -> Value {
        let mut shown = Map::from_iter([("model".to_owned(), json!(self.model))]);
        shown.extend(self.language.as_ref().map(|language| ("language".to_owned(), json!(language))));
        shown.extend(self.prompt.as_ref().map(|prompt| ("prompt".to_owned(), json!(prompt))));
        Value::Object(shown)
    }
}

impl TurnDetection {
    fn shown(self) -> Value {
        match self.means {
            Means::Silence { threshold, prefix_padding_ms, silence_duration_ms, idle_timeout_ms } => json!({
                "type": "server_vad", "threshold": threshold, "prefix_padding_ms": prefix_padding_ms,
                "silence_duration_ms": silence_duration_ms, "idle_timeout_ms": idle_timeout_ms,
                "create_response": self.creates, "interrupt_response": self.interrupts,
            }),
            Means::Sense(eagerness) => json!({
                "type": "semantic_vad", "eagerness": eagerness.name(), "create_response": self.creates,
                "interrupt_response": self.interrupts,
            }),
        }
    }
}

impl Truncation {
    fn shown(self) -> Value {
        match self {
            Self::Auto => json!("auto"),
            Self::Disabled => json!("disabled"),
            Self::Ratio(ratio, None) => json!({"type": "retention_ratio", "retention_ratio": ratio}),
            Self::Ratio(ratio, Some(most)) => json!({
                "type": "retention_ratio", "retention_ratio": ratio, "token_limits": {"post_instructions": most},
            }),
        }
    }
}
