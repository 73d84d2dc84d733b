//! The state machine of one rank: takes sequences in, runs steps, hands tokens out. What a step is made of is decided in `plan`,
//! `admit` and `sglang`.

use std::collections::VecDeque;

use fakeai_core::{Rng, Tick};

use super::flight::{Member, Step};
use super::handover::Handover;
use super::live::{Live, Phase, Place, SequenceId, Submission, TokenEvent};
use super::observe::{Observer, Totals};
use super::settings::Settings;
use super::sglang::NewTokenRatio;
use crate::EngineError;
use crate::kv::BlockPool;
use crate::step::{Batch, EngineKind, StepModel};

/// One scheduler with its queue, its batch and its cache.
#[derive(Debug)]
pub(super) struct Rank {
    /// Its number among `ranks`: sequence ids of all are distinct.
    pub(super) number: u32,
    ranks: u32,
    pub(super) settings: Settings,
    pub(super) model: StepModel,
    pub(super) pool: BlockPool,
    pub(super) slots: Vec<Live>,
    vacant: Vec<u32>,
    /// On their way to the scheduler, by arrival.
    inbox: VecDeque<(Tick, u32)>,
    pub(super) waiting: VecDeque<u32>,
    pub(super) running: Vec<u32>,
    /// Steps under way, in the order of their ends: as many as the model has stages.
    pub(super) flight: VecDeque<Step>,
    /// When each stage has nothing to do.
    pub(super) stages: Vec<Tick>,
    /// The earliest tick at which the next step may begin.
    pub(super) idle_since: Tick,
    /// When the latest step ended.
    pub(super) last_end: Tick,
    /// What `advance` was told last.
    pub(super) now: Tick,
    /// When the latest token left; later ones never leave before it.
    pub(super) delivered: Tick,
    pub(super) totals: Totals,
    pub(super) ratio: NewTokenRatio,
    pub(super) loaded_adapters: VecDeque<u64>,
    pub(super) is_noting: bool,
    pub(super) has_aborted: bool,
    pub(super) handover: Handover,
    pub(super) rng: Rng,
    pub(super) spare: Vec<Member>,
}

impl Rank {
    /// Number `number` of `ranks`, idle.
    ///
    /// # Errors
    /// [`EngineError::InvalidSettings`] if the settings cannot work.
    pub(super) fn new(settings: Settings, model: StepModel, number: u32, ranks: u32) -> Result<Self, EngineError> {
        settings.check()?;
        Ok(Self {
            number,
            ranks,
            stages: vec![Tick::default(); model.stages()],
            pool: BlockPool::new(settings.capacity.blocks),
            rng: settings.seed.derive("steps").rng(),
            settings,
            model,
            slots: Vec::new(),
            vacant: Vec::new(),
            inbox: VecDeque::new(),
            waiting: VecDeque::new(),
            running: Vec::new(),
            flight: VecDeque::new(),
            idle_since: Tick::default(),
            last_end: Tick::default(),
            now: Tick::default(),
            delivered: Tick::default(),
            totals: Totals::default(),
            ratio: NewTokenRatio::default(),
            loaded_adapters: VecDeque::new(),
            is_noting: false,
            has_aborted: false,
            handover: Handover::default(),
            spare: Vec::new(),
        })
    }

    /// From now on tells observers how the cache changes.
    pub(super) fn note_cache_events(&mut self) {
        self.is_noting = true;
        self.pool.note_events();
    }

    /// Takes a sequence in at `at`, which is not before the tick `advance` was told last.
    ///
    /// # Errors
    /// Refuses what could never run: nothing to do, longer than the context, larger than the cache; and more than may
    /// wait.
    pub(super) fn submit(&mut self, submission: &Submission, at: Tick) -> Result<SequenceId, EngineError> {
        self.totals.arrived += 1;
        if let Err(error) = self.check(submission) {
            self.totals.rejected += 1;
            return Err(error);
        }
        let arrival = at.max(self.now) + self.model.arrival();
        let number = self.totals.arrived;
        let slot = if let Some(slot) = self.vacant.pop() {
            let generation = self.slots[slot as usize].generation + 1;
            self.slots[slot as usize] = Live::new(submission, generation, number, arrival);
            slot
        } else {
            self.slots.push(Live::new(submission, 0, number, arrival));
            self.slots.len() as u32 - 1
        };
        let place = self.inbox.partition_point(|(other, _)| *other <= arrival);
        self.inbox.insert(place, (arrival, slot));
        Ok(self.id(slot))
    }

    fn check(&self, submission: &Submission) -> Result<(), EngineError> {
        if submission.prompt_tokens == 0 || submission.output_tokens == 0 {
            return Err(EngineError::EmptySequence);
        }
        let tokens = submission.prompt_tokens.saturating_add(submission.most_output_tokens());
        let limit = self.settings.max_sequence_tokens;
        if tokens > limit {
            return Err(EngineError::SequenceTooLong { tokens, limit });
        }
        let capacity = self.settings.capacity;
        let room = tokens.saturating_add(self.settings.drafts().max(16));
        let blocks = capacity.blocks_of(room).saturating_add(capacity.blocks_per_sequence);
        if blocks > capacity.blocks {
            return Err(EngineError::SequenceTooLarge { blocks, limit: capacity.blocks });
        }
        let is_read_here = submission.phase != Phase::Decode;
        if is_read_here && !self.settings.is_chunked && submission.prompt_tokens > self.settings.max_batched_tokens {
            return Err(EngineError::SequenceTooLong { tokens, limit: self.settings.max_batched_tokens });
        }
        let waiting = self.waiting();
        match self.settings.max_waiting {
            Some(most) if waiting >= most => Err(EngineError::QueueFull { waiting }),
            _ => Ok(()),
        }
    }

    /// Drops a sequence: at once if it waits, at the end of the step if it runs. `false` if it is gone already. One that
    /// ended and is held for a transfer is let go; it stays counted as finished.
    pub(super) fn abort(&mut self, sequence: SequenceId) -> bool {
        let slot = self.slot_of(sequence);
        let Some(live) = self.slots.get_mut(slot as usize) else { return false };
        if live.generation != sequence.generation {
            return false;
        }
        match live.place {
            Place::Gone | Place::Aborted => false,
            Place::Running if live.flights > 0 => {
                live.place = Place::Aborted;
                self.has_aborted = true;
                true
            }
            Place::Running => {
                self.running.retain(|other| *other != slot);
                self.end_aborted(slot);
                true
            }
            Place::Waiting => {
                self.waiting.retain(|other| *other != slot);
                self.inbox.retain(|(_, other)| *other != slot);
                self.end_aborted(slot);
                true
            }
            Place::Arriving | Place::Landed => {
                self.handover.forget(sequence, slot);
                self.end_aborted(slot);
                true
            }
            Place::Held => {
                self.let_go(slot);
                self.unblock(self.now);
                true
            }
        }
    }

    fn end_aborted(&mut self, slot: u32) {
        self.totals.aborted += 1;
        self.retire(slot);
        self.unblock(self.now);
    }

    /// Runs every step that ends by `now` and adds the tokens they wrote to `events`, in order of their ticks.
    pub(super) fn advance<O: Observer>(&mut self, now: Tick, events: &mut Vec<TokenEvent>, observer: &mut O) {
        self.now = self.now.max(now);
        loop {
            let start = if self.flight.len() < self.stages.len() { self.next_start() } else { None };
            match self.flight.front().map(|step| step.end) {
                // What ends at a tick may join the step that begins then.
                Some(end) if start.is_none_or(|start| end <= start) => {
                    if end > now {
                        return;
                    }
                    self.finish(events, observer);
                }
                _ => {
                    let Some(start) = start.filter(|start| *start <= now) else { return };
                    self.begin(start, observer);
                }
            }
        }
    }

    /// When `advance` has something to do next; `None` while there is nothing to do.
    pub(super) fn next_event(&self) -> Option<Tick> {
        let end = self.flight.front().map(|step| step.end);
        if self.flight.len() >= self.stages.len() {
            return end;
        }
        end.into_iter().chain(self.next_start()).min()
    }

    pub(super) fn next_start(&self) -> Option<Tick> {
        let has_work = !self.running.is_empty() || !self.waiting.is_empty() || self.handover.has_landed();
        if has_work && !self.handover.is_blocked {
            return Some(self.idle_since);
        }
        let arrival = self.inbox.front().map(|(arrival, _)| *arrival);
        let next = arrival.into_iter().chain(self.handover.next()).min();
        next.map(|next| next.max(self.idle_since))
    }

    /// Something changed at `at` that may let a step begin.
    pub(super) fn unblock(&mut self, at: Tick) {
        self.handover.is_blocked = false;
        self.idle_since = self.idle_since.max(at);
    }

    fn begin<O: Observer>(&mut self, start: Tick, observer: &mut O) {
        let mut batch = self.plan(start, observer);
        if batch.sequences == 0 {
            return;
        }
        let cost = self.model.cost(&batch);
        let cost = self.stretched(&mut batch, cost);
        let end = self.pass_stages(start, &cost);
        self.launch(start, end, batch, cost);
    }

    /// Decides what a step that begins at `start` is made of. If nothing can run, the next attempt waits for a change.
    pub(super) fn plan<O: Observer>(&mut self, start: Tick, observer: &mut O) -> Batch {
        while self.inbox.front().is_some_and(|(arrival, _)| *arrival <= start) {
            if let Some((_, slot)) = self.inbox.pop_front() {
                self.enqueue(slot);
                self.handover.is_blocked = false;
            }
        }
        self.take_handovers(start);
        let batch = match self.settings.kind {
            EngineKind::Sglang => self.plan_sglang(start, observer),
            EngineKind::Vllm | EngineKind::Trtllm => self.plan_mixed(start, observer),
        };
        if batch.sequences == 0 {
            // All that is here waits for blocks or for their content.
            self.handover.is_blocked = true;
            // No step will end that would tell it: a reservation may have evicted blocks.
            self.tell_cache(observer);
        }
        self.idle_since = self.idle_since.max(start);
        batch
    }

    pub(super) fn drop_finished<O: Observer>(&mut self, observer: &mut O) {
        let mut running = std::mem::take(&mut self.running);
        running.retain(|slot| {
            let live = &self.slots[*slot as usize];
            let is_done = live.produced >= live.output && live.place == Place::Running;
            if is_done {
                observer.finished(self.id(*slot));
                self.totals.finished += 1;
                self.publish(*slot);
                if self.slots[*slot as usize].phase == Phase::Prefill {
                    self.hold(*slot);
                } else {
                    self.retire(*slot);
                }
            }
            !is_done
        });
        self.running = running;
    }

    pub(super) fn drop_aborted(&mut self) {
        let mut running = std::mem::take(&mut self.running);
        running.retain(|slot| {
            let live = &self.slots[*slot as usize];
            let is_aborted = live.place == Place::Aborted && live.flights == 0;
            if is_aborted {
                self.totals.aborted += 1;
                self.retire(*slot);
            }
            !is_aborted
        });
        self.running = running;
        self.has_aborted = self.running.iter().any(|slot| self.slots[*slot as usize].place == Place::Aborted);
    }

    pub(super) fn retire(&mut self, slot: u32) {
        let live = &mut self.slots[slot as usize];
        self.pool.release(&mut live.blocks);
        self.pool.release(&mut live.fixed_blocks);
        live.place = Place::Gone;
        live.chain = std::sync::Arc::default();
        self.vacant.push(slot);
    }

    pub(super) fn id(&self, slot: u32) -> SequenceId {
        SequenceId { slot: slot * self.ranks + self.number, generation: self.slots[slot as usize].generation }
    }

    pub(super) const fn slot_of(&self, sequence: SequenceId) -> u32 {
        sequence.slot / self.ranks
    }

    /// Sequences in the running batch.
    pub(super) fn running(&self) -> usize {
        self.running.len()
    }

    /// Sequences that wait, those on their way to the scheduler and those whose content is on its way included.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len() + self.inbox.len() + self.handover.waiting()
    }

    /// Blocks of the cache that nobody holds.
    pub(super) const fn free_blocks(&self) -> u32 {
        self.pool.free()
    }

    /// Of this chain, how many blocks from its start are cached: what a router asks.
    pub(super) fn cached_blocks(&self, chain: &[u64]) -> u32 {
        if self.settings.is_prefix_cached { self.pool.match_prefix(chain).0 } else { 0 }
    }

    /// What was done so far.
    pub(super) const fn totals(&self) -> &Totals {
        &self.totals
    }

    /// How it is set up.
    pub(super) const fn settings(&self) -> &Settings {
        &self.settings
    }
}
