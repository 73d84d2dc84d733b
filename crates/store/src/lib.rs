//! Where resources live: small object-safe traits, and their homes.
//!
//! The one home so far is memory. It must not know what a document means: bodies are bytes, kinds are names.

mod memory;

use bytes::Bytes;

pub use memory::Memory;

/// Documents by kind and id, listed in the order they were made.
pub trait Documents: Send + Sync + std::fmt::Debug {
    /// Adds a document, or replaces the one of that id, which keeps its place.
    fn put(&self, kind: &str, id: &str, body: Bytes) -> Result<(), StoreError>;

    /// The document, if it is there.
    fn get(&self, kind: &str, id: &str) -> Result<Option<Bytes>, StoreError>;

    /// Removes a document; true if it was there.
    fn delete(&self, kind: &str, id: &str) -> Result<bool, StoreError>;

    /// A page of the documents that `wanted` likes.
    fn list(&self, kind: &str, page: &Page, wanted: &dyn Fn(&Bytes) -> bool) -> Result<Listing, StoreError>;

    /// Removes everything.
    fn clear(&self) -> Result<(), StoreError>;
}

/// Which part of a list is wanted.
#[derive(Clone, Debug)]
pub struct Page {
    /// Only what comes after the document of this id.
    pub after: Option<String>,
    /// At most so many.
    pub limit: usize,
    /// Newest first.
    pub descending: bool,
}

/// A part of a list.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Ids and bodies in order.
    pub documents: Vec<(String, Bytes)>,
    /// Whether there are more behind them.
    pub has_more: bool,
}

/// Why a store did not do as asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// A page should begin after a document that is not there.
    #[error("no document of id {0}")]
    NoCursor(String),
}
