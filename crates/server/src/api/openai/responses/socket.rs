//! Responses over a WebSocket: `response.create` events in, the events of their streams out.
//!
//! Each event that comes in goes through the server's own door as a `POST /responses` with `stream` would, so that what
//! it costs, what is refused and what is written down are the same. Requests of one lane (`stream_id`) follow one
//! another; lanes run side by side.

use std::collections::HashMap;

use axum::Extension;
use axum::body::Body;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use http::{HeaderMap, HeaderName, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::{Map, Value};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tower::Service;

use crate::context::Context;
use crate::error::ApiError;
use crate::layers::Door;

/// Lanes of one socket.
const MOST_LANES: usize = 32;
/// Requests that wait in one lane.
const MOST_WAITING: usize = 64;
/// Events that wait for a client to read them. Beyond it the answers wait.
const MOST_UNREAD: usize = 256;
/// Longest name of a lane.
const LONGEST_NAME: usize = 256;
/// What a request over the socket takes from the one that opened it.
static KEPT: [HeaderName; 4] = [
    header::AUTHORIZATION,
    HeaderName::from_static("openai-organization"),
    HeaderName::from_static("openai-project"),
    HeaderName::from_static("api-key"),
];

pub(super) async fn connect(
    context: Context,
    door: Option<Extension<Door>>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let (Some(Extension(door)), Ok(upgrade)) = (door, upgrade) else {
        let message = "This URL answers GET requests that open a WebSocket; send a POST request to create a response.";
        return Err(ApiError::invalid(message).status(StatusCode::UPGRADE_REQUIRED).code("upgrade_required"));
    };
    let most = usize::try_from(context.app().settings.body_limit(context.path())).unwrap_or(usize::MAX);
    let kept = KEPT.iter().filter_map(|name| Some((name.clone(), headers.get(name)?.clone())));
    let opened = Opened { door, context, headers: kept.collect() };
    let upgrade = upgrade.max_message_size(most).max_frame_size(most);
    Ok(upgrade.on_upgrade(move |socket| serve(socket, opened)))
}

/// What every request over a socket has from its opening.
#[derive(Clone)]
struct Opened {
    door: Door,
    context: Context,
    headers: HeaderMap,
}

/// One lane: where its requests wait.
type Lanes = HashMap<Option<String>, Sender<Map<String, Value>>>;

async fn serve(mut socket: WebSocket, opened: Opened) {
    let (out, mut events): (Sender<String>, Receiver<String>) = channel(MOST_UNREAD);
    let mut lanes = Lanes::new();
    let tasks = opened.context.app().kit.tasks.clone();
    loop {
        tokio::select! {
            () = tasks.stopping() => break,
            event = events.recv() => {
                let Some(event) = event else { break };
                if socket.send(Message::Text(event.into())).await.is_err() {
                    break;
                }
            }
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => {
                    if let Err((error, lane)) = take(text.as_str(), &opened, &mut lanes, &out) {
                        let event = failure(&error, lane.as_deref());
                        if socket.send(Message::Text(event.into())).await.is_err() {
                            break;
                        }
                    }
                }
                Some(Ok(Message::Binary(_))) => {
                    let error = ApiError::invalid("Binary messages are not supported: send JSON text.");
                    if socket.send(Message::Text(failure(&error, None).into())).await.is_err() {
                        break;
                    }
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => break,
            },
        }
    }
    // Dropping the lanes' ends lets their tasks end; what they still write goes nowhere, which ends their streams.
    let _ = socket.send(Message::Close(None)).await;
}

/// Puts an event into its lane; an error comes with the name of the lane.
fn take(
    text: &str,
    opened: &Opened,
    lanes: &mut Lanes,
    out: &Sender<String>,
) -> Result<(), (ApiError, Option<String>)> {
    let mut event: Map<String, Value> = serde_json::from_str(text)
        .map_err(|_| (ApiError::invalid("The event could not be parsed: expected a JSON object."), None))?;
    let lane = match event.remove("stream_id") {
        None | Some(Value::Null) => None,
        Some(Value::String(name)) if is_name(&name) => Some(name),
        Some(_) => {
            let message =
                "Invalid 'stream_id': expected a string of 1 to 256 letters, digits, dots, dashes or underscores.";
            return Err((ApiError::invalid(message).param("stream_id").code("invalid_value"), None));
        }
    };
    let failed = |error: ApiError| (error, lane.clone());
    match event.remove("type").as_ref().and_then(Value::as_str) {
        Some("response.create") => {}
        Some(other) => return Err(failed(ApiError::unsupported_value("type", other, &["response.create"]))),
        None => return Err(failed(ApiError::missing("type"))),
    }
    if event.get("background").is_some_and(|background| *background == true) {
        let message = "Unsupported parameter: 'background' is not supported over WebSocket.";
        return Err(failed(ApiError::invalid(message).param("background").code("unsupported_parameter")));
    }
    if !lanes.contains_key(&lane) {
        if lanes.len() >= MOST_LANES {
            let message = "This WebSocket connection has reached its stream limit.";
            return Err(failed(ApiError::invalid(message).param("stream_id").code("websocket_stream_limit_reached")));
        }
        let (sender, requests) = channel(MOST_WAITING);
        let task = Lane { name: lane.clone(), opened: opened.clone(), out: out.clone() };
        opened.context.app().kit.tasks.spawn(task.run(requests));
        lanes.insert(lane.clone(), sender);
    }
    let waiting = lanes.get(&lane).is_some_and(|lane| lane.try_send(event).is_ok());
    if waiting { Ok(()) } else { Err(failed(ApiError::invalid("Too many requests wait in this stream."))) }
}

fn is_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(allowed)
}

/// Requests that follow one another.
struct Lane {
    name: Option<String>,
    opened: Opened,
    out: Sender<String>,
}

impl Lane {
    /// Answers requests until the socket is gone.
    async fn run(mut self, mut requests: Receiver<Map<String, Value>>) {
        while let Some(request) = requests.recv().await {
            if self.answer(request).await.is_none() {
                return;
            }
        }
    }

    /// Sends the events of one answer; `None` if nobody listens any more.
    async fn answer(&mut self, mut body: Map<String, Value>) -> Option<()> {
        body.insert("stream".to_owned(), Value::from(true));
        let context = &self.opened.context;
        let mut request = Request::builder().method(Method::POST).uri("/v1/responses");
        if let Some(headers) = request.headers_mut() {
            headers.clone_from(&self.opened.headers);
            headers.insert(header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
            let workspace = http::HeaderValue::from_str(&context.workspace().name);
            headers.extend(workspace.ok().map(|name| (HeaderName::from_static("x-fakeai-workspace"), name)));
        }
        let request = request.body(Body::from(Value::Object(body).to_string())).ok()?;
        let Ok(response) = self.opened.door.call(request).await;
        let status = response.status();
        let mut frames = response.into_body();
        let mut unread = Vec::new();
        while let Some(Ok(frame)) = frames.frame().await {
            unread.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
            if status.is_success() {
                self.send_events(&mut unread).await?;
            }
        }
        if status.is_success() {
            return Some(());
        }
        let envelope: Value = serde_json::from_slice(&unread).unwrap_or_default();
        let mut event = Map::new();
        event.insert("type".to_owned(), Value::from("error"));
        event.insert("status".to_owned(), Value::from(status.as_u16()));
        event.insert("error".to_owned(), envelope["error"].clone());
        event.extend(self.name.as_deref().map(|name| ("stream_id".to_owned(), Value::from(name))));
        self.out.send(Value::Object(event).to_string()).await.ok()
    }

    /// Sends the whole events of `unread` and leaves the rest.
    async fn send_events(&self, unread: &mut Vec<u8>) -> Option<()> {
        while let Some(end) = memchr::memmem::find(unread, b"\n\n") {
            let event: Vec<u8> = unread.drain(..end + 2).collect();
            let Ok(event) = std::str::from_utf8(&event) else { continue };
            // Comments, which keep streams open, have no data.
            let data = event.lines().find_map(|line| line.strip_prefix("data: "));
            if let Some(data) = data.filter(|data| data.starts_with('{')) {
                self.out.send(self.named(data)).await.ok()?;
            }
        }
        Some(())
    }

    /// The event with the name of the lane.
    fn named(&self, data: &str) -> String {
        match (&self.name, data.strip_suffix('}')) {
            (Some(name), Some(open)) => format!("{open},\"stream_id\":\"{name}\"}}"),
            _ => data.to_owned(),
        }
    }
}

/// The event that tells an error.
fn failure(error: &ApiError, lane: Option<&str>) -> String {
    let mut event = Map::new();
    event.insert("type".to_owned(), Value::from("error"));
    event.insert("status".to_owned(), Value::from(error.status.as_u16()));
    let envelope: Value = serde_json::from_slice(&error.to_line()).unwrap_or_default();
    event.insert("error".to_owned(), envelope["error"].clone());
    if let Some(lane) = lane {
        event.insert("stream_id".to_owned(), Value::from(lane));
    }
    Value::Object(event).to_string()
}
