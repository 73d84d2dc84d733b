//! The requests of a cluster: where each is, and what of it is done.

use fakeai_core::Tick;

use crate::route::{FEATURES, Stage};
use crate::scheduler::{self, SequenceId, Submission};

/// A request of one cluster, whichever workers it is on. Never given twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId {
    slot: u32,
    generation: u32,
}

impl RequestId {
    pub(super) const fn new(slot: u32, generation: u32) -> Self {
        Self { slot, generation }
    }

    /// A small number, unique among the requests in flight: a place for a table beside the cluster.
    pub const fn slot(self) -> usize {
        self.slot as usize
    }
}

/// A sequence on a worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) worker: usize,
    pub(super) sequence: SequenceId,
}

/// Where a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// At the router.
    Queued,
    /// On a worker that writes its tokens, its prompt read there or arrived.
    Serving(Spot),
    /// On a prefill worker that reads its prompt.
    Prefilling(Spot),
    /// Its prompt is read and held; the answer that says so is on its way to the router.
    Leaving(Spot),
    /// On a decode worker: waits there for blocks, or for what a transfer brings.
    Arriving {
        source: Spot,
        target: Spot,
        /// Tokens to transfer, once the blocks are reserved, and since when.
        transfer: Option<(u32, Tick)>,
    },
}

/// What the router's book says of a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Booking {
    pub(super) target: usize,
    pub(super) stage: Stage,
    pub(super) placed: Tick,
    /// Whether no token was seen since.
    pub(super) is_unread: bool,
    /// Prompt tokens to be read there.
    pub(super) prefill_tokens: u64,
    /// Blocks of the prompt …
    pub(super) blocks: u32,
    /// … and how many of them are booked by their hashes.
    pub(super) hashed_blocks: u32,
    /// What the learning router saw when it chose.
    pub(super) features: Option<[f64; FEATURES]>,
}

/// One request.
#[derive(Debug)]
pub(super) struct Request {
    /// What is still to do: after a migration, what was written counts as prompt.
    pub(super) submission: Submission,
    pub(super) session: Option<u64>,
    /// Order of arrival.
    pub(super) number: u64,
    pub(super) arrived: Tick,
    pub(super) phase: Phase,
    pub(super) booking: Option<Booking>,
    /// Tokens handed out.
    pub(super) delivered: u32,
    /// Of those, before the current worker.
    pub(super) before: u32,
    /// Prompt tokens found in a cache, once known.
    pub(super) cached_tokens: Option<u32>,
    pub(super) migrations: u32,
}

impl Request {
    pub(super) fn new(submission: &Submission, session: Option<u64>, number: u64, arrived: Tick) -> Self {
        Self {
            submission: submission.clone(),
            session,
            number,
            arrived,
            phase: Phase::Queued,
            booking: None,
            delivered: 0,
            before: 0,
            cached_tokens: None,
            migrations: 0,
        }
    }

    /// Begins anew after what was handed out: that is read again as prompt, and not written again.
    pub(super) fn restart(&mut self) {
        let written = self.delivered - self.before;
        let submission = &mut self.submission;
        submission.prompt_tokens = submission.prompt_tokens.saturating_add(written);
        submission.output_tokens -= written;
        submission.max_output_tokens = submission.max_output_tokens.saturating_sub(written);
        submission.predicted_tokens = submission.predicted_tokens.saturating_sub(written);
        submission.seed = submission.seed.mix(u64::from(self.migrations));
        // What had come from outside is gone with the worker.
        submission.phase = scheduler::Phase::Both;
        self.before = self.delivered;
        self.phase = Phase::Queued;
    }

    /// Whether a failure of that worker ends what it does.
    pub(super) fn is_on(&self, worker: usize) -> bool {
        match self.phase {
            Phase::Queued => false,
            Phase::Serving(spot) | Phase::Prefilling(spot) | Phase::Leaving(spot) => spot.worker == worker,
            Phase::Arriving { source, target, .. } => source.worker == worker || target.worker == worker,
        }
    }
}

/// The requests in flight.
#[derive(Debug, Default)]
pub(super) struct Requests {
    slots: Vec<(u32, Option<Request>)>,
    vacant: Vec<u32>,
}

impl Requests {
    pub(super) fn insert(&mut self, request: Request) -> RequestId {
        if let Some(slot) = self.vacant.pop() {
            let (generation, place) = &mut self.slots[slot as usize];
            *generation += 1;
            *place = Some(request);
            return RequestId::new(slot, *generation);
        }
        self.slots.push((0, Some(request)));
        RequestId::new(self.slots.len() as u32 - 1, 0)
    }

    pub(super) fn get(&self, id: RequestId) -> Option<&Request> {
        let (generation, request) = self.slots.get(id.slot())?;
        request.as_ref().filter(|_| *generation == id.generation)
    }

    pub(super) fn get_mut(&mut self, id: RequestId) -> Option<&mut Request> {
        let (generation, request) = self.slots.get_mut(id.slot())?;
        request.as_mut().filter(|_| *generation == id.generation)
    }

    pub(super) fn remove(&mut self, id: RequestId) -> Option<Request> {
        let (generation, request) = self.slots.get_mut(id.slot())?;
        let removed = if *generation == id.generation { request.take() } else { None };
        if removed.is_some() {
            self.vacant.push(id.slot);
        }
        removed
    }

    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.vacant.len()
    }

    /// Those on a worker, by arrival.
    pub(super) fn on(&self, worker: usize) -> Vec<RequestId> {
        let mut found: Vec<(u64, RequestId)> = (0..)
            .zip(&self.slots)
            .filter_map(|(slot, (generation, request))| {
                let request = request.as_ref().filter(|request| request.is_on(worker))?;
                Some((request.number, RequestId::new(slot, *generation)))
            })
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, id)| id).collect()
    }
}
