//! Workspaces keep to themselves; the same history gives the same bytes.

use http::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, TestServer, millis, ready, request};

fn chat() -> Value {
    json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]})
}

fn bytes(answer: &Answer) -> String {
    let mut headers: Vec<String> = answer.headers.iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
    headers.sort();
    format!("{}\n{}\n{}", answer.status, headers.join("\n"), answer.text())
}

async fn script(server: &TestServer, prefix: &str) -> Vec<String> {
    let mut stream = chat();
    stream["stream"] = json!(true);
    let mut answers = vec![server.post(&format!("{prefix}/v1/chat/completions"), chat()).await];
    answers.push(server.post(&format!("{prefix}/v1/chat/completions"), chat()).await);
    answers.push(server.post(&format!("{prefix}/v1/chat/completions"), stream).await);
    answers.push(server.get(&format!("{prefix}/v1/models/gpt-4o")).await);
    answers.iter().map(bytes).collect()
}

#[tokio::test]
async fn two_servers_two_runs_two_workspaces_same_bytes() {
    let server = TestServer::new();
    let first = script(&server, "").await;
    assert_eq!(first, script(&TestServer::new(), "").await);
    assert_eq!(first, script(&server, "/w/other").await, "each workspace has a history of its own");
    server.post("/fakeai/workspace/reset", json!({})).await;
    assert_eq!(first, script(&server, "").await, "a reset begins anew");
}

#[tokio::test]
async fn the_header_names_a_workspace_as_the_path_does() {
    let server = TestServer::new();
    let by_path = server.post("/w/a/v1/chat/completions", chat()).await;
    let mut by_header = request(Method::POST, "/v1/chat/completions", Some(chat()));
    by_header.headers_mut().insert("x-fakeai-workspace", "b".parse().unwrap());
    assert_eq!(bytes(&by_path), bytes(&server.send(by_header).await));
    assert_eq!(server.get("/fakeai/workspaces").await.json()["data"], json!(["default", "a", "b"]));
    let mut bad = request(Method::GET, "/v1/models", None);
    bad.headers_mut().insert("x-fakeai-workspace", "no/slashes".parse().unwrap());
    assert_eq!(server.send(bad).await.error().1["code"], "invalid_workspace");
    assert_eq!(server.send(request(Method::DELETE, "/fakeai/workspaces/a", None)).await.status, 200);
    assert_eq!(server.send(request(Method::DELETE, "/fakeai/workspaces/default", None)).await.status, 404);
}

#[tokio::test]
async fn seeds_and_models_stay_inside() {
    let server = TestServer::new();
    server.post("/w/a/fakeai/workspace/reset", json!({"seed": 7})).await;
    let text = |answer: Answer| answer.json()["choices"][0]["message"]["content"].as_str().unwrap().to_owned();
    let a = text(server.post("/w/a/v1/chat/completions", chat()).await);
    let b = text(server.post("/w/b/v1/chat/completions", chat()).await);
    assert_ne!(a, b);
    let mut own = chat();
    own["model"] = json!("only-here");
    server.post("/w/a/v1/chat/completions", own).await;
    assert!(server.get("/w/a/v1/models").await.text().contains("only-here"));
    assert!(!server.get("/w/b/v1/models").await.text().contains("only-here"));
}

#[tokio::test]
async fn a_workspace_can_have_a_clock_of_its_own() {
    let server = TestServer::with(|settings| settings.latency = fakeai_engine::LatencyModel::Profile);
    let set = server.post("/w/slow/fakeai/clock", json!({"mode": "manual", "unix_seconds": 1_000_000_000})).await;
    assert_eq!(set.json()["now"], "2001-09-09T01:46:40Z");
    let mut stream = chat();
    stream["stream"] = json!(true);
    let response = server.open(request(Method::POST, "/w/slow/v1/chat/completions", Some(stream))).await;
    let mut body = response.into_body();
    server.clock.advance(millis(60_000));
    assert_eq!(ready(&mut body), None, "the server's time is not the workspace's");
    server.post("/w/slow/fakeai/clock", json!({"advance_ms": 60_000})).await;
    assert!(ready(&mut body).unwrap().contains("1000000000"));
    let (status, _) = server.post("/fakeai/clock", json!({"mode": "sundial"})).await.error();
    assert_eq!(status, 400);
}

#[tokio::test]
async fn requests_are_remembered() {
    let server = TestServer::new();
    server.post("/w/a/v1/chat/completions?x=1", chat()).await;
    let seen = server.get("/w/a/fakeai/requests").await.json();
    assert_eq!(seen["data"][0]["path"], "/v1/chat/completions?x=1");
    assert_eq!(serde_json::from_str::<Value>(seen["data"][0]["body"].as_str().unwrap()).unwrap(), chat());
    assert_eq!(server.get("/fakeai/requests").await.json()["data"], json!([]));
}
