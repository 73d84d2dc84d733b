//! How the router of a cluster knows what is cached where.

use fakeai_core::Tick;

use crate::kv::{KvEvent, WorkerIndex};
use crate::route::{OverlapSource, Remembered, RouteSettings};
use crate::scheduler::Replica;

use super::Target;

/// The router's knowledge of caches.
#[derive(Debug)]
pub(super) enum Overlaps {
    /// It does not ask.
    Unused,
    Exact,
    Events(WorkerIndex),
    Remembered(Remembered),
}

impl Overlaps {
    pub(super) fn new(settings: &RouteSettings) -> Self {
        match settings.overlap_source() {
            None => Self::Unused,
            Some(OverlapSource::Exact) => Self::Exact,
            Some(OverlapSource::Events) => Self::Events(WorkerIndex::new()),
            Some(OverlapSource::Remembered { ttl, capacity }) => Self::Remembered(Remembered::new(ttl, capacity)),
        }
    }

    pub(super) const fn needs_events(&self) -> bool {
        matches!(self, Self::Events(_))
    }

    /// Blocks from the start of `chain` that each target has.
    pub(super) fn count(
        &mut self,
        chain: &[u64],
        at: Tick,
        replicas: &[Replica],
        targets: &[Target],
        overlaps: &mut [u32],
    ) {
        if chain.is_empty() {
            overlaps.fill(0);
            return;
        }
        match self {
            Self::Unused => overlaps.fill(0),
            Self::Exact => {
                for (overlap, target) in overlaps.iter_mut().zip(targets) {
                    *overlap = replicas[target.worker].rank_cached_blocks(target.rank, chain);
                }
            }
            Self::Events(index) => index.overlaps(chain, overlaps),
            Self::Remembered(remembered) => remembered.overlaps(chain, at, overlaps),
        }
    }

    /// A prompt went to that target.
    pub(super) fn sent(&mut self, target: usize, chain: &[u64], at: Tick) {
        if let Self::Remembered(remembered) = self {
            remembered.remember(target, chain, at);
        }
    }

    /// A cache changed.
    pub(super) fn changed(&mut self, target: usize, events: &[KvEvent]) {
        if let Self::Events(index) = self {
            index.apply(target as u32, events);
        }
    }

    /// A target lost its cache.
    pub(super) fn clear(&mut self, target: usize) {
        match self {
            Self::Unused | Self::Exact => {}
            Self::Events(index) => index.remove_worker(target as u32),
            Self::Remembered(remembered) => remembered.remove_worker(target),
        }
    }
}
