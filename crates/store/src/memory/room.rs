//! What a space holds in memory.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use super::blobs::Content;
use crate::{Contents, Document, Retention, content_id};

/// Bytes that a document takes beside its id and body, about.
const OVERHEAD: u64 = 160;

/// What a space holds.
#[derive(Debug, Default)]
pub(super) struct Room {
    kinds: FxHashMap<String, Kind>,
    pub(super) blobs: FxHashMap<String, Content>,
    pub(super) counters: FxHashMap<String, i64>,
    /// Of documents and blobs, those that are being taken in among them.
    pub(super) bytes: u64,
    /// Of blobs that are being taken in.
    pub(super) unfinished: u64,
    /// Numbers uses.
    uses: u64,
}

/// The documents of one kind.
#[derive(Debug, Default)]
pub(super) struct Kind {
    /// By the number of their making.
    pub(super) places: BTreeMap<u64, Entry>,
    pub(super) ids: FxHashMap<String, u64>,
    /// Places of those that may be forgotten, by their last use.
    used: BTreeMap<u64, u64>,
    /// Moments and places of those that expire.
    expiring: BTreeSet<(i64, u64)>,
    /// Moments and places of those that may be forgotten from then on.
    kept: BTreeSet<(i64, u64)>,
}

/// A document in its place.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) document: Document,
    used: u64,
}

impl Entry {
    fn bytes(&self) -> u64 {
        size(&self.id, &self.document)
    }

    /// Whether it is there at a moment.
    pub(super) fn lives(&self, now_ms: i64) -> bool {
        self.document.expires_at_ms.is_none_or(|expires| expires > now_ms)
    }
}

/// Bytes that a document takes.
pub(super) const fn size(id: &str, document: &Document) -> u64 {
    // Its id stands in two places.
    2 * id.len() as u64 + document.body.len() as u64 + OVERHEAD
}

impl Room {
    pub(super) fn kind(&self, kind: &str) -> Option<&Kind> {
        self.kinds.get(kind)
    }

    /// The version of what is there at a moment.
    pub(super) fn version(&self, kind: &str, id: &str, now_ms: i64) -> Option<u64> {
        let entry = self.entry(kind, id)?;
        entry.lives(now_ms).then_some(entry.document.version)
    }

    fn entry(&self, kind: &str, id: &str) -> Option<&Entry> {
        let kind = self.kinds.get(kind)?;
        kind.places.get(kind.ids.get(id)?)
    }

    /// The document, which is then the one used last.
    pub(super) fn get(&mut self, kind: &str, id: &str, now_ms: i64) -> Option<Document> {
        let kind = self.kinds.get_mut(kind)?;
        let place = *kind.ids.get(id)?;
        let entry = kind.places.get_mut(&place).filter(|entry| entry.lives(now_ms))?;
        if kind.used.remove(&entry.used).is_some() {
            self.uses += 1;
            kind.used.insert(self.uses, place);
            entry.used = self.uses;
        }
        Some(entry.document.clone())
    }

    /// Puts a document in the place of the one of its id, or in a place of its own. Its bytes are counted in by the
    /// caller; what it replaces is counted out, and returned.
    pub(super) fn put(&mut self, kind: &str, id: String, document: Document, now_ms: i64) -> u64 {
        self.uses += 1;
        if !self.kinds.contains_key(kind) {
            self.kinds.insert(kind.to_owned(), Kind::default());
        }
        let Some(kind) = self.kinds.get_mut(kind) else { return 0 };
        let known = kind.ids.get(&id).copied();
        let (place, freed) = match known {
            Some(place) => match kind.take(place) {
                Some(entry) if entry.lives(now_ms) => (place, entry.bytes()),
                // One that has expired is not there: what is put in its stead is new.
                expired => (document.version, expired.map_or(0, |entry| entry.bytes())),
            },
            None => (document.version, 0),
        };
        match document.retention {
            Retention::Evictable => drop(kind.used.insert(self.uses, place)),
            Retention::KeptUntil(moment) => drop(kind.kept.insert((moment, place))),
            Retention::Kept => {}
        }
        if let Some(expires) = document.expires_at_ms {
            kind.expiring.insert((expires, place));
        }
        kind.ids.insert(id.clone(), place);
        kind.places.insert(place, Entry { id, document, used: self.uses });
        self.bytes -= freed;
        freed
    }

    /// Removes a document; the bytes it took, and its version if it was there at the moment.
    pub(super) fn delete(&mut self, kind: &str, id: &str, now_ms: i64) -> (u64, Option<u64>) {
        let found = self.kinds.get_mut(kind).and_then(|kind| kind.take(*kind.ids.get(id)?));
        let Some(entry) = found else { return (0, None) };
        let freed = entry.bytes() + content(&mut self.blobs, kind, id);
        self.bytes -= freed;
        (freed, entry.lives(now_ms).then_some(entry.document.version))
    }

    /// Removes documents that have expired, a few at a time, and lets go of those that were kept; the bytes they took.
    pub(super) fn sweep(&mut self, now_ms: i64) -> u64 {
        const AT_ONCE: usize = 16;
        let mut freed = 0;
        for (name, kind) in &mut self.kinds {
            while let Some((_, place)) = kind.kept.first().filter(|(moment, _)| *moment <= now_ms).copied() {
                kind.kept.pop_first();
                if let Some(entry) = kind.places.get(&place) {
                    kind.used.insert(entry.used, place);
                }
            }
            for _ in 0..AT_ONCE {
                let Some((_, place)) = kind.expiring.first().filter(|(expires, _)| *expires <= now_ms).copied() else {
                    break;
                };
                let Some(entry) = kind.take(place) else { continue };
                freed += entry.bytes() + content(&mut self.blobs, name, &entry.id);
            }
        }
        self.bytes -= freed;
        freed
    }

    /// Forgets the documents of a kind that were used least recently, as far as there are more than `most`; the bytes
    /// they took.
    pub(super) fn trim(&mut self, kind: &str, most: usize) -> u64 {
        let Some(documents) = self.kinds.get_mut(kind) else { return 0 };
        let mut freed = 0;
        while documents.used.len() > most {
            let Some((_, place)) = documents.used.pop_first() else { break };
            let Some(entry) = documents.take(place) else { continue };
            freed += entry.bytes() + content(&mut self.blobs, kind, &entry.id);
        }
        self.bytes -= freed;
        freed
    }

    /// Forgets the document of all kinds that was used least recently; the bytes it took.
    pub(super) fn evict(&mut self) -> Option<u64> {
        let oldest = |kind: &mut Kind| kind.used.first_key_value().map(|(used, place)| (*used, *place));
        let (_, place, name, kind) = self
            .kinds
            .iter_mut()
            .filter_map(|(name, kind)| oldest(kind).map(|(used, place)| (used, place, name, kind)))
            .min_by_key(|(used, ..)| *used)?;
        let entry = kind.take(place)?;
        let freed = entry.bytes() + content(&mut self.blobs, name, &entry.id);
        self.bytes -= freed;
        Some(freed)
    }

    /// Whether nothing was ever put into it, or all of it was taken out.
    pub(super) fn is_empty(&self) -> bool {
        self.blobs.is_empty() && self.counters.is_empty() && self.kinds.values().all(|kind| kind.places.is_empty())
    }

    /// Everything in it that is finished.
    pub(super) fn contents(&self) -> Contents {
        let all =
            self.kinds.iter().flat_map(|(kind, of)| of.places.iter().map(move |(place, entry)| (place, kind, entry)));
        let mut placed: Vec<_> = all.collect();
        placed.sort_unstable_by_key(|(place, ..)| **place);
        let documents = placed
            .into_iter()
            .map(|(_, kind, entry)| (kind.clone(), entry.id.clone(), entry.document.clone()))
            .collect();
        let mut blobs: Vec<String> = self.blobs.keys().cloned().collect();
        let mut counters: Vec<(String, i64)> =
            self.counters.iter().map(|(name, count)| (name.clone(), *count)).collect();
        blobs.sort_unstable();
        counters.sort_unstable();
        Contents { documents, blobs, counters }
    }

    /// Removes everything but what is being taken in; the bytes it took.
    pub(super) fn clear(&mut self) -> u64 {
        let freed = self.bytes - self.unfinished;
        let (unfinished, uses) = (self.unfinished, self.uses);
        *self = Self { bytes: unfinished, unfinished, uses, ..Self::default() };
        freed
    }
}

/// Removes the blob that belongs to a document; the bytes it took.
fn content(blobs: &mut FxHashMap<String, Content>, kind: &str, id: &str) -> u64 {
    // Hardly any space has blobs, and every stored answer that is forgotten comes by.
    if blobs.is_empty() { None } else { blobs.remove(&content_id(kind, id)) }.map_or(0, |content| content.info.bytes)
}

impl Kind {
    /// Takes out what is in a place.
    fn take(&mut self, place: u64) -> Option<Entry> {
        let entry = self.places.remove(&place)?;
        self.ids.remove(&entry.id);
        self.used.remove(&entry.used);
        if let Retention::KeptUntil(moment) = entry.document.retention {
            self.kept.remove(&(moment, place));
        }
        if let Some(expires) = entry.document.expires_at_ms {
            self.expiring.remove(&(expires, place));
        }
        Some(entry)
    }
}
