//! Keys that were made through the API: found by their SHA-256 among the documents of the workspace. An entry names the
//! documents that the key stands on (its own object, its service account, its project); without one of them, or once one
//! is archived, it lets nobody in. Entries stay, so that a key that was taken back is never mistaken for an unknown one.

use std::fmt::Write as _;
use std::sync::Arc;

use fakeai_store::{Change, Retention};
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::context::Context;
use crate::error::ApiError;

/// What entries are called in the store.
const KIND: &str = "key digest";

/// What is known of a key.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Entry {
    /// Documents that have to be there: kinds and ids.
    pub stands_on: Vec<(String, String)>,
    /// When it ends, Unix seconds.
    pub ends: Option<i64>,
    /// Where it is good: the path, and what lies below it. Everywhere unless it says so.
    #[serde(default)]
    pub area: Option<Arc<str>>,
    /// Who has it.
    pub bearer: Arc<Bearer>,
}

/// Who has a key, and what it is good for.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Bearer {
    /// The id by which the key is listed.
    pub id: String,
    /// The project it belongs to; none of an admin key.
    pub project: Option<Arc<str>>,
    /// Whose it is.
    pub owner: Owner,
    /// What it may be used for; all that its owner may do if it says nothing.
    pub scopes: Option<Vec<String>>,
}

/// Whose a key is.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) enum Owner {
    /// A person's.
    User { id: Arc<str>, email: String },
    /// A program's.
    ServiceAccount { id: Arc<str> },
    /// Whoever has a key of the server's own, which made it.
    Server,
}

impl Owner {
    /// The id of the person or the program, where it has one.
    pub(crate) const fn id(&self) -> Option<&Arc<str>> {
        match self {
            Self::User { id, .. } | Self::ServiceAccount { id } => Some(id),
            Self::Server => None,
        }
    }

    /// The user that every organisation has: id and address.
    pub(crate) const FIRST: (&str, &str) = ("user-fakeai-owner", "owner@example.com");
}

/// What the directory says of a key.
#[derive(Clone, Debug)]
pub(super) enum Known {
    /// Nothing: it was not made here.
    No,
    /// It is good, and has this bearer.
    Good(Arc<Bearer>),
    /// It was, and is no more.
    Gone,
}

/// Remembers a new key.
pub(crate) async fn enter(context: &Context, key: &str, entry: &Entry) -> Result<(), ApiError> {
    let body = serde_json::to_vec(entry).map_err(|_| ApiError::internal())?;
    // A key for a while and a place is forgotten a day after its end: there may be many.
    let forgotten = entry.area.as_ref().and(entry.ends).map(|ends| ends.saturating_add(24 * 3600).saturating_mul(1000));
    let change = Change::put(KIND, hex(key.as_bytes()), body).retained(Retention::Kept).expiring(forgotten);
    context.documents().change(change).await?;
    Ok(())
}

/// What is known of a key.
pub(super) fn find(context: &Context, key: &[u8]) -> Result<Known, ApiError> {
    let documents = context.documents();
    let found = documents.get(KIND, &hex(key)).wait()?;
    let Some(entry) = found.and_then(|found| serde_json::from_slice::<Entry>(&found.body).ok()) else {
        return Ok(Known::No);
    };
    if entry.ends.is_some_and(|ends| ends <= context.created()) {
        return Ok(Known::Gone);
    }
    if entry.area.as_deref().is_some_and(|area| !lies_in(context.path(), area)) {
        return Ok(Known::Gone);
    }
    for (kind, id) in &entry.stands_on {
        let Some(document) = documents.get(kind, id).wait()? else { return Ok(Known::Gone) };
        let object: Value = serde_json::from_slice(&document.body).unwrap_or_default();
        if object["status"] == "archived" {
            return Ok(Known::Gone);
        }
    }
    Ok(Known::Good(entry.bearer))
}

/// Whether a path, with or without `/v1`, is `area` or lies below it.
fn lies_in(path: &str, area: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    let short = |path: &str| path.strip_prefix("/v1").unwrap_or(path).to_owned();
    short(path).strip_prefix(&short(area)).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn hex(key: &[u8]) -> String {
    digest(&SHA256, key).as_ref().iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a string never fails.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
