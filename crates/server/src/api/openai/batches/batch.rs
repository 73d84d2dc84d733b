//! A batch, as it is kept and shown.

use std::sync::Arc;

use fakeai_store::{Change, Document, Expected, Retention};
use fakeai_telemetry::Caller;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::schedule::Schedule;
use crate::context::Context;
use crate::error::ApiError;
use crate::jobs::Moment;

/// The kind of its documents.
pub(super) const KIND: &str = "batch";

/// A batch.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Batch {
    pub id: String,
    pub endpoint: String,
    pub input_file_id: String,
    pub metadata: Option<Map<String, Value>>,
    /// Seconds that its files stay.
    pub output_seconds: Option<i64>,
    pub caller: Option<Owner>,
    pub schedule: Schedule,
    /// Bytes of its file.
    pub input_bytes: u64,
    /// Once its file was looked through without mistakes.
    pub checked: Option<Checked>,
    /// What is wrong with its file.
    pub errors: Vec<LineError>,
    pub progress: Progress,
    /// When lines were first answered.
    pub began: Option<Moment>,
    /// When its files began to be put together.
    pub finalizing: Option<Moment>,
    /// When somebody asked for its end.
    pub cancelling: Option<Moment>,
    /// Whether its time was over before all lines were answered.
    pub expired: bool,
    pub ended: Option<(Moment, End)>,
    pub output_file_id: Option<String>,
    pub error_file_id: Option<String>,
    /// Of its document.
    #[serde(skip)]
    pub version: Option<u64>,
}

/// Who made it: what is known of keys and nothing of them.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Owner {
    key: Option<Arc<str>>,
    organization: Option<Arc<str>>,
    project: Option<Arc<str>>,
    #[serde(default)]
    user: Option<Arc<str>>,
}

/// What was found in its file.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Checked {
    pub requests: u64,
    pub model: Option<String>,
    /// Tokens of its prompts, about.
    #[serde(default)]
    pub tokens: u64,
}

/// A mistake in its file.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(super) struct LineError {
    pub code: String,
    pub line: Option<u64>,
    pub message: String,
    pub param: Option<String>,
}

/// How far it is.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Progress {
    /// The line of the file last dealt with.
    pub line: u64,
    /// Where the next one begins.
    pub offset: u64,
    pub completed: u64,
    pub failed: u64,
    /// Slices kept.
    pub slices: u64,
    pub usage: Usage,
    /// When the last line was done: as scheduled, and as much later as the work has taken longer.
    pub reached: Moment,
}

impl Progress {
    /// Lines dealt with.
    pub(super) const fn done(&self) -> u64 {
        self.completed + self.failed
    }
}

/// Tokens, as OpenAI counts them over a batch.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub(super) struct Usage {
    pub input: u64,
    pub cached: u64,
    pub output: u64,
    pub reasoning: u64,
    pub total: u64,
}

/// How it ended.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(super) enum End {
    Completed,
    Failed,
    Expired,
    Cancelled,
}

impl Owner {
    /// The project, empty where none is known.
    pub(super) fn project(&self) -> &str {
        self.project.as_deref().unwrap_or_default()
    }

    /// Whether two have the same limits: the same key in the same project.
    pub(super) fn is_same(one: Option<&Self>, other: Option<&Self>) -> bool {
        let payer =
            |owner: Option<&Self>| owner.map(|owner| (owner.key.clone(), owner.project.clone())).unwrap_or_default();
        payer(one) == payer(other)
    }
}

impl From<&Caller> for Owner {
    fn from(caller: &Caller) -> Self {
        let Caller { key, organization, project, user } = caller.clone();
        Self { key, organization, project, user }
    }
}

impl From<Owner> for Caller {
    fn from(Owner { key, organization, project, user }: Owner) -> Self {
        Self { key, organization, project, user }
    }
}

impl Batch {
    /// The batch of an id.
    pub(super) async fn find(context: &Context, id: &str) -> Result<Self, ApiError> {
        let found = context.documents().get(KIND, id).await?;
        found.as_ref().and_then(Self::read).ok_or_else(|| ApiError::no_such("batch", id))
    }

    pub(super) fn read(document: &Document) -> Option<Self> {
        let batch: Self = serde_json::from_slice(&document.body).ok()?;
        Some(Self { version: Some(document.version), ..batch })
    }

    /// The change that keeps it as it is.
    pub(super) fn change(&self) -> Result<Change, ApiError> {
        let body = serde_json::to_vec(self).map_err(|_| ApiError::internal())?;
        // What it was may be forgotten, what it is to do may not.
        let retention = if self.ended.is_some() { Retention::Evictable } else { Retention::Kept };
        let expected = self.version.map_or(Expected::Any, Expected::Version);
        Ok(Change::put(KIND, &*self.id, body).expecting(expected).retained(retention))
    }

    pub(super) const fn status(&self) -> &'static str {
        match self {
            Self { ended: Some((_, End::Completed)), .. } => "completed",
            Self { ended: Some((_, End::Failed)), .. } => "failed",
            Self { ended: Some((_, End::Expired)), .. } => "expired",
            Self { ended: Some((_, End::Cancelled)), .. } => "cancelled",
            Self { cancelling: Some(_), .. } => "cancelling",
            Self { finalizing: Some(_), .. } => "finalizing",
            Self { began: Some(_), .. } => "in_progress",
            _ => "validating",
        }
    }

    /// As it is shown.
    pub(super) fn object(&self) -> Value {
        let unix = |moment: Option<Moment>| moment.map(Moment::unix);
        let end = |wanted: End| self.ended.filter(|(_, end)| *end == wanted).map(|(at, _)| at.unix());
        let Progress { completed, failed, usage, .. } = &self.progress;
        let total = self.checked.as_ref().filter(|_| self.began.is_some()).map_or(0, |checked| checked.requests);
        let errors = (!self.errors.is_empty()).then(|| json!({"object": "list", "data": self.errors}));
        json!({
            "id": self.id,
            "object": "batch",
            "endpoint": self.endpoint,
            "model": self.checked.as_ref().and_then(|checked| checked.model.as_deref()),
            "errors": errors,
            "input_file_id": self.input_file_id,
            "completion_window": "24h",
            "status": self.status(),
            "output_file_id": self.output_file_id,
            "error_file_id": self.error_file_id,
            "created_at": self.schedule.created.unix(),
            "in_progress_at": unix(self.began),
            "expires_at": self.schedule.expires().unix(),
            "finalizing_at": unix(self.finalizing),
            "completed_at": end(End::Completed),
            "failed_at": end(End::Failed),
            "expired_at": end(End::Expired),
            "cancelling_at": unix(self.cancelling),
            "cancelled_at": end(End::Cancelled),
            "request_counts": {"total": total, "completed": completed, "failed": failed},
            "usage": {
                "input_tokens": usage.input,
                "input_tokens_details": {"cached_tokens": usage.cached},
                "output_tokens": usage.output,
                "output_tokens_details": {"reasoning_tokens": usage.reasoning},
                "total_tokens": usage.total,
            },
            "metadata": self.metadata,
        })
    }
}

impl Usage {
    /// Adds another's tokens.
    pub(super) const fn add(&mut self, more: Self) {
        self.input += more.input;
        self.cached += more.cached;
        self.output += more.output;
        self.reasoning += more.reasoning;
        self.total += more.total;
    }
}
