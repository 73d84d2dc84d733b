//! Learns what a worker's time to first token will be, and goes where it is shortest.
//!
//! A linear model of the load predicts the time; recursive least squares with forgetting (Ljung, *System
//! Identification*, ch. 11) fits it to the outcome of every request, one model for all workers. Each worker has a bias
//! of its own, an average of what the model missed there, so that a slow worker is found out. With the chance
//! `exploration` a worker is drawn at random, so that the model also sees what it would avoid (ε-greedy).
//!
//! What to expect: the model is linear and time under load is not, so it ranks workers better than it predicts
//! seconds. It begins knowing nothing, with the guess that reading a thousand tokens takes 0.1 s, and needs some
//! hundreds of requests. It looks only at the time to first token: it does not see that a busy batch writes slower.

use super::{Candidate, Query};

/// Numbers the model looks at.
pub const FEATURES: usize = 6;

/// How it learns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Learned {
    /// Chance that a worker is drawn instead of the best, 0 to 1.
    pub exploration: f64,
    /// Weight of what was learned before each outcome, above 0 to 1: 0.998 remembers about 500 requests.
    pub memory: f64,
}

impl Default for Learned {
    fn default() -> Self {
        Self { exploration: 0.02, memory: 0.998 }
    }
}

/// What was learned so far.
#[derive(Clone, Debug)]
pub struct TtftModel {
    weights: [f64; FEATURES],
    /// How unsure each weight is: the inverse of the weighted covariance of what was seen.
    doubt: [[f64; FEATURES]; FEATURES],
    /// By worker: how much longer it takes than predicted, seconds.
    biases: Vec<f64>,
    outcomes: u64,
}

impl Default for TtftModel {
    fn default() -> Self {
        let mut doubt = [[0.0; FEATURES]; FEATURES];
        (0..FEATURES).for_each(|place| doubt[place][place] = MOST_DOUBT);
        // Own and waiting tokens, in thousands; see `features`.
        let weights = [0.0, 0.1, 0.1, 0.0, 0.0, 0.0];
        Self { weights, doubt, biases: Vec::new(), outcomes: 0 }
    }
}

/// Forgetting lets doubt grow where nothing new is seen; above this it stops.
const MOST_DOUBT: f64 = 100.0;
/// How fast a worker's bias follows.
const BIAS_STEP: f64 = 0.05;

impl TtftModel {
    /// What the model looks at: a constant, thousands of tokens to read for this request, thousands to read before it,
    /// tens of waiting and hundreds of running sequences, and the share of the cache that is active.
    pub fn features(query: &Query, candidate: &Candidate) -> [f64; FEATURES] {
        let cached = candidate.overlap_blocks.saturating_mul(query.block_tokens);
        [
            1.0,
            f64::from(query.prompt_tokens.saturating_sub(cached)) / 1e3,
            candidate.active_prefill_tokens as f64 / 1e3,
            f64::from(candidate.waiting) / 10.0,
            f64::from(candidate.running) / 100.0,
            candidate.potential_blocks as f64 / f64::from(candidate.total_blocks.max(1)),
        ]
    }

    /// The time to first token that is to be expected, seconds.
    pub fn predict(&self, worker: usize, features: &[f64; FEATURES]) -> f64 {
        self.predict_common(features) + self.biases.get(worker).copied().unwrap_or_default()
    }

    fn predict_common(&self, features: &[f64; FEATURES]) -> f64 {
        self.weights.iter().zip(features).map(|(weight, feature)| weight * feature).sum()
    }

    /// A request with these features had this time to first token, seconds.
    pub fn learn(&mut self, worker: usize, features: &[f64; FEATURES], seconds: f64, settings: &Learned) {
        let memory = settings.memory.clamp(0.5, 1.0);
        let spread: [f64; FEATURES] = std::array::from_fn(|row| {
            self.doubt[row].iter().zip(features).map(|(doubt, feature)| doubt * feature).sum()
        });
        let scale = memory + spread.iter().zip(features).map(|(spread, feature)| spread * feature).sum::<f64>();
        if self.biases.len() <= worker {
            self.biases.resize(worker + 1, 0.0);
        }
        let miss = seconds - self.predict_common(features);
        let bias = &mut self.biases[worker];
        *bias += BIAS_STEP * (miss - *bias);
        let surprise = miss - *bias;
        for (weight, spread) in self.weights.iter_mut().zip(spread) {
            *weight += spread / scale * surprise;
        }
        let has_room = (0..FEATURES).all(|place| self.doubt[place][place] / memory <= MOST_DOUBT);
        let growth = if has_room { memory } else { 1.0 };
        for (row, doubts) in self.doubt.iter_mut().enumerate() {
            for (doubt, other) in doubts.iter_mut().zip(spread) {
                *doubt = (*doubt - spread[row] * other / scale) / growth;
            }
        }
        self.outcomes += 1;
    }

    /// Outcomes it has learned from.
    pub const fn outcomes(&self) -> u64 {
        self.outcomes
    }
}

#[cfg(test)]
mod tests {
    use fakeai_core::Seed;

    use super::*;

    #[test]
    fn it_learns_a_linear_world_and_a_slow_worker() {
        let (mut model, settings) = (TtftModel::default(), Learned::default());
        let mut rng = Seed::new(42).rng();
        let truth = |worker: usize, features: &[f64; FEATURES]| {
            let own = if worker == 1 { 0.2 } else { 0.0 };
            0.02 + 0.15 * features[1] + 0.12 * features[2] + 0.03 * features[3] + own
        };
        let mut draw = || {
            let query = Query { prompt_tokens: 100 + rng.below(4000) as u32, block_tokens: 16, ..Query::default() };
            let candidate = Candidate {
                active_prefill_tokens: rng.below(20_000) as u64,
                waiting: rng.below(20) as u32,
                running: rng.below(100) as u32,
                potential_blocks: rng.below(30_000) as u64,
                total_blocks: 30_000,
                ..Candidate::default()
            };
            TtftModel::features(&query, &candidate)
        };
        for number in 0..4000 {
            let features = draw();
            model.learn(number % 2, &features, truth(number % 2, &features), &settings);
        }
        let mut worst: f64 = 0.0;
        for number in 0..100 {
            let features = draw();
            worst = worst.max((model.predict(number % 2, &features) - truth(number % 2, &features)).abs());
        }
        assert!(worst < 0.05, "{worst}");
        assert_eq!(model.outcomes(), 4000);
    }

    #[test]
    fn the_same_again_and_again_does_not_blow_it_up() {
        let (mut model, settings) = (TtftModel::default(), Learned::default());
        let features = [1.0, 0.5, 0.0, 0.0, 0.0, 0.0];
        (0..100_000).for_each(|_| model.learn(0, &features, 0.08, &settings));
        assert!((model.predict(0, &features) - 0.08).abs() < 1e-6);
        assert!(model.doubt.iter().flatten().all(|doubt| doubt.abs() <= 2.0 * MOST_DOUBT));
    }
}
