//! What is bounded: who goes, who stays, and what is refused.

use bytes::Bytes;

use super::{Limits, Memory};
use crate::{Blobs, Change, Documents, Home, Page, Retention, Shelf, StoreError};

const CATS: Shelf<'static> = Shelf { space: "home", kind: "cat" };

fn home(evictable_of_kind: usize, bytes_of_space: u64) -> Memory {
    Memory::new(Limits { evictable_of_kind, bytes: 1 << 20, bytes_of_space })
}

fn put(home: &Memory, change: Change, now_ms: i64) -> Result<(), StoreError> {
    home.apply("home", vec![change], now_ms).wait().map(drop)
}

fn ids(home: &Memory) -> String {
    let listing = home.list(CATS, &Page { limit: 99, ..Page::default() }, 0).wait().unwrap();
    listing.documents.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>().join(" ")
}

#[test]
fn memory_keeps_the_contract() {
    crate::contract::check(&|| std::sync::Arc::new(Memory::default()), 256);
}

#[test]
fn the_one_least_recently_used_goes_first() {
    let home = home(3, 1 << 20);
    for id in ["a", "b", "c"] {
        put(&home, Change::put("cat", id, "x"), 0).unwrap();
    }
    home.get(CATS, "a", 0).wait().unwrap().unwrap();
    put(&home, Change::put("cat", "d", "x"), 0).unwrap();
    assert_eq!(ids(&home), "a c d");
    put(&home, Change::put("cat", "c", "y"), 0).unwrap();
    put(&home, Change::put("dog", "e", "x"), 0).unwrap();
    put(&home, Change::put("cat", "f", "x"), 0).unwrap();
    assert_eq!(ids(&home), "c d f", "kinds are counted apart");
}

#[test]
fn what_is_kept_never_goes_and_jobs_stay_until_they_end() {
    let home = home(2, 1 << 20);
    put(&home, Change::put("cat", "kept", "x").retained(Retention::Kept), 0).unwrap();
    put(&home, Change::put("cat", "job", "x").retained(Retention::KeptUntil(1000)), 0).unwrap();
    for id in ["a", "b", "c", "d"] {
        put(&home, Change::put("cat", id, "x"), 999).unwrap();
    }
    assert_eq!(ids(&home), "kept job c d");
    put(&home, Change::put("cat", "e", "x"), 1000).unwrap();
    assert_eq!(ids(&home), "kept d e", "it was used least recently of all");
}

#[test]
fn bytes_are_bounded_and_what_does_not_fit_changes_nothing() {
    let home = home(100, 10_000);
    for id in ["a", "b", "c"] {
        put(&home, Change::put("cat", id, vec![0; 3000]), 0).unwrap();
    }
    put(&home, Change::put("cat", "d", vec![0; 3000]), 0).unwrap();
    assert_eq!(ids(&home), "b c d");
    put(&home, Change::put("cat", "kept", vec![0; 8000]).retained(Retention::Kept), 0).unwrap();
    assert_eq!(ids(&home), "kept");
    let full = put(&home, Change::put("cat", "e", vec![0; 3000]), 0).unwrap_err();
    assert!(matches!(full, StoreError::Full(_)));
    assert_eq!(ids(&home), "kept");
    // Another space has room of its own; deleting gives it back.
    home.apply("other", vec![Change::put("cat", "x", vec![0; 8000])], 0).wait().unwrap();
    put(&home, Change::delete("cat", "kept"), 0).unwrap();
    put(&home, Change::put("cat", "e", vec![0; 3000]), 0).unwrap();
    home.clear("home").wait().unwrap();
    home.clear("other").wait().unwrap();
    assert_eq!(home.0.bytes.load(std::sync::atomic::Ordering::Relaxed), 0);
}

#[test]
fn blobs_take_room_from_the_first_byte_and_give_it_back() {
    let home = home(100, 10_000);
    put(&home, Change::put("cat", "a", vec![0; 3000]), 0).unwrap();
    let mut taking = home.create("home", "x");
    taking.write(Bytes::from(vec![0; 6000])).wait().unwrap();
    assert!(taking.write(Bytes::from(vec![0; 6000])).wait().is_err());
    assert_eq!(ids(&home), "", "documents made room as far as they could");
    home.clear("home").wait().unwrap();
    taking.write(Bytes::from(vec![0; 4000])).wait().unwrap();
    assert!(put(&home, Change::put("cat", "b", "x"), 0).is_err());
    taking.finish().wait().unwrap();
    home.delete("home", "x").wait().unwrap();
    drop(home.create("home", "y"));
    put(&home, Change::put("cat", "b", "x"), 0).unwrap();
    home.clear("home").wait().unwrap();
    assert_eq!(home.0.bytes.load(std::sync::atomic::Ordering::Relaxed), 0);
}
