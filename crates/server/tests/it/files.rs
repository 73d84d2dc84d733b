//! Files and uploads.

use axum::body::Body;
use bytes::Bytes;
use http::{Method, Request};
use serde_json::{Value, json};

use crate::harness::{Answer, TestServer, form, request};

pub async fn put(server: &TestServer, purpose: &str, name: &str, content: &[u8]) -> Answer {
    server.send(form("/v1/files", &[("purpose", purpose)], &[("file", name, content)])).await
}

async fn range(server: &TestServer, path: &str, range: &str) -> Answer {
    server.send(Request::get(path).header("range", range).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_file_is_taken_in_listed_read_and_deleted() {
    let server = TestServer::new();
    let content: Vec<u8> = (0..700_000_u32).map(|index| (index / 3) as u8).collect();
    let file = put(&server, "evals", "x.jsonl", b"{\"a\": 1}\n{}\n").await.json();
    let large = put(&server, "vision", "/tmp/../picture.png", &content).await.json();
    let expected = json!({
        "object": "file", "id": large["id"], "purpose": "vision", "filename": "picture.png", "bytes": 700_000,
        "created_at": 1_735_689_600, "status": "processed",
    });
    assert_eq!(large, expected);
    let id = large["id"].as_str().unwrap();
    assert_eq!(server.get(&format!("/v1/files/{id}")).await.json(), large);
    let list = server.get("/v1/files").await.json();
    assert_eq!(list["data"], json!([large, file]));
    assert_eq!(server.get("/v1/files?purpose=evals").await.json()["data"], json!([file]));
    let page = server.get(&format!("/v1/files?limit=1&order=asc&after={}", file["id"].as_str().unwrap())).await.json();
    assert_eq!((&page["data"], &page["has_more"]), (&json!([large]), &json!(false)));
    let path = format!("/v1/files/{id}/content");
    let whole = server.get(&path).await;
    assert_eq!((whole.status.as_u16(), whole.body), (200, Bytes::from(content.clone())));
    assert_eq!(whole.headers["content-length"], "700000");
    let part = range(&server, &path, "bytes=299990-600000").await;
    assert_eq!((part.status.as_u16(), &part.body[..]), (206, &content[299_990..=600_000]));
    assert_eq!(part.headers["content-range"], "bytes 299990-600000/700000");
    assert_eq!(range(&server, &path, "bytes=700000-").await.status, 416);
    let deleted = server.send(request(Method::DELETE, &format!("/v1/files/{id}"), None)).await.json();
    assert_eq!(deleted, json!({"id": id, "object": "file", "deleted": true}));
    assert_eq!(server.get(&path).await.status, 404);
    // Another workspace has files of its own.
    assert_eq!(server.get(&format!("/w/other/v1/files/{}", file["id"].as_str().unwrap())).await.status, 404);
}

#[tokio::test]
async fn wrong_files_are_refused_and_leave_nothing() {
    let server = TestServer::new();
    let cases: [(&str, &str, &[u8], &str); 7] = [
        ("batch", "x.jsonl", b"{}\n[1]\n", "Line 2 is not a dictionary (HINT: line starts with: \"[1]...\")"),
        ("fine-tune", "x.jsonl", b"", "File is empty."),
        ("fine-tune", "x.txt", b"{}", "must be .jsonl files"),
        ("evals", "x.jsonl", b"\n\n", "it has no lines"),
        ("nonsense", "x.jsonl", b"{}", "Invalid value: 'nonsense'. Supported values are: 'assistants'"),
        ("vision", "..", b"x", "'..' is no name of a file"),
        ("vision", "a/", b"x", "is no name of a file"),
    ];
    for (purpose, name, content, words) in cases {
        let (status, error) = put(&server, purpose, name, content).await.error();
        assert!(error["message"].as_str().unwrap().contains(words), "{error}");
        assert_eq!((status, error["type"].as_str()), (400, Some("invalid_request_error")));
    }
    let (status, error) = server.send(form("/v1/files", &[], &[("file", "x", b"x")])).await.error();
    assert_eq!((status, &error["param"]), (400, &json!("purpose")));
    let (status, error) = server.send(form("/v1/files", &[("purpose", "vision")], &[])).await.error();
    assert_eq!((status, &error["param"]), (400, &json!("file")));
    let no_form = server.post("/v1/files", json!({"purpose": "vision"})).await;
    assert_eq!(no_form.status, 415);
    let broken = Request::post("/v1/files").header("content-type", "multipart/form-data; boundary=xyz");
    assert_eq!(server.send(broken.body(Body::from("--xyz\r\nnonsense")).unwrap()).await.status, 400);
    assert_eq!(server.get("/v1/files").await.json()["data"], json!([]));
    let kept = put(&server, "assistants", "x.txt", b"secret").await.json();
    let (status, error) = server.get(&format!("/v1/files/{}/content", kept["id"].as_str().unwrap())).await.error();
    assert_eq!(
        (status, error["message"].as_str()),
        (400, Some("Not allowed to download files of purpose: assistants"))
    );
}

#[tokio::test]
async fn files_expire_when_they_were_told_to() {
    let server = TestServer::new();
    let expiring = |anchor, seconds| {
        let fields = [("purpose", "vision"), ("expires_after[anchor]", anchor), ("expires_after[seconds]", seconds)];
        form("/v1/files", &fields, &[("file", "x.png", b"x")])
    };
    let file = server.send(expiring("created_at", "3600")).await.json();
    assert_eq!(file["expires_at"].as_i64().unwrap() - file["created_at"].as_i64().unwrap(), 3600);
    let batch = put(&server, "batch", "x.jsonl", b"{}").await.json();
    assert_eq!(batch["expires_at"].as_i64().unwrap() - batch["created_at"].as_i64().unwrap(), 30 * 24 * 3600);
    for (anchor, seconds) in [("created_at", "3599"), ("created_at", "x"), ("now", "3600")] {
        assert_eq!(server.send(expiring(anchor, seconds)).await.status, 400, "{anchor} {seconds}");
    }
    server.clock.advance(std::time::Duration::from_secs(3600));
    assert_eq!(server.get(&format!("/v1/files/{}", file["id"].as_str().unwrap())).await.status, 404);
    assert_eq!(server.get("/v1/files").await.json()["data"], json!([batch]));
}

async fn upload(server: &TestServer, bytes: usize) -> String {
    let body = json!({"filename": "x.jsonl", "purpose": "fine-tune", "bytes": bytes, "mime_type": "text/jsonl"});
    let upload = server.post("/v1/uploads", body).await.json();
    assert_eq!((upload["status"].as_str(), upload["bytes"].as_u64()), (Some("pending"), Some(bytes as u64)));
    upload["id"].as_str().unwrap().to_owned()
}

async fn part(server: &TestServer, upload: &str, content: &[u8]) -> Value {
    let path = format!("/v1/uploads/{upload}/parts");
    server.send(form(&path, &[], &[("data", "part", content)])).await.json()["id"].clone()
}

#[tokio::test]
async fn parts_in_any_order_become_a_file() {
    let server = TestServer::new();
    let (first, second) = (b"{\"a\": 1}\n{\"b\":".to_vec(), b" 2}\n".to_vec());
    let upload = upload(&server, first.len() + second.len()).await;
    let (late, early) = tokio::join!(part(&server, &upload, &second), part(&server, &upload, &first));
    let path = format!("/v1/uploads/{upload}/complete");
    let wrong = server.post(&path, json!({"part_ids": [late, early]})).await;
    assert_eq!(wrong.error().1["code"], "invalid_jsonl", "in the wrong order it is no JSON");
    let wrong = server.post(&path, json!({"part_ids": [early, late], "md5": "00"})).await.error();
    assert_eq!((wrong.0, wrong.1["code"].as_str()), (400, Some("checksum_mismatch")));
    // Of `{"a": 1}\n{"b": 2}\n`.
    let md5 = "F64B09016F1C93E8C72B45C601A5F6D9";
    let done = server.post(&path, json!({"part_ids": [early, late], "md5": md5})).await.json();
    assert_eq!(done["status"], "completed");
    let file = &done["file"];
    assert_eq!((file["filename"].as_str(), file["purpose"].as_str()), (Some("x.jsonl"), Some("fine-tune")));
    let content = server.get(&format!("/v1/files/{}/content", file["id"].as_str().unwrap())).await;
    assert_eq!(content.body, [first, second].concat());
    assert_eq!(server.post(&path, json!({"part_ids": [early, late]})).await.status, 400);
    let late = server.send(form(&format!("/v1/uploads/{upload}/parts"), &[], &[("data", "x", b"x")])).await;
    assert!(late.error().1["message"].as_str().unwrap().contains("its status is 'completed'"));
}

#[tokio::test]
async fn uploads_are_cancelled_expire_and_check_their_parts() {
    let server = TestServer::new();
    let id = upload(&server, 3).await;
    let known = part(&server, &id, b"{}\n").await;
    let other = part(&server, &upload(&server, 3).await, b"{}\n").await;
    let path = format!("/v1/uploads/{id}/complete");
    for (body, param) in [
        (json!({}), "part_ids"),
        (json!({"part_ids": []}), "part_ids"),
        (json!({"part_ids": [known, known]}), "part_ids[1]"),
        (json!({"part_ids": [other]}), "part_ids[0]"),
        (json!({"part_ids": ["part_none"]}), "part_ids[0]"),
    ] {
        let (status, error) = server.post(&path, body).await.error();
        assert_eq!((status, error["param"].as_str()), (400, Some(param)));
    }
    let large = server.send(form(&format!("/v1/uploads/{id}/parts"), &[], &[("data", "x", b"1234")])).await;
    assert_eq!(large.status, 400);
    let cancelled = server.post(&format!("/v1/uploads/{id}/cancel"), json!({})).await.json();
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(server.post(&path, json!({"part_ids": [known]})).await.status, 400);
    let id = upload(&server, 3).await;
    server.clock.advance(std::time::Duration::from_secs(3600));
    let late = server.post(&format!("/v1/uploads/{id}/cancel"), json!({})).await.error();
    assert!(late.1["message"].as_str().unwrap().contains("its status is 'expired'"));
    assert_eq!(server.post("/v1/uploads/upload_none/cancel", json!({})).await.status, 404);
}
