//! The tables of the file.

use std::sync::Arc;

use bytes::Bytes;
use redb::{ReadTransaction, Table, TableDefinition, WriteTransaction};

use super::blobs;
use crate::{Contents, Document, Retention, StoreError};

/// Documents by space, kind and id: [`Row`].
pub(super) const DOCUMENTS: TableDefinition<'static, (&str, &str, &str), &[u8]> = TableDefinition::new("documents");
/// Ids by space, kind and place.
pub(super) const ORDER: TableDefinition<'static, (&str, &str, u64), &str> = TableDefinition::new("order");
/// Documents that expire, by space and moment, with kind and id.
const EXPIRING: TableDefinition<'static, (&str, i64, &str, &str), ()> = TableDefinition::new("expiring");
/// Blobs by space and id: see [`blobs`].
pub(super) const BLOBS: TableDefinition<'static, (&str, &str), &[u8]> = TableDefinition::new("blobs");
/// Counters by space and name.
const COUNTERS: TableDefinition<'static, (&str, &str), i64> = TableDefinition::new("counters");
/// What the file says of itself: its format, and how often it was opened.
pub(super) const META: TableDefinition<'static, &str, u64> = TableDefinition::new("meta");

/// The tables of a transaction that writes.
pub(super) struct Tables<'t> {
    pub(super) documents: Table<'t, (&'static str, &'static str, &'static str), &'static [u8]>,
    pub(super) order: Table<'t, (&'static str, &'static str, u64), &'static str>,
    pub(super) expiring: Table<'t, (&'static str, i64, &'static str, &'static str), ()>,
    pub(super) blobs: Table<'t, (&'static str, &'static str), &'static [u8]>,
    pub(super) counters: Table<'t, (&'static str, &'static str), i64>,
    /// Files of blobs that nobody refers to once this is committed.
    pub(super) orphans: Vec<u64>,
}

impl<'t> Tables<'t> {
    pub(super) fn open(transaction: &'t WriteTransaction) -> Result<Self, StoreError> {
        Ok(Self {
            documents: transaction.open_table(DOCUMENTS)?,
            order: transaction.open_table(ORDER)?,
            expiring: transaction.open_table(EXPIRING)?,
            blobs: transaction.open_table(BLOBS)?,
            counters: transaction.open_table(COUNTERS)?,
            orphans: Vec::new(),
        })
    }

    /// Removes everything of a space.
    pub(super) fn clear(&mut self, space: &str) -> Result<(), StoreError> {
        // The text right behind `space` in order.
        let next = format!("{space}\0");
        self.documents.retain_in::<(&str, &str, &str), _>((space, "", "")..(&*next, "", ""), |_, _| false)?;
        self.order.retain_in::<(&str, &str, u64), _>((space, "", 0)..(&*next, "", 0), |_, _| false)?;
        self.expiring.retain_in::<(&str, i64, &str, &str), _>(
            (space, i64::MIN, "", "")..(&*next, i64::MIN, "", ""),
            |_, ()| false,
        )?;
        self.counters.retain_in::<(&str, &str), _>((space, "")..(&*next, ""), |_, _| false)?;
        let Self { blobs, orphans, .. } = self;
        blobs.retain_in::<(&str, &str), _>((space, "")..(&*next, ""), |_, row| {
            orphans.extend(blobs::file_of(row));
            false
        })?;
        Ok(())
    }
}

/// Names of the spaces that hold something.
pub(super) fn spaces(transaction: &ReadTransaction) -> Result<Vec<String>, StoreError> {
    let (documents, blobs) = (transaction.open_table(DOCUMENTS)?, transaction.open_table(BLOBS)?);
    let counters = transaction.open_table(COUNTERS)?;
    let mut names: Vec<String> = Vec::new();
    // From each space right to the next one: there may be many documents in each.
    let mut from = String::new();
    loop {
        let document = documents.range::<(&str, &str, &str)>((&*from, "", "")..)?.next().transpose()?;
        let blob = blobs.range::<(&str, &str)>((&*from, "")..)?.next().transpose()?;
        let counter = counters.range::<(&str, &str)>((&*from, "")..)?.next().transpose()?;
        let found = [
            document.map(|(key, _)| key.value().0.to_owned()),
            blob.map(|(key, _)| key.value().0.to_owned()),
            counter.map(|(key, _)| key.value().0.to_owned()),
        ];
        let Some(space) = found.into_iter().flatten().min() else { return Ok(names) };
        from = format!("{space}\0");
        names.push(space);
    }
}

/// What a space holds.
pub(super) fn contents(transaction: &ReadTransaction, space: &str) -> Result<Contents, StoreError> {
    let next = format!("{space}\0");
    let mut placed = Vec::new();
    let documents = transaction.open_table(DOCUMENTS)?;
    for row in documents.range::<(&str, &str, &str)>((space, "", "")..(&*next, "", ""))? {
        let (key, row) = row?;
        let ((_, kind, id), row) = (key.value(), Row::read(row.value())?);
        placed.push((row.place, (kind.to_owned(), id.to_owned(), row.document())));
    }
    placed.sort_unstable_by_key(|(place, _)| *place);
    let mut contents =
        Contents { documents: placed.into_iter().map(|(_, document)| document).collect(), ..Contents::default() };
    for row in transaction.open_table(BLOBS)?.range::<(&str, &str)>((space, "")..(&*next, ""))? {
        contents.blobs.push(row?.0.value().1.to_owned());
    }
    for row in transaction.open_table(COUNTERS)?.range::<(&str, &str)>((space, "")..(&*next, ""))? {
        let (key, count) = row?;
        contents.counters.push((key.value().1.to_owned(), count.value()));
    }
    Ok(contents)
}

/// A document's row: place, version, expiry and how long it is kept, then its body. Numbers are little-endian.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row<'a> {
    pub(super) place: u64,
    pub(super) version: u64,
    expires_at_ms: i64,
    kept_until_ms: i64,
    body: &'a [u8],
}

/// Never expires.
const NEVER: i64 = i64::MAX;

impl<'a> Row<'a> {
    pub(super) fn read(row: &'a [u8]) -> Result<Self, StoreError> {
        let fields = || {
            let (place, row) = row.split_first_chunk()?;
            let (version, row) = row.split_first_chunk()?;
            let (expires, row) = row.split_first_chunk()?;
            let (kept, body) = row.split_first_chunk()?;
            Some(Self {
                place: u64::from_le_bytes(*place),
                version: u64::from_le_bytes(*version),
                expires_at_ms: i64::from_le_bytes(*expires),
                kept_until_ms: i64::from_le_bytes(*kept),
                body,
            })
        };
        fields().ok_or_else(|| StoreError::Damaged(Arc::from("a document's row is too short")))
    }

    pub(super) fn write(place: u64, document: &Document) -> Vec<u8> {
        let mut row = Vec::with_capacity(32 + document.body.len());
        row.extend_from_slice(&place.to_le_bytes());
        row.extend_from_slice(&document.version.to_le_bytes());
        row.extend_from_slice(&document.expires_at_ms.unwrap_or(NEVER).to_le_bytes());
        let kept_until_ms = match document.retention {
            Retention::Evictable => i64::MIN,
            Retention::KeptUntil(moment) => moment,
            Retention::Kept => NEVER,
        };
        row.extend_from_slice(&kept_until_ms.to_le_bytes());
        row.extend_from_slice(&document.body);
        row
    }

    pub(super) const fn lives(&self, now_ms: i64) -> bool {
        self.expires_at_ms == NEVER || self.expires_at_ms > now_ms
    }

    pub(super) const fn expires_at_ms(&self) -> Option<i64> {
        if self.expires_at_ms == NEVER { None } else { Some(self.expires_at_ms) }
    }

    pub(super) fn document(&self) -> Document {
        Document {
            body: Bytes::copy_from_slice(self.body),
            version: self.version,
            expires_at_ms: self.expires_at_ms(),
            retention: match self.kept_until_ms {
                i64::MIN => Retention::Evictable,
                NEVER => Retention::Kept,
                moment => Retention::KeptUntil(moment),
            },
        }
    }
}

/// Whatever redb says, in words of ours.
macro_rules! from_redb {
    ($($Error:ident),+) => {
        $(impl From<redb::$Error> for StoreError {
            fn from(error: redb::$Error) -> Self {
                match redb::Error::from(error) {
                    redb::Error::Io(error) => Self::from(error),
                    redb::Error::PreviousIo | redb::Error::DatabaseClosed => {
                        Self::Disk(Arc::new(std::io::Error::other("it failed before and is opened again")))
                    }
                    other => Self::Damaged(other.to_string().into()),
                }
            }
        })+
    };
}

from_redb!(StorageError, TableError, TransactionError, CommitError);
