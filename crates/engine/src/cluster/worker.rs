//! One worker of a cluster: its role, whether it is up, what the router knows of it.

use fakeai_core::Rng;

use super::RequestId;
use crate::route::Book;
use crate::scheduler::{RankState, Replica, SequenceId, Totals};

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
    pub(super) ranks: Vec<RankSide>,
    /// The number of its first rank among the router's targets.
    pub(super) first_target: usize,
    /// By slot of the replica's sequences.
    pub(super) sequences: Vec<Option<RequestId>>,
    /// What replicas did that went down.
    pub(super) past: Totals,
    /// Counts changes of state, so that what was planned before is known to be outdated.
    pub(super) life: u64,
    pub(super) fate: Rng,
}

impl Worker {
    pub(super) fn new(role: Role, ranks: usize, first_target: usize, fate: Rng) -> Self {
        Self {
            role,
            state: WorkerState::Up,
            ranks: vec![RankSide::default(); ranks],
            first_target,
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

    /// What the router has sent each of its data-parallel ranks and not seen end.
    pub fn books(&self) -> impl Iterator<Item = &Book> {
        self.ranks.iter().map(|rank| &rank.book)
    }

    /// Requests the router has sent it and not seen end.
    pub fn active_requests(&self) -> u32 {
        self.books().map(Book::requests).sum()
    }

    /// Prompt tokens the router has sent it, less those expected in its caches, that are not read yet.
    pub fn active_prefill_tokens(&self) -> u64 {
        self.books().map(Book::prefill_tokens).sum()
    }

    /// Whether it has several data-parallel ranks, so that one must be named.
    pub(super) const fn has_ranks(&self) -> bool {
        self.ranks.len() > 1
    }

    pub(super) fn assign(&mut self, sequence: SequenceId, request: RequestId) {
        if self.sequences.len() <= sequence.slot() {
            self.sequences.resize(sequence.slot() + 1, None);
        }
        self.sequences[sequence.slot()] = Some(request);
    }
}

/// What the router knows of one data-parallel rank. A worker without ranks has one.
#[derive(Clone, Debug, Default)]
pub(super) struct RankSide {
    pub(super) book: Book,
    pub(super) reported: Reported,
}

/// What an engine says of itself in its metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reported {
    pub(super) running: u32,
    pub(super) waiting: u32,
    pub(super) used_blocks: u32,
}

impl Reported {
    /// What an engine of one rank says.
    pub(super) fn of(replica: &Replica) -> Self {
        Self {
            running: replica.running() as u32,
            waiting: replica.waiting() as u32,
            used_blocks: replica.settings().capacity.blocks - replica.free_blocks(),
        }
    }

    /// What one of several ranks says.
    pub(super) const fn of_rank(replica_blocks: u32, rank: &RankState) -> Self {
        Self {
            running: rank.running as u32,
            waiting: rank.waiting as u32,
            used_blocks: replica_blocks - rank.free_blocks,
        }
    }
}
