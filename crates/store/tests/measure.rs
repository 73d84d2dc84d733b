//! How fast a home on disk is: `TMPDIR=/where cargo test --release -p fakeai-store --test measure -- --ignored
//! --nocapture`. Nothing is asserted: figures are the machine's.

#![expect(clippy::disallowed_methods, clippy::print_stdout, clippy::unwrap_used, reason = "it measures, for people")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use fakeai_store::{Change, Durable, Home, Limits, Memory, Page, Shelf};

const CLIENTS: usize = 64;
const CREATES: usize = 500;
const LISTED: usize = 100_000;

fn median(mut all: Vec<Duration>) -> (Duration, Duration) {
    all.sort();
    (all[all.len() / 2], all[all.len() * 99 / 100])
}

fn times(count: usize, mut work: impl FnMut(usize)) -> (Duration, Duration) {
    let time = |index| {
        let began = Instant::now();
        work(index);
        began.elapsed()
    };
    median((0..count).map(time).collect())
}

fn measure(name: &str, home: &Arc<dyn Home>) {
    let body = "x".repeat(2000);
    let began = Instant::now();
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (home, body) = (Arc::clone(home), body.clone());
            scope.spawn(move || {
                for number in 0..CREATES {
                    let put = Change::put("chat", format!("{client}-{number}"), body.clone());
                    home.apply("home", vec![put], 0).wait().unwrap();
                }
            });
        }
    });
    let rate = (CLIENTS * CREATES) as f64 / began.elapsed().as_secs_f64();
    println!("{name}: {rate:.0} creates/s of 2 KB from {CLIENTS} clients");
    let alone = times(100, |index| {
        home.apply("home", vec![Change::put("chat", format!("alone-{index}"), body.clone())], 0).wait().unwrap();
    });
    println!("{name}: one client alone {alone:.2?} (p50, p99) a create");
    for start in (0..LISTED).step_by(5000) {
        let puts = (start..start + 5000).map(|number| Change::put("file", format!("file-{number:06}"), body.clone()));
        home.apply("home", puts.collect(), 0).wait().unwrap();
    }
    let shelf = Shelf { space: "home", kind: "file" };
    for limit in [20, 100] {
        let page = times(500, |index| {
            let after = Some(format!("file-{:06}", (index * 7919) % LISTED));
            let page = Page { after, before: None, limit, descending: index % 2 == 0 };
            home.list(shelf, &page, 0).wait().unwrap();
        });
        println!("{name}: a page of {limit} of {LISTED}: {page:.2?}");
    }
    let got = times(2000, |index| {
        home.get(shelf, &format!("file-{:06}", (index * 7919) % LISTED), 0).wait().unwrap().unwrap();
    });
    println!("{name}: a get among {LISTED}: {got:.2?}");
}

#[test]
#[ignore = "it measures"]
fn homes_are_measured() {
    let limits = Limits { evictable_of_kind: 1_000_000, ..Limits::default() };
    let memory: Arc<dyn Home> = Arc::new(Memory::new(limits));
    measure("memory", &memory);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data.redb");
    let file: Arc<dyn Home> = Arc::new(Durable::open(&path).unwrap());
    measure("file", &file);
    drop(file);
    let bytes = std::fs::metadata(&path).unwrap().len();
    let began = Instant::now();
    drop(Durable::open(&path).unwrap());
    println!("file: {} MB opened in {:.2?}", bytes >> 20, began.elapsed());
}
