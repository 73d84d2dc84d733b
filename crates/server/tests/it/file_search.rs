//! What files say, wherever they are asked: in responses, in runs, in chats.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::TestServer;
use crate::vector_stores::{file, id, store};

const REFUNDS: &str = "Our shop sells shoes. Refunds are paid within fourteen days after the goods came back. You need \
                       the receipt.";
const CATS: &str = "Cats sleep for most of the day. They hunt at night, and they like fish.";

async fn respond(server: &TestServer, store: &str, input: &str, extra: Value) -> Value {
    let mut body =
        json!({"model": "gpt-4o", "input": input, "tools": [{"type": "file_search", "vector_store_ids": [store]}]});
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    let answer = server.post("/v1/responses", body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[tokio::test]
async fn a_response_says_and_cites_what_was_found() {
    let server = TestServer::new();
    let (store, ids) = store(&server, &[("refunds.txt", REFUNDS), ("cats.txt", CATS)]).await;
    let include = json!({"include": ["file_search_call.results"]});
    let answer = respond(&server, &store, "How long until I get my money back after a return?", include).await;
    let (call, message) = (&answer["output"][0], &answer["output"][1]);
    assert_eq!((&call["type"], &call["status"]), (&json!("file_search_call"), &json!("completed")));
    let first = &call["results"][0];
    assert_eq!(
        (&first["file_id"], &first["filename"], &first["text"]),
        (&json!(ids[0]), &json!("refunds.txt"), &json!(REFUNDS))
    );
    let (text, annotation) =
        (message["content"][0]["text"].as_str().unwrap(), &message["content"][0]["annotations"][0]);
    let quote = "Refunds are paid within fourteen days after the goods came back.";
    assert!(text.contains(quote), "{text}");
    let end = text.find(quote).unwrap();
    let index = annotation["index"].as_u64().unwrap() as usize;
    assert!(text.is_char_boundary(index) && text[end..index].starts_with(quote), "{text} {annotation}");
    assert_eq!((&annotation["type"], &annotation["file_id"]), (&json!("file_citation"), &json!(ids[0])));
    assert_eq!(annotation["filename"], "refunds.txt");
    // What is read counts.
    assert!(answer["usage"]["input_tokens"].as_u64().unwrap() > 40, "{}", answer["usage"]);

    let plain = respond(&server, &store, "Hello!", json!({})).await;
    assert_eq!(plain["output"][0]["type"], "message", "nothing in the files is about it");
    let forced = respond(&server, &store, "Hello!", json!({"tool_choice": {"type": "file_search"}})).await;
    assert_eq!(
        (&forced["output"][0]["type"], &forced["output"][0]["results"]),
        (&json!("file_search_call"), &Value::Null)
    );
    let again = respond(&server, &store, "And what do cats eat?", json!({"previous_response_id": answer["id"]})).await;
    assert!(again["output"][1]["content"][0]["text"].as_str().unwrap().contains("they like fish"), "{again}");
}

#[tokio::test]
async fn the_tools_own_settings_hold() {
    let server = TestServer::new();
    let (store, ids) = store(&server, &[("refunds.txt", REFUNDS), ("cats.txt", CATS)]).await;
    server
        .post(&format!("/v1/vector_stores/{store}/files/{}", ids[0]), json!({"attributes": {"kind": "policy"}}))
        .await;
    let ask = |extra: Value| {
        let mut tool = json!({"type": "file_search", "vector_store_ids": [store]});
        tool.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json!({"model": "gpt-4o", "input": "Search my files for cats and refunds", "tools": [tool],
            "include": ["file_search_call.results"]})
    };
    for (extra, count) in [
        (json!({}), 2),
        (json!({"max_num_results": 1}), 1),
        (json!({"filters": {"type": "eq", "key": "kind", "value": "policy"}}), 1),
        (json!({"ranking_options": {"ranker": "auto", "score_threshold": 0.99}}), 0),
    ] {
        let answer = server.post("/v1/responses", ask(extra.clone())).await.json();
        assert_eq!(answer["output"][0]["results"].as_array().unwrap().len(), count, "{extra}");
    }
    for (extra, param) in [
        (json!({"max_num_results": 51}), json!("tools[0].max_num_results")),
        (json!({"vector_store_ids": []}), json!("tools[0].vector_store_ids")),
        (json!({"filters": {"type": "x"}}), json!("tools[0].filters.type")),
        (json!({"ranking_options": {"ranker": "none"}}), json!("tools[0].ranking_options.ranker")),
    ] {
        let (status, error) = server.post("/v1/responses", ask(extra)).await.error();
        assert_eq!((status, &error["param"]), (400, &param));
    }
    assert_eq!(server.post("/v1/responses", ask(json!({"vector_store_ids": ["vs_none"]}))).await.status, 404);
}

#[tokio::test]
async fn a_run_searches_what_its_assistant_and_its_thread_have() {
    let server = TestServer::new();
    let (refunds, cats) =
        (file(&server, "refunds.txt", REFUNDS.as_bytes()).await, file(&server, "cats.txt", CATS.as_bytes()).await);
    let assistant = server
        .post(
            "/v1/assistants",
            json!({"model": "gpt-4o", "tools": [{"type": "file_search"}],
        "tool_resources": {"file_search": {"vector_stores": [{"file_ids": [refunds]}]}}}),
        )
        .await
        .json();
    let store = assistant["tool_resources"]["file_search"]["vector_store_ids"][0].as_str().unwrap();
    assert_eq!(server.get(&format!("/v1/vector_stores/{store}")).await.json()["file_counts"]["total"], 1);
    let thread = server
        .post("/v1/threads", json!({"messages": [{"role": "user", "content": "How soon is my money back?"}]}))
        .await
        .json();
    let path = format!("/v1/threads/{}", id(&thread));
    let run = async || {
        let run = server.post(&format!("{path}/runs"), json!({"assistant_id": assistant["id"]})).await;
        assert_eq!(run.status, 200, "{}", run.text());
        let run = server.get(&format!("{path}/runs/{}", id(&run.json()))).await.json();
        assert_eq!(run["status"], "completed", "{run}");
        let include = "include[]=step_details.tool_calls[*].file_search.results[*].content";
        let steps = server.get(&format!("{path}/runs/{}/steps?order=asc&{include}", id(&run))).await.json();
        let messages = server.get(&format!("{path}/messages?limit=1")).await.json();
        (steps["data"].as_array().unwrap().clone(), messages["data"][0]["content"][0]["text"].clone())
    };
    let (steps, said) = run().await;
    let searched = &steps[0]["step_details"]["tool_calls"][0]["file_search"];
    let result = &searched["results"][0];
    assert_eq!((&result["file_id"], &result["file_name"]), (&json!(refunds), &json!("refunds.txt")));
    assert_eq!(result["content"], json!([{"type": "text", "text": REFUNDS}]));
    check_citation(&said, &refunds);
    let without =
        server.get(&format!("{path}/runs/{}/steps?order=asc", steps[0]["run_id"].as_str().unwrap())).await.json();
    assert!(without["data"][0]["step_details"]["tool_calls"][0]["file_search"]["results"][0].get("content").is_none());

    // A file that comes with a message makes the thread a store of its own.
    let message = json!({"role": "user", "content": "What do cats like?", "attachments": [{"file_id": cats, "tools": [{"type": "file_search"}]}]});
    assert_eq!(server.post(&format!("{path}/messages"), message.clone()).await.status, 200);
    let thread = server.get(&path).await.json();
    let own = thread["tool_resources"]["file_search"]["vector_store_ids"][0].as_str().unwrap();
    let store = server.get(&format!("/v1/vector_stores/{own}")).await.json();
    assert_eq!((&store["expires_after"]["days"], &store["file_counts"]["total"]), (&json!(7), &json!(1)));
    let (_, said) = run().await;
    assert!(said["value"].as_str().unwrap().contains("they like fish"), "{said}");
    check_citation(&said, &cats);
    assert_eq!(server.post(&format!("{path}/messages"), message).await.status, 200);
    assert_eq!(server.get(&path).await.json(), thread, "the same store");
    let missing = json!({"role": "user", "content": "x", "attachments": [{"file_id": "file-none", "tools": [{"type": "file_search"}]}]});
    assert_eq!(server.post(&format!("{path}/messages"), missing).await.status, 404);
}

fn check_citation(said: &Value, file: &str) {
    let (text, annotation) = (said["value"].as_str().unwrap(), &said["annotations"][0]);
    assert_eq!(annotation["file_citation"], json!({"file_id": file}), "{said}");
    let place = |field: &str| annotation[field].as_u64().unwrap() as usize;
    let mark: String =
        text.chars().skip(place("start_index")).take(place("end_index") - place("start_index")).collect();
    assert_eq!(annotation["text"], json!(mark));
}

#[tokio::test]
async fn a_thread_and_its_run_are_made_with_a_store_and_streamed() {
    let server = TestServer::new();
    let cats = file(&server, "cats.txt", CATS.as_bytes()).await;
    let assistant =
        server.post("/v1/assistants", json!({"model": "gpt-4o", "tools": [{"type": "file_search"}]})).await.json();
    let body = json!({"assistant_id": assistant["id"], "stream": true, "thread": {
        "messages": [{"role": "user", "content": "What do cats like to eat?"}],
        "tool_resources": {"file_search": {"vector_stores": [{"file_ids": [cats]}]}}}});
    let answer = server.post("/v1/threads/runs", body).await;
    let text = answer.text();
    let deltas: Vec<Value> = text
        .split("\n\n")
        .filter_map(|event| event.strip_prefix("event: thread.message.delta\ndata: "))
        .map(|data| serde_json::from_str(data).unwrap())
        .collect();
    let last = &deltas.last().unwrap()["delta"]["content"][0]["text"]["annotations"][0];
    assert_eq!((&last["index"], &last["file_citation"]), (&json!(0), &json!({"file_id": cats})), "{text}");
    assert!(text.contains("thread.run.completed"));
}

#[tokio::test]
async fn files_are_read_where_a_request_names_them() {
    let server = TestServer::new();
    let id = file(&server, "cats.md", CATS.as_bytes()).await;
    let words = |answer: Value| answer["usage"].clone();
    let parts = json!([{"type": "file", "file": {"file_id": id}}, {"type": "text", "text": "Summarize this."}]);
    let chat = server.chat(json!({"model": "gpt-4o", "messages": [{"role": "user", "content": parts}]})).await.json();
    assert!(words(chat)["prompt_tokens"].as_u64().unwrap() > 20);
    let parts = json!([{"type": "input_file", "file_id": id}, {"type": "input_text", "text": "Summarize this."}]);
    let body = json!({"model": "gpt-4o", "input": [{"role": "user", "content": parts}]});
    let response = server.post("/v1/responses", body.clone()).await.json();
    assert!(words(response)["input_tokens"].as_u64().unwrap() > 20);
    let missing = json!({"role": "user", "content": [{"type": "file", "file": {"file_id": "file-none"}}]});
    let (status, error) = server.chat(json!({"model": "gpt-4o", "messages": [missing]})).await.error();
    assert_eq!(
        (status, &error["code"], &error["param"]),
        (400, &json!("file_not_found"), &json!("messages[0].content[0].file.file_id"))
    );
    assert_eq!(server.post("/w/other/v1/responses", body).await.status, 400, "of another workspace");
    server.clock.advance(Duration::from_secs(1));
}

#[tokio::test]
async fn figures_tell_of_stores_and_searches() {
    let server = TestServer::new();
    let (store, _) = store(&server, &[("refunds.txt", REFUNDS), ("cats.txt", CATS)]).await;
    for query in ["cats", "refunds", "quantum chromodynamics"] {
        server.post(&format!("/v1/vector_stores/{store}/search"), json!({"query": query})).await;
    }
    let figures = server.get("/metrics/vector-stores").await.json();
    insta::assert_json_snapshot!(figures, {".totals.index_bytes" => "[bytes]"});
}
