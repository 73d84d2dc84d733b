//! Calls: telephones that ring, and are answered by a session. No telephone network is behind this server, so calls are
//! made by a control route; what is said in them comes and goes over the socket that names the call.

use axum::response::Response;
use axum::routing::{get, post};
use fakeai_store::Change;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::config::{Config, Kind};
use super::dialect::Dialect;
use super::reading::Reading;
use super::secrets::Kept;
use crate::api::Endpoint;
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::{JsonBody, PathText, json as json_answer};

/// Where calls are kept, and how long.
const KIND: &str = "realtime.call";
const KEPT_MILLISECONDS: i64 = 24 * 3600 * 1000;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::api("POST", "/realtime/calls", "create-realtime-call", post(create)),
        Endpoint::api("POST", "/realtime/calls/{call_id}/accept", "accept-realtime-call", post(accept)),
        Endpoint::api("POST", "/realtime/calls/{call_id}/hangup", "hangup-realtime-call", post(hang_up)),
        Endpoint::api("POST", "/realtime/calls/{call_id}/refer", "refer-realtime-call", post(refer)),
        Endpoint::api("POST", "/realtime/calls/{call_id}/reject", "reject-realtime-call", post(reject)),
        Endpoint::own("POST", "/fakeai/realtime/calls", "createIncomingCall", post(ring)),
        Endpoint::own("GET", "/fakeai/realtime/calls/{call_id}", "getIncomingCall", get(get_one)),
    ]
}

/// How far a call is.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum CallStatus {
    Ringing,
    Accepted,
    Rejected,
    Referred,
    Ended,
}

/// A call.
#[derive(Debug, Deserialize, Serialize)]
struct Call {
    id: String,
    object: String,
    created_at: i64,
    status: CallStatus,
    from: String,
    to: String,
    /// The status that it was rejected with.
    sip_status: Option<i64>,
    /// Where it was sent on.
    target_uri: Option<String>,
    session: Option<Kept>,
}

impl Call {
    fn find(context: &Context, id: &str) -> Result<Self, ApiError> {
        let found = context.documents().get(KIND, id).wait()?;
        found.and_then(|found| serde_json::from_slice(&found.body).ok()).ok_or_else(|| {
            let message = format!("No session found for call_id '{id}'.");
            ApiError::invalid(message).status(StatusCode::NOT_FOUND).param("call_id").code("call_id_not_found")
        })
    }

    async fn keep(&self, context: &Context) -> Result<(), ApiError> {
        let body = serde_json::to_vec(self).map_err(|_| ApiError::internal())?;
        let ends = self.created_at.saturating_mul(1000).saturating_add(KEPT_MILLISECONDS);
        context.documents().change(Change::put(KIND, &*self.id, body).expiring(Some(ends))).await?;
        Ok(())
    }

    /// Refuses what fits no call of this status.
    fn check(&self, statuses: &[CallStatus]) -> Result<(), ApiError> {
        if statuses.contains(&self.status) {
            return Ok(());
        }
        let status = serde_json::to_value(self.status).unwrap_or_default();
        let message = format!("The call '{}' is {} already.", self.id, status.as_str().unwrap_or_default());
        Err(ApiError::invalid(message).param("call_id").code("call_status_mismatch"))
    }

    fn shown(&self) -> Value {
        json!({
            "id": self.id, "object": self.object, "created_at": self.created_at, "status": self.status,
            "from": self.from, "to": self.to, "sip_status": self.sip_status, "target_uri": self.target_uri,
        })
    }
}

/// The session of a call that was accepted.
///
/// # Errors
/// There is no such call, or it was not accepted.
pub(super) fn session_of(context: &Context, id: &str) -> Result<(Config, Dialect), ApiError> {
    let call = Call::find(context, id)?;
    call.check(&[CallStatus::Accepted])?;
    call.session.ok_or_else(ApiError::internal)?.config(context)
}

/// Whether a call still goes on.
pub(super) fn goes_on(context: &Context, id: &str) -> bool {
    Call::find(context, id).is_ok_and(|call| call.status == CallStatus::Accepted)
}

/// A telephone rings.
async fn ring(JsonBody(context, body): JsonBody<Map<String, Value>>) -> Result<Response, ApiError> {
    let fields = Reading::new(&body, "");
    fields.check_names(&["from", "to"])?;
    let call = Call {
        id: context.hex_id("rtc_", 32),
        object: "fakeai.realtime.call".to_owned(),
        created_at: context.created(),
        status: CallStatus::Ringing,
        from: fields.text("from")?.unwrap_or("sip:caller@example.com").to_owned(),
        to: fields.text("to")?.unwrap_or("sip:proj_fakeai@example.com").to_owned(),
        sip_status: None,
        target_uri: None,
        session: None,
    };
    call.keep(&context).await?;
    Ok(json_answer(&call.shown()))
}

async fn get_one(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    Ok(json_answer(&Call::find(&context, &id)?.shown()))
}

/// `WebRTC` needs a stack of its own; this server has none.
async fn create(_: Context) -> ApiError {
    let message = "WebRTC is not served here: connect over a WebSocket at /v1/realtime.";
    ApiError::invalid(message).status(StatusCode::NOT_IMPLEMENTED).code("webrtc_not_served")
}

async fn accept(
    PathText(id): PathText,
    JsonBody(context, mut body): JsonBody<Map<String, Value>>,
) -> Result<Response, ApiError> {
    let mut call = Call::find(&context, &id)?;
    call.check(&[CallStatus::Ringing])?;
    let wish = Reading::new(&body, "session");
    wish.needed("type")?;
    let model = wish.text("model")?.unwrap_or("gpt-realtime").to_owned();
    body.remove("model");
    let config = Config::new(&context, Kind::Conversation, &model)?;
    config.updated(&context, Dialect::General, &body, false)?;
    call.session = Some(Kept::new(&config, Dialect::General, body));
    call.status = CallStatus::Accepted;
    call.keep(&context).await?;
    Ok(done())
}

async fn hang_up(context: Context, PathText(id): PathText) -> Result<Response, ApiError> {
    let mut call = Call::find(&context, &id)?;
    call.check(&[CallStatus::Ringing, CallStatus::Accepted])?;
    call.status = CallStatus::Ended;
    call.keep(&context).await?;
    Ok(done())
}

async fn refer(
    PathText(id): PathText,
    JsonBody(context, body): JsonBody<Map<String, Value>>,
) -> Result<Response, ApiError> {
    let mut call = Call::find(&context, &id)?;
    call.check(&[CallStatus::Accepted])?;
    let fields = Reading::new(&body, "");
    fields.check_names(&["target_uri"])?;
    call.target_uri = Some(fields.needed("target_uri")?.to_owned());
    call.status = CallStatus::Referred;
    call.keep(&context).await?;
    Ok(done())
}

async fn reject(
    PathText(id): PathText,
    JsonBody(context, body): JsonBody<Map<String, Value>>,
) -> Result<Response, ApiError> {
    let mut call = Call::find(&context, &id)?;
    call.check(&[CallStatus::Ringing])?;
    let fields = Reading::new(&body, "");
    fields.check_names(&["status_code"])?;
    call.sip_status = Some(fields.integer("status_code", 400, 699)?.unwrap_or(603));
    call.status = CallStatus::Rejected;
    call.keep(&context).await?;
    Ok(done())
}

/// Nothing more to say.
fn done() -> Response {
    Response::default()
}
