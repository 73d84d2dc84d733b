//! Each home against the contract.

use std::sync::Arc;

use fakeai_store::contract::check;
use fakeai_store::{Durable, Home, Limits, Memory};

#[test]
fn memory_keeps_the_contract() {
    check(&|| Arc::new(Memory::new(Limits::default())), 256);
}

/// A home in a directory that goes with it.
#[test]
fn the_file_keeps_the_contract() {
    let directory = tempfile::tempdir().unwrap();
    let next = std::sync::atomic::AtomicUsize::new(0);
    let make = || -> Arc<dyn Home> {
        let number = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Arc::new(Durable::open(directory.path().join(format!("{number}.redb"))).unwrap())
    };
    check(&make, 24);
}
