//! Answers that are spoken: whole, or word by word beside their transcript.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use fakeai_catalog::ModelCard;
use fakeai_media::speech::{SPEECH_RATE, Speaker, SpokenChunk, VOICES, Voice, is_marked_by_id, mark_id, speak};
use fakeai_media::{SoundFormat, encode};
use fakeai_store::Change;
use fakeai_writer::{Choice, Generation, Part, Prompt, SegmentKind};
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::wire::{ChatRequest, Content, Message};
use crate::api::openai::audio;
use crate::context::Context;
use crate::error::ApiError;

/// Seconds an audio answer can be referred to.
const KEPT_SECONDS: i64 = 3600;
/// Tokens of a second of spoken answer (`OpenAI`, "Managing costs": one for 50 ms).
pub(in crate::api::openai) const TOKENS_PER_SECOND: f64 = 20.0;
/// Where transcripts are kept, by the id of their sound.
const KIND: &str = "chat.audio";

/// `audio` of a request.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct AudioWire {
    /// A name, or `{"id": …}`.
    pub voice: Option<Value>,
    pub format: Option<String>,
}

/// How an answer is to be spoken.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spoken {
    voice: &'static Voice,
    format: SoundFormat,
}

/// A spoken answer.
#[derive(Debug)]
pub(super) struct SpokenAnswer {
    pub id: String,
    /// The file in base64.
    pub data: String,
    pub expires_at: i64,
}

/// How the answer is to be spoken, if it is.
pub(super) fn spoken(
    context: &Context,
    wire: &ChatRequest,
    card: &ModelCard,
    prompt: &Prompt,
) -> Result<Option<Spoken>, ApiError> {
    let modalities = wire.modalities.as_deref().unwrap_or_default();
    let mut unknown = modalities.iter().enumerate().filter(|(_, name)| *name != "text" && *name != "audio");
    if let Some((index, name)) = unknown.next() {
        return Err(ApiError::unsupported_value(&format!("modalities[{index}]"), name, &["text", "audio"]));
    }
    let wanted = modalities.iter().any(|name| name == "audio");
    let heard = matches!(prompt, Prompt::Chat(turns) if turns.iter().flat_map(|turn| &turn.parts).any(is_audio));
    if card.capabilities.audio_output && card.provider == "openai" && !wanted && !heard {
        let message = "This model requires that either input content or output modality contain audio.";
        return Err(ApiError::invalid(message).param("model").code("invalid_value"));
    }
    if !wanted {
        return Ok(None);
    }
    let settings = &context.app().settings.audio;
    if !card.capabilities.audio_output || !settings.enabled {
        let message = "Unsupported value: 'modalities' does not support ['text', 'audio'] with this model. Supported \
                       values are: ['text'].";
        return Err(ApiError::invalid(message).param("modalities").code("unsupported_value"));
    }
    let audio = wire.audio.clone().unwrap_or_default();
    let voice = voice(audio.voice.as_ref(), &settings.voice)?;
    let name = audio.format.as_deref().unwrap_or(&settings.format);
    let format = format(name)?;
    if wire.stream == Some(true) && format != SoundFormat::Pcm16 {
        let message = format!(
            "Unsupported value: 'audio.format' does not support '{name}' when stream=true. Supported values are: 'pcm16'."
        );
        return Err(ApiError::invalid(message).param("audio.format").code("unsupported_value"));
    }
    Ok(Some(Spoken { voice, format }))
}

const fn is_audio(part: &Part) -> bool {
    matches!(part, Part::Audio { .. })
}

fn voice(wire: Option<&Value>, usual: &str) -> Result<&'static Voice, ApiError> {
    let name = match wire {
        None | Some(Value::Null) => usual,
        // A custom voice, which nobody here has made: it sounds like the usual one.
        Some(Value::Object(custom)) if custom.contains_key("id") => usual,
        Some(Value::String(name)) => name,
        Some(_) => {
            let message = "Invalid type for 'audio.voice': expected one of a string or object.";
            return Err(ApiError::invalid(message).param("audio.voice").code("invalid_type"));
        }
    };
    Voice::named(name).ok_or_else(|| {
        let names: Vec<&str> = VOICES.iter().map(|voice| voice.name).collect();
        ApiError::unsupported_value("audio.voice", name, &names)
    })
}

fn format(name: &str) -> Result<SoundFormat, ApiError> {
    const NAMES: [&str; 6] = ["wav", "aac", "mp3", "flac", "opus", "pcm16"];
    Ok(match name {
        "wav" => SoundFormat::Wav,
        "aac" => SoundFormat::Aac,
        "mp3" => SoundFormat::Mp3,
        "flac" => SoundFormat::Flac,
        "opus" => SoundFormat::Opus,
        "pcm16" => SoundFormat::Pcm16,
        other => return Err(ApiError::unsupported_value("audio.format", other, &NAMES)),
    })
}

/// What a choice says aloud.
fn transcript(choice: &Choice) -> &str {
    let said = choice.segments.iter().find(|segment| segment.kind == SegmentKind::Text);
    said.map_or("", |segment| segment.text.as_str())
}

/// Adds the tokens of the sound to the usage, and their cost to the record.
pub(super) fn charge(context: &Context, spoken: Spoken, card: &ModelCard, generation: &mut Generation) {
    let seconds = |choice: &Choice| {
        let samples = Speaker::new(transcript(choice), spoken.voice, 1.0).total_samples();
        samples as f64 / f64::from(SPEECH_RATE)
    };
    let tokens: u32 = generation.choices.iter().map(|choice| (seconds(choice) * TOKENS_PER_SECOND).ceil() as u32).sum();
    generation.usage.completion_audio_tokens += tokens;
    generation.usage.completion_tokens += tokens;
    let mut note = context.note();
    note.tokens.completion += tokens;
    note.tokens.audio += tokens;
    note.cost_usd += f64::from(tokens) * card.pricing.audio_output_per_million.unwrap_or_default() / 1e6;
}

/// Speaks every choice. Sound takes a while to make, so it is made beside the connections.
pub(super) async fn say(
    context: &Context,
    spoken: Spoken,
    generation: &Generation,
) -> Result<Vec<Option<SpokenAnswer>>, ApiError> {
    let mut answers = Vec::with_capacity(generation.choices.len());
    for choice in &generation.choices {
        let text = transcript(choice).to_owned();
        if text.is_empty() {
            answers.push(None);
            continue;
        }
        let made = context.app().kit.tasks.compute(move || {
            encode(&speak(&text, spoken.voice, 1.0), spoken.format).map(|bytes| STANDARD.encode(bytes))
        });
        let data = made.await.and_then(Result::ok).ok_or_else(ApiError::internal)?;
        let id = keep(context, transcript(choice), spoken.voice).await?;
        answers.push(Some(SpokenAnswer { id, data, expires_at: context.created() + KEPT_SECONDS }));
    }
    Ok(answers)
}

/// Remembers a transcript, so that a later turn can refer to its sound, and so that its sound can be read again.
async fn keep(context: &Context, transcript: &str, voice: &Voice) -> Result<String, ApiError> {
    if is_marked_by_id(transcript, Speaker::new(transcript, voice, 1.0).total_samples()) {
        audio::keep(context, mark_id(transcript), transcript).await?;
    }
    let id = context.id("audio_", 32);
    let expires = (context.created() + KEPT_SECONDS).saturating_mul(1000);
    let put = Change::put(KIND, &*id, Bytes::copy_from_slice(transcript.as_bytes())).expiring(Some(expires));
    context.documents().change(put).await?;
    Ok(id)
}

/// Puts transcripts in place of the sounds that assistants' messages refer to.
pub(super) fn recall(context: &Context, messages: &mut [Message]) -> Result<(), ApiError> {
    for (index, message) in messages.iter_mut().enumerate() {
        let Some(audio) = message.audio.take().filter(|_| message.content.is_none()) else { continue };
        let param = format!("messages[{index}].audio.id");
        let id = audio.id.ok_or_else(|| ApiError::missing(&param))?;
        let found = context.documents().get(KIND, &id).wait()?;
        let found = found.ok_or_else(|| {
            ApiError::invalid(format!("Audio with id '{id}' was not found or has expired."))
                .param(param)
                .status(StatusCode::NOT_FOUND)
                .code("not_found")
        })?;
        message.content = Some(Content::Text(String::from_utf8_lossy(&found.body).into_owned()));
    }
    Ok(())
}

/// A choice that is spoken as it is streamed.
pub(super) struct Live {
    pub id: String,
    pub expires_at: i64,
    speaker: Speaker,
    next: Option<SpokenChunk>,
    /// Bytes of the transcript that were sent.
    shown: usize,
}

impl Live {
    /// One for each choice.
    pub(super) async fn all(context: &Context, spoken: Spoken, generation: &Generation) -> Result<Vec<Self>, ApiError> {
        let mut all = Vec::with_capacity(generation.choices.len());
        for choice in &generation.choices {
            let id = keep(context, transcript(choice), spoken.voice).await?;
            let mut speaker = Speaker::new(transcript(choice), spoken.voice, 1.0);
            let next = speaker.next();
            all.push(Self { id, expires_at: context.created() + KEPT_SECONDS, speaker, next, shown: 0 });
        }
        Ok(all)
    }

    /// Whether anything was said.
    pub(super) const fn has_spoken(&self) -> bool {
        self.shown > 0
    }

    /// The sound, in base64, of the words that `bytes` more of the transcript complete; empty if they complete none.
    pub(super) fn advance(&mut self, bytes: usize) -> String {
        self.shown += bytes;
        let mut sound = Vec::new();
        while let Some(chunk) = self.next.take_if(|chunk| chunk.span.end <= self.shown) {
            sound.extend(chunk.samples.iter().flat_map(|sample| sample.to_le_bytes()));
            self.next = self.speaker.next();
        }
        STANDARD.encode(sound)
    }
}
