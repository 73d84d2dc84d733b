//! Everything a test or a tenant may want for itself: a store, a seed, a clock, models it made, a memory of its
//! requests.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use fakeai_catalog::ModelCard;
use fakeai_core::{Apart, Clock, Ids, Seed, Sharded, Tick};
use fakeai_engine::{PromptCache, Retention};
use fakeai_store::{Home, Space};
use rustc_hash::FxHashMap;

/// The date of a deterministic server: 2025-01-01T00:00:00Z.
pub const DETERMINISTIC_DATE: i64 = 1_735_689_600;

/// The name of the workspace of requests that name none.
pub(crate) const DEFAULT: &str = "default";

/// Distinct requests whose repeats are counted; beyond it counting starts again.
const MOST_REPEATS: usize = 100_000;

/// Blocks of prompts that a workspace remembers.
const MOST_PROMPT_BLOCKS: usize = 50_000;

/// One tenant's own state. The engine and the ledger are shared.
#[derive(Debug)]
pub struct Workspace {
    /// Its name.
    pub name: Arc<str>,
    clock: RwLock<Clock>,
    /// Raised whenever the clock was exchanged.
    clock_version: AtomicU64,
    seed: AtomicU64,
    deterministic: bool,
    entropy: Seed,
    /// How often a deterministic server was started on what it has stored, if that is more than once.
    reopened: Option<u64>,
    requests: Counter,
    /// Requests to the server's own endpoints.
    looks: Counter,
    last_used: AtomicU64,
    repeats: Apart<Mutex<FxHashMap<u64, u64>>>,
    models: Mutex<Vec<Arc<ModelCard>>>,
    /// What its clients stored.
    space: Space,
    prompts: Mutex<PromptCache>,
    /// As many entries of each thread as are shown of all.
    journal: Sharded<Mutex<VecDeque<Remembered>>>,
    journal_entries: usize,
}

/// A request as the server saw it.
#[derive(Clone, Debug)]
pub struct JournalEntry {
    /// `POST`.
    pub method: http::Method,
    /// `/v1/chat/completions`, without workspace prefix, with query.
    pub path: String,
    /// The body, empty if it had none or was larger than 64 KiB.
    pub body: Bytes,
}

/// A journal's entry as it is kept: its buffers serve the next request once it is forgotten.
#[derive(Debug, Default)]
struct Remembered {
    arrived: Tick,
    method: http::Method,
    path: String,
    body: Vec<u8>,
}

/// Counts requests. Their numbers are in order where ids must be the same in two runs; elsewhere each thread counts for
/// itself, and its numbers are its own.
#[derive(Debug)]
enum Counter {
    Ordered(Apart<AtomicU64>),
    /// Counts, and how many of them were before the last reset.
    Sharded(Sharded<AtomicU64>, AtomicU64),
}

/// Requests that a thread numbers before its numbers are another's.
const NUMBERS: u32 = 48;

impl Counter {
    fn new(ordered: bool) -> Self {
        if ordered { Self::Ordered(Apart::default()) } else { Self::Sharded(Sharded::default(), AtomicU64::new(0)) }
    }

    /// The number of one more request: no other has it.
    fn next(&self) -> u64 {
        match self {
            Self::Ordered(count) => count.fetch_add(1, Ordering::Relaxed),
            Self::Sharded(counts, _) => {
                let (place, count) = counts.own_numbered();
                ((place as u64) << NUMBERS) + count.fetch_add(1, Ordering::Relaxed)
            }
        }
    }

    /// Requests since the last reset.
    fn sum(&self) -> u64 {
        match self {
            Self::Ordered(count) => count.load(Ordering::Relaxed),
            Self::Sharded(counts, before) => total(counts).saturating_sub(before.load(Ordering::Relaxed)),
        }
    }

    /// Begins anew. Numbers come again only where the same ids have to.
    fn reset(&self) {
        match self {
            Self::Ordered(count) => count.store(0, Ordering::Relaxed),
            Self::Sharded(counts, before) => before.store(total(counts), Ordering::Relaxed),
        }
    }
}

fn total(counts: &Sharded<AtomicU64>) -> u64 {
    counts.iter().map(|count| count.load(Ordering::Relaxed)).sum()
}

/// Larger buffers are not kept for the next request.
const MOST_REUSED_BYTES: usize = 8 * 1024;

/// Larger bodies are not remembered.
const MOST_JOURNAL_BYTES: usize = 64 * 1024;

impl Workspace {
    fn new(name: &str, make: &Making) -> Self {
        let clock =
            if make.deterministic { make.clock.with_fixed_date(DETERMINISTIC_DATE) } else { make.clock.clone() };
        let space = Space::new(Arc::clone(&make.home), name);
        let reopened = if make.deterministic && make.home.is_durable() { reopened(&space) } else { None };
        Self {
            name: Arc::from(name),
            reopened,
            clock: RwLock::new(clock),
            clock_version: AtomicU64::new(0),
            seed: AtomicU64::new(make.seed.value()),
            deterministic: make.deterministic,
            entropy: make.entropy.derive(name),
            requests: Counter::new(make.deterministic),
            looks: Counter::new(make.deterministic),
            last_used: AtomicU64::new(0),
            repeats: Apart::default(),
            models: Mutex::default(),
            space,
            prompts: Mutex::new(PromptCache::new(MOST_PROMPT_BLOCKS)),
            journal: Sharded::default(),
            journal_entries: make.journal_entries,
        }
    }

    /// The clock of its requests.
    pub fn clock(&self) -> Clock {
        self.clock.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Gives it another clock; requests under way keep the one they began with.
    pub fn set_clock(&self, clock: Clock) {
        *self.clock.write().unwrap_or_else(PoisonError::into_inner) = clock;
        self.clock_version.fetch_add(1, Ordering::Release);
    }

    /// Differs from what it was before if the clock was exchanged since.
    pub(crate) fn clock_version(&self) -> u64 {
        self.clock_version.load(Ordering::Acquire)
    }

    /// The root of what is drawn in it.
    pub fn seed(&self) -> Seed {
        Seed::new(self.seed.load(Ordering::Relaxed))
    }

    /// Begins it anew: other seed, no history, no models, empty journal. What is stored is cleared apart
    /// ([`Space::clear`]), because that may take a while.
    pub fn reset(&self, seed: Seed) {
        self.reset_state(seed);
        self.clear_journal();
    }

    /// The same without the journal.
    pub(crate) fn reset_state(&self, seed: Seed) {
        self.seed.store(seed.value(), Ordering::Relaxed);
        self.requests.reset();
        self.looks.reset();
        lock(&self.repeats).clear();
        lock(&self.models).clear();
        *lock(&self.prompts) = PromptCache::new(MOST_PROMPT_BLOCKS);
    }

    /// Forgets the requests it remembers.
    pub fn clear_journal(&self) {
        self.journal.iter().for_each(|journal| lock(journal).clear());
    }

    /// The ids of one more request: decided by seed and history on a deterministic server, else new ones. Looking at
    /// the server (`looks`) is no part of that history.
    pub fn ids(&self, looks: bool) -> Ids {
        let (counter, label) = if looks { (&self.looks, "looks") } else { (&self.requests, "ids") };
        let number = counter.next();
        let root = if self.deterministic { self.seed() } else { self.entropy }.derive(label);
        let root = self.reopened.map_or(root, |times| root.mix(times));
        Ids::new(root.mix(number))
    }

    /// How many blocks of a prompt were read lately; from now on all of them were.
    pub fn read_prompt(&self, chain: &[u64], retention: Retention, now: Tick) -> usize {
        lock(&self.prompts).read(chain, retention, now)
    }

    /// What its clients stored.
    pub const fn space(&self) -> &Space {
        &self.space
    }

    /// Requests so far.
    pub fn request_count(&self) -> u64 {
        self.requests.sum()
    }

    /// How often this request was asked before in this workspace.
    pub fn count_repeat(&self, fingerprint: u64) -> u64 {
        let mut repeats = lock(&self.repeats);
        if repeats.len() >= MOST_REPEATS {
            repeats.clear();
        }
        let times = repeats.entry(fingerprint).or_insert(0);
        *times += 1;
        *times - 1
    }

    /// The models made in it, oldest first.
    pub fn models(&self) -> Vec<Arc<ModelCard>> {
        lock(&self.models).clone()
    }

    /// A model made in it.
    pub fn model(&self, id: &str) -> Option<Arc<ModelCard>> {
        lock(&self.models).iter().find(|card| card.id == id).cloned()
    }

    /// Adds a model unless it is there; the oldest goes when there are too many.
    pub fn add_model(&self, card: ModelCard) -> Arc<ModelCard> {
        const MOST_MODELS: usize = 1000;
        let mut models = lock(&self.models);
        if let Some(card) = models.iter().find(|known| known.id == card.id) {
            return Arc::clone(card);
        }
        if models.len() >= MOST_MODELS {
            models.remove(0);
        }
        let card = Arc::new(card);
        models.push(Arc::clone(&card));
        card
    }

    /// Removes a model; true if it was there.
    pub fn delete_model(&self, id: &str) -> bool {
        let mut models = lock(&self.models);
        let before = models.len();
        models.retain(|card| card.id != id);
        models.len() < before
    }

    /// Remembers a request; the oldest is forgotten.
    pub fn remember(&self, arrived: Tick, method: &http::Method, path: &str, body: &[u8]) {
        if self.journal_entries == 0 {
            return;
        }
        let body = if body.len() <= MOST_JOURNAL_BYTES { body } else { &[] };
        let mut journal = lock(self.journal.own());
        let forgotten = if journal.len() >= self.journal_entries { journal.pop_front() } else { None };
        let mut entry = forgotten.filter(|entry| entry.body.capacity() <= MOST_REUSED_BYTES).unwrap_or_default();
        entry.arrived = arrived;
        entry.method.clone_from(method);
        entry.path.clear();
        entry.path.push_str(path);
        entry.body.clear();
        entry.body.extend_from_slice(body);
        journal.push_back(entry);
    }

    /// The requests it remembers, oldest first.
    pub fn journal(&self) -> Vec<JournalEntry> {
        let shown = |entry: &Remembered| JournalEntry {
            method: entry.method.clone(),
            path: entry.path.clone(),
            body: Bytes::copy_from_slice(&entry.body),
        };
        let mut entries = Vec::new();
        for journal in self.journal.iter() {
            entries.extend(lock(journal).iter().map(|entry| (entry.arrived, shown(entry))));
        }
        // Stable: what one thread remembered of one tick stays in its order.
        entries.sort_by_key(|(arrived, _)| *arrived);
        let surplus = entries.len().saturating_sub(self.journal_entries);
        entries.drain(..surplus);
        entries.into_iter().map(|(_, entry)| entry).collect()
    }
}

/// Counts one more start on what is stored. Waits for the disk, once for each workspace.
///
/// Requests are numbered from 0 at each start, and their ids are those of what the last start has stored. So ids follow
/// from the start too.
fn reopened(space: &Space) -> Option<u64> {
    match space.home().add(space.name(), "starts", 1).wait() {
        Ok(starts) => u64::try_from(starts).ok().filter(|starts| *starts > 1),
        Err(error) => {
            tracing::error!(%error, workspace = space.name(), "can't count starts: ids may come again");
            None
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What new workspaces are made from.
#[derive(Debug)]
pub(crate) struct Making {
    pub(crate) clock: Clock,
    pub(crate) seed: Seed,
    pub(crate) entropy: Seed,
    pub(crate) deterministic: bool,
    pub(crate) journal_entries: usize,
    pub(crate) home: Arc<dyn Home>,
}

/// All workspaces: the default one, and those made on first use and dropped after idling.
#[derive(Debug)]
pub struct Workspaces {
    default: Arc<Workspace>,
    named: Mutex<FxHashMap<String, Arc<Workspace>>>,
    making: Making,
    most: usize,
    idle: Duration,
}

/// Why there is no such workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoWorkspace {
    /// Names are 1 to 64 letters, digits, dots, dashes and underscores.
    BadName,
    /// All are in use.
    TooMany,
}

impl Workspaces {
    pub(crate) fn new(making: Making, most: usize, idle: Duration) -> Self {
        let default = Arc::new(Workspace::new(DEFAULT, &making));
        Self { default, named: Mutex::default(), making, most, idle }
    }

    /// The workspace of requests that name none.
    pub const fn default(&self) -> &Arc<Workspace> {
        &self.default
    }

    /// The workspace called `name`, if there is one; looking at it is no use of it.
    pub fn find(&self, name: &str) -> Option<Arc<Workspace>> {
        if name == DEFAULT { Some(Arc::clone(&self.default)) } else { lock(&self.named).get(name).cloned() }
    }

    /// The workspace called `name`, made if it is new.
    pub fn get(&self, name: &str, now: Tick) -> Result<Arc<Workspace>, NoWorkspace> {
        if name == DEFAULT {
            return Ok(Arc::clone(&self.default));
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
        if name.is_empty() || name.len() > 64 || !name.bytes().all(plain) {
            return Err(NoWorkspace::BadName);
        }
        let mut named = lock(&self.named);
        if !named.contains_key(name) {
            // Only making one looks for idle ones, so that finding one stays cheap.
            let idle_nanos = self.idle.as_nanos() as u64;
            let used = |workspace: &Workspace| workspace.last_used.load(Ordering::Relaxed);
            named.retain(|_, workspace| {
                let stays = now.as_nanos().saturating_sub(used(workspace)) < idle_nanos;
                if !stays && !self.making.home.is_durable() {
                    // Memory is cleared at once. On a disk it takes no room that others need, and who comes back finds it.
                    drop(workspace.space.clear());
                }
                stays
            });
            if named.len() >= self.most {
                return Err(NoWorkspace::TooMany);
            }
            named.insert(name.to_owned(), Arc::new(Workspace::new(name, &self.making)));
        }
        let workspace = named.get(name).cloned().ok_or(NoWorkspace::TooMany)?;
        workspace.last_used.store(now.as_nanos(), Ordering::Relaxed);
        Ok(workspace)
    }

    /// Removes a named workspace and returns it, if it was there. What it has stored is still to be cleared.
    pub fn delete(&self, name: &str) -> Option<Arc<Workspace>> {
        lock(&self.named).remove(name)
    }

    /// Names of all workspaces, the default one first.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = lock(&self.named).keys().cloned().collect();
        names.sort();
        names.insert(0, DEFAULT.to_owned());
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspaces(most: usize) -> Workspaces {
        let making = Making {
            clock: Clock::manual(0),
            seed: Seed::new(42),
            entropy: Seed::new(1),
            deterministic: true,
            journal_entries: 2,
            home: Arc::new(fakeai_store::Memory::default()),
        };
        Workspaces::new(making, most, Duration::from_secs(10))
    }

    #[test]
    fn idle_ones_make_room_for_new_ones() {
        let all = workspaces(2);
        let at = |seconds: u64| Tick::from_nanos(seconds * 1_000_000_000);
        let first = all.get("a", at(0)).unwrap();
        all.get("b", at(9)).unwrap();
        assert_eq!(all.get("c", at(9)).unwrap_err(), NoWorkspace::TooMany);
        all.get("c", at(11)).unwrap();
        assert_eq!(all.names(), ["default", "b", "c"]);
        assert_eq!(first.request_count(), 0);
        for bad in ["", "a/b", "..%2f", &"x".repeat(65)] {
            assert_eq!(all.get(bad, at(0)).unwrap_err(), NoWorkspace::BadName);
        }
    }

    #[test]
    fn same_history_same_ids_and_reset_begins_anew() {
        let all = workspaces(2);
        let ids = |workspace: &Workspace| workspace.ids(false).next("x-", 8);
        let (a, b) = (all.get("a", Tick::default()).unwrap(), all.get("b", Tick::default()).unwrap());
        let first = ids(&a);
        assert_eq!(first, ids(&b));
        assert_ne!(first, ids(&a));
        assert_eq!((a.count_repeat(7), a.count_repeat(7), b.count_repeat(7)), (0, 1, 0));
        a.reset(Seed::new(42));
        assert_eq!((first, a.count_repeat(7)), (ids(&a), 0));
    }

    #[test]
    fn the_journal_is_bounded() {
        let workspace = Arc::clone(workspaces(1).default());
        for path in ["/1", "/2", "/3"] {
            workspace.remember(Tick::default(), &http::Method::GET, path, b"{}");
        }
        let paths: Vec<String> = workspace.journal().into_iter().map(|entry| entry.path).collect();
        assert_eq!(paths, ["/2", "/3"]);
    }
}
