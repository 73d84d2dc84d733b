//! The server, called without a socket: instant, on a clock that moves only here.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use fakeai_catalog::Catalog;
use fakeai_core::{Clock, Seed, Tasks};
use fakeai_engine::LatencyModel;
use fakeai_server::{App, DETERMINISTIC_DATE, Door, Kit, Settings};
use fakeai_store::{Limits, Memory};
use http::{Request, header};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use crate::run::last_panic;

/// What may be stored, bytes: enough for what a reader makes, little enough to be thrown away often.
const STORED: u64 = 64 << 20;
/// Answers that go on are left after so many frames.
const MOST_FRAMES: usize = 300;
/// An answer that has not ended by then never will.
const NEVER: Duration = Duration::from_secs(30);

/// A server of its own, with what runs it.
pub(crate) struct Server {
    app: Arc<App>,
    door: Door,
    runtime: tokio::runtime::Runtime,
}

/// An answer, read to its end or as far as it goes.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) is_json: bool,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The id of what was made.
    pub(crate) fn id(&self) -> anyhow::Result<String> {
        let id = self.json().and_then(|body| body["id"].as_str().map(str::to_owned));
        id.ok_or_else(|| anyhow::anyhow!("no id in {}", String::from_utf8_lossy(&self.body)))
    }
}

impl Server {
    /// With the defaults, changed as told.
    pub(crate) fn new(change: impl FnOnce(&mut Settings)) -> anyhow::Result<Self> {
        let mut settings = Settings { latency: LatencyModel::Instant, deterministic: true, ..Settings::default() };
        settings.response_delay.mean = Duration::ZERO;
        settings.audio.rtf = 0.0;
        settings.images.delay = Some(Duration::ZERO);
        settings.journal_entries = 10;
        change(&mut settings);
        let clock = Clock::manual(DETERMINISTIC_DATE);
        let home = Arc::new(Memory::new(Limits { bytes: STORED, bytes_of_space: STORED, evictable_of_kind: 200 }));
        let (seed, entropy) = (Seed::new(42), Seed::new(43));
        let kit = Kit { clock, seed, entropy, tasks: Tasks::default(), home };
        let app = App::new(settings, kit, Catalog::builtin()?);
        let runtime = tokio::runtime::Builder::new_current_thread().max_blocking_threads(2).build()?;
        Ok(Self { door: Door::new(Arc::clone(&app)), app, runtime })
    }

    pub(crate) fn door(&self) -> Door {
        self.door.clone()
    }

    pub(crate) const fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// Runs `work`, moving the clock whenever it waits for it.
    pub(crate) fn run<T>(&self, work: impl Future<Output = T>) -> Result<T, String> {
        #[expect(clippy::disallowed_methods, reason = "how long an answer really takes is what is measured")]
        let begun = Instant::now();
        self.runtime.block_on(async {
            let mut work = std::pin::pin!(work);
            for turn in 1_u64.. {
                tokio::select! {
                    biased;
                    done = &mut work => return Ok(done),
                    () = tokio::task::yield_now() => self.jump(),
                }
                if turn.is_multiple_of(256) {
                    // Somebody else may be working.
                    std::thread::yield_now();
                    if begun.elapsed() > NEVER {
                        break;
                    }
                }
            }
            Err("it never ended".to_owned())
        })
    }

    /// Sends a request and reads the answer.
    pub(crate) fn send(&self, request: Request<Body>) -> Result<Answer, String> {
        self.run(async {
            let answer: Result<http::Response<Body>, Infallible> = self.door.clone().oneshot(request).await;
            let Ok(response) = answer;
            let (parts, mut rest) = response.into_parts();
            let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
            let is_json = kind.starts_with("application/json");
            let mut body = Vec::new();
            for _ in 0..MOST_FRAMES {
                let Some(frame) = rest.frame().await else { break };
                let frame = frame.map_err(|error| format!("the body broke off: {error}"))?;
                body.extend_from_slice(frame.data_ref().map(AsRef::as_ref).unwrap_or_default());
            }
            Ok(Answer { status: parts.status.as_u16(), is_json, body })
        })?
    }

    /// The same, with what every answer has to keep to: no fault of the server's, and JSON where it says so.
    pub(crate) fn check(&self, request: Request<Body>) -> Result<Answer, String> {
        let answer = self.send(request)?;
        if answer.status >= 500 {
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            return Err(format!("{} {text} ({})", answer.status, last_panic()));
        }
        if answer.is_json && answer.json().is_none() {
            return Err(format!("{} with broken JSON: {}", answer.status, String::from_utf8_lossy(&answer.body)));
        }
        Ok(answer)
    }

    /// Moves each clock to the next event somebody waits for.
    fn jump(&self) {
        for name in self.app.workspaces.names() {
            let Ok(workspace) = self.app.workspaces.get(&name, self.app.kit.clock.now()) else { continue };
            let clock = workspace.clock();
            if let Some(next) = clock.next_wake() {
                clock.advance(next.since(clock.now()));
            }
        }
    }
}

/// A request with a body of JSON.
pub(crate) fn post(path: &str, body: impl Into<Body>) -> Result<Request<Body>, String> {
    let request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
    request.body(body.into()).map_err(|error| error.to_string())
}

/// A form's body, with `xyz` between its parts: texts, and a file with its field, name and content.
pub(crate) fn form(texts: &[(&str, &str)], files: &[(&str, &str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, text) in texts {
        let part = format!("--xyz\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    for (field, name, content) in files {
        let head = format!("--xyz\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--xyz--\r\n");
    body
}

/// A request with such a body.
pub(crate) fn post_form(path: &str, body: Vec<u8>) -> Result<Request<Body>, String> {
    let request = Request::post(path).header(header::CONTENT_TYPE, "multipart/form-data; boundary=xyz");
    request.body(Body::from(body)).map_err(|error| error.to_string())
}
