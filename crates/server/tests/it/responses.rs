//! `POST /v1/responses` and what is stored of it.

use serde_json::{Value, json};

use crate::harness::{Answer, TestServer};

/// The events of a stream: each has an `event:` line that says its type, and numbers have no gaps.
pub fn events(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let text = answer.text();
    let events = text.split("\n\n").filter(|event| !event.is_empty()).map(|event| {
        let (kind, data) = event.split_once('\n').unwrap();
        let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!(kind.strip_prefix("event: ").unwrap(), data["type"]);
        data
    });
    let events: Vec<Value> = events.collect();
    let first = events[0]["sequence_number"].as_u64().unwrap();
    for (number, event) in (first..).zip(&events) {
        assert_eq!(event["sequence_number"], number, "{event}");
    }
    events
}

pub fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

pub fn ask(input: impl Into<Value>, extra: Value) -> Value {
    let mut body = json!({"model": "gpt-4o", "input": input.into()});
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    body
}

pub async fn respond(server: &TestServer, input: impl Into<Value>, extra: Value) -> Value {
    let answer = server.post("/v1/responses", ask(input, extra)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

pub fn output_text(response: &Value) -> String {
    let messages = response["output"].as_array().unwrap().iter().filter(|item| item["type"] == "message");
    messages.map(|item| item["content"][0]["text"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_answer_is_openais_to_the_field() {
    let server = TestServer::new();
    let answer = respond(&server, "Say hello.", json!({"max_output_tokens": 16})).await;
    insta::assert_snapshot!(serde_json::to_string_pretty(&answer).unwrap());
}

#[tokio::test]
async fn a_stream_is_openais_to_the_byte() {
    let server = TestServer::new();
    let answer = server.post("/v1/responses", ask("Say hello.", json!({"stream": true, "max_output_tokens": 16}))).await;
    assert_eq!(answer.headers["content-type"], "text/event-stream; charset=utf-8");
    events(&answer);
    insta::assert_snapshot!(answer.text());
}
