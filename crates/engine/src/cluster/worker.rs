//! One worker of a cluster: its role, whether it is up, what the router knows of it.

use fakeai_core::Rng;

use super::RequestId;
use crate::route::Book;
use crate::scheduler::{Replica, SequenceId, Totals};

/// What a worker does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Reads prompts and writes answers.
    #[default]
    Aggregated,
    /// Reads prompts only.
    Prefill,
    /// Writes answers to prompts that others read.
    Decode,
}

/// Whether a worker works.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WorkerState {
    /// It takes requests.
    #[default]
    Up,
    /// It ends what it has and takes no more.
    Draining,
    /// It is down.
    Failed,
}

/// One worker, beside its [`Replica`].
#[derive(Debug)]
pub struct Worker {
    pub(super) role: Role,
    pub(super) state: WorkerState,
    pub(super) book: Book,
    pub(super) reported: Reported,
    /// By slot of the replica's sequences.
    pub(super) sequences: Vec<Option<RequestId>>,
    /// What replicas did that went down.
    pub(super) past: Totals,
    /// Counts changes of state, so that what was planned before is known to be outdated.
    pub(super) life: u64,
    pub(super) fate: Rng,
}

impl Worker {
    pub(super) fn new(role: Role, fate: Rng) -> Self {
        Self {
            role,
            state: WorkerState::Up,
            book: Book::default(),
            reported: Reported::default(),
            sequences: Vec::new(),
            past: Totals::default(),
            life: 0,
            fate,
        }
    }

    /// What it does.
    pub const fn role(&self) -> Role {
        self.role
    }

    /// Whether it works.
    pub const fn state(&self) -> WorkerState {
        self.state
    }

    /// What the router has sent it and not seen end.
    pub const fn book(&self) -> &Book {
        &self.book
    }

    pub(super) fn assign(&mut self, sequence: SequenceId, request: RequestId) {
        if self.sequences.len() <= sequence.slot() {
            self.sequences.resize(sequence.slot() + 1, None);
        }
        self.sequences[sequence.slot()] = Some(request);
    }
}

/// What an engine says of itself in its metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reported {
    pub(super) running: u32,
    pub(super) waiting: u32,
    pub(super) used_blocks: u32,
}

impl Reported {
    pub(super) fn of(replica: &Replica) -> Self {
        Self {
            running: replica.running() as u32,
            waiting: replica.waiting() as u32,
            used_blocks: replica.total_blocks() - replica.free_blocks(),
        }
    }
}
