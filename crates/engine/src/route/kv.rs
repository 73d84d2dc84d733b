//! Dynamo's cost function (crate `dynamo-kv-router`, `scheduling/selector`), in blocks; the lowest cost wins:
//!
//! ```text
//! raw_prefill   = (active_prefill_tokens + isl) / block_size
//! decay         = 1 / (1 + overlap_score_credit_decay · ((active_prefill_tokens − least) / block_size) / max(1, request_blocks))
//! credit        = overlap_score_credit · decay · device_overlap
//! cost          = prefill_load_scale · max(0, raw_prefill − credit)
//!               + potential_decode_blocks + decode_active_request_weight · active_requests
//! ```
//!
//! Active tokens, blocks and requests are what the router has sent and not seen end ([`super::Book`]), not what
//! engines report. Terms of lower tiers (host, disk, shared cache) are left out: there are no such tiers here. In a
//! pool of prefill workers blocks are not tracked; in a pool of decode workers overlap earns no credit and prompts are
//! not tracked, so that only blocks and requests count. With a temperature above 0 the worker is drawn:
//! `p ∝ exp(−(cost − min) / ((max − min) · temperature))`.

use super::{Candidate, Query, Stage};
use fakeai_core::Rng;

/// The weights, under Dynamo's names and with its defaults.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KvCost {
    /// How much a cached block is worth.
    pub overlap_score_credit: f64,
    /// How fast that fades with the worker's backlog of prompts.
    pub overlap_score_credit_decay: f64,
    /// How much a block to be read weighs beside one that is active.
    pub prefill_load_scale: f64,
    /// How much an active request weighs, in blocks.
    pub decode_active_request_weight: f64,
    /// 0 takes the lowest cost; higher is more random.
    pub temperature: f64,
}

impl Default for KvCost {
    fn default() -> Self {
        Self {
            overlap_score_credit: 1.0,
            overlap_score_credit_decay: 0.0,
            prefill_load_scale: 1.0,
            decode_active_request_weight: 0.0,
            temperature: 0.0,
        }
    }
}

impl KvCost {
    /// The cost of sending the request there, blocks. `least_prefill_tokens` is the smallest backlog of all candidates.
    pub fn cost(&self, query: &Query, candidate: &Candidate, least_prefill_tokens: u64) -> f64 {
        let block_tokens = f64::from(query.block_tokens.max(1));
        let prefill = if query.stage == Stage::Decode {
            0.0
        } else {
            let backlog = candidate.active_prefill_tokens;
            let raw_prefill = (backlog as f64 + f64::from(query.prompt_tokens)) / block_tokens;
            let surplus = backlog.saturating_sub(least_prefill_tokens) as f64 / block_tokens;
            let request_blocks = f64::from(query.prompt_tokens.div_ceil(query.block_tokens.max(1)).max(1));
            let decay = 1.0 / (1.0 + self.overlap_score_credit_decay * surplus / request_blocks);
            let credit = self.overlap_score_credit * decay * f64::from(candidate.overlap_blocks);
            (raw_prefill - credit).max(0.0)
        };
        let potential_decode_blocks =
            if query.stage == Stage::Prefill { 0.0 } else { candidate.potential_blocks as f64 };
        self.prefill_load_scale * prefill
            + potential_decode_blocks
            + self.decode_active_request_weight * f64::from(candidate.active_requests)
    }
}

/// Draws a place by its cost; all alike if all cost the same.
pub(super) fn draw(costs: impl Iterator<Item = f64> + Clone, temperature: f64, rng: &mut Rng) -> usize {
    let least = costs.clone().fold(f64::INFINITY, f64::min);
    let range = costs.clone().fold(f64::NEG_INFINITY, f64::max) - least;
    let weight = |cost: f64| if range > 0.0 { (-(cost - least) / (range * temperature)).exp() } else { 1.0 };
    let mut left = rng.unit() * costs.clone().map(weight).sum::<f64>();
    let mut last = 0;
    for (place, cost) in costs.enumerate() {
        last = place;
        left -= weight(cost);
        if left < 0.0 {
            break;
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use fakeai_core::Seed;

    use super::*;

    fn close(actual: f64, expected: f64) {
        assert!((actual - expected).abs() < 1e-9, "{actual} is not {expected}");
    }

    /// 1,000 tokens in blocks of 16: 62.5 blocks, 63 begun.
    fn query(stage: Stage) -> Query {
        Query { prompt_tokens: 1000, block_tokens: 16, stage, ..Query::default() }
    }

    fn candidate() -> Candidate {
        Candidate {
            active_requests: 4,
            active_prefill_tokens: 3200,
            potential_blocks: 500,
            overlap_blocks: 30,
            ..Candidate::default()
        }
    }

    #[test]
    fn the_default_cost_is_prefill_less_overlap_plus_blocks() {
        // (3200 + 1000) / 16 − 30 + 500 = 262.5 − 30 + 500.
        close(KvCost::default().cost(&query(Stage::Whole), &candidate(), 0), 732.5);
        // More is cached than is to be read: not below nothing.
        let rich = Candidate { overlap_blocks: 63, active_prefill_tokens: 0, potential_blocks: 10, ..candidate() };
        close(KvCost::default().cost(&query(Stage::Whole), &rich, 0), 10.0);
    }

    #[test]
    fn every_weight_has_its_term() {
        let cost = KvCost {
            overlap_score_credit: 0.5,
            overlap_score_credit_decay: 1.0,
            prefill_load_scale: 2.0,
            decode_active_request_weight: 3.0,
            temperature: 0.0,
        };
        // Surplus (3200 − 1184) / 16 = 126 blocks over 63: decay 1 / (1 + 2); credit 0.5 × 30 / 3 = 5.
        // 2 × (262.5 − 5) + 500 + 3 × 4 = 1027.
        close(cost.cost(&query(Stage::Whole), &candidate(), 1184), 1027.0);
    }

    #[test]
    fn pools_look_at_their_own_half() {
        close(KvCost::default().cost(&query(Stage::Prefill), &candidate(), 0), 232.5);
        close(KvCost::default().cost(&query(Stage::Decode), &candidate(), 0), 500.0);
    }

    #[test]
    fn temperature_draws_by_the_range_of_costs() {
        let mut rng = Seed::new(42).rng();
        // exp(0) : exp(−1) for costs at the ends of the range and temperature 1: 73.1 % to 26.9 %.
        let cheap = (0..10_000).filter(|_| draw([10.0, 30.0].into_iter(), 1.0, &mut rng) == 0).count();
        assert!((7200..7420).contains(&cheap), "{cheap}");
        let first = (0..10_000).filter(|_| draw([5.0, 5.0].into_iter(), 0.1, &mut rng) == 0).count();
        assert!((4850..5150).contains(&first), "{first}");
    }
}
