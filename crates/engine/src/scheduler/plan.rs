//! The step of vLLM (V1 scheduler) and TensorRT-LLM: running sequences first, in order, then new ones, within one
//! budget of tokens. Prompts are read in chunks beside the decodes.

use fakeai_core::Tick;

use super::observe::Observer;
use super::rank::Rank;
use super::settings::Policy;
use crate::step::Batch;

impl Rank {
    pub(super) fn plan_mixed<O: Observer>(&mut self, start: Tick, observer: &mut O) -> Batch {
        let preemptions = self.totals.preemptions;
        let budget = self.plan_running(observer);
        let mut batch = Batch::default();
        // After a preemption nobody is admitted, unless sequences that take no part in steps hold all the blocks.
        if self.totals.preemptions == preemptions || self.running.is_empty() {
            self.admit_mixed(budget, start, &mut batch, observer);
        }
        self.sum(&mut batch);
        batch
    }

    /// Gives every running sequence its tokens of this step; preempts where blocks are short. Returns what is left of
    /// the budget.
    fn plan_running<O: Observer>(&mut self, observer: &mut O) -> u32 {
        let mut budget = self.settings.max_batched_tokens;
        let drafts = self.settings.drafts();
        let long = self.settings.long_prefill_tokens.unwrap_or(u32::MAX);
        let mut place = 0;
        while place < self.running.len() {
            let slot = self.running[place];
            let live = &mut self.slots[slot as usize];
            let unread = live.unread();
            let chunk = if unread > 1 { unread.min(long) } else { unread }.min(budget);
            live.chunk = chunk;
            live.drafts = 0;
            if chunk == 0 {
                place += 1;
                continue;
            }
            if live.is_decoding() {
                live.drafts = live.next_drafts(drafts).min(budget - chunk);
            }
            if self.fund(slot, observer) {
                let live = &self.slots[slot as usize];
                budget -= live.chunk + live.drafts;
                place += 1;
            }
            // Priority may have taken sequences before this one away, and given their tokens back.
            if self.settings.policy == Policy::Priority {
                place = self.running.iter().position(|other| *other == slot).map_or(place, |at| at + 1);
                budget = self.settings.max_batched_tokens - self.planned_tokens(place);
            }
        }
        budget
    }

    fn planned_tokens(&self, before: usize) -> u32 {
        let tokens = |slot: &u32| {
            let live = &self.slots[*slot as usize];
            live.chunk + live.drafts
        };
        self.running.iter().take(before).map(tokens).sum()
    }

    /// Gets the blocks a running sequence needs for this step. `false` if it had to give up its own.
    fn fund<O: Observer>(&mut self, slot: u32, observer: &mut O) -> bool {
        loop {
            let live = &mut self.slots[slot as usize];
            let end = live.computed + live.chunk + live.drafts;
            let needed = self.settings.capacity.blocks_of(end);
            let missing = needed.saturating_sub(live.blocks.len() as u32);
            if missing == 0 || self.pool.allocate(missing, &mut live.blocks) {
                self.publish(slot);
                return true;
            }
            let victim = self.victim().unwrap_or(slot);
            if victim == slot && std::mem::take(&mut self.slots[slot as usize].drafts) > 0 {
                // It gives up its drafts before its blocks: re-admitted, it would draft the same again and never end.
                continue;
            }
            self.preempt(victim, observer);
            if victim == slot {
                return false;
            }
        }
    }

    /// Who gives up its blocks: the one admitted last, or the least urgent one, of those that no step works on.
    fn victim(&self) -> Option<u32> {
        let urgency = |slot: &&u32| {
            let live = &self.slots[**slot as usize];
            (live.priority, live.number)
        };
        let mut idle = self.running.iter().filter(|slot| self.slots[**slot as usize].flights == 0);
        match self.settings.policy {
            Policy::Priority => idle.max_by_key(urgency),
            Policy::Fcfs | Policy::LongestPrefix => idle.next_back(),
        }
        .copied()
    }

    /// Takes a running sequence's blocks away; it waits at the front and reads everything again.
    pub(super) fn preempt<O: Observer>(&mut self, slot: u32, observer: &mut O) {
        self.running.retain(|other| *other != slot);
        self.totals.preemptions += 1;
        self.give_back(slot);
        observer.preempted(self.id(slot));
        match self.settings.policy {
            Policy::Priority => self.enqueue(slot),
            Policy::Fcfs | Policy::LongestPrefix => self.waiting.push_front(slot),
        }
    }

    /// Adds up what the planned step does.
    pub(super) fn sum(&self, batch: &mut Batch) {
        let window = self.model.window();
        for slot in &self.running {
            let live = &self.slots[*slot as usize];
            if live.chunk == 0 {
                continue;
            }
            batch.add(live.chunk + live.drafts, live.computed, window);
            if !live.is_decoding() {
                batch.prefills += 1;
                batch.prefill_tokens += u64::from(live.chunk);
            }
        }
    }
}
