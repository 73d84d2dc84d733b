//! What happens, as it happens: `/metrics/stream` as a WebSocket, and as server-sent events for who asks without one.

mod events;
mod filter;
mod hub;
mod socket;
mod threshold;
mod update;

use std::sync::Arc;

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::response::Response;
use axum::routing::get;
use http::{HeaderMap, StatusCode, header};

use super::Endpoint;
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::Query;
use filter::Filter;
pub(crate) use hub::Hub;
use hub::Seat;

/// Longest message of a client, bytes.
const MOST_BYTES: usize = 64 * 1024;

pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::own("GET", "/metrics/stream", "streamMetrics", get(connect))]
}

async fn connect(
    context: Context,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let app = Arc::clone(context.app());
    let query = Query::of(context.path());
    let filter = Filter::of_query(&query).map_err(ApiError::invalid)?;
    if upgrade.is_err() && headers.contains_key(header::UPGRADE) {
        let message = "This URL opens a WebSocket, or streams server-sent events to a plain GET request.";
        return Err(ApiError::invalid(message).status(StatusCode::UPGRADE_REQUIRED).code("upgrade_required"));
    }
    let full = |error: hub::NoSubscription| {
        ApiError::invalid(error.to_string()).status(StatusCode::SERVICE_UNAVAILABLE).code("too_many_subscribers")
    };
    let seat = Seat::take(&app).map_err(full)?;
    let subscription = app.live.subscribe(&app, filter).map_err(full)?;
    let Ok(upgrade) = upgrade else {
        return Ok(events::stream(app, subscription, seat, query.get("once") == Some("true")));
    };
    let upgrade = upgrade.max_message_size(MOST_BYTES).max_frame_size(MOST_BYTES);
    Ok(upgrade.on_upgrade(move |socket| socket::serve(app, socket, subscription, seat)))
}
