//! What `store: true` keeps.

use http::Method;
use serde_json::{Value, json};

use crate::harness::{TestServer, request};

async fn keep(server: &TestServer, extra: Value) -> String {
    let mut body = json!({
        "model": "gpt-4o", "max_tokens": 4, "store": true,
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hello"}],
    });
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    let answer = server.chat(body).await;
    let text = answer.text();
    let at = text.find("chatcmpl-").unwrap();
    text[at..at + 38].to_owned()
}

#[tokio::test]
async fn stored_completions_are_listed_changed_and_deleted() {
    let server = TestServer::new();
    let first = keep(&server, json!({"metadata": {"team": "a"}})).await;
    let second = keep(&server, json!({"metadata": {"team": "b"}, "stream": true})).await;
    keep(&server, json!({"store": false})).await;
    let list = server.get("/v1/chat/completions").await.json();
    assert_eq!((list["first_id"].as_str(), list["last_id"].as_str()), (Some(&*first), Some(&*second)));
    let page = server.get(&format!("/v1/chat/completions?limit=1&after={first}")).await.json();
    assert_eq!((page["data"][0]["id"].as_str(), page["has_more"].as_bool()), (Some(&*second), Some(false)));
    let found = server.get("/v1/chat/completions?metadata%5Bteam%5D=b").await.json();
    assert_eq!((found["data"].as_array().unwrap().len(), found["first_id"].as_str()), (1, Some(&*second)));
    let path = format!("/v1/chat/completions/{first}");
    assert_eq!(server.get(&path).await.json()["metadata"], json!({"team": "a"}));
    let updated = server.post(&path, json!({"metadata": {"team": "c"}})).await.json();
    assert_eq!(updated["metadata"], json!({"team": "c"}));
    let messages = server.get(&format!("{path}/messages?order=desc")).await.json();
    assert_eq!(
        (messages["data"][0]["role"].as_str(), messages["data"][1]["content"].as_str()),
        (Some("user"), Some("Be brief."))
    );
    let deleted = server.send(request(Method::DELETE, &path, None)).await.json();
    assert_eq!(deleted, json!({"object": "chat.completion.deleted", "id": first, "deleted": true}));
    assert_eq!(server.get(&path).await.status, 404);
    assert_eq!(server.get("/w/other/v1/chat/completions").await.json()["data"], json!([]));
}

#[tokio::test]
async fn wrong_pages_are_refused() {
    let server = TestServer::new();
    for (path, status) in [("?limit=0", 400), ("?order=up", 400), ("?after=chatcmpl-none", 404)] {
        assert_eq!(server.get(&format!("/v1/chat/completions{path}")).await.status, status, "{path}");
    }
    assert_eq!(server.post("/v1/chat/completions/none", json!({"metadata": {}})).await.status, 404);
}
