//! Requests drawn from distributions.

use std::time::Duration;

use fakeai_core::Seed;

use super::{Arrivals, Lengths, Segment, Session, Turn};
use crate::SimulateError;

/// Contents of shared prefixes and of sessions, told apart.
const OF_PREFIXES: u64 = 1 << 61;
const OF_SESSIONS: u64 = 1 << 60;

/// Requests drawn from distributions.
#[derive(Clone, Debug, PartialEq)]
pub struct Synthetic {
    /// How many, in all sessions.
    pub requests: Requests,
    /// What each turn's user says, tokens.
    pub prompt: Lengths,
    /// What is answered, tokens.
    pub output: Lengths,
    /// Beginnings that prompts share, before what [`Self::prompt`] draws.
    pub prefixes: Option<Prefixes>,
    /// Turns of a session.
    pub turns: u32,
    /// From the end of a turn to the next.
    pub turn_pause: Duration,
}

/// How many requests there are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Requests {
    /// So many.
    Count(u32),
    /// As many as arrive in this time.
    For(Duration),
    /// Enough for steady percentiles: as many as arrive in two minutes and at least 2,000; in a closed loop ten for
    /// each client and at least 200.
    Enough,
}

/// System prompts that many users have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefixes {
    /// Different ones; each session has one of them, drawn alike.
    pub groups: u32,
    /// Their length, tokens.
    pub tokens: u32,
}

/// More requests than this are a mistake.
const MOST_REQUESTS: f64 = 50e6;

/// A conversation's prompt grows no further.
const LONGEST_CONTEXT: u32 = 100_000_000;

impl Synthetic {
    /// Requests much like Azure's conversations, with nothing shared.
    pub const fn new() -> Self {
        Self {
            requests: Requests::Enough,
            prompt: Lengths::PROMPTS,
            output: Lengths::ANSWERS,
            prefixes: None,
            turns: 1,
            turn_pause: Duration::ZERO,
        }
    }

    fn sessions(&self, arrivals: &Arrivals) -> Result<u32, SimulateError> {
        let requests = match (self.requests, arrivals) {
            (Requests::Count(requests), _) => f64::from(requests),
            (Requests::For(_), Arrivals::Closed { .. }) => {
                return Err(SimulateError::invalid("a closed loop ends after so many requests, not after a duration"));
            }
            (Requests::For(duration), _) => {
                let rate = arrivals.rate().unwrap_or(1.0);
                (duration.as_secs_f64() * rate * f64::from(self.turns)).ceil()
            }
            (Requests::Enough, Arrivals::Closed { concurrency, .. }) => (f64::from(*concurrency) * 10.0).max(200.0),
            (Requests::Enough, _) => (120.0 * arrivals.rate().unwrap_or(0.0) * f64::from(self.turns)).max(2000.0),
        };
        if !(1.0..=MOST_REQUESTS).contains(&requests) {
            return Err(SimulateError::invalid(format!("from 1 to {MOST_REQUESTS} requests can be simulated")));
        }
        Ok((requests as u32).div_ceil(self.turns.max(1)))
    }

    /// All requests; sessions have no arrivals yet.
    pub(super) fn requests(&self, seed: Seed, arrivals: &Arrivals) -> Result<(Vec<Turn>, Vec<Session>), SimulateError> {
        if self.turns == 0 || self.prefixes.is_some_and(|prefixes| prefixes.groups == 0) {
            return Err(SimulateError::invalid("turns and shared prefixes are counted from 1"));
        }
        let count = self.sessions(arrivals)?;
        let (mut rng, mut groups) = (seed.derive("lengths").rng(), seed.derive("prefixes").rng());
        let mut turns = Vec::with_capacity(count as usize * self.turns as usize);
        let mut sessions = Vec::with_capacity(count as usize);
        for number in 0..count {
            sessions.push(Session { arrival: Duration::ZERO, first: turns.len(), turns: self.turns as usize });
            let prefix = self.prefixes.map(|prefixes| Segment {
                content: groups.below(prefixes.groups as usize) as u64 | OF_PREFIXES,
                tokens: prefixes.tokens,
            });
            let shared = prefix.map_or(0, |prefix| prefix.tokens);
            let mut said = 0_u32;
            for turn in 0..self.turns {
                let (prompt, output) = (self.prompt.draw(&mut rng), self.output.draw(&mut rng));
                said = said.saturating_add(prompt).min(LONGEST_CONTEXT);
                let own = Segment { content: u64::from(number) | OF_SESSIONS, tokens: said.saturating_add(output) };
                let segments: Vec<Segment> = match (prefix, self.turns) {
                    (None, 1) => Vec::new(),
                    (Some(prefix), 1) => vec![prefix],
                    (prefix, _) => prefix.into_iter().chain([own]).collect(),
                };
                turns.push(Turn {
                    prompt_tokens: said.saturating_add(shared),
                    output_tokens: output,
                    segments: segments.into(),
                    pause: if turn == 0 { Duration::ZERO } else { self.turn_pause },
                });
                said = said.saturating_add(output).min(LONGEST_CONTEXT);
            }
        }
        Ok((turns, sessions))
    }
}

impl Default for Synthetic {
    fn default() -> Self {
        Self::new()
    }
}
