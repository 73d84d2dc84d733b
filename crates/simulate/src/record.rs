//! What became of each request.

use std::time::Duration;

use fakeai_core::Tick;
use fakeai_engine::EngineError;
use fakeai_engine::cluster::Refusal;
use serde::Serialize;

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It has not.
    Pending,
    /// By its last token.
    Finished,
    /// It was never taken in.
    Rejected(Rejection),
}

/// Why a request was not taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rejection {
    /// Longer than the longest sequence.
    ContextTooLong,
    /// It would not fit the KV cache even alone.
    CacheTooSmall,
    /// Too many waited or were in flight.
    QueueFull,
    /// Nothing to read or nothing to write.
    Empty,
    /// No worker was up, or the one it was on went down.
    NoWorker,
    /// Something else.
    Other,
}

impl Rejection {
    /// The kind of refusal.
    pub(crate) const fn of(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::Impossible(EngineError::SequenceTooLong { .. }) => Self::ContextTooLong,
            Refusal::Impossible(EngineError::SequenceTooLarge { .. }) => Self::CacheTooSmall,
            Refusal::Impossible(EngineError::EmptySequence) => Self::Empty,
            Refusal::Impossible(_) => Self::Other,
            Refusal::TooManyInFlight { .. } | Refusal::QueuesFull { .. } | Refusal::AllBusy { .. } => Self::QueueFull,
            Refusal::NoWorker => Self::NoWorker,
        }
    }

    /// As tables have it.
    pub const fn words(self) -> &'static str {
        match self {
            Self::ContextTooLong => "longer than the context window",
            Self::CacheTooSmall => "larger than the KV cache",
            Self::QueueFull => "queue full",
            Self::Empty => "nothing to read or to write",
            Self::NoWorker => "no worker",
            Self::Other => "refused",
        }
    }
}

/// One request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Record {
    /// Place of its session in the workload.
    pub session: usize,
    /// When it was sent.
    pub arrival: Tick,
    /// How long the scheduler let it wait, until it was first admitted.
    pub queued: Duration,
    /// When its first token left.
    pub first: Tick,
    /// When its last token so far left.
    pub end: Tick,
    /// The longest gap between two of its tokens.
    pub longest_gap: Duration,
    /// Tokens read.
    pub prompt_tokens: u32,
    /// Tokens to write.
    pub output_tokens: u32,
    /// Tokens of the prompt that were in the cache.
    pub cached_tokens: u32,
    /// The replica it ran on.
    pub worker: u32,
    /// How often it lost its blocks.
    pub preemptions: u32,
    /// Whether it only warmed up.
    pub is_warmup: bool,
    /// How it ended.
    pub outcome: Outcome,
}

impl Record {
    /// A request that was not sent yet.
    pub(crate) const fn new(session: usize, prompt_tokens: u32, output_tokens: u32) -> Self {
        Self {
            session,
            arrival: Tick::from_nanos(0),
            queued: Duration::ZERO,
            first: Tick::from_nanos(0),
            end: Tick::from_nanos(0),
            longest_gap: Duration::ZERO,
            prompt_tokens,
            output_tokens,
            cached_tokens: 0,
            worker: 0,
            preemptions: 0,
            is_warmup: false,
            outcome: Outcome::Pending,
        }
    }

    /// Whether it finished and counts.
    pub fn counts(&self) -> bool {
        self.outcome == Outcome::Finished && !self.is_warmup
    }

    /// Time to first token, milliseconds.
    pub fn ttft_ms(&self) -> f64 {
        millis(self.first.since(self.arrival))
    }

    /// Time from the request to its last token, milliseconds.
    pub fn e2e_ms(&self) -> f64 {
        millis(self.end.since(self.arrival))
    }

    /// Mean time between tokens, milliseconds; `None` with a single token.
    pub fn tpot_ms(&self) -> Option<f64> {
        let gaps = self.output_tokens.checked_sub(1).filter(|gaps| *gaps > 0)?;
        Some(millis(self.end.since(self.first)) / f64::from(gaps))
    }
}

/// Milliseconds.
pub(crate) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
