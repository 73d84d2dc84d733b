//! A file in a store: as it is kept, what it is at a moment, as it is shown.

use fakeai_search::Chunking;
use fakeai_store::{Change, Document, Retention, content_id};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::strategy;
use crate::context::Context;
use crate::error::ApiError;
use crate::jobs::Moment;

/// The kind of the documents of a store's files. A kind has no slash: one parts it from the id in that of a blob.
pub(super) fn kind(store: &str) -> String {
    format!("vector_store.file:{store}")
}

/// The kind of the document whose version changes with every change of a store's files.
pub(super) const REVISION: &str = "vector_store.revision";

/// How far a file, or a batch of them, is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    InProgress,
    Completed,
    Failed,
    Cancelled,
}

const STATES: [(&str, State); 4] = [
    ("in_progress", State::InProgress),
    ("completed", State::Completed),
    ("failed", State::Failed),
    ("cancelled", State::Cancelled),
];

impl State {
    pub(super) fn name(self) -> &'static str {
        STATES.iter().find(|(_, state)| *state == self).map_or("", |(name, _)| name)
    }

    /// `filter` of lists.
    pub(super) fn read(name: &str) -> Result<Self, ApiError> {
        let found = STATES.iter().find(|(known, _)| *known == name);
        found.map(|(_, state)| *state).ok_or_else(|| {
            let names: Vec<&str> = STATES.iter().map(|(name, _)| *name).collect();
            ApiError::unsupported_value("filter", name, &names)
        })
    }
}

/// How many of so many files are how far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Counts {
    in_progress: usize,
    completed: usize,
    failed: usize,
    cancelled: usize,
    total: usize,
}

impl Counts {
    pub(super) fn of(states: impl Iterator<Item = State>) -> Self {
        let mut counts = Self::default();
        for state in states {
            counts.total += 1;
            *match state {
                State::InProgress => &mut counts.in_progress,
                State::Completed => &mut counts.completed,
                State::Failed => &mut counts.failed,
                State::Cancelled => &mut counts.cancelled,
            } += 1;
        }
        counts
    }

    /// All of them.
    pub(super) const fn total(self) -> usize {
        self.total
    }

    /// Whether some are not ready.
    pub(super) const fn is_busy(self) -> bool {
        self.in_progress > 0
    }

    /// Whether all failed, and there are some.
    pub(super) const fn has_failed(self) -> bool {
        self.total > 0 && self.failed == self.total
    }

    /// The sum of two counts.
    pub(super) const fn and(self, other: Self) -> Self {
        Self {
            in_progress: self.in_progress + other.in_progress,
            completed: self.completed + other.completed,
            failed: self.failed + other.failed,
            cancelled: self.cancelled + other.cancelled,
            total: self.total + other.total,
        }
    }
}

/// When a file is ready, and how it ends.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(super) struct Schedule {
    pub ready: Moment,
    pub fails: bool,
    /// When somebody cancelled it, if that was before it was ready.
    pub cancelled: Option<Moment>,
}

impl Schedule {
    /// What it is at `now`.
    pub(super) fn state(&self, now: Moment) -> State {
        match self.cancelled {
            Some(_) => State::Cancelled,
            None if now < self.ready => State::InProgress,
            None if self.fails => State::Failed,
            None => State::Completed,
        }
    }

    /// Cancels it, unless it is over.
    pub(super) fn cancel(&mut self, now: Moment) {
        if self.state(now) == State::InProgress {
            self.cancelled = Some(now);
        }
    }
}

/// Why a file could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Failure {
    /// `unsupported_file` or `invalid_file`.
    pub code: String,
    pub message: String,
}

/// A file in a store.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct VectorFile {
    pub id: String,
    pub store: String,
    pub filename: String,
    pub created: Moment,
    pub schedule: Schedule,
    pub failure: Option<Failure>,
    pub attributes: Map<String, Value>,
    pub max_tokens: usize,
    pub overlap_tokens: usize,
    pub usage_bytes: u64,
    pub text_bytes: usize,
    pub chunks: usize,
    /// Another each time the file is read.
    pub reading: String,
    /// When the file itself goes, Unix milliseconds.
    pub expires_at_ms: Option<i64>,
    /// The batch it came with.
    pub batch: Option<String>,
}

impl VectorFile {
    /// The file of an id in a store.
    pub(super) async fn find(context: &Context, store: &str, id: &str) -> Result<Self, ApiError> {
        let found = context.documents().get(&kind(store), id).await?;
        found.as_ref().and_then(Self::read).ok_or_else(|| {
            ApiError::invalid(format!("No file found with id '{id}' in vector store '{store}'."))
                .status(http::StatusCode::NOT_FOUND)
        })
    }

    pub(super) fn read(document: &Document) -> Option<Self> {
        serde_json::from_slice(&document.body).ok()
    }

    pub(super) const fn set_chunking(&mut self, chunking: Chunking) {
        (self.max_tokens, self.overlap_tokens) = (chunking.max_tokens(), chunking.overlap_tokens());
    }

    /// The id of the blob with its content.
    pub(super) fn blob(&self) -> String {
        content_id(&kind(&self.store), &self.id)
    }

    /// The change that puts it away. It goes with the file it was made of.
    pub(super) fn change(&self) -> Result<Change, ApiError> {
        let body = serde_json::to_vec(self).map_err(|_| ApiError::internal())?;
        let put = Change::put(kind(&self.store), &*self.id, body).retained(Retention::Kept);
        Ok(put.expiring(self.expires_at_ms))
    }

    /// As it is shown.
    pub(super) fn object(&self, now: Moment) -> Value {
        let state = self.schedule.state(now);
        let failure = self.failure.as_ref().filter(|_| state == State::Failed);
        json!({
            "id": self.id,
            "object": "vector_store.file",
            "usage_bytes": if state == State::Completed { self.usage_bytes } else { 0 },
            "created_at": self.created.unix(),
            "vector_store_id": self.store,
            "status": state.name(),
            "last_error": failure,
            "chunking_strategy": strategy::shown(self.max_tokens, self.overlap_tokens),
            "attributes": self.attributes,
        })
    }
}

/// The change that says that a store's files have changed.
pub(super) fn revised(store: &str) -> Change {
    Change::put(REVISION, store, Vec::new()).retained(Retention::Kept)
}
