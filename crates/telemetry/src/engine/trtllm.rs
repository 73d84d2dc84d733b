//! `trtllm_*`, as `trtllm-serve` shows them (`tensorrt_llm/metrics/collector.py`). Families of what is not modelled here
//! (host cache, perplexity, memory of the process, transfers) are left out. Blocks reused and missed are what the looked
//! up tokens fill.

use crate::engine::bounds::{FIRST_TOKEN, NEXT_TOKEN, REQUEST, TRTLLM_BATCH, TRTLLM_CACHED, TRTLLM_PREFILL};
use crate::engine::table::{Metric, Table, counter, counters, gauge, histogram};
use crate::engine::vllm::{endings, steps, waiting};
use crate::engine::{Instance, Physical, Steps};
use crate::exposition::Manner;

pub(super) const TABLE: Table<Instance> = Table { metrics: METRICS, manner: Manner::Python, labels };

fn labels(instance: &Instance) -> Vec<(&'static str, String)> {
    let mut labels = vec![("model_name", instance.model.to_string()), ("engine_type", "trtllm".to_owned())];
    if instance.of > 1 {
        labels.push(("engine", instance.index.to_string()));
    }
    labels
}

fn physical(instance: &Instance, read: fn(&Physical) -> u64) -> Option<f64> {
    instance.physical.as_ref().map(|physical| read(physical) as f64)
}

fn speculating(instance: &Instance, read: fn(&Physical) -> f64) -> Option<f64> {
    let drafts = |physical: &&Physical| physical.setup.drafts > 0 || physical.steps.drafts > 0;
    instance.physical.as_ref().filter(drafts).map(read)
}

const METRICS: &[Metric<Instance>] = &[
    counters(
        "trtllm_request_success_total",
        "Count of successfully processed requests.",
        &["finished_reason"],
        endings,
    ),
    histogram(
        "trtllm_e2e_request_latency_seconds",
        "Histogram of end to end request latency in seconds.",
        |_| REQUEST,
        |i| Some(&i.requests.e2e),
    ),
    histogram(
        "trtllm_time_to_first_token_seconds",
        "Histogram of time to first token in seconds.",
        |_| FIRST_TOKEN,
        |i| Some(&i.requests.ttft),
    ),
    histogram(
        "trtllm_time_per_output_token_seconds",
        "Histogram of time per output token in seconds.",
        |_| NEXT_TOKEN,
        |i| Some(&i.requests.tpot),
    ),
    histogram(
        "trtllm_request_queue_time_seconds",
        "Histogram of time spent in WAITING phase for request.",
        |_| REQUEST,
        |i| steps(i).map(|steps| &steps.queue),
    ),
    histogram(
        "trtllm_request_prefill_time_seconds",
        "Histogram of prefill (context) phase duration in seconds (first_token_time - first_scheduled_time).",
        |_| TRTLLM_PREFILL,
        |i| steps(i).map(|steps| &steps.prefill),
    ),
    histogram(
        "trtllm_request_decode_time_seconds",
        "Histogram of decode (generation) phase duration in seconds (last_token_time - first_token_time).",
        |_| REQUEST,
        |i| steps(i).map(|steps| &steps.decode),
    ),
    histogram(
        "trtllm_request_inference_time_seconds",
        "Histogram of total inference duration in seconds (last_token_time - first_scheduled_time).",
        |_| REQUEST,
        |i| steps(i).map(|steps| &steps.inference),
    ),
    counter("trtllm_prompt_tokens_total", "Cumulative number of prompt (input) tokens processed.", |i| {
        Some(i.requests.prompt_tokens as f64)
    }),
    counter("trtllm_generation_tokens_total", "Cumulative number of generation (output) tokens produced.", |i| {
        Some(i.requests.generation_tokens as f64)
    }),
    gauge("trtllm_kv_cache_hit_rate", "KV cache hit rate", |i| steps(i).map(Steps::hit_rate)),
    counter("trtllm_kv_cache_reused_blocks_total", "Cumulative number of KV cache blocks reused (cache hits)", |i| {
        physical(i, |p| p.steps.cache_hits / p.setup.block_tokens.max(1))
    }),
    counter("trtllm_kv_cache_missed_blocks_total", "Cumulative number of KV cache blocks missed (cache misses)", |i| {
        physical(i, |p| (p.steps.cache_queries - p.steps.cache_hits).div_ceil(p.setup.block_tokens.max(1)))
    }),
    gauge("trtllm_kv_cache_utilization", "KV cache utilization", |i| i.physical.as_ref().map(Physical::cache_usage)),
    gauge("trtllm_num_requests_running", "Number of active requests", |i| Some(i.running as f64)),
    gauge("trtllm_num_requests_waiting", "Number of queued requests", |i| Some(waiting(i))),
    counter("trtllm_num_requests_completed_total", "Total number of completed requests across iterations", |i| {
        Some(i.requests.answered() as f64)
    }),
    gauge("trtllm_max_num_active_requests", "Maximum number of active requests", |i| {
        physical(i, |p| p.setup.max_sequences)
    }),
    gauge("trtllm_iteration_latency_seconds", "Iteration latency in seconds", |i| {
        steps(i).map(|steps| steps.last.seconds)
    }),
    gauge("trtllm_max_batch_size_static", "Static maximum batch size", |i| physical(i, |p| p.setup.max_sequences)),
    gauge("trtllm_max_batch_size_runtime", "Runtime maximum batch size", |i| physical(i, |p| p.setup.max_sequences)),
    gauge("trtllm_max_num_tokens_runtime", "Runtime maximum number of tokens", |i| {
        physical(i, |p| p.setup.max_batched_tokens)
    }),
    gauge("trtllm_kv_cache_max_blocks", "Maximum number of KV cache blocks", |i| physical(i, |p| p.setup.blocks)),
    gauge("trtllm_kv_cache_free_blocks", "Number of free KV cache blocks", |i| {
        physical(i, |p| p.setup.blocks - p.used_blocks)
    }),
    gauge("trtllm_kv_cache_used_blocks", "Number of used KV cache blocks", |i| physical(i, |p| p.used_blocks)),
    gauge("trtllm_kv_cache_tokens_per_block", "Number of tokens per KV cache block", |i| {
        physical(i, |p| p.setup.block_tokens)
    }),
    gauge("trtllm_num_context_requests", "Number of context (prefill) requests", |i| {
        steps(i).map(|steps| f64::from(steps.last.prefills))
    }),
    gauge("trtllm_num_generation_requests", "Number of generation (decode) requests", |i| {
        steps(i).map(|steps| f64::from(steps.last.sequences - steps.last.prefills))
    }),
    gauge("trtllm_num_scheduled_requests", "Number of scheduled requests", |i| {
        steps(i).map(|steps| f64::from(steps.last.sequences))
    }),
    gauge("trtllm_total_context_tokens", "Total number of context tokens", |i| {
        steps(i).map(|steps| steps.last.prompt_tokens as f64)
    }),
    gauge("trtllm_avg_decoded_tokens_per_iter", "Average number of decoded tokens per iteration", |i| {
        steps(i).map(|steps| steps.last.written_each)
    }),
    counter("trtllm_spec_decode_num_draft_tokens_total", "Total number of draft tokens in speculative decoding", |i| {
        speculating(i, |p| p.steps.draft_tokens as f64)
    }),
    counter(
        "trtllm_spec_decode_num_accepted_tokens_total",
        "Total number of accepted tokens in speculative decoding",
        |i| speculating(i, |p| p.steps.accepted_tokens as f64),
    ),
    gauge("trtllm_spec_decode_acceptance_length", "Acceptance length in speculative decoding", |i| {
        speculating(i, |p| 1.0 + p.steps.accepted_tokens as f64 / p.steps.drafts.max(1) as f64)
    }),
    counter(
        "trtllm_prompt_cached_tokens_total",
        "Process-lifetime total prompt tokens served from KV cache. Resets only when the serving process restarts, not \
         when the KV cache is flushed or evicted.",
        |i| Some(i.requests.cached_tokens as f64),
    ),
    histogram(
        "trtllm_prompt_cached_tokens_per_request",
        "Histogram of cached prompt tokens per request.",
        |_| TRTLLM_CACHED,
        |i| Some(&i.requests.cached_lengths),
    ),
    histogram(
        "trtllm_prefill_batch_tokens",
        "Histogram of total context tokens per iteration.",
        |_| TRTLLM_BATCH,
        |i| steps(i).map(|steps| &steps.step_prompt_tokens),
    ),
];
