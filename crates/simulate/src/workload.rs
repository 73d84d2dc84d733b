//! What is asked of a deployment: sessions of one request or more, what their prompts share, and when they begin.
//!
//! A prompt is a list of [`Segment`]s, each the beginning of some content. Prompts whose segments begin alike share
//! those blocks of the cache. A session's later turns begin with all that was said before them, so they grow.

mod arrivals;
mod lengths;
mod synthetic;

use std::sync::Arc;
use std::time::Duration;

use fakeai_core::Seed;

pub use arrivals::Arrivals;
pub use lengths::Lengths;
pub use synthetic::{Prefixes, Requests, Synthetic};

use crate::SimulateError;
use crate::trace::Trace;

/// The first tokens of some content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Which content.
    pub content: u64,
    /// How many tokens of it.
    pub tokens: u32,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Tokens to read.
    pub prompt_tokens: u32,
    /// Tokens that are written.
    pub output_tokens: u32,
    /// What prompt and answer are made of, as far as others share it; empty if nobody does.
    pub segments: Box<[Segment]>,
    /// From the end of the turn before to this one.
    pub pause: Duration,
}

/// Requests of one user, one after another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// When the first is sent, after the start.
    pub arrival: Duration,
    /// Place of its first turn.
    pub first: usize,
    /// How many turns it has.
    pub turns: usize,
}

/// Everything that is asked, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// Requests, those of one session together.
    pub turns: Vec<Turn>,
    /// Sessions, by arrival.
    pub sessions: Vec<Session>,
    /// Clients that each begin the next session when their last one has ended; `None` begins each when it arrives.
    pub clients: Option<Clients>,
}

/// A closed loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clients {
    /// How many.
    pub count: u32,
    /// From the end of a session to the same client's next.
    pub think: Duration,
}

/// Where requests come from.
#[derive(Clone, Debug)]
pub enum Source {
    /// A recording.
    Trace(Arc<Trace>),
    /// Distributions.
    Synthetic(Synthetic),
}

/// A load: requests and their arrivals.
#[derive(Clone, Debug)]
pub struct Load {
    /// Where requests come from.
    pub source: Source,
    /// When they arrive.
    pub arrivals: Arrivals,
    /// Between the turns of a recorded conversation.
    pub turn_pause: Duration,
    /// Decides every draw.
    pub seed: Seed,
}

impl Load {
    /// The workload: same load, same workload.
    ///
    /// # Errors
    /// [`SimulateError::Invalid`] if the arrivals cannot be, or are the recorded ones of what was not recorded.
    pub fn workload(&self) -> Result<Workload, SimulateError> {
        let (turns, mut sessions, is_timed) = match &self.source {
            Source::Synthetic(synthetic) => {
                let (turns, sessions) = synthetic.requests(self.seed, &self.arrivals)?;
                (turns, sessions, false)
            }
            Source::Trace(trace) => {
                let mut turns = trace.turns.clone();
                for session in trace.sessions.iter().filter(|session| session.turns > 1) {
                    for turn in turns.iter_mut().skip(session.first + 1).take(session.turns - 1) {
                        turn.pause = self.turn_pause;
                    }
                }
                (turns, trace.sessions.clone(), trace.is_timed)
            }
        };
        let clients = self.arrivals.set(&mut sessions, is_timed, self.seed)?;
        Ok(Workload { turns, sessions, clients })
    }

    /// The same requests at another rate, sessions/s.
    pub fn at_rate(&self, rate: f64) -> Self {
        Self { arrivals: self.arrivals.at_rate(rate), ..self.clone() }
    }
}

impl Turn {
    /// Hashes of its full blocks, as the engine wants them: as far as its segments reach. Each block's hash mixes its
    /// parent's, and which tokens of which content it holds.
    pub(crate) fn chain(&self, block_tokens: u32) -> Arc<[u64]> {
        if self.segments.is_empty() {
            return Arc::default();
        }
        let known: u64 = self.segments.iter().map(|segment| u64::from(segment.tokens)).sum();
        let block_tokens = u64::from(block_tokens.max(1));
        let mut hashes = Vec::with_capacity((known / block_tokens) as usize);
        let mut hash = Seed::new(block_tokens).derive("blocks");
        let (mut segments, mut offset) = (self.segments.iter(), 0_u64);
        let mut segment = segments.next();
        for _ in 0..known / block_tokens {
            let mut left = block_tokens;
            while let Some(current) = segment.filter(|_| left > 0) {
                let taken = left.min(u64::from(current.tokens) - offset);
                hash = hash.mix(current.content).mix(offset << 32 | taken);
                left -= taken;
                offset += taken;
                if offset == u64::from(current.tokens) {
                    (segment, offset) = (segments.next(), 0);
                }
            }
            // Zero marks a block without a hash.
            hashes.push(hash.value().max(1));
        }
        hashes.into()
    }
}

#[cfg(test)]
mod tests;
