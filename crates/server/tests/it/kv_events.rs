//! What routers are told of the physical engine's caches: with the tokens of the prompts that were sent.

use std::collections::BTreeMap;

use fakeai_engine::Deployment;
use fakeai_server::settings::{FeedSettings, KvEvents, Physics};
use serde_json::{Value, json};

use crate::harness::{TestServer, ready, request};
use crate::physics::{MODEL, body, deployment};

fn server(deployment: Deployment) -> TestServer {
    TestServer::with(|settings| {
        settings.physics = Some(Physics { model: MODEL.to_owned(), deployment, time_scale: 1.0 });
        settings.kv_events = Some(KvEvents { feed: FeedSettings::default(), ..KvEvents::default() });
    })
}

/// The events of a worker so far.
async fn events(server: &TestServer, worker: usize) -> Vec<Value> {
    let page = server.get(&format!("/fakeai/kv-events/{worker}")).await.json();
    let batches = page["data"].as_array().unwrap();
    assert!(batches.iter().zip(0..).all(|(batch, number)| batch["sequence"] == number));
    batches.iter().flat_map(|batch| batch["events"].as_array().unwrap().clone()).collect()
}

fn numbers(list: &Value) -> Vec<u64> {
    list.as_array().unwrap().iter().map(|number| number.as_u64().unwrap()).collect()
}

/// What a router knows who was told these events: each block's parent and tokens, by its hash.
#[derive(Default)]
struct Index(BTreeMap<u64, (Option<u64>, Vec<u64>)>);

impl Index {
    fn of(events: &[Value]) -> Self {
        let mut index = Self::default();
        for event in events {
            index.apply(event);
        }
        index
    }

    fn apply(&mut self, event: &Value) {
        match event["type"].as_str().unwrap() {
            "BlockStored" => {
                let tokens = numbers(&event["token_ids"]);
                let size = event["block_size"].as_u64().unwrap() as usize;
                let hashes = numbers(&event["block_hashes"]);
                assert_eq!(tokens.len(), hashes.len() * size);
                let mut parent = event["parent_block_hash"].as_u64();
                assert!(parent.is_none_or(|parent| self.0.contains_key(&parent)), "nothing hangs in the air");
                for (hash, tokens) in hashes.into_iter().zip(tokens.chunks(size)) {
                    assert!(self.0.insert(hash, (parent, tokens.to_vec())).is_none(), "stored twice");
                    parent = Some(hash);
                }
            }
            "BlockRemoved" => {
                for hash in numbers(&event["block_hashes"]) {
                    assert!(self.0.remove(&hash).is_some(), "removed but not stored");
                }
            }
            "AllBlocksCleared" => self.0.clear(),
            other => panic!("{other}"),
        }
    }

    /// Tokens of `prompt` that are cached, as an engine will find them: whole blocks, and not all of the prompt.
    fn cached(&self, prompt: &[u64]) -> usize {
        let (mut parent, mut found) = (None, 0);
        for block in prompt.chunks_exact(16) {
            let next = self.0.iter().find(|(_, (before, tokens))| *before == parent && tokens == block);
            let Some((hash, _)) = next else { break };
            (parent, found) = (Some(*hash), found + 16);
        }
        found.min((prompt.len() - 1) / 16 * 16)
    }
}

async fn tokens(server: &TestServer, body: &Value) -> Vec<u64> {
    let answer = server.post("/tokenize", body.clone()).await.json();
    let tokens = numbers(&answer["tokens"]);
    assert_eq!(answer["count"], tokens.len());
    tokens
}

#[tokio::test]
async fn stored_blocks_have_the_prompts_tokens() {
    let server = server(deployment());
    let asked = body(50, json!({}));
    let prompt = tokens(&server, &asked).await;
    let answer = server.chat(asked).await.json();
    assert_eq!(answer["usage"]["prompt_tokens"], prompt.len());
    let events = events(&server, 0).await;
    let told: Vec<u64> = events.iter().flat_map(|event| numbers(&event["token_ids"])).collect();
    let whole = prompt.len() / 16 * 16;
    assert_eq!(told[..whole], prompt[..whole]);
    // And those of the answer, but for its last token, which was never read.
    assert_eq!(told.len(), (prompt.len() + 39) / 16 * 16);
    assert_eq!(events[0]["parent_block_hash"], Value::Null);
}

#[tokio::test]
async fn an_index_of_events_predicts_what_is_cached() {
    let server = server(Deployment { kv_blocks: Some(120), ..deployment() });
    let mut predicted_some = 0;
    for number in 0..40_usize {
        let prompt = "the tides and the moon and ".repeat(number % 7 * 8 + 3);
        let messages = json!([{"role": "user", "content": format!("{}: {prompt}", number % 5)}]);
        let asked = body(0, json!({"messages": messages, "max_tokens": 30}));
        let predicted = Index::of(&events(&server, 0).await).cached(&tokens(&server, &asked).await);
        let answer = server.chat(asked).await.json();
        assert_eq!(answer["usage"]["prompt_tokens_details"]["cached_tokens"], predicted, "{number}");
        predicted_some += usize::from(predicted > 0);
    }
    let removed = events(&server, 0).await.iter().filter(|event| event["type"] == "BlockRemoved").count();
    assert!(predicted_some > 5 && removed > 50, "{predicted_some} {removed}");
}

#[tokio::test]
async fn whoever_hangs_up_leaves_no_block_without_tokens() {
    let server = server(deployment());
    for words in [10, 200, 400] {
        let long = body(words, json!({"stream": true, "max_tokens": 4000}));
        let mut stream = server.open(request(http::Method::POST, "/v1/chat/completions", Some(long))).await.into_body();
        while ready(&mut stream).is_none_or(|text| !text.contains("\"content\":\"")) {
            tokio::task::yield_now().await;
            server.jump();
        }
        drop(stream);
    }
    server.chat(body(3, json!({}))).await;
    let index = Index::of(&events(&server, 0).await);
    let prompt = tokens(&server, &body(400, json!({}))).await;
    assert_eq!(index.cached(&prompt), (prompt.len() - 1) / 16 * 16);
}

#[tokio::test]
async fn a_worker_that_fails_has_nothing_cached() {
    let server = server(Deployment { replicas: 2, ..deployment() });
    server.chat(body(50, json!({}))).await;
    let worker = usize::from(events(&server, 0).await.is_empty());
    assert!(!Index::of(&events(&server, worker).await).0.is_empty());
    server.post(&format!("/fakeai/workers/{worker}/fail"), json!({})).await;
    assert!(Index::of(&events(&server, worker).await).0.is_empty());
}

#[tokio::test]
async fn a_reset_clears_idle_caches() {
    let server = server(deployment());
    server.chat(body(50, json!({}))).await;
    assert_eq!(server.post("/reset_prefix_cache", json!({})).await.status, 200);
    assert_eq!(events(&server, 0).await.last().unwrap()["type"], "AllBlocksCleared");
    let again = server.chat(body(50, json!({"seed": 4}))).await.json();
    assert_eq!(again["usage"]["prompt_tokens_details"]["cached_tokens"], 0);
}

#[tokio::test]
async fn dynamo_reads_the_same_events() {
    let server = server(deployment());
    server.chat(body(50, json!({}))).await;
    let page = server.get("/dynamo/kv-events?limit=1").await.json();
    let vllm = &server.get("/fakeai/kv-events/0?limit=1").await.json()["data"][0]["events"][0];
    let event = &page["data"][0]["event"];
    let blocks = event["data"]["stored"]["blocks"].as_array().unwrap();
    let hashes: Vec<u64> = blocks.iter().map(|block| block["block_hash"].as_u64().unwrap()).collect();
    assert_eq!((hashes, event["event_id"].clone()), (numbers(&vllm["block_hashes"]), json!(0)));
    assert_eq!(page["next"], 1);
    let mut follow = request(http::Method::GET, "/dynamo/kv-events?from=0", None);
    follow.headers_mut().insert("accept", "text/event-stream".parse().unwrap());
    let mut stream = server.open(follow).await.into_body();
    let first = ready(&mut stream).unwrap();
    let lines: Vec<Value> = first
        .split("\n\n")
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0], page["data"][0]);
    assert!(ready(&mut stream).is_none());
    server.chat(body(0, json!({"messages": [{"role": "user", "content": "Other ".repeat(40)}]}))).await;
    assert!(ready(&mut stream).unwrap().contains("\"stored\""));
}

#[tokio::test]
async fn without_events_there_is_nothing_to_read() {
    let server = TestServer::new();
    for path in ["/fakeai/kv-events", "/fakeai/kv-events/0", "/dynamo/kv-events"] {
        assert_eq!(server.get(path).await.status, 404, "{path}");
    }
    let server = self::server(deployment());
    assert_eq!(server.get("/fakeai/kv-events/1").await.status, 404);
    assert_eq!(server.get("/fakeai/kv-events/0?from=x").await.status, 400);
}
