//! `/files/{file_id}/content`: the bytes, all of them or a range.

use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use fakeai_store::{MOST_READ_BYTES, Space, StoreError, content_id};
use futures_util::stream;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::purpose::is_readable;
use super::stored::{File, KIND};
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::PathText;

pub(super) async fn download(
    context: Context,
    PathText(id): PathText,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let file = File::find(&context, &id).await?;
    if !is_readable(&file.purpose) {
        let message = format!("Not allowed to download files of purpose: {}", file.purpose);
        return Err(context.validation(ApiError::invalid(message)));
    }
    let wanted = match headers.get(header::RANGE).and_then(|range| range.to_str().ok()) {
        None => Wanted::All,
        Some(range) => wanted(range, file.bytes),
    };
    let (status, start, end) = match wanted {
        Wanted::All => (StatusCode::OK, 0, file.bytes),
        Wanted::Part(start, end) => (StatusCode::PARTIAL_CONTENT, start, end),
        Wanted::Nothing => return Ok(unsatisfiable(file.bytes)),
    };
    let body = Body::from_stream(content(context.workspace().space().clone(), content_of(&file.id), start, end));
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(end - start));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    name(headers, &file.filename);
    if status == StatusCode::PARTIAL_CONTENT
        && let Ok(value) = HeaderValue::from_str(&format!("bytes {start}-{}/{}", end - 1, file.bytes))
    {
        headers.insert(header::CONTENT_RANGE, value);
    }
    Ok(response)
}

/// What a saved answer is called.
fn name(headers: &mut HeaderMap, name: &str) {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_graphic() && c != '"' && c != '\\' { c } else { '_' }).collect();
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{plain}\"")) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
}

/// The blob that belongs to the document of `kind` and `id`, as an answer.
pub(in crate::api::openai) async fn stored_content(
    context: &Context,
    kind: &str,
    id: &str,
    content_type: &'static str,
    filename: &str,
) -> Result<Response, ApiError> {
    let (space, blob) = (context.workspace().space(), content_id(kind, id));
    let known = space.home().describe(space.name(), &blob).await?;
    let bytes = known.ok_or_else(|| ApiError::no_such("content", id))?.bytes;
    let mut response = Body::from_stream(content(space.clone(), blob, 0, bytes)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes));
    name(headers, filename);
    Ok(response)
}

/// The id of the blob with the content of the file of an id.
pub(in crate::api::openai) fn content_of(id: &str) -> String {
    content_id(KIND, id)
}

/// All of a file's content. The caller has looked at its length.
pub(in crate::api::openai) async fn read_whole(context: &Context, file: &File) -> Result<Vec<u8>, ApiError> {
    let (space, blob) = (context.workspace().space(), content_of(&file.id));
    let mut whole = Vec::new();
    while (whole.len() as u64) < file.bytes {
        let read = space.home().read(space.name(), &blob, whole.len() as u64, MOST_READ_BYTES).await?;
        let read = read.filter(|read| !read.is_empty()).ok_or_else(|| ApiError::no_such("content", &file.id))?;
        whole.extend_from_slice(&read);
    }
    Ok(whole)
}

/// Bytes of a blob from `start` to `end`, in portions.
fn content(
    space: Space,
    blob: String,
    start: u64,
    end: u64,
) -> impl futures_util::Stream<Item = Result<Bytes, StoreError>> + use<> {
    let id: Arc<str> = blob.into();
    stream::try_unfold(start, move |at| {
        let (space, id) = (space.clone(), Arc::clone(&id));
        async move {
            if at >= end {
                return Ok(None);
            }
            let most = (end - at).min(MOST_READ_BYTES as u64) as usize;
            let part = space.home().read(space.name(), &id, at, most).await?;
            // Deleted meanwhile: the body breaks off, which is what the client has to know.
            let part = part.filter(|part| !part.is_empty()).ok_or(StoreError::Closed)?;
            let next = at + part.len() as u64;
            Ok(Some((part, next)))
        }
    })
}

/// What a range asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::api::openai) enum Wanted {
    /// No range that we know, or several: all of it, as RFC 9110, 14.2 allows.
    All,
    /// From the first byte to before the last.
    Part(u64, u64),
    /// Bytes that are not there.
    Nothing,
}

/// What a range asks of a file of so many bytes.
pub(in crate::api::openai) fn wanted(range: &str, bytes: u64) -> Wanted {
    let Some((first, last)) = range.trim().strip_prefix("bytes=").and_then(|range| range.trim().split_once('-')) else {
        return Wanted::All;
    };
    let (start, end) = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => (first, last.saturating_add(1).min(bytes)),
        (Ok(first), Err(_)) if last.is_empty() => (first, bytes),
        (Err(_), Ok(last)) if first.is_empty() => (bytes.saturating_sub(last), bytes),
        _ => return Wanted::All,
    };
    if start < end { Wanted::Part(start, end) } else { Wanted::Nothing }
}

/// 416: nothing of the range is there.
pub(in crate::api::openai) fn unsatisfiable(bytes: u64) -> Response {
    let error = ApiError::invalid("The requested range is not in the file.").status(StatusCode::RANGE_NOT_SATISFIABLE);
    let mut response = error.into_response();
    if let Ok(value) = HeaderValue::from_str(&format!("bytes */{bytes}")) {
        response.headers_mut().insert(header::CONTENT_RANGE, value);
    }
    response
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ranges_are_read() {
        for (range, expected) in [
            ("bytes=0-0", Wanted::Part(0, 1)),
            ("bytes=2-", Wanted::Part(2, 10)),
            ("bytes=-3", Wanted::Part(7, 10)),
            ("bytes=-99", Wanted::Part(0, 10)),
            ("bytes=5-99", Wanted::Part(5, 10)),
            ("bytes=10-", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=5-2", Wanted::All),
            ("bytes=0-1,4-5", Wanted::All),
            ("lines=1-2", Wanted::All),
            ("bytes=-", Wanted::All),
        ] {
            assert_eq!(wanted(range, 10), expected, "{range}");
        }
    }

    proptest! {
        #[test]
        fn no_range_leaves_the_file(range in "(bytes=)?[-0-9, a]{0,30}", bytes in 0..100_u64) {
            if let Wanted::Part(start, end) = wanted(&range, bytes) {
                prop_assert!(start < end && end <= bytes);
            }
        }
    }
}
