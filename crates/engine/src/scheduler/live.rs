//! The sequences of one engine instance, and what is said of them outside.

use std::sync::Arc;

use fakeai_core::{Rng, Seed, Tick};

use crate::kv::BlockId;

/// Which part of a sequence an engine does. Disaggregated serving parts them: one engine reads the prompt, its keys and
/// values travel, another engine writes the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Reads the prompt and writes the answer.
    #[default]
    Both,
    /// Reads the prompt and writes one token, whatever `output_tokens` says (vLLM's `do_remote_decode`). That token's
    /// event is its last, and it counts as finished; its blocks stay held, to be read by a transfer, until
    /// [`crate::scheduler::Replica::release`].
    Prefill,
    /// Writes the answer to a prompt that was read elsewhere (vLLM's `do_remote_prefill`). When its turn in the queue
    /// comes it takes its blocks and shows up in [`crate::scheduler::Replica::take_reservations`]; it takes no part in
    /// steps until [`crate::scheduler::Replica::transferred`]. Its first step reads the last token of the prompt again
    /// and writes the first of the answer. If it is preempted later, its prompt is read here.
    Decode,
}

/// What the engine is asked to do.
#[derive(Clone, Debug)]
pub struct Submission {
    /// Tokens to read.
    pub prompt_tokens: u32,
    /// Tokens that will be written.
    pub output_tokens: u32,
    /// Tokens that might have been written, as far as the engine can know before; reserved by engines that reserve.
    pub max_output_tokens: u32,
    /// Hashes of the full blocks of the prompt and of as much of the answer as is known; empty if unknown.
    pub chain: Arc<[u64]>,
    /// Lower is more urgent; for [`crate::scheduler::Policy::Priority`].
    pub priority: i32,
    /// The adapter (`LoRA`) by number; 0 for none.
    pub adapter: u64,
    /// Tokens at the start of the answer that the client predicted: verified up to 16 a step.
    pub predicted_tokens: u32,
    /// Decides which drafts hold.
    pub seed: Seed,
    /// Which part of it this engine does.
    pub phase: Phase,
    /// The data-parallel rank that takes it; `None` lets the engine choose.
    pub rank: Option<u32>,
}

impl Submission {
    /// A sequence of these lengths, with no content that could be cached.
    pub fn new(prompt_tokens: u32, output_tokens: u32) -> Self {
        Self {
            prompt_tokens,
            output_tokens,
            max_output_tokens: output_tokens,
            chain: Arc::default(),
            priority: 0,
            adapter: 0,
            predicted_tokens: 0,
            seed: Seed::new(0),
            phase: Phase::Both,
            rank: None,
        }
    }

    /// Tokens this engine writes.
    pub(crate) const fn own_output_tokens(&self) -> u32 {
        match self.phase {
            Phase::Prefill if self.output_tokens > 1 => 1,
            _ => self.output_tokens,
        }
    }

    /// Tokens this engine might have to write.
    pub(crate) fn most_output_tokens(&self) -> u32 {
        match self.phase {
            Phase::Prefill => self.own_output_tokens(),
            Phase::Both | Phase::Decode => self.max_output_tokens.max(self.output_tokens),
        }
    }
}

/// A sequence of one [`crate::scheduler::Replica`]. Never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SequenceId {
    pub(crate) slot: u32,
    pub(crate) generation: u32,
}

impl SequenceId {
    /// A small number, unique among the sequences that are alive: a place for a table beside the engine.
    pub const fn slot(self) -> usize {
        self.slot as usize
    }
}

/// Tokens are ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenEvent {
    /// Whose.
    pub sequence: SequenceId,
    /// When they leave the engine; the same for all tokens of one event. May lie after the tick `advance` was told.
    pub at: Tick,
    /// How many; more than one with speculative decoding.
    pub tokens: u32,
    /// How many there are now, these included.
    pub produced: u32,
    /// Prompt tokens that were found in the cache at first admission.
    pub cached_tokens: u32,
    /// Whether these are the last.
    pub is_last: bool,
}

/// Where a sequence is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Nowhere: the slot is vacant.
    Gone,
    /// Not yet seen by the scheduler, or waiting.
    Waiting,
    /// In the running batch.
    Running,
    /// In the running batch, to be dropped when the step ends.
    Aborted,
    /// Has its blocks; their content is on its way.
    Arriving,
    /// The content of its blocks is there; waits for its first step.
    Landed,
    /// Ended, its blocks held for a transfer.
    Held,
}

/// One sequence.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) generation: u32,
    pub(crate) place: Place,
    pub(crate) prompt: u32,
    pub(crate) output: u32,
    pub(crate) max_output: u32,
    /// Tokens known so far: the prompt and what was written.
    pub(crate) known: u32,
    /// Of those, with keys and values in the cache when the steps under way have ended.
    pub(crate) computed: u32,
    pub(crate) produced: u32,
    /// New tokens in the step that is being planned, without drafts.
    pub(crate) chunk: u32,
    /// Drafts in the step that is being planned.
    pub(crate) drafts: u32,
    pub(crate) predicted: u32,
    pub(crate) cached: u32,
    /// Blocks already known by their hashes.
    pub(crate) published: u32,
    pub(crate) priority: i32,
    pub(crate) adapter: u64,
    pub(crate) is_admitted_before: bool,
    pub(crate) phase: Phase,
    /// Steps under way that it is part of.
    pub(crate) flights: u32,
    /// Its prompt was read elsewhere, and nothing was lost since.
    pub(crate) is_transferred: bool,
    pub(crate) arrived: Tick,
    pub(crate) first_token: Tick,
    /// Order of submission.
    pub(crate) number: u64,
    pub(crate) blocks: Vec<BlockId>,
    /// Blocks for windows and states.
    pub(crate) fixed_blocks: Vec<BlockId>,
    pub(crate) chain: Arc<[u64]>,
    pub(crate) rng: Rng,
}

/// Tokens of a prediction that are verified in one step.
const PREDICTION_WINDOW: u32 = 16;

impl Live {
    pub(crate) fn new(submission: &Submission, generation: u32, number: u64, arrived: Tick) -> Self {
        Self {
            generation,
            place: Place::Waiting,
            prompt: submission.prompt_tokens,
            output: submission.own_output_tokens(),
            max_output: submission.most_output_tokens(),
            known: submission.prompt_tokens,
            computed: 0,
            produced: 0,
            chunk: 0,
            drafts: 0,
            predicted: submission.predicted_tokens.min(submission.own_output_tokens()),
            cached: 0,
            published: 0,
            priority: submission.priority,
            adapter: submission.adapter,
            is_admitted_before: false,
            phase: submission.phase,
            flights: 0,
            is_transferred: false,
            arrived,
            first_token: Tick::default(),
            number,
            blocks: Vec::new(),
            fixed_blocks: Vec::new(),
            chain: Arc::clone(&submission.chain),
            rng: submission.seed.rng(),
        }
    }

    /// Tokens that no step has read yet and the next may; while a token is being written there are none.
    pub(crate) const fn unread(&self) -> u32 {
        if matches!(self.place, Place::Aborted) { 0 } else { self.known - self.computed }
    }

    /// Whether the next step writes a token whatever the budget.
    pub(crate) const fn is_decoding(&self) -> bool {
        self.unread() == 1 && (self.produced > 0 || self.is_transferred)
    }

    /// Drafts worth verifying next, of `usual` that are made of every decode.
    pub(crate) fn next_drafts(&self, usual: u32) -> u32 {
        if self.produced == 0 {
            return 0;
        }
        let left = self.output - self.produced;
        let predicted = self.predicted.saturating_sub(self.produced).min(PREDICTION_WINDOW);
        usual.max(predicted).min(left.saturating_sub(1))
    }

    /// Of the drafts of a step, how many hold.
    pub(crate) fn accept(&mut self, drafts: u32, acceptance: &[f64]) -> u32 {
        let predicted = self.predicted.saturating_sub(self.produced).min(drafts);
        if predicted > 0 {
            return predicted;
        }
        let mut accepted = 0;
        for chance in acceptance.iter().take(drafts as usize) {
            if !self.rng.chance(*chance) {
                break;
            }
            accepted += 1;
        }
        accepted
    }

    /// Back to nothing read, after its blocks are gone.
    pub(crate) const fn forget_progress(&mut self) {
        self.computed = 0;
        self.published = 0;
        self.chunk = 0;
        self.drafts = 0;
        self.is_transferred = false;
    }
}
