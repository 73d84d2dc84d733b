//! Keys, quotas and faults, seen from outside.

use std::time::Duration;

use axum::body::Body;
use fakeai_guard::{Limits, StoredKey, Tier};
use fakeai_server::settings::{Gatekeeping, Quota};
use http::{Method, Request};
use serde_json::{Value, json};

use crate::harness::{Answer, TestServer, ready, request};

const CHAT: &str = "/v1/chat/completions";

fn with(gate: Gatekeeping) -> TestServer {
    TestServer::with(|settings| settings.gate = gate)
}

fn locked() -> TestServer {
    let keys = ["sk-plain-key-one", "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"];
    let mut keys: Vec<StoredKey> = keys.iter().map(|key| StoredKey::read(key).unwrap()).collect();
    keys.push(StoredKey::read("sk-slow").unwrap().hashed([5; 16]).unwrap());
    with(Gatekeeping { keys, requires_key: true, ..Gatekeeping::default() })
}

fn limited(limits: Limits) -> TestServer {
    with(Gatekeeping { quotas: Some(Quota { tier: Tier::One, limits }), ..Gatekeeping::default() })
}

fn broken(rules: &[&str]) -> TestServer {
    let faults = rules.iter().map(|rule| rule.parse().unwrap()).collect();
    with(Gatekeeping { faults, ..Gatekeeping::default() })
}

fn hello(more: Value) -> Value {
    let mut body = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn headed(method: Method, path: &str, body: Option<Value>, pairs: &[(&str, &str)]) -> Request<Body> {
    let mut request = request(method, path, body);
    for (name, value) in pairs {
        request.headers_mut().insert(http::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
    }
    request
}

fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer.headers.get(name).map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn without_a_key_nothing_but_health_is_answered() {
    let server = locked();
    let (status, error) = server.chat(hello(json!({}))).await.error();
    assert_eq!((status, &error["code"]), (401, &Value::Null));
    assert!(error["message"].as_str().unwrap().starts_with("You didn't provide an API key."), "{error}");
    for path in ["/v1/models", "/metrics", "/dashboard", "/fakeai/requests", "/vllm/metrics"] {
        assert_eq!(server.get(path).await.status, 401, "{path}");
    }
    for path in ["/health", "/ready"] {
        assert_eq!(server.get(path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn a_wrong_key_is_refused_in_openais_words() {
    let server = locked();
    let wrong = [("authorization", "Bearer sk-wrong-key-0123")];
    let answer = server.send(headed(Method::GET, "/v1/models", None, &wrong)).await;
    let (status, error) = answer.error();
    assert_eq!(
        (status, &error["code"], &error["type"]),
        (401, &json!("invalid_api_key"), &json!("invalid_request_error"))
    );
    let message = error["message"].as_str().unwrap();
    assert!(message.starts_with("Incorrect API key provided: sk-****0123."), "{message}");
    assert_eq!(header(&answer, "www-authenticate"), "Basic realm=\"fakeai\"");
}

#[tokio::test]
async fn good_keys_are_let_in_however_they_are_kept_and_sent() {
    let server = locked();
    for pair in [
        ("authorization", "Bearer sk-plain-key-one"),
        ("api-key", "sk-plain-key-one"),
        ("x-api-key", "abc"),
        ("authorization", "Bearer sk-slow"),
        ("authorization", "Bearer sk-slow"),
    ] {
        let answer = server.send(headed(Method::POST, CHAT, Some(hello(json!({}))), &[pair])).await;
        assert_eq!(answer.status, 200, "{pair:?}");
    }
    let mistyped = headed(Method::GET, "/v1/models", None, &[("authorization", "Bearer sk-slower")]);
    assert_eq!(server.send(mistyped).await.status, 401);
}

#[tokio::test]
async fn metrics_can_be_public() {
    let server = with(Gatekeeping { requires_key: true, has_public_metrics: true, ..Gatekeeping::default() });
    assert_eq!(server.get("/metrics").await.status, 200);
    assert_eq!(server.get("/v1/models").await.status, 401);
    // Without a list any key will do.
    let any = headed(Method::GET, "/v1/models", None, &[("authorization", "Bearer anything")]);
    assert_eq!(server.send(any).await.status, 200);
}

#[tokio::test]
async fn every_answer_tells_where_its_sender_stands() {
    let limits = Limits { requests_per_minute: Some(3), tokens_per_minute: Some(1000), ..Limits::default() };
    let server = limited(limits);
    let answer = server.chat(hello(json!({"max_tokens": 16}))).await;
    assert_eq!(header(&answer, "x-ratelimit-limit-requests"), "3");
    assert_eq!(header(&answer, "x-ratelimit-remaining-requests"), "2");
    assert_eq!(header(&answer, "x-ratelimit-reset-requests"), "20s");
    assert_eq!(header(&answer, "x-ratelimit-limit-tokens"), "1000");
    let used = answer.json()["usage"]["total_tokens"].as_u64().unwrap();
    // The estimate has been settled: what is left is the limit without what was used.
    let next = server.chat(hello(json!({"max_tokens": 16}))).await;
    let body = hello(json!({"max_tokens": 16})).to_string().len() as u64;
    let left: u64 = header(&next, "x-ratelimit-remaining-tokens").parse().unwrap();
    assert_eq!(left, 1000 - used - (body / 4 + 16));
    // Another model has buckets of its own, and what names no model too.
    let other = server.get("/v1/models").await;
    assert_eq!(header(&other, "x-ratelimit-remaining-requests"), "2");
}

#[tokio::test]
async fn who_asks_too_much_is_told_when_to_come_back() {
    let server = limited(Limits { requests_per_minute: Some(3), ..Limits::default() });
    for _ in 0..3 {
        assert_eq!(server.chat(hello(json!({}))).await.status, 200);
    }
    let refused = server.chat(hello(json!({}))).await;
    let (status, error) = refused.error();
    assert_eq!((status, &error["code"], &error["type"]), (429, &json!("rate_limit_exceeded"), &json!("requests")));
    let message = error["message"].as_str().unwrap();
    let begins = "Rate limit reached for gpt-4o in organization fakeai on requests per min (RPM): Limit 3, Used 3, \
                  Requested 1. Please try again in 20s.";
    assert!(message.starts_with(begins), "{message}");
    assert_eq!((header(&refused, "retry-after"), header(&refused, "retry-after-ms")), ("20", "20000"));
    assert_eq!(header(&refused, "x-ratelimit-remaining-requests"), "0");
    // Another key is another matter.
    let other = headed(Method::POST, CHAT, Some(hello(json!({}))), &[("authorization", "Bearer other")]);
    assert_eq!(server.send(other).await.status, 200);
    server.clock.advance(Duration::from_secs(20));
    assert_eq!(server.chat(hello(json!({}))).await.status, 200);
}

#[tokio::test]
async fn a_request_larger_than_any_minute_is_never_let_in() {
    let server = limited(Limits { tokens_per_minute: Some(100), ..Limits::default() });
    let (status, error) = server.chat(hello(json!({"max_tokens": 4000}))).await.error();
    assert_eq!((status, &error["type"]), (429, &json!("tokens")));
    assert!(error["message"].as_str().unwrap().starts_with("Request too large for gpt-4o"), "{error}");
}

#[tokio::test]
async fn faults_are_answered_by_rule_and_counted() {
    let server = broken(&["service_unavailable;first=2;endpoint=chat/completions"]);
    let statuses = [server.chat(hello(json!({}))).await, server.chat(hello(json!({}))).await];
    assert!(statuses.iter().all(|answer| answer.status == 503));
    assert_eq!(server.chat(hello(json!({}))).await.status, 200);
    let text = server.get("/metrics/prometheus").await.text();
    for line in [
        "fakeai_error_injection_enabled 1",
        "fakeai_error_injection_errors_total 2",
        "fakeai_error_injection_by_type_total{error_type=\"service_unavailable\"} 2",
        "fakeai_error_injection_by_endpoint_total{endpoint=\"chat/completions\"} 2",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[tokio::test]
async fn a_request_may_ask_for_its_own_fault() {
    let server = TestServer::new();
    for (fault, status, code) in [
        ("internal_error", 500, "internal_error"),
        ("502", 502, "bad_gateway"),
        ("rate_limit_quota", 429, "insufficient_quota"),
        ("context_length_exceeded", 400, "context_length_exceeded"),
        ("explode", 400, "invalid_fault"),
    ] {
        let answer =
            server.send(headed(Method::POST, CHAT, Some(hello(json!({}))), &[("x-fakeai-fault", fault)])).await;
        assert_eq!((answer.status.as_u16(), &answer.error().1["code"]), (status, &json!(code)), "{fault}");
    }
    let limited = headed(Method::POST, CHAT, Some(hello(json!({}))), &[("x-fakeai-fault", "rate_limit=1500ms")]);
    let answer = server.send(limited).await;
    assert_eq!((header(&answer, "retry-after"), header(&answer, "retry-after-ms")), ("2", "1500"));
}

#[tokio::test]
async fn rules_name_models() {
    let server = broken(&["gateway_timeout;model=gpt-4o-mini"]);
    assert_eq!(server.chat(hello(json!({}))).await.status, 200);
    assert_eq!(server.chat(hello(json!({"model": "gpt-4o-mini"}))).await.status, 504);
}

async fn stream_with(fault: &str) -> String {
    let server = TestServer::new();
    let body = hello(json!({"stream": true, "max_tokens": 12, "ignore_eos": true}));
    server.send(headed(Method::POST, CHAT, Some(body), &[("x-fakeai-fault", fault)])).await.text()
}

#[tokio::test]
async fn streams_break_where_the_rule_says() {
    let cut = stream_with("cut;after=4").await;
    assert_eq!(cut.matches("data: ").count(), 4, "{cut}");
    assert!(!cut.contains("[DONE]"));
    let failed = stream_with("error_event;after=2").await;
    let last = failed.trim_end().rsplit("data: ").next().unwrap();
    let error: Value = serde_json::from_str(last).unwrap();
    assert_eq!((failed.matches("data: ").count(), &error["error"]["type"]), (3, &json!("server_error")));
    let malformed = stream_with("malformed_chunk;after=2").await;
    let bad: Vec<&str> = malformed
        .split("\n\n")
        .filter_map(|event| event.strip_prefix("data: "))
        .filter(|line| *line != "[DONE]" && serde_json::from_str::<Value>(line).is_err())
        .collect();
    assert_eq!(bad.len(), 1, "{malformed}");
    assert!(malformed.ends_with("data: [DONE]\n\n"));
}

#[tokio::test]
async fn a_stream_stands_still_and_goes_on() {
    let server = TestServer::new();
    let body = hello(json!({"stream": true, "max_tokens": 12, "ignore_eos": true}));
    let asked = headed(Method::POST, CHAT, Some(body), &[("x-fakeai-fault", "stall=5s;after=3")]);
    let mut body = server.open(asked).await.into_body();
    let mut before = String::new();
    while let Some(text) = ready(&mut body) {
        before.push_str(&text);
    }
    assert_eq!(before.matches("data: ").count(), 3, "{before}");
    server.clock.advance(Duration::from_millis(4999));
    assert_eq!(ready(&mut body), None);
    server.clock.advance(Duration::from_millis(1));
    let mut rest = String::new();
    while let Some(text) = ready(&mut body) {
        rest.push_str(&text);
    }
    assert!(rest.ends_with("data: [DONE]\n\n"), "{rest}");
}

#[tokio::test]
async fn the_first_byte_may_come_late() {
    let server = TestServer::new();
    let asked = headed(Method::POST, CHAT, Some(hello(json!({}))), &[("x-fakeai-fault", "slow_first_byte=3s")]);
    let before = server.clock.now();
    assert_eq!(server.send(asked).await.status, 200);
    assert_eq!(server.clock.now().since(before), Duration::from_secs(3));
}

#[tokio::test]
async fn arguments_of_tools_may_be_broken() {
    let server = broken(&["bad_arguments"]);
    let tool = json!({"type": "function", "function": {"name": "weather", "parameters":
        {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}});
    let body = hello(json!({"tools": [tool], "tool_choice": "required"}));
    let answer = server.chat(body).await.json();
    let arguments = answer["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"].as_str().unwrap();
    assert!(!arguments.is_empty() && serde_json::from_str::<Value>(arguments).is_err(), "{arguments}");
}

#[tokio::test]
async fn rules_come_and_go_while_the_server_runs() {
    let server = TestServer::new();
    let made = server.post("/fakeai/faults", json!({"rule": "500;rate=100%"})).await.json();
    assert_eq!((&made["kind"], &made["number"]), (&json!("internal_error"), &json!(0)));
    assert_eq!(server.chat(hello(json!({}))).await.status, 500);
    let spike = server.post("/fakeai/faults/spike", json!({"multiplier": 5, "seconds": 10})).await;
    assert_eq!(spike.json()["multiplier"], 5.0);
    assert_eq!(server.get("/fakeai/faults").await.json()["data"][0]["asked"], 1);
    assert_eq!(server.send(request(Method::DELETE, "/fakeai/faults/0", None)).await.status, 200);
    assert_eq!(server.send(request(Method::DELETE, "/fakeai/faults/0", None)).await.status, 404);
    assert_eq!(server.chat(hello(json!({}))).await.status, 200);
    assert_eq!(server.post("/fakeai/faults", json!({"rule": "nonsense"})).await.status, 400);
    assert_eq!(server.get("/fakeai/bans").await.status, 404);
}
