//! The extractor of JSON bodies.

use std::sync::Arc;

use axum::body::{Body, HttpBody};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use fakeai_core::masked;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::BodyExt;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::explain::explain;
use crate::access::log_body;
use crate::context::Context;
use crate::error::ApiError;
use crate::layers::ADDED_HEADERS;

/// A request's JSON body as `T`, and the request it came with.
#[derive(Debug)]
pub(crate) struct JsonBody<T>(pub Context, pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let (mut parts, body) = request.into_parts();
        let context = Context::from_request_parts(&mut parts, state).await?;
        content_type(&parts.headers)?;
        let bytes = read_json(&context, body).await?;
        let bytes = if bytes.is_empty() && needs_no_body(context.path()) { Bytes::from_static(b"{}") } else { bytes };
        Self::parse(context, &bytes, |_| None)
    }
}

impl<T: DeserializeOwned> JsonBody<T> {
    /// The bytes as `T`: as `skim` reads them if it can, else as serde does.
    pub(crate) fn parse(context: Context, bytes: &[u8], skim: fn(&str) -> Option<T>) -> Result<Self, ApiError> {
        // Structs would also be read from arrays, field by field.
        let object = bytes.trim_ascii_start().first() != Some(&b'[');
        let value = object.then(|| parse(bytes, skim)).flatten();
        let value = value.ok_or_else(|| explain::<T>(bytes).status(context.app().settings.validation_status))?;
        Ok(Self(context, value))
    }
}

/// The body of a request of the right [`content_type`]; from now on it is in the journal.
pub(crate) async fn read_json<B>(context: &Context, body: B) -> Result<Bytes, ApiError>
where
    B: HttpBody<Data = Bytes>,
{
    let bytes = read_bytes(body, context.app().settings.body_limit(context.path())).await?;
    {
        let mut note = context.note();
        note.bytes_in = bytes.len() as u64;
        note.body = bytes.clone();
    }
    context.remember(&bytes);
    log_body(context, &bytes);
    context.app().gate.look(context, bytes)
}

/// A body that is no JSON: only that it came is in the journal.
pub(crate) async fn read_body<B>(context: &Context, body: B) -> Result<Bytes, ApiError>
where
    B: HttpBody<Data = Bytes>,
{
    let bytes = read_bytes(body, context.app().settings.body_limit(context.path())).await?;
    context.note().bytes_in = bytes.len() as u64;
    context.remember(b"");
    Ok(bytes)
}

/// The server's own controls mean their defaults when nothing is said, and so does a new thread.
fn needs_no_body(path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    path.starts_with("/fakeai/") || path.strip_prefix("/v1").unwrap_or(path) == "/threads"
}

/// The bytes as JSON. Their encoding is checked in one go: `serde_json` checks each string at a fraction of the speed.
fn parse<T: DeserializeOwned>(bytes: &[u8], skim: fn(&str) -> Option<T>) -> Option<T> {
    match simdutf8::basic::from_utf8(bytes) {
        Ok(text) => skim(text).or_else(|| serde_json::from_str(text).ok()),
        // Bytes that are no text may stand in fields that nobody reads.
        Err(_) => serde_json::from_slice(bytes).ok(),
    }
}

/// JSON, said so or not said; anything else is refused as OpenAI does.
pub(crate) fn content_type(headers: &HeaderMap) -> Result<(), ApiError> {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let text = value.to_str().unwrap_or("?");
    if text == "application/json" {
        return Ok(());
    }
    let kind = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if kind == "application/json" || kind.ends_with("+json") || kind.is_empty() {
        return Ok(());
    }
    let message = format!(
        "Unsupported content type: '{text}'. This API method only accepts 'application/json' requests, but you \
         specified the header 'Content-Type: {text}'. Please try again with a supported content type."
    );
    Err(ApiError::invalid(message).status(StatusCode::UNSUPPORTED_MEDIA_TYPE).code("unsupported_content_type"))
}

/// The whole body, unless it grows over `limit` or breaks off.
pub(crate) async fn read_bytes<B: HttpBody<Data = Bytes>>(body: B, limit: u64) -> Result<Bytes, ApiError> {
    let mut body = std::pin::pin!(body);
    let mut first: Option<Bytes> = None;
    let mut rest = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| ApiError::invalid("The request's body broke off before its end."))?;
        let Ok(data) = frame.into_data() else { continue };
        let so_far = rest.len() + first.as_ref().map_or(0, Bytes::len);
        if (so_far + data.len()) as u64 > limit {
            return Err(ApiError::too_large(limit));
        }
        // Nearly every body is one frame, which then is not copied.
        match first.take() {
            None if rest.is_empty() => first = Some(data),
            before => {
                if let Some(before) = before {
                    rest.extend_from_slice(&before);
                }
                rest.extend_from_slice(&data);
            }
        }
    }
    Ok(first.unwrap_or_else(|| rest.freeze()))
}

/// The model that a body names, as far as it can be read: who was refused asked for one too.
pub(crate) fn named_model(body: &[u8]) -> Option<Arc<str>> {
    /// Longer ones are no names.
    const MOST_BYTES: usize = 256;
    #[derive(serde::Deserialize)]
    struct Named {
        model: String,
    }
    let Named { model } = serde_json::from_slice(body).ok()?;
    (!model.is_empty() && model.len() <= MOST_BYTES).then(|| masked(&model).into())
}

/// A JSON answer.
pub(crate) fn json<T: Serialize>(value: &T) -> Response {
    match serde_json::to_vec(value) {
        Ok(bytes) => json_bytes(bytes.into()),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written as JSON");
            ApiError::internal().into_response()
        }
    }
}

/// An answer that is JSON already.
pub(crate) fn json_bytes(bytes: Bytes) -> Response {
    let mut response = Response::new(Body::from(bytes));
    // The door adds its own; see there.
    response.headers_mut().reserve(1 + ADDED_HEADERS);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
