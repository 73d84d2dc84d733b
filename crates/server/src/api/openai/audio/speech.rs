//! `POST /audio/speech`.

use axum::response::Response;
use fakeai_engine::LatencyModel;
use fakeai_media::speech::{SPEECH_RATE, Speaker, is_marked_by_id, mark_id};
use serde_json::{Map, Value};

use super::check_enabled;
use super::speaking::{Schedule, SpeechUsage, speak};
use super::transcript::keep;
use super::wanted::Wanted;
use crate::api::openai::chat::TOKENS_PER_SECOND;
use crate::api::openai::fields::Fields;
use crate::context::Context;
use crate::error::ApiError;
use crate::generation::pace;
use crate::wire::JsonBody;

pub(super) async fn create(body: JsonBody<Map<String, Value>>) -> Result<Response, ApiError> {
    let JsonBody(context, map) = body;
    check_enabled(&context)?;
    let wanted = Wanted::of(&context, &Fields::json(map)).map_err(|error| context.validation(error))?;
    let speaker = Speaker::new(&wanted.text, &wanted.voice, wanted.speed);
    let seconds = speaker.total_samples() as f64 / f64::from(SPEECH_RATE);
    let usage = SpeechUsage {
        input: wanted.card.tokenizer.count(&wanted.text) as u32,
        output: (seconds * TOKENS_PER_SECOND).ceil() as u32,
    };
    let schedule = schedule(&context, &wanted, usage)?;
    charge(&context, &wanted, usage);
    if is_marked_by_id(&wanted.text, speaker.total_samples()) {
        keep(&context, mark_id(&wanted.text), &wanted.text).await?;
    }
    Ok(speak(context, wanted, speaker, usage, schedule))
}

/// The first of the sound after the model's time to first token, the rest as fast as it speaks.
fn schedule(context: &Context, wanted: &Wanted, usage: SpeechUsage) -> Result<Schedule, ApiError> {
    let seed = context.workspace().seed().derive("speech").derive(&wanted.card.id).derive(&wanted.text);
    let flow = pace(context, &wanted.card, (usage.input, 1), seed)?;
    let first = flow.take_all().map_or_else(|| context.arrived(), |(first, _)| first);
    let settings = &context.app().settings;
    let is_instant = settings.latency == LatencyModel::Instant || context.batch_line().is_some();
    Ok(Schedule { first, rtf: if is_instant { 0.0 } else { settings.audio.rtf } })
}

fn charge(context: &Context, wanted: &Wanted, usage: SpeechUsage) {
    let pricing = &wanted.card.pricing;
    let mut note = context.note();
    note.tokens.prompt = usage.input;
    note.tokens.completion = usage.output;
    note.tokens.audio = usage.output;
    note.token_usd = pricing.audio_output_per_million.unwrap_or_default() / 1e6;
    note.units.characters = wanted.text.chars().count() as u64;
    let by_characters = note.units.characters as f64 * pricing.characters_per_million.unwrap_or_default() / 1e6;
    let by_tokens = f64::from(usage.input) * pricing.input_per_million.unwrap_or_default() / 1e6;
    note.cost_usd = by_characters + by_tokens + f64::from(usage.output) * note.token_usd;
}
