//! Who watches an engine instance: metrics, GPU figures and KV events hang here.

use std::time::Duration;

use fakeai_core::Tick;

use crate::kv::KvEvent;
use crate::scheduler::SequenceId;
use crate::step::{Batch, StepCost};

/// One step, as it ended.
#[derive(Clone, Copy, Debug)]
pub struct StepReport {
    /// The data-parallel rank that ran it.
    pub rank: u32,
    /// When it began. With pipeline stages, the next one begins before this one ends.
    pub start: Tick,
    /// When it ended.
    pub end: Tick,
    /// What it worked on.
    pub batch: Batch,
    /// Where its time went, before noise.
    pub cost: StepCost,
    /// Sequences running after it.
    pub running: usize,
    /// Sequences waiting after it.
    pub waiting: usize,
    /// Blocks nobody held after it.
    pub free_blocks: u32,
}

/// Is told what happens. Every method does nothing unless it is implemented; `()` watches nothing, at no cost.
pub trait Observer {
    /// A step ended.
    fn step(&mut self, _report: &StepReport) {}
    /// A sequence entered the running batch, `waited` after the scheduler saw it, with `cached_tokens` of its prompt
    /// in the cache. Once for each sequence; re-admission after preemption is not told.
    fn admitted(&mut self, _sequence: SequenceId, _waited: Duration, _cached_tokens: u32) {}
    /// A sequence lost its blocks and waits again.
    fn preempted(&mut self, _sequence: SequenceId) {}
    /// Drafts were verified, and so many held.
    fn drafted(&mut self, _drafts: u32, _accepted: u32) {}
    /// A sequence wrote its last token.
    fn finished(&mut self, _sequence: SequenceId) {}
    /// The cache changed; only of a replica that notes events.
    fn cache_changed(&mut self, _events: &[KvEvent]) {}
    /// The cache of one data-parallel rank changed; for who tells ranks apart.
    fn rank_cache_changed(&mut self, _rank: u32, events: &[KvEvent]) {
        self.cache_changed(events);
    }
}

impl Observer for () {}

impl Totals {
    /// Both together; ranks that step together are busy at the same time.
    pub(crate) fn with(self, other: &Self) -> Self {
        Self {
            arrived: self.arrived + other.arrived,
            rejected: self.rejected + other.rejected,
            finished: self.finished + other.finished,
            aborted: self.aborted + other.aborted,
            preemptions: self.preemptions + other.preemptions,
            steps: self.steps + other.steps,
            sequence_steps: self.sequence_steps + other.sequence_steps,
            queried_tokens: self.queried_tokens + other.queried_tokens,
            hit_tokens: self.hit_tokens + other.hit_tokens,
            read_tokens: self.read_tokens + other.read_tokens,
            written_tokens: self.written_tokens + other.written_tokens,
            drafted_tokens: self.drafted_tokens + other.drafted_tokens,
            accepted_tokens: self.accepted_tokens + other.accepted_tokens,
            busy_ns: self.busy_ns.max(other.busy_ns),
        }
    }
}

/// What an engine instance has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Sequences offered, refused ones included.
    pub arrived: u64,
    /// Refused at submission.
    pub rejected: u64,
    /// Ended by their last token.
    pub finished: u64,
    /// Ended by [`crate::scheduler::Replica::abort`].
    pub aborted: u64,
    /// Blocks taken away from a running sequence.
    pub preemptions: u64,
    /// Steps.
    pub steps: u64,
    /// Sequences in those steps, summed.
    pub sequence_steps: u64,
    /// Prompt tokens asked of the cache at admission.
    pub queried_tokens: u64,
    /// Of those, found.
    pub hit_tokens: u64,
    /// Tokens of prompts read, recomputed ones included.
    pub read_tokens: u64,
    /// Tokens written.
    pub written_tokens: u64,
    /// Drafts verified.
    pub drafted_tokens: u64,
    /// Of those, held.
    pub accepted_tokens: u64,
    /// Time in steps, nanoseconds.
    pub busy_ns: u64,
}

/// One after the other, as before and after a restart.
impl std::ops::AddAssign for Totals {
    fn add_assign(&mut self, other: Self) {
        let busy_ns = self.busy_ns + other.busy_ns;
        *self = Self { busy_ns, ..self.with(&other) };
    }
}
