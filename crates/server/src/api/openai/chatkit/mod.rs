//! `ChatKit`: sessions and threads. A session's secret would open a widget in a browser, which makes the threads; there is
//! no widget here, so no threads come into being.

use serde_json::{Map, Value, json};

use crate::api::Endpoint;
use crate::api::openai::declared::{Ending, Field, From, Identity, Kind, Making, PLAIN, Resource, Rule, Verb};
use crate::error::ApiError;

/// Seconds that a session lives, and the most.
const LIFETIME: i64 = 600;
/// Requests a minute where nothing is said.
const USUAL_REQUESTS: i64 = 10;

pub(super) fn endpoints() -> Vec<Endpoint> {
    SESSIONS.endpoints().chain(THREADS.endpoints()).chain(ITEMS.endpoints()).collect()
}

static SESSIONS: Resource = Resource {
    name: "chat session",
    path: "/chatkit/sessions",
    item: "/chatkit/sessions/{session_id}",
    identity: Identity::Made("cksess_", 48),
    fields: &[
        Field("id", From::Id),
        Field("object", From::Fixed("\"chatkit.session\"")),
        Field("expires_at", From::Made(expires_at)),
        Field("client_secret", From::Made(client_secret)),
        Field("workflow", From::Made(workflow)),
        Field("user", From::Given(Rule::needed(Kind::Text(512)))),
        Field("rate_limits", From::Made(rate_limits)),
        Field("max_requests_per_1_minute", From::Made(requests)),
        Field("status", From::Fixed("\"active\"")),
        Field("chatkit_configuration", From::Made(configuration)),
    ],
    verbs: &[
        (Verb::Create, "CreateChatSessionMethod"),
        (
            Verb::Set("/chatkit/sessions/{session_id}/cancel", &[Field("status", From::Fixed("\"cancelled\""))]),
            "CancelChatSessionMethod",
        ),
    ],
    ending: Some(Ending { at: "expires_at", from: "active", to: "expired" }),
    ..PLAIN
};

static THREADS: Resource = Resource {
    name: "thread",
    path: "/chatkit/threads",
    item: "/chatkit/threads/{thread_id}",
    deleted: &[
        Field("id", From::Id),
        Field("object", From::Fixed("\"chatkit.thread.deleted\"")),
        Field("deleted", From::Fixed("true")),
    ],
    verbs: &[(Verb::List, "ListThreadsMethod"), (Verb::Get, "GetThreadMethod"), (Verb::Delete, "DeleteThreadMethod")],
    ..PLAIN
};

static ITEMS: Resource = Resource {
    name: "thread item",
    path: "/chatkit/threads/{thread_id}/items",
    parents: &[("thread_id", &THREADS)],
    verbs: &[(Verb::List, "ListThreadItemsMethod")],
    ..PLAIN
};

/// The object in a field of the body; empty if there is none.
fn object(making: &Making<'_>, name: &str) -> Result<Map<String, Value>, ApiError> {
    match making.given(name, Rule::or(Kind::Object, "{}"))? {
        Value::Object(object) => Ok(object),
        _ => Ok(Map::new()),
    }
}

/// A value inside of an object of the body.
fn inner(object: &Map<String, Value>, path: &str, rule: Rule) -> Result<Value, ApiError> {
    let name = path.rsplit('.').next().unwrap_or(path);
    let named = |error: ApiError| match error.param {
        Some(_) => {
            ApiError { message: error.message.replace(&format!("'{name}'"), &format!("'{path}'")).into(), ..error }
                .param(path)
        }
        None => error,
    };
    Ok(rule.read(object, name).map_err(named)?.unwrap_or_default())
}

fn expires_at(making: &Making<'_>) -> Result<Value, ApiError> {
    let after = object(making, "expires_after")?;
    let mut seconds = LIFETIME;
    if !after.is_empty() {
        inner(&after, "expires_after.anchor", Rule::needed(Kind::Words(&["created_at"])))?;
        let given = inner(&after, "expires_after.seconds", Rule::needed(Kind::Integer(1, LIFETIME)))?;
        seconds = given.as_i64().unwrap_or(LIFETIME);
    }
    Ok((making.context.created() + seconds).into())
}

#[expect(clippy::unnecessary_wraps, reason = "what makes a value may fail")]
fn client_secret(making: &Making<'_>) -> Result<Value, ApiError> {
    Ok(making.context.hex_id("ek_", 64).into())
}

fn workflow(making: &Making<'_>) -> Result<Value, ApiError> {
    let workflow = making.given("workflow", Rule::needed(Kind::Object))?;
    let Value::Object(workflow) = workflow else { return Err(ApiError::missing("workflow")) };
    let tracing = inner(&workflow, "workflow.tracing", Rule::or(Kind::Object, "{}"))?;
    Ok(json!({
        "id": inner(&workflow, "workflow.id", Rule::needed(Kind::Text(256)))?,
        "version": inner(&workflow, "workflow.version", Rule::or(Kind::Text(256), "null"))?,
        "state_variables": inner(&workflow, "workflow.state_variables", Rule::or(Kind::Object, "null"))?,
        "tracing": {"enabled": tracing["enabled"] != false},
    }))
}

fn requests(making: &Making<'_>) -> Result<Value, ApiError> {
    let limits = object(making, "rate_limits")?;
    let given = Rule::or(Kind::Integer(1, i64::MAX), "");
    let given = inner(&limits, "rate_limits.max_requests_per_1_minute", given)?;
    Ok(if given.is_null() { USUAL_REQUESTS.into() } else { given })
}

fn rate_limits(making: &Making<'_>) -> Result<Value, ApiError> {
    Ok(json!({"max_requests_per_1_minute": requests(making)?}))
}

fn configuration(making: &Making<'_>) -> Result<Value, ApiError> {
    let given = object(making, "chatkit_configuration")?;
    let part = |name: &str| given.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
    let (titling, upload, history) = (part("automatic_thread_titling"), part("file_upload"), part("history"));
    let count = |part: &Map<String, Value>, path, most, otherwise| {
        inner(part, path, Rule::or(Kind::Integer(1, most), otherwise))
    };
    Ok(json!({
        "automatic_thread_titling": {"enabled": titling.get("enabled").is_none_or(|enabled| *enabled != false)},
        "file_upload": {
            "enabled": upload.get("enabled").is_some_and(|enabled| *enabled == true),
            "max_file_size": count(&upload, "chatkit_configuration.file_upload.max_file_size", 512, "512")?,
            "max_files": count(&upload, "chatkit_configuration.file_upload.max_files", i64::MAX, "10")?,
        },
        "history": {
            "enabled": history.get("enabled").is_none_or(|enabled| *enabled != false),
            "recent_threads": count(&history, "chatkit_configuration.history.recent_threads", i64::MAX, "null")?,
        },
    }))
}
