//! What vLLM's server has beside OpenAI's operations: tokens, adapters, and parts of requests done by other servers.

use std::time::Duration;

use fakeai_engine::scheduler::Adapters;
use fakeai_engine::{Deployment, Jittered, Knobs, LatencyModel};
use fakeai_server::settings::{self, FeedSettings, KvEvents, Physics};
use serde_json::{Value, json};

use crate::harness::TestServer;
use crate::physics::{MODEL, body, deployment};

fn server(deployment: Deployment) -> TestServer {
    TestServer::with(|settings| {
        settings.physics = Some(Physics { model: MODEL.to_owned(), deployment, time_scale: 1.0 });
    })
}

async fn timed(server: &TestServer, path: &str, body: Value) -> (Value, Duration) {
    let began = server.clock.now();
    let answer = server.post(path, body).await.json();
    (answer, server.clock.now().since(began))
}

#[tokio::test]
async fn tokens_are_those_that_are_counted_and_read_back() {
    let server = TestServer::new();
    let asked = body(3, json!({}));
    let counted = server.chat(asked.clone()).await.json()["usage"]["prompt_tokens"].clone();
    let tokens = server.post("/tokenize", asked).await.json();
    assert_eq!((&tokens["count"], &tokens["token_strs"]), (&counted, &Value::Null));
    let text = "The moon — and the tides.";
    let tokens = server.post("/tokenize", json!({"model": MODEL, "prompt": text, "return_token_strs": true})).await;
    let tokens = tokens.json();
    let strings: String = tokens["token_strs"].as_array().unwrap().iter().map(|part| part.as_str().unwrap()).collect();
    assert_eq!(strings, text);
    let back = server.post("/detokenize", json!({"model": MODEL, "tokens": tokens["tokens"]})).await.json();
    assert_eq!(back, json!({"prompt": text}));
    for wrong in [json!({}), json!({"prompt": "x"}), json!({"model": MODEL}), json!({"model": MODEL, "prompt": 1})] {
        assert_eq!(server.post("/tokenize", wrong.clone()).await.status, 400, "{wrong}");
    }
    assert_eq!(server.post("/detokenize", json!({"model": MODEL})).await.status, 400);
}

#[tokio::test]
async fn the_engine_can_be_asked_for_its_load_and_reset() {
    let server = server(deployment());
    assert_eq!(server.get("/load").await.json(), json!({"server_load": 0}));
    assert!(server.get("/version").await.json()["version"].is_string());
    assert_eq!(TestServer::new().post("/reset_prefix_cache", json!({})).await.status, 404);
}

#[tokio::test]
async fn adapters_have_batches_caches_and_names_of_their_own() {
    let mut one = deployment();
    one.settings.adapters = Some(Adapters { slots: 1, load: Duration::from_millis(500), overhead: 0.5 });
    let server = TestServer::with(|settings| {
        settings.physics = Some(Physics { model: MODEL.to_owned(), deployment: one, time_scale: 1.0 });
        settings.kv_events = Some(KvEvents { feed: FeedSettings::default(), ..KvEvents::default() });
        let modules = vec![("sql".to_owned(), "/adapters/sql".to_owned())];
        settings.adapters = Some(settings::Adapters { base_model: MODEL.to_owned(), modules });
    });
    let (_, base) = timed(&server, "/v1/chat/completions", body(20, json!({}))).await;
    let (answer, adapted) = timed(&server, "/v1/chat/completions", body(20, json!({"model": "sql"}))).await;
    // Its load, and half as much again for each step; and the base model's cache is not its own.
    assert!(adapted > base + Duration::from_millis(500) + base.mul_f64(0.3), "{base:?} {adapted:?}");
    assert_eq!(answer["usage"]["prompt_tokens_details"]["cached_tokens"], 0);
    assert_eq!(answer["model"], "sql");
    let batches = server.get("/fakeai/kv-events/0").await.json();
    let batches = batches["data"].as_array().unwrap();
    let last = &batches.last().unwrap()["events"][0];
    assert_eq!((&last["lora_name"], &last["lora_id"]), (&json!("sql"), &json!(1)));
    assert_eq!(batches[0]["events"][0]["lora_name"], Value::Null);
    let listed = server.get("/v1/models").await.json();
    let sql = listed["data"].as_array().unwrap().iter().find(|model| model["id"] == "sql").unwrap();
    assert_eq!((&sql["parent"], &sql["root"]), (&json!(MODEL), &json!("/adapters/sql")));
}

#[tokio::test]
async fn adapters_come_and_go() {
    let server = TestServer::with(|settings| {
        settings.physics = Some(Physics { model: MODEL.to_owned(), deployment: deployment(), time_scale: 1.0 });
        settings.adapters = Some(settings::Adapters { base_model: MODEL.to_owned(), modules: Vec::new() });
        settings.strict_models = true;
    });
    let adapter = json!({"lora_name": "poems", "lora_path": "/adapters/poems"});
    let asked = body(0, json!({"model": "poems"}));
    assert_eq!(server.chat(asked.clone()).await.status, 404);
    let loaded = server.post("/v1/load_lora_adapter", adapter.clone()).await;
    assert_eq!(loaded.text(), "Success: LoRA adapter 'poems' added successfully.");
    assert_eq!(server.post("/v1/load_lora_adapter", adapter.clone()).await.status, 400);
    assert_eq!(server.chat(asked.clone()).await.status, 200);
    assert_eq!(server.post("/v1/unload_lora_adapter", adapter.clone()).await.status, 200);
    assert_eq!(server.post("/v1/unload_lora_adapter", adapter.clone()).await.status, 404);
    assert_eq!(server.chat(asked).await.status, 404);
    assert_eq!(server.post("/v1/load_lora_adapter", json!({"lora_name": "x"})).await.status, 400);
    assert_eq!(TestServer::new().post("/v1/load_lora_adapter", adapter).await.status, 400);
}

#[tokio::test]
async fn one_server_reads_a_prompt_and_another_answers() {
    for path in ["/v1/chat/completions", "/v1/completions"] {
        let ask = |extra: Value| {
            let mut asked = body(2000, extra);
            if path == "/v1/completions" {
                asked["prompt"] = asked["messages"][0]["content"].clone();
            }
            asked
        };
        let (prefill, decode, alone) = (server(deployment()), server(deployment()), server(deployment()));
        let (whole, took) = timed(&alone, path, ask(json!({}))).await;
        assert!(whole.get("kv_transfer_params").is_none());
        let (read, _) = timed(&prefill, path, ask(json!({"kv_transfer_params": {"do_remote_decode": true}}))).await;
        assert_eq!(read["usage"]["completion_tokens"], 1);
        let transfer = &read["kv_transfer_params"];
        let flags = (&transfer["do_remote_prefill"], &transfer["do_remote_decode"]);
        assert_eq!(flags, (&json!(true), &json!(false)));
        let prompt_tokens = read["usage"]["prompt_tokens"].as_u64().unwrap();
        assert_eq!(transfer["remote_block_ids"].as_array().unwrap().len() as u64, prompt_tokens.div_ceil(16));
        assert_eq!(transfer["remote_request_id"], read["id"]);
        let (answer, after) = timed(&decode, path, ask(json!({"kv_transfer_params": transfer}))).await;
        assert_eq!(answer["kv_transfer_params"], Value::Null);
        assert!(answer.as_object().unwrap().contains_key("kv_transfer_params"));
        assert_eq!(answer["usage"]["completion_tokens"], 40);
        assert_eq!(answer["choices"], whole["choices"]);
        // It does not read, it transfers: 10,000 tokens of 128 KiB over 50 GB/s take 27 ms, reading them several times that.
        assert!(after < took && after.as_secs_f64() > 0.02, "{after:?} {took:?}");
    }
}

#[tokio::test]
async fn knobs_say_how_long_a_transfer_takes() {
    let exactly = |mean_ms| Jittered { mean_ms, jitter_percent: 0.0, deviation_ms: 0.0 };
    let server = TestServer::with(|settings| {
        let (ttft, itl) = (exactly(100.0), exactly(1.0));
        settings.latency = LatencyModel::Knobs(Knobs { ttft, itl, transfer: exactly(30.0), ..Knobs::default() });
    });
    let remote = json!({"kv_transfer_params": {"do_remote_prefill": true}, "max_tokens": 2});
    let (_, took) = timed(&server, "/v1/chat/completions", body(0, remote)).await;
    assert_eq!(took.as_millis(), 31);
    let (_, took) = timed(&server, "/v1/chat/completions", body(0, json!({"max_tokens": 2}))).await;
    assert_eq!(took.as_millis(), 101);
}
