//! Looking in from outside: health and metrics.

use axum::response::{IntoResponse, Response};
use axum::routing::get;
use fakeai_telemetry::engine::Flavor;
use fakeai_telemetry::{CONTENT_TYPE, CoreMetrics, DetailedHealth, prometheus};
use http::{HeaderMap, StatusCode, header};
use serde::Serialize;

use super::{Endpoint, engines};
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::json;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::own("GET", "/health", "getHealth", get(health)),
        Endpoint::own("GET", "/health/detailed", "getDetailedHealth", get(detailed)),
        Endpoint::own("GET", "/metrics", "getMetrics", get(metrics)),
        Endpoint::own("GET", "/metrics/prometheus", "getPrometheusMetrics", get(prometheus_text)),
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
        ready: true,
        timestamp: context.clock().timestamp().to_string(),
        version: env!("CARGO_PKG_VERSION"),
        uptime_seconds: now.as_nanos() as f64 / 1e9,
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

/// JSON, unless the `Accept` header or `?format=` asks for Prometheus text. On a server whose metrics have another
/// program's names, that program's text, unless `?format=json` asks for ours.
async fn metrics(context: Context, headers: HeaderMap) -> Result<Response, ApiError> {
    let query = context.path().split_once('?').map_or("", |(_, query)| query).to_owned();
    let format = query.split('&').find_map(|pair| pair.strip_prefix("format="));
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let scraper = accept.contains("text/plain") || accept.contains("openmetrics");
    let flavor = context.app().settings.metrics_flavor;
    match format {
        None | Some("prometheus") if flavor != Flavor::Fakeai => engines::text(&context, flavor),
        Some("prometheus") => prometheus_text(context).await,
        None if scraper => prometheus_text(context).await,
        None | Some("json") => {
            let app = context.app();
            Ok(json(&CoreMetrics::of(&app.ledger, app.kit.clock.now())))
        }
        Some(other) => Err(ApiError::unsupported_value("format", other, &["json", "prometheus"])),
    }
}

async fn prometheus_text(context: Context) -> Result<Response, ApiError> {
    let app = context.app();
    if !app.settings.prometheus {
        let message = "Prometheus metrics are switched off (metrics.enable_prometheus).";
        return Err(ApiError::invalid(message).status(StatusCode::NOT_FOUND));
    }
    let text = prometheus::render(&app.ledger, app.kit.clock.now());
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response())
}
