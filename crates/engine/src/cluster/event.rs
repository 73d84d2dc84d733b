//! What a cluster tells: events for whoever waits for tokens, and an observer for whoever measures.

use std::time::Duration;

use fakeai_core::Tick;

use super::{Refusal, RequestId};
use crate::kv::KvEvent;
use crate::route::{Reason, Stage};
use crate::scheduler::StepReport;

/// Something happened to a request or a worker.
#[derive(Clone, Debug, PartialEq)]
pub enum ClusterEvent {
    /// A worker was chosen for a request; told at the next [`super::Cluster::advance`].
    Routed(Routed),
    /// Tokens are ready.
    Tokens(Tokens),
    /// The request was taken in, waited at the router, and is refused after all. It has ended.
    Rejected {
        /// Which.
        request: RequestId,
        /// When.
        at: Tick,
        /// Why.
        refusal: Box<Refusal>,
    },
    /// The request went down with its worker. It has ended.
    Lost {
        /// Which.
        request: RequestId,
        /// The worker that failed.
        worker: usize,
        /// When.
        at: Tick,
    },
    /// The request's worker failed; what is still to be written is begun anew elsewhere.
    Migrated {
        /// Which.
        request: RequestId,
        /// The worker that failed.
        from: usize,
        /// When.
        at: Tick,
    },
    /// Keys and values have reached the decode worker.
    Transferred(Transferred),
    /// A worker failed.
    WorkerFailed {
        /// Which.
        worker: usize,
        /// When.
        at: Tick,
    },
    /// A worker is up again, with an empty cache.
    WorkerRecovered {
        /// Which.
        worker: usize,
        /// When.
        at: Tick,
    },
}

/// Tokens of a request are ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// Whose.
    pub request: RequestId,
    /// Who wrote them.
    pub worker: usize,
    /// When they leave the engine; the same for all tokens of one event. May lie after the tick `advance` was told.
    pub at: Tick,
    /// How many; more than one with speculative decoding.
    pub tokens: u32,
    /// How many of the request there are now, these included, whichever workers wrote them.
    pub produced: u32,
    /// Prompt tokens that were found in a cache when the prompt was first read.
    pub cached_tokens: u32,
    /// Whether these are the last; then the request has ended.
    pub is_last: bool,
}

/// Where a request was sent, and why.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Routed {
    /// Which request.
    pub request: RequestId,
    /// Where to.
    pub worker: usize,
    /// Which data-parallel rank of the worker; 0 if it has none.
    pub rank: u32,
    /// Which part of it.
    pub stage: Stage,
    /// When.
    pub at: Tick,
    /// Why there.
    pub reason: Reason,
    /// Blocks of its prompt that the worker is believed to have cached.
    pub overlap_blocks: u32,
    /// The most that any candidate has; more than `overlap_blocks` if the load overruled the cache.
    pub best_overlap_blocks: u32,
    /// How long it had waited at the router.
    pub waited: Duration,
}

/// A transfer between workers ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transferred {
    /// Whose keys and values.
    pub request: RequestId,
    /// The prefill worker.
    pub from: usize,
    /// The decode worker.
    pub to: usize,
    /// When it ended.
    pub at: Tick,
    /// Bytes moved.
    pub bytes: f64,
    /// Time from the set-up to the last byte.
    pub took: Duration,
}

/// Is told what the workers do. Every method does nothing unless it is implemented; `()` watches nothing, at no cost.
pub trait ClusterObserver {
    /// A step ended.
    fn step(&mut self, _worker: usize, _report: &StepReport) {}
    /// A request entered the running batch of a worker, `waited` after its scheduler saw it, with `cached_tokens` of
    /// its prompt in the cache. Once on each worker; re-admission after preemption is not told.
    fn admitted(&mut self, _worker: usize, _request: RequestId, _waited: Duration, _cached_tokens: u32) {}
    /// A request lost its blocks and waits again.
    fn preempted(&mut self, _worker: usize, _request: RequestId) {}
    /// Drafts were verified, and so many held.
    fn drafted(&mut self, _worker: usize, _drafts: u32, _accepted: u32) {}
    /// The cache of a worker's data-parallel rank (0 if it has none) changed, in this order: told at the end of each
    /// step, even if nothing changed, and when the worker fails. Only after [`super::Cluster::note_cache_events`].
    fn cache_changed(&mut self, _worker: usize, _rank: u32, _events: &[KvEvent]) {}
}

impl ClusterObserver for () {}

/// What a cluster has done so far. Always `arrived = rejected + finished + aborted + lost + in flight`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClusterTotals {
    /// Requests offered, refused ones included.
    pub arrived: u64,
    /// Refused, at once or after waiting at the router.
    pub rejected: u64,
    /// Ended by their last token.
    pub finished: u64,
    /// Ended by [`super::Cluster::abort`].
    pub aborted: u64,
    /// Ended with their worker.
    pub lost: u64,
    /// Moves to another worker after a failure.
    pub migrations: u64,
    /// Tokens handed out.
    pub tokens: u64,
    /// Workers chosen, for a request or a part of one.
    pub routed: u64,
    /// Blocks of the prompts that were to be read there.
    pub routed_blocks: u64,
    /// Of those, believed to be cached at the chosen worker.
    pub overlap_blocks: u64,
    /// Choices of a worker although another was believed to have more cached.
    pub overlap_overruled: u64,
    /// Failures of workers.
    pub failures: u64,
    /// Transfers that ended.
    pub transfers: u64,
    /// Bytes they moved.
    pub transferred_bytes: u64,
}
