//! Replicas whose latencies come from a table of measurements: no steps, no cache and no queue, as the measurements
//! contain what those did.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use fakeai_core::{Rng, Seed, Tick};
use fakeai_engine::scheduler::Submission;
use fakeai_engine::{EngineError, LatencyTable};

use crate::replicas::Token;

/// One replica.
#[derive(Debug)]
pub(crate) struct Tabled {
    table: Arc<LatencyTable>,
    most_tokens: u32,
    sequences: Vec<Sequence>,
    vacant: Vec<usize>,
    /// The next token of each sequence: when, in which order, whose.
    due: BinaryHeap<Reverse<(Tick, u64, usize)>>,
    orders: u64,
    rng: Rng,
}

#[derive(Clone, Copy, Debug)]
struct Sequence {
    prompt_tokens: u32,
    output_tokens: u32,
    produced: u32,
}

impl Tabled {
    pub(crate) fn new(table: Arc<LatencyTable>, most_tokens: u32, seed: Seed) -> Self {
        Self {
            table,
            most_tokens,
            sequences: Vec::new(),
            vacant: Vec::new(),
            due: BinaryHeap::new(),
            orders: 0,
            rng: seed.derive("latency table").rng(),
        }
    }

    pub(crate) fn running(&self) -> usize {
        self.due.len()
    }

    pub(crate) fn next_event(&self) -> Option<Tick> {
        self.due.peek().map(|Reverse((at, ..))| *at)
    }

    pub(crate) fn submit(&mut self, submission: &Submission, at: Tick) -> Result<usize, EngineError> {
        if submission.prompt_tokens == 0 || submission.output_tokens == 0 {
            return Err(EngineError::EmptySequence);
        }
        let tokens = submission.prompt_tokens.saturating_add(submission.output_tokens);
        if tokens > self.most_tokens {
            return Err(EngineError::SequenceTooLong { tokens, limit: self.most_tokens });
        }
        let (prompt_tokens, output_tokens) = (submission.prompt_tokens, submission.output_tokens);
        let sequence = Sequence { prompt_tokens, output_tokens, produced: 0 };
        let slot = if let Some(slot) = self.vacant.pop() {
            self.sequences[slot] = sequence;
            slot
        } else {
            self.sequences.push(sequence);
            self.sequences.len() - 1
        };
        let ttft = self.table.draw_ttft(self.due.len() as u32 + 1, prompt_tokens, &mut self.rng);
        self.plan(at + ttft, slot);
        Ok(slot)
    }

    fn plan(&mut self, at: Tick, slot: usize) {
        self.orders += 1;
        self.due.push(Reverse((at, self.orders, slot)));
    }

    /// Writes all tokens due by `now`; whose replica this is only the caller knows.
    pub(crate) fn advance(&mut self, now: Tick, mut take: impl FnMut(Token)) {
        while let Some(&Reverse((at, _, slot))) = self.due.peek().filter(|Reverse((at, ..))| *at <= now) {
            self.due.pop();
            let sequence = &mut self.sequences[slot];
            sequence.produced += 1;
            let Sequence { prompt_tokens, output_tokens, produced } = *sequence;
            let is_last = produced == output_tokens;
            take(Token { slot, replica: 0, at, tokens: 1, produced, cached_tokens: 0, is_last });
            if is_last {
                self.vacant.push(slot);
            } else {
                let gap = self.table.draw_itl(self.due.len() as u32 + 1, prompt_tokens, &mut self.rng);
                self.plan(at + gap, slot);
            }
        }
    }
}
