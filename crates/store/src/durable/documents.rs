//! Documents in the file.

use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use redb::{ReadTransaction, ReadableTable};

use super::tables::{DOCUMENTS, ORDER, Row, Tables};
use super::writer::Need;
use super::{Durable, blobs};
use crate::document::check;
use crate::{Action, Change, Document, Documents, Listing, Page, PageEnd, Reply, Shelf, StoreError, content_id};

/// Expired documents that a change sweeps away.
const SWEPT: usize = 16;

impl Documents for Durable {
    fn get(&self, shelf: Shelf<'_>, id: &str, now_ms: i64) -> Reply<Option<Document>> {
        Reply::now(self.inner.read(|transaction| {
            let documents = transaction.open_table(DOCUMENTS)?;
            let Some(row) = documents.get((shelf.space, shelf.kind, id))? else { return Ok(None) };
            let row = Row::read(row.value())?;
            Ok(row.lives(now_ms).then(|| row.document()))
        }))
    }

    fn list(&self, shelf: Shelf<'_>, page: &Page, now_ms: i64) -> Reply<Listing> {
        Reply::now(self.inner.read(|transaction| list(transaction, shelf, page, now_ms)))
    }

    fn apply(&self, space: &str, changes: Vec<Change>, now_ms: i64) -> Reply<Vec<Option<u64>>> {
        let (space, inner) = (space.to_owned(), Arc::clone(&self.inner));
        let removes = |change: &Change| matches!(change.action, Action::Delete);
        let need = if changes.iter().all(removes) { Need::Nothing } else { Need::Room };
        self.inner.write(need, move |tables| {
            sweep(tables, &space, now_ms)?;
            check(&changes, |kind, id| {
                let Some(row) = tables.documents.get((&*space, kind, id))? else { return Ok(None) };
                let row = Row::read(row.value())?;
                Ok(row.lives(now_ms).then_some(row.version))
            })?;
            let next = || inner.sequence.fetch_add(1, Ordering::Relaxed);
            changes.into_iter().map(|change| make(tables, &space, change, now_ms, next)).collect()
        })
    }
}

/// Makes one change.
fn make(
    tables: &mut Tables<'_>,
    space: &str,
    Change { kind, id, action, .. }: Change,
    now_ms: i64,
    next: impl FnOnce() -> u64,
) -> Result<Option<u64>, StoreError> {
    let key = (space, &*kind, &*id);
    match action {
        Action::Delete => remove(tables, key, now_ms),
        Action::Put { body, expires_at_ms, retention } => {
            let version = next();
            let document = Document { body, version, expires_at_ms, retention };
            let replaced = match tables.documents.get(key)? {
                None => None,
                Some(row) => {
                    let row = Row::read(row.value())?;
                    // One that has expired is not there: what is put in its stead is new.
                    Some((row.place, row.expires_at_ms(), row.lives(now_ms)))
                }
            };
            if let Some((_, Some(expires), _)) = replaced {
                tables.expiring.remove((space, expires, &*kind, &*id))?;
            }
            let place = match replaced {
                Some((place, _, true)) => place,
                Some((place, _, false)) => {
                    tables.order.remove((space, &*kind, place))?;
                    version
                }
                None => version,
            };
            tables.documents.insert(key, &*Row::write(place, &document))?;
            if place == version {
                tables.order.insert((space, &*kind, place), &*id)?;
            }
            if let Some(expires) = expires_at_ms {
                tables.expiring.insert((space, expires, &*kind, &*id), ())?;
            }
            Ok(Some(version))
        }
    }
}

/// Removes a document; its version, if it was there at the moment.
fn remove(tables: &mut Tables<'_>, key: (&str, &str, &str), now_ms: i64) -> Result<Option<u64>, StoreError> {
    let (space, kind, id) = key;
    let (place, version, expires, lives) = match tables.documents.remove(key)? {
        None => return Ok(None),
        Some(row) => {
            let row = Row::read(row.value())?;
            (row.place, row.version, row.expires_at_ms(), row.lives(now_ms))
        }
    };
    tables.order.remove((space, kind, place))?;
    if let Some(row) = tables.blobs.remove((space, &*content_id(kind, id)))? {
        tables.orphans.extend(blobs::file_of(row.value()));
    }
    if let Some(expires) = expires {
        tables.expiring.remove((space, expires, kind, id))?;
    }
    Ok(lives.then_some(version))
}

/// Removes a few documents that have expired.
fn sweep(tables: &mut Tables<'_>, space: &str, now_ms: i64) -> Result<(), StoreError> {
    let expired = (space, i64::MIN, "", "")..(space, now_ms.saturating_add(1), "", "");
    let mut found = Vec::new();
    for row in tables.expiring.range(expired)?.take(SWEPT) {
        let (key, _) = row?;
        let (_, _, kind, id) = key.value();
        found.push((kind.to_owned(), id.to_owned()));
    }
    for (kind, id) in found {
        remove(tables, (space, &kind, &id), now_ms)?;
    }
    Ok(())
}

fn list(
    transaction: &ReadTransaction,
    Shelf { space, kind }: Shelf<'_>,
    page: &Page,
    now_ms: i64,
) -> Result<Listing, StoreError> {
    let (documents, order) = (transaction.open_table(DOCUMENTS)?, transaction.open_table(ORDER)?);
    let place = |end: PageEnd, id: &Option<String>| -> Result<Option<u64>, StoreError> {
        let Some(id) = id else { return Ok(None) };
        let place = match documents.get((space, kind, &**id))? {
            None => None,
            Some(row) => Some(Row::read(row.value())?).filter(|row| row.lives(now_ms)).map(|row| row.place),
        };
        place.map(Some).ok_or_else(|| StoreError::NoCursor { end, id: id.clone() })
    };
    let (after, before) = (place(PageEnd::After, &page.after)?, place(PageEnd::Before, &page.before)?);
    let (low, high) = if page.descending { (before, after) } else { (after, before) };
    if low.zip(high).is_some_and(|(low, high)| low >= high) {
        return Ok(Listing::default());
    }
    let low = low.map_or(Bound::Included((space, kind, 0)), |place| Bound::Excluded((space, kind, place)));
    let high = high.map_or(Bound::Included((space, kind, u64::MAX)), |place| Bound::Excluded((space, kind, place)));
    let mut rows = order.range::<(&str, &str, u64)>((low, high))?;
    // Newest first and counted from the end, or oldest first and counted from the front, is the order of places.
    let forward = page.descending == page.is_backwards();
    let mut listing = Listing::default();
    while let Some(row) = if forward { rows.next() } else { rows.next_back() } {
        let (_, id) = row?;
        let id = id.value();
        let Some(row) = documents.get((space, kind, id))? else { continue };
        let row = Row::read(row.value())?;
        if !row.lives(now_ms) {
            continue;
        }
        if listing.documents.len() >= page.limit {
            listing.has_more = true;
            break;
        }
        listing.documents.push((id.to_owned(), row.document()));
    }
    if page.is_backwards() {
        listing.documents.reverse();
    }
    Ok(listing)
}
