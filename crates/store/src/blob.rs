//! Blobs: bytes by space and id, streamed in and out, never whole in memory.

use std::fmt::Debug;

use bytes::Bytes;

use crate::Reply;

/// Most bytes that one read gives.
pub const MOST_READ_BYTES: usize = 256 * 1024;

/// What is known of a blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlobInfo {
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of its content.
    pub hash: [u8; 32],
}

/// The id of the blob that belongs to a document: it goes when the document does, is deleted, expires or is forgotten.
pub fn content_id(kind: &str, id: &str) -> String {
    format!("{kind}/{id}")
}

/// Where blobs live.
pub trait Blobs: Send + Sync + Debug {
    /// Begins a blob. It appears whole when it is finished, in the place of one of the same id; until then nobody sees
    /// it.
    fn create(&self, space: &str, id: &str) -> Box<dyn BlobWriter>;

    /// What is known of a blob, if it is there.
    fn describe(&self, space: &str, id: &str) -> Reply<Option<BlobInfo>>;

    /// Bytes from `offset` on, at most `most` and [`MOST_READ_BYTES`]; empty at or behind the end; `None` if there is no
    /// such blob.
    fn read(&self, space: &str, id: &str, offset: u64, most: usize) -> Reply<Option<Bytes>>;

    /// Removes a blob; true if it was there.
    fn delete(&self, space: &str, id: &str) -> Reply<bool>;
}

/// Takes a blob in. Dropping it leaves nothing behind.
pub trait BlobWriter: Send + Debug {
    /// Adds bytes at the end. The next may be added once this has answered.
    fn write(&mut self, part: Bytes) -> Reply<()>;

    /// Makes the blob appear, and says what it is.
    fn finish(self: Box<Self>) -> Reply<BlobInfo>;
}

/// The hash of what `context` has seen.
pub(crate) fn hash_of(context: ring::digest::Context) -> [u8; 32] {
    let mut hash = [0; 32];
    // SHA-256 has 32 bytes.
    hash.iter_mut().zip(context.finish().as_ref()).for_each(|(byte, digested)| *byte = *digested);
    hash
}
