//! From waiting to running: the order of the queue, the cached beginning of a prompt, the blocks it needs.

use std::time::Duration;

use fakeai_core::Tick;

use super::live::{Live, Phase, Place};
use super::observe::Observer;
use super::rank::Rank;
use super::settings::Policy;
use crate::step::{Batch, EngineKind};

/// What a waiting sequence would take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Quote {
    /// Blocks of its beginning that are cached.
    pub(super) matched: u32,
    /// Free blocks it would use up, cached ones included.
    pub(super) blocks: u32,
    /// Tokens to read before it writes.
    pub(super) unread: u32,
}

impl Rank {
    pub(super) fn enqueue(&mut self, slot: u32) {
        let place = match self.settings.policy {
            Policy::Fcfs | Policy::LongestPrefix => self.waiting.len(),
            Policy::Priority => {
                let live = &self.slots[slot as usize];
                let urgency = (live.priority, live.number);
                self.waiting.partition_point(|other| {
                    let other = &self.slots[*other as usize];
                    (other.priority, other.number) <= urgency
                })
            }
        };
        self.waiting.insert(place, slot);
    }

    /// Admits in order until one does not fit: nobody overtakes it. Only who waits for the slot of an adapter is passed
    /// by, as in vLLM.
    pub(super) fn admit_mixed<O: Observer>(
        &mut self,
        mut budget: u32,
        start: Tick,
        batch: &mut Batch,
        observer: &mut O,
    ) {
        let long = self.settings.long_prefill_tokens.unwrap_or(u32::MAX);
        budget -= self.admit_landed(budget, start, batch, observer);
        let (mut adapters, mut place) = (self.running_adapters(), 0);
        while budget > 0 && self.running.len() < self.settings.max_sequences as usize {
            let Some(slot) = self.waiting.get(place).copied() else { return };
            if !self.take_adapter_slot(slot, &mut adapters) {
                place += 1;
                continue;
            }
            let quote = self.quote(slot);
            let reserve = if self.running.is_empty() { 0 } else { self.settings.reserve_blocks() };
            if self.pool.free() < quote.blocks.saturating_add(reserve) {
                return;
            }
            // After a preemption it may be longer than any step; alone it is read in pieces all the same.
            if !self.settings.is_chunked && quote.unread > budget && !self.running.is_empty() {
                return;
            }
            self.waiting.remove(place);
            if self.slots[slot as usize].phase == Phase::Decode {
                self.reserve(slot, quote, start);
                continue;
            }
            let chunk = quote.unread.min(long).min(budget);
            self.admit(slot, quote, chunk, start, batch, observer);
            budget -= chunk;
        }
    }

    /// What the sequence would take now. At least one token is always read again, for its answer needs it.
    pub(super) fn quote(&self, slot: u32) -> Quote {
        let live = &self.slots[slot as usize];
        let capacity = self.settings.capacity;
        let (matched, idle) = if self.settings.is_prefix_cached {
            let most = ((live.known - 1) / capacity.block_tokens) as usize;
            self.pool.match_prefix(&live.chain[..most.min(live.chain.len())])
        } else {
            (0, 0)
        };
        let blocks = capacity.blocks_of(self.reserved_tokens(live)) - matched + idle + capacity.blocks_per_sequence;
        Quote { matched, blocks, unread: live.known - matched * capacity.block_tokens }
    }

    /// Tokens a sequence gets blocks for when it is admitted.
    fn reserved_tokens(&self, live: &Live) -> u32 {
        match self.settings.kind {
            EngineKind::Trtllm => live.prompt.saturating_add(live.max_output).saturating_add(self.settings.drafts()),
            EngineKind::Vllm | EngineKind::Sglang => live.known,
        }
    }

    /// Moves a sequence from the queue into the batch. The caller has taken it out of the queue and checked the blocks.
    pub(super) fn admit<O: Observer>(
        &mut self,
        slot: u32,
        quote: Quote,
        chunk: u32,
        start: Tick,
        batch: &mut Batch,
        observer: &mut O,
    ) {
        self.take_blocks(slot, quote);
        self.enter(slot, chunk, start, batch, observer);
    }

    /// Takes the blocks that were quoted: the cached beginning and empty ones.
    pub(super) fn take_blocks(&mut self, slot: u32, quote: Quote) {
        let capacity = self.settings.capacity;
        let blocks = capacity.blocks_of(self.reserved_tokens(&self.slots[slot as usize]));
        let live = &mut self.slots[slot as usize];
        self.pool.hold_prefix(&live.chain[..quote.matched as usize], &mut live.blocks);
        live.computed = quote.matched * capacity.block_tokens;
        live.published = quote.matched;
        let idle_taken = live.blocks.len() as u32;
        let has_all = self.pool.allocate(blocks - idle_taken, &mut live.blocks)
            && self.pool.allocate(capacity.blocks_per_sequence, &mut live.fixed_blocks);
        debug_assert!(has_all, "the quote was checked against the free blocks");
        if !live.is_admitted_before {
            live.cached = live.computed.min(live.prompt);
        }
        self.totals.queried_tokens += u64::from(live.known);
        self.totals.hit_tokens += u64::from(live.computed);
    }

    /// Moves a sequence that has its blocks into the batch.
    pub(super) fn enter<O: Observer>(
        &mut self,
        slot: u32,
        chunk: u32,
        start: Tick,
        batch: &mut Batch,
        observer: &mut O,
    ) {
        let live = &mut self.slots[slot as usize];
        live.place = Place::Running;
        live.chunk = chunk;
        live.drafts = 0;
        if !live.is_admitted_before {
            live.is_admitted_before = true;
            let (waited, cached) = (start.since(live.arrived), live.cached);
            observer.admitted(self.id(slot), waited, cached);
        }
        self.load_adapter(slot, batch);
        self.running.push(slot);
        self.publish(slot);
    }

    /// Makes the full blocks known whose tokens are read by the end of this step.
    pub(super) fn publish(&mut self, slot: u32) {
        let live = &mut self.slots[slot as usize];
        let read = (live.computed + live.chunk).min(live.known) / self.settings.capacity.block_tokens;
        let full = read.min(live.chain.len() as u32).min(live.blocks.len() as u32);
        if !self.settings.is_prefix_cached {
            return;
        }
        if live.published < full {
            self.pool.publish(&live.blocks, &live.chain[..full as usize], live.published as usize);
            live.published = full;
        }
    }

    /// Releases all blocks of a sequence that leaves the batch without having ended. It is part of no step under way.
    pub(super) fn give_back(&mut self, slot: u32) {
        let live = &mut self.slots[slot as usize];
        self.pool.release(&mut live.blocks);
        self.pool.release(&mut live.fixed_blocks);
        live.forget_progress();
        live.place = Place::Waiting;
    }

    /// The distinct adapters of the running batch; none where adapters are ignored.
    pub(super) fn running_adapters(&self) -> Vec<u64> {
        if self.settings.adapters.is_none() {
            return Vec::new();
        }
        let mut adapters: Vec<u64> = self.running.iter().map(|slot| self.slots[*slot as usize].adapter).collect();
        adapters.retain(|adapter| *adapter != 0);
        adapters.sort_unstable();
        adapters.dedup();
        adapters
    }

    /// Whether the adapter of a sequence is among those of the step, or there is a slot that it then takes.
    pub(super) fn take_adapter_slot(&self, slot: u32, taken: &mut Vec<u64>) -> bool {
        let adapter = self.slots[slot as usize].adapter;
        let Some(adapters) = self.settings.adapters.filter(|_| adapter != 0) else { return true };
        if taken.contains(&adapter) {
            return true;
        }
        let has_slot = taken.len() < adapters.slots as usize;
        if has_slot {
            taken.push(adapter);
        }
        has_slot
    }

    /// Loads the adapter of a sequence if it is not; the one that was used longest ago makes room.
    fn load_adapter(&mut self, slot: u32, batch: &mut Batch) {
        let adapter = self.slots[slot as usize].adapter;
        let Some(adapters) = self.settings.adapters.filter(|_| adapter != 0) else { return };
        if let Some(place) = self.loaded_adapters.iter().position(|loaded| *loaded == adapter) {
            self.loaded_adapters.remove(place);
        } else {
            batch.extra_s += adapters.load.max(Duration::ZERO).as_secs_f64();
        }
        self.loaded_adapters.push_back(adapter);
        while self.loaded_adapters.len() > adapters.slots as usize {
            self.loaded_adapters.pop_front();
        }
    }
}
