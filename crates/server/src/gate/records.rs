//! Documents of the organisation that the gate goes by, read where they lie: nothing has to be told when one changes, when
//! a workspace begins anew or when the server does.

use fakeai_store::Page;
use serde_json::Value;

use crate::context::Context;
use crate::error::ApiError;

/// The id of a document of which there is only one.
pub(super) const ONLY: &str = "only";
/// Most documents of a list that are looked at.
const MOST: usize = 1000;

/// The document of a resource, below these parents.
pub(super) fn one(context: &Context, resource: &str, parents: &[&str], id: &str) -> Result<Option<Value>, ApiError> {
    let found = context.documents().get(&kind(resource, parents), id).wait()?;
    Ok(found.and_then(|found| serde_json::from_slice(&found.body).ok()))
}

/// All documents of a resource below these parents: their ids.
pub(super) fn ids(context: &Context, resource: &str, parents: &[&str]) -> Result<Vec<String>, ApiError> {
    let page = Page { limit: MOST, ..Page::default() };
    let found = context.documents().list(&kind(resource, parents), &page).wait()?;
    Ok(found.documents.into_iter().map(|(id, _)| id).collect())
}

/// What documents of a declared resource are called.
fn kind(resource: &str, parents: &[&str]) -> String {
    let mut kind = format!("declared.{resource}");
    for parent in parents {
        kind.push('/');
        kind.push_str(parent);
    }
    kind
}
