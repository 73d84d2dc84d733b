//! Asks the rule, and keeps what rules need between requests: whose turn it is, what was learned, the random stream.

use std::time::Duration;

use fakeai_core::Rng;

use super::learned::{FEATURES, TtftModel};
use super::{Candidate as Worker, RouteSettings, Strategy};
use super::{kv, least_loaded, round_robin};

/// Which part of a request is to be placed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// All of it.
    #[default]
    Whole,
    /// Reading the prompt.
    Prefill,
    /// Writing the answer; the prompt comes from another worker.
    Decode,
}

/// What is to be placed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Tokens of the prompt.
    pub prompt_tokens: u32,
    /// Tokens that may be written.
    pub output_tokens: u32,
    /// Tokens of a block.
    pub block_tokens: u32,
    /// Which part of the request.
    pub stage: Stage,
}

/// One worker that could take a request, as the router sees it: an engine, or one data-parallel rank of an engine. What
/// a strategy does not ask for may be left 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Candidate {
    /// Its number.
    pub worker: usize,
    /// Sequences in its batch, as it reported last.
    pub running: u32,
    /// Sequences that wait there, as it reported last.
    pub waiting: u32,
    /// Blocks in use, as it reported last.
    pub used_blocks: u32,
    /// Blocks of its cache.
    pub total_blocks: u32,
    /// Requests the router sent it that have not ended.
    pub active_requests: u32,
    /// Prompt tokens the router sent it that are not read yet.
    pub active_prefill_tokens: u64,
    /// Distinct blocks of the router's active requests there, if this one joined them.
    pub potential_blocks: u64,
    /// Blocks from the start of the prompt that it is believed to have cached.
    pub overlap_blocks: u32,
}

/// Why a worker was chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reason {
    /// Its turn.
    Turn,
    /// The least load.
    #[default]
    Load,
    /// The least load, because the load was out of balance.
    Balance,
    /// The most cached.
    Overlap,
    /// The lowest cost.
    Cost,
    /// Drawn, to learn.
    Explored,
    /// The session was there before.
    Session,
}

/// How one candidate was judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// The worker.
    pub worker: usize,
    /// Lower is better; the unit is the strategy's: blocks, sequences, seconds.
    pub score: f64,
    /// Blocks of the prompt it is believed to have cached.
    pub overlap_blocks: u32,
}

/// A decision and its reasons.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Choice {
    /// The worker.
    pub worker: usize,
    /// Why.
    pub reason: Reason,
    /// Blocks of the prompt it is believed to have cached.
    pub overlap_blocks: u32,
    /// All candidates; empty if they were not compared (a turn, a session).
    pub scores: Vec<Score>,
}

/// One router over one pool of workers.
#[derive(Clone, Debug)]
pub struct Router {
    strategy: Strategy,
    turn: usize,
    model: TtftModel,
    /// What the last choice looked like to the model.
    features: [f64; FEATURES],
    rng: Rng,
    choice: Choice,
}

impl Router {
    /// A router that has seen nothing.
    pub fn new(settings: &RouteSettings) -> Self {
        Self {
            strategy: settings.strategy,
            turn: 0,
            model: TtftModel::default(),
            features: [0.0; FEATURES],
            rng: settings.seed.derive("route").rng(),
            choice: Choice::default(),
        }
    }

    /// Where the request goes; `None` if there are no candidates.
    pub fn choose(&mut self, query: &Query, candidates: &[Worker]) -> Option<&Choice> {
        if candidates.is_empty() {
            return None;
        }
        self.choice.scores.clear();
        let (place, reason) = match self.strategy {
            Strategy::RoundRobin => (round_robin::choose(&mut self.turn, candidates), Reason::Turn),
            Strategy::LeastLoaded => (self.lowest(candidates, least_loaded::score), Reason::Load),
            Strategy::CacheAware(rule) => {
                let (reason, score) = rule.rule(query, candidates);
                (self.lowest(candidates, score), reason)
            }
            Strategy::Kv(cost) => {
                let least =
                    candidates.iter().map(|candidate| candidate.active_prefill_tokens).min().unwrap_or_default();
                let score = |candidate: &Worker| cost.cost(query, candidate, least);
                if cost.temperature > 0.0 {
                    self.judge(candidates, score);
                    let costs = self.choice.scores.iter().map(|score| score.score);
                    (kv::draw(costs, cost.temperature, &mut self.rng), Reason::Cost)
                } else {
                    (self.lowest(candidates, score), Reason::Cost)
                }
            }
            Strategy::Hybrid(hybrid) => {
                (self.lowest(candidates, |candidate| hybrid.cost(query, candidate)), Reason::Cost)
            }
            Strategy::Learned(learned) => self.guess(query, candidates, learned.exploration),
        };
        Some(self.settle(query, &candidates[place], reason))
    }

    /// Sends the request to that candidate, because its session was there before.
    pub fn follow(&mut self, query: &Query, candidate: &Worker) -> &Choice {
        self.choice.scores.clear();
        self.settle(query, candidate, Reason::Session)
    }

    fn settle(&mut self, query: &Query, candidate: &Worker, reason: Reason) -> &Choice {
        if matches!(self.strategy, Strategy::Learned(_)) {
            self.features = TtftModel::features(query, candidate);
        }
        self.choice.worker = candidate.worker;
        self.choice.overlap_blocks = candidate.overlap_blocks;
        self.choice.reason = reason;
        &self.choice
    }

    fn guess(&mut self, query: &Query, candidates: &[Worker], exploration: f64) -> (usize, Reason) {
        let model = std::mem::take(&mut self.model);
        let score = |candidate: &Worker| model.predict(candidate.worker, &TtftModel::features(query, candidate));
        let best = self.lowest(candidates, score);
        self.model = model;
        if self.rng.chance(exploration) {
            return (self.rng.below(candidates.len()), Reason::Explored);
        }
        (best, Reason::Cost)
    }

    fn judge(&mut self, candidates: &[Worker], score: impl Fn(&Worker) -> f64) {
        self.choice.scores.extend(candidates.iter().map(|candidate| Score {
            worker: candidate.worker,
            score: score(candidate),
            overlap_blocks: candidate.overlap_blocks,
        }));
    }

    /// The place of the lowest score; one of equals is drawn.
    fn lowest(&mut self, candidates: &[Worker], score: impl Fn(&Worker) -> f64) -> usize {
        self.judge(candidates, score);
        let scores = &self.choice.scores;
        let least = scores.iter().map(|score| score.score).fold(f64::INFINITY, f64::min);
        let is_least = |score: &Score| score.score <= least;
        let equals = scores.iter().filter(|score| is_least(score)).count();
        let skipped = if equals > 1 { self.rng.below(equals) } else { 0 };
        (0..scores.len()).filter(|place| is_least(&scores[*place])).nth(skipped).unwrap_or_default()
    }

    /// What the last choice looked like to the model, to be handed to [`Router::learn`] with its outcome; `None` if
    /// the strategy does not learn.
    pub fn features(&self) -> Option<[f64; FEATURES]> {
        matches!(self.strategy, Strategy::Learned(_)).then_some(self.features)
    }

    /// A request that was sent to that worker with these features had this time to first token.
    pub fn learn(&mut self, worker: usize, features: &[f64; FEATURES], ttft: Duration) {
        if let Strategy::Learned(learned) = self.strategy {
            self.model.learn(worker, features, ttft.as_secs_f64(), &learned);
        }
    }

    /// The last decision.
    pub const fn choice(&self) -> &Choice {
        &self.choice
    }

    /// By which rule.
    pub const fn strategy(&self) -> &Strategy {
        &self.strategy
    }

    /// What was learned; untouched unless the strategy learns.
    pub const fn model(&self) -> &TtftModel {
        &self.model
    }
}

#[cfg(test)]
mod tests {
    use fakeai_core::Seed;

    use super::super::Learned;
    use super::*;

    fn idle(workers: usize) -> Vec<Worker> {
        (0..workers).map(|worker| Worker { worker, ..Worker::default() }).collect()
    }

    #[test]
    fn ties_are_drawn_by_the_seed() {
        let choose = |seed| -> Vec<usize> {
            let mut router = Router::new(&RouteSettings { seed: Seed::new(seed), ..RouteSettings::default() });
            (0..64).map(|_| router.choose(&Query::default(), &idle(4)).unwrap().worker).collect()
        };
        assert_eq!(choose(42), choose(42));
        assert_ne!(choose(42), choose(43));
        assert!((0..4).all(|worker| choose(42).contains(&worker)));
    }

    #[test]
    fn every_strategy_chooses_a_candidate_and_says_why() {
        for (name, strategy) in Strategy::all() {
            let mut router = Router::new(&RouteSettings::of(strategy));
            assert_eq!(strategy.name(), name);
            assert_eq!(router.choose(&Query::default(), &[]), None);
            let query = Query { prompt_tokens: 100, output_tokens: 10, block_tokens: 16, stage: Stage::Whole };
            let choice = router.choose(&query, &idle(3)[1..]).unwrap();
            assert!((1..3).contains(&choice.worker), "{name}");
            assert_eq!(choice.scores.len(), if name == "round_robin" { 0 } else { 2 });
        }
    }

    #[test]
    fn learning_turns_away_from_a_slow_worker() {
        let strategy = Strategy::Learned(Learned::default());
        let mut router = Router::new(&RouteSettings { seed: Seed::new(42), ..RouteSettings::of(strategy) });
        let query = Query { prompt_tokens: 1000, output_tokens: 10, block_tokens: 16, stage: Stage::Whole };
        let mut slow = 0;
        for number in 0..1000 {
            let worker = router.choose(&query, &idle(2)).unwrap().worker;
            let features = router.features().unwrap();
            router.learn(worker, &features, Duration::from_millis(if worker == 0 { 300 } else { 100 }));
            slow += u32::from(worker == 0 && number >= 500);
        }
        assert!(slow < 25, "{slow}");
    }
}
