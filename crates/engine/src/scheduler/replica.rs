//! The state machine: takes sequences in, runs steps, hands tokens out. What a step is made of is decided in `plan`,
//! `admit` and `sglang`.

use std::collections::VecDeque;
use std::time::Duration;

use fakeai_core::{Rng, Tick};

use super::handover::Handover;
use super::live::{Live, Phase, Place, SequenceId, Submission, TokenEvent};
use super::observe::{Observer, StepReport, Totals};
use super::settings::Settings;
use super::sglang::NewTokenRatio;
use crate::EngineError;
use crate::kv::BlockPool;
use crate::step::{Batch, EngineKind, StepCost, StepModel};

/// One engine instance (one data-parallel rank).
#[derive(Debug)]
pub struct Replica {
    pub(super) settings: Settings,
    pub(super) model: StepModel,
    pub(super) pool: BlockPool,
    pub(super) slots: Vec<Live>,
    vacant: Vec<u32>,
    /// On their way to the scheduler, by arrival.
    inbox: VecDeque<(Tick, u32)>,
    pub(super) waiting: VecDeque<u32>,
    pub(super) running: Vec<u32>,
    step: Option<Step>,
    /// When the last step ended.
    idle_since: Tick,
    /// What `advance` was told last.
    pub(super) now: Tick,
    /// When the latest token left; later ones never leave before it.
    delivered: Tick,
    pub(super) totals: Totals,
    pub(super) ratio: NewTokenRatio,
    pub(super) loaded_adapters: VecDeque<u64>,
    is_noting: bool,
    has_aborted: bool,
    pub(super) handover: Handover,
    rng: Rng,
}

/// A step under way.
#[derive(Clone, Copy, Debug)]
struct Step {
    start: Tick,
    end: Tick,
    batch: Batch,
    cost: StepCost,
}

impl Replica {
    /// An idle instance.
    ///
    /// # Errors
    /// [`EngineError::InvalidSettings`] if the settings cannot work.
    pub fn new(settings: Settings, model: StepModel) -> Result<Self, EngineError> {
        settings.check()?;
        Ok(Self {
            pool: BlockPool::new(settings.capacity.blocks),
            rng: settings.seed.derive("steps").rng(),
            settings,
            model,
            slots: Vec::new(),
            vacant: Vec::new(),
            inbox: VecDeque::new(),
            waiting: VecDeque::new(),
            running: Vec::new(),
            step: None,
            idle_since: Tick::default(),
            now: Tick::default(),
            delivered: Tick::default(),
            totals: Totals::default(),
            ratio: NewTokenRatio::default(),
            loaded_adapters: VecDeque::new(),
            is_noting: false,
            has_aborted: false,
            handover: Handover::default(),
        })
    }

    /// From now on tells observers how the cache changes.
    pub fn note_cache_events(&mut self) {
        self.is_noting = true;
        self.pool.note_events();
    }

    /// Takes a sequence in at `at`, which is not before the tick `advance` was told last.
    ///
    /// # Errors
    /// Refuses what could never run: nothing to do, longer than the context, larger than the cache; and more than may
    /// wait.
    pub fn submit(&mut self, submission: &Submission, at: Tick) -> Result<SequenceId, EngineError> {
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
    pub fn abort(&mut self, sequence: SequenceId) -> bool {
        let Some(live) = self.slots.get_mut(sequence.slot()) else { return false };
        if live.generation != sequence.generation {
            return false;
        }
        match live.place {
            Place::Gone | Place::Aborted => false,
            Place::Running => {
                live.place = Place::Aborted;
                self.has_aborted = true;
                true
            }
            Place::Waiting => {
                self.waiting.retain(|slot| *slot != sequence.slot);
                self.inbox.retain(|(_, slot)| *slot != sequence.slot);
                self.totals.aborted += 1;
                self.retire(sequence.slot);
                self.unblock(self.now);
                true
            }
            Place::Arriving | Place::Landed => {
                self.handover.forget(sequence.slot);
                self.totals.aborted += 1;
                self.retire(sequence.slot);
                self.unblock(self.now);
                true
            }
            Place::Held => {
                self.let_go(sequence.slot);
                self.unblock(self.now);
                true
            }
        }
    }

    /// Runs every step that ends by `now` and adds the tokens they wrote to `events`, in order of their ticks.
    pub fn advance<O: Observer>(&mut self, now: Tick, events: &mut Vec<TokenEvent>, observer: &mut O) {
        self.now = self.now.max(now);
        loop {
            if let Some(step) = self.step {
                if step.end > now {
                    return;
                }
                self.step = None;
                self.finish(&step, events, observer);
                continue;
            }
            if self.has_aborted {
                self.drop_aborted();
            }
            let Some(start) = self.next_start().filter(|start| *start <= now) else { return };
            self.begin(start, observer);
        }
    }

    /// When `advance` has something to do next; `None` while there is nothing to do.
    pub fn next_event(&self) -> Option<Tick> {
        self.step.map(|step| step.end).or_else(|| self.next_start())
    }

    fn next_start(&self) -> Option<Tick> {
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
        if self.step.is_none() {
            self.idle_since = self.idle_since.max(at);
        }
    }

    fn begin<O: Observer>(&mut self, start: Tick, observer: &mut O) {
        while self.inbox.front().is_some_and(|(arrival, _)| *arrival <= start) {
            if let Some((_, slot)) = self.inbox.pop_front() {
                self.enqueue(slot);
                self.handover.is_blocked = false;
            }
        }
        self.take_handovers(start);
        let mut batch = match self.settings.kind {
            EngineKind::Sglang => self.plan_sglang(start, observer),
            EngineKind::Vllm | EngineKind::Trtllm => self.plan_mixed(start, observer),
        };
        if batch.sequences == 0 {
            // All that is here waits for blocks or for their content.
            self.handover.is_blocked = true;
            self.idle_since = self.idle_since.max(start);
            return;
        }
        let mut cost = self.model.cost(&batch);
        let stretch = self.stretch(&batch);
        batch.extra_s += cost.total_s * (stretch - 1.0);
        cost.total_s *= stretch;
        let noise = self.settings.noise.draw(&mut self.rng);
        let nanos = (cost.total_s * noise * 1e9).max(1.0) as u64;
        let end = start + Duration::from_nanos(nanos);
        self.step = Some(Step { start, end, batch, cost });
    }

    /// How much longer the step takes for drafting and adapters.
    fn stretch(&self, batch: &Batch) -> f64 {
        let drafting = self.settings.speculation.as_ref().map_or(0.0, |speculation| {
            let is_decode = batch.prefill_tokens < batch.tokens;
            if is_decode { speculation.draft_cost * speculation.acceptance.len() as f64 } else { 0.0 }
        });
        let adapting = self
            .settings
            .adapters
            .map_or(0.0, |adapters| adapters.overhead * f64::from(self.running_adapters().len() as u32));
        1.0 + drafting + adapting
    }

    fn finish<O: Observer>(&mut self, step: &Step, events: &mut Vec<TokenEvent>, observer: &mut O) {
        self.idle_since = step.end;
        let took = step.end.since(step.start);
        let delay = took.mul_f64(self.model.output_delay_steps());
        let at = (step.end + delay).max(self.delivered);
        self.delivered = at;
        let before = events.len();
        let mut has_ended = false;
        for place in 0..self.running.len() {
            let slot = self.running[place];
            if let Some(event) = self.settle(slot, at, observer) {
                has_ended |= event.is_last;
                events.push(event);
            }
        }
        let totals = &mut self.totals;
        totals.steps += 1;
        totals.sequence_steps += u64::from(step.batch.sequences);
        totals.read_tokens += step.batch.prefill_tokens;
        totals.written_tokens += events[before..].iter().map(|event| u64::from(event.tokens)).sum::<u64>();
        totals.busy_ns += took.as_nanos() as u64;
        if has_ended {
            self.drop_finished(observer);
        }
        if self.has_aborted {
            self.drop_aborted();
        }
        if self.is_noting {
            observer.cache_changed(&self.pool.take_events());
        }
        observer.step(&StepReport {
            start: step.start,
            end: step.end,
            batch: step.batch,
            cost: step.cost,
            running: self.running.len(),
            waiting: self.waiting.len() + self.handover.waiting(),
            free_blocks: self.pool.free(),
        });
    }

    /// What the step did to one sequence, and the tokens it wrote.
    fn settle<O: Observer>(&mut self, slot: u32, at: Tick, observer: &mut O) -> Option<TokenEvent> {
        let live = &mut self.slots[slot as usize];
        if live.chunk == 0 {
            return None;
        }
        live.computed += live.chunk;
        live.chunk = 0;
        if live.computed < live.known || live.place == Place::Aborted {
            return None;
        }
        let mut tokens = 1;
        if live.drafts > 0 {
            let acceptance = self.settings.speculation.as_ref().map_or(&[][..], |drafts| &drafts.acceptance);
            let accepted = live.accept(acceptance).min(live.output - live.produced - 1);
            observer.drafted(live.drafts, accepted);
            self.totals.drafted_tokens += u64::from(live.drafts);
            self.totals.accepted_tokens += u64::from(accepted);
            live.computed += accepted;
            live.drafts = 0;
            tokens += accepted;
        }
        if live.produced == 0 {
            live.first_token = at;
        }
        live.produced += tokens;
        live.known += tokens;
        Some(TokenEvent {
            sequence: SequenceId { slot, generation: live.generation },
            at,
            tokens,
            produced: live.produced,
            cached_tokens: live.cached,
            is_last: live.produced >= live.output,
        })
    }

    fn drop_finished<O: Observer>(&mut self, observer: &mut O) {
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

    fn drop_aborted(&mut self) {
        self.has_aborted = false;
        let mut running = std::mem::take(&mut self.running);
        running.retain(|slot| {
            let is_aborted = self.slots[*slot as usize].place == Place::Aborted;
            if is_aborted {
                self.totals.aborted += 1;
                self.retire(*slot);
            }
            !is_aborted
        });
        self.running = running;
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
        SequenceId { slot, generation: self.slots[slot as usize].generation }
    }

    /// Sequences in the running batch.
    pub fn running(&self) -> usize {
        self.running.len()
    }

    /// Sequences that wait, those on their way to the scheduler and those whose content is on its way included.
    pub fn waiting(&self) -> usize {
        self.waiting.len() + self.inbox.len() + self.handover.waiting()
    }

    /// Blocks of the cache that nobody holds.
    pub const fn free_blocks(&self) -> u32 {
        self.pool.free()
    }

    /// Blocks of the cache whose content can be found again, whether somebody holds them or not.
    pub fn known_blocks(&self) -> usize {
        self.pool.cached()
    }

    /// Of this chain, how many blocks from its start are cached: what a router asks.
    pub fn cached_blocks(&self, chain: &[u64]) -> u32 {
        if self.settings.is_prefix_cached { self.pool.match_prefix(chain).0 } else { 0 }
    }

    /// What was done so far.
    pub const fn totals(&self) -> &Totals {
        &self.totals
    }

    /// How it is set up.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }
}
