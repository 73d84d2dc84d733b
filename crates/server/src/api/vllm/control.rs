//! Version, load, and emptying the caches.

use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;
use serde::Serialize;

use crate::api::Endpoint;
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::json;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::own("GET", "/version", "getVersion", get(version)),
        Endpoint::own("GET", "/load", "getLoad", get(load)),
        Endpoint::own("POST", "/reset_prefix_cache", "resetPrefixCache", post(reset_prefix_cache)),
    ]
}

async fn version() -> Response {
    #[derive(Serialize)]
    struct Version {
        version: &'static str,
    }
    json(&Version { version: env!("CARGO_PKG_VERSION") })
}

/// Sequences the engine has taken in and not ended, wherever they are; without an engine, open streams.
async fn load(context: Context) -> Result<Response, ApiError> {
    #[derive(Serialize)]
    struct Load {
        server_load: usize,
    }
    let app = context.app();
    let server_load = match app.drivers.on(context.clock(), &app.kit.tasks) {
        Some(driver) => driver.map_err(|_| ApiError::internal())?.change(|cluster, _| cluster.in_flight()),
        None => app.ledger.active_streams(),
    };
    Ok(json(&Load { server_load }))
}

/// Empties the caches of idle workers. As vLLM, it answers 200 without a body even if blocks in use kept a cache as it is.
async fn reset_prefix_cache(context: Context) -> Result<Response, ApiError> {
    let app = context.app();
    let driver = app.drivers.on(context.clock(), &app.kit.tasks).ok_or_else(|| {
        let message = "This server has no physical engine: start it with --engine vllm, sglang or trtllm.";
        ApiError::invalid(message).status(StatusCode::NOT_FOUND)
    })?;
    if !driver.map_err(|_| ApiError::internal())?.reset_prefix_caches() {
        tracing::warn!("a prefix cache was not reset because some of its blocks are in use");
    }
    Ok(Response::default())
}
