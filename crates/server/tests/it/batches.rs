//! Batches: made, worked on by the clock, cancelled, expired, refused.

use std::time::Duration;

use fakeai_guard::{Limits, Tier};
use fakeai_server::Settings;
use fakeai_server::settings::{Gatekeeping, Quota};
use http::Request;
use serde_json::{Value, json};

use crate::files::put;
use crate::harness::{Answer, TestServer};

const CHAT: &str = "/v1/chat/completions";

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A server whose batches take 100 seconds.
fn slow() -> TestServer {
    TestServer::with(|settings| settings.jobs.batch = seconds(100))
}

fn line(name: &str, url: &str, body: &Value) -> String {
    json!({"custom_id": name, "method": "POST", "url": url, "body": body}).to_string()
}

fn chat_lines(count: usize) -> String {
    let body = |number: usize| json!({"model": "gpt-4o-mini", "max_tokens": 5, "messages": [{"role": "user", "content": format!("Say {number}")}]});
    (0..count).map(|number| line(&format!("line-{number}"), CHAT, &body(number)) + "\n").collect()
}

async fn upload(server: &TestServer, lines: &str) -> Value {
    let file = put(server, "batch", "input.jsonl", lines.as_bytes()).await;
    assert_eq!(file.status, 200, "{:?}", file.body);
    file.json()["id"].clone()
}

async fn create(server: &TestServer, file: &Value, endpoint: &str) -> Answer {
    let body = json!({"input_file_id": file, "endpoint": endpoint, "completion_window": "24h"});
    server.post("/v1/batches", body).await
}

/// The batch as it is now; the clock is not moved.
async fn look(server: &TestServer, batch: &Value) -> Value {
    let path = format!("/v1/batches/{}", batch["id"].as_str().unwrap());
    let response = server.open(Request::get(path).body(axum::body::Body::empty()).unwrap()).await;
    let body = http_body_util::BodyExt::collect(response.into_body()).await.unwrap().to_bytes();
    serde_json::from_slice(&body).unwrap()
}

/// The lines of a file, by the names of their requests.
async fn lines(server: &TestServer, file: &Value) -> Vec<Value> {
    let content = server.get(&format!("/v1/files/{}/content", file.as_str().unwrap())).await;
    assert_eq!(content.status, 200);
    content.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn counts(batch: &Value) -> (u64, u64, u64) {
    let counts = &batch["request_counts"];
    let count = |name: &str| counts[name].as_u64().unwrap();
    (count("total"), count("completed"), count("failed"))
}

#[tokio::test]
async fn a_batch_goes_its_way_by_the_clock() {
    let server = slow();
    let file = upload(&server, &chat_lines(10)).await;
    let body = json!({
        "input_file_id": file, "endpoint": CHAT, "completion_window": "24h", "metadata": {"run": "7"},
        "output_expires_after": {"anchor": "created_at", "seconds": 7200},
    });
    let made = server.post("/v1/batches", body).await.json();
    let start = made["created_at"].as_i64().unwrap();
    assert_eq!((&made["status"], counts(&made)), (&json!("validating"), (0, 0, 0)));
    assert_eq!(made["expires_at"], start + 24 * 3600);
    assert_eq!(look(&server, &made).await["status"], "validating");
    server.clock.advance(seconds(5));
    let began = look(&server, &made).await;
    assert_eq!((&began["status"], counts(&began)), (&json!("in_progress"), (10, 0, 0)));
    assert_eq!((&began["in_progress_at"], &began["model"]), (&json!(start + 5), &json!("gpt-4o-mini")));
    server.clock.advance(seconds(45));
    assert_eq!(counts(&look(&server, &made).await), (10, 5, 0));
    server.clock.advance(seconds(45));
    let finalizing = look(&server, &made).await;
    assert_eq!((&finalizing["status"], counts(&finalizing)), (&json!("finalizing"), (10, 10, 0)));
    assert_eq!(finalizing["output_file_id"], Value::Null);
    server.clock.advance(seconds(5));
    let done = look(&server, &made).await;
    assert_eq!((&done["status"], &done["completed_at"]), (&json!("completed"), &json!(start + 100)));
    assert_eq!((&done["error_file_id"], &done["errors"]), (&Value::Null, &Value::Null));
    insta::assert_json_snapshot!(done);
    let output = lines(&server, &done["output_file_id"]).await;
    let names: Vec<&str> = output.iter().map(|line| line["custom_id"].as_str().unwrap()).collect();
    let expected: Vec<String> = (0..10).map(|number| format!("line-{number}")).collect();
    assert_eq!(names, expected);
    insta::assert_json_snapshot!(output[0]);
    let sum: u64 = output.iter().map(|line| line["response"]["body"]["usage"]["total_tokens"].as_u64().unwrap()).sum();
    assert_eq!(done["usage"]["total_tokens"], sum);
    let file = server.get(&format!("/v1/files/{}", done["output_file_id"].as_str().unwrap())).await.json();
    assert_eq!((&file["purpose"], &file["expires_at"]), (&json!("batch_output"), &json!(start + 100 + 7200)));
}

#[tokio::test]
async fn a_leap_of_the_clock_changes_nothing_but_when() {
    let (slow, quick) = (slow(), TestServer::with(|settings| settings.jobs.batch = Duration::ZERO));
    let mut outputs = Vec::new();
    for server in [&slow, &quick] {
        let made = create(server, &upload(server, &chat_lines(20)).await, CHAT).await.json();
        slow.clock.advance(seconds(30 * 3600));
        let done = look(server, &made).await;
        assert_eq!(done["status"], "completed");
        let output = server.get(&format!("/v1/files/{}/content", done["output_file_id"].as_str().unwrap())).await;
        outputs.push((output.text(), done["completed_at"].as_i64().unwrap() - made["created_at"].as_i64().unwrap()));
    }
    assert_eq!((outputs[0].1, outputs[1].1), (100, 0));
    let bare = |text: &str| -> Vec<Value> {
        let content = |line: &str| serde_json::from_str::<Value>(line).unwrap()["response"]["body"]["choices"].clone();
        text.lines().map(content).collect()
    };
    assert_eq!(bare(&outputs[0].0), bare(&outputs[1].0));
}

#[tokio::test]
async fn lines_that_fail_are_in_the_error_file() {
    let server = TestServer::with(|settings| settings.jobs.batch = Duration::ZERO);
    let body = |words: Value| json!({"model": "text-embedding-3-small", "input": words, "dimensions": 4});
    let input = [
        line("good", "/v1/embeddings", &body(json!("a"))),
        line("bad", "/v1/embeddings", &body(json!(""))),
        line("worse", "/v1/embeddings", &body(json!(7))),
        line("last", "/v1/embeddings", &body(json!(["b", "c"]))),
    ];
    let made = create(&server, &upload(&server, &input.join("\n\n")).await, "/v1/embeddings").await.json();
    let done = look(&server, &made).await;
    assert_eq!((&done["status"], counts(&done)), (&json!("completed"), (4, 2, 2)));
    let output = lines(&server, &done["output_file_id"]).await;
    assert_eq!((output.len(), &output[1]["custom_id"]), (2, &json!("last")));
    assert_eq!(output[1]["response"]["body"]["data"].as_array().unwrap().len(), 2);
    let errors = lines(&server, &done["error_file_id"]).await;
    assert_eq!((errors.len(), &errors[0]["custom_id"], &errors[0]["error"]), (2, &json!("bad"), &Value::Null));
    assert_eq!(errors[0]["response"]["status_code"], 400);
    assert!(errors[0]["response"]["request_id"].as_str().unwrap().starts_with("req_"));
    assert_eq!(errors[0]["response"]["body"]["error"]["param"], "input");
    assert_ne!(errors[0]["id"], errors[1]["id"]);
}

#[tokio::test]
async fn every_endpoint_answers_or_says_why_not() {
    let server = TestServer::with(|settings| settings.jobs.batch = Duration::ZERO);
    for (endpoint, body) in [
        ("/v1/responses", json!({"model": "gpt-4o-mini", "input": "Hi", "max_output_tokens": 16})),
        ("/v1/completions", json!({"model": "gpt-3.5-turbo-instruct", "prompt": "Hi", "max_tokens": 3})),
        ("/v1/embeddings", json!({"model": "text-embedding-3-small", "input": "Hi", "dimensions": 3})),
        (CHAT, json!({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 3})),
        ("/v1/moderations", json!({"input": "Hi"})),
        ("/v1/images/generations", json!({"prompt": "A hill"})),
        ("/v1/videos", json!({"model": "sora-2", "prompt": "A hill"})),
    ] {
        let made = create(&server, &upload(&server, &line("one", endpoint, &body)).await, endpoint).await.json();
        let done = look(&server, &made).await;
        assert_eq!((&done["status"], counts(&done).0), (&json!("completed"), 1), "{endpoint}");
        let file = if counts(&done).1 == 1 { &done["output_file_id"] } else { &done["error_file_id"] };
        let answer = lines(&server, file).await.remove(0);
        let (status, body) = (&answer["response"]["status_code"], &answer["response"]["body"]);
        assert!(*status == 200 || body["error"]["message"].is_string(), "{endpoint}: {answer}");
    }
}

#[tokio::test]
async fn a_broken_file_fails_and_names_its_lines() {
    let server = TestServer::new();
    let good = json!({"model": "gpt-4o-mini", "messages": []});
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    let input = [
        line("a", CHAT, &good),
        line("a", CHAT, &good),
        line("b", "/v1/embeddings", &good),
        line("c", CHAT, &with("model", json!("gpt-4o"))),
        line("d", CHAT, &with("stream", json!(true))),
        line("e", CHAT, &with("model", Value::Null)),
        json!({"method": "POST", "url": CHAT, "body": good}).to_string(),
        json!({"custom_id": "f", "method": "GET", "url": CHAT, "body": good}).to_string(),
        json!({"custom_id": 7, "method": "POST", "url": CHAT, "body": good}).to_string(),
        json!({"custom_id": "g", "method": "POST", "url": CHAT, "body": []}).to_string(),
        json!({"custom_id": "h", "method": "POST", "url": CHAT}).to_string(),
    ];
    let made = create(&server, &upload(&server, &input.join("\n")).await, CHAT).await.json();
    server.clock.advance(seconds(1));
    let failed = look(&server, &made).await;
    assert_eq!((&failed["status"], counts(&failed)), (&json!("failed"), (0, 0, 0)));
    assert_eq!(failed["failed_at"], made["created_at"]);
    insta::assert_json_snapshot!(failed["errors"]);
}

#[tokio::test]
async fn wrong_batches_are_refused() {
    let server = TestServer::with(|settings| settings.strict_models = true);
    let file = upload(&server, &chat_lines(1)).await;
    let other = put(&server, "vision", "x.png", b"x").await.json()["id"].clone();
    for (change, param, status) in [
        (json!({"input_file_id": null}), "input_file_id", 400),
        (json!({"input_file_id": "file-none"}), "input_file_id", 404),
        (json!({"input_file_id": other}), "input_file_id", 400),
        (json!({"endpoint": null}), "endpoint", 400),
        (json!({"endpoint": "/v1/audio/speech"}), "endpoint", 400),
        (json!({"completion_window": "1h"}), "completion_window", 400),
        (json!({"completion_window": null}), "completion_window", 400),
        (json!({"metadata": {"a": 1}}), "metadata.a", 400),
        (json!({"output_expires_after": {"anchor": "now", "seconds": 3600}}), "output_expires_after.anchor", 400),
        (json!({"output_expires_after": {"anchor": "created_at", "seconds": 5}}), "output_expires_after.seconds", 400),
    ] {
        let mut body = json!({"input_file_id": file, "endpoint": CHAT, "completion_window": "24h"});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let (found, error) = server.post("/v1/batches", body).await.error();
        assert_eq!((found, error["param"].as_str()), (status, Some(param)), "{change}: {error}");
    }
    for path in ["/v1/batches/batch_none", "/w/other/v1/batches/batch_none"] {
        assert_eq!(server.get(path).await.status, 404);
    }
    assert_eq!(server.post("/v1/batches/batch_none/cancel", json!({})).await.status, 404);
    assert_eq!(server.get("/v1/batches").await.json()["data"], json!([]));
    let unknown = line("a", CHAT, &json!({"model": "gpt-none", "messages": []}));
    let made = create(&server, &upload(&server, &unknown).await, CHAT).await.json();
    server.clock.advance(seconds(1));
    assert_eq!(look(&server, &made).await["errors"]["data"][0]["code"], "model_not_found");
}

#[tokio::test]
async fn a_cancelled_batch_keeps_what_is_done() {
    let server = slow();
    let made = create(&server, &upload(&server, &chat_lines(10)).await, CHAT).await.json();
    server.clock.advance(seconds(50));
    assert_eq!(counts(&look(&server, &made).await), (10, 5, 0));
    let path = format!("/v1/batches/{}/cancel", made["id"].as_str().unwrap());
    let request = Request::post(&path).body(axum::body::Body::empty()).unwrap();
    assert_eq!(server.open(request).await.status(), 200);
    assert_eq!(look(&server, &made).await["status"], "cancelling");
    server.clock.advance(seconds(5));
    let cancelled = look(&server, &made).await;
    let start = made["created_at"].as_i64().unwrap();
    assert_eq!((&cancelled["status"], counts(&cancelled)), (&json!("cancelled"), (10, 5, 0)));
    assert_eq!((&cancelled["cancelling_at"], &cancelled["cancelled_at"]), (&json!(start + 50), &json!(start + 55)));
    assert_eq!(lines(&server, &cancelled["output_file_id"]).await.len(), 5);
    let (status, error) = server.post(&path, json!({})).await.error();
    assert_eq!((status, &error["message"]), (400, &json!("Cannot cancel a batch with status 'cancelled'.")));
}

#[tokio::test]
async fn what_is_not_done_in_a_day_has_expired() {
    let server = TestServer::with(|settings| settings.jobs.batch = seconds(48 * 3600));
    let made = create(&server, &upload(&server, &chat_lines(10)).await, CHAT).await.json();
    server.clock.advance(seconds(24 * 3600));
    let expired = look(&server, &made).await;
    assert_eq!((&expired["status"], counts(&expired)), (&json!("expired"), (10, 5, 5)));
    assert_eq!(expired["expired_at"], expired["expires_at"]);
    assert_eq!(lines(&server, &expired["output_file_id"]).await.len(), 5);
    let errors = lines(&server, &expired["error_file_id"]).await;
    assert_eq!((errors.len(), &errors[0]["response"]), (5, &Value::Null));
    assert_eq!((&errors[0]["custom_id"], &errors[0]["error"]["code"]), (&json!("line-5"), &json!("batch_expired")));
}

#[tokio::test]
async fn lines_are_written_down_at_half_the_price_and_belong_to_their_batch() {
    let server = TestServer::with(|settings: &mut Settings| settings.jobs.batch = Duration::ZERO);
    let body = json!({"model": "text-embedding-3-small", "input": "one two three"});
    server.post("/v1/embeddings", body.clone()).await;
    let path = "/metrics/requests?endpoint=/v1/embeddings";
    let file = upload(&server, &line("one", "/v1/embeddings", &body)).await;
    let made = create(&server, &file, "/v1/embeddings").await.json();
    assert_eq!(look(&server, &made).await["status"], "completed");
    let entries = server.get(path).await.json()["data"].as_array().unwrap().clone();
    let (batched, alone): (Vec<Value>, Vec<Value>) =
        entries.into_iter().partition(|entry| entry["batch"] == made["id"]);
    let ([alone], [batched]) = (&alone[..], &batched[..]) else { panic!("{alone:?} {batched:?}") };
    assert_eq!(alone["batch"], Value::Null);
    let cost = |entry: &Value| entry["cost_usd"].as_f64().unwrap();
    assert!(cost(alone) > 0.0 && (cost(batched) * 2.0 - cost(alone)).abs() < 1e-15, "{alone} {batched}");
    let journal = server.get("/fakeai/requests").await.json();
    let asked = journal["data"].as_array().unwrap().iter().filter(|entry| entry["path"] == "/v1/embeddings").count();
    assert_eq!(asked, 1);
}

#[tokio::test]
async fn batches_are_listed_and_counted() {
    let server = slow();
    let file = upload(&server, &chat_lines(10)).await;
    let first = create(&server, &file, CHAT).await.json();
    server.clock.advance(seconds(100));
    assert_eq!(look(&server, &first).await["status"], "completed");
    let second = create(&server, &file, CHAT).await.json();
    server.clock.advance(seconds(50));
    assert_eq!(counts(&look(&server, &second).await).1, 5);
    let metrics = server.get("/metrics/batches").await.json();
    assert_eq!(metrics["by_status"], json!({"completed": 1, "in_progress": 1}));
    assert_eq!(
        metrics["requests"],
        json!({"total": 20, "completed": 15, "failed": 0, "pending": 5, "error_rate": 0.0})
    );
    assert_eq!((&metrics["duration_seconds"]["p50"], &metrics["recent"][0]["id"]), (&json!(100.0), &second["id"]));
    let page = server.get("/v1/batches?limit=1").await.json();
    assert_eq!((&page["data"][0]["id"], &page["has_more"]), (&second["id"], &json!(true)));
    let rest = server.get(&format!("/v1/batches?after={}", second["id"].as_str().unwrap())).await.json();
    assert_eq!((&rest["data"][0]["id"], &rest["has_more"]), (&first["id"], &json!(false)));
}

#[tokio::test]
async fn only_so_many_tokens_may_wait() {
    let server = TestServer::with(|settings| {
        settings.jobs.batch = seconds(100);
        let limits = Limits { batch_queue_tokens: Some(1000), ..Tier::One.limits() };
        let quotas = Some(Quota { tier: Tier::One, limits });
        settings.gate = Gatekeeping { quotas, ..Gatekeeping::default() };
    });
    // Some 22 tokens each by their length: 30 fit, 80 do not, and neither do twice 30.
    let (small, large) = (upload(&server, &chat_lines(30)).await, upload(&server, &chat_lines(80)).await);
    let first = create(&server, &small, CHAT).await.json();
    look(&server, &first).await;
    server.clock.advance(seconds(6));
    assert_eq!(look(&server, &first).await["status"], "in_progress");
    for file in [&small, &large] {
        let refused = create(&server, file, CHAT).await.json();
        // Its file is looked through before time goes on.
        look(&server, &refused).await;
        server.clock.advance(seconds(6));
        // Nobody works while time goes on, which would count as time the work has taken.
        assert_eq!(look(&server, &first).await["status"], "in_progress");
        let failed = look(&server, &refused).await;
        assert_eq!(failed["status"], "failed");
        assert_eq!(
            failed["errors"]["data"],
            json!([{
                "code": "token_limit_exceeded", "line": null, "param": null,
                "message": "Enqueued token limit reached for gpt-4o-mini in organization fakeai. Limit: 1,000 enqueued \
                            tokens. Please try again once some in_progress batches have been completed.",
            }])
        );
    }
    server.clock.advance(seconds(100));
    assert_eq!(look(&server, &first).await["status"], "completed");
    let again = create(&server, &small, CHAT).await.json();
    look(&server, &again).await;
    server.clock.advance(seconds(100));
    assert_eq!(look(&server, &again).await["status"], "completed");
}
