//! Events on their way to the client.

use std::collections::VecDeque;

use serde_json::{Map, Value, json};

use super::dialect::Dialect;
use crate::context::Context;
use crate::error::ApiError;

/// Events that wait to be sent, in order.
#[derive(Debug)]
pub(super) struct Outbox {
    context: Context,
    pub dialect: Dialect,
    events: VecDeque<String>,
}

impl Outbox {
    pub(super) fn new(context: Context, dialect: Dialect) -> Self {
        Self { context, dialect, events: VecDeque::new() }
    }

    /// Sends the event that the general form calls `name`, if this form has it; `fields` is an object.
    pub(super) fn send(&mut self, name: &'static str, fields: Value) {
        let usual = name;
        let Some(name) = self.dialect.event(name) else { return };
        let fields = self.dialect.fields(usual, fields);
        let mut event = Map::new();
        event.insert("type".to_owned(), Value::from(name));
        event.insert("event_id".to_owned(), Value::from(self.id("event_")));
        if let Value::Object(fields) = fields {
            event.extend(fields);
        }
        self.events.push_back(Value::Object(event).to_string());
    }

    /// Says what is wrong with the event that the client calls `event`.
    pub(super) fn fail(&mut self, error: &ApiError, event: Option<&str>) {
        let fields = json!({
            "type": error.kind, "code": error.code, "message": error.message, "param": error.param, "event_id": event,
        });
        self.send("error", json!({"error": fields}));
    }

    /// A new id.
    pub(super) fn id(&self, prefix: &str) -> String {
        self.context.id(prefix, 21)
    }

    /// The next event.
    pub(super) fn pop(&mut self) -> Option<String> {
        self.events.pop_front()
    }
}
