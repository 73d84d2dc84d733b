//! A thread as it is kept.

use bytes::Bytes;
use fakeai_store::{Change, Document, Expected, Retention, Subscription};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::message::Message;
use crate::api::openai::runs::Run;
use crate::context::Context;
use crate::error::ApiError;
use crate::jobs::Moment;

const KIND: &str = "thread";
/// Messages of a thread, as many as `OpenAI` allows.
const MOST_MESSAGES: usize = 100_000;
/// Runs that a thread remembers.
const MOST_RUNS: usize = 1000;

/// A thread, its messages in order, its runs in order.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(in crate::api::openai) struct Thread {
    pub id: String,
    pub created: Moment,
    pub tool_resources: Value,
    pub metadata: Map<String, Value>,
    pub messages: Vec<Message>,
    pub runs: Vec<Run>,
    /// Of its document, if it has one.
    #[serde(skip)]
    pub version: Option<u64>,
}

/// The topic of a thread's changes.
fn topic(id: &str) -> String {
    format!("{KIND}/{id}")
}

fn tell(context: &Context, id: &str) {
    let space = context.workspace().space();
    space.home().publish(space.name(), &topic(id), Bytes::new());
}

impl Thread {
    /// The thread of an id.
    pub(in crate::api::openai) fn find(context: &Context, id: &str) -> Result<Self, ApiError> {
        Self::read(Self::document(context, id)?, id)
    }

    /// The document of an id as it is stored now.
    pub(in crate::api::openai) fn document(context: &Context, id: &str) -> Result<Option<Document>, ApiError> {
        Ok(context.documents().get(KIND, id).wait()?)
    }

    /// The thread in a document.
    pub(in crate::api::openai) fn read(document: Option<Document>, id: &str) -> Result<Self, ApiError> {
        let read = |found: Document| {
            let thread: Self = serde_json::from_slice(&found.body).ok()?;
            Some(Self { version: Some(found.version), ..thread })
        };
        document.and_then(read).ok_or_else(|| ApiError::no_such("thread", id))
    }

    /// What is said on the bus whenever the thread of an id has changed.
    pub(in crate::api::openai) fn changes(context: &Context, id: &str) -> Subscription {
        let space = context.workspace().space();
        space.home().subscribe(space.name(), &topic(id))
    }

    /// Puts it away.
    pub(in crate::api::openai) async fn put(&mut self, context: &Context) -> Result<(), ApiError> {
        let now = Moment::now(context.clock());
        self.runs.iter_mut().for_each(|run| run.forget_pace(now));
        let body = serde_json::to_vec(self).map_err(|_| ApiError::internal())?;
        // A run under way may not be forgotten before it ends.
        let retention = self.active_run(now).map_or(Retention::Evictable, |run| Retention::KeptUntil(run.expires_ms()));
        let expected = self.version.map_or(Expected::Any, Expected::Version);
        let put = Change::put(KIND, &*self.id, body).expecting(expected).retained(retention);
        self.version = context.documents().change(put).await?;
        tell(context, &self.id);
        Ok(())
    }

    /// Removes the thread of an id with all that is in it.
    pub(super) async fn delete(context: &Context, id: &str) -> Result<(), ApiError> {
        let gone = context.documents().change(Change::delete(KIND, id)).await?;
        tell(context, id);
        gone.map(drop).ok_or_else(|| ApiError::no_such("thread", id))
    }

    /// The run of an id.
    pub(in crate::api::openai) fn run(&self, id: &str) -> Result<&Run, ApiError> {
        self.runs.iter().find(|run| run.id == id).ok_or_else(|| ApiError::no_such("run", id))
    }

    /// The run of an id, and the messages that it may change.
    pub(in crate::api::openai) fn run_mut(&mut self, id: &str) -> Result<(&mut Run, &mut Vec<Message>), ApiError> {
        let run = self.runs.iter_mut().find(|run| run.id == id).ok_or_else(|| ApiError::no_such("run", id))?;
        Ok((run, &mut self.messages))
    }

    /// Adds a message, if there is room.
    pub(in crate::api::openai) fn add_message(&mut self, message: Message) -> Result<(), ApiError> {
        if self.messages.len() >= MOST_MESSAGES {
            let text = format!("Thread {} already has {MOST_MESSAGES} messages, which is the most.", self.id);
            return Err(ApiError::invalid(text));
        }
        self.messages.push(message);
        Ok(())
    }

    /// Adds a run; the oldest is forgotten when there are too many.
    pub(in crate::api::openai) fn add_run(&mut self, run: Run) {
        if self.runs.len() >= MOST_RUNS {
            self.runs.remove(0);
        }
        self.runs.push(run);
    }

    /// The run that is not over.
    pub(in crate::api::openai) fn active_run(&self, now: Moment) -> Option<&Run> {
        self.runs.iter().rev().find(|run| run.status(now).is_active())
    }

    /// The message of an id, if it is there by `now`.
    pub(super) fn message(&mut self, id: &str, now: Moment) -> Result<&mut Message, ApiError> {
        let found = self.messages.iter_mut().find(|message| message.id == id && message.created <= now);
        found.ok_or_else(|| ApiError::no_such("message", id))
    }

    /// As it is shown.
    pub(in crate::api::openai) fn object(&self) -> Value {
        json!({
            "id": self.id,
            "object": "thread",
            "created_at": self.created.unix(),
            "metadata": self.metadata,
            "tool_resources": self.tool_resources,
        })
    }
}
