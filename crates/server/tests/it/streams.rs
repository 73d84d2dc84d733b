//! Event streams: their bytes, their pace, their end.

use std::time::Duration;

use fakeai_engine::{Jittered, Knobs, LatencyModel};
use fakeai_server::Settings;
use http::Method;
use serde_json::{Value, json};

use crate::harness::{TestServer, millis, ready, request};

fn body(extra: Value) -> Value {
    let mut body = json!({
        "model": "gpt-4o", "stream": true, "seed": 3, "max_tokens": 5,
        "messages": [{"role": "user", "content": "Tell me about the sea."}],
    });
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    body
}

fn paced(settings: &mut Settings) {
    let exactly = |mean_ms| Jittered { mean_ms, jitter_percent: 0.0, deviation_ms: 0.0 };
    settings.latency = LatencyModel::Knobs(Knobs { ttft: exactly(20.0), itl: exactly(5.0), ..Knobs::default() });
}

#[tokio::test]
async fn a_stream_is_openais_to_the_byte() {
    let server = TestServer::new();
    let answer = server.chat(body(json!({"stream_options": {"include_usage": true}}))).await;
    assert_eq!(answer.headers["content-type"], "text/event-stream; charset=utf-8");
    insta::assert_snapshot!(answer.text());
    let plain = server.chat(body(json!({}))).await;
    assert!(plain.events().iter().all(|event| event.get("usage").is_none()));
}

#[tokio::test]
async fn one_chunk_a_token_and_the_same_text_as_unstreamed() {
    let server = TestServer::new();
    let whole = server.chat(body(json!({"stream": false, "max_tokens": 300}))).await.json();
    let events =
        server.chat(body(json!({"max_tokens": 300, "stream_options": {"include_usage": true}}))).await.events();
    let pieces: Vec<&str> =
        events.iter().filter_map(|event| event["choices"][0]["delta"]["content"].as_str()).collect();
    assert_eq!(pieces.concat(), whole["choices"][0]["message"]["content"].as_str().unwrap());
    let usage = &events.last().unwrap()["usage"];
    assert_eq!(usage, &whole["usage"]);
    // The first content is the role chunk's empty one.
    assert_eq!(pieces.len() as u64 - 1, usage["completion_tokens"].as_u64().unwrap());
}

#[tokio::test]
async fn choices_are_interleaved_by_index() {
    let server = TestServer::with(|settings| settings.latency = LatencyModel::Knobs(Knobs::default()));
    let events = server.chat(body(json!({"n": 3, "max_tokens": 20}))).await.events();
    let order: Vec<u64> = events.iter().map(|event| event["choices"][0]["index"].as_u64().unwrap()).collect();
    let switches = order.windows(2).filter(|pair| pair[0] != pair[1]).count();
    assert!(switches > 20, "{order:?}");
    for index in 0..3 {
        let finishes = events
            .iter()
            .filter(|event| event["choices"][0]["index"] == index && event["choices"][0]["finish_reason"] == "length");
        assert_eq!(finishes.count(), 1);
    }
}

#[tokio::test]
async fn tokens_leave_when_they_are_due_and_not_before() {
    let server = TestServer::with(paced);
    let response = server.open(request(Method::POST, "/v1/chat/completions", Some(body(json!({}))))).await;
    let mut body = response.into_body();
    assert_eq!(ready(&mut body), None);
    server.clock.advance(millis(19));
    assert_eq!(ready(&mut body), None);
    server.clock.advance(millis(1));
    let first = ready(&mut body).unwrap();
    assert_eq!(first.matches("data: ").count(), 2, "role and first token: {first}");
    assert_eq!(ready(&mut body), None);
    // A reader that is late gets what is due at once, and the pace does not drift.
    server.clock.advance(millis(10));
    assert_eq!(ready(&mut body).unwrap().matches("data: ").count(), 2);
    server.clock.advance(millis(10));
    assert!(ready(&mut body).unwrap().ends_with("data: [DONE]\n\n"));
    let pacing = server.app.ledger.pacing().summary();
    assert_eq!((pacing.tokens, pacing.max_us.div_ceil(1000)), (5, 6));
}

#[tokio::test]
async fn a_client_that_hangs_up_stops_the_generation() {
    let server = TestServer::with(paced);
    let response = server.open(request(Method::POST, "/v1/chat/completions", Some(body(json!({}))))).await;
    let mut body = response.into_body();
    server.clock.advance(millis(26));
    ready(&mut body).unwrap();
    assert_eq!(server.app.ledger.active_streams(), 1);
    drop(body);
    assert_eq!(server.app.ledger.active_streams(), 0);
    let totals = server.app.ledger.totals();
    assert_eq!((totals.len(), totals[0].0.error), (1, "client_closed"));
    assert_eq!((totals[0].1.client_closed, totals[0].1.completion_tokens), (1, 2));
}

#[tokio::test]
async fn silence_is_broken_by_comments_and_given_up_on() {
    let server = TestServer::with(|settings| {
        let exactly = |mean_ms| Jittered { mean_ms, jitter_percent: 0.0, deviation_ms: 0.0 };
        settings.latency =
            LatencyModel::Knobs(Knobs { ttft: exactly(20.0), itl: exactly(60_000.0), ..Knobs::default() });
    });
    let answer = server.send(request(Method::POST, "/v1/chat/completions", Some(body(json!({}))))).await;
    let text = answer.text();
    assert_eq!(text.matches(": keep-alive\n\n").count(), 1, "{text}");
    assert!(text.contains(r#""code":"stream_token_timeout""#), "{text}");
    assert!(!text.contains("[DONE]"));
    assert_eq!(server.app.ledger.totals()[0].0.error, "stream_token_timeout");
}

#[tokio::test]
async fn a_long_stream_is_cut_and_closing_ends_all() {
    let server = TestServer::with(|settings| {
        paced(settings);
        settings.streams.timeout = Duration::from_millis(100);
    });
    let text = server.chat(body(json!({"max_tokens": 100, "ignore_eos": true}))).await.text();
    assert!(text.contains(r#""code":"stream_timeout""#), "{text}");
    let response = server.open(request(Method::POST, "/v1/chat/completions", Some(body(json!({}))))).await;
    let mut body = response.into_body();
    assert_eq!(ready(&mut body), None);
    server.app.close_streams();
    assert!(ready(&mut body).unwrap().contains(r#""code":"server_shutdown""#));
    assert_eq!(ready(&mut body), None);
}
