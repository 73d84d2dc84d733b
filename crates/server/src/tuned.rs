//! Models that were tuned: a document each, so that they are there as long as what is stored.
//!
//! One that was deleted leaves its document behind: else it would be made anew by whoever asks it, as unknown models are.

use std::sync::Arc;

use fakeai_catalog::{Catalog, ModelCard};
use fakeai_store::{Change, Page, Retention};
use serde::{Deserialize, Serialize};

use crate::error::ApiError;
use crate::workspace::Workspace;

/// The kind of its documents.
const KIND: &str = "tuned_model";
/// Models that are listed.
const MOST_LISTED: usize = 1000;

/// A model that was tuned.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct TunedModel {
    pub id: String,
    /// Unix seconds.
    pub created: i64,
    /// The job that made it.
    pub job: String,
    pub deleted: bool,
}

impl TunedModel {
    /// Its card: that of the model it was made from, at other prices.
    pub(crate) fn card(&self, catalog: &Catalog) -> Arc<ModelCard> {
        Arc::new(ModelCard { created: self.created, ..catalog.infer(&self.id) })
    }
}

/// The change that keeps a model as it is.
pub(crate) fn change(model: &TunedModel) -> Result<Change, ApiError> {
    let body = serde_json::to_vec(model).map_err(|_| ApiError::internal())?;
    Ok(Change::put(KIND, &*model.id, body).retained(Retention::Kept))
}

/// The model of an id, deleted or not.
pub(crate) fn find(workspace: &Workspace, id: &str) -> Option<TunedModel> {
    if !id.starts_with("ft:") {
        return None;
    }
    // A store that cannot be read has no models; what the request does then says why.
    let found = workspace.space().at(now_ms(workspace)).get(KIND, id).wait().ok().flatten()?;
    serde_json::from_slice(&found.body).ok()
}

/// The models there are, the oldest first.
pub(crate) fn list(workspace: &Workspace) -> Vec<TunedModel> {
    let page = Page { limit: MOST_LISTED, ..Page::default() };
    let listing = workspace.space().at(now_ms(workspace)).list(KIND, &page).wait().unwrap_or_default();
    let read = listing.documents.iter().filter_map(|(_, document)| serde_json::from_slice(&document.body).ok());
    read.filter(|model: &TunedModel| !model.deleted).collect()
}

/// Deletes a model; true if it was there.
pub(crate) async fn delete(workspace: &Workspace, id: &str) -> Result<bool, ApiError> {
    let Some(model) = find(workspace, id).filter(|model| !model.deleted) else { return Ok(false) };
    workspace.space().at(now_ms(workspace)).change(change(&TunedModel { deleted: true, ..model })?).await?;
    Ok(true)
}

fn now_ms(workspace: &Workspace) -> i64 {
    workspace.clock().unix_nanos().div_euclid(1_000_000)
}
