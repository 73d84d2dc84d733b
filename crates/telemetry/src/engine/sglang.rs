//! `sglang:*`, as `SGLang` shows them (`sglang/srt/metrics/collector.py`). Families of what is not modelled here
//! (grammars, disaggregation queues, CUDA graphs, storage, routing keys) are left out.

use crate::engine::bounds::{SGLANG_FIRST_TOKEN, SGLANG_NEXT_TOKEN, SGLANG_QUEUE, SGLANG_REQUEST, SGLANG_RETRACTIONS};
use crate::engine::table::{Metric, Samples, Table, counter, counters, gauge, histogram};
use crate::engine::vllm::{step_count, steps, waiting};
use crate::engine::{Ending, Instance, Physical};
use crate::exposition::Manner;

pub(super) const TABLE: Table<Instance> = Table { metrics: METRICS, manner: Manner::Python, labels };

fn labels(instance: &Instance) -> Vec<(&'static str, String)> {
    let mut labels = vec![("model_name", instance.model.to_string())];
    labels.push(("engine_type", "unified".to_owned()));
    labels.extend(["tp_rank", "pp_rank", "moe_ep_rank"].map(|rank| (rank, "0".to_owned())));
    if instance.of > 1 {
        labels.push(("dp_rank", instance.index.to_string()));
    }
    labels
}

fn physical(instance: &Instance, read: fn(&Physical) -> f64) -> Option<f64> {
    instance.physical.as_ref().map(read)
}

fn speculating(instance: &Instance, read: fn(&Physical) -> f64) -> Option<f64> {
    instance.physical.as_ref().filter(|physical| physical.steps.drafts > 0).map(read)
}

fn realtime(instance: &Instance, take: Samples<'_>) {
    let Some(steps) = steps(instance) else { return };
    take(&[("mode", "prefill_compute")], steps.step_prompt_tokens.sum());
    take(&[("mode", "prefill_cache")], steps.cache_hits as f64);
    take(&[("mode", "decode")], instance.requests.generation_tokens as f64);
}

const METRICS: &[Metric<Instance>] = &[
    gauge("sglang:num_running_reqs", "The number of running requests.", |i| Some(i.running as f64)),
    gauge("sglang:num_used_tokens", "The number of used tokens.", |i| {
        physical(i, |p| (p.used_blocks * p.setup.block_tokens) as f64)
    }),
    gauge("sglang:token_usage", "The token usage.", |i| physical(i, Physical::cache_usage)),
    gauge("sglang:gen_throughput", "The generation throughput (token/s).", |i| {
        let is_idle = i.running == 0;
        steps(i).map(|steps| if is_idle { 0.0 } else { steps.throughput })
    }),
    gauge("sglang:num_queue_reqs", "The number of requests in the waiting queue.", |i| Some(waiting(i))),
    gauge("sglang:cache_hit_rate", "The prefix cache hit rate.", |i| physical(i, |p| p.steps.hit_rate())),
    gauge("sglang:max_total_num_tokens", "Maximum total number of tokens in the KV cache pool.", |i| {
        physical(i, |p| (p.setup.blocks * p.setup.block_tokens) as f64)
    }),
    gauge("sglang:spec_accept_length", "The average acceptance length of speculative decoding.", |i| {
        speculating(i, |p| 1.0 + p.steps.accepted_tokens as f64 / p.steps.drafts as f64)
    }),
    gauge(
        "sglang:spec_accept_rate",
        "The average acceptance rate of speculative decoding (`accepted tokens / total draft tokens` in batch).",
        |i| speculating(i, |p| p.steps.accepted_tokens as f64 / p.steps.draft_tokens.max(1) as f64),
    ),
    counter("sglang:num_retracted_requests_total", "Total number of retracted requests.", |i| {
        step_count(i, |steps| steps.preemptions)
    }),
    counter("sglang:num_retracted_input_tokens_total", "Total number of retracted input tokens.", |i| {
        step_count(i, |steps| steps.preempted_prompt_tokens)
    }),
    counter("sglang:num_retracted_output_tokens_total", "Total number of retracted output tokens.", |i| {
        step_count(i, |steps| steps.preempted_answer_tokens)
    }),
    histogram(
        "sglang:queue_time_seconds",
        "Histogram of queueing time in seconds.",
        |_| SGLANG_QUEUE,
        |i| steps(i).map(|steps| &steps.queue),
    ),
    counters(
        "sglang:realtime_tokens_total",
        "Total number of tokens processed (updated on each log interval). mode: prefill_compute, prefill_cache, decode.",
        &["mode"],
        realtime,
    ),
    counter("sglang:prompt_tokens_total", "Number of prefill tokens processed.", |i| {
        Some(i.requests.prompt_tokens as f64)
    }),
    counter("sglang:generation_tokens_total", "Number of generation tokens processed.", |i| {
        Some(i.requests.generation_tokens as f64)
    }),
    counter("sglang:cached_tokens_total", "Number of cached prompt tokens.", |i| Some(i.requests.cached_tokens as f64)),
    counter("sglang:num_requests_total", "Number of requests processed.", |i| Some(i.requests.answered() as f64)),
    counter("sglang:num_aborted_requests_total", "Number of requests aborted.", |i| {
        Some(i.requests.ended(Ending::Abort) as f64)
    }),
    histogram(
        "sglang:time_to_first_token_seconds",
        "Histogram of time to first token in seconds.",
        |_| SGLANG_FIRST_TOKEN,
        |i| Some(&i.requests.ttft),
    ),
    histogram(
        "sglang:inter_token_latency_seconds",
        "Histogram of inter-token latency in seconds.",
        |_| SGLANG_NEXT_TOKEN,
        |i| Some(&i.requests.itl),
    ),
    histogram(
        "sglang:e2e_request_latency_seconds",
        "Histogram of End-to-end request latency in seconds",
        |_| SGLANG_REQUEST,
        |i| Some(&i.requests.e2e),
    ),
    histogram(
        "sglang:num_retractions",
        "Histogram of retraction counts per request.",
        |_| SGLANG_RETRACTIONS,
        |i| steps(i).map(|steps| &steps.preemptions_each),
    ),
];
