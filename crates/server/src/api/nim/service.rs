//! What a NIM says of itself: what it serves, its version, whether it is well.

use axum::response::{IntoResponse, Response};
use axum::routing::get;
use fakeai_catalog::ModelKind;
use http::StatusCode;
use serde_json::{Value, json};

use crate::api::Endpoint;
use crate::context::Context;
use crate::wire::json as json_answer;

/// The version of the API that NIMs of today have.
const API_VERSION: &str = "1.0.0";

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::own("GET", "/v1/metadata", "getNimMetadata", get(metadata)),
        Endpoint::own("GET", "/v1/version", "getNimVersion", get(version)),
        Endpoint::own("GET", "/v1/health/live", "getNimLiveness", get(live)),
        Endpoint::own("GET", "/v1/health/ready", "getNimReadiness", get(ready)),
    ]
}

/// What NIMs serve is tagged `nim` in the catalog.
async fn metadata(context: Context) -> Response {
    let served = context.app().catalog.iter().filter(|card| card.tags.iter().any(|tag| tag == "nim"));
    let shown = |card: &fakeai_catalog::ModelCard| {
        let name = card.id.rsplit('/').next().unwrap_or(&card.id);
        json!({
            "shortName": format!("{name}:{}", env!("CARGO_PKG_VERSION")),
            "modelUrl": format!("ngc://nim/{}", card.id),
            "type": kind(card.kind),
        })
    };
    let models: Vec<Value> = served.map(|card| shown(card.as_ref())).collect();
    json_answer(&json!({
        "version": env!("CARGO_PKG_VERSION"),
        "assetInfo": [],
        "modelInfo": models,
        "licenseInfo": {
            "name": env!("CARGO_PKG_LICENSE"),
            "path": "LICENSE",
            "url": "https://www.apache.org/licenses/LICENSE-2.0",
        },
        "repository_override": "",
    }))
}

const fn kind(kind: ModelKind) -> &'static str {
    match kind {
        ModelKind::Embedding => "embedding",
        ModelKind::Rerank => "ranking",
        _ => "llm",
    }
}

async fn version() -> Response {
    json_answer(&json!({"release": env!("CARGO_PKG_VERSION"), "api": API_VERSION}))
}

async fn live() -> Response {
    json_answer(&json!({"object": "health.response", "message": "Service is live.", "status": "live"}))
}

/// 503 once the server was told to stop.
async fn ready(context: Context) -> Response {
    let app = context.app();
    if app.kit.tasks.is_stopping() || app.is_closing() {
        let stopping = json_answer(
            &json!({"object": "health.response", "message": "Service is stopping.", "status": "not_ready"}),
        );
        return (StatusCode::SERVICE_UNAVAILABLE, stopping).into_response();
    }
    json_answer(&json!({"object": "health.response", "message": "Service is ready.", "status": "ready"}))
}
