//! A home in memory: gone with the process, and bounded.

mod blobs;
mod documents;
mod room;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use bytes::Bytes;
use rustc_hash::FxHashMap;

use self::room::Room;
use crate::bus::LocalBus;
use crate::lease::LocalLeases;
use crate::{Bus, Contents, Counters, Home, Lease, Leases, Reply, StoreError, Subscription};

/// How much a home in memory holds.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Documents of a kind in a space that may be forgotten: of more, the one least recently used is.
    pub evictable_of_kind: usize,
    /// Bytes of all documents and blobs.
    pub bytes: u64,
    /// Bytes of those of a space.
    pub bytes_of_space: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { evictable_of_kind: 10_000, bytes: 2 << 30, bytes_of_space: 1 << 30 }
    }
}

/// A home in memory. Documents that may be forgotten make room for others, the least recently used first; whatever else
/// does not fit is refused with [`StoreError::Full`].
#[derive(Clone, Debug, Default)]
pub struct Memory(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limits: Limits,
    rooms: RwLock<FxHashMap<String, Arc<Mutex<Room>>>>,
    /// Numbers versions, places and fences.
    sequence: AtomicU64,
    /// Of all spaces.
    bytes: AtomicU64,
    leases: LocalLeases,
    bus: LocalBus,
}

impl Default for Inner {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            rooms: RwLock::default(),
            sequence: AtomicU64::new(1),
            bytes: AtomicU64::new(0),
            leases: LocalLeases::default(),
            bus: LocalBus::default(),
        }
    }
}

impl Memory {
    /// An empty home.
    pub fn new(limits: Limits) -> Self {
        Self(Arc::new(Inner { limits, ..Inner::default() }))
    }
}

impl Inner {
    fn room(&self, space: &str) -> Arc<Mutex<Room>> {
        if let Some(room) = self.known_room(space) {
            return room;
        }
        let mut rooms = self.rooms.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(rooms.entry(space.to_owned()).or_default())
    }

    /// The room of a space in which there is something.
    fn known_room(&self, space: &str) -> Option<Arc<Mutex<Room>>> {
        self.rooms.read().unwrap_or_else(PoisonError::into_inner).get(space).cloned()
    }

    /// Counts `more` bytes in, forgetting documents of the space for them if need be.
    fn reserve(&self, room: &mut Room, more: u64) -> Result<(), StoreError> {
        let Limits { bytes, bytes_of_space, .. } = self.limits;
        while room.bytes + more > bytes_of_space || self.bytes.load(Ordering::Relaxed) + more > bytes {
            let Some(freed) = room.evict() else {
                return Err(StoreError::Full("the store in memory is full".into()));
            };
            self.bytes.fetch_sub(freed, Ordering::Relaxed);
        }
        room.bytes += more;
        self.bytes.fetch_add(more, Ordering::Relaxed);
        Ok(())
    }

    /// Counts bytes out that the room has counted out.
    fn release(&self, freed: u64) {
        self.bytes.fetch_sub(freed, Ordering::Relaxed);
    }
}

fn lock(room: &Mutex<Room>) -> MutexGuard<'_, Room> {
    room.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Counters for Memory {
    fn add(&self, space: &str, name: &str, by: i64) -> Reply<i64> {
        let room = self.0.room(space);
        let mut room = lock(&room);
        let counter = room.counters.entry(name.to_owned()).or_default();
        *counter = counter.saturating_add(by);
        Reply::now(Ok(*counter))
    }
}

impl Leases for Memory {
    fn acquire(&self, space: &str, name: &str, now_ms: i64, until_ms: i64) -> Reply<Option<Lease>> {
        Reply::now(Ok(self.0.leases.acquire((space, name), now_ms, until_ms, &self.0.sequence)))
    }

    fn renew(&self, space: &str, lease: &Lease, now_ms: i64, until_ms: i64) -> Reply<Option<Lease>> {
        Reply::now(Ok(self.0.leases.renew(space, lease, now_ms, until_ms)))
    }

    fn release(&self, space: &str, lease: &Lease) -> Reply<bool> {
        Reply::now(Ok(self.0.leases.release(space, lease)))
    }
}

impl Bus for Memory {
    fn publish(&self, space: &str, topic: &str, message: Bytes) {
        self.0.bus.publish(space, topic, message);
    }

    fn subscribe(&self, space: &str, topic: &str) -> Subscription {
        self.0.bus.subscribe(space, topic)
    }
}

impl Home for Memory {
    fn clear(&self, space: &str) -> Reply<()> {
        let mut rooms = self.0.rooms.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(room) = rooms.get(space) {
            let mut emptied = lock(room);
            self.0.release(emptied.clear());
            let idle = emptied.unfinished == 0;
            drop(emptied);
            // Whoever has it in hand would else add to what nobody will see.
            if idle && Arc::strong_count(room) == 1 {
                rooms.remove(space);
            }
        }
        Reply::now(Ok(()))
    }

    fn spaces(&self) -> Reply<Vec<String>> {
        let rooms = self.0.rooms.read().unwrap_or_else(PoisonError::into_inner);
        let filled = rooms.iter().filter(|(_, room)| !lock(room).is_empty());
        let mut names: Vec<String> = filled.map(|(name, _)| name.clone()).collect();
        names.sort_unstable();
        Reply::now(Ok(names))
    }

    fn contents(&self, space: &str) -> Reply<Contents> {
        let room = self.0.known_room(space);
        Reply::now(Ok(room.map_or_else(Contents::default, |room| lock(&room).contents())))
    }

    fn is_durable(&self) -> bool {
        false
    }

    fn close(&self) {}
}
