//! `SGLang`'s router (`policies/cache_aware.rs` of sgl-router, later smg): the longest cached beginning while the load
//! is balanced, the fewest active requests otherwise.
//!
//! The load is out of balance if `max − min > balance_abs_threshold` and `max > balance_rel_threshold × min`, in
//! requests the router itself has sent and not seen end. In balance, the worker with the longest match is taken if the
//! match is more than `cache_threshold` of the prompt; if not, the least loaded, as smg does (older releases took the
//! worker with the smallest tree). Matches are counted in blocks, the router's in tokens or characters.

use super::router::Reason;
use super::{Candidate, Query};

/// The thresholds, with `SGLang`'s defaults.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CacheAware {
    /// Share of the prompt that must be cached to follow the cache.
    pub cache_threshold: f64,
    /// Requests the most loaded may have more than the least loaded.
    pub balance_abs_threshold: u32,
    /// Times as many it may have.
    pub balance_rel_threshold: f64,
}

impl Default for CacheAware {
    fn default() -> Self {
        Self { cache_threshold: 0.3, balance_abs_threshold: 64, balance_rel_threshold: 1.5 }
    }
}

impl CacheAware {
    /// What the router's tree may hold: 2²⁶ tokens in blocks of 16.
    pub const MAX_TREE_BLOCKS: usize = 1 << 22;

    /// Why a worker is chosen, and by which score; the lowest is.
    pub(super) fn rule(&self, query: &Query, candidates: &[Candidate]) -> (Reason, fn(&Candidate) -> f64) {
        let loads = || candidates.iter().map(|candidate| candidate.active_requests);
        let (least, most) = (loads().min().unwrap_or_default(), loads().max().unwrap_or_default());
        let is_unbalanced = most - least > self.balance_abs_threshold
            && f64::from(most) > self.balance_rel_threshold * f64::from(least);
        if is_unbalanced {
            return (Reason::Balance, |candidate| f64::from(candidate.active_requests));
        }
        let longest = candidates.iter().map(|candidate| candidate.overlap_blocks).max().unwrap_or_default();
        let matched = u64::from(longest) * u64::from(query.block_tokens);
        if matched as f64 > self.cache_threshold * f64::from(query.prompt_tokens) {
            return (Reason::Overlap, |candidate| -f64::from(candidate.overlap_blocks));
        }
        (Reason::Load, |candidate| f64::from(candidate.active_requests))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{RouteSettings, Router, Strategy};
    use super::*;

    fn chosen(candidates: &[(u32, u32)]) -> (usize, Reason) {
        let candidates: Vec<Candidate> = (0..)
            .zip(candidates)
            .map(|(worker, (active_requests, overlap_blocks))| Candidate {
                worker,
                active_requests: *active_requests,
                overlap_blocks: *overlap_blocks,
                ..Candidate::default()
            })
            .collect();
        let mut router = Router::new(&RouteSettings::of(Strategy::CacheAware(CacheAware::default())));
        // A prompt of 1,600 tokens: 100 blocks of 16.
        let query = Query { prompt_tokens: 1600, block_tokens: 16, ..Query::default() };
        let choice = router.choose(&query, &candidates).unwrap();
        (choice.worker, choice.reason)
    }

    #[test]
    fn the_cache_is_followed_above_the_threshold() {
        // 31 blocks are more than 0.3 × 100, 30 are not.
        assert_eq!(chosen(&[(5, 31), (0, 10)]), (0, Reason::Overlap));
        assert_eq!(chosen(&[(5, 30), (0, 10)]), (1, Reason::Load));
    }

    #[test]
    fn a_load_out_of_balance_overrules_the_cache() {
        // 65 > 64 and 65 > 1.5 × 0; 300 − 230 > 64 but 300 < 1.5 × 230.
        assert_eq!(chosen(&[(65, 100), (0, 0)]), (1, Reason::Balance));
        assert_eq!(chosen(&[(64, 100), (0, 0)]), (0, Reason::Overlap));
        assert_eq!(chosen(&[(300, 100), (230, 0)]), (0, Reason::Overlap));
    }
}
