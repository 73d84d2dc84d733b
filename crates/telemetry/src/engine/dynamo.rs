//! `dynamo_frontend_*` and `dynamo_component_*`, as Dynamo's HTTP frontend and its workers show them
//! (`lib/llm/src/http/service/metrics.rs`, `lib/runtime/src/metrics/prometheus_names.rs`).
//!
//! The frontend sees requests as the ledger does. The workers are the physical engines; without them there are none.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::bounds::{
    DYNAMO_COMPONENT, DYNAMO_FIRST_TOKEN, DYNAMO_INPUT, DYNAMO_NEXT_TOKEN, DYNAMO_OUTPUT, DYNAMO_REQUEST,
};
use crate::engine::table::{Metric, Samples, Table, counter, counters, gauge, histogram};
use crate::engine::{Ending, Instance, Physical, Requests, Setup};
use crate::exposition::Manner;
use crate::{Key, Ledger, Totals};

pub(super) const FRONTEND: Table<Front> = Table {
    metrics: FRONTEND_METRICS,
    manner: Manner::Plain,
    labels: |front| vec![("model", front.model.to_string())],
};

pub(super) const WORKERS: Table<Instance> = Table {
    metrics: WORKER_METRICS,
    manner: Manner::Plain,
    labels: |worker| {
        let name = |name: &'static str, value: &str| (name, value.to_owned());
        vec![("worker_id", worker.index.to_string()), name("dp_rank", "0"), name("worker_type", "decode")]
    },
};

pub(super) const COMPONENT: Table<Instance> = Table {
    metrics: COMPONENT_METRICS,
    manner: Manner::Plain,
    labels: |worker| {
        let name = |name: &'static str, value: &str| (name, value.to_owned());
        vec![
            name("dynamo_namespace", "dynamo"),
            name("dynamo_component", "backend"),
            name("dynamo_endpoint", "generate"),
            name("model", &worker.model),
            ("worker_id", worker.index.to_string()),
        ]
    },
};

/// One model as Dynamo's frontend sees it.
#[derive(Clone, Debug, Default)]
pub(super) struct Front {
    pub(super) model: Arc<str>,
    pub(super) counts: Vec<Count>,
    pub(super) requests: Requests,
    pub(super) active: u64,
    /// Wait for their first token; known of physical engines.
    queued: Option<u64>,
    max_model_len: Option<u64>,
    setup: Option<Setup>,
}

/// Requests that were alike.
#[derive(Clone, Debug)]
pub(super) struct Count {
    endpoint: &'static str,
    request_type: &'static str,
    error_type: &'static str,
    pub(super) requests: u64,
}

impl Count {
    pub(super) const fn is_success(&self) -> bool {
        self.error_type.is_empty()
    }
}

/// Dynamo's name of an endpoint that it has.
pub(super) fn endpoint(path: &str) -> Option<&'static str> {
    match path {
        "/v1/chat/completions" => Some("chat_completions"),
        "/v1/completions" => Some("completions"),
        "/v1/embeddings" => Some("embeddings"),
        "/v1/responses" => Some("responses"),
        _ => None,
    }
}

/// Dynamo's name for what went wrong.
fn error_type(key: &Key) -> &'static str {
    match key.status {
        _ if key.error == "client_closed" => "cancelled",
        404 => "not_found",
        429 | 503 | 529 => "overload",
        501 => "not_implemented",
        400..=499 => "validation",
        _ if key.error.is_empty() => "",
        _ => "internal",
    }
}

impl Front {
    /// A model to which everything happened that can.
    pub(super) fn eventful(worker: Option<&Instance>) -> Self {
        let count = |error_type| Count { endpoint: "", request_type: "", error_type, requests: 1 };
        let mut front = Self { counts: ["", "cancelled", "overload"].map(count).to_vec(), ..Self::default() };
        if let Some(worker) = worker {
            front.add_worker(worker);
        }
        front
    }

    /// Every model that was asked, and those that are deployed.
    pub(super) fn all(ledger: &Ledger, workers: &[Instance]) -> Vec<Self> {
        let mut fronts: BTreeMap<Arc<str>, Self> = BTreeMap::new();
        for (key, totals) in ledger.totals() {
            let Some(endpoint) = endpoint(key.endpoint) else { continue };
            // Of a request that was refused early nobody knows the model.
            let model = if key.model.is_empty() { Arc::from("unknown") } else { Arc::clone(&key.model) };
            fronts.entry(model).or_default().count(endpoint, &key, &totals);
        }
        ledger.look(|archive| {
            for (path, model, written) in archive.written() {
                if endpoint(path).is_some() {
                    fronts.entry(Arc::clone(model)).or_default().requests.merge(written);
                }
            }
        });
        for (model, active) in ledger.active() {
            fronts.entry(model).or_default().active = active;
        }
        for worker in workers {
            fronts.entry(Arc::clone(&worker.model)).or_default().add_worker(worker);
        }
        let named = fronts.into_iter().map(|(model, front)| Self { model, ..front });
        named.collect()
    }

    fn count(&mut self, endpoint: &'static str, key: &Key, totals: &Totals) {
        let error_type = error_type(key);
        for (request_type, requests) in [("stream", totals.streams), ("unary", totals.requests - totals.streams)] {
            let is_same = |count: &&mut Count| {
                (count.endpoint, count.request_type, count.error_type) == (endpoint, request_type, error_type)
            };
            match self.counts.iter_mut().find(is_same) {
                Some(count) => count.requests += requests,
                None if requests == 0 => {}
                None => self.counts.push(Count { endpoint, request_type, error_type, requests }),
            }
        }
    }

    fn add_worker(&mut self, worker: &Instance) {
        self.max_model_len = Some(worker.max_model_len);
        let Some(physical) = &worker.physical else { return };
        // The engine knows each gap, the ledger their mean.
        if self.setup.is_none() {
            self.requests.itl = worker.requests.itl.clone();
        } else {
            self.requests.itl.merge(&worker.requests.itl);
        }
        *self.queued.get_or_insert_default() += physical.waiting;
        self.setup = Some(physical.setup.clone());
    }
}

fn requests(front: &Front, take: Samples<'_>) {
    for Count { endpoint, request_type, error_type, requests } in &front.counts {
        let status = if error_type.is_empty() { "success" } else { "error" };
        let labels = [("endpoint", *endpoint), ("request_type", *request_type), ("status", status)];
        take(&[labels[0], labels[1], labels[2], ("error_type", *error_type)], *requests as f64);
    }
}

fn cancellations(front: &Front, take: Samples<'_>) {
    for Count { endpoint, request_type, error_type, requests } in &front.counts {
        if *error_type == "cancelled" {
            take(&[("endpoint", *endpoint), ("request_type", *request_type)], *requests as f64);
        }
    }
}

fn rejections(front: &Front, take: Samples<'_>) {
    let mut by_endpoint: BTreeMap<&str, u64> = BTreeMap::new();
    for count in front.counts.iter().filter(|count| count.error_type == "overload") {
        *by_endpoint.entry(count.endpoint).or_default() += count.requests;
    }
    for (endpoint, requests) in by_endpoint {
        take(&[("endpoint", endpoint)], requests as f64);
    }
}

fn setup(front: &Front, read: fn(&Setup) -> u64) -> Option<f64> {
    front.setup.as_ref().map(|setup| read(setup) as f64)
}

const FRONTEND_METRICS: &[Metric<Front>] = &[
    counters(
        "dynamo_frontend_requests_total",
        "Total number of LLM requests processed",
        &["endpoint", "request_type", "status", "error_type"],
        requests,
    ),
    gauge("dynamo_frontend_inflight_requests", "Number of inflight requests", |f| Some(f.active as f64)),
    gauge(
        "dynamo_frontend_active_requests",
        "Number of requests currently being handled by the frontend, from HTTP handler entry to response completion",
        |f| Some(f.active as f64),
    ),
    gauge("dynamo_frontend_queued_requests", "Number of requests in HTTP processing queue", |f| {
        f.queued.map(|queued| queued as f64)
    }),
    histogram(
        "dynamo_frontend_request_duration_seconds",
        "Duration of LLM requests",
        |_| &DYNAMO_REQUEST,
        |f| Some(&f.requests.e2e),
    ),
    histogram(
        "dynamo_frontend_input_sequence_tokens",
        "Input sequence length in tokens",
        |_| &DYNAMO_INPUT,
        |f| Some(&f.requests.prompt_lengths),
    ),
    histogram(
        "dynamo_frontend_output_sequence_tokens",
        "Output sequence length in tokens",
        |_| &DYNAMO_OUTPUT,
        |f| Some(&f.requests.answer_lengths),
    ),
    histogram(
        "dynamo_frontend_cached_tokens",
        "Number of cached tokens (prefix cache hits) per request",
        |_| &DYNAMO_INPUT,
        |f| Some(&f.requests.cached_lengths),
    ),
    counter(
        "dynamo_frontend_output_tokens_total",
        "Total number of output tokens generated (updates in real-time)",
        |f| Some(f.requests.generation_tokens as f64),
    ),
    histogram(
        "dynamo_frontend_time_to_first_token_seconds",
        "Time to first token in seconds",
        |_| &DYNAMO_FIRST_TOKEN,
        |f| Some(&f.requests.ttft),
    ),
    histogram(
        "dynamo_frontend_inter_token_latency_seconds",
        "Inter-token latency in seconds",
        |_| &DYNAMO_NEXT_TOKEN,
        |f| Some(&f.requests.itl),
    ),
    gauge(
        "dynamo_frontend_model_total_kv_blocks",
        "Total KV cache blocks available for a worker serving the model",
        |f| setup(f, |setup| setup.blocks),
    ),
    gauge("dynamo_frontend_model_max_num_seqs", "Maximum number of sequences for a worker serving the model", |f| {
        setup(f, |setup| setup.max_sequences)
    }),
    gauge(
        "dynamo_frontend_model_max_num_batched_tokens",
        "Maximum number of batched tokens for a worker serving the model",
        |f| setup(f, |setup| setup.max_batched_tokens),
    ),
    gauge(
        "dynamo_frontend_model_context_length",
        "Maximum context length in tokens for a worker serving the model",
        |f| f.max_model_len.map(|tokens| tokens as f64),
    ),
    gauge(
        "dynamo_frontend_model_kv_cache_block_size",
        "KV cache block size in tokens for a worker serving the model",
        |f| setup(f, |setup| setup.block_tokens),
    ),
    counters(
        "dynamo_frontend_model_cancellation_total",
        "Total number of request cancellations",
        &["endpoint", "request_type"],
        cancellations,
    ),
    counters(
        "dynamo_frontend_model_rejection_total",
        "Total number of requests rejected due to resource exhaustion",
        &["endpoint"],
        rejections,
    ),
];

fn physical(worker: &Instance, read: fn(&Physical) -> f64) -> Option<f64> {
    worker.physical.as_ref().map(read)
}

/// What is known of a worker's last request, once there was one.
fn of_last(worker: &Instance, read: fn(&Physical) -> f64) -> Option<f64> {
    worker.physical.as_ref().filter(|physical| physical.steps.last_first_token.1 > 0).map(read)
}

const WORKER_METRICS: &[Metric<Instance>] = &[
    gauge("dynamo_frontend_worker_active_decode_blocks", "Active KV cache decode blocks per worker", |w| {
        physical(w, |p| p.used_blocks as f64)
    }),
    gauge("dynamo_frontend_worker_active_prefill_tokens", "Active prefill tokens queued per worker", |w| {
        physical(w, |p| p.unread_tokens as f64)
    }),
    gauge(
        "dynamo_frontend_worker_last_time_to_first_token_seconds",
        "Last observed time to first token per worker (seconds)",
        |w| of_last(w, |p| p.steps.last_first_token.0),
    ),
    gauge("dynamo_frontend_worker_last_input_sequence_tokens", "Last observed input sequence tokens per worker", |w| {
        of_last(w, |p| f64::from(p.steps.last_first_token.1))
    }),
    gauge(
        "dynamo_frontend_worker_last_inter_token_latency_seconds",
        "Last observed inter-token latency per worker (seconds)",
        |w| of_last(w, |p| p.steps.last_gap),
    ),
];

fn errors(worker: &Instance, take: Samples<'_>) {
    if worker.physical.is_some() {
        take(&[("error_type", "generate")], worker.requests.ended(Ending::Error) as f64);
    }
}

const COMPONENT_METRICS: &[Metric<Instance>] = &[
    counter("dynamo_component_requests_total", "Total number of requests processed by component endpoint", |w| {
        w.physical.as_ref().map(|_| w.requests.endings.iter().sum::<u64>() as f64)
    }),
    gauge(
        "dynamo_component_inflight_requests",
        "Number of requests currently being processed by component endpoint",
        |w| w.physical.as_ref().map(|physical| (w.running + physical.waiting) as f64),
    ),
    histogram(
        "dynamo_component_request_duration_seconds",
        "Time spent processing requests by component endpoint",
        |_| DYNAMO_COMPONENT,
        |w| w.physical.as_ref().map(|_| &w.requests.e2e),
    ),
    counters(
        "dynamo_component_errors_total",
        "Total number of errors in component endpoint processing",
        &["error_type"],
        errors,
    ),
    counter("dynamo_component_cancellation_total", "Total number of requests cancelled by work handler", |w| {
        w.physical.as_ref().map(|_| w.requests.ended(Ending::Abort) as f64)
    }),
    gauge("dynamo_component_total_blocks", "Total number of KV cache blocks available on the worker", |w| {
        physical(w, |p| p.setup.blocks as f64)
    }),
    gauge("dynamo_component_gpu_cache_usage_percent", "GPU cache usage as a percentage (0.0-1.0)", |w| {
        physical(w, Physical::cache_usage)
    }),
    gauge("dynamo_component_kv_cache_hit_rate", "KV cache hit rate (0.0-1.0)", |w| physical(w, |p| p.steps.hit_rate())),
];
