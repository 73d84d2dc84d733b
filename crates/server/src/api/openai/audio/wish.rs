//! What a request for a transcript wants, checked, by the rules of its family of models.

use std::sync::Arc;

use fakeai_catalog::{ModelCard, ModelKind};
use serde_json::Value;

use super::upload::Upload;
use crate::context::Context;
use crate::error::ApiError;

/// Models that have rules in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Whisper,
    Gpt,
    /// Guesses languages: `gpt-transcribe`.
    Languages,
    /// Tells speakers apart.
    Diarize,
}

impl Family {
    fn of(model: &str) -> Self {
        if model.contains("diarize") {
            Self::Diarize
        } else if model.starts_with("gpt-transcribe") {
            Self::Languages
        } else if model.contains("transcribe") {
            Self::Gpt
        } else {
            Self::Whisper
        }
    }

    const fn formats(self) -> &'static [&'static str] {
        match self {
            Self::Whisper => &["json", "text", "srt", "verbose_json", "vtt"],
            Self::Gpt | Self::Languages => &["json", "text"],
            Self::Diarize => &["json", "text", "diarized_json"],
        }
    }
}

/// What is done with the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    Transcribe,
    /// Into English.
    Translate,
}

/// What is wanted of a recording.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    pub card: Arc<ModelCard>,
    pub family: Family,
    pub task: Task,
    pub format: &'static str,
    /// The language that is spoken, by its code.
    pub language: Option<String>,
    pub prompt: String,
    pub temperature: f64,
    pub has_words: bool,
    pub has_segments: bool,
    pub has_logprobs: bool,
    pub is_streamed: bool,
    pub has_chunking: bool,
    pub speakers: Vec<String>,
}

const NAMES: [&str; 13] = [
    "model",
    "language",
    "languages",
    "keywords",
    "prompt",
    "response_format",
    "temperature",
    "include",
    "timestamp_granularities",
    "stream",
    "chunking_strategy",
    "known_speaker_names",
    "known_speaker_references",
];

impl Wish {
    pub(super) fn of(context: &Context, upload: &Upload, task: Task) -> Result<Self, ApiError> {
        let fields = &upload.fields;
        let model = fields.text("model")?.filter(|model| !model.is_empty()).ok_or_else(ApiError::missing_model)?;
        upload.check_names(if task == Task::Transcribe {
            &NAMES
        } else {
            &["model", "prompt", "response_format", "temperature"]
        })?;
        let card = context.model(model)?;
        let family = Family::of(&card.id);
        if card.kind != ModelKind::Transcription || (task == Task::Translate && family != Family::Whisper) {
            let known: &[&str] = if task == Task::Translate {
                &["whisper-1"]
            } else {
                &[
                    "whisper-1",
                    "gpt-transcribe",
                    "gpt-4o-transcribe",
                    "gpt-4o-mini-transcribe",
                    "gpt-4o-transcribe-diarize",
                ]
            };
            return Err(ApiError::unsupported_value("model", model, known));
        }
        context.note().model = Some(card.id.as_str().into());
        let format = format(fields.text("response_format")?.unwrap_or("json"), model, family)?;
        let granularities = granularities(upload, format)?;
        let wish = Self {
            format,
            family,
            task,
            language: language(fields.text("language")?)?,
            prompt: fields.text("prompt")?.unwrap_or_default().to_owned(),
            temperature: fields.decimal("temperature", 0.0, 1.0)?.unwrap_or(0.0),
            has_words: granularities.contains(&"word"),
            has_segments: granularities.is_empty() || granularities.contains(&"segment"),
            has_logprobs: logprobs(upload, format, family)?,
            // OpenAI says that it is ignored for whisper.
            is_streamed: fields.flag("stream")? && family != Family::Whisper,
            has_chunking: chunking(fields.text("chunking_strategy")?)?,
            speakers: speakers(upload, family)?,
            card,
        };
        for name in ["languages", "keywords"] {
            if family != Family::Languages && !upload.list(name).is_empty() {
                return Err(only_for(name, "gpt-transcribe"));
            }
        }
        upload.list("languages").into_iter().try_for_each(|code| language(Some(code)).map(|_| ()))?;
        if family == Family::Diarize && !wish.prompt.is_empty() {
            let message = "Prompt is not supported for diarization models.";
            return Err(ApiError::invalid(message).param("prompt").code("unsupported_parameter"));
        }
        Ok(wish)
    }
}

fn only_for(name: &str, models: &str) -> ApiError {
    let message = format!("Unsupported parameter: '{name}' is only supported with {models}.");
    ApiError::invalid(message).param(name).code("unsupported_parameter")
}

fn format(name: &str, model: &str, family: Family) -> Result<&'static str, ApiError> {
    const ALL: [&str; 6] = ["json", "text", "srt", "verbose_json", "vtt", "diarized_json"];
    if !ALL.contains(&name) {
        return Err(ApiError::unsupported_value("response_format", name, &ALL));
    }
    let known = family.formats();
    known.iter().find(|known| **known == name).copied().ok_or_else(|| {
        let others: Vec<String> = known.iter().map(|known| format!("'{known}'")).collect();
        let message = format!(
            "response_format '{name}' is not compatible with model '{model}'. Use {} instead.",
            others.join(" or ")
        );
        ApiError::invalid(message).param("response_format").code("unsupported_value")
    })
}

fn granularities<'a>(upload: &'a Upload, format: &str) -> Result<Vec<&'a str>, ApiError> {
    let name = "timestamp_granularities";
    let list = upload.list(name);
    if let Some(wrong) = list.iter().find(|value| !matches!(**value, "word" | "segment")) {
        return Err(ApiError::unsupported_value(name, wrong, &["word", "segment"]));
    }
    if !list.is_empty() && format != "verbose_json" {
        let message = "timestamp_granularities are only supported with response_format 'verbose_json'.";
        return Err(ApiError::invalid(message).param(name).code("invalid_value"));
    }
    Ok(list)
}

fn logprobs(upload: &Upload, format: &str, family: Family) -> Result<bool, ApiError> {
    let list = upload.list("include");
    if let Some(wrong) = list.iter().find(|value| **value != "logprobs") {
        return Err(ApiError::unsupported_value("include", wrong, &["logprobs"]));
    }
    if list.is_empty() {
        return Ok(false);
    }
    if family != Family::Gpt || format != "json" {
        let models = "gpt-4o-transcribe and gpt-4o-mini-transcribe and response_format 'json'";
        return Err(only_for("include", models));
    }
    Ok(true)
}

/// A code of two letters (ISO 639-1), or of three as whisper has some.
fn language(code: Option<&str>) -> Result<Option<String>, ApiError> {
    let Some(code) = code.filter(|code| !code.is_empty()) else { return Ok(None) };
    if (2..=3).contains(&code.len()) && code.bytes().all(|letter| letter.is_ascii_alphabetic()) {
        return Ok(Some(code.to_ascii_lowercase()));
    }
    let message = format!("Invalid language '{code}'. Language parameter must be specified in ISO-639-1 format.");
    Err(ApiError::invalid(message).param("language").code("invalid_language_format"))
}

/// `auto`, or `{"type": "server_vad", …}` as JSON.
fn chunking(text: Option<&str>) -> Result<bool, ApiError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(false) };
    if text == "auto" {
        return Ok(true);
    }
    let kind = serde_json::from_str::<Value>(text).ok().and_then(|value| value["type"].as_str().map(str::to_owned));
    match kind.as_deref() {
        Some("server_vad") => Ok(true),
        other => Err(ApiError::unsupported_value("chunking_strategy", other.unwrap_or(text), &["auto", "server_vad"])),
    }
}

fn speakers(upload: &Upload, family: Family) -> Result<Vec<String>, ApiError> {
    const MOST: usize = 4;
    let (names, references) = (upload.list("known_speaker_names"), upload.list("known_speaker_references"));
    if names.is_empty() && references.is_empty() {
        return Ok(Vec::new());
    }
    if family != Family::Diarize {
        return Err(only_for("known_speaker_names", "gpt-4o-transcribe-diarize"));
    }
    if names.len() > MOST {
        return Err(ApiError::too_many("known_speaker_names", MOST, names.len()));
    }
    if names.len() != references.len() {
        let message = "known_speaker_names and known_speaker_references must have the same length.";
        return Err(ApiError::invalid(message).param("known_speaker_references").code("invalid_value"));
    }
    Ok(names.into_iter().map(str::to_owned).collect())
}
