//! Vector stores: files come in, become ready by the clock, are found, and go.

use std::sync::Arc;
use std::time::Duration;

use fakeai_store::{Durable, Home};
use http::Method;
use serde_json::{Value, json};

use crate::files::put;
use crate::harness::{TestServer, request};

pub async fn file(server: &TestServer, name: &str, content: &[u8]) -> String {
    id(&put(server, "assistants", name, content).await.json())
}

pub fn id(object: &Value) -> String {
    object["id"].as_str().unwrap_or_else(|| panic!("no id: {object}")).to_owned()
}

/// A store of files that are ready.
pub async fn store(server: &TestServer, files: &[(&str, &str)]) -> (String, Vec<String>) {
    let mut ids = Vec::new();
    for (name, text) in files {
        ids.push(file(server, name, text.as_bytes()).await);
    }
    let made = server.post("/v1/vector_stores", json!({"name": "Docs", "file_ids": ids})).await;
    assert_eq!(made.status, 200, "{}", made.text());
    server.clock.advance(Duration::from_secs(60));
    (id(&made.json()), ids)
}

async fn delete(server: &TestServer, path: &str) -> Value {
    server.send(request(Method::DELETE, path, None)).await.json()
}

async fn found(server: &TestServer, store: &str, body: Value) -> Vec<Value> {
    let answer = server.post(&format!("/v1/vector_stores/{store}/search"), body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["data"].as_array().unwrap().clone()
}

fn names(found: &[Value]) -> Vec<&str> {
    found.iter().map(|one| one["filename"].as_str().unwrap()).collect()
}

const REFUNDS: &str = "Refunds are paid within fourteen days after the goods came back. You need the receipt.";
const HOURS: &str = "The office is open from nine to five on weekdays. On Sundays it is closed.";
const CATS: &str = "Cats sleep for most of the day and hunt at night. They like fish.";

#[tokio::test]
async fn a_store_is_made_filled_searched_and_deleted() {
    let server = TestServer::new();
    let made = server.post("/v1/vector_stores", json!({"name": "Docs", "metadata": {"a": "b"}})).await.json();
    insta::assert_json_snapshot!("empty_store", made);
    let store = id(&made);
    let path = format!("/v1/vector_stores/{store}");
    let refunds = file(&server, "refunds.txt", REFUNDS.as_bytes()).await;
    let body = json!({"file_id": refunds, "attributes": {"year": 2024, "kind": "policy"}});
    let added = server.post(&format!("{path}/files"), body).await.json();
    insta::assert_json_snapshot!("added_file", added);
    assert_eq!(server.get(&path).await.json()["status"], "in_progress");
    let question = json!({"query": "When do I get my money back?"});
    assert!(found(&server, &store, question.clone()).await.is_empty(), "not ready yet");
    let polled = server.get(&format!("{path}/files/{refunds}")).await;
    assert_eq!(
        (polled.json()["status"].as_str(), polled.headers["openai-poll-after-ms"].to_str().unwrap()),
        (Some("in_progress"), "102")
    );
    server.clock.advance(Duration::from_millis(102));
    let ready = server.get(&format!("{path}/files/{refunds}")).await;
    assert_eq!(ready.json()["status"], "completed");
    assert!(!ready.headers.contains_key("openai-poll-after-ms"));
    insta::assert_json_snapshot!("full_store", server.get(&path).await.json());
    insta::assert_json_snapshot!("search", server.post(&format!("{path}/search"), question.clone()).await.json());
    let content = server.get(&format!("{path}/files/{refunds}/content")).await.json();
    assert_eq!(content["data"], json!([{"type": "text", "text": REFUNDS}]));
    let changed =
        server.post(&path, json!({"name": null, "expires_after": {"anchor": "last_active_at", "days": 2}})).await;
    let changed = changed.json();
    assert_eq!((&changed["name"], &changed["metadata"]), (&json!(""), &json!({"a": "b"})));
    assert_eq!(changed["expires_at"].as_i64().unwrap() - changed["last_active_at"].as_i64().unwrap(), 2 * 24 * 3600);
    let gone = delete(&server, &format!("{path}/files/{refunds}")).await;
    assert_eq!(gone, json!({"id": refunds, "object": "vector_store.file.deleted", "deleted": true}));
    assert!(found(&server, &store, question).await.is_empty());
    assert_eq!(server.get(&format!("/v1/files/{refunds}")).await.status, 200, "the file itself stays");
    let gone = delete(&server, &path).await;
    assert_eq!(gone, json!({"id": store, "object": "vector_store.deleted", "deleted": true}));
    for gone in [path.clone(), format!("{path}/files"), format!("{path}/files/{refunds}")] {
        assert_eq!(server.get(&gone).await.status, 404, "{gone}");
    }
}

#[tokio::test]
async fn the_right_text_is_found_and_filters_hold() {
    let server = TestServer::new();
    let (store, ids) = store(&server, &[("refunds.md", REFUNDS), ("hours.txt", HOURS), ("cats.html", CATS)]).await;
    let path = format!("/v1/vector_stores/{store}/files");
    for (index, kind) in ["policy", "info", "fun"].iter().enumerate() {
        let body = json!({"attributes": {"kind": kind, "number": index}});
        let changed = server.post(&format!("{path}/{}", ids[index]), body.clone()).await.json();
        assert_eq!(changed["attributes"], body["attributes"]);
    }
    let ask = |query: &str| json!({"query": query, "max_num_results": 2});
    for (query, name) in [
        ("When do I get my money back?", "refunds.md"),
        ("At what time does the bureau close?", "hours.txt"),
        ("What do kittens eat?", "cats.html"),
    ] {
        assert_eq!(names(&found(&server, &store, ask(query)).await)[0], name, "{query}");
    }
    let both = found(&server, &store, json!({"query": ["goods refund receipt", "cats hunt fish"]})).await;
    let mut first: Vec<&str> = names(&both)[..2].to_vec();
    first.sort_unstable();
    assert_eq!(first, ["cats.html", "refunds.md"]);
    let filtered = |filters: Value| json!({"query": "cats refunds office", "filters": filters});
    let is = |kind: &str, key: &str, value: Value| json!({"type": kind, "key": key, "value": value});
    for (filter, count) in [
        (is("eq", "kind", json!("policy")), 1),
        (is("ne", "kind", json!("policy")), 2),
        (is("gte", "number", json!(1)), 2),
        (is("in", "kind", json!(["fun", "info"])), 2),
        (json!({"type": "and", "filters": [is("gt", "number", json!(0)), is("nin", "kind", json!(["fun"]))]}), 1),
        (json!({"type": "or", "filters": [is("lt", "number", json!(1)), is("eq", "kind", json!("fun"))]}), 2),
    ] {
        assert_eq!(found(&server, &store, filtered(filter.clone())).await.len(), count, "{filter}");
    }
    let high = json!({"query": "cats", "ranking_options": {"score_threshold": 1.0}});
    assert!(found(&server, &store, high).await.is_empty());
    for ranking in [
        json!({"ranker": "none"}),
        json!({"ranker": "default-2024-11-15"}),
        json!({"hybrid_search": {"embedding_weight": 0, "text_weight": 1}}),
    ] {
        let found = found(&server, &store, json!({"query": "hunting cats", "ranking_options": ranking})).await;
        assert_eq!(names(&found)[0], "cats.html", "{ranking}");
    }
    let rewritten = server
        .post(
            &format!("/v1/vector_stores/{store}/search"),
            json!({"query": "What is the refund policy?", "rewrite_query": true}),
        )
        .await
        .json();
    assert_eq!(rewritten["search_query"], json!(["refund policy"]));
}

#[tokio::test]
async fn a_batch_is_worked_through_and_can_be_cancelled() {
    let server = TestServer::new();
    let (store, _) = store(&server, &[]).await;
    let path = format!("/v1/vector_stores/{store}/file_batches");
    let mut ids = Vec::new();
    for number in 0..18 {
        ids.push(
            file(&server, &format!("{number}.txt"), format!("Text number {number} is about trees.").as_bytes()).await,
        );
    }
    ids.push(file(&server, "broken.png", b"\x89PNG\r\n\x1a\n\0\0\0").await);
    let body = json!({"file_ids": ids, "attributes": {"a": 1}, "chunking_strategy": {"type": "static",
        "static": {"max_chunk_size_tokens": 100, "chunk_overlap_tokens": 50}}});
    let batch = server.post(&path, body.clone()).await.json();
    assert_eq!(
        batch["file_counts"],
        json!({"in_progress": 19, "completed": 0, "failed": 0, "cancelled": 0, "total": 19})
    );
    let one = format!("{path}/{}", id(&batch));
    server.clock.advance(Duration::from_millis(101));
    assert_eq!(server.get(&one).await.json()["file_counts"]["completed"], 8, "eight at a time");
    server.clock.advance(Duration::from_secs(1));
    let done = server.get(&one).await.json();
    assert_eq!(done["status"], "completed");
    assert_eq!(
        done["file_counts"],
        json!({"in_progress": 0, "completed": 18, "failed": 1, "cancelled": 0, "total": 19})
    );
    let failed = server.get(&format!("{one}/files?filter=failed")).await.json();
    assert_eq!(failed["data"][0]["last_error"]["code"], "unsupported_file");
    let listed = server.get(&format!("{one}/files?limit=10&order=asc")).await.json();
    assert_eq!((listed["data"].as_array().unwrap().len(), &listed["has_more"]), (10, &json!(true)));
    assert_eq!(listed["data"][3]["chunking_strategy"]["static"]["max_chunk_size_tokens"], 100);
    assert_eq!(server.post(&format!("{one}/cancel"), json!({})).await.status, 400);

    let batch = server.post(&path, body).await.json();
    server.clock.advance(Duration::from_millis(101));
    let one = format!("{path}/{}", id(&batch));
    let cancelled = server.send(request(Method::POST, &format!("{one}/cancel"), None)).await.json();
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(
        cancelled["file_counts"],
        json!({"in_progress": 0, "completed": 8, "failed": 0, "cancelled": 11, "total": 19})
    );
    server.clock.advance(Duration::from_secs(9));
    assert_eq!(server.get(&one).await.json(), cancelled);
    let store = server.get(&format!("/v1/vector_stores/{store}")).await.json();
    assert_eq!(store["file_counts"], cancelled["file_counts"], "the same files");
}

#[tokio::test]
async fn what_goes_elsewhere_goes_here() {
    let server = TestServer::new();
    let (store, ids) = store(&server, &[("refunds.txt", REFUNDS), ("cats.txt", CATS)]).await;
    assert_eq!(found(&server, &store, json!({"query": "cats"})).await.len(), 1);
    delete(&server, &format!("/v1/files/{}", ids[1])).await;
    assert!(found(&server, &store, json!({"query": "cats"})).await.is_empty());
    let shown = server.get(&format!("/v1/vector_stores/{store}")).await.json();
    assert_eq!(shown["file_counts"]["total"], 1);
    let days = json!({"expires_after": {"anchor": "last_active_at", "days": 1}});
    let path = format!("/v1/vector_stores/{store}");
    server.post(&path, days).await;
    server.clock.advance(Duration::from_secs(20 * 3600));
    assert_eq!(found(&server, &store, json!({"query": "refunds"})).await.len(), 1, "which is a use of it");
    server.clock.advance(Duration::from_secs(20 * 3600));
    assert_eq!(server.get(&path).await.json()["status"], "completed");
    server.clock.advance(Duration::from_secs(5 * 3600));
    assert_eq!(server.get(&path).await.json()["status"], "expired");
    let (status, error) = server.post(&format!("{path}/search"), json!({"query": "refunds"})).await.error();
    assert_eq!((status, &error["code"]), (400, &json!("vector_store_expired")));
    // Another workspace has stores of its own.
    assert_eq!(server.get(&format!("/w/other/v1/vector_stores/{store}")).await.status, 404);
    assert_eq!(server.get("/w/other/v1/vector_stores").await.json()["data"], json!([]));
}

#[tokio::test]
async fn wrong_requests_are_refused_in_openais_words() {
    let server = TestServer::new();
    let (store, ids) = store(&server, &[("refunds.txt", REFUNDS)]).await;
    let path = format!("/v1/vector_stores/{store}");
    let fixed = |size: i64, overlap: i64| json!({"type": "static", "static": {"max_chunk_size_tokens": size, "chunk_overlap_tokens": overlap}});
    let cases = [
        ("/v1/vector_stores".to_owned(), json!({"file_ids": ["file-none"]})),
        ("/v1/vector_stores".to_owned(), json!({"expires_after": {"anchor": "created_at", "days": 1}})),
        ("/v1/vector_stores".to_owned(), json!({"expires_after": {"anchor": "last_active_at", "days": 366}})),
        ("/v1/vector_stores".to_owned(), json!({"metadata": {"a": 1}})),
        ("/v1/vector_stores/vs_none".to_owned(), json!({"name": "x"})),
        (format!("{path}/files"), json!({})),
        (format!("{path}/files"), json!({"file_id": ids[0], "attributes": {"a": [1]}})),
        (format!("{path}/files"), json!({"file_id": ids[0], "chunking_strategy": fixed(99, 0)})),
        (format!("{path}/files"), json!({"file_id": ids[0], "chunking_strategy": fixed(100, 51)})),
        (format!("{path}/files"), json!({"file_id": ids[0], "chunking_strategy": {"type": "semantic"}})),
        (format!("{path}/files/file-none"), json!({"attributes": {}})),
        (format!("{path}/file_batches"), json!({"file_ids": []})),
        (format!("{path}/file_batches"), json!({"file_ids": [ids[0]], "files": []})),
        (format!("{path}/file_batches/vsfb_none/cancel"), json!({})),
        (format!("{path}/search"), json!({})),
        (format!("{path}/search"), json!({"query": "x", "max_num_results": 51})),
        (format!("{path}/search"), json!({"query": "x", "filters": {"type": "like", "key": "a", "value": "b"}})),
        (format!("{path}/search"), json!({"query": "x", "ranking_options": {"ranker": "best"}})),
        (format!("{path}/search"), json!({"query": "x", "ranking_options": {"score_threshold": 1.5}})),
        ("/v1/vector_stores/vs_none/search".to_owned(), json!({"query": "x"})),
    ];
    let mut answers = Vec::new();
    for (path, body) in cases {
        let (status, error) = server.post(&path, body).await.error();
        answers.push(json!([path.replace(&store, "vs"), status, error["param"], error["code"], error["message"]]));
    }
    insta::assert_json_snapshot!("mistakes", answers, { "[][]" => insta::dynamic_redaction(move |value, _| {
        match value.as_str() {
            Some(text) => text.replace(&store, "vs").into(),
            None => value,
        }
    }) });
}

#[tokio::test]
async fn a_store_is_searched_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let open = || -> Arc<dyn Home> { Arc::new(Durable::open(directory.path().join("data.redb")).unwrap()) };
    let home = open();
    let server = TestServer::at(Arc::clone(&home), |_| {});
    let (kept, _) = store(&server, &[("refunds.txt", REFUNDS), ("cats.txt", CATS)]).await;
    assert_eq!(names(&found(&server, &kept, json!({"query": "cats"})).await), ["cats.txt"]);
    let shown = server.get(&format!("/v1/vector_stores/{kept}")).await.json();
    home.close();
    drop((home, server));
    let server = TestServer::at(open(), |_| {});
    server.clock.advance(Duration::from_secs(60));
    assert_eq!(names(&found(&server, &kept, json!({"query": "cats"})).await), ["cats.txt"]);
    assert_eq!(server.get(&format!("/v1/vector_stores/{kept}")).await.json(), shown);
}
