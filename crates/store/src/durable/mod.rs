//! A home in one file on this machine's disk.
//!
//! What was acknowledged is on the disk: a writer thread makes all changes that wait in one transaction, syncs once, and
//! then answers all of them. Reads look at the last transaction that was committed. Blobs of more than
//! [`blobs::INLINE_BYTES`] are files in a directory beside it, because a value of the file has to be in memory as a
//! whole; they are synced and renamed before the file knows of them, and what the file does not know of is removed when
//! it is opened.
//!
//! Leases end with the process: nobody else can hold the file meanwhile.

mod blobs;
mod disk;
mod documents;
mod open;
mod tables;
#[cfg(test)]
mod tests;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::JoinHandle;

use bytes::Bytes;
use redb::{Database, ReadableTable};

use self::disk::Disk;
pub use self::open::OpenError;
use self::open::Opener;
use self::tables::Tables;
use self::writer::{Need, Queue};
use crate::bus::LocalBus;
use crate::lease::LocalLeases;
use crate::{Bus, Contents, Counters, Home, Lease, Leases, Reply, StoreError, Subscription};

/// A home in one file. It has the file to itself; dropping it, or [`Home::close`], lets go of it.
#[derive(Debug)]
pub struct Durable {
    inner: Arc<Inner>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Inner {
    opener: Opener,
    /// Gone while it is opened again after the disk failed, and for good when the home is closed.
    database: RwLock<Option<Database>>,
    queue: Queue,
    disk: Disk,
    /// The directory of blobs.
    directory: PathBuf,
    /// Numbers versions, places, fences and files: above all that earlier processes gave.
    sequence: AtomicU64,
    leases: LocalLeases,
    bus: LocalBus,
}

impl Durable {
    /// Opens the home at `path`, or makes one. Blobs lie in a directory of the same name with `.blobs` behind it.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        Self::open_with(Opener::file(path.as_ref()))
    }

    fn open_with(opener: Opener) -> Result<Self, OpenError> {
        let opened = opener.open()?;
        let directory = opener.directory();
        let (queue, work) = Queue::new();
        let inner = Arc::new(Inner {
            disk: Disk::start().map_err(|source| opener.failed(source))?,
            opener,
            database: RwLock::new(Some(opened.database)),
            queue,
            directory,
            sequence: AtomicU64::new(opened.sequence),
            leases: LocalLeases::default(),
            bus: LocalBus::default(),
        });
        let writing = Arc::clone(&inner);
        let writer = std::thread::Builder::new().name("fakeai-store".to_owned());
        let writer =
            writer.spawn(move || writer::run(&writing, &work)).map_err(|source| inner.opener.failed(source))?;
        Ok(Self { inner, writer: Mutex::new(Some(writer)) })
    }

    fn end(&self) {
        self.inner.queue.close();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            // A panic of it was reported where it happened.
            let _ = writer.join();
        }
        self.inner.disk.close();
        self.inner.database.write().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl Drop for Durable {
    fn drop(&mut self) {
        self.end();
    }
}

impl Inner {
    /// Reads with the last committed transaction.
    fn read<T>(&self, read: impl FnOnce(&redb::ReadTransaction) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let transaction = {
            let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
            redb::ReadableDatabase::begin_read(database.as_ref().ok_or(StoreError::Closed)?)?
        };
        read(&transaction)
    }

    /// Has the writer do `work`; its answer comes when it is on the disk.
    fn write<T: Send + 'static>(
        &self,
        need: Need,
        work: impl FnOnce(&mut Tables<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Reply<T> {
        self.queue.add(need, work)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Counters for Durable {
    fn add(&self, space: &str, name: &str, by: i64) -> Reply<i64> {
        let (space, name) = (space.to_owned(), name.to_owned());
        self.inner.write(Need::Room, move |tables| {
            let before = tables.counters.get((&*space, &*name))?.map_or(0, |count| count.value());
            let after = before.saturating_add(by);
            tables.counters.insert((&*space, &*name), after)?;
            Ok(after)
        })
    }
}

impl Leases for Durable {
    fn acquire(&self, space: &str, name: &str, now_ms: i64, until_ms: i64) -> Reply<Option<Lease>> {
        Reply::now(Ok(self.inner.leases.acquire((space, name), now_ms, until_ms, &self.inner.sequence)))
    }

    fn renew(&self, space: &str, lease: &Lease, now_ms: i64, until_ms: i64) -> Reply<Option<Lease>> {
        Reply::now(Ok(self.inner.leases.renew(space, lease, now_ms, until_ms)))
    }

    fn release(&self, space: &str, lease: &Lease) -> Reply<bool> {
        Reply::now(Ok(self.inner.leases.release(space, lease)))
    }
}

impl Bus for Durable {
    fn publish(&self, space: &str, topic: &str, message: Bytes) {
        self.inner.bus.publish(space, topic, message);
    }

    fn subscribe(&self, space: &str, topic: &str) -> Subscription {
        self.inner.bus.subscribe(space, topic)
    }
}

impl Home for Durable {
    fn clear(&self, space: &str) -> Reply<()> {
        let space = space.to_owned();
        self.inner.write(Need::Nothing, move |tables| tables.clear(&space))
    }

    fn spaces(&self) -> Reply<Vec<String>> {
        Reply::now(self.inner.read(tables::spaces))
    }

    fn contents(&self, space: &str) -> Reply<Contents> {
        Reply::now(self.inner.read(|transaction| tables::contents(transaction, space)))
    }

    fn is_durable(&self) -> bool {
        true
    }

    fn close(&self) {
        self.end();
    }
}
