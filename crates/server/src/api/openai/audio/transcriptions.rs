//! `POST /audio/transcriptions` and `POST /audio/translations`.

use std::collections::VecDeque;
use std::convert::Infallible;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use bytes::Bytes;
use fakeai_core::Tick;
use fakeai_telemetry::Outcome;
use futures_util::stream;
use http::{HeaderValue, header};
use serde_json::{Value, json};

use super::answer::{TranscriptUsage, diarized, languages, logprob, logprobs, whole};
use super::transcript::{Transcript, transcribe};
use super::upload::take_in;
use super::wish::{Family, Task, Wish};
use crate::context::Context;
use crate::error::ApiError;
use crate::generation::pace;

/// Longest recording that may come without a way to cut it, for models that tell speakers apart.
const MOST_UNCUT_SECONDS: f64 = 30.0;
/// Longest recording of the models that are no whisper: `OpenAI`'s 1,400 seconds.
const MOST_SECONDS: f64 = 1400.0;

pub(super) async fn create_transcription(request: Request) -> Result<Response, ApiError> {
    create(request, Task::Transcribe).await
}

pub(super) async fn create_translation(request: Request) -> Result<Response, ApiError> {
    create(request, Task::Translate).await
}

async fn create(request: Request, task: Task) -> Result<Response, ApiError> {
    let (context, upload) = take_in(request).await?;
    let checked = async {
        let wish = Wish::of(&context, &upload, task)?;
        let transcript = transcribe(&context, &wish, upload.file).await?;
        fits(&wish, &transcript)?;
        Ok((wish, transcript))
    };
    let (wish, transcript) = checked.await.map_err(|error: ApiError| context.validation(error))?;
    let usage = TranscriptUsage::of(&wish, &transcript);
    let flow = pace(&context, &wish.card, (usage.text + usage.audio, usage.output), transcript.seed)?;
    charge(&context, &wish, transcript.seconds, usage);
    let ticks = flow.ticks();
    if wish.is_streamed {
        return Ok(show(context, events(&wish, &transcript, usage, &ticks), usage));
    }
    if let Some(due) = ticks.last().copied().filter(|due| *due > context.clock().now()) {
        context.clock().sleep_until(due).await;
    }
    context.note().tokens.delivered = usage.output;
    let (body, kind) = whole(&wish, &transcript, usage);
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    Ok(response)
}

/// Refuses recordings that are too long for the model.
fn fits(wish: &Wish, transcript: &Transcript) -> Result<(), ApiError> {
    let seconds = transcript.seconds;
    if wish.family == Family::Diarize && seconds > MOST_UNCUT_SECONDS && !wish.has_chunking {
        let message = "chunking_strategy is required for diarization models when the input is longer than 30 seconds.";
        return Err(ApiError::invalid(message).param("chunking_strategy").code("missing_required_parameter"));
    }
    if wish.family != Family::Whisper && seconds > MOST_SECONDS && !wish.has_chunking {
        let message = format!(
            "audio duration {seconds:.3} seconds is longer than {MOST_SECONDS} seconds which is the maximum for this model"
        );
        return Err(ApiError::invalid(message).param("file").code("invalid_value"));
    }
    Ok(())
}

fn charge(context: &Context, wish: &Wish, seconds: f64, usage: TranscriptUsage) {
    let pricing = &wish.card.pricing;
    let mut note = context.note();
    note.tokens.prompt = usage.text + usage.audio;
    note.tokens.completion = usage.output;
    note.tokens.audio = usage.audio;
    note.units.audio_seconds = seconds.ceil() as u64;
    note.token_usd = pricing.output_per_million.unwrap_or_default() / 1e6;
    let sound = f64::from(usage.audio) * pricing.audio_input_per_million.unwrap_or_default() / 1e6;
    let minutes = seconds / 60.0 * pricing.per_minute.unwrap_or_default();
    note.cost_usd = pricing.cost_usd(usage.text.into(), 0, usage.output.into()) + sound + minutes;
}

/// The events of a stream, and when each is due: a delta for each token, a segment after its last.
fn events(wish: &Wish, transcript: &Transcript, usage: TranscriptUsage, ticks: &[Tick]) -> VecDeque<(Tick, Bytes)> {
    let mut events = VecDeque::new();
    let mut segments = if wish.format == "diarized_json" { diarized(wish, transcript) } else { Vec::new() }
        .into_iter()
        .zip(&transcript.segments)
        .peekable();
    let tokens = wish.card.tokenizer.encode(&transcript.text);
    let mut shown = 0;
    for (place, (token, due)) in tokens.iter().zip(ticks).enumerate() {
        let end = transcript.text.floor_char_boundary(token.end as usize).max(shown);
        let mut event = json!({"type": "transcript.text.delta", "delta": &transcript.text[shown..end]});
        if wish.has_logprobs {
            event["logprobs"] = json!([logprob(&tokens, place, transcript)]);
        }
        if let Some((segment, _)) = segments.peek() {
            event["segment_id"] = segment["id"].clone();
        }
        events.push_back((*due, line(&event)));
        shown = end;
        let last = |words: &std::ops::Range<usize>| transcript.words[words.end - 1].span.end;
        while let Some((segment, _)) = segments.next_if(|(_, words)| last(words) <= shown) {
            events.push_back((*due, line(&segment)));
        }
    }
    let mut done = json!({
        "type": "transcript.text.done", "text": transcript.text, "usage": usage.to_json(wish, transcript.seconds),
    });
    if wish.has_logprobs {
        done["logprobs"] = logprobs(wish, transcript);
    }
    if wish.family == Family::Languages {
        done["languages"] = languages(wish, transcript);
    }
    events.push_back((ticks.last().copied().unwrap_or_default(), line(&done)));
    events
}

fn line(event: &Value) -> Bytes {
    format!("data: {event}\n\n").into()
}

/// A stream under way. Dropping it before its end says that the client left.
struct Showing {
    context: Context,
    events: VecDeque<(Tick, Bytes)>,
    usage: TranscriptUsage,
    /// Events sent, and their bytes.
    count: u32,
    sent: u64,
}

impl Showing {
    fn settle(&self, outcome: Option<Outcome>) {
        {
            let mut note = self.context.note();
            note.bytes_out = self.sent;
            if outcome.is_none() {
                note.tokens.delivered = self.usage.output;
            } else {
                note.leave(self.count.min(self.usage.output));
            }
        }
        self.context.settle(outcome);
    }
}

impl Drop for Showing {
    fn drop(&mut self) {
        // Once settled, this does nothing.
        self.settle(Some(Outcome::ClientClosed));
    }
}

fn show(context: Context, events: VecDeque<(Tick, Bytes)>, usage: TranscriptUsage) -> Response {
    context.note().stream = true;
    let showing = Showing { context, events, usage, count: 0, sent: 0 };
    let body = stream::unfold(showing, |mut showing| async move {
        let (due, bytes) = showing.events.pop_front()?;
        if due > showing.context.clock().now() {
            showing.context.clock().sleep_until(due).await;
        }
        if showing.count == 0 {
            let now = showing.context.clock().now();
            showing.context.note().first_token = Some(now);
        }
        showing.count += 1;
        showing.sent += bytes.len() as u64;
        if showing.events.is_empty() {
            showing.settle(None);
        }
        Some((Ok::<_, Infallible>(bytes), showing))
    });
    let mut response = Response::new(Body::from_stream(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}
