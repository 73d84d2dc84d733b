//! The stream over a WebSocket, with the protocol of the original system: who connects gets history and updates of
//! everything; `subscribe` sets filters, `unsubscribe` takes them back, `ping` is answered.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use serde_json::{Map, Value, json};
use tokio::sync::broadcast::error::RecvError;

use super::filter::Filter;
use super::hub::{Seat, Subscription, Update};
use super::threshold::Threshold;
use super::update::{message, timestamp};
use crate::app::App;

/// How long a message may take to leave before its reader is given up.
const PATIENCE: Duration = Duration::from_secs(10);

/// A subscriber on a socket.
struct Client {
    app: Arc<App>,
    socket: WebSocket,
    subscription: Subscription,
    thresholds: Vec<Threshold>,
}

/// Serves one socket until it is closed, from either side.
pub(super) async fn serve(app: Arc<App>, socket: WebSocket, subscription: Subscription, _seat: Seat) {
    let mut client = Client { app, socket, subscription, thresholds: Vec::new() };
    if client.run().await.is_some() {
        // Best effort: who does not read does not read this either.
        let _ = client.send_message(Message::Close(None)).await;
    }
}

impl Client {
    /// Sends and receives; `None` if the socket is of no use any more.
    async fn run(&mut self) -> Option<()> {
        self.send_history().await?;
        let tasks = self.app.kit.tasks.clone();
        loop {
            tokio::select! {
                () = tasks.stopping() => return Some(()),
                update = self.subscription.updates.recv() => match update {
                    Ok(update) => self.tell(&update).await?,
                    Err(RecvError::Lagged(_)) => {
                        self.fail("You read too slowly: updates were lost. Connect again.").await?;
                        return Some(());
                    }
                    Err(RecvError::Closed) => return Some(()),
                },
                received = self.socket.recv() => match received {
                    Some(Ok(Message::Text(text))) => self.take(text.as_str()).await?,
                    Some(Ok(Message::Binary(_))) => self.fail("Binary messages are not supported: send JSON text.").await?,
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                },
            }
        }
    }

    async fn tell(&mut self, update: &Update) -> Option<()> {
        self.send(update.text.clone()).await?;
        let alerts: Vec<String> = self
            .thresholds
            .iter_mut()
            .filter_map(|threshold| threshold.check(&update.data, update.timestamp))
            .collect();
        for alert in alerts {
            self.send(alert.into()).await?;
        }
        Some(())
    }

    /// Does what a message says.
    async fn take(&mut self, text: &str) -> Option<()> {
        let message: Map<String, Value> = match serde_json::from_str(text) {
            Ok(message) => message,
            Err(error) => return self.fail(&format!("Invalid JSON: {error}")).await,
        };
        match message.get("type").and_then(Value::as_str) {
            Some("ping") => self.send_kind("pong", Value::Null).await,
            Some("subscribe") => match self.subscribe(&message).await {
                Ok(filters) => {
                    self.send_kind("subscribed", json!({"filters": filters})).await?;
                    self.send_history().await
                }
                Err(problem) => self.fail(&problem).await,
            },
            Some("unsubscribe") => match self.subscribe(&Map::new()).await {
                Ok(filters) => self.send_kind("unsubscribed", json!({"filters": filters})).await,
                Err(problem) => self.fail(&problem).await,
            },
            Some(other) => self.fail(&format!("Unknown message type: {other}")).await,
            None => self.fail("A message has a 'type': subscribe, unsubscribe or ping.").await,
        }
    }

    /// Takes the filters of a message instead of those it has; if one is wrong, all stay. What is in force now.
    async fn subscribe(&mut self, message: &Map<String, Value>) -> Result<Value, String> {
        let filter = Filter::read(message.get("filters"))?;
        let subscription = self.app.live.subscribe(&self.app, filter).map_err(|error| error.to_string())?;
        let thresholds = match message.get("thresholds") {
            None | Some(Value::Null) => Vec::new(),
            thresholds => {
                let history = history(&self.app, &subscription).await.ok_or("The server is stopping.")?;
                Threshold::read_all(thresholds, &history.data)?
            }
        };
        (self.subscription, self.thresholds) = (subscription, thresholds);
        Ok(self.subscription.channel.filter.to_value())
    }

    async fn send_history(&mut self) -> Option<()> {
        let history = history(&self.app, &self.subscription).await?;
        self.tell(&history).await
    }

    async fn fail(&mut self, problem: &str) -> Option<()> {
        self.send_kind("error", json!({"message": problem})).await
    }

    async fn send_kind(&mut self, kind: &str, rest: Value) -> Option<()> {
        self.send(message(kind, timestamp(&self.app.kit.clock), rest).into()).await
    }

    async fn send(&mut self, text: Utf8Bytes) -> Option<()> {
        self.send_message(Message::Text(text)).await
    }

    async fn send_message(&mut self, message: Message) -> Option<()> {
        tokio::select! {
            biased;
            sent = self.socket.send(message) => sent.ok(),
            () = self.app.kit.clock.sleep(PATIENCE) => None,
        }
    }
}

/// What the channel of a subscription knows, worked out beside the threads that serve.
pub(super) async fn history(app: &Arc<App>, subscription: &Subscription) -> Option<Arc<Update>> {
    let (own, channel) = (Arc::clone(app), Arc::clone(&subscription.channel));
    app.kit.tasks.compute(move || channel.history(&own)).await
}
