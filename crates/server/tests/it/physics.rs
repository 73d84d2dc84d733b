//! The physical engine behind the API, on a clock that the test moves: what it times, finds cached and refuses.

use fakeai_core::Tick;
use fakeai_engine::cluster::{Cluster, ClusterEvent};
use fakeai_engine::scheduler::Submission;
use fakeai_engine::step::{EngineKind, Noise};
use fakeai_engine::{Architecture, Deployment, Gpu};
use fakeai_server::settings::Physics;
use futures_util::future::join_all;
use http::Method;
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::harness::{TestServer, ready, request};

pub const MODEL: &str = "meta-llama/Llama-3.1-8B-Instruct";

pub fn deployment() -> Deployment {
    of_kind(EngineKind::Vllm)
}

pub fn of_kind(kind: EngineKind) -> Deployment {
    let architecture = Architecture::find("llama-3.1-8b").unwrap().clone();
    let mut deployment = Deployment::new(kind, architecture, Gpu::find("h100").unwrap().clone()).unwrap();
    deployment.settings.noise = Noise::NONE;
    deployment
}

pub fn server(deployment: Deployment, time_scale: f64) -> TestServer {
    TestServer::with(|settings| settings.physics = Some(Physics { model: MODEL.to_owned(), deployment, time_scale }))
}

pub fn body(words: usize, extra: Value) -> Value {
    let mut body = json!({
        "model": MODEL, "seed": 3, "max_tokens": 40, "ignore_eos": true,
        "messages": [{"role": "user", "content": format!("Tell me about {}the sea.", "the tides and ".repeat(words))}],
    });
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    body
}

/// When the first and the last token of one sequence leave an idle cluster.
fn alone(mut cluster: Cluster, prompt: u32, output: u32) -> (Tick, Tick) {
    cluster.submit(&Submission::new(prompt, output), Tick::default()).unwrap();
    let mut ticks = Vec::new();
    while let Some(at) = cluster.next_event() {
        cluster.advance(at, &mut (), |event| {
            if let ClusterEvent::Tokens(tokens) = event {
                ticks.push(tokens.at);
            }
        });
    }
    (ticks[0], *ticks.last().unwrap())
}

/// Chats that all begin now, read to their end. The clock moves when nobody has anything else to do.
pub async fn at_once(server: &TestServer, bodies: impl Iterator<Item = Value>) -> Vec<String> {
    let chats = bodies.map(async |body| {
        let answer = server.open(request(Method::POST, "/v1/chat/completions", Some(body))).await;
        String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
    });
    let mut all = std::pin::pin!(join_all(chats));
    loop {
        let idle = async {
            for _ in 0..4 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            all = &mut all => return all,
            () = idle => server.jump(),
        }
    }
}

#[tokio::test]
async fn a_lone_answer_takes_as_long_as_in_the_engine_alone() {
    for time_scale in [1.0, 10.0] {
        let server = server(deployment(), time_scale);
        let answer = server.chat(body(100, json!({}))).await.json();
        let prompt = answer["usage"]["prompt_tokens"].as_u64().unwrap() as u32;
        assert_eq!(answer["usage"]["completion_tokens"], 40);
        let (_, last) = alone(deployment().cluster().unwrap(), prompt, 40);
        let took = server.clock.now().as_nanos() as f64;
        assert!((took * time_scale / last.as_nanos() as f64 - 1.0).abs() < 1e-6, "{took} {last:?}");
    }
}

#[tokio::test]
async fn streams_and_whole_answers_agree() {
    let streamed = server(deployment(), 1.0);
    let options = json!({"stream": true, "stream_options": {"include_usage": true}});
    let events = streamed.chat(body(100, options)).await.events();
    let whole = server(deployment(), 1.0);
    let answer = whole.chat(body(100, json!({}))).await.json();
    let text: String = events.iter().filter_map(|event| event["choices"][0]["delta"]["content"].as_str()).collect();
    assert_eq!(answer["choices"][0]["message"]["content"], text);
    assert_eq!(events.last().unwrap()["usage"], answer["usage"]);
    assert_eq!(streamed.clock.now(), whole.clock.now());
}

#[tokio::test]
async fn a_conversation_finds_its_past_in_the_cache() {
    let server = server(deployment(), 1.0);
    let took = async |body: Value| {
        let began = server.clock.now();
        let answer = server.chat(body).await.json();
        (answer, server.clock.now().since(began))
    };
    let (first, long) = took(body(800, json!({"max_tokens": 20}))).await;
    assert_eq!(first["usage"]["prompt_tokens_details"]["cached_tokens"], 0);
    let mut messages = body(800, json!({}))["messages"].as_array().unwrap().clone();
    messages.push(first["choices"][0]["message"].clone());
    messages.push(json!({"role": "user", "content": "And the moon?"}));
    let (second, short) = took(body(0, json!({"messages": messages, "max_tokens": 20}))).await;
    let (usage, before) = (&second["usage"], &first["usage"]);
    let cached = usage["prompt_tokens_details"]["cached_tokens"].as_u64().unwrap();
    // All whole blocks of the first prompt and its answer, but for the answer's last token, which was never read.
    let known = before["total_tokens"].as_u64().unwrap() - 1;
    assert_eq!(cached, known / 16 * 16);
    assert!(cached < usage["prompt_tokens"].as_u64().unwrap());
    assert!(short < long, "{short:?} {long:?}");
    let salted = json!({"messages": messages, "cache_salt": "mine", "max_tokens": 20});
    let (third, _) = took(body(0, salted)).await;
    assert_eq!(third["usage"]["prompt_tokens_details"]["cached_tokens"], 0);
}

#[tokio::test]
async fn many_share_steps_and_each_gets_all_its_tokens() {
    let server = server(deployment(), 1.0);
    let alone = {
        let began = server.clock.now();
        server.chat(body(0, json!({"stream": true}))).await;
        server.clock.now().since(began)
    };
    let began = server.clock.now();
    let asked = (0..32).map(|number| {
        let prompt = json!([{"role": "user", "content": format!("Story number {number}, please.")}]);
        body(0, json!({"stream": true, "messages": prompt, "stream_options": {"include_usage": true}}))
    });
    for answer in at_once(&server, asked).await {
        assert_eq!(answer.matches("\"content\"").count(), 41);
    }
    let together = server.clock.now().since(began);
    // Decoding together costs each a little, not thirty-two times as much.
    assert!(together > alone && together < alone * 4, "{alone:?} {together:?}");
}

#[tokio::test]
async fn whoever_hangs_up_leaves_the_engine() {
    let mut one = deployment();
    one.settings.max_sequences = 1;
    let server = server(one, 1.0);
    let long = body(0, json!({"stream": true, "max_tokens": 4000}));
    let mut stream = server.open(request(Method::POST, "/v1/chat/completions", Some(long))).await.into_body();
    while ready(&mut stream).is_none() {
        tokio::task::yield_now().await;
        server.jump();
    }
    drop(stream);
    let began = server.clock.now();
    server.chat(body(0, json!({"max_tokens": 5}))).await;
    // The only place in the batch was free at once; four thousand tokens take half a minute.
    assert!(server.clock.now().since(began).as_secs_f64() < 0.2);
}

#[tokio::test]
async fn what_cannot_fit_is_refused() {
    let small = server(Deployment { kv_blocks: Some(20), ..deployment() }, 1.0);
    let (status, error) = small.chat(body(400, json!({}))).await.error();
    assert_eq!((status, &error["code"]), (400, &json!("context_length_exceeded")), "{error}");
    let mut short = deployment();
    short.settings.max_sequence_tokens = 100;
    let (status, error) = server(short, 1.0).chat(body(100, json!({}))).await.error();
    assert_eq!((status, &error["code"]), (400, &json!("context_length_exceeded")), "{error}");
    let mut busy = deployment();
    busy.settings.max_waiting = Some(0);
    let (status, error) = server(busy, 1.0).chat(body(0, json!({}))).await.error();
    assert_eq!((status, &error["code"]), (503, &json!("overloaded")), "{error}");
}

#[tokio::test]
async fn a_worker_that_fails_takes_its_requests_with_it_or_hands_them_on() {
    for migrations in [0, 1] {
        let mut two = Deployment { replicas: 2, ..deployment() };
        two.cluster.migration_limit = migrations;
        let server = server(two, 1.0);
        let long = body(0, json!({"stream": true, "max_tokens": 200}));
        let mut stream = server.open(request(Method::POST, "/v1/chat/completions", Some(long))).await.into_body();
        let mut text = String::new();
        while text.matches("\"content\"").count() < 20 {
            tokio::task::yield_now().await;
            server.jump();
            text.extend(ready(&mut stream));
        }
        let workers = server.get("/fakeai/workers").await.json()["data"].clone();
        let number = usize::from(workers[1]["running"] == 1);
        assert_eq!((&workers[number]["running"], &workers[1 - number]["running"]), (&json!(1), &json!(0)));
        let failed = server.post(&format!("/fakeai/workers/{number}/fail"), json!({})).await.json();
        assert_eq!((&failed["state"], &failed["running"]), (&json!("failed"), &json!(0)));
        for _ in 0..100_000 {
            tokio::task::yield_now().await;
            server.jump();
            text.extend(ready(&mut stream));
            if text.ends_with("[DONE]\n\n") || text.contains("engine_failed") {
                break;
            }
        }
        // Tokens already sent are not sent again.
        let whole = migrations == 1;
        assert_eq!(
            (text.matches("\"content\"").count() == 201, text.contains("engine_failed")),
            (whole, !whole),
            "{text}"
        );
        let recovered = server.post(&format!("/fakeai/workers/{number}/recover"), json!({})).await.json();
        assert_eq!(recovered["state"], "up");
        assert_eq!(server.post("/fakeai/workers/2/fail", json!({})).await.status, 404);
    }
    assert_eq!(TestServer::new().get("/fakeai/workers").await.status, 404);
}

#[tokio::test]
async fn the_log_knows_when_and_where_a_prompt_was_read() {
    let server = server(deployment(), 1.0);
    at_once(&server, (0..2).map(|_| body(5, json!({"stream": true})))).await;
    server.chat(body(5, json!({}))).await;
    let log = server.get("/metrics/requests?status=success&endpoint=/v1/chat/completions").await.json();
    let entries = log["data"].as_array().unwrap();
    assert_eq!(entries.len(), 3, "{log}");
    for entry in entries {
        let admitted = entry["timeline"]["admitted_ms"].as_f64().unwrap();
        let first = entry["timeline"]["first_token_ms"].as_f64().unwrap();
        assert_eq!(entry["worker"], 0);
        assert!(0.0 < admitted && admitted < first, "{entry}");
    }
}
