//! What holds when many do it at once.

use std::collections::HashSet;
use std::sync::Arc;
use std::thread;

use bytes::Bytes;

use super::Make;
use crate::{Change, Expected, Home, Page, Reply, Shelf, Space, StoreError};

const THREADS: usize = 8;
const TIMES: usize = 25;

pub(super) fn check(make: Make<'_>) {
    no_update_is_lost(&make());
    one_of_many_creates_it(&make());
    every_create_has_a_place(&make());
    one_of_many_holds_the_lease(&make());
    pairs_are_never_seen_half(&make());
}

/// Runs `work` on several threads, which are told their number.
fn together<T: Send>(work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|number| {
                scope.spawn({
                    let work = &work;
                    move || work(number)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| panic!("a thread failed"))).collect()
    })
}

fn no_update_is_lost(home: &Arc<dyn Home>) {
    let space = Space::new(Arc::clone(home), "home");
    space.at(0).apply(vec![Change::put("count", "x", "0")]).wait().unwrap();
    together(|_| {
        for _ in 0..TIMES {
            home.add("home", "x", 1).wait().unwrap();
            let space = space.clone();
            let update = async move {
                let more = |body: &Bytes| {
                    let count: usize = std::str::from_utf8(body).unwrap().parse().unwrap();
                    Ok::<_, StoreError>((Bytes::from((count + 1).to_string()), ()))
                };
                space.at(0).update("count", "x", more).await
            };
            Reply::later(update).wait().unwrap().unwrap();
        }
    });
    let found = space.at(0).get("count", "x").wait().unwrap().unwrap();
    assert_eq!(found.body, (THREADS * TIMES).to_string());
    assert_eq!(home.add("home", "x", 0).wait().unwrap(), (THREADS * TIMES) as i64);
}

fn one_of_many_creates_it(home: &Arc<dyn Home>) {
    for round in 0..TIMES {
        let created = together(|_| {
            let put = Change::put("job", round.to_string(), "x").expecting(Expected::Absent);
            home.apply("home", vec![put], 0).wait().is_ok()
        });
        assert_eq!(created.iter().filter(|created| **created).count(), 1);
    }
}

fn every_create_has_a_place(home: &Arc<dyn Home>) {
    let versions = together(|thread| {
        let put = |time| vec![Change::put("cat", format!("{thread}-{time}"), "x")];
        (0..TIMES).map(|time| home.apply("home", put(time), 0).wait().unwrap()[0].unwrap()).collect::<Vec<_>>()
    });
    assert!(versions.iter().all(|own| own.is_sorted()));
    let all: HashSet<u64> = versions.into_iter().flatten().collect();
    assert_eq!(all.len(), THREADS * TIMES);
    let shelf = Shelf { space: "home", kind: "cat" };
    let listing = home.list(shelf, &Page { limit: 10_000, ..Page::default() }, 0).wait().unwrap();
    let listed: Vec<u64> = listing.documents.iter().map(|(_, document)| document.version).collect();
    assert_eq!((listed.len(), listed.is_sorted()), (THREADS * TIMES, true));
}

fn one_of_many_holds_the_lease(home: &Arc<dyn Home>) {
    for round in 0..TIMES as i64 {
        let held = together(|_| home.acquire("home", "job", round * 10, round * 10 + 10).wait().unwrap());
        assert_eq!(held.iter().flatten().count(), 1);
    }
}

/// Two documents that are only changed together always say the same.
fn pairs_are_never_seen_half(home: &Arc<dyn Home>) {
    let shelf = Shelf { space: "home", kind: "pair" };
    together(|thread| {
        for time in 0..TIMES {
            let body = format!("{thread}-{time}");
            if thread % 2 == 0 {
                let pair = ["a", "b"].map(|id| Change::put("pair", id, body.clone()));
                home.apply("home", pair.to_vec(), 0).wait().unwrap();
            } else {
                let listing = home.list(shelf, &Page { limit: 9, ..Page::default() }, 0).wait().unwrap();
                let bodies: HashSet<Bytes> = listing.documents.into_iter().map(|(_, document)| document.body).collect();
                assert!(bodies.len() <= 1, "{bodies:?}");
            }
        }
    });
}
