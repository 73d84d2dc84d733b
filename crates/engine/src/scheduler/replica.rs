//! One engine instance as its callers see it: one scheduler, or several data-parallel ranks that step together.
//!
//! Ranks share the experts of a mixture, so no layer of a step ends before all have sent their tokens: every step lasts
//! as long as the slowest rank's, and a rank with nothing to do takes part with a dummy step (vLLM's
//! `execute_dummy_batch`). Each rank has a queue and a cache of its own. [`Submission::rank`] picks one; otherwise it
//! is the one with the least of `4 · waiting + running`, vLLM's internal balancer.

use std::time::Duration;

use fakeai_core::Tick;

use super::handover::Reservation;
use super::live::{SequenceId, Submission, TokenEvent};
use super::observe::{Observer, StepReport, Totals};
use super::rank::Rank;
use super::settings::Settings;
use crate::EngineError;
use crate::step::{Batch, StepCost, StepModel};

/// One engine instance: a worker.
#[derive(Debug)]
pub struct Replica {
    pub(super) ranks: Vec<Rank>,
    model: StepModel,
    /// The step that several ranks are in together.
    together: Option<Together>,
    /// The totals of several ranks.
    totals: Totals,
}

/// A step of all ranks.
#[derive(Debug)]
struct Together {
    start: Tick,
    end: Tick,
    /// What each rank works on; a dummy for those with nothing to do.
    parts: Vec<(Batch, StepCost)>,
}

impl Replica {
    /// An idle instance of one rank.
    ///
    /// # Errors
    /// [`EngineError::InvalidSettings`] if the settings cannot work.
    pub fn new(settings: Settings, model: StepModel) -> Result<Self, EngineError> {
        let rank = Rank::new(settings, model.clone(), 0, 1)?;
        Ok(Self { ranks: vec![rank], model, together: None, totals: Totals::default() })
    }

    /// An idle instance of `ranks` data-parallel ranks, each with these settings and this cache.
    ///
    /// # Errors
    /// [`EngineError::InvalidSettings`] if the settings cannot work, without ranks, or for ranks of several stages.
    pub fn of_ranks(settings: &Settings, model: &StepModel, ranks: u32) -> Result<Self, EngineError> {
        if ranks == 0 || ranks > 1 && model.stages() > 1 {
            let what = "an engine needs at least one rank; ranks in pipeline stages are not modelled".to_owned();
            return Err(EngineError::InvalidSettings { what });
        }
        let of_number = |number: u32| {
            let seed = if number == 0 { settings.seed } else { settings.seed.derive("rank").mix(number.into()) };
            Rank::new(Settings { seed, ..settings.clone() }, model.clone(), number, ranks)
        };
        let parts = (0..ranks).map(of_number).collect::<Result<_, _>>()?;
        Ok(Self { ranks: parts, model: model.clone(), together: None, totals: Totals::default() })
    }

    /// What this instance is after its machine went down and came up again: idle, with an empty cache, nothing counted,
    /// and step times that stray in another way. It tells no cache events until it is asked to.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn restarted(&self) -> Result<Self, EngineError> {
        let settings = self.settings();
        let seed = settings.seed.derive("restart");
        Self::of_ranks(&Settings { seed, ..settings.clone() }, &self.model, self.ranks.len() as u32)
    }

    /// From now on tells observers how the cache changes.
    pub fn note_cache_events(&mut self) {
        self.ranks.iter_mut().for_each(Rank::note_cache_events);
    }

    /// Takes a sequence in at `at`, which is not before the tick `advance` was told last.
    ///
    /// # Errors
    /// Refuses what could never run: nothing to do, longer than the context, larger than the cache; more than may wait;
    /// a rank that is not.
    pub fn submit(&mut self, submission: &Submission, at: Tick) -> Result<SequenceId, EngineError> {
        let rank = match submission.rank {
            Some(rank) => rank as usize,
            None if self.ranks.len() == 1 => 0,
            None => {
                let score = |rank: &Rank| 4 * rank.waiting() + rank.running();
                (0..self.ranks.len()).min_by_key(|rank| score(&self.ranks[*rank])).unwrap_or_default()
            }
        };
        let Some(rank) = self.ranks.get_mut(rank) else {
            return Err(EngineError::InvalidSettings { what: format!("there is no data-parallel rank {rank}") });
        };
        let id = rank.submit(submission, at);
        self.sum_totals();
        id
    }

    /// Drops a sequence: at once if it waits, at the end of its step if it is in one. `false` if it is gone already. One
    /// that ended and is held for a transfer is let go; it stays counted as finished.
    pub fn abort(&mut self, sequence: SequenceId) -> bool {
        let is_dropped = self.rank_of(sequence).abort(sequence);
        self.sum_totals();
        is_dropped
    }

    /// Runs every step that ends by `now` and adds the tokens they wrote to `events`, in order of their ticks.
    pub fn advance<O: Observer>(&mut self, now: Tick, events: &mut Vec<TokenEvent>, observer: &mut O) {
        if let [rank] = self.ranks.as_mut_slice() {
            rank.advance(now, events, observer);
            return;
        }
        for rank in &mut self.ranks {
            rank.now = rank.now.max(now);
        }
        loop {
            match self.together.take_if(|step| step.end <= now) {
                Some(step) => self.finish(step, events, observer),
                None if self.together.is_some() => break,
                None => {
                    let Some(start) = self.next_start().filter(|start| *start <= now) else { break };
                    self.begin(start, observer);
                }
            }
        }
        self.sum_totals();
    }

    /// When `advance` has something to do next; `None` while there is nothing to do.
    pub fn next_event(&self) -> Option<Tick> {
        match self.ranks.as_slice() {
            [rank] => rank.next_event(),
            _ => self.together.as_ref().map(|step| step.end).or_else(|| self.next_start()),
        }
    }

    fn next_start(&self) -> Option<Tick> {
        self.ranks.iter().filter_map(Rank::next_start).min()
    }

    fn begin<O: Observer>(&mut self, start: Tick, observer: &mut O) {
        let mut batches: Vec<Batch> = self.ranks.iter_mut().map(|rank| rank.plan(start, observer)).collect();
        if batches.iter().all(|batch| batch.sequences == 0) {
            return;
        }
        let dummy = Batch { tokens: 1, ..Batch::default() };
        let tokens = |batch: &Batch| batch.tokens.max(dummy.tokens);
        let group_tokens = batches.iter().map(tokens).sum();
        let mut longest: f64 = 0.0;
        let mut parts = Vec::with_capacity(self.ranks.len());
        for (rank, batch) in self.ranks.iter().zip(&mut batches) {
            let batch = if batch.sequences == 0 { &mut dummy.clone() } else { batch };
            let cost = rank.stretched(batch, self.model.cost_in_group(batch, group_tokens));
            longest = longest.max(cost.total_s);
            parts.push((*batch, cost));
        }
        let noise = self.ranks.first_mut().map_or(1.0, Rank::draw_noise);
        let end = start + Duration::from_nanos((longest * noise * 1e9).max(1.0) as u64);
        for (rank, (batch, cost)) in self.ranks.iter_mut().zip(&mut parts) {
            // Who is done early waits in the next exchange.
            cost.communication_s += longest - cost.total_s;
            cost.total_s = longest;
            if batch.sequences > 0 {
                rank.launch(start, end, *batch, *cost);
            }
        }
        self.together = Some(Together { start, end, parts });
    }

    fn finish<O: Observer>(&mut self, step: Together, events: &mut Vec<TokenEvent>, observer: &mut O) {
        let Together { start, end, parts } = step;
        for ((number, rank), (batch, cost)) in (0..).zip(&mut self.ranks).zip(parts) {
            if batch.sequences > 0 {
                rank.finish(events, observer);
                continue;
            }
            rank.idle_since = rank.idle_since.max(end);
            let (running, waiting, free_blocks) = (rank.running(), rank.waiting(), rank.free_blocks());
            observer.step(&StepReport { rank: number, start, end, batch, cost, running, waiting, free_blocks });
        }
    }

    fn sum_totals(&mut self) {
        if self.ranks.len() > 1 {
            self.totals = self.ranks.iter().map(Rank::totals).fold(Totals::default(), Totals::with);
        }
    }

    fn rank_of(&mut self, sequence: SequenceId) -> &mut Rank {
        let rank = sequence.slot() % self.ranks.len();
        &mut self.ranks[rank]
    }

    /// The [`crate::scheduler::Phase::Decode`] sequences that took their blocks since the last call, in order. Whoever
    /// submits such sequences must take these, and call [`Replica::transferred`] for each.
    pub fn take_reservations(&mut self) -> Vec<Reservation> {
        match self.ranks.as_mut_slice() {
            [rank] => rank.take_reservations(),
            ranks => ranks.iter_mut().flat_map(Rank::take_reservations).collect(),
        }
    }

    /// At `at`, which is not before the tick `advance` was told last, the content of the sequence's blocks is there:
    /// it may join the step that begins then. `false` if it waits for none. [`Replica::next_event`] may change.
    pub fn transferred(&mut self, sequence: SequenceId, at: Tick) -> bool {
        self.rank_of(sequence).transferred(sequence, at)
    }

    /// From `at` on, which is not before the tick `advance` was told last, the blocks of a
    /// [`crate::scheduler::Phase::Prefill`] sequence that ended are free; their content stays cached. `false` if they
    /// are not held. [`Replica::next_event`] may change: sequences may have waited for them.
    pub fn release(&mut self, sequence: SequenceId, at: Tick) -> bool {
        self.rank_of(sequence).release(sequence, at)
    }

    /// Its data-parallel ranks.
    pub fn ranks(&self) -> impl Iterator<Item = RankState> {
        self.ranks.iter().map(|rank| RankState {
            running: rank.running(),
            waiting: rank.waiting(),
            free_blocks: rank.free_blocks(),
            totals: *rank.totals(),
        })
    }

    /// Blocks of the caches whose content can be found again, whether somebody holds them or not, of all ranks.
    pub fn known_blocks(&self) -> usize {
        self.ranks.iter().map(|rank| rank.pool.cached()).sum()
    }

    /// Nodes of the trees in which those are found, of all ranks.
    pub fn tree_nodes(&self) -> usize {
        self.ranks.iter().map(|rank| rank.pool.nodes()).sum()
    }

    /// Of this chain, how many blocks from its start one rank has cached.
    pub fn rank_cached_blocks(&self, rank: u32, chain: &[u64]) -> u32 {
        self.ranks.get(rank as usize).map_or(0, |rank| rank.cached_blocks(chain))
    }

    /// Sequences in the running batch.
    pub fn running(&self) -> usize {
        self.ranks.iter().map(Rank::running).sum()
    }

    /// Sequences that wait, those on their way to the scheduler and those whose content is on its way included.
    pub fn waiting(&self) -> usize {
        self.ranks.iter().map(Rank::waiting).sum()
    }

    /// Of those, sequences whose blocks are reserved and whose content is on its way.
    pub fn arriving(&self) -> usize {
        self.ranks.iter().map(|rank| rank.handover.arriving.len()).sum()
    }

    /// Sequences that ended and whose blocks are held.
    pub fn held(&self) -> usize {
        self.ranks.iter().map(|rank| rank.handover.held).sum()
    }

    /// Blocks of the cache that nobody holds, of all ranks.
    pub fn free_blocks(&self) -> u32 {
        self.ranks.iter().map(Rank::free_blocks).sum()
    }

    /// Of this chain, how many blocks from its start are cached: what a router asks. Of several ranks the best.
    pub fn cached_blocks(&self, chain: &[u64]) -> u32 {
        self.ranks.iter().map(|rank| rank.cached_blocks(chain)).max().unwrap_or_default()
    }

    /// What was done so far.
    pub fn totals(&self) -> &Totals {
        match self.ranks.as_slice() {
            [rank] => rank.totals(),
            _ => &self.totals,
        }
    }

    /// How each rank is set up; the cache is that of one rank.
    pub fn settings(&self) -> &Settings {
        // There is at least one rank, see `of_ranks`.
        self.ranks[0].settings()
    }

    #[cfg(test)]
    pub(super) fn parts(&self) -> &[Rank] {
        &self.ranks
    }
}

/// The state of one data-parallel rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RankState {
    /// Sequences in its running batch.
    pub running: usize,
    /// Sequences that wait.
    pub waiting: usize,
    /// Blocks of its cache that nobody holds.
    pub free_blocks: u32,
    /// What it did so far.
    pub totals: Totals,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kv::Capacity;
    use crate::scheduler::EngineKind;
    use crate::step::Noise;

    fn millis(millis: u64) -> Tick {
        Tick::from_nanos(millis * 1_000_000)
    }

    /// Ten milliseconds a step and a tenth of one for each token of a rank.
    fn replica(ranks: u32) -> Replica {
        let settings = Settings { noise: Noise::NONE, ..Settings::new(EngineKind::Vllm, Capacity::of(1000, 16)) };
        Replica::of_ranks(&settings, &StepModel::fixed(0.01, 0.0001), ranks).unwrap()
    }

    #[derive(Default)]
    struct Steps(Vec<(u32, u64, u64, u32)>);

    impl Observer for Steps {
        fn step(&mut self, report: &StepReport) {
            let (start, end) = (report.start.as_nanos() / 1_000, report.end.as_nanos() / 1_000);
            self.0.push((report.rank, start, end, report.batch.sequences));
        }
    }

    #[test]
    fn every_step_lasts_as_long_as_the_slowest_rank() {
        let mut replica = replica(2);
        let long = replica.submit(&Submission::new(1000, 3), millis(0)).unwrap();
        let short = replica.submit(&Submission::new(10, 3), millis(0)).unwrap();
        assert_ne!(long, short);
        let (mut events, mut steps) = (Vec::new(), Steps::default());
        while let Some(at) = replica.next_event() {
            replica.advance(at, &mut events, &mut steps);
        }
        let at = |id| -> Vec<u64> {
            events.iter().filter(|event| event.sequence == id).map(|event| event.at.as_nanos() / 100_000).collect()
        };
        assert_eq!((at(long), at(short)), (vec![1100, 1201, 1302], vec![1100, 1201, 1302]));
        assert_eq!(replica.totals().finished, 2);
        assert_eq!(replica.ranks().map(|rank| rank.totals.finished).collect::<Vec<_>>(), [1, 1]);
    }

    #[test]
    fn an_idle_rank_takes_part_with_a_dummy_step() {
        let mut replica = replica(2);
        let one = Submission { rank: Some(1), ..Submission::new(10, 2) };
        replica.submit(&one, millis(0)).unwrap();
        // The other rank sees it only when the step has ended.
        replica.submit(&Submission { rank: Some(0), ..Submission::new(10, 1) }, millis(5)).unwrap();
        assert!(replica.submit(&Submission { rank: Some(2), ..one }, millis(5)).is_err());
        let mut steps = Steps::default();
        while let Some(at) = replica.next_event() {
            replica.advance(at, &mut Vec::new(), &mut steps);
        }
        assert_eq!(steps.0, [(0, 0, 11_000, 0), (1, 0, 11_000, 1), (0, 11_000, 22_000, 1), (1, 11_000, 22_000, 1)]);
    }

    #[test]
    fn new_sequences_go_to_the_rank_with_least_to_do() {
        let mut replica = replica(3);
        for _ in 0..7 {
            replica.submit(&Submission::new(10, 5), millis(0)).unwrap();
        }
        assert_eq!(replica.ranks().map(|rank| rank.waiting).collect::<Vec<_>>(), [3, 2, 2]);
    }
}
