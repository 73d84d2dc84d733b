//! A batch of files: as it is kept, and what it is at a moment.

use fakeai_store::{Change, Document, Page, Retention};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::file::{Counts, Schedule, State, VectorFile};
use crate::context::Context;
use crate::error::ApiError;
use crate::jobs::Moment;

/// The kind of the documents of a store's batches.
pub(super) fn kind(store: &str) -> String {
    format!("vector_store.files_batch:{store}")
}

/// A batch.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Batch {
    pub id: String,
    pub store: String,
    created: Moment,
    /// Its files' ids and schedules, in order.
    pub files: Vec<(String, Schedule)>,
    cancelled: bool,
}

impl Batch {
    pub(super) fn new(context: &Context, id: &str, store: &str, files: &[VectorFile]) -> Self {
        let files = files.iter().map(|file| (file.id.clone(), file.schedule)).collect();
        let created = Moment::now(context.clock());
        Self { id: id.to_owned(), store: store.to_owned(), created, files, cancelled: false }
    }

    pub(super) async fn find(context: &Context, store: &str, id: &str) -> Result<Self, ApiError> {
        let found: Option<Document> = context.documents().get(&kind(store), id).await?;
        let read = |found: Document| serde_json::from_slice(&found.body).ok();
        found.and_then(read).ok_or_else(|| ApiError::no_such("vector store file batch", id))
    }

    pub(super) fn change(&self) -> Result<Change, ApiError> {
        let body = serde_json::to_vec(self).map_err(|_| ApiError::internal())?;
        Ok(Change::put(kind(&self.store), &*self.id, body).retained(Retention::Kept))
    }

    fn counts(&self, now: Moment) -> Counts {
        Counts::of(self.files.iter().map(|(_, schedule)| schedule.state(now)))
    }

    pub(super) fn state(&self, now: Moment) -> State {
        match self.counts(now) {
            _ if self.cancelled => State::Cancelled,
            counts if counts.is_busy() => State::InProgress,
            counts if counts.has_failed() => State::Failed,
            _ => State::Completed,
        }
    }

    /// Cancels what is not ready.
    pub(super) fn cancel(&mut self, now: Moment) {
        self.cancelled = true;
        self.files.iter_mut().for_each(|(_, schedule)| schedule.cancel(now));
    }

    /// When the last of its files is ready, if it is under way.
    pub(super) fn ready(&self, now: Moment) -> Option<Moment> {
        let last = self.files.iter().map(|(_, schedule)| schedule.ready).max();
        last.filter(|_| self.state(now) == State::InProgress)
    }

    pub(super) fn object(&self, now: Moment) -> Value {
        json!({
            "id": self.id,
            "object": "vector_store.files_batch",
            "created_at": self.created.unix(),
            "vector_store_id": self.store,
            "status": self.state(now).name(),
            "file_counts": self.counts(now),
        })
    }
}

/// The ids of all batches of a store.
pub(super) fn ids(context: &Context, store: &str) -> Result<Vec<String>, ApiError> {
    let mut page = Page { limit: 1000, ..Page::default() };
    let mut ids = Vec::new();
    loop {
        let listing = context.documents().list(&kind(store), &page).wait()?;
        page.after = listing.last_id().map(str::to_owned);
        ids.extend(listing.documents.into_iter().map(|(id, _)| id));
        if !listing.has_more {
            return Ok(ids);
        }
    }
}
