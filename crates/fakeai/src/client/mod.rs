//! A small HTTP/1.1 client over hyper: one connection, kept alive, opened again when the server has closed it.

pub(crate) mod sse;
mod url;

use std::time::Duration;

use bytes::Bytes;
use fakeai_core::Tasks;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request, Response, header};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::Value;
use tokio::net::TcpStream;

use crate::error::Error;

pub(crate) use url::ServerUrl;

/// How long a command waits for an answer that takes no thought.
const PATIENCE: Duration = Duration::from_secs(30);

/// Talks to one server over one connection.
pub(crate) struct Client {
    url: ServerUrl,
    tasks: Tasks,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Client {
    /// A client that connects at its first request. `tasks` runs its connection.
    pub(crate) fn new(url: ServerUrl, tasks: Tasks) -> Self {
        Self { url, tasks, sender: None }
    }

    /// Where it talks to.
    pub(crate) fn url(&self) -> &ServerUrl {
        &self.url
    }

    /// The JSON at `path`.
    pub(crate) async fn get_json(&mut self, path: &str) -> Result<Value, Error> {
        let text = self.get_text(path).await?;
        serde_json::from_str(&text).map_err(|error| Error::Answer(format!("{path} is no JSON: {error}")))
    }

    /// The text at `path`.
    pub(crate) async fn get_text(&mut self, path: &str) -> Result<String, Error> {
        let request = self.request(Method::GET, path, Bytes::new());
        let whole = async {
            let body = self.send(request).await?;
            body.text().await
        };
        match tokio::time::timeout(PATIENCE, whole).await {
            Ok(result) => result,
            Err(_) => Err(Error::TimedOut { url: self.url.to_string(), seconds: PATIENCE.as_secs_f64() }),
        }
    }

    /// Posts JSON to `path` and hands out the answer's body. Waits as long as it takes.
    pub(crate) async fn post(&mut self, path: &str, json: Bytes) -> Result<Body, Error> {
        let request = self.request(Method::POST, path, json);
        self.send(request).await
    }

    fn request(&self, method: Method, path: &str, body: Bytes) -> Parts {
        Parts { method, path: self.url.path(path), body }
    }

    /// Sends a request. A kept connection may have been closed by the server in the meantime: then once more on a new one.
    async fn send(&mut self, parts: Parts) -> Result<Body, Error> {
        let kept = self.sender.take().filter(|sender| !sender.is_closed());
        let is_kept = kept.is_some();
        let mut sender = match kept {
            Some(sender) => sender,
            None => self.connect().await?,
        };
        let mut sent = Self::send_on(&mut sender, parts.build(&self.url)?).await;
        if is_kept && sent.as_ref().is_err_and(|error| error.is_canceled() || error.is_closed()) {
            sender = self.connect().await?;
            sent = Self::send_on(&mut sender, parts.build(&self.url)?).await;
        }
        let response = sent.map_err(|source| Error::Connection { url: self.url.to_string(), source })?;
        self.sender = Some(sender);
        self.accept(response).await
    }

    async fn send_on(
        sender: &mut SendRequest<Full<Bytes>>,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, hyper::Error> {
        sender.ready().await?;
        sender.send_request(request).await
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, Error> {
        let no_server = |source| Error::NoServer { url: self.url.to_string(), source };
        let stream = TcpStream::connect((self.url.host(), self.url.port())).await.map_err(no_server)?;
        stream.set_nodelay(true).map_err(no_server)?;
        let (sender, connection) = handshake(TokioIo::new(stream))
            .await
            .map_err(|source| Error::Connection { url: self.url.to_string(), source })?;
        // Its errors reach whoever waits for the answer.
        self.tasks.spawn(async move { drop(connection.await) });
        Ok(sender)
    }

    /// The body of a good answer, or the server's own error.
    async fn accept(&self, response: Response<Incoming>) -> Result<Body, Error> {
        let status = response.status();
        let is_stream = response
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"));
        let body = Body { incoming: response.into_body(), url: self.url.to_string(), is_stream };
        if status.is_success() {
            return Ok(body);
        }
        let text = body.text().await?;
        Err(refusal(status, &text))
    }
}

/// A request that can be made again.
struct Parts {
    method: Method,
    path: String,
    body: Bytes,
}

impl Parts {
    fn build(&self, url: &ServerUrl) -> Result<Request<Full<Bytes>>, Error> {
        Request::builder()
            .method(&self.method)
            .uri(&self.path)
            .header(header::HOST, url.authority())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, concat!("fakeai/", env!("CARGO_PKG_VERSION")))
            .body(Full::new(self.body.clone()))
            .map_err(|error| Error::Usage(format!("`{}` cannot be asked for: {error}", self.path)))
    }
}

/// The body of an answer.
pub(crate) struct Body {
    incoming: Incoming,
    url: String,
    /// True for server-sent events.
    pub(crate) is_stream: bool,
}

impl Body {
    /// The next bytes; `None` at the end.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        while let Some(frame) = self.incoming.frame().await {
            let frame = frame.map_err(|source| Error::Connection { url: self.url.clone(), source })?;
            if let Ok(bytes) = frame.into_data() {
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    }

    /// All of it.
    pub(crate) async fn bytes(mut self) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    /// All of it, as text.
    pub(crate) async fn text(self) -> Result<String, Error> {
        String::from_utf8(self.bytes().await?).map_err(|_| Error::Answer("it is no UTF-8".to_owned()))
    }
}

/// The API's error object.
#[derive(Debug, Deserialize)]
pub(crate) struct ErrorObject {
    message: Option<String>,
    code: Option<Value>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

impl ErrorObject {
    fn into_parts(self) -> (Option<String>, String) {
        let code = match self.code {
            Some(Value::String(code)) => Some(code),
            Some(Value::Number(code)) => Some(code.to_string()),
            _ => self.kind,
        };
        (code, self.message.unwrap_or_else(|| "no message".to_owned()))
    }

    /// The error that ends a stream.
    pub(crate) fn into_stream_error(self) -> Error {
        let (code, message) = self.into_parts();
        Error::Stream { code, message }
    }
}

/// The error in an answer of `status`.
fn refusal(status: hyper::StatusCode, text: &str) -> Error {
    #[derive(Deserialize)]
    struct Envelope {
        error: ErrorObject,
    }
    if let Ok(Envelope { error }) = serde_json::from_str(text) {
        let (code, message) = error.into_parts();
        return Error::Refused { status: status.as_u16(), code, message };
    }
    let first_line = text.lines().next().unwrap_or_default().chars().take(200).collect::<String>();
    let reason = status.canonical_reason().unwrap_or_default().to_owned();
    let message = if first_line.is_empty() { reason } else { first_line };
    Error::Refused { status: status.as_u16(), code: None, message }
}
