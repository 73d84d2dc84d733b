//! Runs the cases of a target, and says what went wrong with which.

use std::cell::RefCell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use fakeai_core::Seed;

use crate::mutate::Source;

/// What reads a case; `Err` says what is wrong with how it was read.
pub(crate) type Reader = Box<dyn FnMut(&[u8]) -> Result<(), String>>;

/// Something that reads bytes from the network.
pub(crate) struct Target {
    pub(crate) name: &'static str,
    pub(crate) source: Source,
    /// Makes a reader, on the thread that uses it.
    pub(crate) reader: Box<dyn Fn() -> anyhow::Result<Reader> + Send + Sync>,
}

/// How far a run goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// The first case.
    pub(crate) from: u64,
    /// Cases of each target.
    pub(crate) cases: u64,
    /// Time after which a target ends, all cases or not.
    pub(crate) time: Duration,
    /// Whether each case's number is printed before it is read, to find what ends the process.
    pub(crate) loud: bool,
}

/// What a target's run came to.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) name: &'static str,
    pub(crate) cases: u64,
    pub(crate) took: Duration,
    pub(crate) slowest: (u64, Duration),
    /// The number of each bad case and what was bad.
    pub(crate) findings: Vec<(u64, String)>,
}

/// Findings after which a target ends.
const MOST_FINDINGS: usize = 5;
/// Longest that reading a case may take. Cases are a few kilobytes; the machine may be busy.
const MOST_TIME: Duration = Duration::from_secs(5);
/// Readers are made anew after so many cases, so that what they keep does not pile up.
const CASES_OF_A_READER: u64 = 20_000;
/// A case that was not read after this long never will be: the process ends.
const NEVER: Duration = Duration::from_secs(120);

thread_local! {
    static LAST_PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// What threads are at: the target, the case, and since when.
static UNDER_WAY: Mutex<Vec<(&'static str, u64, Instant)>> = Mutex::new(Vec::new());

/// Keeps panics for who asks, instead of printing them.
pub(crate) fn keep_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let text = panic.to_string();
        LAST_PANIC.with_borrow_mut(|last| *last = Some(text));
    }));
}

/// What the last panic of this thread said.
pub(crate) fn last_panic() -> String {
    LAST_PANIC.take().unwrap_or_else(|| "a panic on another thread".to_owned())
}

/// Ends the process when a case is read for too long. Runs for ever.
pub(crate) fn watch() {
    loop {
        std::thread::park_timeout(Duration::from_secs(1));
        let now = now();
        let stuck = |(name, number, since): &(&str, u64, Instant)| {
            (now.saturating_duration_since(*since) > NEVER).then(|| format!("{name} hangs in case {number}"))
        };
        if let Some(message) = UNDER_WAY.lock().ok().and_then(|all| all.iter().find_map(stuck)) {
            crate::complain(&message);
            std::process::exit(1);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a tool that times a program has no server clock")]
fn now() -> Instant {
    Instant::now()
}

/// Reads the cases of `target`.
pub(crate) fn run(target: &Target, limits: Limits) -> anyhow::Result<Outcome> {
    let seed = Seed::new(42).derive(target.name);
    let begun = now();
    let none = (0, Duration::ZERO);
    let mut outcome =
        Outcome { name: target.name, cases: 0, took: Duration::ZERO, slowest: none, findings: Vec::new() };
    let mut reader = (target.reader)()?;
    for number in limits.from..limits.from + limits.cases {
        if outcome.cases > 0 && outcome.cases.is_multiple_of(CASES_OF_A_READER) {
            reader = (target.reader)()?;
        }
        let case = target.source.case(seed, number);
        if limits.loud {
            crate::complain(&format!("{} {number}: {:?}", target.name, String::from_utf8_lossy(&case)));
        }
        let started = now();
        set_under_way(target.name, number, started);
        let read = catch_unwind(AssertUnwindSafe(|| reader(&case))).unwrap_or_else(|_| Err(last_panic()));
        let ended = now();
        let lasted = ended.saturating_duration_since(started);
        let read = read.and(if lasted > MOST_TIME { Err(format!("it took {lasted:?}")) } else { Ok(()) });
        outcome.cases += 1;
        if lasted > outcome.slowest.1 {
            outcome.slowest = (number, lasted);
        }
        if let Err(finding) = read {
            outcome.findings.push((number, format!("{finding}\n    {}", shown(&case))));
            // What panicked may be half changed.
            reader = (target.reader)()?;
        }
        if outcome.findings.len() >= MOST_FINDINGS || ended.saturating_duration_since(begun) > limits.time {
            break;
        }
    }
    leave(target.name);
    outcome.took = now().saturating_duration_since(begun);
    Ok(outcome)
}

fn set_under_way(name: &'static str, number: u64, since: Instant) {
    let Ok(mut all) = UNDER_WAY.lock() else { return };
    match all.iter_mut().find(|(known, _, _)| *known == name) {
        Some(own) => *own = (name, number, since),
        None => all.push((name, number, since)),
    }
}

fn leave(name: &'static str) {
    if let Ok(mut all) = UNDER_WAY.lock() {
        all.retain(|(known, _, _)| *known != name);
    }
}

/// The beginning of a case, as it may stand in a test.
fn shown(case: &[u8]) -> String {
    let text: String = case.iter().take(600).map(|byte| byte.escape_ascii().to_string()).collect();
    format!("b\"{text}\" ({} bytes)", case.len())
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.took.as_secs_f64();
        let each = seconds * 1e6 / self.cases.max(1) as f64;
        let (slowest, lasted) = self.slowest;
        let milliseconds = lasted.as_secs_f64() * 1e3;
        write!(
            formatter,
            "{:<28}{:>10} cases{seconds:>9.1} s{each:>9.1} µs each, slowest {milliseconds:.1} ms (case {slowest})",
            self.name, self.cases
        )?;
        for (number, finding) in &self.findings {
            write!(formatter, "\n  case {number}: {finding}")?;
        }
        Ok(())
    }
}
