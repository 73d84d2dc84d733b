//! The shelves of all stores that were looked at lately, and how they are searched.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use rustc_hash::FxHashMap;
use tokio::sync::Semaphore;

use super::figures::Searches;
use super::shelf::{Shelf, revision};
use crate::context::Context;
use crate::error::ApiError;

/// Shelves that are kept, and memory of their indexes, bytes. Those not looked at for longest go first; the one that is
/// searched stays, however large.
const MOST_SHELVES: usize = 1000;
const MOST_BYTES: usize = 1 << 30;
/// Files that are read at the same time: each may take some hundred megabytes for a moment.
const READ_AT_ONCE: usize = 2;

/// The shelves of all stores.
#[derive(Debug)]
pub(crate) struct Shelves {
    kept: Mutex<Kept>,
    /// Searches of each store.
    searches: Mutex<FxHashMap<Key, Searches>>,
    /// Who may read a file.
    pub(super) readers: Semaphore,
}

/// A workspace and the id of a store in it.
pub(super) type Key = (Arc<str>, String);

#[derive(Debug, Default)]
struct Kept {
    shelves: FxHashMap<Key, Place>,
    /// How often shelves were asked for.
    looks: u64,
}

#[derive(Debug)]
struct Place {
    shelf: Arc<RwLock<Shelf>>,
    /// The number of the last look at it, and the memory it then took.
    look: u64,
    bytes: usize,
}

impl Default for Shelves {
    fn default() -> Self {
        Self { kept: Mutex::default(), searches: Mutex::default(), readers: Semaphore::new(READ_AT_ONCE) }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn key(context: &Context, store: &str) -> Key {
    (Arc::clone(context.workspace_name()), store.to_owned())
}

impl Shelves {
    /// Looks at the shelf of a store as it is kept now; with the chunks of all files if it is `searched`. To read those
    /// for the first time may take seconds: for threads that may be kept.
    pub(super) fn look<T>(
        &self,
        context: &Context,
        store: &str,
        searched: bool,
        look: impl FnOnce(&Shelf) -> T,
    ) -> Result<T, ApiError> {
        let key = key(context, store);
        let shelf = self.shelf(&key);
        let version = revision(context, store)?;
        let read =
            |shelf| -> RwLockReadGuard<'_, Shelf> { RwLock::read(shelf).unwrap_or_else(PoisonError::into_inner) };
        let seen = read(&shelf);
        if seen.shows(version, searched) {
            return Ok(look(&seen));
        }
        drop(seen);
        let mut changed = shelf.write().unwrap_or_else(PoisonError::into_inner);
        // Somebody else may have done so meanwhile.
        let version = revision(context, store)?;
        if !changed.shows(version, searched) {
            changed.refresh(context, store, version, searched)?;
        }
        let bytes = changed.bytes();
        drop(changed);
        self.weigh(&key, bytes);
        Ok(look(&read(&shelf)))
    }

    fn shelf(&self, key: &Key) -> Arc<RwLock<Shelf>> {
        let mut kept = lock(&self.kept);
        kept.looks += 1;
        let look = kept.looks;
        let new = || Place { shelf: Arc::default(), look, bytes: 0 };
        let place = kept.shelves.entry(key.clone()).or_insert_with(new);
        place.look = look;
        Arc::clone(&place.shelf)
    }

    /// Notes what a shelf takes, and lets others go where it is too much.
    fn weigh(&self, key: &Key, bytes: usize) {
        let mut kept = lock(&self.kept);
        if let Some(place) = kept.shelves.get_mut(key) {
            place.bytes = bytes;
        }
        let mut all: usize = kept.shelves.values().map(|place| place.bytes).sum();
        while kept.shelves.len() > 1 && (all > MOST_BYTES || kept.shelves.len() > MOST_SHELVES) {
            let others = kept.shelves.iter().filter(|(other, _)| *other != key);
            let Some(oldest) = others.min_by_key(|(_, place)| place.look).map(|(key, _)| key.clone()) else { return };
            all -= kept.shelves.remove(&oldest).map_or(0, |place| place.bytes);
        }
    }

    /// Forgets a store that is gone.
    pub(super) fn forget(&self, context: &Context, store: &str) {
        let key = key(context, store);
        lock(&self.kept).shelves.remove(&key);
        lock(&self.searches).remove(&key);
    }

    /// Notes a search of a store and how many chunks it found.
    pub(super) fn searched(&self, context: &Context, store: &str, took: Duration, found: usize) {
        let mut searches = lock(&self.searches);
        if searches.len() >= MOST_SHELVES && !searches.contains_key(&key(context, store)) {
            searches.clear();
        }
        searches.entry(key(context, store)).or_default().add(took, found);
    }

    /// Searches of a store.
    pub(super) fn searches(&self, key: &Key) -> Searches {
        lock(&self.searches).get(key).cloned().unwrap_or_default()
    }

    /// Memory of all shelves, bytes.
    pub(super) fn bytes(&self) -> usize {
        lock(&self.kept).shelves.values().map(|place| place.bytes).sum()
    }
}
