//! The server's own controls: workspaces, their seed, their clock, the requests they saw.

mod bans;
mod faults;
mod state;
mod workers;

use std::time::Duration;

use axum::response::Response;
use axum::routing::{delete, get, post};
use fakeai_core::{Clock, Seed, masked_url};
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::Endpoint;
use super::openai::accept_invite;
use crate::access::without_secrets;
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::{JsonBody, PathText, json};

pub(super) fn endpoints() -> Vec<Endpoint> {
    let mut all = workers::endpoints();
    all.extend(faults::endpoints());
    all.extend(bans::endpoints());
    all.extend(state::endpoints());
    all.extend([
        Endpoint::own("GET", "/fakeai/workspaces", "listWorkspaces", get(list)),
        Endpoint::own("DELETE", "/fakeai/workspaces/{name}", "deleteWorkspace", delete(delete_one)),
        Endpoint::own("GET", "/fakeai/workspace", "getWorkspace", get(get_one)),
        Endpoint::own("POST", "/fakeai/workspace/reset", "resetWorkspace", post(reset)),
        Endpoint::own("POST", "/fakeai/clock", "setClock", post(set_clock)),
        Endpoint::own("POST", "/fakeai/invites/{invite_id}/accept", "acceptInvite", post(accept_invite)),
        Endpoint::own("GET", "/fakeai/requests", "listRequests", get(requests)),
        Endpoint::own("GET", "/fakeai/pacing", "getPacing", get(pacing)),
    ]);
    all
}

#[derive(Serialize)]
struct List<T> {
    object: &'static str,
    data: Vec<T>,
}

#[derive(Serialize)]
struct WorkspaceWire {
    object: &'static str,
    name: String,
    seed: u64,
    /// `system`, `fixed` (the date stands still) or `manual` (everything waits for `advance_ms`).
    clock: &'static str,
    now: String,
    requests: u64,
    models: usize,
}

impl WorkspaceWire {
    fn of(context: &Context) -> Self {
        let workspace = context.workspace();
        let clock = workspace.clock();
        Self {
            object: "fakeai.workspace",
            name: workspace.name.to_string(),
            seed: workspace.seed().value(),
            clock: match (clock.is_manual(), clock.has_fixed_date()) {
                (true, _) => "manual",
                (false, true) => "fixed",
                (false, false) => "system",
            },
            now: clock.timestamp().to_string(),
            requests: workspace.request_count(),
            models: workspace.models().len(),
        }
    }
}

async fn list(context: Context) -> Response {
    json(&List { object: "list", data: context.app().workspaces.names() })
}

async fn get_one(context: Context) -> Response {
    json(&WorkspaceWire::of(&context))
}

async fn delete_one(context: Context, PathText(name): PathText) -> Result<Response, ApiError> {
    #[derive(Serialize)]
    struct Deleted {
        object: &'static str,
        name: String,
        deleted: bool,
    }
    if let Some(workspace) = context.app().workspaces.delete(&name) {
        workspace.space().clear().await?;
        return Ok(json(&Deleted { object: "fakeai.workspace", name, deleted: true }));
    }
    Err(ApiError::invalid(format!("No workspace is called '{name}', or it is the default one."))
        .status(StatusCode::NOT_FOUND))
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Reset {
    seed: Option<u64>,
}

async fn reset(JsonBody(context, wire): JsonBody<Reset>) -> Result<Response, ApiError> {
    let workspace = context.workspace();
    workspace.space().clear().await?;
    workspace.reset(wire.seed.map_or_else(|| workspace.seed(), Seed::new));
    Ok(json(&WorkspaceWire::of(&context)))
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct SetClock {
    mode: Option<String>,
    unix_seconds: Option<i64>,
    advance_ms: Option<u64>,
}

/// Gives the workspace another clock, moves the one it has, or both.
async fn set_clock(JsonBody(context, wire): JsonBody<SetClock>) -> Result<Response, ApiError> {
    let workspace = context.workspace();
    let start = wire.unix_seconds.unwrap_or_else(|| workspace.clock().unix());
    match wire.mode.as_deref() {
        None if wire.unix_seconds.is_some() => return Err(ApiError::missing("mode")),
        None => {}
        Some("system") => workspace.set_clock(context.app().kit.clock.clone()),
        Some("fixed") => workspace.set_clock(context.app().kit.clock.with_fixed_date(start)),
        Some("manual") => workspace.set_clock(Clock::manual(start)),
        Some(other) => return Err(ApiError::unsupported_value("mode", other, &["system", "fixed", "manual"])),
    }
    if let Some(milliseconds) = wire.advance_ms {
        if !workspace.clock().has_fixed_date() {
            let message = "The system's clock can't be moved: set 'mode' to 'fixed' or 'manual'.";
            return Err(ApiError::invalid(message).param("advance_ms"));
        }
        workspace.clock().advance(Duration::from_millis(milliseconds));
    }
    Ok(json(&WorkspaceWire::of(&context)))
}

async fn requests(context: Context) -> Response {
    #[derive(Serialize)]
    struct Entry {
        method: String,
        path: String,
        body: String,
    }
    let entries = context.workspace().journal().into_iter().map(|entry| Entry {
        method: entry.method.to_string(),
        path: masked_url(&entry.path).into_owned(),
        body: without_secrets(&entry.body),
    });
    json(&List { object: "list", data: entries.collect() })
}

async fn pacing(context: Context) -> Response {
    json(&context.app().ledger.pacing().summary())
}
