//! Requests that a room sends on behalf of a client's: through the server's own door, so that what they cost, what is
//! refused and what is written down are the same as if the client had sent them.

use axum::body::Body;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::Service as _;

use crate::context::Context;
use crate::layers::Door;

/// What such a request takes from the client's.
static KEPT: [HeaderName; 4] = [
    header::AUTHORIZATION,
    HeaderName::from_static("openai-organization"),
    HeaderName::from_static("openai-project"),
    HeaderName::from_static("api-key"),
];

/// The server's own door, opened as a client.
#[derive(Clone, Debug)]
pub(super) struct Service {
    door: Door,
    headers: HeaderMap,
}

impl Service {
    /// For the client that sent `headers`, in its workspace.
    pub(super) fn new(context: &Context, door: Door, headers: &HeaderMap) -> Self {
        let kept = KEPT.iter().filter_map(|name| Some((name.clone(), headers.get(name)?.clone())));
        let mut headers: HeaderMap = kept.collect();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let workspace = HeaderValue::from_str(&context.workspace().name);
        headers.extend(workspace.ok().map(|name| (HeaderName::from_static("x-fakeai-workspace"), name)));
        Self { door, headers }
    }

    /// Sends `body` to `path` and reads the answer to its end.
    pub(super) async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        self.send(Method::POST, path, Body::from(body.to_string())).await
    }

    /// Fetches `path`.
    pub(super) async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.send(Method::GET, path, Body::empty()).await
    }

    async fn send(&self, method: Method, path: &str, body: Body) -> (StatusCode, Value) {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(headers) = request.headers_mut() {
            headers.clone_from(&self.headers);
        }
        let Ok(request) = request.body(body) else { return (StatusCode::BAD_REQUEST, Value::Null) };
        let Ok(response) = self.door.clone().call(request).await;
        let status = response.status();
        match response.into_body().collect().await {
            Ok(body) => (status, serde_json::from_slice(&body.to_bytes()).unwrap_or_default()),
            Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, Value::Null),
        }
    }
}
