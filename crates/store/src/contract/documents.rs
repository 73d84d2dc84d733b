//! Documents: what is put is there, in its place, until it is not.

use std::sync::Arc;

use bytes::Bytes;

use super::Make;
use crate::{Change, Expected, Home, Listing, Page, PageEnd, Reply, Retention, Shelf, Space, StoreError};

pub(super) fn check(make: Make<'_>) {
    pages_follow_one_another(&make());
    pages_begin_and_end_at_cursors(&make());
    changes_are_made_together_or_not_at_all(&make());
    versions_guard_changes(&make());
    what_has_expired_is_not_there(&make());
    spaces_are_apart(&make());
    updates_are_tried_again(make());
    odd_names_are_names(&make());
    a_long_list_is_paged_to_its_end(&make());
}

const CATS: Shelf<'static> = Shelf { space: "home", kind: "cat" };

fn put(home: &Arc<dyn Home>, id: &str) -> u64 {
    home.apply("home", vec![Change::put("cat", id, id.to_owned())], 0).wait().unwrap()[0].unwrap()
}

fn ids(listing: &Listing) -> String {
    listing.documents.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>().join(" ")
}

fn page(home: &Arc<dyn Home>, page: &Page) -> (String, bool) {
    let listing = home.list(CATS, page, 0).wait().unwrap();
    (ids(&listing), listing.has_more)
}

fn pages_follow_one_another(home: &Arc<dyn Home>) {
    for id in ["a", "b", "c", "d"] {
        put(home, id);
    }
    home.apply("home", vec![Change::put("cat", "b", "new")], 0).wait().unwrap();
    let at = |after: Option<&str>, limit, descending| {
        page(home, &Page { after: after.map(str::to_owned), before: None, limit, descending })
    };
    assert_eq!(at(None, 3, false), ("a b c".into(), true));
    assert_eq!(at(Some("c"), 3, false), ("d".into(), false));
    assert_eq!(at(Some("c"), 1, true), ("b".into(), true));
    assert_eq!(at(Some("d"), 3, false), (String::new(), false));
    assert_eq!(at(None, 0, false), (String::new(), true));
    let found = home.get(CATS, "b", 0).wait().unwrap().unwrap();
    assert_eq!((found.body, found.expires_at_ms, found.retention), ("new".into(), None, Retention::Evictable));
    assert_eq!(home.get(Shelf { kind: "dog", ..CATS }, "b", 0).wait().unwrap(), None);
    let listing = home.list(CATS, &Page { limit: 9, ..Page::default() }, 0).wait().unwrap();
    assert_eq!((listing.first_id(), listing.last_id()), (Some("a"), Some("d")));
    let nothing = home.list(Shelf { kind: "dog", ..CATS }, &Page { limit: 9, ..Page::default() }, 0).wait().unwrap();
    assert_eq!(nothing.first_id(), None);
    assert_eq!(nothing, Listing::default());
}

/// As `before` of OpenAI's lists: alone, the page is the one that ends there.
fn pages_begin_and_end_at_cursors(home: &Arc<dyn Home>) {
    for id in ["a", "b", "c", "d", "e"] {
        put(home, id);
    }
    let at = |after: &str, before: &str, limit, descending| {
        let cursor = |id: &str| (!id.is_empty()).then(|| id.to_owned());
        page(home, &Page { after: cursor(after), before: cursor(before), limit, descending })
    };
    assert_eq!(at("", "d", 2, false), ("b c".into(), true));
    assert_eq!(at("", "c", 2, false), ("a b".into(), false));
    assert_eq!(at("", "b", 2, true), ("d c".into(), true));
    assert_eq!(at("", "d", 2, true), ("e".into(), false));
    assert_eq!(at("a", "d", 9, false), ("b c".into(), false));
    assert_eq!(at("a", "d", 1, false), ("b".into(), true));
    assert_eq!(at("d", "a", 9, true), ("c b".into(), false));
    assert_eq!(at("d", "b", 9, false), (String::new(), false));
    assert_eq!(at("c", "c", 9, true), (String::new(), false));
    for (end, cursors) in [(PageEnd::After, (Some("zzz"), None)), (PageEnd::Before, (None, Some("zzz")))] {
        let (after, before) = (cursors.0.map(str::to_owned), cursors.1.map(str::to_owned));
        let wrong = home.list(CATS, &Page { after, before, limit: 1, descending: false }, 0).wait().unwrap_err();
        assert!(matches!(wrong, StoreError::NoCursor { end: found, id } if found == end && id == "zzz"));
    }
}

fn changes_are_made_together_or_not_at_all(home: &Arc<dyn Home>) {
    put(home, "a");
    let changes = vec![
        Change::put("cat", "b", "b"),
        Change::delete("cat", "a"),
        Change::put("dog", "d", "d"),
        Change::put("cat", "c", "c").expecting(Expected::Version(u64::MAX)),
    ];
    let wrong = home.apply("home", changes.clone(), 0).wait().unwrap_err();
    assert!(matches!(wrong, StoreError::Conflict { kind, id } if (&*kind, &*id) == ("cat", "c")));
    assert_eq!(page(home, &Page { limit: 9, ..Page::default() }).0, "a");
    assert_eq!(home.get(Shelf { kind: "dog", ..CATS }, "d", 0).wait().unwrap(), None);
    let versions = home.apply("home", changes[..3].to_vec(), 0).wait().unwrap();
    assert!(versions.iter().all(Option::is_some), "{versions:?}");
    assert_eq!(page(home, &Page { limit: 9, ..Page::default() }).0, "b");
    // Each sees those before it.
    let twice = vec![
        Change::delete("cat", "b"),
        Change::delete("cat", "b"),
        Change::put("cat", "b", "1").expecting(Expected::Absent),
        Change::put("cat", "b", "2"),
    ];
    let versions = home.apply("home", twice, 0).wait().unwrap();
    assert_eq!(versions.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false, true, true]);
    assert_eq!(home.get(CATS, "b", 0).wait().unwrap().unwrap().body, "2");
    assert_eq!(home.apply("home", Vec::new(), 0).wait().unwrap(), Vec::new());
}

fn versions_guard_changes(home: &Arc<dyn Home>) {
    let put = |expected| home.apply("home", vec![Change::put("cat", "a", "x").expecting(expected)], 0).wait();
    let first = put(Expected::Absent).unwrap()[0].unwrap();
    assert!(matches!(put(Expected::Absent).unwrap_err(), StoreError::Conflict { .. }));
    let second = put(Expected::Version(first)).unwrap()[0].unwrap();
    assert!(second > first);
    assert!(matches!(put(Expected::Version(first)).unwrap_err(), StoreError::Conflict { .. }));
    let delete = |expected| home.apply("home", vec![Change::delete("cat", "a").expecting(expected)], 0).wait();
    assert!(delete(Expected::Version(first)).is_err());
    assert_eq!(delete(Expected::Version(second)).unwrap(), [Some(second)]);
    assert_eq!(delete(Expected::Any).unwrap(), [None]);
    assert!(put(Expected::Version(second)).is_err(), "what was removed has no version");
    assert!(put(Expected::Absent).unwrap()[0].unwrap() > second);
}

fn what_has_expired_is_not_there(home: &Arc<dyn Home>) {
    let put = |id: &str, until, now| {
        home.apply("home", vec![Change::put("cat", id, id.to_owned()).expiring(until)], now).wait().unwrap()
    };
    put("a", Some(1000), 0);
    put("b", None, 0);
    put("c", Some(2000), 0);
    let seen = |now| {
        let listing = home.list(CATS, &Page { limit: 9, ..Page::default() }, now).wait().unwrap();
        ids(&listing)
    };
    assert_eq!((seen(999), seen(1000), seen(2000)), ("a b c".into(), "b c".into(), "b".into()));
    assert_eq!(home.get(CATS, "a", 999).wait().unwrap().unwrap().expires_at_ms, Some(1000));
    assert_eq!(home.get(CATS, "a", 1000).wait().unwrap(), None);
    let cursor = Page { after: Some("a".into()), limit: 9, ..Page::default() };
    assert!(home.list(CATS, &cursor, 1500).wait().is_err());
    assert_eq!(home.apply("home", vec![Change::delete("cat", "a")], 1500).wait().unwrap(), [None]);
    // Put again, it is a new one; put longer, it stays where it is.
    put("a", Some(3000), 1500);
    put("c", Some(3000), 1500);
    assert_eq!((seen(1500), seen(2500), seen(3000)), ("b c a".into(), "b c a".into(), "b".into()));
    // What replaces it may stay for good.
    put("a", None, 2000);
    assert_eq!(seen(9_000_000), "b a");
}

fn spaces_are_apart(home: &Arc<dyn Home>) {
    for space in ["a", "a\u{1}", "ab"] {
        let changes = vec![Change::put("cat", "x", space.to_owned()).expiring(Some(9))];
        home.apply(space, changes, 0).wait().unwrap();
        home.add(space, "count", 1).wait().unwrap();
        let mut blob = home.create(space, "blob");
        blob.write(Bytes::from(vec![1; 100_000])).wait().unwrap();
        blob.finish().wait().unwrap();
    }
    home.clear("a").wait().unwrap();
    let body = |space| home.get(Shelf { space, kind: "cat" }, "x", 0).wait().unwrap().map(|found| found.body);
    assert_eq!((body("a"), body("a\u{1}"), body("ab")), (None, Some("a\u{1}".into()), Some("ab".into())));
    assert_eq!(home.add("a", "count", 0).wait().unwrap(), 0);
    assert_eq!(home.add("ab", "count", 0).wait().unwrap(), 1);
    assert_eq!(home.describe("a", "blob").wait().unwrap(), None);
    assert!(home.describe("ab", "blob").wait().unwrap().is_some());
    home.clear("never seen").wait().unwrap();
}

fn updates_are_tried_again(home: Arc<dyn Home>) {
    let space = Space::new(home, "home");
    let put = space.at(0).apply(vec![Change::put("cat", "a", "1").expiring(Some(50)).retained(Retention::Kept)]);
    put.wait().unwrap();
    let kept = space.clone();
    let mut times = 0;
    let other = space.clone();
    let update = async move {
        let change = |body: &Bytes| {
            times += 1;
            if times == 1 {
                // Somebody else is quicker.
                let put = Change::put("cat", "a", "2").expiring(Some(50)).retained(Retention::Kept);
                other.at(0).apply(vec![put]).wait().unwrap();
            }
            Ok::<_, StoreError>((Bytes::from([&body[..], b"!"].concat()), body.clone()))
        };
        space.at(0).update("cat", "a", change).await
    };
    assert_eq!(Reply::later(update).wait().unwrap(), Some("2".into()));
    let found = kept.at(0).get("cat", "a").wait().unwrap().unwrap();
    assert_eq!((found.body, found.expires_at_ms, found.retention), ("2!".into(), Some(50), Retention::Kept));
    let none = async move { kept.at(0).update("cat", "b", |body| Ok::<_, StoreError>((body.clone(), ()))).await };
    assert_eq!(Reply::later(none).wait().unwrap(), None);
}

/// Ids come from clients' paths too.
fn odd_names_are_names(home: &Arc<dyn Home>) {
    for id in ["", "../x", "a\0b", "ü", " ", "%00", &"x".repeat(5000)] {
        assert_eq!(home.get(CATS, id, 0).wait().unwrap(), None);
        put(home, id);
        assert_eq!(home.get(CATS, id, 0).wait().unwrap().unwrap().body, id.to_owned());
    }
}

fn a_long_list_is_paged_to_its_end(home: &Arc<dyn Home>) {
    const ALL: usize = 1000;
    let changes = (0..ALL).map(|number| Change::put("cat", number.to_string(), number.to_string()));
    home.apply("home", changes.collect(), 0).wait().unwrap();
    for descending in [false, true] {
        let (mut after, mut seen) = (None, Vec::new());
        loop {
            let listing = home.list(CATS, &Page { after, before: None, limit: 77, descending }, 0).wait().unwrap();
            seen.extend(listing.documents.iter().map(|(id, _)| id.parse::<usize>().unwrap()));
            if !listing.has_more {
                break;
            }
            after = listing.last_id().map(str::to_owned);
        }
        let wanted: Vec<usize> = if descending { (0..ALL).rev().collect() } else { (0..ALL).collect() };
        assert_eq!(seen, wanted);
    }
}
