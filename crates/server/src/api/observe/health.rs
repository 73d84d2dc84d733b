//! Whether the server is well, and whether it takes requests.

use axum::response::{IntoResponse, Response};
use axum::routing::get;
use fakeai_telemetry::DetailedHealth;
use http::StatusCode;
use serde::Serialize;

use crate::api::Endpoint;
use crate::context::Context;
use crate::wire::json;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::own("GET", "/health", "getHealth", get(health)),
        Endpoint::own("GET", "/health/detailed", "getDetailedHealth", get(detailed)),
        Endpoint::own("GET", "/ready", "getReadiness", get(ready)),
    ]
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
    ready: bool,
    timestamp: String,
    version: &'static str,
    uptime_seconds: f64,
}

async fn health(context: Context) -> Response {
    let now = context.app().kit.clock.now();
    json(&Health {
        status: "healthy",
        ready: is_ready(&context),
        timestamp: context.clock().timestamp().to_string(),
        version: env!("CARGO_PKG_VERSION"),
        uptime_seconds: now.since(context.app().kit.clock.began()).as_secs_f64(),
    })
}

async fn detailed(context: Context) -> Response {
    let now = context.app().kit.clock.now();
    json(&DetailedHealth::of(
        &context.app().ledger,
        now,
        context.clock().timestamp().to_string(),
        env!("CARGO_PKG_VERSION"),
    ))
}

/// A server that was told to stop still answers on connections it has, but should get no more of them.
fn is_ready(context: &Context) -> bool {
    !context.app().kit.tasks.is_stopping() && !context.app().is_closing()
}

/// 200 as long as the server takes new requests, then 503.
async fn ready(context: Context) -> Response {
    #[derive(Serialize)]
    struct Ready {
        ready: bool,
        status: &'static str,
    }
    if is_ready(&context) {
        return json(&Ready { ready: true, status: "ready" });
    }
    (StatusCode::SERVICE_UNAVAILABLE, json(&Ready { ready: false, status: "stopping" })).into_response()
}
