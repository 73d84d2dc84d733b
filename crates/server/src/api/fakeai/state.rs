//! All of the server's state at once: forgotten, handed out as one file, taken back from it.

use axum::body::Body;
use axum::extract::{FromRequestParts, Request};
use axum::response::Response;
use axum::routing::post;
use fakeai_core::Seed;
use http::{HeaderValue, header};
use serde::{Deserialize, Serialize};

use crate::api::Endpoint;
use crate::context::Context;
use crate::error::ApiError;
use crate::snapshot::{self, Counts};
use crate::wire::{JsonBody, json, read_body};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::own("POST", "/fakeai/reset", "reset", post(reset)),
        Endpoint::own("POST", "/fakeai/snapshot", "createSnapshot", post(create)),
        Endpoint::own("POST", "/fakeai/snapshot/restore", "restoreSnapshot", post(restore)),
    ]
}

/// What can be forgotten.
const PARTS: [&str; 3] = ["state", "metrics", "journal"];

#[derive(Default, Deserialize)]
#[serde(default)]
struct Reset {
    /// Which parts; unless said, all that there are.
    parts: Option<Vec<String>>,
    /// The seed from now on; unless said, it stays.
    seed: Option<u64>,
}

/// Forgets the parts that are named, of the workspace that the request names, or of the whole server if it names none.
/// Metrics are the whole server's.
async fn reset(JsonBody(context, wire): JsonBody<Reset>) -> Result<Response, ApiError> {
    #[derive(Serialize)]
    struct Done {
        object: &'static str,
        parts: Vec<&'static str>,
        workspaces: Vec<String>,
    }
    let parts = parts(&context, wire.parts)?;
    let app = context.app();
    let names =
        if context.names_workspace() { vec![context.workspace_name().to_string()] } else { app.workspaces.names() };
    if parts.contains(&"state") {
        let spaces = if context.names_workspace() { names.clone() } else { app.kit.home.spaces().await? };
        for space in spaces {
            app.kit.home.clear(&space).await?;
        }
    }
    for workspace in names.iter().filter_map(|name| app.workspaces.find(name)) {
        if parts.contains(&"state") {
            workspace.reset_state(wire.seed.map_or_else(|| workspace.seed(), Seed::new));
        }
        if parts.contains(&"journal") {
            workspace.clear_journal();
        }
    }
    if parts.contains(&"metrics") {
        app.ledger.clear();
    }
    Ok(json(&Done { object: "fakeai.reset", parts, workspaces: names }))
}

fn parts(context: &Context, asked: Option<Vec<String>>) -> Result<Vec<&'static str>, ApiError> {
    let Some(asked) = asked else {
        return Ok(PARTS.into_iter().filter(|part| *part != "metrics" || !context.names_workspace()).collect());
    };
    if let Some(wrong) = asked.iter().find(|part| !PARTS.contains(&&***part)) {
        return Err(context.validation(ApiError::unsupported_value("parts", wrong, &PARTS)));
    }
    if context.names_workspace() && asked.iter().any(|part| part == "metrics") {
        let message = "Metrics are those of the whole server: reset them with a request that names no workspace.";
        return Err(context.validation(ApiError::invalid(message).param("parts")));
    }
    Ok(PARTS.into_iter().filter(|part| asked.iter().any(|asked| asked == part)).collect())
}

/// Everything in one file.
async fn create(context: Context) -> Result<Response, ApiError> {
    let lines = snapshot::lines(context.app())?;
    let mut response = Response::new(Body::from_stream(lines));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"fakeai.snapshot\""));
    Ok(response)
}

/// Takes such a file back, in the place of everything there is.
async fn restore(request: Request) -> Result<Response, ApiError> {
    #[derive(Serialize)]
    struct Restored {
        object: &'static str,
        #[serde(flatten)]
        counts: Counts,
    }
    let (mut parts, body) = request.into_parts();
    let context = Context::from_request_parts(&mut parts, &()).await?;
    let file = read_body(&context, body).await?;
    let read = context.app().kit.tasks.compute(move || snapshot::read(&file)).await;
    let snapshot = read.ok_or_else(ApiError::internal)?.map_err(|problem| {
        context
            .validation(ApiError::invalid(format!("The snapshot can't be used: {problem}. Nothing was changed.")))
            .code("invalid_snapshot")
    })?;
    let counts = snapshot.counts();
    snapshot::restore(context.app(), snapshot).await?;
    Ok(json(&Restored { object: "fakeai.snapshot.restored", counts }))
}
