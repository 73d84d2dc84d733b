//! The server under judgement: called without a socket, instant, deterministic, on a clock that moves only here.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use axum::body::Body;
use bytes::Bytes;
use fakeai_catalog::Catalog;
use fakeai_core::{Clock, Seed, Tasks};
use fakeai_engine::LatencyModel;
use fakeai_server::{App, DETERMINISTIC_DATE, Door, Kit, Settings};
use futures_util::{SinkExt, StreamExt};
use http::{Request, header};
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use serde_json::Value;
use tokio::io::DuplexStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tower::ServiceExt;

/// Turns without anything to wait for after which an answer will never end.
const MOST_IDLE_TURNS: usize = 1_000_000;

/// A server of its own.
#[derive(Debug)]
pub(crate) struct Server {
    app: Arc<App>,
    clock: Clock,
    door: Door,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Without parameters: `application/json`.
    pub(crate) content_type: String,
    pub(crate) body: Bytes,
}

impl Server {
    /// With the defaults, changed as told.
    pub(crate) fn new(change: impl FnOnce(&mut Settings)) -> Result<Self> {
        let mut settings = Settings { latency: LatencyModel::Instant, deterministic: true, ..Settings::default() };
        change(&mut settings);
        let clock = Clock::manual(DETERMINISTIC_DATE);
        let home = Arc::new(fakeai_store::Memory::default());
        let (seed, entropy) = (Seed::new(42), Seed::new(43));
        let kit = Kit { clock: clock.clone(), seed, entropy, tasks: Tasks::default(), home };
        let app = App::new(settings, kit, Catalog::builtin()?);
        Ok(Self { door: Door::new(Arc::clone(&app)), app, clock })
    }

    /// Sends a request and reads the answer to its end, moving the clock as far as that takes.
    pub(crate) async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Answer> {
        let request = Request::builder().method(method).uri(path);
        let request = match body {
            Some(body) => request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.to_string())),
            None => request.body(Body::empty()),
        }?;
        self.answer(request).await.with_context(|| format!("{method} {path}"))
    }

    /// Sends a form with one file: its field, name and content.
    pub(crate) async fn send_form(
        &self,
        path: &str,
        texts: &[(&str, &str)],
        (field, name, content): (&str, &str, impl AsRef<[u8]>),
    ) -> Result<Answer> {
        let one = |(name, text): &(&str, &str)| {
            format!("--xyz\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
        };
        let texts = texts.iter().map(one).collect::<Vec<_>>().concat();
        let head =
            format!("{texts}--xyz\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\r\n");
        let body = [head.as_bytes(), content.as_ref(), b"\r\n--xyz--\r\n"].concat();
        let request = Request::post(path).header(header::CONTENT_TYPE, "multipart/form-data; boundary=xyz");
        self.answer(request.body(Body::from(body))?).await.with_context(|| format!("POST {path}"))
    }

    async fn answer(&self, request: Request<Body>) -> Result<Answer> {
        let answer = async {
            let answer: Result<http::Response<Body>, Infallible> = self.door.clone().oneshot(request).await;
            let Ok(response) = answer;
            let (parts, body) = response.into_parts();
            let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
            let content_type = kind.split(';').next().unwrap_or_default().trim().to_owned();
            let body = body.collect().await.map_err(|error| anyhow::anyhow!("the body broke off: {error}"))?;
            Ok(Answer { status: parts.status.as_u16(), content_type, body: body.to_bytes() })
        };
        let mut answer = std::pin::pin!(answer);
        for _ in 0..MOST_IDLE_TURNS {
            tokio::select! {
                biased;
                answer = &mut answer => {
                    // Work that goes on behind an answer gets its turn.
                    tokio::task::yield_now().await;
                    return answer;
                }
                () = tokio::task::yield_now() => self.jump(),
            }
        }
        bail!("it never ended")
    }

    /// Opens a WebSocket and says each of `said`, the next once the server has nothing more to say; all that it says.
    pub(crate) async fn talk(&self, path: &str, said: &[Vec<Value>]) -> Result<Vec<Value>> {
        let (client, own) = tokio::io::duplex(64 << 20);
        let service = TowerToHyperService::new(self.door.clone());
        let connection =
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(own), service).with_upgrades();
        self.app.kit.tasks.spawn(connection);
        let (mut socket, _) = tokio_tungstenite::client_async(format!("ws://localhost{path}"), client).await?;
        let mut events = Vec::new();
        self.listen(&mut socket, &mut events).await?;
        for said in said {
            for event in said {
                socket.send(Message::text(event.to_string())).await?;
            }
            self.listen(&mut socket, &mut events).await?;
        }
        Ok(events)
    }

    /// Hears what the server says until it is quiet for a while: work beside the connection takes real time.
    async fn listen(&self, socket: &mut WebSocketStream<DuplexStream>, events: &mut Vec<Value>) -> Result<()> {
        const QUIET: Duration = Duration::from_millis(400);
        loop {
            let message = async {
                let mut message = std::pin::pin!(socket.next());
                loop {
                    tokio::select! {
                        biased;
                        message = &mut message => return message,
                        () = tokio::task::yield_now() => self.jump_soon(),
                    }
                }
            };
            let Ok(message) = tokio::time::timeout(QUIET, message).await else { return Ok(()) };
            let Some(message) = message else { return Ok(()) };
            if let Message::Text(text) = message? {
                events.push(serde_json::from_str(&text)?);
            }
        }
    }

    /// Moves the clock to the next event, but not so far that sessions end.
    fn jump_soon(&self) {
        const SOON: Duration = Duration::from_secs(60);
        if let Some(next) = self.clock.next_wake().filter(|next| *next < self.clock.now() + SOON) {
            self.clock.advance(next.since(self.clock.now()));
        }
    }

    /// Moves the date on, as if nobody had asked for a while.
    pub(crate) fn wait(&self, by: Duration) {
        self.clock.advance(by);
    }

    /// Moves the clock to the next event somebody waits for.
    fn jump(&self) {
        let clock = self.app.workspaces.default().clock();
        if let Some(next) = clock.next_wake() {
            clock.advance(next.since(clock.now()));
        }
    }
}

impl Answer {
    /// The body, if it is JSON.
    pub(crate) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// Whether no route was found: a resource that is not there says so in other words.
    pub(crate) fn is_unrouted(&self) -> bool {
        let message = self.json().and_then(|body| body["error"]["message"].as_str().map(str::to_owned));
        let message = message.unwrap_or_default();
        (self.status == 404 && message.starts_with("Invalid URL (")) || self.status == 405
    }
}
