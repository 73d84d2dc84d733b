//! The blend of `FakeAI`'s smart router (`kv_cache.py` of the Python original): blocks to read, blocks to write, and
//! active requests. The lowest sum wins:
//!
//! ```text
//! cost = overlap_weight · (prompt − cached) / block_size + output / block_size + load_balance_weight · active_requests
//! ```
//!
//! The original let the first of equals win; here ties are drawn.

use super::{Candidate, Query};

/// The weights, with the original's defaults (`kv_cache.overlap_weight`, `kv_cache.load_balance_weight`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Hybrid {
    /// What a block to be read weighs, 0 to 2.
    pub overlap_weight: f64,
    /// What an active request weighs, 0 to 2.
    pub load_balance_weight: f64,
}

impl Default for Hybrid {
    fn default() -> Self {
        Self { overlap_weight: 1.0, load_balance_weight: 0.5 }
    }
}

impl Hybrid {
    /// The cost of sending the request there, blocks.
    pub fn cost(&self, query: &Query, candidate: &Candidate) -> f64 {
        let block_tokens = f64::from(query.block_tokens.max(1));
        let cached = candidate.overlap_blocks.saturating_mul(query.block_tokens);
        let unread = f64::from(query.prompt_tokens.saturating_sub(cached));
        self.overlap_weight * unread / block_tokens
            + f64::from(query.output_tokens) / block_tokens
            + self.load_balance_weight * f64::from(candidate.active_requests)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cost_is_what_the_original_computed() {
        let query = Query { prompt_tokens: 400, output_tokens: 80, block_tokens: 16, ..Query::default() };
        let candidate = Candidate { overlap_blocks: 10, active_requests: 6, ..Candidate::default() };
        // (400 − 160) / 16 + 80 / 16 + 0.5 × 6 = 15 + 5 + 3.
        assert!((Hybrid::default().cost(&query, &candidate) - 23.0).abs() < 1e-9);
        let weighed = Hybrid { overlap_weight: 2.0, load_balance_weight: 0.0 };
        assert!((weighed.cost(&query, &candidate) - 35.0).abs() < 1e-9);
    }
}
