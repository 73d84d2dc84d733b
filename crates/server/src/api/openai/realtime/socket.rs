//! The socket of a session: what comes over it goes in, what is due goes out.

use std::future::poll_fn;
use std::task::{Context as TaskContext, Poll};

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use fakeai_core::{Clock, Tick};
use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use http::{HeaderMap, HeaderName, StatusCode, header};
use serde_json::json;

use super::calls;
use super::config::{Config, Kind};
use super::dialect::Dialect;
use super::secrets::session_of;
use super::session::Session;
use super::work::Done;
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::Query;

/// Largest event that a client may send: 15 MB of sound in base64, and what is around it.
const MOST_BYTES: usize = 16 << 20;
const BETA: HeaderName = HeaderName::from_static("openai-beta");
/// Subprotocols.
const REALTIME: &str = "realtime";
const BETA_PROTOCOL: &str = "openai-beta.realtime-v1";

/// What a session is to be, or why there is none.
type Wanted = Result<(Config, Dialect), ApiError>;

pub(super) async fn connect(
    context: Context,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let kind = match Query::of(context.path()).get("intent") {
        Some("transcription") => Kind::Transcription,
        _ => Kind::Conversation,
    };
    open(context, &headers, upgrade, kind)
}

pub(super) async fn connect_translation(
    context: Context,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    open(context, &headers, upgrade, Kind::Translation)
}

fn open(
    context: Context,
    headers: &HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    kind: Kind,
) -> Result<Response, ApiError> {
    let Ok(upgrade) = upgrade else {
        let message = "This URL answers GET requests that open a WebSocket.";
        return Err(ApiError::invalid(message).status(StatusCode::UPGRADE_REQUIRED).code("upgrade_required"));
    };
    let wanted = match session_of(&context, headers)? {
        Some(made) => Ok(made),
        None => wanted(&context, headers, kind),
    };
    let upgrade = upgrade.protocols([REALTIME]).max_message_size(MOST_BYTES).max_frame_size(MOST_BYTES);
    Ok(upgrade.on_upgrade(move |socket| async move {
        match wanted {
            Ok((config, dialect)) => {
                let origin = context.origin();
                let session = Session::new(context.clone(), origin, config, dialect);
                let call = Query::of(context.path()).get("call_id").map(str::to_owned);
                let session = match call {
                    Some(call) => session.of_call(call),
                    None => session,
                };
                serve(socket, session, &context).await;
            }
            Err(error) => refuse(socket, &context, &error).await,
        }
    }))
}

/// What the head of a request asks for.
fn wanted(context: &Context, headers: &HeaderMap, kind: Kind) -> Wanted {
    let query = Query::of(context.path());
    if let Some(call) = query.get("call_id") {
        return calls::session_of(context, call);
    }
    let model = match (query.get("model").filter(|model| !model.is_empty()), kind) {
        (Some(model), _) => model,
        (None, Kind::Transcription) => "gpt-4o-transcribe",
        (None, _) => return Err(ApiError::invalid("You must provide a model parameter.").code("missing_model")),
    };
    let dialect = if kind == Kind::Translation { Dialect::Translation } else { dialect(headers) };
    Ok((Config::new(context, kind, model)?, dialect))
}

/// The form of the API that a client speaks.
fn dialect(headers: &HeaderMap) -> Dialect {
    let says = |name: HeaderName, word: &str| {
        let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|part| part.trim() == word)
    };
    if says(BETA, "realtime=v1") || says(header::SEC_WEBSOCKET_PROTOCOL, BETA_PROTOCOL) {
        Dialect::Beta
    } else {
        Dialect::General
    }
}

/// Says why there is no session, as `OpenAI` does: by an event and the reason the socket is closed for.
async fn refuse(mut socket: WebSocket, context: &Context, error: &ApiError) {
    let fields = json!({
        "type": error.kind, "code": error.code, "message": error.message, "param": error.param, "event_id": null,
    });
    let event = json!({"type": "error", "event_id": context.id("event_", 21), "error": fields});
    let reason = format!("{}.{}", error.kind, error.label());
    // Nobody may listen any more.
    let _ = socket.send(Message::Text(event.to_string().into())).await;
    let _ = socket.send(Message::Close(Some(CloseFrame { code: 4000, reason: reason.into() }))).await;
}

/// Wakes the session when something is due. A waker that is set stays set, so that it is not set anew with every event.
#[derive(Default)]
struct Alarm(Option<Tick>);

impl Alarm {
    fn poll(&mut self, clock: &Clock, due: Tick, task: &TaskContext<'_>) -> Poll<()> {
        let now = clock.now();
        if due <= now {
            return Poll::Ready(());
        }
        if self.0.is_none_or(|set| set <= now || set > due) {
            clock.wake_at(due, task.waker());
            self.0 = Some(due);
        }
        Poll::Pending
    }
}

async fn serve(mut socket: WebSocket, mut session: Session, context: &Context) {
    let tasks = context.app().kit.tasks.clone();
    let mut works: FuturesUnordered<BoxFuture<'static, Done>> = FuturesUnordered::new();
    let mut alarm = Alarm::default();
    loop {
        for work in session.take_works() {
            works.push(Box::pin(work.perform(context.clone())));
        }
        while let Some(event) = session.pop() {
            let sent = tokio::select! {
                () = tasks.stopping() => return,
                sent = socket.send(Message::Text(event.into())) => sent,
            };
            if sent.is_err() {
                return;
            }
        }
        if let Some((code, reason)) = session.over {
            let _ = socket.send(Message::Close(Some(CloseFrame { code, reason: reason.into() }))).await;
            return;
        }
        let due = poll_fn(|task| {
            if session.listen_to_engine(task.waker()) {
                return Poll::Ready(());
            }
            alarm.poll(context.clock(), session.due(), task)
        });
        tokio::select! {
            () = tasks.stopping() => {
                let close = CloseFrame { code: 1001, reason: "server_shutdown".into() };
                let _ = socket.send(Message::Close(Some(close))).await;
                return;
            }
            message = socket.recv() => match message {
                Some(Ok(Message::Text(text))) => session.hear(text.as_str()),
                Some(Ok(Message::Binary(_))) => {
                    let message = "Binary messages are not supported: send events as JSON text.";
                    session.refuse(&ApiError::invalid(message).code("invalid_event"));
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Err(_)) => {
                    // Too large, or no WebSocket any more: then this goes nowhere.
                    let close = CloseFrame { code: 1009, reason: "message too big".into() };
                    let _ = socket.send(Message::Close(Some(close))).await;
                    return;
                }
                Some(Ok(Message::Close(_))) | None => return,
            },
            Some(done) = works.next() => session.done(done),
            () = due => session.advance(),
        }
    }
}
