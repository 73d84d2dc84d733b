//! The organisation's audit log: what is written down of what is changed.

use fakeai_guard::StoredKey;
use fakeai_server::DETERMINISTIC_DATE;
use fakeai_server::settings::Gatekeeping;
use http::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, TestServer, request};

const ROOT: &str = "sk-root-key-0000";
const LOGS: &str = "/v1/organization/audit_logs";

async fn send(server: &TestServer, key: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
    let mut asked = request(method, path, body);
    asked.headers_mut().insert("user-agent", "curl/8".parse().unwrap());
    if !key.is_empty() {
        asked.headers_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
    }
    server.send(asked).await
}

async fn made(server: &TestServer, key: &str, path: &str, body: Value) -> Value {
    let answer = send(server, key, Method::POST, path, Some(body)).await;
    assert_eq!(answer.status, 200, "{path} {}", answer.text());
    answer.json()
}

async fn logs(server: &TestServer, key: &str, query: &str) -> Vec<Value> {
    let answer = send(server, key, Method::GET, &format!("{LOGS}?{query}"), None).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["data"].as_array().unwrap().clone()
}

fn kinds(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|entry| entry["type"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn every_change_is_told_newest_first() {
    let server = TestServer::new();
    let project = made(&server, "", "/v1/organization/projects", json!({"name": "Book"})).await;
    let id = project["id"].as_str().unwrap();
    let path = format!("/v1/organization/projects/{id}");
    made(&server, "", &path, json!({"name": "Books"})).await;
    let account = made(&server, "", &format!("{path}/service_accounts"), json!({"name": "robot"})).await;
    let limit = json!({"max_requests_per_1_minute": 9});
    made(&server, "", &format!("{path}/rate_limits/rl-gpt-4o"), limit.clone()).await;
    let allowed = json!({"mode": "allow_list", "model_ids": ["gpt-4o"]});
    made(&server, "", &format!("{path}/model_permissions"), allowed).await;
    let invite = json!({"email": "ada@example.com", "role": "reader"});
    made(&server, "", "/v1/organization/invites", invite).await;
    let kept = json!({"retention_type": "zero_data_retention"});
    made(&server, "", "/v1/organization/data_retention", kept).await;
    let key = account["api_key"]["id"].as_str().unwrap();
    let gone = send(&server, "", Method::DELETE, &format!("{path}/api_keys/{key}"), None).await;
    assert_eq!(gone.status, 200);
    made(&server, "", &format!("{path}/archive"), json!({})).await;
    // What only looks, and what is refused, changes nothing.
    send(&server, "", Method::GET, &path, None).await;
    assert_eq!(send(&server, "", Method::POST, &path, Some(json!({"name": 3}))).await.status, 400);
    let all = logs(&server, "", "").await;
    assert_eq!(
        kinds(&all),
        [
            "project.archived",
            "api_key.deleted",
            "organization.updated",
            "invite.sent",
            "project.updated",
            "rate_limit.updated",
            "api_key.created",
            "service_account.created",
            "project.updated",
            "project.created",
        ]
    );
    assert_eq!(all[5]["rate_limit.updated"], json!({"id": "rl-gpt-4o", "changes_requested": limit}));
    assert_eq!(all[5]["project"], json!({"id": id, "name": "Books"}));
    assert_eq!(all[8]["project.updated"]["changes_requested"]["title"], "Books");
    assert_eq!(all[9]["effective_at"], DETERMINISTIC_DATE);
    let session = &all[9]["actor"]["session"];
    assert_eq!((&session["user"]["email"], &session["user_agent"]), (&json!("owner@example.com"), &json!("curl/8")));
    // Pages and filters.
    let page = send(&server, "", Method::GET, &format!("{LOGS}?limit=3"), None).await.json();
    assert_eq!((page["data"].as_array().unwrap().len(), &page["has_more"]), (3, &json!(true)));
    let rest = logs(&server, "", &format!("limit=100&after={}", page["last_id"].as_str().unwrap())).await;
    assert_eq!(rest[..], all[3..]);
    let of_key = logs(&server, "", &format!("resource_ids[]={key}&event_types[]=api_key.deleted")).await;
    assert_eq!(kinds(&of_key), ["api_key.deleted"]);
    assert_eq!(logs(&server, "", &format!("project_ids[]={id}")).await.len(), 8);
    assert_eq!(logs(&server, "", &format!("effective_at[gt]={DETERMINISTIC_DATE}")).await, Vec::<Value>::new());
}

#[tokio::test]
async fn who_did_it_is_the_key_that_asked() {
    let server = TestServer::with(|settings| {
        let keys = vec![StoredKey::read(ROOT).unwrap()];
        settings.gate = Gatekeeping { keys, requires_key: true, ..Gatekeeping::default() };
    });
    let admin = made(&server, ROOT, "/v1/organization/admin_api_keys", json!({"name": "main"})).await;
    let value = admin["value"].as_str().unwrap();
    made(&server, value, "/v1/organization/projects", json!({"name": "Book"})).await;
    let all = logs(&server, value, "").await;
    assert_eq!(kinds(&all), ["project.created", "api_key.created"]);
    let [by_admin, by_root] = [0, 1].map(|at| all[at]["actor"]["api_key"].clone());
    assert_eq!((&by_admin["id"], &by_admin["user"]["id"]), (&admin["id"], &json!("user-fakeai-owner")));
    assert!(by_root["id"].as_str().unwrap().starts_with("key-"), "{by_root}");
    let own = logs(&server, value, &format!("actor_ids[]={}", admin["id"].as_str().unwrap())).await;
    assert_eq!(kinds(&own), ["project.created"]);
}

#[tokio::test]
async fn a_wrong_key_is_noted_once_a_minute() {
    let server = TestServer::with(|settings| {
        let keys = vec![StoredKey::read(ROOT).unwrap()];
        settings.gate = Gatekeeping { keys, requires_key: true, ..Gatekeeping::default() };
    });
    for key in ["sk-wrong-key-1111", "sk-wrong-key-2222"] {
        assert_eq!(send(&server, key, Method::GET, "/v1/models", None).await.status, 401);
    }
    let all = logs(&server, ROOT, "").await;
    assert_eq!(kinds(&all), ["login.failed"]);
    assert_eq!(all[0]["login.failed"]["error_code"], "invalid_api_key");
    assert!(!all[0].to_string().contains("sk-wrong-key-1111"), "{}", all[0]);
    assert_eq!(all[0]["actor"]["session"]["user_agent"], "curl/8");
}
