//! Runs as event streams.

use http::Method;
use serde_json::{Value, json};

use crate::assistants::{assistant, id, paced, run, thread, weather};
use crate::harness::{Answer, TestServer, millis, ready, request};

/// The events of a stream: names and data.
fn events(text: &str) -> Vec<(String, Value)> {
    let event = |event: &str| {
        let (name, data) = event.strip_prefix("event: ").unwrap().split_once("\ndata: ").unwrap();
        let data = serde_json::from_str(data).unwrap_or_else(|_| json!(data));
        (name.to_owned(), data)
    };
    text.split_terminator("\n\n").map(event).collect()
}

fn names(answer: &Answer) -> Vec<String> {
    let mut names: Vec<String> = events(&answer.text()).into_iter().map(|(name, _)| name).collect();
    names.dedup();
    names
}

async fn go(server: &TestServer, thread: &str, assistant: &str) -> Answer {
    let body = json!({"assistant_id": assistant, "stream": true});
    server.post(&format!("/v1/threads/{thread}/runs"), body).await
}

#[tokio::test]
async fn a_streamed_run_is_openais_to_the_byte() {
    let server = TestServer::new();
    let assistant = assistant(&server, json!([])).await;
    let body = json!({
        "assistant_id": assistant, "stream": true,
        "thread": {"messages": [{"role": "user", "content": "What is the capital of France?"}]},
    });
    let answer = server.post("/v1/threads/runs", body).await;
    assert_eq!(answer.headers["content-type"], "text/event-stream; charset=utf-8");
    insta::assert_snapshot!(answer.text());
}

#[tokio::test]
async fn the_objects_in_events_are_the_stored_ones() {
    let server = paced();
    let (assistant, thread) = (assistant(&server, json!([])).await, thread(&server, "Tell me about the sea.").await);
    let events = events(&go(&server, &thread, &assistant).await.text());
    let last = |name: &str| events.iter().rev().find(|(known, _)| known == name).unwrap().1.clone();
    let run = last("thread.run.completed");
    let path = format!("/v1/threads/{thread}");
    assert_eq!(server.get(&format!("{path}/runs/{}", id(&run))).await.json(), run);
    let step = last("thread.run.step.completed");
    assert_eq!(server.get(&format!("{path}/runs/{}/steps/{}", id(&run), id(&step))).await.json(), step);
    let message = last("thread.message.completed");
    assert_eq!(server.get(&format!("{path}/messages/{}", id(&message))).await.json(), message);
    let deltas = events.iter().filter(|(name, _)| name == "thread.message.delta");
    let text: String = deltas.map(|(_, data)| data["delta"]["content"][0]["text"]["value"].as_str().unwrap()).collect();
    assert_eq!(message["content"][0]["text"]["value"], text);
}

#[tokio::test]
async fn calls_are_streamed_and_so_is_what_comes_of_their_outputs() {
    let server = TestServer::new();
    let assistant = assistant(&server, json!([weather()])).await;
    let thread = thread(&server, "What's the weather in Paris and Tokyo?").await;
    let first = go(&server, &thread, &assistant).await;
    let events = events(&first.text());
    let run = &events[events.len() - 2].1;
    let calls = run["required_action"]["submit_tool_outputs"]["tool_calls"].as_array().unwrap();
    let mut arguments = [String::new(), String::new()];
    for (_, data) in events.iter().filter(|(name, _)| name == "thread.run.step.delta") {
        let call = &data["delta"]["step_details"]["tool_calls"][0];
        arguments[call["index"].as_u64().unwrap() as usize] += call["function"]["arguments"].as_str().unwrap();
    }
    let expected: Vec<&str> = calls.iter().map(|call| call["function"]["arguments"].as_str().unwrap()).collect();
    assert_eq!(arguments, expected.as_slice());
    let outputs: Vec<Value> =
        calls.iter().map(|call| json!({"tool_call_id": call["id"], "output": "{\"temperature\": 14}"})).collect();
    let path = format!("/v1/threads/{thread}/runs/{}/submit_tool_outputs", id(run));
    let second = server.post(&path, json!({"tool_outputs": outputs, "stream": true})).await;
    insta::assert_snapshot!(format!("{}\n\n{}", first.text(), names(&second).join("\n")));
}

#[tokio::test]
async fn code_and_searches_are_streamed() {
    let server = TestServer::new();
    let assistant = assistant(&server, json!([{"type": "code_interpreter"}, {"type": "file_search"}])).await;
    let thread = thread(&server, "Calculate 12 * 34 with the attached file.").await;
    let answer = go(&server, &thread, &assistant).await;
    let deltas: Vec<Value> = events(&answer.text())
        .into_iter()
        .filter(|(name, _)| name == "thread.run.step.delta")
        .map(|(_, data)| data["delta"]["step_details"]["tool_calls"][0].clone())
        .collect();
    insta::assert_json_snapshot!(json!([names(&answer), deltas]));
}

#[tokio::test]
async fn events_leave_when_they_are_due() {
    let server = paced();
    let (assistant, thread) = (assistant(&server, json!([])).await, thread(&server, "Tell me about the sea.").await);
    let asked = json!({"assistant_id": assistant, "stream": true});
    let post = request(Method::POST, &format!("/v1/threads/{thread}/runs"), Some(asked));
    let mut body = server.open(post).await.into_body();
    let first = ready(&mut body).unwrap();
    let names: Vec<String> = events(&first).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["thread.run.created", "thread.run.queued", "thread.run.in_progress"]);
    assert_eq!(ready(&mut body), None);
    server.clock.advance(millis(40));
    assert!(ready(&mut body).unwrap().contains("thread.message.created"));
    // What others see is not behind what the stream has shown.
    let run = id(&events(&first)[0].1);
    let seen = server.get(&format!("/v1/threads/{thread}/runs/{run}")).await.json();
    assert_eq!(seen["status"], "in_progress");
    // A client that hangs up ends its stream, not the run.
    drop(body);
    assert_eq!(server.app.ledger.active_streams(), 0);
    let totals = server.app.ledger.totals();
    let streamed = totals.iter().find(|(key, _)| key.error == "client_closed").unwrap();
    assert_eq!((streamed.1.client_closed, streamed.1.completion_tokens), (1, 1));
    server.clock.advance(millis(60_000));
    assert_eq!(server.get(&format!("/v1/threads/{thread}/runs/{run}")).await.json()["status"], "completed");
}

#[tokio::test]
async fn a_run_that_is_cancelled_elsewhere_ends_its_stream() {
    let server = paced();
    let (assistant, thread) = (assistant(&server, json!([])).await, thread(&server, "Tell me about the sea.").await);
    let asked = json!({"assistant_id": assistant, "stream": true});
    let post = request(Method::POST, &format!("/v1/threads/{thread}/runs"), Some(asked));
    let mut body = server.open(post).await.into_body();
    let run = id(&events(&ready(&mut body).unwrap())[0].1);
    server.clock.advance(millis(50));
    let mut text = ready(&mut body).unwrap();
    let path = format!("/v1/threads/{thread}/runs/{run}");
    // Not by `post`, which would move the clock.
    server.open(request(Method::POST, &format!("{path}/cancel"), None)).await;
    assert_eq!(ready(&mut body), None);
    server.clock.advance(millis(5));
    text += &ready(&mut body).unwrap();
    assert_eq!(ready(&mut body), None);
    insta::assert_snapshot!(text);
    let cancelled = server.get(&path).await.json();
    let events = events(&text);
    assert_eq!(events[events.len() - 2], ("thread.run.cancelled".to_owned(), cancelled));
    let incomplete = &events[events.len() - 4].1;
    assert_eq!(server.get(&format!("/v1/threads/{thread}/messages/{}", id(incomplete))).await.json(), *incomplete);
}

#[tokio::test]
async fn a_run_without_anything_to_say_still_ends_its_stream() {
    let server = TestServer::new();
    let assistant = id(&server.post("/v1/assistants", json!({"model": "gpt-4"})).await.json());
    let thread = thread(&server, &"many words ".repeat(10_000)).await;
    let answer = go(&server, &thread, &assistant).await;
    assert_eq!(
        names(&answer),
        ["thread.run.created", "thread.run.queued", "thread.run.in_progress", "thread.run.failed", "done"]
    );
    let limited = json!({"assistant_id": assistant, "stream": true, "max_prompt_tokens": 300});
    let answer = server.post(&format!("/v1/threads/{thread}/runs"), limited).await;
    assert_eq!(names(&answer)[3], "thread.run.incomplete");
    let removed = run(&server, &thread, &assistant, json!({})).await;
    assert_eq!(removed["status"], "queued");
}
