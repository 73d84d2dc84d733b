//! The yardstick: axum with one route that reads the body and returns fixed bytes, whole or frame by frame.

use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;
use axum::serve::ListenerExt;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};

/// What it answers.
struct Fixed {
    headers: HeaderMap,
    /// One for a whole answer, one for each event of a stream.
    frames: Vec<Bytes>,
}

/// Serves the headers and the body that another server gave, on a free port that it prints.
pub(crate) async fn serve(head: &Path, body: &Path) -> Result<()> {
    let mut headers = HeaderMap::new();
    for line in std::fs::read_to_string(head)?.lines() {
        if let Some((name, value)) = line.split_once(": ") {
            headers.insert(HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
        }
    }
    let stream = headers.get("content-type").is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"));
    let body = Bytes::from(std::fs::read(body)?);
    let frames = if stream { events(&body) } else { vec![body] };
    let fixed = Arc::new(Fixed { headers, frames });
    let handler = if stream { post(streamed) } else { post(whole) };
    let router = Router::new().route("/v1/chat/completions", handler).with_state(fixed);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    crate::report::print(&format!("listening on {}", listener.local_addr()?));
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, router).await?;
    Ok(())
}

/// A stream's bytes cut into its events.
fn events(body: &Bytes) -> Vec<Bytes> {
    let mut frames = Vec::new();
    let mut start = 0;
    for end in memchr::memmem::find_iter(body, b"\n\n").map(|at| at + 2) {
        frames.push(body.slice(start..end));
        start = end;
    }
    frames
}

async fn whole(State(fixed): State<Arc<Fixed>>, _: Bytes) -> Response {
    let mut response = Response::new(Body::from(fixed.frames[0].clone()));
    *response.headers_mut() = fixed.headers.clone();
    response
}

async fn streamed(State(fixed): State<Arc<Fixed>>, _: Bytes) -> Response {
    let headers = fixed.headers.clone();
    let frames = (0..fixed.frames.len()).map(move |index| Ok::<_, Infallible>(fixed.frames[index].clone()));
    let mut response = Response::new(Body::from_stream(futures_util::stream::iter(frames)));
    *response.headers_mut() = headers;
    response
}
