//! What is known of a store's files in memory: the files as they are kept, and the index of their chunks.

use std::ops::Range;

use fakeai_search::{Chunk, Index};
use fakeai_store::{Page, Space};
use rustc_hash::FxHashMap;

use super::content::{Content, DIMENSIONS};
use super::file::{Counts, REVISION, State, VectorFile, kind};
use crate::context::Context;
use crate::error::ApiError;
use crate::jobs::Moment;

/// Documents that are read at a time.
const READ_AT_ONCE: usize = 1000;

/// A store's files.
#[derive(Debug)]
pub(super) struct Shelf {
    /// The version of the store's revision that it shows.
    version: Option<u64>,
    entries: Vec<Entry>,
    /// The place among the entries of each owner of chunks.
    owners: FxHashMap<u32, usize>,
    next_owner: u32,
    index: Index,
}

/// A file.
#[derive(Debug)]
pub(super) struct Entry {
    pub file: VectorFile,
    /// Whose chunks are in the index, once they are, and where they are in the text.
    indexed: Option<(u32, Vec<Range<u32>>)>,
}

/// What a store shows of its files.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Summary {
    pub counts: Counts,
    pub usage_bytes: u64,
    /// Of files that are ready.
    pub chunks: u64,
}

/// The version of a store's files as they are kept now.
pub(super) fn revision(context: &Context, store: &str) -> Result<Option<u64>, ApiError> {
    Ok(context.documents().get(REVISION, store).wait()?.map(|document| document.version))
}

/// All files of a store as they are kept, the oldest first.
pub(super) fn all(context: &Context, store: &str) -> Result<Vec<VectorFile>, ApiError> {
    let (kind, mut files) = (kind(store), Vec::new());
    let mut page = Page { limit: READ_AT_ONCE, ..Page::default() };
    loop {
        let listing = context.documents().list(&kind, &page).wait()?;
        page.after = listing.last_id().map(str::to_owned);
        files.extend(listing.documents.iter().filter_map(|(_, document)| VectorFile::read(document)));
        if !listing.has_more {
            return Ok(files);
        }
    }
}

impl Default for Shelf {
    fn default() -> Self {
        Self {
            version: None,
            entries: Vec::new(),
            owners: FxHashMap::default(),
            next_owner: 0,
            index: Index::new(DIMENSIONS),
        }
    }
}

impl Shelf {
    /// Whether it shows that version, and has the chunks of all files if they are `searched`.
    pub(super) fn shows(&self, version: Option<u64>, searched: bool) -> bool {
        self.version == version && version.is_some() && (!searched || self.entries.iter().all(Entry::is_complete))
    }

    /// Brings it up to `version`, and reads the chunks of files if they are `searched`.
    pub(super) fn refresh(
        &mut self,
        context: &Context,
        store: &str,
        version: Option<u64>,
        searched: bool,
    ) -> Result<(), ApiError> {
        if self.version != version || version.is_none() {
            let mut known: FxHashMap<String, Entry> =
                self.entries.drain(..).map(|entry| (entry.file.id.clone(), entry)).collect();
            for file in all(context, store)? {
                let indexed = known.remove(&file.id).filter(|entry| entry.file.reading == file.reading);
                self.entries.push(Entry { file, indexed: indexed.and_then(|entry| entry.indexed) });
            }
            self.owners.clear();
            for (place, entry) in self.entries.iter().enumerate() {
                self.owners.extend(entry.indexed.as_ref().map(|(owner, _)| (*owner, place)));
            }
            let owners = &self.owners;
            self.index.remove(|owner| !owners.contains_key(&owner));
            self.version = version;
        }
        if searched {
            let space = context.workspace().space();
            for place in 0..self.entries.len() {
                self.read(space, place)?;
            }
        }
        Ok(())
    }

    /// Puts the chunks of the entry at `place` into the index, unless they are.
    fn read(&mut self, space: &Space, place: usize) -> Result<(), ApiError> {
        let Some(entry) = self.entries.get_mut(place).filter(|entry| !entry.is_complete()) else { return Ok(()) };
        let file = &entry.file;
        let Some(content) = Content::get(space, &file.blob(), file.text_bytes, file.chunks)? else {
            tracing::warn!(store = file.store, file = file.id, "the content of a file in a vector store is gone");
            entry.indexed = Some((self.next_owner, Vec::new()));
            self.next_owner += 1;
            return Ok(());
        };
        let owner = self.next_owner;
        self.next_owner += 1;
        let vectors = content.vectors.chunks_exact(DIMENSIONS);
        for (ordinal, (span, vector)) in (0..).zip(content.spans.iter().zip(vectors)) {
            let terms = fakeai_writer::terms(&content.text[span.start as usize..span.end as usize]);
            if !self.index.add(Chunk { owner, ordinal, vector, terms: &terms }) {
                tracing::warn!(store = file.store, "a vector store has more chunks than can be searched");
                break;
            }
        }
        entry.indexed = Some((owner, content.spans));
        self.owners.insert(owner, place);
        Ok(())
    }

    /// The index of the chunks of all files.
    pub(super) const fn index(&self) -> &Index {
        &self.index
    }

    /// The entry whose chunks an owner's are.
    pub(super) fn entry(&self, owner: u32) -> Option<&Entry> {
        self.entries.get(*self.owners.get(&owner)?)
    }

    /// What the store shows of its files at a moment, which is `now_ms` in Unix milliseconds.
    pub(super) fn summary(&self, now: Moment, now_ms: i64) -> Summary {
        let mut summary = Summary::default();
        let there = || self.entries.iter().filter(|entry| entry.is_there(now_ms));
        summary.counts = Counts::of(there().map(|entry| entry.file.schedule.state(now)));
        for entry in there().filter(|entry| entry.file.schedule.state(now) == State::Completed) {
            summary.usage_bytes += entry.file.usage_bytes;
            summary.chunks += entry.file.chunks as u64;
        }
        summary
    }

    /// Memory it takes, bytes.
    pub(super) fn bytes(&self) -> usize {
        let spans = |entry: &Entry| entry.indexed.as_ref().map_or(0, |(_, spans)| spans.len() * 8);
        self.index.bytes() + self.entries.iter().map(|entry| 600 + spans(entry)).sum::<usize>()
    }
}

impl Entry {
    /// Whether its chunks are in the index, or it has none.
    const fn is_complete(&self) -> bool {
        self.indexed.is_some() || self.file.failure.is_some() || self.file.schedule.cancelled.is_some()
    }

    /// Whether the file it was made of is still there.
    pub(super) fn is_there(&self, now_ms: i64) -> bool {
        self.file.expires_at_ms.is_none_or(|at| at > now_ms)
    }

    /// Where a chunk is in its text.
    pub(super) fn span(&self, ordinal: u32) -> Option<Range<u32>> {
        self.indexed.as_ref()?.1.get(ordinal as usize).cloned()
    }
}
