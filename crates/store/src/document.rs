//! Documents by space, kind and id, listed in the order they were made.

use std::borrow::Cow;
use std::fmt::Debug;

use bytes::Bytes;

use crate::{Reply, StoreError};

/// A document as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// What it says.
    pub body: Bytes,
    /// Differs from that of every other state of every document of the home, and grows.
    pub version: u64,
    /// From this moment on it is not there, Unix milliseconds.
    pub expires_at_ms: Option<i64>,
    /// Whether it may go earlier.
    pub retention: Retention,
}

/// Where documents lie: a space is one tenant's own, a kind is what they are.
#[derive(Clone, Copy, Debug)]
pub struct Shelf<'a> {
    /// The space.
    pub space: &'a str,
    /// The kind.
    pub kind: &'a str,
}

/// One change. Those handed in together are made together, or none of them.
#[derive(Clone, Debug)]
pub struct Change {
    /// The kind of the document.
    pub kind: Cow<'static, str>,
    /// Its id.
    pub id: String,
    /// What must be there.
    pub expected: Expected,
    /// What is done.
    pub action: Action,
}

/// What must be there for a change to be made; else it is a [`crate::StoreError::Conflict`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Whatever is there.
    Any,
    /// Nothing.
    Absent,
    /// The document in this version.
    Version(u64),
}

/// What a change does.
#[derive(Clone, Debug)]
pub enum Action {
    /// Adds a document, or replaces it, which then keeps its place in lists.
    Put {
        /// What it says.
        body: Bytes,
        /// From this moment on it is not there, Unix milliseconds.
        expires_at_ms: Option<i64>,
        /// Whether it may go earlier.
        retention: Retention,
    },
    /// Removes it, if it is there.
    Delete,
}

/// Whether a bounded home may forget a document to make room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Retention {
    /// The one least recently used goes first: answers that clients may look at again.
    #[default]
    Evictable,
    /// It stays up to this moment, Unix milliseconds, and may go from then on: jobs under way.
    KeptUntil(i64),
    /// It stays: all that something else refers to. Where there is no room, changes fail.
    Kept,
}

impl Change {
    /// Puts a document, whatever is there, for good as far as there is room.
    pub fn put(kind: impl Into<Cow<'static, str>>, id: impl Into<String>, body: impl Into<Bytes>) -> Self {
        let action = Action::Put { body: body.into(), expires_at_ms: None, retention: Retention::Evictable };
        Self { kind: kind.into(), id: id.into(), expected: Expected::Any, action }
    }

    /// Removes a document, if it is there.
    pub fn delete(kind: impl Into<Cow<'static, str>>, id: impl Into<String>) -> Self {
        Self { kind: kind.into(), id: id.into(), expected: Expected::Any, action: Action::Delete }
    }

    /// The same, if `expected` is there.
    #[must_use]
    pub const fn expecting(mut self, expected: Expected) -> Self {
        self.expected = expected;
        self
    }

    /// The same, gone from `moment_ms` on.
    #[must_use]
    pub const fn expiring(mut self, moment_ms: Option<i64>) -> Self {
        if let Action::Put { expires_at_ms, .. } = &mut self.action {
            *expires_at_ms = moment_ms;
        }
        self
    }

    /// The same, not forgotten to make room as `kept` says.
    #[must_use]
    pub const fn retained(mut self, kept: Retention) -> Self {
        if let Action::Put { retention, .. } = &mut self.action {
            *retention = kept;
        }
        self
    }
}

/// Refuses `changes` as soon as one of them does not find what it expects; `version` says what is there now.
pub(crate) fn check(
    changes: &[Change],
    mut version: impl FnMut(&str, &str) -> Result<Option<u64>, StoreError>,
) -> Result<(), StoreError> {
    for (index, Change { kind, id, expected, .. }) in changes.iter().enumerate() {
        if *expected == Expected::Any {
            continue;
        }
        let earlier = changes[..index].iter().rev().find(|earlier| earlier.kind == *kind && earlier.id == *id);
        let holds = match (earlier.map(|earlier| &earlier.action), expected) {
            // Nobody can know the version of what is put by the same changes.
            (Some(earlier), expected) => *expected == Expected::Absent && matches!(earlier, Action::Delete),
            (None, Expected::Version(wanted)) => version(kind, id)? == Some(*wanted),
            (None, _) => version(kind, id)?.is_none(),
        };
        if !holds {
            return Err(StoreError::Conflict { kind: kind.to_string(), id: id.clone() });
        }
    }
    Ok(())
}

/// Which part of a list is wanted.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// Only what comes after the document of this id, in the page's order.
    pub after: Option<String>,
    /// Only what comes before the document of this id, in the page's order. Alone, the page is the one that ends there.
    pub before: Option<String>,
    /// At most so many.
    pub limit: usize,
    /// Newest first.
    pub descending: bool,
}

impl Page {
    /// Whether the page is counted from its end.
    pub const fn is_backwards(&self) -> bool {
        self.after.is_none() && self.before.is_some()
    }
}

/// A part of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Ids and documents in the page's order.
    pub documents: Vec<(String, Document)>,
    /// Whether there are more beyond them, in the direction the page was counted.
    pub has_more: bool,
}

impl Listing {
    /// The id of the first document.
    pub fn first_id(&self) -> Option<&str> {
        self.documents.first().map(|(id, _)| id.as_str())
    }

    /// The id of the last document.
    pub fn last_id(&self) -> Option<&str> {
        self.documents.last().map(|(id, _)| id.as_str())
    }
}

/// Where documents live. Moments are Unix milliseconds of the caller's clock: what has expired by then is not there.
pub trait Documents: Send + Sync + Debug {
    /// The document, if it is there.
    fn get(&self, shelf: Shelf<'_>, id: &str, now_ms: i64) -> Reply<Option<Document>>;

    /// A page of a shelf. Fails with [`crate::StoreError::NoCursor`] where it should begin or end at nothing.
    fn list(&self, shelf: Shelf<'_>, page: &Page, now_ms: i64) -> Reply<Listing>;

    /// Makes all changes or none, in their order, each of which sees those before it. For each it says the version it
    /// gave, or took away; none where there was nothing to take away. Once it has said so, the changes are there for as
    /// long as the home promises.
    fn apply(&self, space: &str, changes: Vec<Change>, now_ms: i64) -> Reply<Vec<Option<u64>>>;
}
