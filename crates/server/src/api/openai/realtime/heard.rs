//! What people say: listened to on a blocking thread, and written down for the client as fast as a model would.

use std::collections::VecDeque;

use fakeai_catalog::ModelCard;
use fakeai_core::Tick;
use fakeai_media::{Pcm, SoundFormat, encode};
use fakeai_telemetry::Outcome;
use serde_json::{Value, json};

use super::config::Transcription;
use super::outbox::Outbox;
use super::sound::Coding;
use crate::api::openai::audio::{Transcript, logprob, transcript_of};
use crate::context::Context;
use crate::error::ApiError;
use crate::generation::pace;

/// Tokens of a second of sound given.
const TOKENS_PER_SECOND: f64 = 10.0;

/// Why somebody listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The content at this place of an item.
    Content(usize),
    /// To know whether a turn, which is still under way, is complete. It pauses at this millisecond.
    Pause(u64),
}

/// A recording to be listened to.
#[derive(Debug)]
pub(super) struct Listening {
    pub item: String,
    pub purpose: Purpose,
    pub coding: Coding,
    pub sound: Vec<u8>,
    pub language: Option<String>,
    pub card: std::sync::Arc<ModelCard>,
}

/// What was understood.
#[derive(Debug)]
pub(super) struct Understood {
    pub item: String,
    pub purpose: Purpose,
    pub seconds: f64,
    pub transcript: Result<Transcript, ApiError>,
}

/// Listens to a recording.
pub(super) async fn understand(context: &Context, listening: Listening) -> Understood {
    let Listening { item, purpose, coding, sound, language, card } = listening;
    let seconds = sound.len() as f64 / (f64::from(coding.rate()) * coding.width() as f64);
    let file = context.app().kit.tasks.compute(move || {
        let sound = Pcm { rate: coding.rate(), samples: coding.samples(&sound) };
        encode(&sound, SoundFormat::Wav)
    });
    let transcript = match file.await {
        Some(Ok(file)) => transcript_of(context, &card, language.as_deref(), file.into()).await,
        Some(Err(_)) | None => Err(ApiError::internal()),
    };
    Understood { item, purpose, seconds, transcript }
}

/// Whether what was said is a whole sentence. Of speech that nobody can read, nothing says that it is not.
pub(super) fn is_complete(transcript: &Transcript) -> bool {
    let said = transcript.text.trim_end();
    !transcript.is_ours || said.ends_with(['.', '!', '?', '…', '。', '！', '？'])
}

/// A transcript on its way to the client.
#[derive(Debug)]
pub(super) struct Writing {
    pub item: String,
    pub index: usize,
    context: Context,
    /// Deltas, and when they are due.
    deltas: VecDeque<(Tick, Value)>,
    end: Tick,
    done: Value,
    pub text: String,
    output: u32,
    has_begun: bool,
    has_ended: bool,
}

impl Writing {
    /// Writes down a transcript for the content `index` of `item`; `context` is its own.
    ///
    /// # Errors
    /// The engine does not take it.
    pub(super) fn new(
        context: Context,
        wanted: &Transcription,
        (item, index): (String, usize),
        transcript: &Transcript,
        has_logprobs: bool,
    ) -> Result<Self, ApiError> {
        let card = &wanted.card;
        let tokens = card.tokenizer.encode(&transcript.text);
        let audio = (transcript.seconds * TOKENS_PER_SECOND).ceil() as u32;
        let text = wanted.prompt.as_deref().map_or(0, |prompt| card.tokenizer.count(prompt) as u32);
        let output = tokens.len() as u32;
        charge(&context, card, (text, audio, output), transcript.seconds);
        let ticks = pace(&context, card, (text + audio, output), transcript.seed)?.ticks();
        // whisper does not write word by word.
        let is_whole = card.id.starts_with("whisper");
        let mut deltas = VecDeque::new();
        let (mut shown, mut all) = (0, Vec::new());
        for (place, due) in ticks.iter().enumerate().take(tokens.len()) {
            let end = transcript.text.floor_char_boundary(tokens[place].end as usize).max(shown);
            let mut delta = json!({"item_id": item, "content_index": index, "delta": &transcript.text[shown..end]});
            if has_logprobs && !is_whole {
                let logprob = logprob(&tokens, place, transcript);
                delta["logprobs"] = json!([logprob]);
                all.push(logprob);
            }
            if !is_whole {
                deltas.push_back((*due, delta));
            }
            shown = end;
        }
        let mut done = json!({"item_id": item, "content_index": index, "transcript": transcript.text});
        if has_logprobs && !is_whole {
            done["logprobs"] = Value::Array(all);
        }
        done["usage"] = if is_whole {
            json!({"type": "duration", "seconds": transcript.seconds})
        } else {
            json!({
                "type": "tokens", "input_tokens": text + audio, "output_tokens": output,
                "total_tokens": text + audio + output,
                "input_token_details": {"text_tokens": text, "audio_tokens": audio},
            })
        };
        let end = ticks.last().copied().unwrap_or_else(|| context.arrived());
        if is_whole && !transcript.text.is_empty() {
            deltas.push_back((end, json!({"item_id": item, "content_index": index, "delta": transcript.text})));
        }
        let text = transcript.text.clone();
        Ok(Self { item, index, context, deltas, end, done, text, output, has_begun: false, has_ended: false })
    }

    /// When something is due next.
    pub(super) fn due(&self) -> Tick {
        self.deltas.front().map_or(self.end, |(due, _)| *due)
    }

    /// Sends what is due. True once all was sent.
    pub(super) fn advance(&mut self, now: Tick, out: &mut Outbox) -> bool {
        while let Some((_, delta)) = self.deltas.pop_front_if(|(due, _)| *due <= now) {
            if !std::mem::replace(&mut self.has_begun, true) {
                self.context.note().first_token = Some(now);
            }
            out.send("conversation.item.input_audio_transcription.delta", delta);
        }
        if !self.deltas.is_empty() || self.end > now {
            return false;
        }
        out.send("conversation.item.input_audio_transcription.completed", self.done.take());
        self.has_ended = true;
        self.context.note().tokens.delivered = self.output;
        self.context.settle(None);
        true
    }
}

/// Writes down what a transcript counts, in tokens (text given, sound given, written), and costs.
fn charge(context: &Context, card: &ModelCard, (text, audio, output): (u32, u32, u32), seconds: f64) {
    let pricing = &card.pricing;
    let mut note = context.note();
    note.status = 200;
    note.model = Some(card.id.as_str().into());
    (note.tokens.prompt, note.tokens.completion, note.tokens.audio) = (text + audio, output, audio);
    note.units.audio_seconds = seconds.ceil() as u64;
    note.cost_usd = pricing.cost_usd(text.into(), 0, output.into())
        + f64::from(audio) * pricing.audio_input_per_million.unwrap_or_default() / 1e6
        + seconds / 60.0 * pricing.per_minute.unwrap_or_default();
}

impl Drop for Writing {
    fn drop(&mut self) {
        if !self.has_ended {
            let left = self.deltas.len() as u32;
            self.context.note().leave(self.output.saturating_sub(left));
            self.context.settle(Some(Outcome::ClientClosed));
        }
    }
}
