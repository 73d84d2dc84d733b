//! What the organisation's keys and limits do at the gate.

use std::time::Duration;

use fakeai_guard::{StoredKey, Tier};
use fakeai_server::DETERMINISTIC_DATE;
use fakeai_server::settings::{Gatekeeping, Quota};
use http::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, TestServer, request};

const ROOT: &str = "sk-root-key-0000";

fn locked() -> TestServer {
    let keys = vec![StoredKey::read(ROOT).unwrap()];
    let quotas = Some(Quota { tier: Tier::Five, limits: Tier::Five.limits() });
    TestServer::with(|settings| {
        settings.gate = Gatekeeping { keys, quotas, requires_key: true, ..Gatekeeping::default() };
    })
}

async fn send(server: &TestServer, key: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
    let mut asked = request(method, path, body);
    asked.headers_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
    server.send(asked).await
}

async fn made(server: &TestServer, path: &str, body: Value) -> Value {
    let answer = send(server, ROOT, Method::POST, path, Some(body)).await;
    assert_eq!(answer.status, 200, "{path} {}", answer.text());
    answer.json()
}

async fn chat(server: &TestServer, key: &str) -> Answer {
    let body = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}]});
    send(server, key, Method::POST, "/v1/chat/completions", Some(body)).await
}

/// A project, a service account of it, and the account's key.
async fn project(server: &TestServer) -> (String, Value) {
    let project = made(server, "/v1/organization/projects", json!({"name": "Book"})).await;
    let project = format!("/v1/organization/projects/{}", project["id"].as_str().unwrap());
    let account = made(server, &format!("{project}/service_accounts"), json!({"name": "robot"})).await;
    (project, account)
}

#[tokio::test]
async fn a_service_accounts_key_works_until_it_is_deleted() {
    let server = locked();
    let (project, account) = project(&server).await;
    let key = account["api_key"]["value"].as_str().unwrap();
    assert_eq!(chat(&server, key).await.status, 200);
    let path = format!("{project}/api_keys/{}", account["api_key"]["id"].as_str().unwrap());
    assert_eq!(send(&server, ROOT, Method::DELETE, &path, None).await.status, 200);
    let (status, error) = chat(&server, key).await.error();
    assert_eq!((status, &error["code"]), (401, &json!("invalid_api_key")));
}

#[tokio::test]
async fn a_key_ends_with_its_account_and_with_its_project() {
    let server = locked();
    let (project, account) = project(&server).await;
    let id = account["id"].as_str().unwrap();
    let second = made(&server, &format!("{project}/service_accounts"), json!({"name": "other"})).await;
    let (first, second) = (&account["api_key"]["value"], &second["api_key"]["value"]);
    assert_eq!(chat(&server, first.as_str().unwrap()).await.status, 200);
    let path = format!("{project}/service_accounts/{id}");
    assert_eq!(send(&server, ROOT, Method::DELETE, &path, None).await.status, 200);
    assert_eq!(chat(&server, first.as_str().unwrap()).await.status, 401);
    assert_eq!(chat(&server, second.as_str().unwrap()).await.status, 200);
    made(&server, &format!("{project}/archive"), json!({})).await;
    assert_eq!(chat(&server, second.as_str().unwrap()).await.status, 401);
}

#[tokio::test]
async fn an_admin_key_works_until_it_is_deleted() {
    let server = locked();
    let key = made(&server, "/v1/organization/admin_api_keys", json!({"name": "main"})).await;
    let value = key["value"].as_str().unwrap();
    assert_eq!(send(&server, value, Method::GET, "/v1/organization/projects", None).await.status, 200);
    let path = format!("/v1/organization/admin_api_keys/{}", key["id"].as_str().unwrap());
    assert_eq!(send(&server, ROOT, Method::DELETE, &path, None).await.status, 200);
    assert_eq!(send(&server, value, Method::GET, "/v1/organization/projects", None).await.status, 401);
}

#[tokio::test]
async fn a_projects_limit_holds_for_its_keys() {
    let server = locked();
    let (project, account) = project(&server).await;
    let limits = format!("{project}/rate_limits/rl-gpt-4o");
    made(&server, &limits, json!({"max_requests_per_1_minute": 2})).await;
    let key = account["api_key"]["value"].as_str().unwrap();
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(chat(&server, key).await.status.as_u16());
    }
    assert_eq!(statuses, [200, 200, 429]);
    assert_eq!(chat(&server, ROOT).await.status, 200);
    server.clock.advance(Duration::from_secs(30));
    assert_eq!(chat(&server, key).await.status, 200);
    // Its usage is its project's.
    let id = project.rsplit_once('/').unwrap().1;
    let path = format!("/v1/organization/usage/completions?start_time={DETERMINISTIC_DATE}&project_ids={id}");
    let page = send(&server, ROOT, Method::GET, &path, None).await.json();
    assert_eq!(page["data"][0]["results"][0]["num_model_requests"], 3);
}
