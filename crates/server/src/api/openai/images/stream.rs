//! Pictures as a stream of events: unfinished ones on the way, the finished one at the end.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use fakeai_core::Tick;
use fakeai_media::Picture;
use fakeai_media::art::unfinished;
use fakeai_telemetry::Outcome;
use futures_util::stream;
use http::{HeaderValue, header};
use serde_json::{Value, json};

use super::answer::background;
use super::make::{encode, sign};
use super::tokens::ImageUsage;
use super::wanted::{Task, Wanted};
use crate::api::openai::provenance::claim_of;
use crate::context::Context;
use crate::error::ApiError;

/// A stream under way. Dropping it before its end says that the client left.
struct Showing {
    context: Context,
    events: VecDeque<(Tick, Bytes)>,
    sent: u64,
    tokens: u32,
}

impl Showing {
    fn settle(&self, outcome: Option<Outcome>) {
        {
            let mut note = self.context.note();
            note.bytes_out = self.sent;
            note.tokens.delivered = if outcome.is_none() { self.tokens } else { 0 };
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

/// The response that shows one picture, `duration` after the request came.
pub(super) async fn show(
    context: Context,
    wanted: Wanted,
    picture: Picture,
    (size, usage): ((u32, u32), ImageUsage),
    duration: Duration,
) -> Result<Response, ApiError> {
    let (steps, format, compression) = (wanted.partials, wanted.format, wanted.compression);
    let claim = claim_of(&context, &wanted.card.id);
    let work = move || -> Result<Vec<Bytes>, ApiError> {
        let partials = (0..steps).map(|step| encode(&unfinished(&picture, step, steps), format, compression));
        partials.chain([sign(&picture, format, compression, &claim)]).collect()
    };
    let files = context.app().kit.tasks.compute(work).await.unwrap_or_else(|| Err(ApiError::internal()))?;
    let kind = if wanted.task == Task::Edit { "image_edit" } else { "image_generation" };
    let mut events = VecDeque::new();
    for (step, file) in files.iter().enumerate() {
        let is_last = step + 1 == files.len();
        let name = format!("{kind}.{}", if is_last { "completed" } else { "partial_image" });
        let mut event = json!({
            "type": name, "b64_json": STANDARD.encode(file), "created_at": context.created(),
            "size": format!("{}x{}", size.0, size.1), "quality": wanted.quality.name(),
            "background": background(&wanted), "output_format": format.name(),
        });
        if is_last {
            event["usage"] = usage.to_json(false);
        } else {
            event["partial_image_index"] = json!(step);
        }
        let share = (step + 1) as f64 / files.len() as f64;
        events.push_back((context.arrived() + duration.mul_f64(share), line(&name, &event)));
    }
    context.note().stream = true;
    let showing = Showing { context, events, sent: 0, tokens: usage.out };
    let body = stream::unfold(showing, |mut showing| async move {
        let (due, bytes) = showing.events.pop_front()?;
        if due > showing.context.clock().now() {
            showing.context.clock().sleep_until(due).await;
        }
        if showing.sent == 0 {
            let now = showing.context.clock().now();
            showing.context.note().first_token = Some(now);
        }
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
    Ok(response)
}

fn line(name: &str, event: &Value) -> Bytes {
    format!("event: {name}\ndata: {event}\n\n").into()
}
