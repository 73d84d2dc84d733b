//! Containers and their files.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::harness::{TestServer, form, request};

fn id(object: &Value) -> &str {
    object["id"].as_str().unwrap_or_else(|| panic!("no id: {object}"))
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

#[tokio::test]
async fn files_are_put_in_copied_read_and_removed() {
    let server = TestServer::new();
    let upload = form("/v1/files", &[("purpose", "user_data")], &[("file", "b.csv", b"c,d")]);
    let upload = server.send(upload).await.json();
    let made = server.post("/v1/containers", json!({"name": "box", "file_ids": [id(&upload)]})).await.json();
    assert_eq!((&made["status"], &made["memory_limit"]), (&json!("running"), &json!("1g")));
    assert_eq!(made["expires_after"], json!({"anchor": "last_active_at", "minutes": 20}));
    let files = format!("/v1/containers/{}/files", id(&made));
    let put = server.send(form(&files, &[], &[("file", "../a.csv", b"a,b,c")])).await.json();
    assert_eq!((&put["path"], &put["bytes"], &put["source"]), (&json!("/mnt/data/a.csv"), &json!(5), &json!("user")));
    let list = server.get(&files).await.json();
    assert_eq!((&list["data"][0], &list["data"][1]["path"]), (&put, &json!("/mnt/data/b.csv")));
    let copy = format!("{files}/{}/content", id(&list["data"][1]));
    assert_eq!(server.get(&copy).await.text(), "c,d");
    let one = format!("{files}/{}", id(&put));
    assert_eq!(server.get(&format!("{one}/content")).await.text(), "a,b,c");
    assert_eq!(server.send(request(Method::DELETE, &one, None)).await.json()["deleted"], true);
    assert_eq!(server.get(&format!("{one}/content")).await.status.as_u16(), 404);
    let path = format!("/v1/containers/{}", id(&made));
    assert_eq!(server.send(request(Method::DELETE, &path, None)).await.status.as_u16(), 200);
    for path in [path.as_str(), files.as_str(), copy.as_str()] {
        assert_eq!(server.get(path).await.status.as_u16(), 404);
    }
}

#[tokio::test]
async fn a_container_goes_when_nobody_uses_it() {
    let server = TestServer::new();
    server.app.workspaces.default().set_clock(server.clock.clone());
    let made = server.post("/v1/containers", json!({"name": "box"})).await.json();
    let path = format!("/v1/containers/{}", id(&made));
    server.clock.advance(minutes(19));
    assert_eq!(server.get(&path).await.json()["status"], "running");
    server.clock.advance(minutes(19));
    let list = server.get("/v1/containers").await.json();
    assert_eq!(list["data"][0]["status"], "running", "it was looked at meanwhile");
    server.clock.advance(minutes(1));
    assert_eq!(server.get(&path).await.json()["status"], "expired");
    let (status, error) = server.get(&format!("{path}/files")).await.error();
    assert_eq!((status, &error["code"]), (400, &json!("container_expired")));
}

#[tokio::test]
async fn code_runs_in_a_container_that_is_there() {
    let server = TestServer::new();
    let ask = |container: Value| {
        json!({"model": "gpt-4o", "input": "Compute 12 * 34", "tool_choice": "required",
            "tools": [{"type": "code_interpreter", "container": container}]})
    };
    let answer = server.post("/v1/responses", ask(json!({"type": "auto"}))).await.json();
    let call = answer["output"].as_array().unwrap().iter().find(|item| item["type"] == "code_interpreter_call");
    let made = call.unwrap()["container_id"].as_str().unwrap().to_owned();
    assert_eq!(server.get(&format!("/v1/containers/{made}")).await.json()["name"], "auto");
    assert_eq!(server.post("/v1/responses", ask(json!(made))).await.status.as_u16(), 200);
    let (status, error) = server.post("/v1/responses", ask(json!("cntr_none"))).await.error();
    assert_eq!(status, 400, "{error}");
}

#[tokio::test]
async fn what_is_wrong_with_a_container_is_named() {
    let server = TestServer::new();
    for (body, param) in [
        (json!({}), "name"),
        (json!({"name": "x", "memory_limit": "2g"}), "memory_limit"),
        (json!({"name": "x", "expires_after": {"anchor": "created_at", "minutes": 3}}), "expires_after.anchor"),
        (json!({"name": "x", "expires_after": {"anchor": "last_active_at", "minutes": 0}}), "expires_after.minutes"),
        (json!({"name": "x", "network_policy": {"type": "open"}}), "network_policy.type"),
    ] {
        let (status, error) = server.post("/v1/containers", body).await.error();
        assert_eq!((status, &error["param"]), (400, &json!(param)), "{error}");
    }
    let missing = json!({"name": "x", "file_ids": ["file-none"]});
    assert_eq!(server.post("/v1/containers", missing).await.status.as_u16(), 404);
    let made = server.post("/v1/containers", json!({"name": "x"})).await.json();
    let files = format!("/v1/containers/{}/files", id(&made));
    assert_eq!(server.post(&files, json!({})).await.error().1["param"], "file_id");
    assert_eq!(server.send(form(&files, &[("other", "x")], &[])).await.error().1["param"], "file");
}
