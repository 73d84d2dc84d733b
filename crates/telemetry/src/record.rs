//! What is written down of one request.

use std::sync::Arc;

use fakeai_core::Tick;

/// What is written down of one request, once it is over.
#[derive(Clone, Debug)]
pub struct Record {
    /// The endpoint's path in the API, `/v1/chat/completions`; a fixed set.
    pub endpoint: &'static str,
    /// The model asked, if the endpoint has one.
    pub model: Option<Arc<str>>,
    /// The workspace the request belongs to.
    pub workspace: Arc<str>,
    /// The HTTP status answered.
    pub status: u16,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether the answer was streamed.
    pub stream: bool,
    /// When the request's head had been read.
    pub arrived: Tick,
    /// When the first token left.
    pub first_token: Option<Tick>,
    /// When the last byte left, or the client hung up.
    pub ended: Tick,
    /// What was read and written.
    pub tokens: Tokens,
    /// Whether an answer reached the most tokens allowed.
    pub is_cut: bool,
    /// Whether it was counted by [`crate::Ledger::begin`].
    pub has_begun: bool,
    /// What it costs, US dollars.
    pub cost_usd: f64,
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

    /// Mean seconds between the tokens delivered.
    pub fn itl_seconds(&self) -> Option<f64> {
        let gaps = self.tokens.delivered.checked_sub(1).filter(|gaps| *gaps > 0)?;
        self.first_token.map(|first| self.ended.since(first).as_secs_f64() / f64::from(gaps))
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
}
