//! The metrics of real engines: a known load gives known numbers, by every engine's names.

use std::collections::BTreeMap;

use fakeai_engine::Deployment;
use fakeai_engine::scheduler::Speculation;
use fakeai_engine::step::EngineKind;
use fakeai_server::settings::Flavor;
use http::Method;
use serde_json::{Value, json};

use crate::harness::{TestServer, ready, request};
use crate::physics::{MODEL, at_once, body, deployment, of_kind, server};

/// Samples of an exposition by name and labels.
#[derive(Debug)]
struct Scrape(BTreeMap<String, f64>);

impl Scrape {
    async fn of(server: &TestServer, path: &str) -> Self {
        let answer = server.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {:?}", answer.body);
        assert_eq!(answer.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
        Self::parse(&answer.text())
    }

    fn parse(text: &str) -> Self {
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        let sample = |line: &str| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap_or_else(|_| panic!("{line}")))
        };
        let count = samples.clone().count();
        let samples: BTreeMap<String, f64> = samples.map(sample).collect();
        assert_eq!(samples.len(), count, "a sample twice");
        Self(samples)
    }

    /// The sum of a family's samples whose labels have these.
    fn sum(&self, name: &str, labels: &[&str]) -> f64 {
        let is_wanted =
            |key: &str| key.split('{').next() == Some(name) && labels.iter().all(|label| key.contains(label));
        let found: Vec<f64> = self.0.iter().filter(|(key, _)| is_wanted(key)).map(|(_, value)| *value).collect();
        assert!(!found.is_empty(), "no {name} {labels:?} in {:#?}", self.0.keys());
        found.iter().sum()
    }

    fn get(&self, name: &str) -> f64 {
        self.sum(name, &[])
    }

    fn has(&self, name: &str) -> bool {
        self.0.keys().any(|key| key.split('{').next() == Some(name))
    }
}

fn close(left: f64, right: f64) -> bool {
    (left - right).abs() <= 1e-9 * right.abs().max(1.0)
}

/// What the answers of a load say they used: prompt, cached and written tokens.
fn used(answers: &[Value]) -> (f64, f64, f64) {
    let sum = |read: fn(&Value) -> &Value| answers.iter().filter_map(|answer| read(&answer["usage"]).as_f64()).sum();
    (
        sum(|usage| &usage["prompt_tokens"]),
        sum(|usage| &usage["prompt_tokens_details"]["cached_tokens"]),
        sum(|usage| &usage["completion_tokens"]),
    )
}

/// Twelve chats at once, four of them cut short, and the same again.
async fn load(server: &TestServer) -> Vec<Value> {
    let mut answers = Vec::new();
    for _ in 0..2 {
        let bodies = (0..12).map(|number| {
            let prompt = format!("Story {number}. {}", "Once upon a time there was a king. ".repeat(number * 20));
            let messages = json!([{"role": "user", "content": prompt}]);
            let limit = if number % 3 == 0 { json!({"max_tokens": 8}) } else { json!({"max_tokens": 4000}) };
            let mut body = body(0, json!({"messages": messages, "ignore_eos": false}));
            body.as_object_mut().unwrap().extend(limit.as_object().unwrap().clone());
            body
        });
        answers.extend(at_once(server, bodies).await.iter().map(|text| serde_json::from_str(text).unwrap()));
    }
    answers
}

#[tokio::test]
async fn vllm_counts_what_the_answers_used() {
    let server = server(deployment(), 1.0);
    let answers = load(&server).await;
    let (prompt, cached, written) = used(&answers);
    assert!(cached > 0.0);
    let scrape = Scrape::of(&server, "/vllm/metrics").await;
    assert!(close(scrape.get("vllm:prompt_tokens_total"), prompt));
    assert!(close(scrape.get("vllm:prompt_tokens_cached_total"), cached));
    assert!(close(scrape.get("vllm:generation_tokens_total"), written));
    assert!(close(scrape.get("vllm:prefix_cache_queries_total"), prompt));
    assert!(close(scrape.get("vllm:prefix_cache_hits_total"), cached));
    let cut = answers.iter().filter(|answer| answer["choices"][0]["finish_reason"] == "length").count() as f64;
    assert!((8.0..24.0).contains(&cut), "{cut}");
    assert!(close(scrape.sum("vllm:request_success_total", &["finished_reason=\"length\""]), cut));
    assert!(close(scrape.sum("vllm:request_success_total", &["finished_reason=\"stop\""]), 24.0 - cut));
    let each = [
        "time_to_first_token_seconds",
        "request_time_per_output_token_seconds",
        "e2e_request_latency_seconds",
        "request_queue_time_seconds",
        "request_prefill_time_seconds",
        "request_decode_time_seconds",
        "request_inference_time_seconds",
        "request_prompt_tokens",
        "request_generation_tokens",
        "request_max_num_generation_tokens",
        "request_params_n",
        "request_params_max_tokens",
        "request_prefill_kv_computed_tokens",
    ];
    for family in each {
        assert!(close(scrape.get(&format!("vllm:{family}_count")), 24.0), "{family}");
        assert!(close(scrape.sum(&format!("vllm:{family}_bucket"), &["le=\"+Inf\""]), 24.0), "{family}");
    }
    assert!(close(scrape.get("vllm:request_prompt_tokens_sum"), prompt));
    assert!(close(scrape.get("vllm:inter_token_latency_seconds_count"), written - 24.0));
    // The parts of a request are its whole, but for the way to the scheduler.
    let sum = |family: &str| scrape.get(&format!("vllm:{family}_seconds_sum"));
    assert!(close(sum("request_prefill_time") + sum("request_decode_time"), sum("request_inference_time")));
    assert!(close(sum("inter_token_latency"), sum("request_decode_time")));
    assert!(sum("request_queue_time") + sum("request_inference_time") <= sum("e2e_request_latency"));
    assert!(close(sum("time_to_first_token") + sum("request_decode_time"), sum("e2e_request_latency")));
    // Every prompt token that was not cached went through the model, and every written one but the last of each answer.
    assert!(close(scrape.get("vllm:iteration_tokens_total_sum"), prompt - cached + written - 24.0));
}

#[tokio::test]
async fn gauges_show_the_moment_and_return_to_zero() {
    let mut small = Deployment { kv_blocks: Some(100), ..deployment() };
    small.settings.max_sequences = 2;
    let server = server(small, 1.0);
    let mut bodies = Vec::new();
    for number in 0..4 {
        let messages = json!([{"role": "user", "content": format!("Chat {number}: tell me a story.")}]);
        let long = body(0, json!({"stream": true, "max_tokens": 300, "messages": messages}));
        bodies.push(server.open(request(Method::POST, "/v1/chat/completions", Some(long))).await.into_body());
    }
    while ready(&mut bodies[0]).is_none() {
        tokio::task::yield_now().await;
        server.jump();
    }
    let text = server.open(request(Method::GET, "/vllm/metrics", None)).await.into_body();
    let text = String::from_utf8(axum::body::to_bytes(text, usize::MAX).await.unwrap().to_vec()).unwrap();
    let scrape = Scrape::parse(&text);
    assert!(close(scrape.get("vllm:num_requests_running"), 2.0), "{text}");
    assert!(close(scrape.get("vllm:num_requests_waiting"), 2.0));
    assert!(close(scrape.sum("vllm:num_requests_waiting_by_reason", &["reason=\"capacity\""]), 2.0));
    // Two sequences of some twenty prompt tokens hold two or three blocks of a hundred each.
    let usage = scrape.get("vllm:kv_cache_usage_perc");
    assert!(close(usage * 100.0, (usage * 100.0).round()) && (0.04..=0.06).contains(&usage), "{usage}");
    let info = "num_gpu_blocks=\"100\",num_gpu_blocks_override=\"100\"";
    assert!(text.contains(info) && text.contains("block_size=\"16\""), "{text}");
    drop(bodies.pop());
    drop(bodies);
    // Whoever runs is dropped when the step ends.
    server.chat(body(0, json!({"max_tokens": 1}))).await;
    let scrape = Scrape::of(&server, "/vllm/metrics").await;
    for gauge in ["num_requests_running", "num_requests_waiting", "kv_cache_usage_perc"] {
        assert!(close(scrape.get(&format!("vllm:{gauge}")), 0.0), "{gauge}");
    }
    assert!(close(scrape.sum("vllm:request_success_total", &["abort"]), 4.0));
    assert!(close(scrape.get("vllm:e2e_request_latency_seconds_count"), 1.0));
    let dynamo = Scrape::of(&server, "/dynamo/metrics").await;
    assert!(close(dynamo.get("dynamo_frontend_inflight_requests"), 0.0));
    assert!(close(dynamo.get("dynamo_frontend_worker_active_prefill_tokens"), 0.0));
    assert!(close(dynamo.get("dynamo_component_cancellation_total"), 4.0));
    assert!(close(dynamo.get("dynamo_frontend_model_cancellation_total"), 4.0));
}

#[tokio::test]
async fn the_clocks_seconds_are_counted() {
    let mut sums = Vec::new();
    for time_scale in [1.0, 10.0] {
        let server = server(deployment(), time_scale);
        server.chat(body(100, json!({}))).await;
        let scrape = Scrape::of(&server, "/vllm/metrics").await;
        let took = server.clock.now().as_nanos() as f64 / 1e9;
        let seen = scrape.get("vllm:e2e_request_latency_seconds_sum");
        assert!((seen / took - 1.0).abs() < 1e-6, "{seen} {took}");
        sums.push(scrape.get("vllm:inter_token_latency_seconds_sum"));
    }
    assert!((sums[0] / sums[1] - 10.0).abs() < 1e-6, "{sums:?}");
}

#[tokio::test]
async fn preemptions_and_drafts_are_seen() {
    let mut tight = Deployment { kv_blocks: Some(40), ..deployment() };
    tight.settings.watermark = 0.0;
    tight.settings.speculation = Some(Speculation { acceptance: vec![0.9, 0.5], draft_cost: 0.1 });
    let server = server(tight, 1.0);
    let bodies = (0..6).map(|number| {
        let messages = json!([{"role": "user", "content": format!("Number {number}: tell me a very long story.")}]);
        body(0, json!({"messages": messages, "max_tokens": 200}))
    });
    let answers: Vec<Value> =
        at_once(&server, bodies).await.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
    let (_, _, written) = used(&answers);
    let scrape = Scrape::of(&server, "/vllm/metrics").await;
    let preemptions = scrape.get("vllm:num_preemptions_total");
    assert!(preemptions > 0.0);
    let drafts = scrape.get("vllm:spec_decode_num_drafts_total");
    let accepted = scrape.get("vllm:spec_decode_num_accepted_tokens_total");
    let at = |place: u32| {
        let label = format!("position=\"{place}\"");
        scrape.sum("vllm:spec_decode_num_accepted_tokens_per_pos_total", &[&label])
    };
    assert!(close(at(0) + at(1), accepted) && at(0) >= at(1) && drafts >= at(0));
    assert!(close(scrape.get("vllm:generation_tokens_total"), written));
    assert!(scrape.get("vllm:inter_token_latency_seconds_count") < written - 6.0);
    let sglang = Scrape::of(&server, "/sglang/metrics").await;
    assert!(close(sglang.get("sglang:num_retracted_requests_total"), preemptions));
    assert!(close(sglang.get("sglang:num_retractions_sum"), preemptions));
    assert!(close(sglang.get("sglang:spec_accept_length"), 1.0 + accepted / drafts));
    assert!(sglang.get("sglang:num_retracted_output_tokens_total") > 0.0);
}

#[tokio::test]
async fn workers_are_told_apart() {
    let server = server(Deployment { replicas: 3, ..deployment() }, 1.0);
    let answers = load(&server).await;
    let (prompt, _, written) = used(&answers);
    let scrape = Scrape::of(&server, "/vllm/metrics").await;
    let of = |engine: u32| {
        let engine = format!("engine=\"{engine}\"");
        scrape.sum("vllm:generation_tokens_total", &[&engine, &format!("model_name=\"{MODEL}\"")])
    };
    assert!(of(0) > 0.0 && of(1) > 0.0 && close(of(0) + of(1) + of(2), written));
    let cache = server.get("/kv-cache/metrics").await.json();
    assert_eq!(cache["smart_router"]["config"], json!({"block_size": 16, "num_workers": 3}));
    let workers = cache["smart_router"]["workers"].as_object().unwrap();
    let sum = |field: &str| workers.values().map(|worker| worker[field].as_f64().unwrap()).sum::<f64>();
    assert!(close(sum("tokens_processed"), prompt + written));
    assert!(close(sum("total_requests"), 24.0) && close(sum("active_requests"), 0.0));
    let sglang = server.get("/sglang/metrics").await.text();
    assert!(sglang.contains("sglang:num_running_reqs{dp_rank=\"2\",engine_type=\"unified\""), "{sglang}");
}

#[tokio::test]
async fn the_cache_says_what_it_saved() {
    let server = server(deployment(), 1.0);
    for _ in 0..2 {
        server.chat(body(400, json!({"max_tokens": 4}))).await;
    }
    let cache = server.get("/kv-cache/metrics").await.json();
    let performance = &cache["cache_performance"];
    assert_eq!((&performance["total_cache_hits"], &performance["total_cache_misses"]), (&json!(1), &json!(1)));
    assert_eq!(performance["cache_hit_rate"], 50.0);
    let speedup = &performance["speedup_stats"];
    let number = |name: &str| speedup[name].as_f64().unwrap();
    assert!(number("avg_baseline_ttft_ms") > number("avg_actual_ttft_ms"), "{speedup}");
    assert!(number("avg_speedup_ratio") > 1.0 && number("avg_cache_hit_ratio") > 0.9);
    let chat = &performance["endpoint_stats"]["/v1/chat/completions"];
    assert_eq!((&chat["hits"], &chat["misses"]), (&json!(1), &json!(1)));
    assert_eq!(chat["cached_tokens"], performance["cached_tokens_reused"]);
    let known = cache["smart_router"]["radix_tree"]["total_cached_blocks"].as_f64().unwrap();
    let tokens = performance["total_tokens_processed"].as_f64().unwrap() / 2.0;
    assert!((known - (tokens / 16.0).floor()).abs() <= 1.0, "{known} {tokens}");
}

#[tokio::test]
async fn without_a_physical_engine_only_what_is_known_is_shown() {
    let server = TestServer::new();
    assert_eq!(server.get("/vllm/metrics").await.text(), "");
    let ask = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 7});
    let answers = [server.chat(ask.clone()).await.json(), server.chat(ask).await.json()];
    server.chat(json!({"model": "gpt-4o", "messages": []})).await;
    let (prompt, _, written) = used(&answers);
    let scrape = Scrape::of(&server, "/vllm/metrics").await;
    assert!(close(scrape.sum("vllm:prompt_tokens_total", &["model_name=\"gpt-4o\"", "engine=\"0\""]), prompt));
    assert!(close(scrape.get("vllm:generation_tokens_total"), written));
    let cut = answers.iter().filter(|answer| answer["choices"][0]["finish_reason"] == "length").count() as f64;
    assert!(cut > 0.0 && close(scrape.sum("vllm:request_success_total", &["length"]), cut));
    assert!(close(scrape.sum("vllm:request_success_total", &["stop"]), 2.0 - cut));
    assert!(close(scrape.get("vllm:e2e_request_latency_seconds_count"), 2.0));
    assert!(close(scrape.get("vllm:num_requests_running"), 0.0));
    for unknown in ["kv_cache_usage_perc", "num_preemptions_total", "request_queue_time_seconds_count"] {
        assert!(!scrape.has(&format!("vllm:{unknown}")), "{unknown}");
    }
    let dynamo = Scrape::of(&server, "/dynamo/metrics").await;
    let failed = ["status=\"error\"", "error_type=\"validation\"", "endpoint=\"chat_completions\""];
    assert!(close(dynamo.sum("dynamo_frontend_requests_total", &failed), 1.0));
    assert!(!dynamo.has("dynamo_component_requests_total"));
    let figures = server.get("/dynamo/metrics/json").await.json();
    assert_eq!((&figures["queue"], &figures["cache"]), (&Value::Null, &Value::Null));
    assert_eq!(figures["summary"]["successful_requests"], 2);
    let cache = server.get("/kv-cache/metrics").await.json();
    assert_eq!(cache["cache_performance"]["speedup_stats"], Value::Null);
    assert_eq!(cache["smart_router"]["workers"], json!({}));
}

#[tokio::test]
async fn a_stream_counts_as_running_while_it_runs() {
    let server = TestServer::with(|settings| settings.latency = fakeai_engine::LatencyModel::Profile);
    let ask = json!({"model": "gpt-4o", "stream": true, "messages": [{"role": "user", "content": "hello"}]});
    let mut stream = server.open(request(Method::POST, "/v1/chat/completions", Some(ask))).await.into_body();
    while ready(&mut stream).is_none() {
        server.jump();
    }
    let running = async || {
        let text = server.open(request(Method::GET, "/v1/metrics", None)).await.into_body();
        let text = String::from_utf8(axum::body::to_bytes(text, usize::MAX).await.unwrap().to_vec()).unwrap();
        Scrape::parse(&text)
    };
    assert!(close(running().await.get("num_requests_running"), 1.0));
    drop(stream);
    let after = running().await;
    assert!(close(after.get("num_requests_running"), 0.0));
    assert!(close(after.get("request_failure_total"), 1.0));
    assert!(close(after.sum("request_finish_total", &["abort"]), 1.0));
}

#[tokio::test]
async fn metrics_take_the_names_they_are_told_to() {
    let with = |flavor| TestServer::with(move |settings| settings.metrics_flavor = flavor);
    let ask = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]});
    let names = [
        (Flavor::Vllm, "vllm:prompt_tokens_total"),
        (Flavor::Sglang, "sglang:prompt_tokens_total"),
        (Flavor::Trtllm, "trtllm_prompt_tokens_total"),
        (Flavor::Nim, "prompt_tokens_total"),
        (Flavor::Dynamo, "dynamo_frontend_requests_total"),
    ];
    for (flavor, name) in names {
        let server = with(flavor);
        server.chat(ask.clone()).await;
        assert!(Scrape::of(&server, "/metrics").await.get(name) > 0.0);
        assert!(Scrape::of(&server, "/metrics?format=prometheus").await.has(name));
        assert!(server.get("/metrics?format=json").await.json().is_object());
        assert!(Scrape::of(&server, "/metrics/prometheus").await.has("fakeai_requests_total"));
    }
    let off = TestServer::with(|settings| settings.prometheus = false);
    for path in
        ["/vllm/metrics", "/sglang/metrics", "/trtllm/metrics", "/v1/metrics", "/dynamo/metrics", "/dcgm/metrics"]
    {
        assert_eq!(off.get(path).await.status, 404);
    }
    let uncounted = TestServer::with(|settings| settings.metrics = false);
    uncounted.chat(ask).await;
    assert_eq!(uncounted.get("/vllm/metrics").await.text(), "");
}

#[tokio::test]
async fn looking_does_not_change_what_is_said() {
    let ask = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]});
    let (watched, alone) = (TestServer::new(), TestServer::new());
    for path in ["/vllm/metrics", "/v1/metrics", "/dynamo/metrics/json", "/kv-cache/metrics"] {
        watched.get(path).await;
    }
    assert_eq!(watched.chat(ask.clone()).await.body, alone.chat(ask).await.body);
}

#[tokio::test]
async fn what_is_refused_costs_nothing() {
    let mut busy = deployment();
    busy.settings.max_waiting = Some(0);
    let server = server(busy, 1.0);
    assert_eq!(server.chat(body(0, json!({}))).await.status, 503);
    let own = Scrape::of(&server, "/metrics/prometheus").await;
    assert!(close(own.sum("fakeai_requests_total", &["503"]), 1.0) && !own.has("fakeai_tokens_total"));
    let dynamo = Scrape::of(&server, "/dynamo/metrics").await;
    assert!(close(dynamo.get("dynamo_frontend_model_rejection_total"), 1.0));
    assert!(close(dynamo.get("dynamo_frontend_output_tokens_total"), 0.0));
    assert!(close(dynamo.get("dynamo_frontend_inflight_requests"), 0.0));
    assert!(close(Scrape::of(&server, "/vllm/metrics").await.get("vllm:num_requests_waiting"), 0.0));
}

#[tokio::test]
async fn every_family_has_the_engines_names() {
    let kinds = [
        (EngineKind::Vllm, "/vllm/metrics", "vllm"),
        (EngineKind::Sglang, "/sglang/metrics", "sglang"),
        (EngineKind::Trtllm, "/trtllm/metrics", "trtllm"),
        (EngineKind::Vllm, "/v1/metrics", "nim"),
        (EngineKind::Vllm, "/dynamo/metrics", "dynamo"),
    ];
    for (kind, path, name) in kinds {
        let mut deployment = Deployment { kv_blocks: Some(600), ..of_kind(kind) };
        deployment.settings.max_sequence_tokens = 8192;
        let server = server(deployment, 1.0);
        load(&server).await;
        insta::assert_snapshot!(name, server.get(path).await.text());
    }
}

#[tokio::test]
async fn the_figures_as_json() {
    let server = server(Deployment { kv_blocks: Some(400), replicas: 2, ..deployment() }, 1.0);
    load(&server).await;
    insta::assert_json_snapshot!("dynamo_json", server.get("/dynamo/metrics/json").await.json());
    insta::assert_json_snapshot!("kv_cache_json", server.get("/kv-cache/metrics").await.json());
}

#[tokio::test]
async fn gpus_work_when_the_engine_does() {
    let deployment = Deployment { tensor_parallel: 2, replicas: 2, ..deployment() };
    let server = server(deployment, 1.0);
    let idle = Scrape::of(&server, "/dcgm/metrics").await;
    assert!(close(idle.sum("DCGM_FI_DEV_GPU_UTIL", &[]), 0.0));
    // Two at once, for longer than the second that a reading is a mean of.
    let bodies = (0..2).map(|number| {
        let messages = json!([{"role": "user", "content": format!("Number {number}: tell me a story.")}]);
        body(0, json!({"messages": messages, "max_tokens": 400}))
    });
    at_once(&server, bodies).await;
    let text = server.get("/dcgm/metrics").await.text();
    let busy = Scrape::parse(&text);
    for gpu in 0..4 {
        let of = |name: &str| busy.sum(name, &[&format!("gpu=\"{gpu}\""), &format!("device=\"nvidia{gpu}\"")]);
        assert!(of("DCGM_FI_DEV_GPU_UTIL") > 50.0 && of("DCGM_FI_DEV_GPU_UTIL") <= 100.0, "{text}");
        assert!(of("DCGM_FI_PROF_DRAM_ACTIVE") > 0.1 && of("DCGM_FI_PROF_DRAM_ACTIVE") <= 1.0);
        assert!(of("DCGM_FI_DEV_POWER_USAGE") > 100.0 && of("DCGM_FI_DEV_POWER_USAGE") <= 700.0);
    }
    insta::assert_snapshot!("dcgm", text);
    let figures = server.get("/dcgm/metrics/json").await.json();
    assert_eq!(figures.as_object().unwrap().keys().collect::<Vec<_>>(), ["gpu_0", "gpu_1", "gpu_2", "gpu_3"]);
    assert_eq!(figures["gpu_3"]["name"], "NVIDIA H100 80GB HBM3");
    let none = TestServer::new();
    assert_eq!(none.get("/dcgm/metrics").await.text(), "");
    assert_eq!(none.get("/dcgm/metrics/json").await.json(), json!({}));
}
