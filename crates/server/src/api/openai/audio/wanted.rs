//! What a request for speech wants, checked: from here on nothing of it can be wrong.

use std::sync::Arc;

use fakeai_catalog::{ModelCard, ModelKind};
use fakeai_media::SoundFormat;
use fakeai_media::speech::{SPEEDS, VOICES, Voice};
use serde_json::Value;

use crate::api::openai::fields::Fields;
use crate::context::Context;
use crate::error::ApiError;

/// Most characters of a text, and of the instructions beside it.
const MOST_CHARACTERS: usize = 4096;
/// The formats by name, and what they are sent as.
const FORMATS: [(&str, SoundFormat, &str); 6] = [
    ("mp3", SoundFormat::Mp3, "audio/mpeg"),
    ("opus", SoundFormat::Opus, "audio/ogg"),
    ("aac", SoundFormat::Aac, "audio/aac"),
    ("flac", SoundFormat::Flac, "audio/flac"),
    ("wav", SoundFormat::Wav, "audio/wav"),
    ("pcm", SoundFormat::Pcm16, "audio/pcm"),
];
const NAMES: [&str; 8] =
    ["model", "input", "voice", "instructions", "response_format", "speed", "stream_format", "stream"];

/// A text to be spoken, and how.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    pub card: Arc<ModelCard>,
    pub text: String,
    /// As the instructions ask it to speak.
    pub voice: Voice,
    pub format: SoundFormat,
    /// What the format is sent as.
    pub content_type: &'static str,
    pub speed: f64,
    /// Whether the sound comes in events instead of as it is.
    pub is_events: bool,
}

impl Wanted {
    pub(super) fn of(context: &Context, fields: &Fields) -> Result<Self, ApiError> {
        let model = fields.text("model")?.filter(|model| !model.is_empty()).ok_or_else(ApiError::missing_model)?;
        fields.check_names(|name| NAMES.contains(&name))?;
        let text = text(fields)?;
        let instructions = fields.text("instructions")?.unwrap_or_default();
        let length = instructions.chars().count();
        if length > MOST_CHARACTERS {
            return Err(ApiError::too_long("instructions", MOST_CHARACTERS, length));
        }
        let voice = voice(fields.get("voice").ok_or_else(|| ApiError::missing("voice"))?, context)?;
        let names = FORMATS.map(|(name, ..)| name);
        let name = fields.word("response_format", &names)?.unwrap_or("mp3");
        let (_, format, content_type) = FORMATS.into_iter().find(|format| format.0 == name).unwrap_or(FORMATS[0]);
        let speed = fields.decimal("speed", SPEEDS.0, SPEEDS.1)?.unwrap_or(1.0);
        let is_events = fields.word("stream_format", &["sse", "audio"])? == Some("sse");
        let card = context.model(model)?;
        if card.kind != ModelKind::Speech {
            let known = ["tts-1", "tts-1-hd", "gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-12-15"];
            return Err(ApiError::unsupported_value("model", model, &known));
        }
        context.note().model = Some(card.id.as_str().into());
        if is_events && model.starts_with("tts-1") {
            let message = format!(
                "Unsupported value: 'stream_format' does not support 'sse' with the model '{model}'. Supported values \
                 are: 'audio'."
            );
            return Err(ApiError::invalid(message).param("stream_format").code("unsupported_value"));
        }
        // OpenAI's document: instructions do not work with tts-1 or tts-1-hd.
        let voice = if model.starts_with("tts-1") { *voice } else { voice.instructed(instructions) };
        Ok(Self { card, text: text.to_owned(), voice, format, content_type, speed, is_events })
    }
}

fn text(fields: &Fields) -> Result<&str, ApiError> {
    let text = fields.text("input")?.ok_or_else(|| ApiError::missing("input"))?;
    if text.trim().is_empty() {
        let message =
            "Invalid 'input': empty string. Expected a string with minimum length 1, but got an empty string instead.";
        return Err(ApiError::invalid(message).param("input").code("empty_string"));
    }
    let count = text.chars().count();
    if count > MOST_CHARACTERS {
        return Err(ApiError::too_long("input", MOST_CHARACTERS, count));
    }
    Ok(text)
}

/// One of the thirteen. A custom voice, which nobody here has made, sounds like the usual one.
fn voice(wire: &Value, context: &Context) -> Result<&'static Voice, ApiError> {
    let name = match wire {
        Value::String(name) => name.as_str(),
        Value::Object(custom) if custom.get("id").is_some_and(Value::is_string) => &context.app().settings.audio.voice,
        Value::Object(_) => return Err(ApiError::missing("voice.id")),
        _ => {
            let message = "Invalid type for 'voice': expected one of a string or object.";
            return Err(ApiError::invalid(message).param("voice").code("invalid_type"));
        }
    };
    Voice::named(name).ok_or_else(|| {
        let names: Vec<&str> = VOICES.iter().map(|voice| voice.name).collect();
        ApiError::unsupported_value("voice", name, &names)
    })
}
