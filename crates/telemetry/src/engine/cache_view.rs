//! How the KV cache does: `GET /kv-cache/metrics`, in the original system's shape with real numbers.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::Ledger;
use crate::engine::{Instance, Requests, Savings};

/// How the KV cache does. What nobody knows is null.
#[derive(Debug, Serialize)]
pub struct CacheMetrics {
    /// What it saved.
    pub cache_performance: CachePerformance,
    /// Who holds what.
    pub smart_router: SmartRouter,
}

/// What the cache saved, since the start.
#[derive(Debug, Serialize)]
pub struct CachePerformance {
    /// Percent of prompts of which something was cached.
    pub cache_hit_rate: f64,
    /// Percent of prompt tokens that were cached.
    pub token_reuse_rate: f64,
    /// Prompts of which something was cached.
    pub total_cache_hits: u64,
    /// Prompts of which nothing was.
    pub total_cache_misses: u64,
    /// Prompt tokens.
    pub total_tokens_processed: u64,
    /// Of those, cached.
    pub cached_tokens_reused: u64,
    /// Cached tokens of a prompt of which something was cached, on average.
    pub average_prefix_length: f64,
    /// The same by endpoint.
    pub endpoint_stats: BTreeMap<&'static str, EndpointCache>,
    /// How much sooner first tokens came; null where no engine knows how long reading takes.
    pub speedup_stats: Option<Speedup>,
}

/// One endpoint's prompts.
#[derive(Debug, Default, Serialize)]
pub struct EndpointCache {
    /// Prompts of which something was cached.
    pub hits: u64,
    /// Prompts of which nothing was.
    pub misses: u64,
    /// Prompt tokens.
    pub total_tokens: u64,
    /// Of those, cached.
    pub cached_tokens: u64,
}

/// First tokens of prompts of which something was cached.
#[derive(Debug, Serialize)]
pub struct Speedup {
    /// Mean milliseconds to the first token, had nothing been cached: by the step model.
    pub avg_baseline_ttft_ms: f64,
    /// Mean milliseconds to the first token.
    pub avg_actual_ttft_ms: f64,
    /// The one divided by the other.
    pub avg_speedup_ratio: f64,
    /// Mean share of a prompt that was cached.
    pub avg_cache_hit_ratio: f64,
    /// Prompts.
    pub total_speedup_records: u64,
}

/// Who holds what.
#[derive(Debug, Serialize)]
pub struct SmartRouter {
    /// Physical engines; empty without.
    pub workers: BTreeMap<String, CacheWorker>,
    /// What their caches hold.
    pub radix_tree: RadixTree,
    /// How they are set up.
    pub config: RouterConfig,
}

/// One engine's cache.
#[derive(Debug, Serialize)]
pub struct CacheWorker {
    /// Requests in it, running or waiting.
    pub active_requests: u64,
    /// Requests that ended.
    pub total_requests: u64,
    /// Blocks whose content can be found again.
    pub cached_blocks: u64,
    /// Blocks that somebody holds.
    pub used_blocks: u64,
    /// All blocks.
    pub total_blocks: u64,
    /// Tokens read and written.
    pub tokens_processed: u64,
}

/// What the caches hold.
#[derive(Debug, Serialize)]
pub struct RadixTree {
    /// Nodes of the trees, the roots not counted; null without a physical engine.
    pub total_nodes: Option<u64>,
    /// Blocks whose content can be found again; null without a physical engine.
    pub total_cached_blocks: Option<u64>,
}

/// How the engines are set up; null without.
#[derive(Debug, Serialize)]
pub struct RouterConfig {
    /// Tokens of a block.
    pub block_size: Option<u64>,
    /// Physical engines.
    pub num_workers: usize,
}

/// Requests of which something was cached, and others.
fn hits_and_misses(requests: &Requests) -> (u64, u64) {
    let misses = requests.cached_lengths.cumulative_at(&[0.0]).next().map_or(0, |(_, count)| count);
    (requests.cached_lengths.count() - misses, misses)
}

fn percent(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64 * 100.0
}

impl CacheMetrics {
    /// What the engines saw, or without physical ones what the ledger wrote down.
    pub fn of(ledger: &Ledger, engines: &[Instance]) -> Self {
        let mut all = Requests::default();
        for engine in engines {
            all.merge(&engine.requests);
        }
        let (hits, misses) = hits_and_misses(&all);
        let physical = || engines.iter().filter_map(|engine| engine.physical.as_ref());
        let blocks: Vec<u64> = physical().map(|engine| engine.cached_blocks).collect();
        let nodes: Option<u64> = physical().map(|engine| engine.tree_nodes).reduce(|sum, nodes| sum + nodes);
        let workers = engines.iter().filter_map(|engine| {
            let physical = engine.physical.as_ref()?;
            let worker = CacheWorker {
                active_requests: engine.running + physical.waiting,
                total_requests: engine.requests.endings.iter().sum(),
                cached_blocks: physical.cached_blocks,
                used_blocks: physical.used_blocks,
                total_blocks: physical.setup.blocks,
                tokens_processed: engine.requests.prompt_tokens + engine.requests.generation_tokens,
            };
            Some((format!("worker-{}", engine.index), worker))
        });
        Self {
            cache_performance: CachePerformance {
                cache_hit_rate: percent(hits, hits + misses),
                token_reuse_rate: percent(all.cached_tokens, all.prompt_tokens),
                total_cache_hits: hits,
                total_cache_misses: misses,
                total_tokens_processed: all.prompt_tokens,
                cached_tokens_reused: all.cached_tokens,
                average_prefix_length: all.cached_tokens as f64 / hits.max(1) as f64,
                endpoint_stats: by_endpoint(ledger),
                speedup_stats: physical().next().map(|_| speedup(physical().map(|engine| &engine.steps.savings))),
            },
            smart_router: SmartRouter {
                workers: workers.collect(),
                radix_tree: RadixTree {
                    total_nodes: nodes,
                    total_cached_blocks: (!blocks.is_empty()).then(|| blocks.iter().sum()),
                },
                config: RouterConfig {
                    block_size: physical().next().map(|engine| engine.setup.block_tokens),
                    num_workers: blocks.len(),
                },
            },
        }
    }
}

fn by_endpoint(ledger: &Ledger) -> BTreeMap<&'static str, EndpointCache> {
    let mut all: BTreeMap<&str, EndpointCache> = BTreeMap::new();
    ledger.look(|archive| {
        for (path, _, written) in archive.written() {
            let (hits, misses) = hits_and_misses(written);
            let endpoint = all.entry(path).or_default();
            endpoint.hits += hits;
            endpoint.misses += misses;
            endpoint.total_tokens += written.prompt_tokens;
            endpoint.cached_tokens += written.cached_tokens;
        }
    });
    all
}

fn speedup<'a>(all: impl Iterator<Item = &'a Savings>) -> Speedup {
    let sum = all.fold(Savings::default(), |sum, savings| Savings {
        requests: sum.requests + savings.requests,
        actual_seconds: sum.actual_seconds + savings.actual_seconds,
        baseline_seconds: sum.baseline_seconds + savings.baseline_seconds,
        cached_shares: sum.cached_shares + savings.cached_shares,
    });
    let mean = |total: f64| total / sum.requests.max(1) as f64;
    let is_known = sum.actual_seconds > 0.0;
    Speedup {
        avg_baseline_ttft_ms: mean(sum.baseline_seconds) * 1e3,
        avg_actual_ttft_ms: mean(sum.actual_seconds) * 1e3,
        avg_speedup_ratio: if is_known { sum.baseline_seconds / sum.actual_seconds } else { 1.0 },
        avg_cache_hit_ratio: mean(sum.cached_shares),
        total_speedup_records: sum.requests,
    }
}
