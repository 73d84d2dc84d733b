//! Pictures that are kept for a while, and given out by their URL.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use fakeai_store::{Change, MOST_READ_BYTES, Retention, content_id};
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};

use super::wanted::Format;
use crate::api::openai::files::{Wanted as Asked, unsatisfiable, wanted as asked};
use crate::context::Context;
use crate::error::ApiError;
use crate::settings::Address;
use crate::wire::PathText;
use crate::workspace::DEFAULT;

/// The kind of their documents.
const KIND: &str = "image";

/// Keeps a picture until its URL expires; gives its name in URLs, `img-….png`.
pub(super) async fn keep(context: &Context, bytes: Bytes, format: Format) -> Result<String, ApiError> {
    let name = format!("{}.{}", context.id("img-", 24), format.name());
    let space = context.workspace().space();
    let mut writer = space.home().create(space.name(), &content_id(KIND, &name));
    for start in (0..bytes.len()).step_by(MOST_READ_BYTES) {
        writer.write(bytes.slice(start..bytes.len().min(start + MOST_READ_BYTES))).await?;
    }
    writer.finish().await?;
    let retention = context.app().settings.images.retention;
    let ends = context.clock().unix_nanos().div_euclid(1_000_000).saturating_add(retention.as_millis() as i64);
    let body = format!("{{\"expires_at_ms\":{ends}}}");
    let change = Change::put(KIND, &*name, body).retained(Retention::Evictable).expiring(Some(ends));
    if let Err(error) = context.documents().change(change).await {
        let _ = space.home().delete(space.name(), &content_id(KIND, &name)).await;
        return Err(error.into());
    }
    Ok(name)
}

/// What URLs of this request's server begin with, `http://localhost:8000`: the host the client spoke to. What proxies say
/// is believed only on a server that nobody else can reach.
pub(super) fn base_url(context: &Context, headers: &HeaderMap, uri: &Uri) -> String {
    let settings = &context.app().settings.listen;
    let is_private = match &settings.address {
        Address::Unix(_) => true,
        Address::Tcp(host, _) => {
            host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
        }
    };
    let said = |name: &str| {
        headers.get(name).and_then(|value| value.to_str().ok()).and_then(|text| text.split(',').next()).map(str::trim)
    };
    let forwarded = |name: &str| said(name).filter(|_| is_private);
    let own = || {
        let (host, port) = context.app().address();
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    };
    let is_plain = |host: &&str| {
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]_".contains(&byte))
    };
    let host = forwarded("x-forwarded-host")
        .or_else(|| uri.authority().map(http::uri::Authority::as_str))
        .or_else(|| said("host"));
    let host = host.filter(is_plain).map_or_else(own, str::to_owned);
    let scheme = forwarded("x-forwarded-proto").filter(|scheme| matches!(*scheme, "http" | "https"));
    let scheme = scheme.unwrap_or(if settings.tls.is_some() { "https" } else { "http" });
    let workspace = context.workspace_name();
    if **workspace == *DEFAULT { format!("{scheme}://{host}") } else { format!("{scheme}://{host}/w/{workspace}") }
}

/// `GET /images/{name}`.
pub(super) async fn show(context: Context, PathText(name): PathText, headers: HeaderMap) -> Result<Response, ApiError> {
    let gone =
        || ApiError::invalid(format!("No image is here: '{name}'. Images expire.")).status(StatusCode::NOT_FOUND);
    let format = name.rsplit_once('.').and_then(|(_, ending)| Format::named(ending)).ok_or_else(gone)?;
    let document = context.documents().get(KIND, &name).await?.ok_or_else(gone)?;
    let (space, id) = (context.workspace().space(), content_id(KIND, &name));
    let info = space.home().describe(space.name(), &id).await?.ok_or_else(gone)?;
    let half = info.hash.first_chunk::<16>().map_or(0, |half| u128::from_be_bytes(*half));
    let tag = format!("\"{half:032x}\"");
    let now = context.clock().unix_nanos().div_euclid(1_000_000);
    let seconds = document.expires_at_ms.map_or(0, |ends| (ends - now).max(0) / 1000);
    let given = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let is_same =
        |list: &str| list.split(',').map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == tag);
    let is_known = given(header::IF_NONE_MATCH).is_some_and(is_same);
    let range = given(header::RANGE).filter(|_| given(header::IF_RANGE).is_none_or(|one| one == tag));
    let (status, start, end) = match range.map_or(Asked::All, |range| asked(range, info.bytes)) {
        _ if is_known => (StatusCode::NOT_MODIFIED, 0, 0),
        Asked::All => (StatusCode::OK, 0, info.bytes),
        Asked::Part(start, end) => (StatusCode::PARTIAL_CONTENT, start, end),
        Asked::Nothing => return Ok(unsatisfiable(info.bytes)),
    };
    let body = read(&context, &id, start, end).await?.ok_or_else(gone)?;
    let mut response = (status, Body::from(body)).into_response();
    let mut put = |name, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    };
    put(header::ETAG, tag);
    put(header::CACHE_CONTROL, format!("private, max-age={seconds}, immutable"));
    put(header::ACCEPT_RANGES, "bytes".to_owned());
    if status != StatusCode::NOT_MODIFIED {
        put(header::CONTENT_TYPE, format!("image/{}", format.name()));
    }
    if status == StatusCode::PARTIAL_CONTENT {
        put(header::CONTENT_RANGE, format!("bytes {start}-{}/{}", end - 1, info.bytes));
    }
    Ok(response)
}

async fn read(context: &Context, id: &str, start: u64, end: u64) -> Result<Option<Bytes>, ApiError> {
    let space = context.workspace().space();
    let mut all = BytesMut::with_capacity((end - start) as usize);
    let mut at = start;
    while at < end {
        let most = (end - at).min(MOST_READ_BYTES as u64) as usize;
        let Some(part) = space.home().read(space.name(), id, at, most).await?.filter(|part| !part.is_empty()) else {
            return Ok(None);
        };
        at += part.len() as u64;
        all.extend_from_slice(&part);
    }
    Ok(Some(all.freeze()))
}
