//! A home, and one tenant's space in it.

use std::borrow::Cow;
use std::fmt::Debug;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use bytes::Bytes;
use rustc_hash::FxHasher;
use tokio::sync::{Mutex, MutexGuard};

use crate::{
    Action, Blobs, Bus, Change, Counters, Document, Documents, Expected, Leases, Listing, Page, Reply, Shelf,
    StoreError,
};

/// Where resources live. Every space is a prefix of what is stored, so one home serves all tenants, and each is cleared
/// alone.
pub trait Home: Documents + Blobs + Counters + Leases + Bus {
    /// Removes everything of a space but its leases.
    fn clear(&self, space: &str) -> Reply<()>;

    /// Names of the spaces that hold something, in order.
    fn spaces(&self) -> Reply<Vec<String>>;

    /// What a space holds, all of one moment.
    fn contents(&self, space: &str) -> Reply<Contents>;

    /// Whether what is stored is there after the process has ended.
    fn is_durable(&self) -> bool;

    /// Ends what is under way and lets go of files, so that another home may open them. Later calls fail with
    /// [`StoreError::Closed`].
    fn close(&self);
}

/// What a space holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// Kind, id and document, in the order they were made; expired ones may be among them.
    pub documents: Vec<(String, String, Document)>,
    /// Ids of blobs, in order.
    pub blobs: Vec<String>,
    /// Counters by name, in order.
    pub counters: Vec<(String, i64)>,
}

/// One tenant's space in a home. Clones are the same space.
#[derive(Clone, Debug)]
pub struct Space {
    home: Arc<dyn Home>,
    name: Arc<str>,
    turnstiles: Arc<[Mutex<()>; TURNSTILES]>,
}

/// How many may change documents of a space at the same time.
const TURNSTILES: usize = 16;

/// Documents that a page is looked for among at a time.
const SCANNED: usize = 256;

impl Space {
    /// The space called `name`.
    pub fn new(home: Arc<dyn Home>, name: impl Into<Arc<str>>) -> Self {
        Self { home, name: name.into(), turnstiles: Arc::default() }
    }

    /// Its home.
    pub fn home(&self) -> &dyn Home {
        &*self.home
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its documents at a moment, Unix milliseconds.
    pub const fn at(&self, now_ms: i64) -> View<'_> {
        View { space: self, now_ms }
    }

    /// Keeps every other clone of this space from what goes by `key` as long as it is held: for documents that are read,
    /// changed and put back. Others of the home are kept from it by versions alone, which are true but not fair: who is
    /// slow could lose for ever. Different keys may share a turnstile, so only one is held at a time.
    pub async fn alone(&self, key: &str) -> MutexGuard<'_, ()> {
        let mut hasher = FxHasher::default();
        key.hash(&mut hasher);
        self.turnstiles[hasher.finish() as usize % TURNSTILES].lock().await
    }

    /// Removes everything in it.
    pub fn clear(&self) -> Reply<()> {
        self.home.clear(&self.name)
    }
}

/// The documents of a space at a moment.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    space: &'a Space,
    now_ms: i64,
}

impl View<'_> {
    fn shelf<'k>(&'k self, kind: &'k str) -> Shelf<'k> {
        Shelf { space: &self.space.name, kind }
    }

    /// The document, if it is there.
    pub fn get(&self, kind: &str, id: &str) -> Reply<Option<Document>> {
        self.space.home.get(self.shelf(kind), id, self.now_ms)
    }

    /// A page of a kind.
    pub fn list(&self, kind: &str, page: &Page) -> Reply<Listing> {
        self.space.home.list(self.shelf(kind), page, self.now_ms)
    }

    /// A page of the documents that `wanted` likes: all that lie between are read.
    pub async fn find(
        &self,
        kind: &str,
        page: &Page,
        wanted: impl Fn(&Bytes) -> bool + Send,
    ) -> Result<Listing, StoreError> {
        let mut found = Vec::new();
        let mut rest = Page { limit: SCANNED, ..page.clone() };
        loop {
            let Listing { mut documents, has_more } = self.list(kind, &rest).await?;
            // The next portion goes on behind the last of this one, seen from where the page is counted.
            if page.is_backwards() {
                rest.before = documents.first().map(|(id, _)| id.clone());
                documents.reverse();
            } else {
                rest.after = documents.last().map(|(id, _)| id.clone());
            }
            found.extend(documents.into_iter().filter(|(_, document)| wanted(&document.body)));
            let enough = found.len() > page.limit;
            if enough || !has_more {
                found.truncate(page.limit);
                if page.is_backwards() {
                    found.reverse();
                }
                return Ok(Listing { documents: found, has_more: enough });
            }
        }
    }

    /// Makes all changes or none.
    pub fn apply(&self, changes: Vec<Change>) -> Reply<Vec<Option<u64>>> {
        self.space.home.apply(&self.space.name, changes, self.now_ms)
    }

    /// Makes one change; see [`Documents::apply`] for what it says.
    pub async fn change(&self, change: Change) -> Result<Option<u64>, StoreError> {
        Ok(self.apply(vec![change]).await?.into_iter().next().flatten())
    }

    /// Changes a document with nobody between: `change` is asked again when somebody was. `None` if there is no such
    /// document. It expires when it did before. Takes the turnstile of `id` ([`Space::alone`]), which the caller must not
    /// hold.
    pub async fn update<T: Send, E: From<StoreError> + Send>(
        &self,
        kind: impl Into<Cow<'static, str>> + Send,
        id: &str,
        mut change: impl FnMut(&Bytes) -> Result<(Bytes, T), E> + Send,
    ) -> Result<Option<T>, E> {
        let kind = kind.into();
        let _turn = self.space.alone(id).await;
        for _ in 0..MOST_TRIES {
            let Some(document) = self.get(&kind, id).await? else { return Ok(None) };
            let (body, said) = change(&document.body)?;
            let Document { version, expires_at_ms, retention, .. } = document;
            let action = Action::Put { body, expires_at_ms, retention };
            let put = Change { kind: kind.clone(), id: id.to_owned(), expected: Expected::Version(version), action };
            match self.change(put).await {
                Ok(_) => return Ok(Some(said)),
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Conflict { kind: kind.into_owned(), id: id.to_owned() }.into())
    }
}

/// So often is a change tried whose document others keep changing.
const MOST_TRIES: usize = 100;
