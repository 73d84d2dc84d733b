//! All of the server's state at once: forgotten, handed out as one file, taken back.

use axum::body::Body;
use http::{Method, Request};
use serde_json::{Value, json};

use crate::harness::{Answer, TestServer, request};

async fn upload(server: &TestServer, prefix: &str, text: &str) -> String {
    let part = |disposition: &str, value: &str| {
        format!("--b\r\nContent-Disposition: form-data; {disposition}\r\n\r\n{value}\r\n")
    };
    let body = part("name=\"purpose\"", "user_data") + &part("name=\"file\"; filename=\"a.txt\"", text) + "--b--\r\n";
    let request = Request::post(format!("{prefix}/v1/files")).header("content-type", "multipart/form-data; boundary=b");
    server.send(request.body(Body::from(body)).unwrap()).await.json()["id"].as_str().unwrap().to_owned()
}

async fn fill(server: &TestServer) -> [String; 3] {
    let chat = json!({"model": "gpt-4o", "store": true, "messages": [{"role": "user", "content": "hello"}]});
    let stored = server.chat(chat).await.json()["id"].as_str().unwrap().to_owned();
    let large = "0123456789".repeat(60_000);
    [stored, upload(server, "", &large).await, upload(server, "/w/team", "of the team").await]
}

async fn snapshot(server: &TestServer) -> String {
    let answer = server.post("/fakeai/snapshot", json!({})).await;
    assert_eq!(answer.headers["content-type"], "application/x-ndjson");
    answer.text()
}

async fn restore(server: &TestServer, file: String) -> Answer {
    server.send(Request::post("/fakeai/snapshot/restore").body(Body::from(file)).unwrap()).await
}

async fn holds(server: &TestServer, [chat, file, team]: &[String; 3]) -> [u16; 3] {
    let paths =
        [format!("/v1/chat/completions/{chat}"), format!("/v1/files/{file}"), format!("/w/team/v1/files/{team}")];
    let mut held = [0; 3];
    for (held, path) in held.iter_mut().zip(paths) {
        *held = server.get(&path).await.status.as_u16();
    }
    held
}

#[tokio::test]
async fn another_server_takes_a_snapshot_over() {
    let (first, second) = (TestServer::new(), TestServer::new());
    let ids = fill(&first).await;
    first.post("/w/team/fakeai/workspace/reset", json!({"seed": 7})).await;
    let team = upload(&first, "/w/team", "again").await;
    let ids = [ids[0].clone(), ids[1].clone(), team];
    let file = snapshot(&first).await;
    assert!(file.lines().last().unwrap().starts_with(r#"{"end":{"lines":"#));
    upload(&second, "/w/other", "what is there before goes").await;
    let restored = restore(&second, file).await;
    assert_eq!(restored.status, 200, "{}", restored.text());
    assert_eq!(
        (&restored.json()["documents"], &restored.json()["blobs"]),
        (&json!(3), &json!(2)),
        "{}",
        restored.text()
    );
    assert_eq!(holds(&second, &ids).await, [200; 3]);
    let content = |server, id: &str| {
        let path = format!("/v1/files/{id}");
        async move { TestServer::get(server, &path).await.json()["bytes"].clone() }
    };
    assert_eq!(content(&second, &ids[1]).await, 600_000);
    assert_eq!(second.get("/w/other/v1/files").await.json()["data"], json!([]));
    assert_eq!(second.get("/w/team/fakeai/workspace").await.json()["seed"], 7);
    assert_eq!(second.get("/metrics/by-model/gpt-4o").await.json()["request_count"], 1);
    // What is kept is the same again, but for the requests that were counted meanwhile.
    let kept = |file: String| -> Vec<Value> {
        let lines = file.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| ["document", "blob", "workspace"].iter().any(|kind| line.get(kind).is_some())).collect()
    };
    let (before, after) = (kept(snapshot(&first).await), kept(snapshot(&second).await));
    let stored =
        |lines: Vec<Value>| lines.into_iter().filter(|line| line.get("workspace").is_none()).collect::<Vec<_>>();
    assert_eq!(stored(before), stored(after));
}

#[tokio::test]
async fn a_bad_file_changes_nothing() {
    let server = TestServer::new();
    let ids = fill(&server).await;
    let file = snapshot(&server).await;
    let half = file[..file.len() / 2].to_owned();
    let without_end = file.lines().take(file.lines().count() - 1).collect::<Vec<_>>().join("\n");
    let newer = file.replacen("\"format\":1", "\"format\":2", 1);
    let damaged = file.replacen("\"document\":{", "\"document\":{\"kind\":7,", 1);
    for (bad, problem) in [
        (String::new(), "it is no snapshot"),
        (half, "it broke off"),
        (without_end, "it broke off"),
        (newer, "it has format 2"),
        (damaged, "line "),
    ] {
        let (status, error) = restore(&server, bad).await.error();
        assert_eq!((status, &error["code"]), (400, &json!("invalid_snapshot")));
        assert!(error["message"].as_str().unwrap().contains(problem), "{error}");
        assert_eq!(holds(&server, &ids).await, [200; 3], "{problem}");
    }
}

#[tokio::test]
async fn what_does_not_fit_leaves_what_was_there() {
    let (first, small) = (TestServer::new(), TestServer::holding(1_000_000));
    fill(&first).await;
    upload(&first, "", &"x".repeat(600_000)).await;
    let file = snapshot(&first).await;
    let kept = upload(&small, "", "stays").await;
    let (status, error) = restore(&small, file).await.error();
    assert_eq!((status, &error["code"]), (507, &json!("insufficient_storage")));
    assert_eq!(small.get(&format!("/v1/files/{kept}")).await.status, 200);
    assert_eq!(small.get("/v1/files").await.json()["data"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_reset_forgets_everything() {
    let server = TestServer::new();
    let ids = fill(&server).await;
    let reset = server.post("/fakeai/reset", json!({})).await.json();
    assert_eq!(
        (&reset["parts"], &reset["workspaces"]),
        (&json!(["state", "metrics", "journal"]), &json!(["default", "team"]))
    );
    assert_eq!(server.get("/fakeai/requests").await.json()["data"], json!([]));
    assert_eq!(holds(&server, &ids).await, [404; 3]);
    assert_eq!(server.get("/metrics/by-model/gpt-4o").await.json()["request_count"], 0);
    assert_eq!(server.get("/metrics/costs").await.json()["total_cost_usd"], 0.0);
    // A deterministic server begins anew.
    server.post("/fakeai/reset", json!({})).await;
    assert_eq!(fill(&server).await, ids);
}

#[tokio::test]
async fn parts_and_workspaces_are_reset_alone() {
    let server = TestServer::new();
    let ids = fill(&server).await;
    let reset = server.post("/w/team/fakeai/reset", json!({})).await.json();
    assert_eq!((&reset["parts"], &reset["workspaces"]), (&json!(["state", "journal"]), &json!(["team"])));
    assert_eq!(holds(&server, &ids).await, [200, 200, 404]);
    server.post("/fakeai/reset", json!({"parts": ["journal"]})).await;
    assert_eq!(server.get("/fakeai/requests").await.json()["data"], json!([]));
    assert_eq!(holds(&server, &ids).await, [200, 200, 404]);
    server.post("/fakeai/reset", json!({"parts": ["metrics"]})).await;
    assert_eq!(server.get("/metrics/by-model/gpt-4o").await.json()["request_count"], 0);
    assert_eq!(holds(&server, &ids).await, [200, 200, 404]);
    for (path, parts) in [("/fakeai/reset", json!(["all"])), ("/w/team/fakeai/reset", json!(["metrics"]))] {
        let (status, error) = server.post(path, json!({"parts": parts})).await.error();
        assert_eq!((status, &error["param"]), (400, &json!("parts")));
    }
    assert_eq!(server.send(request(Method::GET, "/fakeai/reset", None)).await.status, 405);
}
