//! Speech on its way to the client, made as it is spoken.

use std::collections::VecDeque;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use fakeai_core::Tick;
use fakeai_media::speech::{SPEECH_RATE, Speaker};
use fakeai_media::{MediaError, Pcm, SoundEncoder, encode};
use fakeai_telemetry::Outcome;
use futures_util::stream;
use http::{HeaderValue, header};
use serde_json::{Value, json};

use super::wanted::Wanted;
use crate::context::Context;

/// Speech up to this long is written whole before any of it leaves: its file then tells its length as well as its format
/// can. Longer speech is made piece by piece.
const WHOLE_SECONDS: f64 = 30.0;
/// Sound of a piece.
const PIECE_SECONDS: f64 = 0.25;
/// Sound of a piece that is made on its own.
const MADE_SECONDS: f64 = 1.0;

/// What speech counts, in tokens.
#[derive(Clone, Copy, Debug)]
pub(super) struct SpeechUsage {
    /// The text.
    pub input: u32,
    /// The sound.
    pub output: u32,
}

/// When which part of the sound is ready.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    /// When its beginning is.
    pub first: Tick,
    /// Seconds that a second of it takes.
    pub rtf: f64,
}

impl Schedule {
    fn due(self, position: f64) -> Tick {
        self.first + Duration::from_secs_f64((position * self.rtf).max(0.0))
    }
}

/// A piece of the file, and the second of the sound at which it begins.
type Piece = (f64, Bytes);

/// Speech that is made piece by piece.
struct Making {
    speaker: Speaker,
    /// None once the file has ended.
    encoder: Option<SoundEncoder>,
    made: usize,
}

impl Making {
    /// The next piece that has bytes; none at the end.
    fn next(&mut self) -> Result<Option<Piece>, MediaError> {
        let start = self.made as f64 / f64::from(SPEECH_RATE);
        let mut bytes = Vec::new();
        while bytes.is_empty() {
            let Some(encoder) = &mut self.encoder else { return Ok(None) };
            let mut samples = Vec::new();
            let enough = (MADE_SECONDS * f64::from(SPEECH_RATE)) as usize;
            while samples.len() < enough
                && let Some(chunk) = self.speaker.next()
            {
                samples.extend(chunk.samples);
            }
            self.made += samples.len();
            if !samples.is_empty() {
                bytes = encoder.feed(&samples)?;
            } else if let Some(encoder) = self.encoder.take() {
                bytes = encoder.finish()?;
                return Ok((!bytes.is_empty()).then(|| (start, bytes.into())));
            }
        }
        Ok(Some((start, bytes.into())))
    }
}

/// Where the pieces come from.
enum Source {
    /// They are there.
    Whole(VecDeque<Piece>),
    /// Some are still to be made.
    Making(Box<Making>),
    /// The codec failed.
    Broken,
}

impl Source {
    fn begin(wanted: &Wanted, speaker: Speaker) -> Self {
        let samples = speaker.total_samples();
        let seconds = samples as f64 / f64::from(SPEECH_RATE);
        if seconds <= WHOLE_SECONDS {
            let mut sound = Pcm { rate: SPEECH_RATE, samples: Vec::with_capacity(samples) };
            speaker.for_each(|chunk| sound.samples.extend(chunk.samples));
            return encode(&sound, wanted.format)
                .map_or(Self::Broken, |file| Self::Whole(pieces(&file.into(), seconds)));
        }
        let encoder = SoundEncoder::new(wanted.format, SPEECH_RATE).map(|encoder| encoder.expecting(samples));
        encoder
            .map_or(Self::Broken, |encoder| Self::Making(Box::new(Making { speaker, encoder: Some(encoder), made: 0 })))
    }

    fn next(&mut self) -> Option<Piece> {
        let piece = match self {
            Self::Whole(pieces) => return pieces.pop_front(),
            Self::Making(making) => making.next(),
            Self::Broken => return None,
        };
        piece.unwrap_or_else(|error| {
            tracing::error!(%error, "speech could not be written");
            *self = Self::Broken;
            None
        })
    }
}

/// Cuts a file into pieces of equal length.
fn pieces(file: &Bytes, seconds: f64) -> VecDeque<Piece> {
    let count = ((seconds / PIECE_SECONDS).ceil() as usize).max(1);
    let length = file.len().div_ceil(count).max(1);
    let starts = (0..file.len()).step_by(length);
    let piece = |(index, start): (usize, usize)| {
        (index as f64 * PIECE_SECONDS, file.slice(start..(start + length).min(file.len())))
    };
    starts.enumerate().map(piece).collect()
}

/// Speech under way. Dropping it before its end says that the client left.
struct Speaking {
    context: Context,
    source: Option<Source>,
    schedule: Schedule,
    usage: SpeechUsage,
    is_events: bool,
    seconds: f64,
    /// Seconds of sound that were sent.
    spoken: f64,
    sent: u64,
    has_ended: bool,
}

impl Speaking {
    /// What is sent next, when it is due.
    async fn next(&mut self) -> Result<Option<Bytes>, std::io::Error> {
        if self.has_ended {
            return Ok(None);
        }
        let piece = match &mut self.source {
            Some(Source::Whole(pieces)) => pieces.pop_front(),
            other => {
                let Some(mut source) = other.take() else { return Ok(None) };
                let made = self.context.app().kit.tasks.compute(move || {
                    let piece = source.next();
                    (source, piece)
                });
                let (source, piece) = made.await.unwrap_or((Source::Broken, None));
                self.source = Some(source);
                piece
            }
        };
        if matches!(self.source, Some(Source::Broken)) {
            self.settle(Some(Outcome::Error("server_error")));
            return Err(std::io::Error::other("speech could not be written"));
        }
        let Some((position, bytes)) = piece else { return Ok(self.end()) };
        self.wait(self.schedule.due(position)).await;
        self.spoken = position;
        if self.sent == 0 {
            let now = self.context.clock().now();
            self.context.note().first_token = Some(now);
        }
        Ok(Some(self.send(if self.is_events {
            line(&json!({"type": "speech.audio.delta", "audio": STANDARD.encode(&bytes)}))
        } else {
            bytes
        })))
    }

    async fn wait(&self, due: Tick) {
        if due > self.context.clock().now() {
            self.context.clock().sleep_until(due).await;
        }
    }

    /// The last event, if the sound comes in events.
    fn end(&mut self) -> Option<Bytes> {
        self.has_ended = true;
        let SpeechUsage { input, output } = self.usage;
        let usage = json!({"input_tokens": input, "output_tokens": output, "total_tokens": input + output});
        let event = self.is_events.then(|| line(&json!({"type": "speech.audio.done", "usage": usage})));
        let last = event.map(|event| self.send(event));
        self.settle(None);
        last
    }

    fn send(&mut self, bytes: Bytes) -> Bytes {
        self.sent += bytes.len() as u64;
        bytes
    }

    fn settle(&self, outcome: Option<Outcome>) {
        {
            let mut note = self.context.note();
            note.bytes_out = self.sent;
            if outcome.is_none() {
                note.tokens.delivered = self.usage.output;
            } else {
                let share = (self.spoken / self.seconds.max(f64::EPSILON)).clamp(0.0, 1.0);
                let delivered = (f64::from(self.usage.output) * share) as u32;
                note.leave(delivered);
                note.tokens.audio = delivered;
            }
        }
        self.context.settle(outcome);
    }
}

impl Drop for Speaking {
    fn drop(&mut self) {
        // Once settled, this does nothing.
        self.settle(Some(Outcome::ClientClosed));
    }
}

fn line(event: &Value) -> Bytes {
    format!("data: {event}\n\n").into()
}

/// The response that speaks.
pub(super) fn speak(
    context: Context,
    wanted: Wanted,
    speaker: Speaker,
    usage: SpeechUsage,
    schedule: Schedule,
) -> Response {
    context.note().stream = true;
    let content_type = if wanted.is_events { "text/event-stream; charset=utf-8" } else { wanted.content_type };
    let speaking = Speaking {
        seconds: speaker.total_samples() as f64 / f64::from(SPEECH_RATE),
        source: None,
        schedule,
        usage,
        is_events: wanted.is_events,
        spoken: 0.0,
        sent: 0,
        has_ended: false,
        context,
    };
    let begun = stream::unfold((speaking, Some((wanted, speaker))), |(mut speaking, begin)| async move {
        if let Some((wanted, speaker)) = begin {
            let tasks = &speaking.context.app().kit.tasks;
            speaking.source = tasks.compute(move || Source::begin(&wanted, speaker)).await.or(Some(Source::Broken));
        }
        match speaking.next().await {
            Ok(None) => None,
            Ok(Some(bytes)) => Some((Ok(bytes), (speaking, None))),
            Err(error) => {
                speaking.has_ended = true;
                Some((Err(error), (speaking, None)))
            }
        }
    });
    let mut response = Response::new(Body::from_stream(begun));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}
