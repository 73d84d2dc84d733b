//! `vllm:*`, as vLLM's V1 engine shows them (`vllm/v1/metrics/loggers.py`, `vllm/v1/spec_decode/metrics.py`).
//!
//! Names it calls deprecated and hides (`vllm:gpu_cache_usage_perc`, `vllm:gpu_prefix_cache_*`,
//! `vllm:time_per_output_token_seconds`) are not shown, nor are `_created` samples, as with
//! `PROMETHEUS_DISABLE_CREATED_SERIES`.

use crate::engine::bounds::{self, FIRST_TOKEN, ITERATION, NEXT_TOKEN, REQUEST};
use crate::engine::table::{Metric, Samples, Table, counter, counters, gauge, gauges, histogram};
use crate::engine::{Ending, Instance, Physical, Steps};
use crate::exposition::Manner;
use crate::histogram::Buckets;

pub(super) const TABLE: Table<Instance> = Table { metrics: METRICS, manner: Manner::Python, labels };

/// What vLLM shows without the label of the model.
pub(super) const INFO: Table<Instance> =
    Table { metrics: INFO_METRICS, manner: Manner::Python, labels: |_| Vec::new() };

fn labels(instance: &Instance) -> Vec<(&'static str, String)> {
    vec![("model_name", instance.model.to_string()), ("engine", instance.index.to_string())]
}

pub(super) fn steps(instance: &Instance) -> Option<&Steps> {
    instance.physical.as_ref().map(|physical| &physical.steps)
}

/// A model of time that knows no load lets nobody wait.
pub(super) fn waiting(instance: &Instance) -> f64 {
    instance.physical.as_ref().map_or(0.0, |physical| physical.waiting as f64)
}

pub(super) fn step_count(instance: &Instance, read: fn(&Steps) -> u64) -> Option<f64> {
    steps(instance).map(|steps| read(steps) as f64)
}

pub(super) fn endings(instance: &Instance, take: Samples<'_>) {
    for ending in Ending::ALL {
        take(&[("finished_reason", ending.name())], instance.requests.ended(ending) as f64);
    }
}

fn waiting_by_reason(instance: &Instance, take: Samples<'_>) {
    take(&[("reason", "capacity")], waiting(instance));
    take(&[("reason", "deferred")], 0.0);
}

fn sleep_state(_: &Instance, take: Samples<'_>) {
    for (state, value) in [("awake", 1.0), ("weights_offloaded", 0.0), ("discard_all", 0.0)] {
        take(&[("sleep_state", state)], value);
    }
}

fn by_source(instance: &Instance, take: Samples<'_>) {
    let requests = &instance.requests;
    let computed = requests.prompt_tokens.saturating_sub(requests.cached_tokens);
    take(&[("source", "local_compute")], computed as f64);
    take(&[("source", "local_cache_hit")], requests.cached_tokens as f64);
    take(&[("source", "external_kv_transfer")], 0.0);
}

/// Of an engine that drafts, or has verified a prediction.
fn drafting(instance: &Instance) -> Option<&Steps> {
    let physical = instance.physical.as_ref()?;
    (physical.setup.drafts > 0 || physical.steps.drafts > 0).then_some(&physical.steps)
}

fn accepted_at(instance: &Instance, take: Samples<'_>) {
    let (Some(steps), Some(physical)) = (drafting(instance), &instance.physical) else { return };
    let places = steps.accepted_at.len().max(physical.setup.drafts as usize);
    for place in 0..places {
        let count = steps.accepted_at.get(place).copied().unwrap_or(0);
        take(&[("position", &place.to_string())], count as f64);
    }
}

fn tokens(instance: &Instance) -> bounds::Bounds {
    bounds::up_to(instance.max_model_len)
}

fn of_steps(instance: &Instance, read: fn(&Steps) -> &Buckets) -> Option<&Buckets> {
    steps(instance).map(read)
}

fn cache_config(instance: &Instance, take: Samples<'_>) {
    let Some(Physical { setup, .. }) = &instance.physical else { return };
    let switch = |on: bool| if on { "True" } else { "False" };
    let text = |number: u64| number.to_string();
    take(
        &[
            ("block_size", &text(setup.block_tokens)),
            ("cache_dtype", setup.cache_dtype),
            ("enable_prefix_caching", switch(setup.is_prefix_cached)),
            ("engine", &text(instance.index as u64)),
            ("gpu_memory_utilization", &setup.memory_utilization.to_string()),
            ("kv_cache_size_tokens", &text(setup.blocks * setup.block_tokens)),
            ("num_cpu_blocks", "None"),
            ("num_gpu_blocks", &text(setup.blocks)),
            ("num_gpu_blocks_override", &setup.blocks_override.map_or_else(|| "None".to_owned(), text)),
        ],
        1.0,
    );
}

fn adapters(instance: &Instance, take: Samples<'_>) {
    let Some(Physical { setup, .. }) = &instance.physical else { return };
    let Some(most) = setup.adapters else { return };
    let labels = [("max_lora", &*most.to_string()), ("running_lora_adapters", ""), ("waiting_lora_adapters", "")];
    take(&labels, setup.now_unix as f64);
}

const METRICS: &[Metric<Instance>] = &[
    gauge("vllm:num_requests_running", "Number of requests in model execution batches.", |i| Some(i.running as f64)),
    gauge("vllm:num_requests_waiting", "Number of requests waiting to be processed.", |i| Some(waiting(i))),
    gauges(
        "vllm:num_requests_waiting_by_reason",
        "Number of waiting requests by reason. Reason labels: 'capacity' = waiting for scheduling capacity; 'deferred' = \
         deferred by transient constraints (LoRA budget, KV transfer, blocked status). Sum of all reasons equals \
         vllm:num_requests_waiting.",
        &["reason"],
        waiting_by_reason,
    ),
    gauges(
        "vllm:engine_sleep_state",
        "Engine sleep state; awake = 0 means engine is sleeping; awake = 1 means engine is awake; weights_offloaded = 1 \
         means sleep level 1; discard_all = 1 means sleep level 2.",
        &["sleep_state"],
        sleep_state,
    ),
    gauge("vllm:kv_cache_usage_perc", "KV-cache usage. 1 means 100 percent usage.", |i| {
        i.physical.as_ref().map(Physical::cache_usage)
    }),
    counter("vllm:prefix_cache_queries_total", "Prefix cache queries, in terms of number of queried tokens.", |i| {
        step_count(i, |steps| steps.cache_queries)
    }),
    counter("vllm:prefix_cache_hits_total", "Prefix cache hits, in terms of number of cached tokens.", |i| {
        step_count(i, |steps| steps.cache_hits)
    }),
    counter(
        "vllm:external_prefix_cache_queries_total",
        "External prefix cache queries from KV connector cross-instance cache sharing, in terms of number of queried \
         tokens.",
        |i| step_count(i, |_| 0),
    ),
    counter(
        "vllm:external_prefix_cache_hits_total",
        "External prefix cache hits from KV connector cross-instance cache sharing, in terms of number of cached \
         tokens.",
        |i| step_count(i, |_| 0),
    ),
    counter("vllm:num_preemptions_total", "Cumulative number of preemption from the engine.", |i| {
        step_count(i, |steps| steps.preemptions)
    }),
    counter("vllm:prompt_tokens_total", "Number of prefill tokens processed.", |i| {
        Some(i.requests.prompt_tokens as f64)
    }),
    counters("vllm:prompt_tokens_by_source_total", "Number of prompt tokens by source.", &["source"], by_source),
    counter("vllm:prompt_tokens_cached_total", "Number of cached prompt tokens (local + external).", |i| {
        Some(i.requests.cached_tokens as f64)
    }),
    counter("vllm:generation_tokens_total", "Number of generation tokens processed.", |i| {
        Some(i.requests.generation_tokens as f64)
    }),
    counters("vllm:request_success_total", "Count of successfully processed requests.", &["finished_reason"], endings),
    histogram("vllm:request_prompt_tokens", "Number of prefill tokens processed.", tokens, |i| {
        Some(&i.requests.prompt_lengths)
    }),
    histogram("vllm:request_generation_tokens", "Number of generation tokens processed.", tokens, |i| {
        Some(&i.requests.answer_lengths)
    }),
    histogram(
        "vllm:iteration_tokens_total",
        "Histogram of number of tokens per engine_step.",
        |_| ITERATION,
        |i| of_steps(i, |steps| &steps.step_tokens),
    ),
    histogram(
        "vllm:request_max_num_generation_tokens",
        "Histogram of maximum number of requested generation tokens.",
        tokens,
        |i| of_steps(i, |steps| &steps.longest_choice),
    ),
    histogram(
        "vllm:request_params_n",
        "Histogram of the n request parameter.",
        |_| bounds::CHOICES,
        |i| of_steps(i, |steps| &steps.choices),
    ),
    histogram("vllm:request_params_max_tokens", "Histogram of the max_tokens request parameter.", tokens, |i| {
        of_steps(i, |steps| &steps.asked_tokens)
    }),
    histogram(
        "vllm:time_to_first_token_seconds",
        "Histogram of time to first token in seconds.",
        |_| FIRST_TOKEN,
        |i| Some(&i.requests.ttft),
    ),
    histogram(
        "vllm:inter_token_latency_seconds",
        "Histogram of inter-token latency in seconds.",
        |_| NEXT_TOKEN,
        |i| Some(&i.requests.itl),
    ),
    histogram(
        "vllm:request_time_per_output_token_seconds",
        "Histogram of time_per_output_token_seconds per request.",
        |_| NEXT_TOKEN,
        |i| Some(&i.requests.tpot),
    ),
    histogram(
        "vllm:e2e_request_latency_seconds",
        "Histogram of e2e request latency in seconds.",
        |_| REQUEST,
        |i| Some(&i.requests.e2e),
    ),
    histogram(
        "vllm:request_queue_time_seconds",
        "Histogram of time spent in WAITING phase for request.",
        |_| REQUEST,
        |i| of_steps(i, |steps| &steps.queue),
    ),
    histogram(
        "vllm:request_inference_time_seconds",
        "Histogram of time spent in RUNNING phase for request.",
        |_| REQUEST,
        |i| of_steps(i, |steps| &steps.inference),
    ),
    histogram(
        "vllm:request_prefill_time_seconds",
        "Histogram of time spent in PREFILL phase for request.",
        |_| REQUEST,
        |i| of_steps(i, |steps| &steps.prefill),
    ),
    histogram(
        "vllm:request_decode_time_seconds",
        "Histogram of time spent in DECODE phase for request.",
        |_| REQUEST,
        |i| of_steps(i, |steps| &steps.decode),
    ),
    histogram(
        "vllm:request_prefill_kv_computed_tokens",
        "Histogram of new KV tokens computed during prefill (excluding cached tokens).",
        tokens,
        |i| Some(&i.requests.computed_lengths),
    ),
    counter("vllm:spec_decode_num_drafts_total", "Number of spec decoding drafts.", |i| {
        drafting(i).map(|steps| steps.drafts as f64)
    }),
    counter("vllm:spec_decode_num_draft_tokens_total", "Number of draft tokens.", |i| {
        drafting(i).map(|steps| steps.draft_tokens as f64)
    }),
    counter("vllm:spec_decode_num_accepted_tokens_total", "Number of accepted tokens.", |i| {
        drafting(i).map(|steps| steps.accepted_tokens as f64)
    }),
    counters(
        "vllm:spec_decode_num_accepted_tokens_per_pos_total",
        "Accepted tokens per draft position.",
        &["position"],
        accepted_at,
    ),
];

const INFO_METRICS: &[Metric<Instance>] = &[
    gauges(
        "vllm:cache_config_info",
        "Information of the LLMEngine CacheConfig",
        &[
            "block_size",
            "cache_dtype",
            "enable_prefix_caching",
            "engine",
            "gpu_memory_utilization",
            "kv_cache_size_tokens",
            "num_cpu_blocks",
            "num_gpu_blocks",
            "num_gpu_blocks_override",
        ],
        cache_config,
    ),
    gauges(
        "vllm:lora_requests_info",
        "Running stats on lora requests.",
        &["max_lora", "running_lora_adapters", "waiting_lora_adapters"],
        adapters,
    ),
];
