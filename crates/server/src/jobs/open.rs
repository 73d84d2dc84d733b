//! Which jobs are under way, so that a server that is started again goes on with them before anybody asks.
//!
//! They are noted outside every workspace's space, because nobody knows the names of workspaces that are not in use. A
//! note may outlive its job (its workspace was cleared); it says where to look and nothing else.

use fakeai_store::{Change, Home, Page, Shelf, StoreError};
use serde::{Deserialize, Serialize};

/// No workspace can be called this.
const SPACE: &str = "~jobs";
const KIND: &str = "open_job";
/// Jobs that are looked for at a time.
const PORTION: usize = 256;

/// A job that has not ended.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct OpenJob {
    /// Whose it is.
    pub workspace: String,
    /// The kind of its document.
    pub kind: String,
    /// Its id.
    pub id: String,
}

impl OpenJob {
    fn key(&self) -> String {
        format!("{}/{}/{}", self.workspace, self.kind, self.id)
    }
}

/// Notes a job, where the note would outlive the process.
pub(crate) async fn remember(home: &dyn Home, job: &OpenJob) -> Result<(), StoreError> {
    if !home.is_durable() {
        return Ok(());
    }
    let body = serde_json::to_vec(job).unwrap_or_default();
    home.apply(SPACE, vec![Change::put(KIND, job.key(), body)], 0).await?;
    Ok(())
}

/// Forgets a job.
pub(crate) async fn forget(home: &dyn Home, job: &OpenJob) -> Result<(), StoreError> {
    if home.is_durable() {
        home.apply(SPACE, vec![Change::delete(KIND, job.key())], 0).await?;
    }
    Ok(())
}

/// The jobs noted.
pub(crate) async fn open_jobs(home: &dyn Home) -> Result<Vec<OpenJob>, StoreError> {
    let mut page = Page { limit: PORTION, ..Page::default() };
    let mut jobs = Vec::new();
    loop {
        let listing = home.list(Shelf { space: SPACE, kind: KIND }, &page, 0).await?;
        jobs.extend(listing.documents.iter().filter_map(|(_, document)| serde_json::from_slice(&document.body).ok()));
        if !listing.has_more {
            return Ok(jobs);
        }
        page.after = listing.last_id().map(str::to_owned);
    }
}
