//! Documents in memory.

use std::ops::Bound;
use std::sync::atomic::Ordering;

use super::room::{Kind, size};
use super::{Memory, lock};
use crate::document::check;
use crate::{Action, Change, Document, Documents, Listing, Page, PageEnd, Reply, Shelf, StoreError};

impl Documents for Memory {
    fn get(&self, shelf: Shelf<'_>, id: &str, now_ms: i64) -> Reply<Option<Document>> {
        let room = self.0.known_room(shelf.space);
        Reply::now(Ok(room.and_then(|room| lock(&room).get(shelf.kind, id, now_ms))))
    }

    fn list(&self, shelf: Shelf<'_>, page: &Page, now_ms: i64) -> Reply<Listing> {
        let empty = Kind::default();
        let Some(room) = self.0.known_room(shelf.space) else { return Reply::now(list(&empty, page, now_ms)) };
        let room = lock(&room);
        Reply::now(list(room.kind(shelf.kind).unwrap_or(&empty), page, now_ms))
    }

    fn apply(&self, space: &str, changes: Vec<Change>, now_ms: i64) -> Reply<Vec<Option<u64>>> {
        Reply::now(self.make(space, changes, now_ms))
    }
}

impl Memory {
    fn make(&self, space: &str, changes: Vec<Change>, now_ms: i64) -> Result<Vec<Option<u64>>, StoreError> {
        let home = &*self.0;
        let room = home.room(space);
        let mut room = lock(&room);
        home.release(room.sweep(now_ms));
        check(&changes, |kind, id| Ok(room.version(kind, id, now_ms)))?;
        let mut versions = Vec::with_capacity(changes.len());
        let documents = changes.into_iter().map(|Change { kind, id, action, .. }| match action {
            Action::Delete => (kind, id, None),
            Action::Put { body, expires_at_ms, retention } => {
                let version = home.sequence.fetch_add(1, Ordering::Relaxed);
                (kind, id, Some(Document { body, version, expires_at_ms, retention }))
            }
        });
        let documents: Vec<_> = documents.collect();
        let more = documents.iter().filter_map(|(_, id, document)| Some(size(id, document.as_ref()?))).sum();
        home.reserve(&mut room, more)?;
        for (kind, id, document) in documents {
            let Some(document) = document else {
                let (freed, version) = room.delete(&kind, &id, now_ms);
                home.release(freed);
                versions.push(version);
                continue;
            };
            versions.push(Some(document.version));
            home.release(room.put(&kind, id, document, now_ms));
            home.release(room.trim(&kind, home.limits.evictable_of_kind));
        }
        Ok(versions)
    }
}

fn list(kind: &Kind, page: &Page, now_ms: i64) -> Result<Listing, StoreError> {
    let place = |end: PageEnd, id: &Option<String>| {
        let Some(id) = id else { return Ok(None) };
        let found = kind.ids.get(id).filter(|place| kind.places.get(place).is_some_and(|entry| entry.lives(now_ms)));
        found.copied().map(Some).ok_or_else(|| StoreError::NoCursor { end, id: id.clone() })
    };
    let (after, before) = (place(PageEnd::After, &page.after)?, place(PageEnd::Before, &page.before)?);
    let (low, high) = if page.descending { (before, after) } else { (after, before) };
    if low.zip(high).is_some_and(|(low, high)| low >= high) {
        return Ok(Listing::default());
    }
    let bound = |place: Option<u64>| place.map_or(Bound::Unbounded, Bound::Excluded);
    let range = kind.places.range((bound(low), bound(high))).map(|(_, entry)| entry);
    let living = range.filter(|entry| entry.lives(now_ms));
    // Newest first and counted from the end, or oldest first and counted from the front, is the order of places.
    let forward = page.descending == page.is_backwards();
    let take = page.limit.saturating_add(1);
    let shown = |entry: &super::room::Entry| (entry.id.clone(), entry.document.clone());
    let mut documents: Vec<_> =
        if forward { living.take(take).map(shown).collect() } else { living.rev().take(take).map(shown).collect() };
    let has_more = documents.len() > page.limit;
    documents.truncate(page.limit);
    if page.is_backwards() {
        documents.reverse();
    }
    Ok(Listing { documents, has_more })
}
