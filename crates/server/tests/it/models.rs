//! `/v1/models`.

use fakeai_server::Settings;
use http::Method;
use serde_json::json;

use crate::harness::{TestServer, request};

async fn listed(server: &TestServer) -> Vec<String> {
    let list = server.get("/v1/models").await.json();
    assert_eq!(list["object"], "list");
    list["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_catalog_is_listed_and_each_model_answers() {
    let server = TestServer::new();
    let ids = listed(&server).await;
    assert!(ids.len() >= 80);
    for id in &ids {
        let model = server.get(&format!("/v1/models/{id}")).await.json();
        assert_eq!((model["id"].as_str(), model["object"].as_str()), (Some(id.as_str()), Some("model")));
        assert!(model["created"].is_i64() && model["owned_by"].is_string());
    }
    insta::assert_snapshot!(server.get("/v1/models/gpt-4o").await.text());
    insta::assert_snapshot!(server.get("/v1/models/meta-llama/Llama-3.1-8B-Instruct/capabilities").await.text());
}

#[tokio::test]
async fn use_makes_a_model_and_looking_does_not() {
    let server = TestServer::new();
    let before = listed(&server).await.len();
    assert_eq!(server.get("/v1/models/my/new-model").await.status, 200);
    assert_eq!(listed(&server).await.len(), before);
    let body = json!({"model": "my/new-model", "messages": [{"role": "user", "content": "hi"}]});
    assert_eq!(server.chat(body.clone()).await.status, 200);
    assert_eq!(listed(&server).await.len(), before + 1);
    let deleted = server.send(request(Method::DELETE, "/v1/models/my/new-model", None)).await;
    assert_eq!(deleted.json(), json!({"id": "my/new-model", "object": "model", "deleted": true}));
    assert_eq!(listed(&server).await.len(), before);
    let refused = server.send(request(Method::DELETE, "/v1/models/gpt-4o", None)).await;
    assert_eq!(refused.status, 403);
    assert_eq!(server.send(request(Method::DELETE, "/v1/models/my/new-model", None)).await.status, 404);
}

#[tokio::test]
async fn fine_tuned_names_inherit_their_base() {
    let server = TestServer::new();
    let model = server.get("/v1/models/ft:gpt-4o-mini-2024-07-18:acme:support:abc123").await.json();
    assert_eq!((model["owned_by"].as_str(), model["context_window"].as_u64()), (Some("acme"), Some(128_000)));
    assert_eq!(model["parent"], "gpt-4o-mini-2024-07-18");
}

#[tokio::test]
async fn strict_models_are_openais_404() {
    let server = TestServer::with(|settings: &mut Settings| settings.strict_models = true);
    let body = json!({"model": "gpt-99", "messages": [{"role": "user", "content": "hi"}]});
    let (status, error) = server.chat(body).await.error();
    assert_eq!(status, 404);
    assert_eq!(error["message"], "The model `gpt-99` does not exist or you do not have access to it.");
    assert_eq!(error["code"], "model_not_found");
    assert_eq!(server.get("/v1/models/gpt-99").await.status, 404);
}
