//! Dynamo's events as a stream of server-sent events that goes on until the client hangs up or the server ends.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use fakeai_events::{Batch, Feed, dynamo};
use futures_util::stream::unfold;
use http::{HeaderValue, header};

use crate::body::push_json;
use crate::context::Context;

/// Batches of one frame at most.
const AT_ONCE: usize = 64;

/// The events of `feed` from batch `from` on. A client that reads so slowly that batches are no longer kept sees a gap in
/// the events' numbers.
pub(super) fn stream(context: &Context, feed: Arc<Feed>, from: u64) -> Response {
    let tasks = context.app().kit.tasks.clone();
    let frames = unfold((feed, from, tasks), |(feed, from, tasks)| async move {
        let batches = tokio::select! {
            batches = arrived(&feed, from) => batches,
            () = tasks.stopping() => return None,
        };
        let next = batches.last().map_or(from, |last| last.sequence + 1);
        let mut out = BytesMut::new();
        for event in batches.iter().flat_map(|batch| dynamo::router_events(batch)) {
            out.extend_from_slice(b"data: ");
            push_json(&mut out, &event);
            out.extend_from_slice(b"\n\n");
        }
        let frame: Result<Bytes, std::convert::Infallible> = Ok(out.freeze());
        Some((frame, (feed, next, tasks)))
    });
    let mut response = Response::new(Body::from_stream(frames));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

/// Waits for batches from number `from` on.
async fn arrived(feed: &Feed, from: u64) -> Vec<Arc<Batch>> {
    loop {
        let changed = feed.changed();
        let batches = feed.kept_from(from, AT_ONCE);
        if !batches.is_empty() {
            return batches;
        }
        changed.await;
    }
}
