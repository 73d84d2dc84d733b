//! Disks that fail, and files that are somebody else's.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use redb::StorageBackend;

use super::open::Opener;
use super::{Durable, OpenError};
use crate::{Blobs, Change, Counters, Documents, Home, Leases, Page, Shelf, StoreError};

const CATS: Shelf<'static> = Shelf { space: "home", kind: "cat" };

fn put(home: &Durable, id: &str, bytes: usize) -> Result<(), StoreError> {
    home.apply("home", vec![Change::put("cat", id, vec![7; bytes])], 0).wait().map(drop)
}

fn ids(home: &Durable) -> Vec<String> {
    let listing = home.list(CATS, &Page { limit: 9999, ..Page::default() }, 0).wait().unwrap();
    listing.documents.into_iter().map(|(id, _)| id).collect()
}

/// Each home of the contract is a file of its own.
#[test]
fn the_file_keeps_the_contract() {
    let directory = tempfile::tempdir().unwrap();
    let next = AtomicUsize::new(0);
    let make = || -> Arc<dyn Home> {
        let number = next.fetch_add(1, Ordering::Relaxed);
        Arc::new(Durable::open(directory.path().join(format!("{number}.redb"))).unwrap())
    };
    crate::contract::check(&make, 24);
}

#[test]
fn what_was_written_is_there_when_it_is_opened_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data.redb");
    let home = Durable::open(&path).unwrap();
    put(&home, "a", 10).unwrap();
    home.add("home", "count", 3).wait().unwrap();
    let mut blob = home.create("home", "blob");
    blob.write(Bytes::from(vec![1; 200_000])).wait().unwrap();
    blob.finish().wait().unwrap();
    let (before, lease) =
        (home.get(CATS, "a", 0).wait().unwrap(), home.acquire("home", "job", 0, 1000).wait().unwrap().unwrap());
    let busy = Durable::open(&path).unwrap_err();
    assert!(matches!(&busy, OpenError::Locked(locked) if *locked == path), "{busy}");
    assert!(busy.to_string().ends_with("data.redb: another process is using it"), "{busy}");
    home.close();
    assert!(matches!(put(&home, "b", 1).unwrap_err(), StoreError::Closed));
    assert!(matches!(home.get(CATS, "a", 0).wait().unwrap_err(), StoreError::Closed));
    let home = Durable::open(&path).unwrap();
    assert_eq!(home.get(CATS, "a", 0).wait().unwrap(), before);
    assert_eq!(home.add("home", "count", 0).wait().unwrap(), 3);
    assert_eq!(home.read("home", "blob", 199_990, 100).wait().unwrap(), Some(Bytes::from(vec![1; 10])));
    put(&home, "b", 1).unwrap();
    assert_eq!(ids(&home), ["a", "b"]);
    // Who held the lease is dead, and knows no greater fence.
    assert!(home.acquire("home", "job", 0, 1000).wait().unwrap().unwrap().fence > lease.fence);
}

#[test]
fn files_that_are_no_store_are_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data.redb");
    std::fs::write(&path, "dear diary, ".repeat(1000)).unwrap();
    let wrong = Durable::open(&path).unwrap_err();
    assert!(wrong.to_string().contains("data.redb"), "{wrong}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "dear diary, ".repeat(1000));
    let missing = Durable::open(directory.path().join("no/such/data.redb")).unwrap_err();
    assert!(matches!(missing, OpenError::Disk { .. }), "{missing}");
    // Of another version.
    let path = directory.path().join("later.redb");
    let database = redb::Database::create(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(super::tables::META).unwrap().insert("format", 2).unwrap();
    transaction.commit().unwrap();
    drop(database);
    assert!(matches!(Durable::open(&path).unwrap_err(), OpenError::Format { found: 2, .. }));
}

#[test]
fn files_of_blobs_that_nobody_knows_are_removed_and_others_are_not() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data.redb");
    drop(Durable::open(&path).unwrap());
    let blobs = directory.path().join("data.redb.blobs");
    let home = Durable::open(&path).unwrap();
    for (id, bytes) in [("file/never made", 100_000), ("file/made", 100_000), ("file/small", 10)] {
        let mut blob = home.create("home", id);
        blob.write(Bytes::from(vec![1; bytes])).wait().unwrap();
        blob.finish().wait().unwrap();
    }
    home.apply("home", vec![Change::put("file", "made", "x")], 0).wait().unwrap();
    drop(home);
    for name in ["0000000000000001", "0000000000000002.part", "notes.txt"] {
        std::fs::write(blobs.join(name), "x").unwrap();
    }
    let home = Durable::open(&path).unwrap();
    let found = ["never made", "small", "made"].map(|id| home.describe("home", &format!("file/{id}")).wait().unwrap());
    assert_eq!(found.map(|found| found.is_some()), [false, false, true]);
    drop(home);
    let left: Vec<_> = std::fs::read_dir(&blobs).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "notes.txt and the content of what was made: {left:?}");
}

#[test]
fn a_disk_with_little_room_is_full_before_anything_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data.redb");
    let home = Durable::open(&path).unwrap();
    put(&home, "a", 10).unwrap();
    drop(home);
    let mut opener = Opener::file(&path);
    opener.reserve_bytes = u64::MAX;
    let home = Durable::open_with(opener).unwrap();
    assert!(matches!(put(&home, "b", 10).unwrap_err(), StoreError::Full(_)));
    let mut blob = home.create("home", "blob");
    assert!(matches!(blob.write(Bytes::from(vec![0; 100_000])).wait().unwrap_err(), StoreError::Full(_)));
    assert_eq!(ids(&home), ["a"]);
    // What frees room is done all the same.
    let both = vec![Change::delete("cat", "a"), Change::put("cat", "b", "x")];
    assert!(matches!(home.apply("home", both, 0).wait().unwrap_err(), StoreError::Full(_)));
    home.apply("home", vec![Change::delete("cat", "a")], 0).wait().unwrap();
    assert!(ids(&home).is_empty());
    home.clear("home").wait().unwrap();
}

/// A disk of two megabytes.
#[derive(Debug)]
struct SmallDisk(File);

const DISK_BYTES: u64 = 2 << 20;

fn full() -> std::io::Error {
    std::io::Error::from(std::io::ErrorKind::StorageFull)
}

impl StorageBackend for SmallDisk {
    fn len(&self) -> Result<u64, std::io::Error> {
        Ok(self.0.metadata()?.len())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), std::io::Error> {
        self.0.read_exact_at(out, offset)
    }

    fn set_len(&self, len: u64) -> Result<(), std::io::Error> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> Result<(), std::io::Error> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), std::io::Error> {
        if offset + data.len() as u64 > DISK_BYTES {
            return Err(full());
        }
        self.0.write_all_at(data, offset)
    }
}

#[test]
fn a_disk_that_runs_full_fails_what_does_not_fit_and_nothing_else() {
    fn small(path: &Path) -> std::io::Result<Box<dyn StorageBackend>> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        Ok(Box::new(SmallDisk(file)))
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data.redb");
    let home = Durable::open_with(Opener::over(&path, small)).unwrap();
    let mut written = Vec::new();
    let failed = loop {
        let id = format!("{:04}", written.len());
        match put(&home, &id, 50_000) {
            Ok(()) => written.push(id),
            Err(error) => break error,
        }
        assert!(written.len() < 1000, "it never runs full");
    };
    assert!(matches!(failed, StoreError::Full(_)), "{failed}");
    assert!(written.len() > 5, "{written:?}");
    assert_eq!(ids(&home), written);
    // It was opened again, and fails as it did.
    assert!(put(&home, "large", 1_000_000).is_err());
    assert_eq!(ids(&home), written);
    drop(home);
    // A larger disk.
    let home = Durable::open(&path).unwrap();
    assert_eq!(ids(&home), written);
    put(&home, "last", 1_000_000).unwrap();
    written.push("last".to_owned());
    assert_eq!(ids(&home), written);
}
