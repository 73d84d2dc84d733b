//! The last minute by endpoint, as JSON, as CSV and for Prometheus.

use axum::response::{IntoResponse, Response};
use axum::routing::get;
use fakeai_core::Tick;
use fakeai_guard::FaultPlan;
use fakeai_telemetry::engine::Flavor;
use fakeai_telemetry::{CSV_CONTENT_TYPE, CoreMetrics, FaultFigures, FindingFigures, prometheus};
use http::{HeaderMap, StatusCode, header};

use super::exposition::{exposition, is_scraper};
use crate::api::{Endpoint, engines};
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::{Query, json};

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::own("GET", "/metrics", "getMetrics", get(metrics))
            .asks(&[("format", "`json`, `prometheus` or `csv`; unless said, by the `Accept` header")]),
        Endpoint::own("GET", "/metrics/prometheus", "getPrometheusMetrics", get(prometheus_text)),
        Endpoint::own("GET", "/metrics/csv", "getCsvMetrics", get(csv)),
    ]
}

/// JSON, unless the `Accept` header or `?format=` asks for something else. On a server whose metrics have another
/// program's names, that program's text, unless `?format=json` or `csv` asks for ours.
async fn metrics(context: Context, headers: HeaderMap) -> Result<Response, ApiError> {
    let query = Query::of(context.path());
    let flavor = context.app().settings.metrics_flavor;
    match query.get("format") {
        None | Some("prometheus") if flavor != Flavor::Fakeai => engines::text(&context, &headers, flavor),
        Some("prometheus") => prometheus_text(context, headers).await,
        None if is_scraper(&headers) => prometheus_text(context, headers).await,
        Some("csv") => Ok(csv(context).await),
        None | Some("json") => Ok(json(&core(&context))),
        Some(other) => Err(ApiError::unsupported_value("format", other, &["json", "prometheus", "csv"])),
    }
}

fn core(context: &Context) -> CoreMetrics {
    CoreMetrics::of(&context.app().ledger, context.app().kit.clock.now())
}

async fn csv(context: Context) -> Response {
    ([(header::CONTENT_TYPE, CSV_CONTENT_TYPE)], core(&context).to_csv()).into_response()
}

async fn prometheus_text(context: Context, headers: HeaderMap) -> Result<Response, ApiError> {
    allowed(&context)?;
    let app = context.app();
    let now = app.kit.clock.now();
    let mut text = prometheus::render(&app.ledger, now);
    faults(&app.gate.faults, now).write(&mut text);
    if let Some(screener) = &app.gate.screener {
        FindingFigures { mode: screener.mode().name(), kinds: screener.counts() }.write(&mut text);
    }
    Ok(exposition(&headers, text))
}

fn faults(plan: &FaultPlan, now: Tick) -> FaultFigures {
    let counts = plan.counts();
    FaultFigures {
        enabled: !plan.is_empty(),
        rate: plan.rate(),
        checks: counts.checks,
        kinds: counts.kinds.into_iter().map(|(kind, count)| (kind.name(), count)).collect(),
        endpoints: counts.endpoints.into_iter().collect(),
        spike: plan.current_spike(now).map(|spike| spike.multiplier),
    }
}

/// Refuses Prometheus text where it is switched off.
pub(in crate::api) fn allowed(context: &Context) -> Result<(), ApiError> {
    if context.app().settings.prometheus {
        return Ok(());
    }
    let message = "Prometheus metrics are switched off (metrics.enable_prometheus).";
    Err(ApiError::invalid(message).status(StatusCode::NOT_FOUND))
}
