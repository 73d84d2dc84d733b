//! What is wrong with requests to assistants, threads and runs, in OpenAI's words; and that nothing of it stays.

use http::Method;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::assistants::{assistant, id, paced, run, thread, weather};
use crate::harness::{TestServer, millis, request};

#[tokio::test]
async fn what_is_not_there_is_said_so() {
    let server = TestServer::new();
    let (assistant, thread) = (assistant(&server, json!([])).await, thread(&server, "hi").await);
    let run = id(&run(&server, &thread, &assistant, json!({})).await);
    let mut answers = Vec::new();
    for (method, path) in [
        (Method::GET, "/v1/assistants/asst_none".to_owned()),
        (Method::DELETE, "/v1/assistants/asst_none".to_owned()),
        (Method::GET, "/v1/assistants?after=asst_none".to_owned()),
        (Method::GET, "/v1/threads/thread_none".to_owned()),
        (Method::DELETE, "/v1/threads/thread_none".to_owned()),
        (Method::GET, "/v1/threads/thread_none/messages".to_owned()),
        (Method::GET, format!("/v1/threads/{thread}/messages/msg_none")),
        (Method::DELETE, format!("/v1/threads/{thread}/messages/msg_none")),
        (Method::GET, format!("/v1/threads/{thread}/runs/run_none")),
        (Method::POST, format!("/v1/threads/{thread}/runs/run_none/cancel")),
        (Method::GET, format!("/v1/threads/{thread}/runs/run_none/steps")),
        (Method::GET, format!("/v1/threads/{thread}/runs/{run}/steps/step_none")),
    ] {
        let (status, error) = server.send(request(method, &path, None)).await.error();
        assert_eq!(status, 404, "{path}");
        answers.push(error["message"].clone());
    }
    let body = json!({"assistant_id": "asst_none"});
    for path in [format!("/v1/threads/{thread}/runs"), "/v1/threads/runs".to_owned()] {
        let (status, error) = server.post(&path, body.clone()).await.error();
        assert_eq!((status, error["message"].as_str()), (404, Some("No assistant found with id 'asst_none'.")));
    }
    insta::assert_json_snapshot!(answers);
}

#[tokio::test]
async fn wrong_requests_are_refused_in_openais_words() {
    let server = TestServer::new();
    let (assistant, thread) = (assistant(&server, json!([])).await, thread(&server, "hi").await);
    let many = |count: usize| Value::from(vec![json!({"type": "code_interpreter"}); count]);
    let runs = format!("/v1/threads/{thread}/runs");
    let messages = format!("/v1/threads/{thread}/messages");
    let of_run = |extra: Value| {
        let mut body = json!({"assistant_id": assistant});
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        (runs.as_str(), body)
    };
    let mut errors = Vec::new();
    for (path, body) in [
        ("/v1/assistants", json!({})),
        ("/v1/assistants", json!({"model": "gpt-4o", "name": "x".repeat(257)})),
        ("/v1/assistants", json!({"model": "gpt-4o", "instructions": "x".repeat(256_001)})),
        ("/v1/assistants", json!({"model": "gpt-4o", "tools": many(129)})),
        ("/v1/assistants", json!({"model": "gpt-4o", "tools": [{"type": "retrieval"}]})),
        ("/v1/assistants", json!({"model": "gpt-4o", "tools": [{"type": "function", "function": {}}]})),
        ("/v1/assistants", json!({"model": "gpt-4o", "temperature": 3})),
        ("/v1/assistants", json!({"model": "gpt-4o", "response_format": "json"})),
        ("/v1/assistants", json!({"model": "gpt-4o", "reasoning_effort": "low"})),
        (
            "/v1/assistants",
            json!({"model": "gpt-4o", "tool_resources": {"file_search": {"vector_store_ids": ["a", "b"]}}}),
        ),
        ("/v1/assistants", json!({"model": "gpt-4o", "tool_resources": {"file_search": {"vector_stores": [{}, {}]}}})),
        ("/v1/threads", json!({"messages": [{"role": "system", "content": "hi"}]})),
        ("/v1/threads", json!({"messages": [{"role": "user"}]})),
        ("/v1/threads", json!({"metadata": {"a": 1}})),
        (&messages, json!({"content": "hi"})),
        (&messages, json!({"role": "tool", "content": "hi"})),
        (&messages, json!({"role": "user", "content": ""})),
        (&messages, json!({"role": "user", "content": []})),
        (&messages, json!({"role": "user", "content": [{"type": "audio"}]})),
        (&messages, json!({"role": "user", "content": [{"type": "image_url", "image_url": {"url": "ftp://x"}}]})),
        (&messages, json!({"role": "user", "content": "hi", "attachments": [{"tools": []}]})),
        (&runs, json!({})),
        of_run(json!({"tools": many(21)})),
        of_run(json!({"max_prompt_tokens": 100})),
        of_run(json!({"max_completion_tokens": 255})),
        of_run(json!({"truncation_strategy": {"type": "last_messages"}})),
        of_run(json!({"truncation_strategy": {"type": "middle"}})),
        of_run(json!({"tool_choice": "always"})),
        of_run(json!({"tool_choice": {"type": "function", "function": {"name": "none"}}})),
        of_run(json!({"tool_choice": {"type": "code_interpreter"}})),
        of_run(
            json!({"additional_messages": [{"role": "user", "content": "kept?"}, {"role": "system", "content": "x"}]}),
        ),
        of_run(json!({"response_format": {"type": "xml"}})),
        of_run(json!({"model": "o3-mini", "temperature": 0.5})),
        (
            "/v1/threads/runs",
            json!({"assistant_id": assistant, "thread": {"messages": [{"role": "user", "content": ""}]}}),
        ),
    ] {
        let (status, error) = server.post(path, body.clone()).await.error();
        assert_eq!(status, 400, "{body}");
        errors.push(json!([error["message"], error["param"], error["code"]]));
    }
    insta::assert_json_snapshot!(errors);
    // Nothing of it stays.
    assert_eq!(server.get("/v1/assistants").await.json()["data"].as_array().unwrap().len(), 1);
    assert_eq!(server.get(&messages).await.json()["data"].as_array().unwrap().len(), 1);
    assert_eq!(server.get(&runs).await.json()["data"], json!([]));
    let included = server.get(&format!("{runs}/run_x/steps?include[]=all")).await;
    assert_eq!(included.status, 404);
}

#[tokio::test]
async fn a_busy_thread_takes_no_messages_and_no_runs() {
    let server = paced();
    let (assistant, thread) = (assistant(&server, json!([])).await, thread(&server, "hi").await);
    let first = id(&run(&server, &thread, &assistant, json!({})).await);
    let path = format!("/v1/threads/{thread}");
    let (status, error) =
        server.post(&format!("{path}/messages"), json!({"role": "user", "content": "hi"})).await.error();
    let expected = format!("Can't add messages to {thread} while a run {first} is active.");
    assert_eq!((status, error["message"].as_str()), (400, Some(&*expected)));
    let (status, error) = server.post(&format!("{path}/runs"), json!({"assistant_id": assistant})).await.error();
    let expected = format!("Thread {thread} already has an active run {first}.");
    assert_eq!((status, error["message"].as_str()), (400, Some(&*expected)));
    server.clock.advance(millis(600_000));
    assert_eq!(server.post(&format!("{path}/messages"), json!({"role": "user", "content": "hi"})).await.status, 200);
}

#[tokio::test]
async fn a_finished_run_is_not_cancelled_and_takes_no_outputs() {
    let server = TestServer::new();
    let (assistant, thread) = (assistant(&server, json!([])).await, thread(&server, "hi").await);
    let path = format!("/v1/threads/{thread}/runs/{}", id(&run(&server, &thread, &assistant, json!({})).await));
    let (status, error) = server.send(request(Method::POST, &format!("{path}/cancel"), None)).await.error();
    assert_eq!((status, error["message"].as_str()), (400, Some("Cannot cancel run with status 'completed'.")));
    let (status, error) =
        server.post(&format!("{path}/submit_tool_outputs"), json!({"tool_outputs": []})).await.error();
    let expected = "Runs in status \"completed\" do not accept tool outputs.";
    assert_eq!((status, error["message"].as_str()), (400, Some(expected)));
}

#[tokio::test]
async fn outputs_are_all_or_nothing() {
    let server = TestServer::new();
    let assistant = assistant(&server, json!([weather()])).await;
    let thread = thread(&server, "What's the weather in Paris and Tokyo?").await;
    let path = format!("/v1/threads/{thread}/runs/{}", id(&run(&server, &thread, &assistant, json!({})).await));
    let waiting = server.get(&path).await.json();
    let calls = waiting["required_action"]["submit_tool_outputs"]["tool_calls"].clone();
    let (first, second) = (id(&calls[0]), id(&calls[1]));
    let output = |id: &str| json!({"tool_call_id": id, "output": "14"});
    let submit = format!("{path}/submit_tool_outputs");
    for given in [
        vec![&*first],
        vec![],
        vec![&*first, "call_none"],
        vec![&*first, &*second, "call_none"],
        vec![&*first, &*first],
    ] {
        let outputs: Vec<Value> = given.iter().map(|id| output(id)).collect();
        let (status, error) = server.post(&submit, json!({"tool_outputs": outputs})).await.error();
        let got: Vec<String> = given.iter().map(|id| format!("'{id}'")).collect();
        let expected = format!("Expected tool outputs for call_ids ['{first}', '{second}'], got [{}]", got.join(", "));
        assert_eq!((status, error["message"].as_str()), (400, Some(&*expected)));
        assert_eq!(server.get(&path).await.json(), waiting);
    }
    assert_eq!(server.post(&submit, json!({})).await.error().1["code"], "missing_required_parameter");
    let cancelling = server.send(request(Method::POST, &format!("{path}/cancel"), None)).await.json();
    assert_eq!(cancelling["status"], "cancelling");
    assert_eq!(server.get(&path).await.json()["status"], "cancelled");
    let step = server.get(&format!("{path}/steps")).await.json()["data"][0].clone();
    assert_eq!(step["status"], "cancelled");
}

/// Any JSON, of no great depth.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop_oneof![Just("auto"), Just("user"), Just("function"), Just("text"), Just(""), Just("é\u{0}")]
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        let name = prop_oneof![Just("type"), Just("function"), Just("name"), Just("content"), Just("role"), Just("x")];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name.prop_map(str::to_owned), inner), 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Every field there is.
const FIELDS: [&str; 24] = [
    "model",
    "name",
    "description",
    "instructions",
    "tools",
    "tool_resources",
    "metadata",
    "temperature",
    "top_p",
    "response_format",
    "reasoning_effort",
    "messages",
    "role",
    "content",
    "attachments",
    "thread",
    "additional_messages",
    "max_prompt_tokens",
    "truncation_strategy",
    "tool_choice",
    "parallel_tool_calls",
    "stream",
    "tool_outputs",
    "additional_instructions",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn no_garbage_is_the_servers_fault(fields in prop::collection::vec((0..FIELDS.len(), anything()), 1..4)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let server = TestServer::new();
            let (assistant, thread) = (assistant(&server, json!([weather()])).await, thread(&server, "hi").await);
            let run = id(&run(&server, &thread, &assistant, json!({"tool_choice": "required"})).await);
            let mut body = json!({"assistant_id": assistant, "model": "gpt-4o", "role": "user", "content": "hi"});
            for (field, value) in fields {
                body[FIELDS[field]] = value;
            }
            for path in [
                "/v1/assistants".to_owned(),
                format!("/v1/assistants/{assistant}"),
                "/v1/threads".to_owned(),
                "/v1/threads/runs".to_owned(),
                format!("/v1/threads/{thread}"),
                format!("/v1/threads/{thread}/messages"),
                format!("/v1/threads/{thread}/runs"),
                format!("/v1/threads/{thread}/runs/{run}"),
                format!("/v1/threads/{thread}/runs/{run}/submit_tool_outputs"),
            ] {
                let answer = server.post(&path, body.clone()).await;
                assert!(matches!(answer.status.as_u16(), 200 | 400 | 404), "{path} {body}: {}", answer.text());
            }
        });
    }
}
