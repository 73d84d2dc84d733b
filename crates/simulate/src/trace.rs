//! Recorded requests: who asked when, how much was read and how much was written.
//!
//! The format is found by the content. CSV with a time and two counts of tokens (Azure's and `BurstGPT`'s names of
//! columns), JSON lines with `input_length` and `hash_ids` (Mooncake), conversations with `from` and `value`
//! (`ShareGPT`); each may be gzipped. Reads from any [`Read`], never a whole file.

mod csv;
mod lines;
mod mooncake;
mod sharegpt;

use std::fmt;
use std::io::{self, BufRead, BufReader, Read};
use std::time::Duration;

use flate2::bufread::MultiGzDecoder;

use crate::SimulateError;
use crate::workload::{Segment, Session, Turn};

/// What a trace looked like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Columns `TIMESTAMP,ContextTokens,GeneratedTokens`, or others of the same meaning.
    Csv,
    /// Mooncake's JSON lines.
    Mooncake,
    /// Conversations.
    ShareGpt,
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Csv => "CSV",
            Self::Mooncake => "Mooncake",
            Self::ShareGpt => "ShareGPT",
        })
    }
}

/// How a trace is read.
pub struct Reading<'a> {
    /// What the file is called, for complaints.
    pub file: &'a str,
    /// Whether lines that mean nothing are counted instead of refused.
    pub skip_bad: bool,
    /// Sessions to read at most.
    pub limit: Option<usize>,
    /// Counts the tokens of a text; for traces that have texts.
    pub count_tokens: &'a dyn Fn(&str) -> u32,
}

impl fmt::Debug for Reading<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, skip_bad, limit, count_tokens: _ } = self;
        formatter
            .debug_struct("Reading")
            .field("file", file)
            .field("skip_bad", skip_bad)
            .field("limit", limit)
            .finish_non_exhaustive()
    }
}

/// A trace as read: sessions by their arrival, which counts from the first.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// What it looked like.
    pub format: Format,
    /// Whether it says when requests arrived.
    pub is_timed: bool,
    /// Requests, those of one session together.
    pub turns: Vec<Turn>,
    /// Sessions, by arrival.
    pub sessions: Vec<Session>,
    /// Lines that were skipped because they mean nothing.
    pub skipped: u64,
}

impl Trace {
    /// Reads a trace.
    ///
    /// # Errors
    /// [`SimulateError::Line`] for the first line that means nothing, unless those are skipped;
    /// [`SimulateError::Trace`] if it is of no known format or empty.
    pub fn read(reader: impl Read, reading: &Reading<'_>) -> Result<Self, SimulateError> {
        let broken = |source| SimulateError::Read { file: reading.file.to_owned(), source };
        let mut reader = BufReader::new(reader);
        if reader.fill_buf().map_err(broken)?.starts_with(&[0x1F, 0x8B]) {
            Self::read_plain(BufReader::new(MultiGzDecoder::new(reader)), reading)
        } else {
            Self::read_plain(reader, reading)
        }
    }

    fn read_plain<R: BufRead>(mut reader: R, reading: &Reading<'_>) -> Result<Self, SimulateError> {
        let broken = |source| SimulateError::Read { file: reading.file.to_owned(), source };
        let mut collected = Collected::new(reading);
        let start = reader.fill_buf().map_err(broken)?;
        let format = guess(start).ok_or_else(|| collected.wrong(UNKNOWN_FORMAT))?;
        match format {
            Guess::Csv => csv::read(reader, &mut collected)?,
            Guess::Lines => lines::read_json(reader, &mut collected)?,
            Guess::Array => sharegpt::read_array(reader, &mut collected)?,
        }
        collected.into_trace()
    }
}

const UNKNOWN_FORMAT: &str = "no known format of a trace: CSV with a time and two counts of tokens, JSON lines with \
                              `input_length` and `output_length`, or conversations with `from` and `value`";

enum Guess {
    Csv,
    Lines,
    Array,
}

/// What the first bytes look like.
fn guess(start: &[u8]) -> Option<Guess> {
    let start = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start);
    match start.iter().find(|byte| !byte.is_ascii_whitespace())? {
        b'{' => Some(Guess::Lines),
        b'[' => Some(Guess::Array),
        _ => start.contains(&b',').then_some(Guess::Csv),
    }
}

/// What was read so far.
pub(crate) struct Collected<'a> {
    reading: &'a Reading<'a>,
    format: Format,
    is_timed: bool,
    turns: Vec<Turn>,
    sessions: Vec<Session>,
    skipped: u64,
}

impl<'a> Collected<'a> {
    fn new(reading: &'a Reading<'a>) -> Self {
        Self { reading, format: Format::Csv, is_timed: true, turns: Vec::new(), sessions: Vec::new(), skipped: 0 }
    }

    /// Whether as much was read as was asked for.
    fn is_full(&self) -> bool {
        self.reading.limit.is_some_and(|limit| self.sessions.len() >= limit)
    }

    /// Adds a session that arrived at `arrival` on the trace's own clock.
    fn add(&mut self, arrival: Duration, turns: impl IntoIterator<Item = Turn>) {
        let first = self.turns.len();
        self.turns.extend(turns);
        self.sessions.push(Session { arrival, first, turns: self.turns.len() - first });
    }

    /// Refuses or counts a line that means nothing.
    fn bad(&mut self, line: usize, reason: impl Into<String>) -> Result<(), SimulateError> {
        if self.reading.skip_bad {
            self.skipped += 1;
            return Ok(());
        }
        Err(SimulateError::Line { file: self.reading.file.to_owned(), line, reason: reason.into() })
    }

    fn wrong(&self, reason: &str) -> SimulateError {
        SimulateError::Trace { file: self.reading.file.to_owned(), reason: reason.to_owned() }
    }

    fn broken(&self, source: io::Error) -> SimulateError {
        SimulateError::Read { file: self.reading.file.to_owned(), source }
    }

    fn into_trace(self) -> Result<Trace, SimulateError> {
        if self.sessions.is_empty() {
            let skipped = self.skipped;
            return Err(self.wrong(&format!("no requests ({skipped} lines were skipped)")));
        }
        let Self { format, is_timed, turns, mut sessions, skipped, .. } = self;
        sessions.sort_by_key(|session| session.arrival);
        let start = sessions.first().map(|session| session.arrival).unwrap_or_default();
        for session in &mut sessions {
            session.arrival = session.arrival.saturating_sub(start);
        }
        Ok(Trace { format, is_timed, turns, sessions, skipped })
    }
}

/// The latest arrival that is believed: a hundred years.
const LATEST_S: f64 = 3.2e9;

/// A time in seconds as a trace has it.
fn seconds(value: f64) -> Result<Duration, String> {
    if (0.0..=LATEST_S).contains(&value) {
        Ok(Duration::from_secs_f64(value))
    } else {
        Err(format!("`{value}` is no time"))
    }
}

/// Counts beyond this are no counts of tokens.
const MOST_TOKENS: u64 = 100_000_000;

fn tokens(value: u64) -> Result<u32, String> {
    if value <= MOST_TOKENS { Ok(value as u32) } else { Err(format!("{value} is no count of tokens")) }
}

/// A request whose content nobody shares.
fn lone(prompt_tokens: u32, output_tokens: u32) -> Turn {
    Turn { prompt_tokens, output_tokens, segments: Box::default(), pause: Duration::ZERO }
}

/// A request that reads `segments`.
fn of_segments(prompt_tokens: u32, output_tokens: u32, segments: Vec<Segment>) -> Turn {
    Turn { prompt_tokens, output_tokens, segments: segments.into(), pause: Duration::ZERO }
}

#[cfg(test)]
mod tests;
