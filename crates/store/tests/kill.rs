//! A process that writes is killed at a random moment: what it was told is written is there, and nothing is there by
//! half.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test; clippy only knows functions marked #[test]")]

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use bytes::Bytes;
use fakeai_store::{Blobs, Change, Documents, Durable, Page, Shelf};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use ring::digest::{SHA256, digest};

const RUNS: usize = 100;
const TASKS: usize = 64;
/// Blobs are written by every so many tasks.
const BLOBS_EVERY: usize = 16;

/// The bytes of a task's `number`th object.
fn content(task: usize, number: usize) -> Vec<u8> {
    let times = if number.is_multiple_of(5) { 4000 } else { 10 + number % 200 };
    format!("{task:04}-{number:05}").into_bytes().repeat(times)
}

fn blob(task: usize, number: usize) -> Vec<u8> {
    content(task, number).repeat(4)
}

/// Not a test: the process that is killed. It reads the path and the number of its run, writes until it is killed, and
/// prints each object once it was told that it is written.
#[test]
#[ignore = "the process that the other test kills"]
fn the_process_that_is_killed() {
    let mut told = String::new();
    std::io::stdin().read_to_string(&mut told).unwrap();
    let mut told = told.lines();
    let (path, run) = (told.next().unwrap(), told.next().unwrap());
    let home = Arc::new(Durable::open(path).unwrap());
    std::thread::scope(|scope| {
        for task in 0..TASKS {
            let home = Arc::clone(&home);
            scope.spawn(move || {
                for number in 0.. {
                    write(&home, run, task, number);
                    // One call, so that lines are never mixed.
                    let line = format!("ack {task} {number}\n");
                    std::io::stderr().write_all(line.as_bytes()).unwrap();
                }
            });
        }
    });
}

fn write(home: &Durable, run: &str, task: usize, number: usize) {
    let id = format!("{task}-{number}");
    let pair = ["one", "two"].map(|half| Change::put(half, format!("{run}-{id}"), content(task, number)));
    home.apply("home", pair.to_vec(), 0).wait().unwrap();
    if task.is_multiple_of(BLOBS_EVERY) {
        let mut writer = home.create("home", &format!("{run}-{id}"));
        for part in blob(task, number).chunks(30_000) {
            writer.write(Bytes::copy_from_slice(part)).wait().unwrap();
        }
        writer.finish().wait().unwrap();
    }
}

/// Starts a process, kills it when it has written `acks` objects, and says what it was told is written.
fn killed(path: &Path, run: usize, acks: usize) -> Vec<(usize, usize)> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "the_process_that_is_killed", "--ignored", "--nocapture", "--test-threads", "1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    write!(child.stdin.take().unwrap(), "{}\n{run}\n", path.display()).unwrap();
    let mut written = Vec::new();
    for line in BufReader::new(child.stderr.take().unwrap()).lines() {
        let Ok(line) = line else { break };
        let Some((task, number)) = line.strip_prefix("ack ").and_then(|ack| ack.split_once(' ')) else {
            panic!("the process says: {line}");
        };
        let (Ok(task), Ok(number)) = (task.parse(), number.parse()) else { break };
        written.push((task, number));
        if written.len() == acks {
            // SIGKILL. What stands in the pipe was acknowledged before, and is read to its end.
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    written
}

fn all(home: &Durable, kind: &'static str, run: usize) -> HashSet<String> {
    let (mut all, mut after) = (HashSet::new(), None);
    loop {
        let page = Page { after, before: None, limit: 200, descending: true };
        let listing = home.list(Shelf { space: "home", kind }, &page, 0).wait().unwrap();
        for (id, document) in &listing.documents {
            let mut numbers = id.split('-').map(|number| number.parse::<usize>().unwrap());
            let (of, task, number) = (numbers.next().unwrap(), numbers.next().unwrap(), numbers.next().unwrap());
            if of != run {
                return all;
            }
            assert_eq!(document.body, content(task, number), "{kind} {id}");
            all.insert(id.clone());
        }
        after = listing.last_id().map(str::to_owned);
        if !listing.has_more {
            return all;
        }
    }
}

fn check(path: &Path, run: usize, written: &[(usize, usize)]) {
    let home = Durable::open(path).unwrap();
    let (one, two) = (all(&home, "one", run), all(&home, "two", run));
    assert_eq!(one, two, "a pair is there by half");
    for (task, number) in written {
        let id = format!("{run}-{task}-{number}");
        assert!(one.contains(&id), "{id} was acknowledged and is lost");
        if task.is_multiple_of(BLOBS_EVERY) {
            let info = home.describe("home", &id).wait().unwrap().unwrap_or_else(|| panic!("blob {id} is lost"));
            let wanted = blob(*task, *number);
            assert_eq!((info.bytes, &info.hash[..]), (wanted.len() as u64, digest(&SHA256, &wanted).as_ref()));
            let mut got = Vec::new();
            while let Some(part) = home.read("home", &id, got.len() as u64, 1 << 20).wait().unwrap() {
                if part.is_empty() {
                    break;
                }
                got.extend_from_slice(&part);
            }
            assert_eq!(got, wanted);
        }
    }
    let parts = std::fs::read_dir(path.with_file_name("data.redb.blobs")).unwrap();
    assert!(parts.map(Result::unwrap).all(|file| !file.file_name().to_string_lossy().ends_with(".part")));
}

#[test]
fn no_acknowledged_write_is_lost_and_nothing_is_there_by_half() {
    let config = Config { failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[42; 32]));
    let mut directory = tempfile::tempdir().unwrap();
    for run in 0..RUNS {
        // Most files are opened many times, but none grows without end.
        if run.is_multiple_of(10) {
            directory = tempfile::tempdir().unwrap();
        }
        let path = directory.path().join("data.redb");
        let acks = (1..300_usize).new_tree(&mut runner).unwrap().current();
        let written = killed(&path, run, acks);
        assert!(written.len() >= acks, "run {run}: it ended by itself");
        check(&path, run, &written);
    }
}
