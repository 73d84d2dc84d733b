//! Blobs: they appear whole, and are read from anywhere.

use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use ring::digest::{SHA256, digest};

use super::Make;
use crate::{BlobInfo, Change, Home, MOST_READ_BYTES, content_id};

pub(super) fn check(make: Make<'_>) {
    a_blob_appears_when_it_is_finished(&make());
    a_blob_replaces_another(&make());
    any_range_is_read(&make());
    contents_go_with_their_documents(&make());
}

/// The blob of a document goes with it.
fn contents_go_with_their_documents(home: &Arc<dyn Home>) {
    let apply = |change, now| home.apply("home", vec![change], now).wait().unwrap();
    for length in [10, 100_000] {
        for id in ["deleted", "expired", "kept"] {
            put(home, &content_id("file", id), &content(length, 0), 9999);
            apply(Change::put("file", id, "x").expiring((id == "expired").then_some(100)), 0);
            // Putting it again changes nothing.
            apply(Change::put("file", id, "y").expiring((id == "expired").then_some(100)), 0);
        }
        apply(Change::delete("file", "deleted"), 0);
        apply(Change::put("other", "x", "x"), 100);
        let found = |id| home.describe("home", &content_id("file", id)).wait().unwrap().is_some();
        assert_eq!((found("deleted"), found("expired"), found("kept")), (false, false, true));
    }
}

/// Bytes that differ from their neighbours.
fn content(length: usize, salt: usize) -> Bytes {
    (0..length).map(|index| (index.wrapping_mul(31) + index / 251 + salt) as u8).collect()
}

fn put(home: &Arc<dyn Home>, id: &str, content: &Bytes, part: usize) -> BlobInfo {
    let mut writer = home.create("home", id);
    let mut rest = content.clone();
    while !rest.is_empty() {
        writer.write(rest.split_to(part.min(rest.len()))).wait().unwrap();
    }
    writer.finish().wait().unwrap()
}

fn read(home: &Arc<dyn Home>, id: &str) -> Option<Vec<u8>> {
    let mut all = Vec::new();
    loop {
        let part = home.read("home", id, all.len() as u64, usize::MAX).wait().unwrap()?;
        assert!(part.len() <= MOST_READ_BYTES);
        if part.is_empty() {
            return Some(all);
        }
        all.extend_from_slice(&part);
    }
}

fn a_blob_appears_when_it_is_finished(home: &Arc<dyn Home>) {
    for (length, part) in [(0, 1), (1, 1), (5000, 7), (65_536, 65_536), (65_537, 8192), (1_000_000, 100_000)] {
        let id = length.to_string();
        let content = content(length, 0);
        let mut writer = home.create("home", &id);
        writer.write(content.clone()).wait().unwrap();
        assert_eq!(home.describe("home", &id).wait().unwrap(), None);
        assert_eq!(home.read("home", &id, 0, 1).wait().unwrap(), None);
        drop(writer);
        assert_eq!(home.describe("home", &id).wait().unwrap(), None);
        let info = put(home, &id, &content, part);
        assert_eq!((info.bytes, &info.hash[..]), (length as u64, digest(&SHA256, &content).as_ref()));
        assert_eq!(home.describe("home", &id).wait().unwrap(), Some(info));
        assert_eq!(read(home, &id).as_deref(), Some(&content[..]));
        assert_eq!(home.read("other", &id, 0, 1).wait().unwrap(), None);
        assert!(home.delete("home", &id).wait().unwrap());
        assert!(!home.delete("home", &id).wait().unwrap());
        assert_eq!(read(home, &id), None);
    }
}

fn a_blob_replaces_another(home: &Arc<dyn Home>) {
    for (before, after) in [(100, 200), (100_000, 100), (100, 100_000), (100_000, 200_000)] {
        put(home, "x", &content(before, 1), 4096);
        put(home, "x", &content(after, 2), 4096);
        assert_eq!(read(home, "x").as_deref(), Some(&content(after, 2)[..]));
    }
}

fn any_range_is_read(home: &Arc<dyn Home>) {
    let contents: Vec<Bytes> = [0, 10, 65_536, 150_000].into_iter().map(|length| content(length, 3)).collect();
    for content in &contents {
        put(home, &content.len().to_string(), content, 10_000);
    }
    let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(200) });
    let ranges = (0..contents.len(), prop_oneof![0..200_000_u64, Just(u64::MAX)], 0..200_000_usize);
    let checked = runner.run(&ranges, |(index, offset, most)| {
        let content = &contents[index];
        let got = home.read("home", &content.len().to_string(), offset, most).wait().unwrap().unwrap();
        let start = content.len().min(usize::try_from(offset).unwrap_or(usize::MAX));
        let end = content.len().min(start + most);
        prop_assert_eq!(got, &content[start..end]);
        Ok(())
    });
    checked.unwrap();
}
