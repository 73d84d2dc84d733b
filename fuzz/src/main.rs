//! Damaged inputs for everything that reads bytes from the network: nothing may panic, hang, or answer with a 500.
//!
//! `fakeai-fuzz [--cases N] [--seconds S] [--threads N] [--from N] [--loud] [--list] [NAME…]`. A case is a function of its target's name
//! and its number, so `fakeai-fuzz --from 4711 --cases 1 NAME` reads the same bytes again. Build it with
//! `--profile fuzz`: optimised, with the checks for overflow that releases leave out.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its output is what a person at a terminal reads")]

mod media;
mod mutate;
mod requests;
mod run;
mod server;
mod sockets;
mod texts;

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use run::{Limits, Target};

/// Most memory the process may have taken at any time, KB: inputs are small, so more is an allocation without bounds.
const MOST_RESIDENT_KB: u64 = 3 << 20;

fn main() -> ExitCode {
    match fuzz() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("fakeai-fuzz: {error:#}");
            ExitCode::from(2)
        }
    }
}

pub(crate) fn complain(message: &str) {
    eprintln!("{message}");
}

/// Whether nothing was found.
fn fuzz() -> Result<bool> {
    let mut limits = Limits { from: 0, cases: 1_000_000, time: Duration::from_secs(86_400), loud: false };
    let (mut names, mut threads) = (Vec::new(), 1_usize);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().with_context(|| format!("{word} takes a number"));
        match word.as_str() {
            "--cases" => limits.cases = value()?.parse()?,
            "--from" => limits.from = value()?.parse()?,
            "--seconds" => limits.time = Duration::try_from_secs_f64(value()?.parse()?)?,
            "--threads" => threads = value()?.parse()?,
            "--loud" => limits.loud = true,
            "--list" => {
                for target in all() {
                    println!("{}", target.name);
                }
                return Ok(true);
            }
            _ if word.starts_with('-') => bail!("unknown flag {word}"),
            _ => names.push(word),
        }
    }
    let mut targets = all();
    if let Some(unknown) =
        names.iter().find(|name| !targets.iter().any(|target| target.name.starts_with(name.as_str())))
    {
        bail!("no target's name begins with {unknown}");
    }
    targets.retain(|target| names.is_empty() || names.iter().any(|name| target.name.starts_with(name.as_str())));
    run::keep_panics();
    std::thread::spawn(run::watch);
    Ok(run_all(&targets, limits, threads.max(1)))
}

fn all() -> Vec<Target> {
    [media::targets(), texts::targets(), requests::targets(), sockets::targets()].into_iter().flatten().collect()
}

/// Runs the targets, so many at a time.
fn run_all(targets: &[Target], limits: Limits, threads: usize) -> bool {
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some(target) = targets.get(next.fetch_add(1, Ordering::Relaxed)) {
            match run::run(target, limits) {
                Ok(outcome) if outcome.findings.is_empty() => println!("{outcome}"),
                Ok(outcome) => {
                    println!("{outcome}");
                    fail(&failed, target.name);
                }
                Err(error) => {
                    eprintln!("{}: {error:#}", target.name);
                    fail(&failed, target.name);
                }
            }
        }
    };
    std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work))));
    let failed = failed.into_inner().unwrap_or_default();
    let resident = most_resident_kb().unwrap_or_default();
    println!("{} targets, {} of them failed; at most {} MB of memory", targets.len(), failed.len(), resident >> 10);
    if resident > MOST_RESIDENT_KB {
        eprintln!("that is more memory than {} MB", MOST_RESIDENT_KB >> 10);
    }
    failed.is_empty() && resident <= MOST_RESIDENT_KB
}

fn fail(failed: &Mutex<Vec<&'static str>>, name: &'static str) {
    if let Ok(mut failed) = failed.lock() {
        failed.push(name);
    }
}

/// `VmHWM` of this process; `None` where there is no `/proc`.
fn most_resident_kb() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
