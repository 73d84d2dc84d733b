//! Evals: made, run, cancelled, removed.

use std::sync::Arc;
use std::time::Duration;

use fakeai_server::Settings;
use fakeai_store::{Durable, Home};
use http::Method;
use serde_json::{Value, json};

use crate::harness::{TestServer, form, request};

fn id(object: &Value) -> &str {
    object["id"].as_str().unwrap_or_else(|| panic!("no id: {object}"))
}

fn config() -> Value {
    json!({"type": "custom", "include_sample_schema": true, "item_schema": {"type": "object",
        "properties": {"question": {"type": "string"}, "answer": {"type": "string"}},
        "required": ["question", "answer"]}})
}

fn check(name: &str, operation: &str) -> Value {
    json!({"type": "string_check", "name": name, "input": "{{sample.output_text}}", "reference": "{{item.answer}}",
        "operation": operation})
}

async fn eval(server: &TestServer, criteria: Value) -> Value {
    let body = json!({"name": "Capitals", "data_source_config": config(), "testing_criteria": criteria});
    let made = server.post("/v1/evals", body).await;
    assert_eq!(made.status.as_u16(), 201, "{}", made.text());
    made.json()
}

/// The run once it has ended.
async fn ended(server: &TestServer, run: &Value) -> Value {
    let path = format!("/v1/evals/{}/runs/{}", run["eval_id"].as_str().unwrap(), id(run));
    for _ in 0..10_000 {
        let run = server.get(&path).await.json();
        if !matches!(run["status"].as_str(), Some("queued" | "in_progress")) {
            return run;
        }
        tokio::task::yield_now().await;
        server.jump();
    }
    panic!("the run never ends");
}

fn rows() -> Value {
    json!({"type": "file_content", "content": [
        {"item": {"question": "Capital of France?", "answer": "Paris"}, "sample": {"output_text": "Paris"}},
        {"item": {"question": "Capital of Spain?", "answer": "Madrid"}, "sample": {"output_text": "It is Madrid."}},
        {"item": {"question": "Capital of Italy?", "answer": "Rome"}},
    ]})
}

#[tokio::test]
async fn rows_with_samples_are_graded() {
    let server = TestServer::new();
    let near = json!({"type": "text_similarity", "name": "near", "input": "{{sample.output_text}}",
        "reference": "{{item.answer}}", "evaluation_metric": "rouge_l", "pass_threshold": 0.4});
    let eval = eval(&server, json!([check("same", "eq"), near])).await;
    let path = format!("/v1/evals/{}/runs", id(&eval));
    let run = server.post(&path, json!({"data_source": {"type": "jsonl", "source": rows()}})).await;
    assert_eq!((run.status.as_u16(), &run.json()["status"]), (201, &json!("queued")));
    let run = ended(&server, &run.json()).await;
    assert_eq!(run["status"], "completed");
    assert_eq!(run["result_counts"], json!({"total": 3, "errored": 1, "failed": 1, "passed": 1}));
    let criteria = json!([
        {"testing_criteria": "same", "passed": 1, "failed": 2}, {"testing_criteria": "near", "passed": 2, "failed": 1},
    ]);
    assert_eq!(run["per_testing_criteria_results"], criteria);
    let items = server.get(&format!("{path}/{}/output_items", id(&run))).await.json();
    let statuses: Vec<&Value> = items["data"].as_array().unwrap().iter().map(|item| &item["status"]).collect();
    assert_eq!(statuses, ["pass", "fail", "error"]);
    assert_eq!(items["data"][1]["results"][1]["score"], 0.5);
    let failed = server.get(&format!("{path}/{}/output_items?status=fail", id(&run))).await.json();
    assert_eq!(failed["data"], json!([items["data"][1]]));
    let item = format!("{path}/{}/output_items/{}", id(&run), id(&items["data"][0]));
    assert_eq!(server.get(&item).await.json(), items["data"][0]);
    insta::assert_json_snapshot!("eval_run", run);
    insta::assert_json_snapshot!("eval_output_item", items["data"][1]);
}

#[tokio::test]
async fn samples_are_asked_for_like_any_answer() {
    let server = TestServer::new();
    let judge = json!([{"role": "user", "content": "Rate {{sample.output_text}} for {{item.question}}"}]);
    let score = json!({"type": "score_model", "name": "good", "model": "o3", "input": judge, "range": [0, 10],
        "pass_threshold": 0});
    let eval = eval(&server, json!([score])).await;
    let path = format!("/v1/evals/{}/runs", id(&eval));
    let template = json!({"type": "template", "template": [{"role": "user", "content": "{{item.question}}"}]});
    for kind in ["completions", "responses"] {
        let source = json!({"type": kind, "model": "gpt-4o", "input_messages": template, "source": rows(),
            "sampling_params": {"max_completion_tokens": 20}});
        let made = server.post(&path, json!({"data_source": source})).await;
        assert_eq!(made.status.as_u16(), 201, "{}", made.text());
        let run = ended(&server, &made.json()).await;
        assert_eq!((&run["status"], &run["result_counts"]["passed"]), (&json!("completed"), &json!(3)), "{run}");
        let usage = run["per_model_usage"].as_array().unwrap();
        let models: Vec<&str> = usage.iter().map(|usage| usage["model_name"].as_str().unwrap()).collect();
        assert!(models[0].starts_with("gpt-4o") && models[1] == "o3", "{models:?}");
        assert_eq!(usage[0]["invocation_count"], 3);
        let items = server.get(&format!("{path}/{}/output_items", id(&run))).await.json();
        let sample = &items["data"][0]["sample"];
        assert_eq!(sample["input"], json!([{"role": "user", "content": "Capital of France?"}]));
        assert!(!sample["output"][0]["content"].as_str().unwrap().is_empty());
        assert!(sample["usage"]["completion_tokens"].as_u64().unwrap() <= 20);
    }
    let requests = server.app.workspaces.default().journal();
    assert_eq!(requests.iter().filter(|entry| entry.path == "/v1/chat/completions").count(), 3);
}

#[tokio::test]
async fn rows_come_from_files_and_stored_completions() {
    let server = TestServer::new();
    let eval = eval(&server, json!([check("said", "ne")])).await;
    let path = format!("/v1/evals/{}/runs", id(&eval));
    let lines = "{\"item\": {\"question\": \"a\", \"answer\": \"b\"}, \"sample\": {\"output_text\": \"c\"}}\n";
    let file = form("/v1/files", &[("purpose", "evals")], &[("file", "x.jsonl", lines.as_bytes())]);
    let file = server.send(file).await.json();
    let source = |id: &str| json!({"data_source": {"type": "jsonl", "source": {"type": "file_id", "id": id}}});
    let run = server.post(&path, source(id(&file))).await.json();
    assert_eq!(ended(&server, &run).await["result_counts"]["passed"], 1);
    assert_eq!(server.post(&path, source("file-none")).await.status.as_u16(), 404);
    let file = form("/v1/files", &[("purpose", "evals")], &[("file", "x.jsonl", b"{\"item\": {\"answer\": \"b\"}}")]);
    let file = server.send(file).await.json();
    let run = server.post(&path, source(id(&file))).await.json();
    let run = ended(&server, &run).await;
    assert_eq!((&run["status"], &run["error"]["code"]), (&json!("failed"), &json!("invalid_row")));

    let stored = json!({"name": "Stored", "data_source_config": {"type": "stored_completions"},
        "testing_criteria": [{"type": "string_check", "name": "said", "input": "{{sample.output_text}}",
            "reference": "", "operation": "ne"}]});
    let eval = server.post("/v1/evals", stored).await.json();
    for user in ["Hello", "Goodbye"] {
        let body = json!({"model": "gpt-4o", "store": true, "metadata": {"of": user},
            "messages": [{"role": "user", "content": user}]});
        server.chat(body).await;
    }
    let source = json!({"type": "completions",
        "source": {"type": "stored_completions", "model": "gpt-4o", "metadata": {"of": "Hello"}}});
    let run = server.post(&format!("/v1/evals/{}/runs", id(&eval)), json!({"data_source": source})).await.json();
    let run = ended(&server, &run).await;
    assert_eq!(run["result_counts"], json!({"total": 1, "errored": 0, "failed": 0, "passed": 1}), "{run}");
}

#[tokio::test]
async fn stored_responses_are_rows() {
    let server = TestServer::new();
    let stored = json!({"name": "Stored", "data_source_config": {"type": "logs"},
        "testing_criteria": [{"type": "string_check", "name": "said", "input": "{{sample.output_text}}",
            "reference": "", "operation": "ne"}]});
    let eval = server.post("/v1/evals", stored).await.json();
    for (user, words) in [("ann", "Be brief."), ("bob", "Be kind."), ("ann", "Be kind.")] {
        let body = json!({"model": "gpt-4o", "input": "Hello", "instructions": words, "user": user,
            "metadata": {"of": user}, "tools": [{"type": "function", "name": "look", "parameters": {}}]});
        assert_eq!(server.post("/v1/responses", body).await.status.as_u16(), 200);
    }
    server.post("/v1/responses", json!({"model": "o3", "input": "Hello", "store": false})).await;
    let path = format!("/v1/evals/{}/runs", id(&eval));
    let run = |more: Value, model: Option<&str>| {
        let mut source = json!({"type": "responses"});
        source.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let mut body = json!({"data_source": {"type": "responses", "source": source}});
        if let Some(model) = model {
            body["data_source"]["model"] = model.into();
        }
        let (server, path) = (&server, path.clone());
        async move {
            let run = server.post(&path, body).await.json();
            ended(server, &run).await
        }
    };
    for (source, rows) in [
        (json!({}), 3),
        (json!({"users": ["ann"], "model": "gpt-4o", "tools": ["look"]}), 2),
        (json!({"metadata": {"of": "ann"}, "instructions_search": "kind"}), 1),
        (json!({"model": "o3"}), 0),
        (json!({"created_after": 4_000_000_000_u64}), 0),
        (json!({"temperature": 0.1}), 0),
    ] {
        let run = run(source.clone(), None).await;
        assert_eq!((&run["status"], &run["result_counts"]["passed"]), (&json!("completed"), &json!(rows)), "{source}");
    }
    // Asked again, of another model.
    let again = run(json!({"users": ["bob"]}), Some("gpt-4o-mini")).await;
    assert_eq!(again["result_counts"]["passed"], 1, "{again}");
    let items = server.get(&format!("{path}/{}/output_items", id(&again))).await.json();
    let (item, sample) = (&items["data"][0]["datasource_item"], &items["data"][0]["sample"]);
    assert_eq!(item["input"][0], json!({"role": "system", "content": "Be kind."}));
    assert_eq!((&sample["model"], &sample["input"][1]["content"]), (&json!("gpt-4o-mini"), &json!("Hello")));
}

#[tokio::test]
async fn a_run_goes_on_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let open = || -> Arc<dyn Home> { Arc::new(Durable::open(directory.path().join("data.redb")).unwrap()) };
    let slow = |settings: &mut Settings| settings.latency = Settings::default().latency;
    let home = open();
    let server = TestServer::at(Arc::clone(&home), slow);
    let eval = eval(&server, json!([check("said", "ne")])).await;
    let path = format!("/v1/evals/{}/runs", id(&eval));
    let template = json!({"type": "template", "template": [{"role": "user", "content": "{{item.question}}"}]});
    let rows: Vec<Value> =
        (0..20).map(|number| json!({"item": {"question": number.to_string(), "answer": "b"}})).collect();
    let source = json!({"type": "completions", "model": "gpt-4o", "input_messages": template,
        "source": {"type": "file_content", "content": rows}});
    let run = server.post(&path, json!({"data_source": source})).await.json();
    let one = format!("{path}/{}", id(&run));
    // Some rows are done, others are not.
    let done = loop {
        let shown = server.get(&one).await.json();
        let done = shown["per_testing_criteria_results"][0]["passed"].as_u64().unwrap_or_default();
        if done > 0 {
            break done;
        }
        server.jump();
        tokio::task::yield_now().await;
    };
    assert!(done < 20, "{done}");
    home.close();
    drop((home, server));

    let server = TestServer::at(open(), slow);
    // Whoever had the work had it for ten minutes.
    server.clock.advance(std::time::Duration::from_secs(3600));
    let run = ended(&server, &server.get(&one).await.json()).await;
    assert_eq!((&run["status"], &run["result_counts"]["total"]), (&json!("completed"), &json!(20)), "{run}");
    assert_eq!(run["result_counts"]["passed"], 20);
    let items = server.get(&format!("{one}/output_items?limit=100")).await.json();
    let mut asked: Vec<String> =
        items["data"].as_array().unwrap().iter().map(|item| item["datasource_item"]["question"].to_string()).collect();
    asked.sort();
    asked.dedup();
    assert_eq!(asked.len(), 20, "each row once");
}

#[tokio::test]
async fn a_run_is_cancelled_and_removed() {
    let slow = |settings: &mut Settings| settings.latency = Settings::default().latency;
    let server = TestServer::with(slow);
    let eval = eval(&server, json!([check("said", "ne")])).await;
    let path = format!("/v1/evals/{}/runs", id(&eval));
    let template = json!({"type": "template", "template": [{"role": "user", "content": "{{item.question}}"}]});
    let source = json!({"type": "completions", "model": "gpt-4o", "input_messages": template, "source": rows()});
    let run = server.post(&path, json!({"data_source": source})).await.json();
    let one = format!("{path}/{}", id(&run));
    let cancelled = server.post(&one, json!({})).await.json();
    assert_eq!(cancelled["status"], "canceled", "{cancelled}");
    for _ in 0..100 {
        tokio::task::yield_now().await;
        server.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(server.get(&one).await.json()["status"], "canceled", "its work has stopped");
    assert_eq!(server.post(&one, json!({})).await.status.as_u16(), 400);
    let list = server.get(&format!("{path}?status=canceled")).await.json();
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    let deleted = server.send(request(Method::DELETE, &one, None)).await.json();
    assert_eq!((&deleted["object"], &deleted["deleted"]), (&json!("eval.run.deleted"), &json!(true)));
    assert_eq!(server.get(&one).await.status.as_u16(), 404);
    let deleted = server.send(request(Method::DELETE, &format!("/v1/evals/{}", id(&eval)), None)).await.json();
    assert_eq!(deleted["eval_id"], eval["id"]);
    assert_eq!(server.get(&path).await.status.as_u16(), 404);
}

#[tokio::test]
async fn what_is_wrong_with_an_eval_or_a_run_is_named() {
    let server = TestServer::new();
    for (field, value, param) in [
        ("data_source_config", json!(null), "data_source_config"),
        ("data_source_config", json!({"type": "custom"}), "data_source_config.item_schema"),
        ("data_source_config", json!({"type": "oracle"}), "data_source_config.type"),
        ("testing_criteria", json!(null), "testing_criteria"),
        ("testing_criteria", json!([{"type": "magic", "name": "x"}]), "testing_criteria[0].type"),
        ("testing_criteria", json!([check("x", "same")]), "testing_criteria[0].operation"),
    ] {
        let mut body = json!({"data_source_config": config(), "testing_criteria": [check("x", "eq")]});
        body[field] = value;
        let (status, error) = server.post("/v1/evals", body).await.error();
        assert_eq!((status, &error["param"]), (400, &json!(param)), "{error}");
    }
    let eval = eval(&server, json!([check("said", "ne")])).await;
    let path = format!("/v1/evals/{}/runs", id(&eval));
    for (source, param) in [
        (json!(null), "data_source"),
        (json!({"type": "jsonl"}), "data_source.source"),
        (
            json!({"type": "jsonl", "source": {"type": "file_content", "content": [{}]}}),
            "data_source.source.content[0].item",
        ),
        (
            json!({"type": "jsonl", "source": {"type": "file_content", "content": [{"item": {}}]}}),
            "data_source.source.content",
        ),
        (json!({"type": "completions", "source": rows()}), "data_source.model"),
        (json!({"type": "completions", "model": "gpt-4o", "source": rows()}), "data_source.input_messages"),
        (json!({"type": "responses", "source": {"type": "stored_completions"}}), "data_source.source.type"),
    ] {
        let (status, error) = server.post(&path, json!({"data_source": source})).await.error();
        assert_eq!((status, &error["param"]), (400, &json!(param)), "{error}");
    }
    let source = json!({"data_source": {"type": "jsonl", "source": rows()}});
    assert_eq!(server.post("/v1/evals/eval_none/runs", source).await.status.as_u16(), 404);
}
