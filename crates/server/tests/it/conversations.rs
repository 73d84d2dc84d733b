//! `/v1/conversations`, and responses within them.

use http::Method;
use serde_json::{Value, json};

use crate::harness::{TestServer, request};
use crate::responses::{ask, respond};

async fn made(server: &TestServer, body: Value) -> String {
    let answer = server.post("/v1/conversations", body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    format!("/v1/conversations/{}", answer.json()["id"].as_str().unwrap())
}

fn texts(list: &Value) -> Vec<String> {
    let text = |item: &Value| item["content"][0]["text"].as_str().unwrap().to_owned();
    list["data"].as_array().unwrap().iter().map(text).collect()
}

#[tokio::test]
async fn conversations_are_made_changed_and_deleted() {
    let server = TestServer::new();
    let path = made(&server, json!({"metadata": {"topic": "sea"}})).await;
    let got = server.get(&path).await.json();
    assert_eq!((&got["object"], &got["metadata"]), (&json!("conversation"), &json!({"topic": "sea"})));
    let updated = server.post(&path, json!({"metadata": {"topic": "sky"}})).await.json();
    assert_eq!(updated["metadata"], json!({"topic": "sky"}));
    assert_eq!(server.post(&path, json!({})).await.status, 400);
    let deleted = server.send(request(Method::DELETE, &path, None)).await.json();
    assert_eq!(deleted, json!({"id": got["id"], "object": "conversation.deleted", "deleted": true}));
    let gone = [request(Method::GET, &path, None), request(Method::DELETE, &path, None)];
    for gone in gone {
        assert_eq!(server.send(gone).await.status, 404);
    }
    assert_eq!(server.get(&format!("{path}/items")).await.status, 404);
}

#[tokio::test]
async fn items_are_added_listed_and_deleted() {
    let server = TestServer::new();
    let say = |text: &str| json!({"type": "message", "role": "user", "content": text});
    let path = made(&server, json!({"items": [say("one"), say("two")]})).await;
    let items = format!("{path}/items");
    let added = server.post(&items, json!({"items": [say("three")]})).await.json();
    assert_eq!((texts(&added), &added["has_more"]), (vec!["three".to_owned()], &json!(false)));
    assert_eq!(texts(&server.get(&items).await.json()), ["three", "two", "one"]);
    let page = server.get(&format!("{items}?order=asc&limit=2")).await.json();
    assert_eq!((texts(&page), &page["has_more"]), (vec!["one".to_owned(), "two".to_owned()], &json!(true)));
    let after = page["last_id"].as_str().unwrap();
    assert_eq!(texts(&server.get(&format!("{items}?order=asc&after={after}")).await.json()), ["three"]);
    let one = format!("{items}/{after}");
    assert_eq!(server.get(&one).await.json()["content"][0]["text"], "two");
    let conversation = server.send(request(Method::DELETE, &one, None)).await.json();
    assert_eq!(conversation["object"], "conversation");
    assert_eq!(server.get(&one).await.status, 404);
    assert_eq!(server.send(request(Method::DELETE, &one, None)).await.status, 404);
    assert_eq!(texts(&server.get(&items).await.json()), ["three", "one"]);
}

#[tokio::test]
async fn wrong_items_are_refused_and_none_is_kept() {
    let server = TestServer::new();
    let good = json!({"role": "user", "content": "x"});
    let path = made(&server, json!({})).await;
    for (wrong, param) in [
        (json!([good, {"role": "user"}]), "items[1].content"),
        (json!([good, {"type": "wish"}]), "items[1].type"),
        (json!([good, {"type": "item_reference", "id": "msg_1"}]), "items[1]"),
        (json!(vec![good.clone(); 21]), "items"),
    ] {
        let (status, error) = server.post(&format!("{path}/items"), json!({"items": wrong})).await.error();
        assert!(status == 400 || status == 404);
        assert_eq!(error["param"], param);
        assert!(server.post("/v1/conversations", json!({"items": wrong})).await.status.is_client_error());
    }
    assert_eq!(server.get(&format!("{path}/items")).await.json()["data"], json!([]));
}

#[tokio::test]
async fn responses_read_conversations_and_add_to_them() {
    let server = TestServer::new();
    let path = made(&server, json!({"items": [{"role": "user", "content": "My name is Ada."}]})).await;
    let id = path.rsplit('/').next().unwrap();
    for (turn, conversation) in [json!(id), json!({"id": id})].into_iter().enumerate() {
        let answer = respond(&server, "What is my name?", json!({"conversation": conversation})).await;
        assert_eq!(answer["conversation"], json!({"id": id}));
        let list = server.get(&format!("{path}/items?order=asc")).await.json();
        let data = list["data"].as_array().unwrap();
        assert_eq!(data.len(), 3 + 2 * turn);
        assert_eq!(data.last().unwrap(), &answer["output"][0]);
    }
    // A request that is refused adds nothing.
    let wrong =
        ask(json!([{"type": "function_call_output", "call_id": "none", "output": ""}]), json!({"conversation": id}));
    assert_eq!(server.post("/v1/responses", wrong).await.status, 400);
    assert_eq!(server.get(&format!("{path}/items")).await.json()["data"].as_array().unwrap().len(), 5);
}
