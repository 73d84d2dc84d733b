//! The step of `SGLang`: prompts first and alone, decodes otherwise. Admission reserves what running answers are
//! estimated to still need; when the estimate was too low, decodes are retracted and the estimate grows.

use fakeai_core::Tick;

use super::live::Phase;
use super::observe::Observer;
use super::rank::Rank;
use super::settings::Policy;
use crate::step::Batch;

/// Output tokens that admission looks ahead at most.
const LOOK_AHEAD_TOKENS: u32 = 4096;
/// Sequences that may wait for the queue to be sorted by cached prefix.
const MOST_SORTED: usize = 128;
/// Steps a retraction looks ahead.
const RETRACT_STEPS: f64 = 20.0;

/// The share of their remaining tokens that running answers are expected to need: falls from `INITIAL` to `LOWEST` in
/// 600 decode steps.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewTokenRatio(f64);

impl NewTokenRatio {
    const INITIAL: f64 = 0.7;
    const LOWEST: f64 = 0.098;
    const DECAY: f64 = (Self::INITIAL - Self::LOWEST) / 600.0;

    fn decay(&mut self) {
        self.0 = (self.0 - Self::DECAY).max(Self::LOWEST);
    }
}

impl Default for NewTokenRatio {
    fn default() -> Self {
        Self(Self::INITIAL)
    }
}

impl Rank {
    pub(super) fn plan_sglang<O: Observer>(&mut self, start: Tick, observer: &mut O) -> Batch {
        let mut batch = Batch::default();
        self.admit_landed(u32::MAX, start, &mut batch, observer);
        let has_prefill = self.plan_prefill(start, &mut batch, observer);
        if !has_prefill || self.settings.is_mixed {
            self.plan_decode(observer);
            self.ratio.decay();
        }
        if self.running.is_empty() {
            // Everybody was retracted: all that is left of the cache is for those who wait.
            self.admit_landed(u32::MAX, start, &mut batch, observer);
            self.plan_prefill(start, &mut batch, observer);
        }
        self.sum(&mut batch);
        batch
    }

    /// Gives out the step's prompt tokens: first to the prompt that was cut off, then to new ones.
    fn plan_prefill<O: Observer>(&mut self, start: Tick, batch: &mut Batch, observer: &mut O) -> bool {
        let chunk_limit = if self.settings.is_chunked { self.settings.max_batched_tokens } else { u32::MAX };
        let mut budget = self.settings.max_prefill_tokens.min(chunk_limit);
        let mut has_prefill = false;
        for place in 0..self.running.len() {
            let slot = self.running[place];
            let live = &mut self.slots[slot as usize];
            if !live.is_decoding() && live.unread() > 0 && budget > 0 {
                live.chunk = live.unread().min(budget);
                budget -= live.chunk;
                has_prefill = true;
                self.publish(slot);
            }
        }
        if self.settings.policy == Policy::LongestPrefix && self.waiting.len() <= MOST_SORTED {
            let mut order: Vec<(std::cmp::Reverse<u32>, u32)> =
                self.waiting.iter().map(|slot| (std::cmp::Reverse(self.quote(*slot).matched), *slot)).collect();
            order.sort_by_key(|(matched, _)| *matched);
            self.waiting = order.into_iter().map(|(_, slot)| slot).collect();
        }
        let (mut adapters, mut place) = (self.running_adapters(), 0);
        while budget > 0 && self.running.len() < self.settings.max_sequences as usize {
            let Some(slot) = self.waiting.get(place).copied() else { break };
            if !self.take_adapter_slot(slot, &mut adapters) {
                place += 1;
                continue;
            }
            if !self.has_room(slot) {
                break;
            }
            let quote = self.quote(slot);
            if !self.settings.is_chunked && has_prefill && quote.unread > budget {
                break;
            }
            self.waiting.remove(place);
            if self.slots[slot as usize].phase == Phase::Decode {
                self.reserve(slot, quote, start);
                continue;
            }
            let chunk = if self.settings.is_chunked { quote.unread.min(budget) } else { quote.unread };
            self.admit(slot, quote, chunk, start, batch, observer);
            budget = budget.saturating_sub(chunk);
            has_prefill = true;
        }
        has_prefill
    }

    /// Whether the cache has room for the sequence and for what the running ones are estimated to still write.
    fn has_room(&self, slot: u32) -> bool {
        let quote = self.quote(slot);
        if self.running.is_empty() {
            return quote.blocks <= self.pool.free();
        }
        let expected: f64 = self
            .running
            .iter()
            .map(|other| {
                let live = &self.slots[*other as usize];
                f64::from((live.max_output - live.produced).min(LOOK_AHEAD_TOKENS)) * self.ratio.0
            })
            .sum();
        let live = &self.slots[slot as usize];
        let own = f64::from((live.max_output - live.produced).min(LOOK_AHEAD_TOKENS));
        let block = f64::from(self.settings.capacity.block_tokens);
        f64::from(quote.blocks) + (expected + own) / block <= f64::from(self.pool.free())
    }

    /// One token for every sequence whose prompt is read; retracts until there are blocks for all.
    fn plan_decode<O: Observer>(&mut self, observer: &mut O) {
        let drafts = self.settings.drafts();
        let (mut has_retracted, mut is_drafting) = (false, true);
        loop {
            let mut missing = 0;
            for place in 0..self.running.len() {
                let live = &mut self.slots[self.running[place] as usize];
                if live.is_decoding() {
                    live.chunk = 1;
                    live.drafts = if is_drafting { live.next_drafts(drafts) } else { 0 };
                    let needed = self.settings.capacity.blocks_of(live.computed + 1 + live.drafts);
                    missing += needed.saturating_sub(live.blocks.len() as u32);
                }
            }
            if missing <= self.pool.free() {
                break;
            }
            if self.running.len() == 1 && is_drafting {
                // The last one gives up its drafts before its blocks.
                is_drafting = false;
                continue;
            }
            let Some(victim) = self.least_written() else { break };
            self.preempt_to_back(victim, observer);
            has_retracted = true;
        }
        if has_retracted {
            self.raise_ratio();
        }
        for place in 0..self.running.len() {
            let slot = self.running[place];
            let live = &mut self.slots[slot as usize];
            if live.chunk == 1 && live.is_decoding() {
                let needed = self.settings.capacity.blocks_of(live.computed + 1 + live.drafts);
                let missing = needed.saturating_sub(live.blocks.len() as u32);
                if !self.pool.allocate(missing, &mut live.blocks) {
                    (live.chunk, live.drafts) = (0, 0);
                }
                self.publish(slot);
            }
        }
    }

    /// Who is retracted: who has written least, and of those the one with the longest prompt.
    fn least_written(&self) -> Option<u32> {
        let least = |slot: &&u32| {
            let live = &self.slots[**slot as usize];
            (live.produced, std::cmp::Reverse(live.prompt), live.number)
        };
        let idle = self.running.iter().filter(|slot| self.slots[**slot as usize].flights == 0);
        idle.min_by_key(least).copied()
    }

    fn preempt_to_back<O: Observer>(&mut self, slot: u32, observer: &mut O) {
        self.running.retain(|other| *other != slot);
        self.totals.preemptions += 1;
        self.give_back(slot);
        observer.preempted(self.id(slot));
        self.enqueue(slot);
    }

    fn raise_ratio(&mut self) {
        let (mut written, mut longest) = (0.0, 1.0);
        for slot in &self.running {
            let live = &self.slots[*slot as usize];
            written += f64::from(live.produced) + RETRACT_STEPS;
            longest += f64::from(live.max_output);
        }
        self.ratio.0 = (written / longest).clamp(NewTokenRatio::LOWEST, 1.0);
    }
}
