//! Blobs: small ones in the file, others in files of their own.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use bytes::{Bytes, BytesMut};
use ring::digest::{Context, SHA256};

use super::tables::{BLOBS, Tables};
use super::writer::Need;
use super::{Durable, Inner, lock};
use crate::blob::hash_of;
use crate::{BlobInfo, BlobWriter, Blobs, MOST_READ_BYTES, Reply, StoreError};

/// Smaller blobs are rows of the file: they cost no sync of their own.
pub(super) const INLINE_BYTES: usize = 64 * 1024;

/// Where the content of a blob is.
#[derive(Debug)]
enum Place<'a> {
    /// Here.
    Inline(&'a [u8]),
    /// In the file of this number.
    File(u64),
}

/// A blob's row: length and hash, then 0 and its content, or 1 and the number of its file. Numbers are little-endian.
fn read_row(row: &[u8]) -> Option<(BlobInfo, Place<'_>)> {
    let (bytes, row) = row.split_first_chunk()?;
    let (hash, row) = row.split_first_chunk()?;
    let place = match row.split_first()? {
        (0, content) => Place::Inline(content),
        (1, number) => Place::File(u64::from_le_bytes(*number.first_chunk()?)),
        _ => return None,
    };
    Some((BlobInfo { bytes: u64::from_le_bytes(*bytes), hash: *hash }, place))
}

fn write_row(info: &BlobInfo, place: &Place<'_>) -> Vec<u8> {
    let mut row = info.bytes.to_le_bytes().to_vec();
    row.extend_from_slice(&info.hash);
    match place {
        Place::Inline(content) => {
            row.push(0);
            row.extend_from_slice(content);
        }
        Place::File(number) => {
            row.push(1);
            row.extend_from_slice(&number.to_le_bytes());
        }
    }
    row
}

fn damaged() -> StoreError {
    StoreError::Damaged(Arc::from("a blob's row is too short"))
}

/// The number of the file that a row refers to.
pub(super) fn file_of(row: &[u8]) -> Option<u64> {
    match read_row(row)?.1 {
        Place::Inline(_) => None,
        Place::File(number) => Some(number),
    }
}

/// The name of the file of a number.
pub(super) fn file_name(number: u64) -> String {
    format!("{number:016x}")
}

/// Whether a file of this name can be one of ours, finished or not.
pub(super) fn is_file_name(name: &str) -> bool {
    let number = name.strip_suffix(".part").unwrap_or(name);
    number.len() == 16 && number.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

impl Blobs for Durable {
    fn create(&self, space: &str, id: &str) -> Box<dyn BlobWriter> {
        let content = Content { hash: Context::new(&SHA256), bytes: 0, head: BytesMut::new(), file: None };
        Box::new(Taking {
            inner: Arc::clone(&self.inner),
            key: (space.to_owned(), id.to_owned()),
            content: Arc::new(Mutex::new(content)),
        })
    }

    fn describe(&self, space: &str, id: &str) -> Reply<Option<BlobInfo>> {
        Reply::now(self.inner.read(|transaction| {
            let blobs = transaction.open_table(BLOBS)?;
            let Some(row) = blobs.get((space, id))? else { return Ok(None) };
            Ok(Some(read_row(row.value()).ok_or_else(damaged)?.0))
        }))
    }

    fn read(&self, space: &str, id: &str, offset: u64, most: usize) -> Reply<Option<Bytes>> {
        let most = most.min(MOST_READ_BYTES);
        let found = self.inner.read(|transaction| {
            let blobs = transaction.open_table(BLOBS)?;
            let Some(row) = blobs.get((space, id))? else { return Ok(None) };
            let (info, place) = read_row(row.value()).ok_or_else(damaged)?;
            Ok(Some(match place {
                Place::Inline(content) => {
                    let start = content.len().min(usize::try_from(offset).unwrap_or(usize::MAX));
                    let end = content.len().min(start.saturating_add(most));
                    Ok(Bytes::copy_from_slice(&content[start..end]))
                }
                Place::File(number) => Err((number, offset.min(info.bytes))),
            }))
        });
        match found {
            Err(error) => Reply::now(Err(error)),
            Ok(None) => Reply::now(Ok(None)),
            Ok(Some(Ok(bytes))) => Reply::now(Ok(Some(bytes))),
            Ok(Some(Err((number, offset)))) => {
                let path = self.inner.directory.join(file_name(number));
                self.inner.disk.run(move || read_file(&path, offset, most))
            }
        }
    }

    fn delete(&self, space: &str, id: &str) -> Reply<bool> {
        let (space, id) = (space.to_owned(), id.to_owned());
        self.inner.write(Need::Nothing, move |tables| {
            let Tables { blobs, orphans, .. } = tables;
            let Some(row) = blobs.remove((&*space, &*id))? else { return Ok(false) };
            orphans.extend(file_of(row.value()));
            Ok(true)
        })
    }
}

/// `None` if the file has gone since its row was read.
fn read_file(path: &Path, offset: u64, most: usize) -> Result<Option<Bytes>, StoreError> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    file.seek(SeekFrom::Start(offset))?;
    let mut out = Vec::with_capacity(most);
    file.take(most as u64).read_to_end(&mut out)?;
    Ok(Some(Bytes::from(out)))
}

/// What was taken in of a blob.
struct Content {
    hash: Context,
    bytes: u64,
    /// All of it while it is small.
    head: BytesMut,
    file: Option<Growing>,
}

/// A file that is not finished; removed when it is dropped.
#[derive(Debug)]
struct Growing {
    file: File,
    number: u64,
    path: PathBuf,
}

impl Drop for Growing {
    fn drop(&mut self) {
        // What stays behind is removed when the store is opened the next time. Once it is finished, it is not there.
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Content {
    fn write(&mut self, inner: &Inner, part: &[u8]) -> Result<(), StoreError> {
        if !inner.opener.has_room() {
            return Err(StoreError::Full("the disk of the store is full".into()));
        }
        if self.file.is_none() {
            let number = inner.sequence.fetch_add(1, Ordering::Relaxed);
            let path = inner.directory.join(file_name(number)).with_extension("part");
            let file = OpenOptions::new().write(true).create_new(true).open(&path)?;
            let growing = self.file.insert(Growing { file, number, path });
            growing.file.write_all(&self.head)?;
            self.head = BytesMut::new();
        }
        if let Some(growing) = &mut self.file {
            growing.file.write_all(part)?;
        }
        Ok(())
    }

    /// Puts the file in its place for good; its number.
    fn settle(&mut self, inner: &Inner) -> Result<Option<u64>, StoreError> {
        let Some(growing) = &mut self.file else { return Ok(None) };
        growing.file.sync_all()?;
        std::fs::rename(&growing.path, inner.directory.join(file_name(growing.number)))?;
        // The directory's entry is on the disk before the row that names it.
        File::open(&inner.directory)?.sync_all()?;
        Ok(Some(growing.number))
    }
}

/// A blob that is being taken in.
struct Taking {
    inner: Arc<Inner>,
    key: (String, String),
    content: Arc<Mutex<Content>>,
}

impl BlobWriter for Taking {
    fn write(&mut self, part: Bytes) -> Reply<()> {
        let mut content = lock(&self.content);
        content.hash.update(&part);
        content.bytes += part.len() as u64;
        if content.file.is_none() && content.head.len() + part.len() <= INLINE_BYTES {
            content.head.extend_from_slice(&part);
            return Reply::now(Ok(()));
        }
        let (inner, content) = (Arc::clone(&self.inner), Arc::clone(&self.content));
        self.inner.disk.run(move || lock(&content).write(&inner, &part))
    }

    fn finish(self: Box<Self>) -> Reply<BlobInfo> {
        let Self { inner, key: (space, id), content } = *self;
        let (info, is_file) = {
            let content = lock(&content);
            (BlobInfo { bytes: content.bytes, hash: hash_of(content.hash.clone()) }, content.file.is_some())
        };
        let row = {
            let (inner, info) = (Arc::clone(&inner), info.clone());
            move || -> Result<Vec<u8>, StoreError> {
                let mut content = lock(&content);
                let file = content.settle(&inner)?;
                let place = file.map_or(Place::Inline(&content.head), Place::File);
                Ok(write_row(&info, &place))
            }
        };
        let put = move |tables: &mut Tables<'_>, row: &[u8]| -> Result<BlobInfo, StoreError> {
            let Tables { blobs, orphans, .. } = tables;
            let replaced = blobs.insert((&*space, &*id), row)?;
            orphans.extend(replaced.and_then(|row| file_of(row.value())));
            Ok(info)
        };
        if !is_file {
            return inner.write(Need::Room, move |tables| put(tables, &row()?));
        }
        let writer = Arc::clone(&inner);
        let settled = inner.disk.run(row);
        Reply::later(async move {
            let row = settled.await?;
            writer.write(Need::Room, move |tables| put(tables, &row)).await
        })
    }
}

impl std::fmt::Debug for Taking {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Taking").field("key", &self.key).finish_non_exhaustive()
    }
}
