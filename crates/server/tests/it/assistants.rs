//! Assistants, threads, messages, runs and steps, and the clock that moves them.

use std::sync::Arc;

use fakeai_engine::{Jittered, Knobs, LatencyModel};
use fakeai_writer::OutputLength;
use http::Method;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::files::put;
use crate::harness::{TestServer, millis, request};

/// A server whose first token takes 40 ms and every other 5 ms.
pub fn paced() -> TestServer {
    let exactly = |mean_ms| Jittered { mean_ms, jitter_percent: 0.0, deviation_ms: 0.0 };
    TestServer::with(|settings| {
        settings.latency = LatencyModel::Knobs(Knobs { ttft: exactly(40.0), itl: exactly(5.0), ..Knobs::default() });
    })
}

pub fn weather() -> Value {
    json!({"type": "function", "function": {
        "name": "get_weather",
        "description": "Get current temperature for a given location.",
        "parameters": {
            "type": "object",
            "properties": {"location": {"type": "string"}},
            "required": ["location"],
            "additionalProperties": false
        }
    }})
}

pub fn id(object: &Value) -> String {
    object["id"].as_str().unwrap_or_else(|| panic!("no id: {object}")).to_owned()
}

/// An assistant of these tools.
pub async fn assistant(server: &TestServer, tools: Value) -> String {
    let body =
        json!({"model": "gpt-4o", "name": "Tutor", "instructions": "Be brief.", "temperature": 0, "tools": tools});
    id(&server.post("/v1/assistants", body).await.json())
}

/// A thread in which the user has said something.
pub async fn thread(server: &TestServer, text: &str) -> String {
    let body = json!({"messages": [{"role": "user", "content": text}]});
    id(&server.post("/v1/threads", body).await.json())
}

/// A run of an assistant on a thread.
pub async fn run(server: &TestServer, thread: &str, assistant: &str, extra: Value) -> Value {
    let mut body = json!({"assistant_id": assistant});
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    server.post(&format!("/v1/threads/{thread}/runs"), body).await.json()
}

pub async fn delete(server: &TestServer, path: &str) -> Value {
    server.send(request(Method::DELETE, path, None)).await.json()
}

#[tokio::test]
async fn assistants_are_made_listed_changed_and_deleted() {
    let server = TestServer::new();
    let body = json!({
        "model": "gpt-4o", "name": "Tutor", "description": "Helps.", "instructions": "Be brief.",
        "tools": [{"type": "code_interpreter"}, weather()], "metadata": {"team": "a"}, "top_p": 0.5,
        "tool_resources": {"code_interpreter": {"file_ids": ["file-1"]}},
        "response_format": {"type": "json_object"},
    });
    let made = server.post("/v1/assistants", body).await.json();
    insta::assert_json_snapshot!(made);
    let first = id(&made);
    let second = assistant(&server, json!([])).await;
    let list = server.get("/v1/assistants").await.json();
    assert_eq!((list["first_id"].as_str(), list["last_id"].as_str()), (Some(&*second), Some(&*first)));
    let page = server.get(&format!("/v1/assistants?limit=1&before={first}")).await.json();
    assert_eq!((page["data"][0]["id"].as_str(), page["has_more"].as_bool()), (Some(&*second), Some(false)));
    let path = format!("/v1/assistants/{first}");
    let changed = server.post(&path, json!({"name": null, "tools": [], "metadata": {"team": "b"}})).await.json();
    assert_eq!(
        (&changed["name"], &changed["tools"], &changed["metadata"]["team"]),
        (&json!(null), &json!([]), &json!("b"))
    );
    assert_eq!((&changed["instructions"], &changed["top_p"]), (&json!("Be brief."), &json!(0.5)));
    assert_eq!(server.get(&path).await.json(), changed);
    assert_eq!(delete(&server, &path).await, json!({"id": first, "object": "assistant.deleted", "deleted": true}));
    assert_eq!(server.get(&path).await.status, 404);
}

#[tokio::test]
async fn threads_and_messages_are_made_listed_changed_and_deleted() {
    let server = TestServer::new();
    let empty = server.send(request(Method::POST, "/v1/threads", None)).await;
    assert_eq!(empty.json()["tool_resources"], json!({}));
    let file = id(&put(&server, "assistants", "notes.txt", b"Some notes.").await.json());
    let body = json!({"metadata": {"a": "b"}, "messages": [
        {"role": "user", "content": "one", "attachments": [{"file_id": file, "tools": [{"type": "file_search"}]}]},
        {"role": "assistant", "content": [{"type": "text", "text": "two"}]},
    ]});
    let made = server.post("/v1/threads", body).await.json();
    let path = format!("/v1/threads/{}", id(&made));
    let picture = json!([
        {"type": "text", "text": "three"}, {"type": "image_file", "image_file": {"file_id": "file-2"}},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "low"}},
    ]);
    let third = server.post(&format!("{path}/messages"), json!({"role": "user", "content": picture})).await.json();
    let list = server.get(&format!("{path}/messages?order=asc")).await.json();
    insta::assert_json_snapshot!(json!([made, list]));
    assert_eq!(list["data"][2], third);
    let one = format!("{path}/messages/{}", id(&third));
    let changed = server.post(&one, json!({"metadata": {"k": "v"}})).await.json();
    assert_eq!((&changed["metadata"], &changed["content"]), (&json!({"k": "v"}), &third["content"]));
    assert_eq!(server.get(&one).await.json(), changed);
    assert_eq!(delete(&server, &one).await["object"], "thread.message.deleted");
    assert_eq!(server.get(&one).await.status, 404);
    assert_eq!(server.post(&path, json!({"metadata": {"c": "d"}})).await.json()["metadata"], json!({"c": "d"}));
    assert_eq!(delete(&server, &path).await["object"], "thread.deleted");
    assert_eq!(server.get(&format!("{path}/messages")).await.status, 404);
}

#[tokio::test]
async fn a_run_goes_through_its_states_as_the_clock_does() {
    let server = paced();
    let (assistant, thread) = (assistant(&server, json!([])).await, thread(&server, "Tell me about the sea.").await);
    let made = run(&server, &thread, &assistant, json!({"metadata": {"k": "v"}})).await;
    let path = format!("/v1/threads/{thread}/runs/{}", id(&made));
    let messages = format!("/v1/threads/{thread}/messages");
    let look = async || {
        let run = server.get(&path).await.json();
        let steps = server.get(&format!("{path}/steps")).await.json()["data"].as_array().unwrap().len();
        let messages = server.get(&messages).await.json()["data"].as_array().unwrap().len();
        (run["status"].as_str().unwrap().to_owned(), steps, messages)
    };
    assert_eq!(look().await, ("queued".to_owned(), 0, 1));
    server.clock.advance(millis(10));
    assert_eq!(look().await, ("in_progress".to_owned(), 0, 1));
    server.clock.advance(millis(30));
    assert_eq!(look().await, ("in_progress".to_owned(), 1, 2));
    let under_way = server.get(&messages).await.json()["data"][0].clone();
    assert_eq!((&under_way["status"], &under_way["content"]), (&json!("in_progress"), &json!([])));
    let step = server.get(&format!("{path}/steps")).await.json()["data"][0].clone();
    assert_eq!((&step["status"], &step["usage"]), (&json!("in_progress"), &json!(null)));
    server.clock.advance(millis(60_000));
    assert_eq!(look().await, ("completed".to_owned(), 1, 2));
    let run = server.get(&path).await.json();
    let steps = server.get(&format!("{path}/steps")).await.json();
    assert_eq!(steps["data"][0]["usage"], run["usage"]);
    let one = server.get(&format!("{path}/steps/{}", id(&steps["data"][0]))).await.json();
    assert_eq!(one, steps["data"][0]);
    let written = server.get(&format!("{messages}?run_id={}", id(&run))).await.json();
    insta::assert_json_snapshot!(json!([made, run, steps, written]));
    let again = server.post(&path, json!({"metadata": {"x": "y"}})).await.json();
    assert_eq!((&again["metadata"], &again["status"]), (&json!({"x": "y"}), &json!("completed")));
}

#[tokio::test]
async fn a_loop_of_calls_and_outputs_ends_with_a_message() {
    let server = TestServer::new();
    let assistant = assistant(&server, json!([weather()])).await;
    let thread = thread(&server, "What's the weather in Paris and Tokyo?").await;
    let made = run(&server, &thread, &assistant, json!({})).await;
    assert_eq!(made["status"], "queued");
    let path = format!("/v1/threads/{thread}/runs/{}", id(&made));
    let waiting = server.get(&path).await.json();
    let steps = server.get(&format!("{path}/steps")).await.json();
    insta::assert_json_snapshot!("a_run_that_waits_for_outputs", json!([waiting, steps]));
    let calls = waiting["required_action"]["submit_tool_outputs"]["tool_calls"].as_array().unwrap();
    let outputs: Vec<Value> = calls.iter().enumerate().map(|(index, call)| {
        json!({"tool_call_id": call["id"], "output": format!("{{\"temperature\": {}}}", 14 + index)})
    }).collect();
    let submitted = server.post(&format!("{path}/submit_tool_outputs"), json!({"tool_outputs": outputs})).await.json();
    assert_eq!((&submitted["status"], &submitted["required_action"]), (&json!("queued"), &json!(null)));
    assert_eq!(server.get(&path).await.json()["status"], "completed");
    let steps = server.get(&format!("{path}/steps?order=asc")).await.json();
    assert_eq!(steps["data"][0]["step_details"]["tool_calls"][1]["function"]["output"], "{\"temperature\": 15}");
    assert_eq!(
        (&steps["data"][0]["status"], &steps["data"][1]["type"]),
        (&json!("completed"), &json!("message_creation"))
    );
    let messages = server.get(&format!("/v1/threads/{thread}/messages")).await.json();
    let text = messages["data"][0]["content"][0]["text"]["value"].as_str().unwrap();
    assert!(text.contains("14") && text.contains("15"), "{text}");
    // The next run reads what was said.
    server.post(&format!("/v1/threads/{thread}/messages"), json!({"role": "user", "content": "Thanks!"})).await;
    let next = run(&server, &thread, &assistant, json!({})).await;
    let next = server.get(&format!("/v1/threads/{thread}/runs/{}", id(&next))).await.json();
    assert_eq!(next["status"], "completed");
    assert!(next["usage"]["prompt_tokens"].as_u64().unwrap() > 100, "{next}");
}

#[tokio::test]
async fn a_demanded_call_is_made_once() {
    let server = TestServer::new();
    let assistant = assistant(&server, json!([weather()])).await;
    for choice in [json!("required"), json!({"type": "function", "function": {"name": "get_weather"}})] {
        let thread = thread(&server, "Hello!").await;
        let made = run(&server, &thread, &assistant, json!({"tool_choice": choice})).await;
        assert_eq!(made["tool_choice"], choice);
        let path = format!("/v1/threads/{thread}/runs/{}", id(&made));
        let waiting = server.get(&path).await.json();
        let call = &waiting["required_action"]["submit_tool_outputs"]["tool_calls"][0]["id"];
        let outputs = json!({"tool_outputs": [{"tool_call_id": call, "output": "sunny"}]});
        server.post(&format!("{path}/submit_tool_outputs"), outputs).await;
        assert_eq!(server.get(&path).await.json()["status"], "completed");
    }
    let thread = thread(&server, "What's the weather in Paris?").await;
    let made = run(&server, &thread, &assistant, json!({"tool_choice": "none"})).await;
    assert_eq!(server.get(&format!("/v1/threads/{thread}/runs/{}", id(&made))).await.json()["status"], "completed");
}

#[tokio::test]
async fn a_run_that_waits_expires_after_ten_minutes() {
    let server = TestServer::new();
    let assistant = assistant(&server, json!([weather()])).await;
    let thread = thread(&server, "What's the weather in Paris?").await;
    let made = run(&server, &thread, &assistant, json!({})).await;
    let path = format!("/v1/threads/{thread}/runs/{}", id(&made));
    server.clock.advance(millis(599_999));
    let waiting = server.get(&path).await.json();
    assert_eq!(waiting["status"], "requires_action");
    server.clock.advance(millis(1));
    let expired = server.get(&path).await.json();
    assert_eq!((&expired["status"], &expired["expires_at"]), (&json!("expired"), &waiting["expires_at"]));
    let step = server.get(&format!("{path}/steps")).await.json()["data"][0].clone();
    assert_eq!((&step["status"], &step["expired_at"]), (&json!("expired"), &waiting["expires_at"]));
    assert_eq!(run(&server, &thread, &assistant, json!({})).await["status"], "queued");
}

#[tokio::test]
async fn cancelling_cuts_what_was_being_written() {
    let server = paced();
    let (assistant, thread) = (assistant(&server, json!([])).await, thread(&server, "Tell me about the sea.").await);
    let made = run(&server, &thread, &assistant, json!({})).await;
    let path = format!("/v1/threads/{thread}/runs/{}", id(&made));
    server.clock.advance(millis(52));
    let cancelling = server.send(request(Method::POST, &format!("{path}/cancel"), None)).await.json();
    assert_eq!(cancelling["status"], "cancelling");
    assert_eq!(server.get(&path).await.json()["status"], "cancelling");
    server.clock.advance(millis(3));
    let cancelled = server.get(&path).await.json();
    let steps = server.get(&format!("{path}/steps")).await.json();
    let messages = server.get(&format!("/v1/threads/{thread}/messages?limit=1")).await.json();
    insta::assert_json_snapshot!(json!([cancelled, steps, messages]));
    // Three tokens had left.
    assert_eq!(cancelled["usage"]["completion_tokens"], 3);
    // Nothing to show is left of one that had not begun.
    let early = run(&server, &thread, &assistant, json!({})).await;
    let path = format!("/v1/threads/{thread}/runs/{}", id(&early));
    server.send(request(Method::POST, &format!("{path}/cancel"), None)).await;
    server.clock.advance(millis(100));
    assert_eq!(server.get(&path).await.json()["status"], "cancelled");
    assert_eq!(server.get(&format!("{path}/steps")).await.json()["data"], json!([]));
    assert_eq!(server.get(&format!("/v1/threads/{thread}/messages")).await.json()["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn limits_of_tokens_make_runs_incomplete() {
    let server = TestServer::with(|settings| settings.writer.output_tokens = OutputLength::Fixed(2000));
    let assistant = assistant(&server, json!([])).await;
    let long = thread(&server, "Count from 1 to 500.").await;
    let made = run(&server, &long, &assistant, json!({"max_completion_tokens": 256})).await;
    let ended = server.get(&format!("/v1/threads/{long}/runs/{}", id(&made))).await.json();
    assert_eq!(
        (&ended["status"], &ended["incomplete_details"]),
        (&json!("incomplete"), &json!({"reason": "max_completion_tokens"}))
    );
    assert_eq!(ended["usage"]["completion_tokens"], 256);
    let message = server.get(&format!("/v1/threads/{long}/messages")).await.json()["data"][0].clone();
    assert_eq!(
        (&message["status"], &message["incomplete_details"]["reason"]),
        (&json!("incomplete"), &json!("max_tokens"))
    );
    let much = thread(&server, &"many words ".repeat(400)).await;
    let made = run(&server, &much, &assistant, json!({"max_prompt_tokens": 256})).await;
    let ended = server.get(&format!("/v1/threads/{much}/runs/{}", id(&made))).await.json();
    assert_eq!(
        (&ended["status"], &ended["incomplete_details"]),
        (&json!("incomplete"), &json!({"reason": "max_prompt_tokens"}))
    );
}

#[tokio::test]
async fn old_messages_go_when_the_prompt_is_too_long() {
    let server = TestServer::new();
    let assistant = assistant(&server, json!([])).await;
    let message = |text: &str| json!({"role": "user", "content": text});
    let long = "many words ".repeat(100);
    let body = json!({"messages": [message(&long), message(&long), message("What is the capital of France?")]});
    let thread = id(&server.post("/v1/threads", body).await.json());
    let prompt = async |extra: Value| {
        let made = run(&server, &thread, &assistant, extra).await;
        let ended = server.get(&format!("/v1/threads/{thread}/runs/{}", id(&made))).await.json();
        assert_eq!(ended["status"], "completed", "{ended}");
        ended["usage"]["prompt_tokens"].as_u64().unwrap()
    };
    assert!(prompt(json!({})).await > 400);
    assert!((200..256).contains(&prompt(json!({"max_prompt_tokens": 256})).await));
    let last = json!({"truncation_strategy": {"type": "last_messages", "last_messages": 1}});
    assert!(prompt(last).await < 60);
}

#[tokio::test]
async fn a_thread_that_no_model_can_read_fails_the_run() {
    let server = TestServer::new();
    let assistant = id(&server.post("/v1/assistants", json!({"model": "gpt-4"})).await.json());
    let thread = thread(&server, &"many words ".repeat(10_000)).await;
    let made = run(&server, &thread, &assistant, json!({})).await;
    let failed = server.get(&format!("/v1/threads/{thread}/runs/{}", id(&made))).await.json();
    assert_eq!((&failed["status"], &failed["last_error"]["code"]), (&json!("failed"), &json!("invalid_prompt")));
}

#[tokio::test]
async fn code_and_files_are_steps_of_their_own() {
    let server = TestServer::new();
    let tools = json!([{"type": "code_interpreter"}, {"type": "file_search"}]);
    let assistant = assistant(&server, tools).await;
    let thread = thread(&server, "Calculate 12 * 34 and look it up in the attached file.").await;
    let made = run(&server, &thread, &assistant, json!({})).await;
    let path = format!("/v1/threads/{thread}/runs/{}", id(&made));
    let steps = server
        .get(&format!("{path}/steps?order=asc&include[]=step_details.tool_calls[*].file_search.results[*].content"))
        .await
        .json();
    let run = server.get(&path).await.json();
    insta::assert_json_snapshot!(json!([run, steps]));
}

#[tokio::test]
async fn what_a_run_says_goes_before_what_its_assistant_says() {
    let server = TestServer::new();
    let assistant = assistant(&server, json!([weather()])).await;
    let thread = id(&server.post("/v1/threads", json!({})).await.json());
    let made = run(&server, &thread, &assistant, json!({
        "model": "o3-mini", "reasoning_effort": "low", "instructions": "Be long.", "temperature": 1,
        "additional_instructions": "Be kind.", "additional_messages": [{"role": "user", "content": "List three colors."}],
        "tools": [], "response_format": {"type": "json_object"}, "parallel_tool_calls": false,
    })).await;
    assert_eq!(
        (&made["model"], &made["tools"], &made["instructions"]),
        (&json!("o3-mini"), &json!([]), &json!("Be long.\nBe kind."))
    );
    let ended = server.get(&format!("/v1/threads/{thread}/runs/{}", id(&made))).await.json();
    assert_eq!(ended["status"], "completed");
    let messages = server.get(&format!("/v1/threads/{thread}/messages")).await.json();
    let text = messages["data"][0]["content"][0]["text"]["value"].as_str().unwrap();
    assert!(serde_json::from_str::<Value>(text).unwrap().is_object(), "{text}");
    assert_eq!(messages["data"][1]["content"][0]["text"]["value"], "List three colors.");
    let list = server.get(&format!("/v1/threads/{thread}/runs")).await.json();
    assert_eq!(list["data"][0], ended);
}

#[tokio::test]
async fn a_run_that_would_take_longer_than_ten_minutes_expires_under_way() {
    let exactly = |mean_ms| Jittered { mean_ms, jitter_percent: 0.0, deviation_ms: 0.0 };
    let server = TestServer::with(|settings| {
        settings.latency =
            LatencyModel::Knobs(Knobs { ttft: exactly(60_000.0), itl: exactly(60_000.0), ..Knobs::default() });
        settings.writer.output_tokens = OutputLength::Fixed(40);
    });
    let (assistant, thread) = (assistant(&server, json!([])).await, thread(&server, "Tell me about the sea.").await);
    let made = run(&server, &thread, &assistant, json!({})).await;
    let path = format!("/v1/threads/{thread}/runs/{}", id(&made));
    server.clock.advance(millis(599_999));
    assert_eq!(server.get(&path).await.json()["status"], "in_progress");
    server.clock.advance(millis(1));
    let expired = server.get(&path).await.json();
    assert_eq!((&expired["status"], &expired["usage"]["completion_tokens"]), (&json!("expired"), &json!(9)));
    let step = server.get(&format!("{path}/steps")).await.json()["data"][0].clone();
    assert_eq!((&step["status"], &step["expired_at"]), (&json!("expired"), &expired["expires_at"]));
    let message = server.get(&format!("/v1/threads/{thread}/messages")).await.json()["data"][0].clone();
    assert_eq!(message["incomplete_details"]["reason"], "run_expired");
    assert!(!message["content"][0]["text"]["value"].as_str().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_runs_asked_for_at_once_a_thread_takes_one() {
    let server = Arc::new(paced());
    let (assistant, thread) = (assistant(&server, json!([])).await, thread(&server, "hi").await);
    let asked = (0..16).map(|_| {
        let (server, assistant, thread) = (Arc::clone(&server), assistant.clone(), thread.clone());
        async move {
            let body = json!({"assistant_id": assistant});
            let post = request(Method::POST, &format!("/v1/threads/{thread}/runs"), Some(body));
            u64::from(server.open(post).await.status() == 200)
        }
    });
    let mut all = tokio::task::JoinSet::new();
    asked.for_each(|one| drop(all.spawn(one)));
    assert_eq!(all.join_all().await.into_iter().sum::<u64>(), 1);
    let runs = server.get(&format!("/v1/threads/{thread}/runs")).await.json();
    assert_eq!(runs["data"].as_array().unwrap().len(), 1);
}

/// What may follow a state, however much time goes by between two looks.
fn may_follow(before: &str, after: &str) -> bool {
    let order = ["queued", "in_progress", "requires_action", "cancelling"];
    let end = ["completed", "incomplete", "failed", "cancelled", "expired"];
    if before == after {
        return true;
    }
    match before {
        "queued" | "in_progress" => after != "queued",
        // Outputs lead back to the queue.
        "requires_action" => order.contains(&after) || end.contains(&after),
        "cancelling" => after == "cancelled",
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn states_only_go_forward(steps in prop::collection::vec((0..7_u8, 0..120_u64), 1..24), calls in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(forward(steps, calls));
    }
}

async fn forward(steps: Vec<(u8, u64)>, calls: bool) {
    let server = paced();
    let tools = if calls { json!([weather()]) } else { json!([]) };
    let assistant = assistant(&server, tools).await;
    let thread = thread(&server, "What's the weather in Paris?").await;
    let made = run(&server, &thread, &assistant, json!({})).await;
    let path = format!("/v1/threads/{thread}/runs/{}", id(&made));
    let mut before = "queued".to_owned();
    let mut asked = false;
    for (step, time) in steps {
        let mut given = false;
        match step {
            0 => asked |= server.send(request(Method::POST, &format!("{path}/cancel"), None)).await.status == 200,
            1 => {
                let run = server.get(&path).await.json();
                let calls = run["required_action"]["submit_tool_outputs"]["tool_calls"].as_array().cloned();
                let outputs = calls.unwrap_or_default();
                let outputs: Vec<Value> =
                    outputs.iter().map(|call| json!({"tool_call_id": call["id"], "output": "14"})).collect();
                let body = json!({"tool_outputs": outputs});
                given = server.post(&format!("{path}/submit_tool_outputs"), body).await.status == 200;
            }
            2 => {
                let body = json!({"role": "user", "content": "hi"});
                let answer = server.post(&format!("/v1/threads/{thread}/messages"), body).await;
                let busy = matches!(before.as_str(), "queued" | "in_progress" | "requires_action" | "cancelling");
                assert_eq!(answer.status == 400, busy, "{before}: {}", answer.text());
            }
            3 => server.clock.advance(millis(time * 10_000)),
            _ => server.clock.advance(millis(time)),
        }
        let run = server.get(&path).await.json();
        let after = run["status"].as_str().unwrap().to_owned();
        assert!(may_follow(&before, &after), "{before} → {after}");
        assert!(given || before != "requires_action" || after != "queued");
        assert!(asked || !after.starts_with("cancel"));
        let over = !["queued", "in_progress", "requires_action", "cancelling"].contains(&after.as_str());
        assert_eq!(run["usage"].is_object(), over);
        let steps = server.get(&format!("{path}/steps")).await.json();
        for step in steps["data"].as_array().unwrap() {
            assert!(!over || step["status"] != "in_progress", "{run} {step}");
        }
        let messages = server.get(&format!("/v1/threads/{thread}/messages?run_id={}", id(&run))).await.json();
        for message in messages["data"].as_array().unwrap() {
            assert!(!over || message["status"] != "in_progress", "{run} {message}");
        }
        before = after;
    }
}
