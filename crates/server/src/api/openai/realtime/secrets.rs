//! Keys for one session: made by who has a real key, given to a browser, good for Realtime only and for a short while.
//! A key carries the configuration of its session.

use std::sync::Arc;

use axum::response::Response;
use axum::routing::post;
use fakeai_store::Change;
use http::HeaderMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::config::{Config, Kind};
use super::dialect::Dialect;
use super::reading::Reading;
use crate::api::Endpoint;
use crate::context::Context;
use crate::error::ApiError;
use crate::gate::{Bearer, Entry, Owner, enter_key, incorrect_key, sent_key};
use crate::wire::{JsonBody, json as json_answer};

/// What such keys begin with.
const PREFIX: &str = "ek_";
/// Where configurations are kept, by the key's fingerprint.
const KIND: &str = "realtime.session";
/// Where such keys are good: paths below it.
const AREA: &str = "/v1/realtime";
/// Seconds a key is good for unless the client says otherwise, and of the beta's sessions.
const USUAL_SECONDS: i64 = 600;
const BETA_SECONDS: i64 = 60;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::api("POST", "/realtime/client_secrets", "create-realtime-client-secret", post(create)),
        Endpoint::api("POST", "/realtime/sessions", "create-realtime-session", post(create_session)),
        Endpoint::api(
            "POST",
            "/realtime/transcription_sessions",
            "create-realtime-transcription-session",
            post(create_transcription_session),
        ),
        Endpoint::api(
            "POST",
            "/realtime/translations/client_secrets",
            "create-realtime-translation-client-secret",
            post(create_translation),
        ),
    ]
}

/// A configuration as it is kept: what the client said of it.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Kept {
    kind: String,
    is_beta: bool,
    model: String,
    session: Map<String, Value>,
}

impl Kept {
    /// What the client said, which makes `config`.
    pub(super) fn new(config: &Config, dialect: Dialect, mut session: Map<String, Value>) -> Self {
        session.remove("model");
        let kind = config.kind.name().to_owned();
        Self { kind, is_beta: dialect == Dialect::Beta, model: config.model.clone(), session }
    }

    /// The configuration.
    ///
    /// # Errors
    /// Its model is gone.
    pub(super) fn config(&self, context: &Context) -> Result<(Config, Dialect), ApiError> {
        let kinds = [Kind::Conversation, Kind::Transcription, Kind::Translation];
        let kind = kinds.into_iter().find(|kind| kind.name() == self.kind).unwrap_or(Kind::Conversation);
        let dialect = if self.is_beta { Dialect::Beta } else { Dialect::General };
        let config = Config::new(context, kind, &self.model)?.updated(context, dialect, &self.session, false)?;
        Ok((config, if kind == Kind::Translation { Dialect::Translation } else { dialect }))
    }
}

async fn create(JsonBody(context, body): JsonBody<Map<String, Value>>) -> Result<Response, ApiError> {
    let made = async {
        let fields = Reading::new(&body, "");
        fields.check_names(&["expires_after", "session"])?;
        let seconds = seconds(&fields)?;
        let mut session = match fields.object("session")?.and(fields.get("session")) {
            Some(Value::Object(session)) => session.clone(),
            _ => Map::new(),
        };
        let kind = match Reading::new(&session, "session").word("type", &["realtime", "transcription"])? {
            Some("transcription") => Kind::Transcription,
            _ => Kind::Conversation,
        };
        session.insert("type".to_owned(), json!(kind.name()));
        make(&context, kind, Dialect::General, session, seconds).await
    };
    let Made { value, ends, shown } = made.await.map_err(|error| context.validation(error))?;
    Ok(json_answer(&json!({"value": value, "expires_at": ends, "session": shown})))
}

async fn create_translation(JsonBody(context, body): JsonBody<Map<String, Value>>) -> Result<Response, ApiError> {
    let made = async {
        let fields = Reading::new(&body, "");
        fields.check_names(&["expires_after", "session"])?;
        let seconds = seconds(&fields)?;
        let session = fields.object("session")?.ok_or_else(|| ApiError::missing("session"))?;
        session.needed("model")?;
        let Some(Value::Object(session)) = fields.get("session") else { return Err(ApiError::missing("session")) };
        make(&context, Kind::Translation, Dialect::General, session.clone(), seconds).await
    };
    let Made { value, ends, shown } = made.await.map_err(|error| context.validation(error))?;
    Ok(json_answer(&json!({"value": value, "expires_at": ends, "session": shown})))
}

async fn create_session(JsonBody(context, body): JsonBody<Map<String, Value>>) -> Result<Response, ApiError> {
    create_beta(&context, Kind::Conversation, body).await
}

async fn create_transcription_session(
    JsonBody(context, body): JsonBody<Map<String, Value>>,
) -> Result<Response, ApiError> {
    create_beta(&context, Kind::Transcription, body).await
}

/// A session as the beta makes it: the configuration, with its key in it.
async fn create_beta(context: &Context, kind: Kind, body: Map<String, Value>) -> Result<Response, ApiError> {
    let made = make(context, kind, Dialect::Beta, body, BETA_SECONDS).await;
    let Made { value, ends, mut shown } = made.map_err(|error| context.validation(error))?;
    shown["client_secret"] = json!({"value": value, "expires_at": ends});
    if let Value::Object(fields) = &mut shown {
        // The document has no nulls here.
        fields.retain(|_, value| !value.is_null());
    }
    Ok(json_answer(&shown))
}

/// How long a key is good for.
fn seconds(fields: &Reading<'_>) -> Result<i64, ApiError> {
    let Some(after) = fields.object("expires_after")? else { return Ok(USUAL_SECONDS) };
    after.check_names(&["anchor", "seconds"])?;
    after.word("anchor", &["created_at"])?;
    Ok(after.integer("seconds", 10, 7200)?.unwrap_or(USUAL_SECONDS))
}

/// A key that was made.
struct Made {
    value: String,
    ends: i64,
    /// Its session.
    shown: Value,
}

async fn make(
    context: &Context,
    kind: Kind,
    dialect: Dialect,
    session: Map<String, Value>,
    seconds: i64,
) -> Result<Made, ApiError> {
    let usual = match kind {
        Kind::Transcription => "gpt-4o-transcribe",
        Kind::Conversation | Kind::Translation => "gpt-realtime",
    };
    let model = Reading::new(&session, "session").text("model")?.unwrap_or(usual);
    let config = Config::new(context, kind, model)?.updated(context, dialect, &session, false)?;
    let value = context.hex_id(PREFIX, 32);
    let ends = context.created() + seconds;
    let project = context.note().caller.as_ref().and_then(|caller| caller.project.clone());
    // It may do what the key may that made it, in its place.
    let maker = context.note().bearer.clone();
    let nobody = || Arc::new(Bearer { id: String::new(), project, owner: Owner::Server, scopes: None });
    let bearer = maker.unwrap_or_else(nobody);
    let entry = Entry { stands_on: Vec::new(), ends: Some(ends), area: Some(AREA.into()), bearer };
    enter_key(context, &value, &entry).await?;
    let shown = config.shown(dialect, &context.id("sess_", 21), ends);
    let kept = serde_json::to_vec(&Kept::new(&config, dialect, session)).map_err(|_| ApiError::internal())?;
    let put = Change::put(KIND, place(value.as_bytes()), kept).expiring(Some(ends.saturating_mul(1000)));
    context.documents().change(put).await?;
    Ok(Made { value, ends, shown })
}

/// The session that the key of these headers was made for; nothing for a key of another kind.
///
/// # Errors
/// 401: it is none, or not good any more.
pub(super) fn session_of(context: &Context, headers: &HeaderMap) -> Result<Option<(Config, Dialect)>, ApiError> {
    let Some(key) = sent_key(headers).filter(|key| key.starts_with(PREFIX.as_bytes())) else { return Ok(None) };
    let found = context.documents().get(KIND, &place(&key)).wait()?;
    let kept = found.and_then(|found| serde_json::from_slice::<Kept>(&found.body).ok());
    let Some(kept) = kept else { return Err(incorrect_key(&key)) };
    kept.config(context).map(Some)
}

/// Where a key's configuration is: keys themselves are not kept.
fn place(key: &[u8]) -> String {
    format!("{:032x}", xxhash_rust::xxh3::xxh3_128(key))
}
