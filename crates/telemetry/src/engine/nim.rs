//! NVIDIA NIM for LLMs: names without a prefix, at `/v1/metrics`.

use crate::engine::bounds::{self, FIRST_TOKEN, NEXT_TOKEN, REQUEST};
use crate::engine::table::{Metric, Table, counter, counters, gauge, histogram};
use crate::engine::vllm::{endings, waiting};
use crate::engine::{Ending, Instance, Physical};
use crate::exposition::Manner;

pub(super) const TABLE: Table<Instance> = Table { metrics: METRICS, manner: Manner::Python, labels };

fn labels(instance: &Instance) -> Vec<(&'static str, String)> {
    let mut labels = vec![("model_name", instance.model.to_string())];
    if instance.of > 1 {
        labels.push(("engine", instance.index.to_string()));
    }
    labels
}

fn tokens(instance: &Instance) -> bounds::Bounds {
    bounds::up_to(instance.max_model_len)
}

const METRICS: &[Metric<Instance>] = &[
    gauge("gpu_cache_usage_perc", "GPU KV-cache usage. 1 means 100 percent usage.", |i| {
        i.physical.as_ref().map(Physical::cache_usage)
    }),
    gauge("num_requests_running", "Number of requests currently running on GPU.", |i| Some(i.running as f64)),
    gauge("num_requests_waiting", "Number of requests waiting to be processed.", |i| Some(waiting(i))),
    gauge("num_request_max", "Max number of concurrently running requests.", |i| {
        i.physical.as_ref().map(|physical| physical.setup.max_sequences as f64)
    }),
    counter("prompt_tokens_total", "Number of prefill tokens processed.", |i| Some(i.requests.prompt_tokens as f64)),
    counter("generation_tokens_total", "Number of generation tokens processed.", |i| {
        Some(i.requests.generation_tokens as f64)
    }),
    histogram(
        "time_to_first_token_seconds",
        "Histogram of time to first token in seconds.",
        |_| FIRST_TOKEN,
        |i| Some(&i.requests.ttft),
    ),
    histogram(
        "time_per_output_token_seconds",
        "Histogram of time per output token in seconds.",
        |_| NEXT_TOKEN,
        |i| Some(&i.requests.itl),
    ),
    histogram(
        "e2e_request_latency_seconds",
        "Histogram of end to end request latency in seconds.",
        |_| REQUEST,
        |i| Some(&i.requests.e2e),
    ),
    histogram("request_prompt_tokens", "Histogram of number of prefill tokens processed.", tokens, |i| {
        Some(&i.requests.prompt_lengths)
    }),
    histogram("request_generation_tokens", "Histogram of number of generation tokens processed.", tokens, |i| {
        Some(&i.requests.answer_lengths)
    }),
    counters(
        "request_finish_total",
        "Number of finished requests, with label indicating finish reason.",
        &["finished_reason"],
        endings,
    ),
    counter(
        "request_success_total",
        "Number of successful requests; requests with finish reason \"stop\" or \"length\" are counted.",
        |i| Some(i.requests.answered() as f64),
    ),
    counter(
        "request_failure_total",
        "Number of failed requests; requests with other finish reason are counted.",
        |i| Some((i.requests.ended(Ending::Abort) + i.requests.ended(Ending::Error)) as f64),
    ),
];
