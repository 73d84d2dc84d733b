//! Steps under way: from the cost of a planned step to the tokens it wrote.

use std::time::Duration;

use fakeai_core::Tick;

use super::live::{Place, TokenEvent};
use super::observe::{Observer, StepReport};
use super::rank::Rank;
use crate::step::{Batch, StepCost};

/// A step under way.
#[derive(Debug)]
pub(super) struct Step {
    start: Tick,
    pub(super) end: Tick,
    batch: Batch,
    cost: StepCost,
    members: Vec<Member>,
}

/// A sequence in a step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    slot: u32,
    drafts: u32,
    /// Whether all it knows is read by the end of the step, so that a token is written.
    is_writing: bool,
}

impl Rank {
    /// The cost with what drafting and adapters add.
    pub(super) fn stretched(&self, batch: &mut Batch, mut cost: StepCost) -> StepCost {
        let stretch = self.stretch(batch);
        batch.extra_s += cost.total_s * (stretch - 1.0);
        cost.total_s *= stretch;
        cost.spread_s *= stretch;
        cost
    }

    /// When a step that begins at `start` leaves the last stage. A stage takes one step at a time, in order.
    pub(super) fn pass_stages(&mut self, start: Tick, cost: &StepCost) -> Tick {
        let noise = self.draw_noise();
        let nanos = |seconds: f64| Duration::from_nanos((seconds * noise * 1e9) as u64);
        let mut at = start;
        for (stage, free) in self.stages.iter_mut().enumerate() {
            let took = nanos(self.model.stage_s(cost, stage)).max(Duration::from_nanos(1));
            at = at.max(*free) + took;
            *free = at;
            at = at + nanos(cost.hop_s);
        }
        // Behind the last stage there is no hop.
        self.stages.last().copied().unwrap_or(start)
    }

    /// The factor of the next step's time.
    pub(super) fn draw_noise(&mut self) -> f64 {
        self.settings.noise.draw(&mut self.rng)
    }

    /// The planned step is under way.
    pub(super) fn launch(&mut self, start: Tick, end: Tick, batch: Batch, cost: StepCost) {
        let mut members = std::mem::take(&mut self.spare);
        for slot in self.running.iter().copied() {
            let live = &mut self.slots[slot as usize];
            if live.chunk > 0 {
                live.computed += live.chunk;
                live.flights += 1;
                members.push(Member { slot, drafts: live.drafts, is_writing: live.computed >= live.known });
                (live.chunk, live.drafts) = (0, 0);
            }
        }
        self.flight.push_back(Step { start, end, batch, cost, members });
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

    /// The first step of the flight has ended.
    pub(super) fn finish<O: Observer>(&mut self, events: &mut Vec<TokenEvent>, observer: &mut O) {
        let Some(mut step) = self.flight.pop_front() else { return };
        self.idle_since = self.idle_since.max(step.end);
        self.handover.is_blocked = false;
        let took = step.end.since(step.start);
        let busy = step.end.since(step.start.max(self.last_end));
        self.last_end = step.end;
        let delay = took.mul_f64(self.model.output_delay_steps());
        let at = (step.end + delay).max(self.delivered);
        self.delivered = at;
        let before = events.len();
        let mut has_ended = false;
        for member in &step.members {
            if let Some(event) = self.settle(member, at, observer) {
                has_ended |= event.is_last;
                events.push(event);
            }
        }
        let totals = &mut self.totals;
        totals.steps += 1;
        totals.sequence_steps += u64::from(step.batch.sequences);
        totals.read_tokens += step.batch.prefill_tokens;
        totals.written_tokens += events[before..].iter().map(|event| u64::from(event.tokens)).sum::<u64>();
        totals.busy_ns += busy.as_nanos() as u64;
        step.members.clear();
        self.spare = step.members;
        if has_ended {
            self.drop_finished(observer);
        }
        if self.has_aborted {
            self.drop_aborted();
        }
        self.tell_cache(observer);
        observer.step(&StepReport {
            rank: self.number,
            start: step.start,
            end: step.end,
            batch: step.batch,
            cost: step.cost,
            running: self.running.len(),
            waiting: self.waiting.len() + self.handover.waiting(),
            free_blocks: self.pool.free(),
        });
    }

    pub(super) fn tell_cache<O: Observer>(&mut self, observer: &mut O) {
        if self.is_noting {
            observer.rank_cache_changed(self.number, &self.pool.take_events());
        }
    }

    /// What the step did to one sequence, and the tokens it wrote.
    fn settle<O: Observer>(&mut self, member: &Member, at: Tick, observer: &mut O) -> Option<TokenEvent> {
        let sequence = self.id(member.slot);
        let live = &mut self.slots[member.slot as usize];
        live.flights -= 1;
        if !member.is_writing || live.place == Place::Aborted {
            return None;
        }
        let mut tokens = 1;
        if member.drafts > 0 {
            let acceptance = self.settings.speculation.as_ref().map_or(&[][..], |drafts| &drafts.acceptance);
            let accepted = live.accept(member.drafts, acceptance).min(live.output - live.produced - 1);
            observer.drafted(member.drafts, accepted);
            self.totals.drafted_tokens += u64::from(member.drafts);
            self.totals.accepted_tokens += u64::from(accepted);
            live.computed += accepted;
            tokens += accepted;
        }
        if live.produced == 0 {
            live.first_token = at;
        }
        live.produced += tokens;
        live.known += tokens;
        Some(TokenEvent {
            sequence,
            at,
            tokens,
            produced: live.produced,
            cached_tokens: live.cached,
            is_last: live.produced >= live.output,
        })
    }
}
