use std::sync::Arc;

/// Why a store did not do as asked. Nothing was changed then, unless it says otherwise.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// A page should begin or end at a document that is not there.
    #[error("no document of id {id} to page from")]
    NoCursor {
        /// Which end of the page.
        end: PageEnd,
        /// The id that was named.
        id: String,
    },
    /// Somebody else changed the document meanwhile.
    #[error("{kind} {id} was changed by somebody else")]
    Conflict {
        /// The kind of the document.
        kind: String,
        /// Its id.
        id: String,
    },
    /// There is no room: memory's limit is reached, or the disk is full.
    #[error("no room left: {0}")]
    Full(Arc<str>),
    /// The disk failed. A change may or may not have been made, but none is made by half.
    #[error("the disk failed: {0}")]
    Disk(Arc<std::io::Error>),
    /// What is stored cannot be read.
    #[error("what is stored is damaged: {0}")]
    Damaged(Arc<str>),
    /// The home was closed.
    #[error("the store is closed")]
    Closed,
}

/// One end of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageEnd {
    /// The page begins after it.
    After,
    /// The page ends before it.
    Before,
}

impl From<std::io::Error> for StoreError {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        match error.kind() {
            StorageFull | QuotaExceeded | FileTooLarge => Self::Full(error.to_string().into()),
            _ => Self::Disk(Arc::new(error)),
        }
    }
}
