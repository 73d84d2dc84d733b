//! Disaggregated serving, as one engine sees it: blocks that stay held for a transfer after a prompt was read, and
//! blocks that are reserved for content which arrives. The transfer itself, its link and its time are the caller's.

use std::collections::VecDeque;

use fakeai_core::Tick;

use super::live::{Place, SequenceId};
use super::observe::Observer;
use super::rank::Rank;
use crate::step::Batch;

/// A sequence has its blocks and waits for their content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// Whose.
    pub sequence: SequenceId,
    /// Since when.
    pub at: Tick,
    /// Tokens of its prompt that are here already: they need no transfer.
    pub cached_tokens: u32,
}

/// What happens at a tick that may lie ahead.
#[derive(Clone, Copy, Debug)]
enum Change {
    Transferred,
    Released,
}

/// Sequences on their way in or out.
#[derive(Debug, Default)]
pub(super) struct Handover {
    /// The content of their blocks is on its way.
    pub(super) arriving: Vec<u32>,
    /// It is there; they wait for their first step.
    landed: VecDeque<u32>,
    /// Sequences that ended and keep their blocks.
    pub(super) held: usize,
    reservations: Vec<Reservation>,
    /// By tick.
    due: VecDeque<(Tick, SequenceId, Change)>,
    /// The last attempt to begin a step found nothing that could run; something must change first.
    pub(super) is_blocked: bool,
}

impl Handover {
    pub(super) fn has_landed(&self) -> bool {
        !self.landed.is_empty()
    }

    /// Sequences that are not in a step because of their transfer.
    pub(super) fn waiting(&self) -> usize {
        self.arriving.len() + self.landed.len()
    }

    pub(super) fn next(&self) -> Option<Tick> {
        self.due.front().map(|(at, ..)| *at)
    }

    pub(super) fn forget(&mut self, sequence: SequenceId, slot: u32) {
        self.arriving.retain(|other| *other != slot);
        self.landed.retain(|other| *other != slot);
        self.reservations.retain(|reservation| reservation.sequence != sequence);
    }
}

impl Rank {
    pub(super) fn take_reservations(&mut self) -> Vec<Reservation> {
        std::mem::take(&mut self.handover.reservations)
    }

    pub(super) fn transferred(&mut self, sequence: SequenceId, at: Tick) -> bool {
        self.change(sequence, at, Place::Arriving, Change::Transferred)
    }

    pub(super) fn release(&mut self, sequence: SequenceId, at: Tick) -> bool {
        self.change(sequence, at, Place::Held, Change::Released)
    }

    fn change(&mut self, sequence: SequenceId, at: Tick, place: Place, change: Change) -> bool {
        if !self.is_at(sequence, place) {
            return false;
        }
        if at <= self.now {
            self.apply(sequence, change);
            self.unblock(at);
        } else {
            let behind = self.handover.due.partition_point(|(other, ..)| *other <= at);
            self.handover.due.insert(behind, (at, sequence, change));
        }
        true
    }

    fn is_at(&self, sequence: SequenceId, place: Place) -> bool {
        let live = self.slots.get(self.slot_of(sequence) as usize);
        live.is_some_and(|live| live.generation == sequence.generation && live.place == place)
    }

    /// What became due by the start of a step.
    pub(super) fn take_handovers(&mut self, start: Tick) {
        while let Some((_, sequence, change)) = self.handover.due.pop_front_if(|(at, ..)| *at <= start) {
            self.apply(sequence, change);
            self.handover.is_blocked = false;
        }
    }

    fn apply(&mut self, sequence: SequenceId, change: Change) {
        match change {
            Change::Transferred if self.is_at(sequence, Place::Arriving) => {
                let landed = self.slot_of(sequence);
                self.handover.arriving.retain(|slot| *slot != landed);
                self.handover.landed.push_back(landed);
                self.slots[landed as usize].place = Place::Landed;
            }
            Change::Released if self.is_at(sequence, Place::Held) => self.let_go(self.slot_of(sequence)),
            // Aborted or told twice.
            Change::Transferred | Change::Released => {}
        }
    }

    /// Keeps the blocks of a sequence that ended.
    pub(super) fn hold(&mut self, slot: u32) {
        self.handover.held += 1;
        self.slots[slot as usize].place = Place::Held;
    }

    /// Frees the blocks of a sequence that ended.
    pub(super) fn let_go(&mut self, slot: u32) {
        self.handover.held -= 1;
        self.retire(slot);
    }

    /// Gives a sequence whose content arrives its blocks. The caller has taken it out of the queue and checked them.
    pub(super) fn reserve(&mut self, slot: u32, quote: super::admit::Quote, start: Tick) {
        self.take_blocks(slot, quote);
        let sequence = self.id(slot);
        let live = &mut self.slots[slot as usize];
        live.place = Place::Arriving;
        self.handover.arriving.push(slot);
        self.handover.reservations.push(Reservation { sequence, at: start, cached_tokens: live.cached });
    }

    /// Lets sequences whose content is there into the batch, one token each. Returns the tokens, at most `budget`.
    pub(super) fn admit_landed<O: Observer>(
        &mut self,
        budget: u32,
        start: Tick,
        batch: &mut Batch,
        observer: &mut O,
    ) -> u32 {
        let (mut tokens, mut adapters) = (0, self.running_adapters());
        while tokens < budget && self.running.len() < self.settings.max_sequences as usize {
            let landed = self.handover.landed.front().copied();
            let Some(slot) = landed.filter(|slot| self.take_adapter_slot(*slot, &mut adapters)) else { break };
            self.handover.landed.pop_front();
            let live = &mut self.slots[slot as usize];
            live.computed = live.known - 1;
            live.is_transferred = true;
            // Whatever it loses later is read here.
            live.phase = super::live::Phase::Both;
            self.enter(slot, 1, start, batch, observer);
            tokens += 1;
        }
        tokens
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::kv::Capacity;
    use crate::scheduler::{EngineKind, Phase, Replica, Settings, Submission, TokenEvent};
    use crate::step::{Noise, StepModel};

    const KINDS: [EngineKind; 3] = [EngineKind::Vllm, EngineKind::Sglang, EngineKind::Trtllm];

    fn millis(millis: u64) -> Tick {
        Tick::from_nanos(millis * 1_000_000)
    }

    /// Ten milliseconds a step, ten blocks of 16 tokens.
    fn replica(kind: EngineKind) -> Replica {
        let settings = Settings { noise: Noise::NONE, watermark: 0.0, ..Settings::new(kind, Capacity::of(10, 16)) };
        Replica::new(settings, StepModel::fixed(0.01, 0.0)).unwrap()
    }

    fn run(replica: &mut Replica) -> Vec<TokenEvent> {
        let mut events = Vec::new();
        while let Some(at) = replica.next_event() {
            replica.advance(at, &mut events, &mut ());
        }
        events
    }

    fn submission(phase: Phase) -> Submission {
        Submission { phase, chain: Arc::from([1, 2, 3, 4]), ..Submission::new(70, 20) }
    }

    #[test]
    fn a_prompt_read_for_another_engine_stays_until_it_is_released() {
        for kind in KINDS {
            let mut replica = replica(kind);
            let id = replica.submit(&submission(Phase::Prefill), millis(0)).unwrap();
            let events = run(&mut replica);
            assert_eq!(events.iter().map(|event| (event.tokens, event.is_last)).collect::<Vec<_>>(), [(1, true)]);
            assert_eq!((replica.held(), replica.free_blocks(), replica.totals().finished), (1, 5, 1));
            // Nine blocks are needed, five are free.
            replica.submit(&Submission::new(130, 2), millis(20)).unwrap();
            assert!(run(&mut replica).is_empty(), "{kind:?}");
            assert!(replica.release(id, millis(50)) && replica.next_event() == Some(millis(50)));
            assert_eq!(run(&mut replica)[0].at, millis(60));
            assert!(!replica.release(id, millis(70)) && replica.held() == 0);
            assert_eq!((replica.free_blocks(), replica.totals().finished), (10, 2));
        }
    }

    #[test]
    fn an_answer_begins_when_its_prompt_has_arrived() {
        for kind in KINDS {
            let mut replica = replica(kind);
            let id = replica.submit(&submission(Phase::Decode), millis(3)).unwrap();
            assert!(run(&mut replica).is_empty() && replica.waiting() == 1 && replica.arriving() == 1);
            assert!(replica.free_blocks() <= 5);
            let reservation = Reservation { sequence: id, at: millis(3), cached_tokens: 0 };
            assert_eq!(replica.take_reservations(), [reservation]);
            assert!(replica.transferred(id, millis(40)));
            let events = run(&mut replica);
            assert_eq!((events[0].at, events.len(), replica.totals().read_tokens), (millis(50), 20, 0), "{kind:?}");
            assert!(!replica.transferred(id, millis(400)));
            // What arrived is cached: the next one has four blocks of it here.
            replica.submit(&submission(Phase::Decode), millis(500)).unwrap();
            run(&mut replica);
            assert_eq!(replica.take_reservations()[0].cached_tokens, 64);
        }
    }

    #[test]
    fn decodes_go_on_while_a_prompt_arrives() {
        let mut replica = replica(EngineKind::Vllm);
        replica.submit(&Submission::new(10, 8), millis(0)).unwrap();
        let id = replica.submit(&submission(Phase::Decode), millis(0)).unwrap();
        let mut events = Vec::new();
        replica.advance(millis(35), &mut events, &mut ());
        assert_eq!((events.len(), replica.running(), replica.arriving()), (3, 1, 1));
        // A tick ahead: the step that begins then takes it in.
        assert!(replica.transferred(id, millis(45)));
        let firsts: Vec<Tick> =
            run(&mut replica).iter().filter(|event| event.sequence == id).map(|event| event.at).collect();
        assert_eq!(firsts[0], millis(60));
    }

    #[test]
    fn what_is_aborted_on_its_way_gives_its_blocks_back() {
        let mut replica = replica(EngineKind::Vllm);
        let arriving = replica.submit(&submission(Phase::Decode), millis(0)).unwrap();
        let held = replica.submit(&submission(Phase::Prefill), millis(0)).unwrap();
        run(&mut replica);
        assert!(replica.abort(arriving) && !replica.transferred(arriving, millis(50)) && !replica.abort(arriving));
        assert!(replica.abort(held) && !replica.release(held, millis(50)));
        assert_eq!((replica.free_blocks(), replica.waiting(), replica.held()), (10, 0, 0));
        assert_eq!((replica.totals().aborted, replica.totals().finished), (1, 1));
        assert!(replica.take_reservations().is_empty());
    }
}
