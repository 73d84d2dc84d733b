//! The stream as server-sent events: the same messages, each under its type. Filters are in the query; with `once=true`
//! it ends after the history, for who can only fetch.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream::unfold;
use http::{HeaderValue, header};
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;

use super::hub::{Seat, Subscription, Update};
use super::socket::history;
use super::update::{message, timestamp};
use crate::app::App;

/// A subscriber that reads events.
struct Reader {
    app: Arc<App>,
    subscription: Subscription,
    begun: bool,
    ended: bool,
    once: bool,
    _seat: Seat,
}

/// The response that goes on until its reader leaves, falls behind, or the server stops.
pub(super) fn stream(app: Arc<App>, subscription: Subscription, seat: Seat, once: bool) -> Response {
    let reader = Reader { app, subscription, begun: false, ended: false, once, _seat: seat };
    let events = unfold(reader, |mut reader| async move {
        let event = reader.next().await?;
        Some((Ok::<_, Infallible>(event), reader))
    });
    let mut response = Response::new(Body::from_stream(events));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    // Told to nginx and its kin, which otherwise hold events back.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

impl Reader {
    async fn next(&mut self) -> Option<Bytes> {
        if self.ended {
            return None;
        }
        if !self.begun {
            (self.begun, self.ended) = (true, self.once);
            let history = history(&self.app, &self.subscription).await?;
            let filters = self.subscription.channel.filter.to_value();
            let told = message("subscribed", timestamp(&self.app.kit.clock), json!({"filters": filters}));
            let mut events = event("subscribed", &told);
            events.push_str(&event("historical_data", &history.text));
            return Some(events.into());
        }
        let tasks = self.app.kit.tasks.clone();
        let update: Arc<Update> = tokio::select! {
            () = tasks.stopping() => return None,
            update = self.subscription.updates.recv() => match update {
                Ok(update) => update,
                Err(RecvError::Closed) => return None,
                Err(RecvError::Lagged(_)) => {
                    self.ended = true;
                    let rest = json!({"message": "You read too slowly: updates were lost. Connect again."});
                    return Some(event("error", &message("error", timestamp(&self.app.kit.clock), rest)).into());
                }
            },
        };
        Some(event("metrics_update", &update.text).into())
    }
}

fn event(kind: &str, data: &str) -> String {
    format!("event: {kind}\ndata: {data}\n\n")
}
