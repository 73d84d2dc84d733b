//! What is written down of one request.

use std::sync::Arc;
use std::time::Duration;

use fakeai_core::Tick;
use serde::{Deserialize, Serialize};

/// Characters of an error's message that are kept.
pub const MOST_DETAIL: usize = 300;

/// What is written down of one request, once it is over.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its id, as the client was told.
    pub request: Box<str>,
    /// The endpoint's path in the API, `/v1/chat/completions`; a fixed set.
    pub endpoint: &'static str,
    /// The model asked, if the endpoint has one.
    pub model: Option<Arc<str>>,
    /// The workspace the request belongs to.
    pub workspace: Arc<str>,
    /// Who asked, if anything is known of it.
    pub caller: Option<Arc<Caller>>,
    /// The service tier of a text, or the size of pictures.
    pub grade: Option<&'static str>,
    /// The batch it is a line of.
    pub batch: Option<Arc<str>>,
    /// The worker that wrote the answer, where there is a physical engine.
    pub worker: Option<u16>,
    /// The HTTP status answered.
    pub status: u16,
    /// How it ended.
    pub outcome: Outcome,
    /// What the client was told of the error, without its secrets, at most [`MOST_DETAIL`] characters.
    pub detail: Option<Box<str>>,
    /// Whether the answer was streamed.
    pub stream: bool,
    /// When the request's head had been read, by the workspace's clock as the following ones.
    pub arrived: Tick,
    /// When the engine began to read the prompt, where it has a queue.
    pub admitted: Option<Tick>,
    /// When the first token left.
    pub first_token: Option<Tick>,
    /// When the last byte left, or the client hung up.
    pub ended: Tick,
    /// When it ended by the server's clock, which orders records of all workspaces.
    pub at: Tick,
    /// When it ended as its client was told, Unix seconds.
    pub date: i64,
    /// What was read and written.
    pub tokens: Tokens,
    /// What was used beside tokens.
    pub units: Units,
    /// How evenly the tokens came.
    pub gaps: Gaps,
    /// Bytes of the body sent.
    pub bytes_in: u64,
    /// Bytes of the answer's body.
    pub bytes_out: u64,
    /// Whether an answer reached the most tokens allowed.
    pub is_cut: bool,
    /// Whether it was counted by [`crate::Ledger::begin`].
    pub has_begun: bool,
    /// What it costs, US dollars.
    pub cost_usd: f64,
}

/// Who asked. Keys are known by a fingerprint only.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Caller {
    /// `key-` and the beginning of the key's hash.
    pub key: Option<Arc<str>>,
    /// `OpenAI-Organization`.
    pub organization: Option<Arc<str>>,
    /// `OpenAI-Project`.
    pub project: Option<Arc<str>>,
    /// The user or the service account that has the key, if it was made through the API.
    pub user: Option<Arc<str>>,
}

impl Record {
    /// Seconds from arrival to end.
    pub fn latency_seconds(&self) -> f64 {
        self.ended.since(self.arrived).as_secs_f64()
    }

    /// Seconds from arrival to the first token.
    pub fn ttft_seconds(&self) -> Option<f64> {
        self.first_token.map(|at| at.since(self.arrived).as_secs_f64())
    }

    /// Seconds from arrival until the engine began to read the prompt.
    pub fn queue_seconds(&self) -> Option<f64> {
        self.admitted.map(|at| at.since(self.arrived).as_secs_f64())
    }

    /// Mean seconds between the tokens delivered.
    pub fn itl_seconds(&self) -> Option<f64> {
        let gaps = self.tokens.delivered.checked_sub(1).filter(|gaps| *gaps > 0)?;
        self.first_token.map(|first| self.ended.since(first).as_secs_f64() / f64::from(gaps))
    }

    /// Tokens read and written.
    pub const fn total_tokens(&self) -> u64 {
        self.tokens.prompt as u64 + self.tokens.completion as u64
    }

    /// Whether the server is at fault: it failed, not the client.
    pub const fn is_fault(&self) -> bool {
        self.is_error() && (self.status < 400 || self.status >= 500)
    }

    /// Whether it was refused or failed.
    pub const fn is_error(&self) -> bool {
        matches!(self.outcome, Outcome::Error(_))
    }
}

/// How a request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Answered.
    Success,
    /// Refused or failed, with the error's code or type: a fixed set.
    Error(&'static str),
    /// The client hung up before the end.
    ClientClosed,
}

/// Tokens of one request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Given.
    pub prompt: u32,
    /// Of those, found in the cache.
    pub cached: u32,
    /// Written.
    pub completion: u32,
    /// Of those, thought.
    pub reasoning: u32,
    /// Of the written, those that left before the client hung up.
    pub delivered: u32,
    /// Of the written, those that the client had predicted.
    pub accepted: u32,
    /// Predicted and not written.
    pub rejected: u32,
    /// Of given and written, sound.
    pub audio: u32,
}

/// What a request used that is not counted in tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default)]
pub struct Units {
    /// Pictures made.
    pub images: u64,
    /// Characters spoken.
    pub characters: u64,
    /// Seconds of sound that were written down.
    pub audio_seconds: u64,
    /// Searches of files by hosted tools.
    pub file_searches: u64,
    /// Searches of the web by hosted tools.
    pub web_searches: u64,
    /// Containers that were opened for code.
    pub code_sessions: u64,
}

impl Units {
    /// Adds what else was used.
    pub const fn merge(&mut self, other: &Self) {
        self.images += other.images;
        self.characters += other.characters;
        self.audio_seconds += other.audio_seconds;
        self.file_searches += other.file_searches;
        self.web_searches += other.web_searches;
        self.code_sessions += other.code_sessions;
    }
}

/// How evenly the tokens of one answer came, and how late.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gaps {
    /// The longest time between two tokens.
    pub longest: Duration,
    /// How late tokens left after they were due, in all.
    pub late: Duration,
    /// The latest of them.
    pub latest: Duration,
}
