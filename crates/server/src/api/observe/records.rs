//! Metrics of requests: errors, streams, latency, what happened when, and the requests themselves.

use std::time::Duration;

use axum::response::Response;
use axum::routing::get;
use fakeai_telemetry::{
    Asked, Errors, LatencyMetrics, Live, OBJECTIVE, Requests, Resolution, Streaming, THRESHOLD, Trend, Wanted,
    WantedStatus,
};

use super::models::unknown;
use super::{asked, dates};
use crate::api::Endpoint;
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::{Query, json};

/// What the series shows unless a query says from when.
const LOOK_BACK: Duration = Duration::from_secs(900);

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        Endpoint::own("GET", "/metrics/errors", "getErrors", get(errors))
            .asks(&[("objective", "The share of requests that must go well, above 0 and below 1; 0.999 unless said")]),
        Endpoint::own("GET", "/metrics/streaming", "getStreaming", get(streaming)),
        Endpoint::own("GET", "/metrics/latency", "getLatency", get(latency)),
        Endpoint::own("GET", "/metrics/series", "getSeries", get(series)).asks(&[
            ("from", "Seconds since 1970, seconds before now as `-900`, or RFC 3339; 15 minutes ago unless said"),
            ("to", "The same; now unless said"),
            ("resolution", "`second` (kept for an hour), `minute` (a day) or `hour` (30 days); unless said, the finest that reaches back so far"),
            ("model", "One model alone, by minutes of the last hour"),
            ("threshold", "From how many standard deviations on a figure is an anomaly; 3 unless said"),
        ]),
        Endpoint::own("GET", "/metrics/live", "listOpenStreams", get(live))
            .asks(&[("limit", "Most streams, 1 to 10000; 100 unless said")]),
        Endpoint::own("GET", "/metrics/requests", "listRecentRequests", get(requests)).asks(&[
            ("limit", "Most requests, 1 to 1000; 100 unless said"),
            ("id", "The request of this id"),
            ("model", "Of this model"),
            ("endpoint", "Of this path, with or without `/v1`"),
            ("status", "A status as `404`, a class as `4xx`, `success`, `error` or `client_closed`"),
            ("workspace", "Of this workspace"),
            ("key", "Of the key with this fingerprint"),
        ]),
    ]
}

async fn errors(context: Context) -> Result<Response, ApiError> {
    let objective = asked::number(&Query::of(context.path()), "objective", OBJECTIVE, (0.0, 1.0))?;
    Ok(json(&Errors::of(&context.app().ledger, dates(&context), objective)))
}

async fn streaming(context: Context) -> Response {
    json(&Streaming::of(&context.app().ledger, dates(&context)))
}

async fn latency(context: Context) -> Response {
    json(&LatencyMetrics::of(&context.app().ledger, dates(&context)))
}

async fn series(context: Context) -> Result<Response, ApiError> {
    let query = Query::of(context.path());
    let dates = dates(&context);
    let from = asked::date(&query, "from", dates, LOOK_BACK)?;
    let to = asked::date(&query, "to", dates, Duration::ZERO)?;
    if from > to {
        let message = "Invalid 'from': expected a date that is not after 'to' and not in the future.";
        return Err(ApiError::invalid(message).param("from").code("invalid_value"));
    }
    let model = query.get("model").map(str::to_owned);
    let asked = Asked {
        from,
        to,
        resolution: resolution(&query)?,
        model: model.clone(),
        threshold: asked::number(&query, "threshold", THRESHOLD, (0.0, 1000.0))?,
    };
    let trend = Trend::of(&context.app().ledger, dates, asked);
    trend.map(|trend| json(&trend)).ok_or_else(|| unknown("model", &model.unwrap_or_default()))
}

fn resolution(query: &Query) -> Result<Option<Resolution>, ApiError> {
    match query.get("resolution") {
        None | Some("auto") => Ok(None),
        Some("second" | "1s") => Ok(Some(Resolution::Second)),
        Some("minute" | "1m") => Ok(Some(Resolution::Minute)),
        Some("hour" | "1h") => Ok(Some(Resolution::Hour)),
        Some(other) => Err(ApiError::unsupported_value("resolution", other, &["auto", "second", "minute", "hour"])),
    }
}

async fn live(context: Context) -> Result<Response, ApiError> {
    let limit = asked::limit(&Query::of(context.path()), 100, 10_000)?;
    let app = context.app();
    let server_now = app.kit.clock.now();
    // Ticks of a stream are those of its workspace's clock.
    let now = |workspace: &str| {
        let found = app.workspaces.find(workspace);
        found.map_or(server_now, |workspace| workspace.clock().now())
    };
    Ok(json(&Live::of(&app.ledger, limit, now)))
}

async fn requests(context: Context) -> Result<Response, ApiError> {
    let query = Query::of(context.path());
    let limit = asked::limit(&query, 100, 1000)?;
    let own = |name: &str| query.get(name).map(str::to_owned);
    let status = match query.get("status") {
        None => None,
        Some(text) => Some(WantedStatus::parse(text).ok_or_else(|| {
            ApiError::unsupported_value("status", text, &["404", "4xx", "success", "error", "client_closed"])
        })?),
    };
    let wanted = Wanted {
        id: own("id"),
        model: own("model"),
        endpoint: own("endpoint"),
        status,
        workspace: own("workspace"),
        key: own("key"),
    };
    Ok(json(&Requests::of(&context.app().ledger, dates(&context), &wanted, limit)))
}
