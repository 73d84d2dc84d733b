//! Which beginnings of prompts each worker has in its cache, as a router knows it from their events.
//!
//! One radix tree for all workers. A node notes for each worker how many hashes of its run that worker has: caches drop
//! the ends of paths first, so that is always a beginning of the run, and an eviction changes a count instead of
//! parting the node.

use rustc_hash::FxHashMap;

use super::KvEvent;
use super::radix::{Cursor, NodeId, RadixTree, Run};

/// A worker by number. Numbers should be small: answers are tables by number.
pub type WorkerNumber = u32;

/// Workers, and how many hashes of the run each has, at least one.
#[derive(Clone, Debug, Default)]
struct Holders(Vec<(WorkerNumber, usize)>);

impl Run for Holders {
    fn take_head(&mut self, at: usize) -> Self {
        let head = self.0.iter().map(|(worker, held)| (*worker, (*held).min(at))).collect();
        self.0.retain_mut(|(_, held)| {
            *held = held.saturating_sub(at);
            *held > 0
        });
        Self(head)
    }
}

impl Holders {
    fn of(&self, worker: WorkerNumber) -> usize {
        self.0.iter().find(|(other, _)| *other == worker).map_or(0, |(_, held)| *held)
    }

    fn set(&mut self, worker: WorkerNumber, held: usize) {
        match self.0.iter().position(|(other, _)| *other == worker) {
            Some(place) if held == 0 => drop(self.0.swap_remove(place)),
            Some(place) => self.0[place].1 = held,
            None if held > 0 => self.0.push((worker, held)),
            None => {}
        }
    }

    fn most(&self) -> usize {
        self.0.iter().map(|(_, held)| *held).max().unwrap_or_default()
    }
}

/// The caches of several workers in one index.
#[derive(Clone, Debug, Default)]
pub struct WorkerIndex {
    tree: RadixTree<Holders>,
    /// Where each hash is: its node, and its number in its chain.
    places: FxHashMap<u64, (NodeId, usize)>,
}

impl WorkerIndex {
    /// An index of empty caches.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in what a worker's cache tells. What contradicts itself, as after lost events, is ignored: a block whose
    /// parent is not known, the removal of a block that is not there.
    pub fn apply(&mut self, worker: WorkerNumber, events: &[KvEvent]) {
        for event in events {
            match event {
                KvEvent::Stored { hash, parent } => self.store(worker, *hash, *parent),
                KvEvent::Removed { hash } => self.remove(worker, *hash),
                KvEvent::Cleared => self.remove_worker(worker),
            }
        }
    }

    /// The worker has all blocks of `chain`.
    pub fn insert(&mut self, worker: WorkerNumber, chain: &[u64]) {
        let (mut cursor, mut place) = (Cursor::ROOT, 0);
        while let Some(span) = self.tree.next_span(cursor, &chain[place..]) {
            (cursor, place) = (span.end(), place + span.count);
            let holders = self.tree.payload_mut(span.node);
            let held = holders.of(worker).max(cursor.offset);
            holders.set(worker, held);
        }
        self.grow(worker, cursor, &chain[place..], place);
    }

    /// The worker has no longer the block of this hash, nor what follows it.
    pub fn remove(&mut self, worker: WorkerNumber, hash: u64) {
        let Some((node, number)) = self.places.get(&hash).copied() else { return };
        let offset = number - self.tree.depth(node);
        let holders = self.tree.payload_mut(node);
        if holders.of(worker) > offset {
            holders.set(worker, offset);
            self.trim(node);
        }
    }

    /// The worker has nothing any more. Takes time in the size of the index.
    pub fn remove_worker(&mut self, worker: WorkerNumber) {
        let nodes: Vec<NodeId> = self.tree.ids().collect();
        for node in &nodes {
            self.tree.payload_mut(*node).set(worker, 0);
        }
        for node in nodes {
            // Trimming a leaf may have taken its parents with it.
            if !self.tree.run(node).is_empty() {
                self.trim(node);
            }
        }
    }

    /// Writes into `matched`, by worker number, how many blocks of `chain` from its start each worker has.
    pub fn overlaps(&self, chain: &[u64], matched: &mut [u32]) {
        matched.fill(0);
        let (mut cursor, mut place) = (Cursor::ROOT, 0);
        while let Some(span) = self.tree.next_span(cursor, &chain[place..]) {
            let end = place + span.count;
            for (worker, held) in &self.tree.payload(span.node).0 {
                if let Some(blocks) = matched.get_mut(*worker as usize).filter(|blocks| **blocks as usize == place) {
                    *blocks = (place + (*held).min(span.count)).min(end) as u32;
                }
            }
            (cursor, place) = (span.end(), end);
        }
    }

    /// Blocks that at least one worker has.
    pub const fn len(&self) -> usize {
        self.tree.len()
    }

    /// Whether no worker has anything.
    pub const fn is_empty(&self) -> bool {
        self.tree.is_empty()
    }

    fn store(&mut self, worker: WorkerNumber, hash: u64, parent: Option<u64>) {
        let before = parent.map(|parent| self.places.get(&parent).copied());
        let (cursor, number) = match before {
            None => (Cursor::ROOT, 0),
            Some(None) => return,
            Some(Some((node, number))) => (Cursor { node, offset: number + 1 - self.tree.depth(node) }, number + 1),
        };
        let has_parent = parent.is_none() || self.tree.payload(cursor.node).of(worker) >= cursor.offset;
        if !has_parent {
            return;
        }
        if let Some(span) = self.tree.next_span(cursor, &[hash]) {
            let holders = self.tree.payload_mut(span.node);
            let held = holders.of(worker).max(span.offset + 1);
            holders.set(worker, held);
        } else if !self.places.contains_key(&hash) {
            self.grow(worker, cursor, &[hash], number);
        }
    }

    fn grow(&mut self, worker: WorkerNumber, cursor: Cursor, hashes: &[u64], number: usize) {
        if hashes.is_empty() {
            return;
        }
        let end = self.tree.part(cursor);
        if end.node != cursor.node {
            for hash in self.tree.run(end.node) {
                if let Some(place) = self.places.get_mut(hash) {
                    place.0 = end.node;
                }
            }
        }
        let Some(span) = self.tree.grow(end, hashes) else { return };
        self.tree.payload_mut(span.node).set(worker, span.offset + span.count);
        self.places.extend(hashes.iter().zip(number..).map(|(hash, number)| (*hash, (span.node, number))));
    }

    /// Takes away what no worker has any more, from the node upwards.
    fn trim(&mut self, mut node: NodeId) {
        while node != NodeId::ROOT && self.tree.is_leaf(node) {
            let keep = self.tree.payload(node).most();
            for hash in &self.tree.run(node)[keep..] {
                self.places.remove(hash);
            }
            match self.tree.truncate(node, keep) {
                Some(parent) => node = parent,
                None => return,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::kv::BlockPool;

    fn overlaps(index: &WorkerIndex, chain: &[u64]) -> [u32; 3] {
        let mut matched = [9; 3];
        index.overlaps(chain, &mut matched);
        matched
    }

    #[test]
    fn each_worker_overlaps_as_far_as_its_own_cache_goes() {
        let mut index = WorkerIndex::new();
        index.insert(0, &[1, 2, 3, 4]);
        index.insert(1, &[1, 2, 30]);
        index.insert(2, &[1, 2, 3]);
        assert_eq!(overlaps(&index, &[1, 2, 3, 4, 5]), [4, 2, 3]);
        assert_eq!(overlaps(&index, &[1, 2, 30, 31]), [2, 3, 2]);
        index.remove(0, 3);
        assert_eq!((overlaps(&index, &[1, 2, 3, 4]), index.len()), ([2, 2, 3], 4));
        index.remove_worker(2);
        index.remove_worker(1);
        assert_eq!((overlaps(&index, &[1, 2, 3]), index.len()), ([2, 0, 0], 2));
    }

    #[test]
    fn what_cannot_be_is_ignored() {
        let mut index = WorkerIndex::new();
        index.apply(0, &[KvEvent::Stored { hash: 5, parent: Some(4) }, KvEvent::Removed { hash: 7 }]);
        assert!(index.is_empty());
        index.insert(0, &[1]);
        index.apply(1, &[KvEvent::Stored { hash: 2, parent: Some(1) }]);
        assert_eq!((overlaps(&index, &[1, 2]), index.len()), ([1, 0, 0], 1));
        index.apply(0, &[KvEvent::Cleared]);
        assert!(index.is_empty());
    }

    proptest! {
        #[test]
        fn it_knows_what_the_pools_know(
            acts in prop::collection::vec((0_u32..3, prop::collection::vec(1_u64..5, 1..9)), 0..80),
        ) {
            let mut pools = [6, 9, 20].map(BlockPool::new);
            pools.iter_mut().for_each(BlockPool::note_events);
            let mut index = WorkerIndex::new();
            let mut seen = BTreeSet::new();
            for (worker, numbers) in acts {
                let chain = crate::kv::pool::tests::chained(&numbers);
                let pool = &mut pools[worker as usize];
                if let Some(mut held) = crate::kv::pool::tests::take(pool, &chain) {
                    pool.release(&mut held);
                }
                index.apply(worker, &pool.take_events());
                seen.insert(chain);
                for chain in &seen {
                    let expected = [0, 1, 2].map(|worker: usize| pools[worker].match_prefix(chain).0);
                    prop_assert_eq!(overlaps(&index, chain), expected);
                }
            }
            for worker in 0..3 {
                index.remove_worker(worker);
            }
            prop_assert!(index.is_empty() && index.places.is_empty() && index.tree.nodes() == 0);
        }
    }
}
