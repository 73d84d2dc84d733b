//! Blobs in memory.

use bytes::{Bytes, BytesMut};
use ring::digest::{Context, SHA256};

use super::{Memory, lock};
use crate::blob::hash_of;
use crate::{BlobInfo, BlobWriter, Blobs, MOST_READ_BYTES, Reply};

/// A blob is held in parts of this size, so that what clients send in crumbs is not.
const PART_BYTES: usize = 64 * 1024;

/// A blob's parts, each but the last of [`PART_BYTES`].
#[derive(Debug)]
pub(super) struct Content {
    parts: Vec<Bytes>,
    pub(super) info: BlobInfo,
}

impl Content {
    fn read(&self, offset: u64, most: usize) -> Bytes {
        let end = self.info.bytes.min(offset.saturating_add(most.min(MOST_READ_BYTES) as u64));
        let offset = offset.min(end);
        let part = |index: usize| self.parts.get(index).map_or(&[][..], |part| part);
        let (first, at) = ((offset / PART_BYTES as u64) as usize, (offset % PART_BYTES as u64) as usize);
        let wanted = (end - offset) as usize;
        if at + wanted <= part(first).len() {
            return self.parts.get(first).map_or_else(Bytes::new, |part| part.slice(at..at + wanted));
        }
        let mut out = BytesMut::with_capacity(wanted);
        out.extend_from_slice(&part(first)[at..]);
        let mut next = first + 1;
        while out.len() < wanted {
            let part = part(next);
            out.extend_from_slice(&part[..part.len().min(wanted - out.len())]);
            next += 1;
        }
        out.freeze()
    }
}

impl Blobs for Memory {
    fn create(&self, space: &str, id: &str) -> Box<dyn BlobWriter> {
        let (space, id) = (space.to_owned(), id.to_owned());
        let (parts, last) = (Vec::new(), BytesMut::new());
        Box::new(Taking { home: self.clone(), space, id, parts, last, bytes: 0, hash: Context::new(&SHA256) })
    }

    fn describe(&self, space: &str, id: &str) -> Reply<Option<BlobInfo>> {
        let room = self.0.known_room(space);
        Reply::now(Ok(room.and_then(|room| Some(lock(&room).blobs.get(id)?.info.clone()))))
    }

    fn read(&self, space: &str, id: &str, offset: u64, most: usize) -> Reply<Option<Bytes>> {
        let room = self.0.known_room(space);
        Reply::now(Ok(room.and_then(|room| Some(lock(&room).blobs.get(id)?.read(offset, most)))))
    }

    fn delete(&self, space: &str, id: &str) -> Reply<bool> {
        let Some(room) = self.0.known_room(space) else { return Reply::now(Ok(false)) };
        let mut room = lock(&room);
        let Some(Content { info, .. }) = room.blobs.remove(id) else { return Reply::now(Ok(false)) };
        room.bytes -= info.bytes;
        self.0.release(info.bytes);
        Reply::now(Ok(true))
    }
}

/// A blob that is being taken in.
struct Taking {
    home: Memory,
    space: String,
    id: String,
    parts: Vec<Bytes>,
    last: BytesMut,
    /// Counted in so far; nothing once it is finished.
    bytes: u64,
    hash: Context,
}

impl BlobWriter for Taking {
    fn write(&mut self, part: Bytes) -> Reply<()> {
        let more = part.len() as u64;
        let room = self.home.0.room(&self.space);
        {
            let mut room = lock(&room);
            if let Err(full) = self.home.0.reserve(&mut room, more) {
                return Reply::now(Err(full));
            }
            room.unfinished += more;
        }
        self.bytes += more;
        self.hash.update(&part);
        let mut rest = &part[..];
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(PART_BYTES - self.last.len()));
            self.last.extend_from_slice(now);
            if self.last.len() == PART_BYTES {
                self.parts.push(self.last.split().freeze());
            }
            rest = later;
        }
        Reply::now(Ok(()))
    }

    fn finish(mut self: Box<Self>) -> Reply<BlobInfo> {
        let mut parts = std::mem::take(&mut self.parts);
        if !self.last.is_empty() {
            parts.push(Bytes::copy_from_slice(&self.last));
        }
        let info = BlobInfo { bytes: self.bytes, hash: hash_of(self.hash.clone()) };
        let room = self.home.0.room(&self.space);
        let mut room = lock(&room);
        room.unfinished -= self.bytes;
        self.bytes = 0;
        let replaced = room.blobs.insert(self.id.clone(), Content { parts, info: info.clone() });
        let freed = replaced.map_or(0, |content| content.info.bytes);
        room.bytes -= freed;
        self.home.0.release(freed);
        Reply::now(Ok(info))
    }
}

impl Drop for Taking {
    fn drop(&mut self) {
        if self.bytes > 0 {
            let room = self.home.0.room(&self.space);
            let mut room = lock(&room);
            room.unfinished -= self.bytes;
            room.bytes -= self.bytes;
            self.home.0.release(self.bytes);
        }
    }
}

impl std::fmt::Debug for Taking {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Taking").field("id", &self.id).field("bytes", &self.bytes).finish_non_exhaustive()
    }
}
