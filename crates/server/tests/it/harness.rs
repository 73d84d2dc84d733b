//! One-line requests to a server that lives in the test.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use fakeai_catalog::Catalog;
use fakeai_core::{Clock, Seed, Tasks};
use fakeai_engine::LatencyModel;
use fakeai_server::{App, DETERMINISTIC_DATE, Door, Kit, Settings};
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::{Service, ServiceExt};

/// A deterministic server on a clock that only the test moves.
pub struct TestServer {
    pub app: Arc<App>,
    pub clock: Clock,
    door: Door,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: http::HeaderMap,
    pub body: Bytes,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.to_vec()).unwrap()
    }

    /// The `data:` lines of an event stream, parsed; `[DONE]` is left out but must be there.
    pub fn events(&self) -> Vec<Value> {
        let text = self.text();
        assert!(text.ends_with("data: [DONE]\n\n"), "no [DONE]: {text}");
        let lines = text.split("\n\n").filter_map(|event| event.strip_prefix("data: "));
        lines.filter(|line| *line != "[DONE]").map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// `error.message`, `error.type`, `error.param`, `error.code`.
    pub fn error(&self) -> (u16, Value) {
        (self.status.as_u16(), self.json()["error"].clone())
    }
}

impl TestServer {
    /// Instant answers, deterministic.
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    /// The same with room for so many bytes of what clients store.
    pub fn holding(bytes: u64) -> Self {
        let limits = fakeai_store::Limits { bytes, ..fakeai_store::Limits::default() };
        Self::on(fakeai_store::Memory::new(limits), |_| {})
    }

    pub fn with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::at(Arc::new(fakeai_store::Memory::default()), change)
    }

    fn on(home: fakeai_store::Memory, change: impl FnOnce(&mut Settings)) -> Self {
        Self::at(Arc::new(home), change)
    }

    /// One that keeps what is stored at `home`.
    pub fn at(home: Arc<dyn fakeai_store::Home>, change: impl FnOnce(&mut Settings)) -> Self {
        let mut settings = Settings { latency: LatencyModel::Instant, deterministic: true, ..Settings::default() };
        change(&mut settings);
        let clock = Clock::manual(DETERMINISTIC_DATE);
        let (seed, entropy) = (Seed::new(42), Seed::new(43));
        let kit = Kit { clock: clock.clone(), seed, entropy, tasks: Tasks::default(), home };
        let app = App::new(settings, kit, Catalog::builtin().unwrap());
        Self { door: Door::new(Arc::clone(&app)), app, clock }
    }

    /// The server as a service, for what needs a connection.
    pub fn door(&self) -> Door {
        self.door.clone()
    }

    /// Sends any request; the clock is moved on until the answer has ended.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let answer = async {
            let answer: Result<http::Response<Body>, Infallible> = self.door.clone().oneshot(request).await;
            let Ok(response) = answer;
            let (parts, body) = response.into_parts();
            let body = body.collect().await.unwrap().to_bytes();
            Answer { status: parts.status, headers: parts.headers, body }
        };
        let mut answer = std::pin::pin!(answer);
        loop {
            tokio::select! {
                biased;
                answer = &mut answer => return answer,
                () = tokio::task::yield_now() => self.jump(),
            }
        }
    }

    /// Moves the clock to the next event somebody waits for.
    pub fn jump(&self) {
        for name in self.app.workspaces.names() {
            let workspace = self.app.workspaces.get(&name, self.app.kit.clock.now()).unwrap();
            let clock = workspace.clock();
            if let Some(next) = clock.next_wake() {
                clock.advance(next.since(clock.now()));
            }
        }
    }

    /// Sends a request and gives its body back frame by frame, unmoved clock.
    pub async fn open(&self, request: Request<Body>) -> http::Response<Body> {
        let mut door = self.door.clone();
        std::future::poll_fn(|context| <Door as Service<Request<Body>>>::poll_ready(&mut door, context)).await.unwrap();
        door.call(request).await.unwrap()
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(request(Method::GET, path, None)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(request(Method::POST, path, Some(body))).await
    }

    pub async fn chat(&self, body: Value) -> Answer {
        self.post("/v1/chat/completions", body).await
    }
}

pub fn request(method: Method, path: &str, body: Option<Value>) -> Request<Body> {
    let request = Request::builder().method(method).uri(path);
    match body {
        Some(body) => request.header("content-type", "application/json").body(Body::from(body.to_string())).unwrap(),
        None => request.body(Body::empty()).unwrap(),
    }
}

/// A form: names with texts, and files with their names.
pub fn form(path: &str, fields: &[(&str, &str)], files: &[(&str, &str, &[u8])]) -> Request<Body> {
    let mut body = Vec::new();
    for (name, text) in fields {
        body.extend_from_slice(
            format!("--xyz\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n").as_bytes(),
        );
    }
    for (name, file, content) in files {
        let head = format!(
            "--xyz\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"{file}\"\r\nContent-Type: \
             application/octet-stream\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--xyz--\r\n");
    let request = Request::post(path).header("content-type", "multipart/form-data; boundary=xyz");
    request.body(Body::from(body)).unwrap()
}

/// What is ready of a body without waiting.
pub fn ready(body: &mut Body) -> Option<String> {
    let mut context = Context::from_waker(std::task::Waker::noop());
    match http_body::Body::poll_frame(Pin::new(body), &mut context) {
        Poll::Ready(Some(frame)) => Some(String::from_utf8(frame.unwrap().into_data().unwrap().to_vec()).unwrap()),
        Poll::Ready(None) | Poll::Pending => None,
    }
}

pub const fn millis(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}
