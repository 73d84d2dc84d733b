//! Usage and costs against the client's own count.

use std::time::Duration;

use axum::body::Body;
use fakeai_server::DETERMINISTIC_DATE;
use http::{Method, Request};
use serde_json::{Value, json};

use crate::harness::{TestServer, request};

const CHAT: &str = "/v1/chat/completions";
const USAGE: &str = "/v1/organization/usage";

fn hello(model: &str, words: usize) -> Value {
    json!({"model": model, "max_tokens": 9, "messages": [{"role": "user", "content": "word ".repeat(words)}]})
}

fn by(project: &str, key: &str, body: Value) -> Request<Body> {
    let mut request = request(Method::POST, CHAT, Some(body));
    request.headers_mut().insert("openai-project", project.parse().unwrap());
    request.headers_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
    request
}

async fn buckets(server: &TestServer, path: &str) -> Vec<Value> {
    let answer = server.get(path).await;
    assert_eq!(answer.status, 200, "{path} {}", answer.text());
    answer.json()["data"].as_array().unwrap().clone()
}

fn results(buckets: &[Value]) -> Vec<&Value> {
    buckets.iter().flat_map(|bucket| bucket["results"].as_array().unwrap()).collect()
}

fn sum(results: &[&Value], field: &str) -> u64 {
    results.iter().map(|result| result[field].as_u64().unwrap()).sum()
}

#[tokio::test]
async fn usage_is_what_answers_said() {
    let server = TestServer::new();
    let (mut read, mut written, mut of_one) = (0, 0, 0);
    for number in 0..12_usize {
        let project = ["proj_a", "proj_b"][number % 2];
        let model = ["gpt-4o", "gpt-4o-mini", "gpt-4.1"][number % 3];
        let answer = server.send(by(project, "sk-one", hello(model, number + 1))).await.json();
        let (prompt, completion) = (&answer["usage"]["prompt_tokens"], &answer["usage"]["completion_tokens"]);
        read += prompt.as_u64().unwrap();
        written += completion.as_u64().unwrap();
        of_one += if number % 2 == 0 { prompt.as_u64().unwrap() } else { 0 };
    }
    server.post("/v1/embeddings", json!({"model": "text-embedding-3-small", "input": "Hello"})).await;
    // What was refused used nothing.
    server.chat(json!({"model": "gpt-4o"})).await;
    let start = format!("start_time={DETERMINISTIC_DATE}");
    for width in ["1m", "1h", "1d"] {
        let all = buckets(&server, &format!("{USAGE}/completions?{start}&bucket_width={width}")).await;
        let all = results(&all);
        assert_eq!(
            (sum(&all, "input_tokens"), sum(&all, "output_tokens"), sum(&all, "num_model_requests")),
            (read, written, 12),
            "{width}"
        );
        assert!(all.len() == 1 && all[0]["model"].is_null(), "{all:?}");
    }
    let grouped = buckets(&server, &format!("{USAGE}/completions?{start}&group_by=project_id&group_by=model")).await;
    let grouped = results(&grouped);
    assert_eq!((grouped.len(), sum(&grouped, "input_tokens")), (6, read));
    let one = buckets(&server, &format!("{USAGE}/completions?{start}&project_ids[]=proj_a&batch=false")).await;
    assert_eq!(sum(&results(&one), "input_tokens"), of_one);
    let none = buckets(&server, &format!("{USAGE}/completions?{start}&models=o3")).await;
    assert!(results(&none).is_empty());
    let embeddings = buckets(&server, &format!("{USAGE}/embeddings?{start}")).await;
    assert_eq!(sum(&results(&embeddings), "num_model_requests"), 1);
}

#[tokio::test]
async fn costs_are_the_ledgers() {
    let server = TestServer::new();
    for number in 0..20_usize {
        let project = ["proj_a", "proj_b"][number % 2];
        server.send(by(project, "sk-one", hello(["gpt-4o", "gpt-4.1"][number / 2 % 2], number))).await;
        server.clock.advance(Duration::from_secs(7200));
    }
    let picture = json!({"model": "dall-e-2", "prompt": "A cat", "size": "256x256", "n": 2});
    assert_eq!(server.post("/v1/images/generations", picture).await.status, 200);
    let total = server.get("/metrics/costs").await.json()["total_cost_usd"].as_f64().unwrap();
    for group in ["project_id", "line_item", "api_key_id"] {
        let path = format!("/v1/organization/costs?start_time={DETERMINISTIC_DATE}&group_by={group}");
        let found = buckets(&server, &path).await;
        let results = results(&found);
        let sum: f64 = results.iter().map(|result| result["amount"]["value"].as_f64().unwrap()).sum();
        assert!((sum - total).abs() < 1e-9 && total > 0.0, "{group} {sum} {total}");
        assert!(results.iter().all(|result| result["amount"]["currency"] == "usd"));
    }
    let images = buckets(&server, &format!("{USAGE}/images?start_time={DETERMINISTIC_DATE}&group_by=source")).await;
    let images = results(&images);
    assert_eq!((images.len(), &images[0]["images"], &images[0]["source"]), (1, &json!(2), &json!("image.generation")));
}

#[tokio::test]
async fn pages_follow_one_another_without_gaps() {
    let server = TestServer::new();
    let (start, end) = (DETERMINISTIC_DATE, DETERMINISTIC_DATE + 10 * 3600);
    let path = format!("{USAGE}/completions?start_time={start}&end_time={end}&bucket_width=1h&limit=4");
    let (mut next, mut starts) = (String::new(), Vec::new());
    loop {
        let page = server.get(&format!("{path}{next}")).await.json();
        starts.extend(page["data"].as_array().unwrap().iter().map(|bucket| bucket["start_time"].as_i64().unwrap()));
        let Some(cursor) = page["next_page"].as_str() else { break };
        assert_eq!(page["has_more"], true);
        next = format!("&page={cursor}");
    }
    assert_eq!(starts, (0..10).map(|hour| start + hour * 3600).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_cannot_be_told_is_refused() {
    let server = TestServer::new();
    for (query, param) in [
        ("", "start_time"),
        ("?start_time=x", "start_time"),
        ("?start_time=5&end_time=5", "end_time"),
        ("?start_time=5&bucket_width=2d", "bucket_width"),
        ("?start_time=5&group_by=mood", "group_by"),
        ("?start_time=5&limit=32", "limit"),
        ("?start_time=5&page=page_zz", "page"),
        ("?start_time=5&sizes=256x256", "sizes"),
    ] {
        let (status, error) = server.get(&format!("{USAGE}/completions{query}")).await.error();
        assert_eq!((status, &error["param"]), (400, &json!(param)), "{query} {error}");
    }
}

#[tokio::test]
async fn each_workspace_has_its_own_books() {
    let server = TestServer::new();
    let mut elsewhere = request(Method::POST, CHAT, Some(hello("gpt-4o", 3)));
    elsewhere.headers_mut().insert("x-fakeai-workspace", "other".parse().unwrap());
    assert_eq!(server.send(elsewhere).await.status, 200);
    let path = format!("{USAGE}/completions?start_time={DETERMINISTIC_DATE}");
    assert!(results(&buckets(&server, &path).await).is_empty());
    assert_eq!(results(&buckets(&server, &format!("/w/other{path}")).await).len(), 1);
}

#[tokio::test]
async fn tools_are_counted_by_their_runs() {
    let server = TestServer::new();
    let body = json!({"model": "gpt-4o", "input": "Search the web for Rust news", "tools": [{"type": "web_search"}]});
    assert_eq!(server.post("/v1/responses", body).await.status, 200);
    let path = format!("{USAGE}/web_search_calls?start_time={DETERMINISTIC_DATE}");
    let found = buckets(&server, &path).await;
    assert_eq!(sum(&results(&found), "num_requests"), 1);
}

#[tokio::test]
async fn tiers_and_sizes_are_groups() {
    let server = TestServer::new();
    for tier in ["auto", "flex", "flex", "priority"] {
        let mut body = hello("gpt-4o", 3);
        body["service_tier"] = json!(tier);
        assert_eq!(server.chat(body).await.status, 200);
    }
    for size in ["1024x1024", "1536x1024", "1024x1024"] {
        let body = json!({"model": "gpt-image-1", "prompt": "a fox", "size": size, "quality": "low"});
        assert_eq!(server.post("/v1/images/generations", body).await.status, 200);
    }
    let groups = async |path: &str, by: &str| {
        let path = format!("{USAGE}/{path}?start_time={DETERMINISTIC_DATE}&group_by={by}");
        let buckets = buckets(&server, &path).await;
        let mut found: Vec<(String, u64)> = results(&buckets)
            .iter()
            .map(|one| (one[by].as_str().unwrap_or("none").to_owned(), one["num_model_requests"].as_u64().unwrap()))
            .collect();
        found.sort();
        found
    };
    let named =
        |pairs: &[(&str, u64)]| pairs.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect::<Vec<_>>();
    assert_eq!(groups("completions", "service_tier").await, named(&[("default", 1), ("flex", 2), ("priority", 1)]));
    assert_eq!(groups("images", "size").await, named(&[("1024x1024", 2), ("1536x1024", 1)]));
    let path = format!("{USAGE}/images?start_time={DETERMINISTIC_DATE}&sizes[]=1536x1024");
    assert_eq!(sum(&results(&buckets(&server, &path).await), "num_model_requests"), 1);
}
