//! Tells how the caches of a cluster change, with the tokens of the blocks.
//!
//! The engine knows hashes only, and tells of blocks while a sequence that has them is under way or, if that was dropped,
//! at the end of the steps it was in. So the tokens of sequences are kept until those steps have ended.

use std::sync::Arc;

use fakeai_core::Tick;
use fakeai_engine::cluster::{Cluster, RequestId};
use fakeai_engine::kv::KvEvent;
use fakeai_engine::scheduler::Replica;
use fakeai_events::{CacheEvent, Feed, StoredBlocks};

use super::contents::{Contents, Text};

/// Puts changes into the feeds of the workers.
#[derive(Debug)]
pub(super) struct Caches {
    /// By worker and rank.
    feeds: Arc<[Arc<Feed>]>,
    /// Data-parallel ranks of each worker.
    ranks: usize,
    block_tokens: u32,
    contents: Contents,
    /// By slot of the request.
    texts: Vec<Option<Arc<Text>>>,
    /// Sequences that were dropped, and the feeds of ranks whose steps may still tell of their blocks.
    dropped: Vec<(Vec<usize>, Arc<Text>)>,
    /// The clock's tick and date at which changes are looked at.
    now: (Tick, f64),
}

impl Caches {
    /// Nothing is cached yet.
    pub(super) fn new(feeds: Arc<[Arc<Feed>]>, (ranks, block_tokens): (u32, u32), now: (Tick, f64)) -> Self {
        for feed in feeds.iter().filter(|feed| feed.next_sequence() > 0) {
            feed.publish(vec![CacheEvent::Cleared], now.0, now.1);
        }
        let (contents, texts, dropped) = (Contents::default(), Vec::new(), Vec::new());
        Self { feeds, ranks: ranks as usize, block_tokens, contents, texts, dropped, now }
    }

    /// Changes from here on are looked at now.
    pub(super) fn look_at(&mut self, now: (Tick, f64)) {
        self.now = now;
    }

    /// The cluster took a sequence in.
    pub(super) fn add(&mut self, request: RequestId, text: Arc<Text>) {
        self.contents.add(&text);
        if self.texts.len() <= request.slot() {
            self.texts.resize(request.slot() + 1, None);
        }
        self.texts[request.slot()] = Some(text);
    }

    /// A sequence has ended, and whatever was to be told of it was.
    pub(super) fn finish(&mut self, slot: usize) {
        if let Some(text) = self.texts.get_mut(slot).and_then(Option::take) {
            self.contents.remove(&text);
        }
    }

    /// A sequence was dropped in the middle of a step.
    pub(super) fn abort(&mut self, request: RequestId, cluster: &Cluster) {
        let Some(text) = self.texts.get_mut(request.slot()).and_then(Option::take) else { return };
        let ranks = cluster.replicas().iter().flat_map(Replica::ranks).enumerate();
        let busy: Vec<usize> = ranks.filter(|(_, rank)| rank.running > 0).map(|(feed, _)| feed).collect();
        if busy.is_empty() {
            self.contents.remove(&text);
        } else {
            self.dropped.push((busy, text));
        }
    }

    /// The cache of a worker's rank changed in a step that has ended.
    pub(super) fn change(&mut self, worker: usize, rank: u32, events: &[KvEvent]) {
        let (told, number) = (self.told(events), worker * self.ranks + rank as usize);
        if let Some(feed) = self.feeds.get(number) {
            feed.publish(told, self.now.0, self.now.1);
        }
        let contents = &mut self.contents;
        self.dropped.retain_mut(|(busy, text)| {
            busy.retain(|other| *other != number);
            if busy.is_empty() {
                contents.remove(text);
            }
            !busy.is_empty()
        });
    }

    /// The changes as routers hear of them: blocks that follow one another are told together, as vLLM does.
    fn told(&self, events: &[KvEvent]) -> Vec<CacheEvent> {
        let mut told: Vec<CacheEvent> = Vec::new();
        for event in events {
            match event {
                KvEvent::Stored { hash, parent } => self.store(*hash, *parent, &mut told),
                KvEvent::Removed { hash } => told.push(CacheEvent::Removed { block_hashes: vec![*hash] }),
                KvEvent::Cleared => told.push(CacheEvent::Cleared),
            }
        }
        told
    }

    fn store(&self, hash: u64, parent: Option<u64>, told: &mut Vec<CacheEvent>) {
        let Some((tokens, adapter)) = self.contents.find(hash, self.block_tokens) else {
            tracing::error!(hash, "a block is cached of which nobody knows the tokens");
            return;
        };
        if let Some(CacheEvent::Stored(before)) = told.last_mut()
            && parent.is_some()
            && before.block_hashes.last().copied() == parent
            && before.adapter.as_ref() == adapter
        {
            before.block_hashes.push(hash);
            before.token_ids.extend_from_slice(tokens);
            return;
        }
        told.push(CacheEvent::Stored(StoredBlocks {
            block_hashes: vec![hash],
            parent_block_hash: parent,
            token_ids: tokens.to_vec(),
            block_tokens: self.block_tokens,
            adapter: adapter.cloned(),
        }));
    }
}
