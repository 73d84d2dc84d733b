//! What the organisation's keys and limits do at the gate.

use std::sync::Arc;
use std::time::Duration;

use fakeai_guard::{StoredKey, Tier};
use fakeai_server::DETERMINISTIC_DATE;
use fakeai_server::settings::{Gatekeeping, Quota};
use fakeai_store::Memory;
use http::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, TestServer, request};

const ROOT: &str = "sk-root-key-0000";

fn locked() -> TestServer {
    locked_at(Arc::new(Memory::default()))
}

fn locked_at(home: Arc<Memory>) -> TestServer {
    let keys = vec![StoredKey::read(ROOT).unwrap()];
    let quotas = Some(Quota { tier: Tier::Five, limits: Tier::Five.limits() });
    TestServer::at(home, |settings| {
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
async fn what_was_set_holds_after_a_restart() {
    let home = Arc::new(Memory::default());
    let server = locked_at(Arc::clone(&home));
    let (project, account) = project(&server).await;
    made(&server, &format!("{project}/rate_limits/rl-gpt-4o"), json!({"max_requests_per_1_minute": 1})).await;
    let denied = json!({"mode": "deny_list", "model_ids": ["gpt-4.1"]});
    made(&server, &format!("{project}/model_permissions"), denied).await;
    drop(server);
    let server = locked_at(home);
    let key = account["api_key"]["value"].as_str().unwrap();
    assert_eq!([chat(&server, key).await.status.as_u16(), chat(&server, key).await.status.as_u16()], [200, 429]);
    let body = json!({"model": "gpt-4.1", "messages": [{"role": "user", "content": "Hello"}]});
    assert_eq!(send(&server, key, Method::POST, "/v1/chat/completions", Some(body)).await.status, 403);
}

#[tokio::test]
async fn keys_do_what_their_scopes_say() {
    let server = locked();
    let (project, account) = project(&server).await;
    let keys = format!("{project}/service_accounts/{}/api_keys", account["id"].as_str().unwrap());
    let key = made(&server, &keys, json!({"name": "reader", "scopes": ["api.model.read", "api.files.write"]})).await;
    let key = key["value"].as_str().unwrap();
    assert_eq!(send(&server, key, Method::GET, "/v1/models", None).await.status, 200);
    assert_eq!(send(&server, key, Method::GET, "/v1/files", None).await.status, 200);
    let (status, error) = chat(&server, key).await.error();
    assert_eq!(
        (status, &error["code"], &error["type"]),
        (403, &json!("missing_scope"), &json!("invalid_request_error"))
    );
    let message = error["message"].as_str().unwrap();
    let start = "You have insufficient permissions for this operation. Missing scopes: model.request.";
    assert!(message.starts_with(start), "{message}");
    // The keys of projects administer nothing, and those of administrators ask no model.
    let own = account["api_key"]["value"].as_str().unwrap();
    let (status, error) = send(&server, own, Method::GET, "/v1/organization/projects", None).await.error();
    assert_eq!(status, 403);
    assert!(error["message"].as_str().unwrap().contains("Missing scopes: api.management.read."), "{error}");
    let admin = made(&server, "/v1/organization/admin_api_keys", json!({"name": "main"})).await;
    assert_eq!(chat(&server, admin["value"].as_str().unwrap()).await.status, 403);
    // Which they are shown with.
    let shown = send(&server, ROOT, Method::GET, &format!("{project}/api_keys"), None).await.json();
    assert_eq!(shown["data"][0]["scopes"], json!(["api.model.read", "api.files.write"]));
    let wrong = send(&server, ROOT, Method::POST, &keys, Some(json!({"scopes": "all"}))).await;
    assert_eq!(wrong.status, 400);
}

#[tokio::test]
async fn the_owners_role_bounds_an_admin_key() {
    let server = locked();
    let admin = made(&server, "/v1/organization/admin_api_keys", json!({"name": "main"})).await;
    let admin = admin["value"].as_str().unwrap();
    let users = send(&server, admin, Method::GET, "/v1/organization/users", None).await.json();
    let user = format!("/v1/organization/users/{}", users["data"][0]["id"].as_str().unwrap());
    made(&server, &user, json!({"role": "reader"})).await;
    let group = json!({"name": "writers"});
    assert_eq!(send(&server, admin, Method::GET, "/v1/organization/groups", None).await.status, 200);
    let refused = send(&server, admin, Method::POST, "/v1/organization/groups", Some(group.clone())).await;
    assert_eq!(refused.status, 403);
    // A role of a group that the owner is in.
    let role = json!({"role_name": "groups", "permissions": ["api.groups.write"]});
    let role = made(&server, "/v1/organization/roles", role).await;
    let made_group = made(&server, "/v1/organization/groups", group.clone()).await;
    let path = format!("/v1/organization/groups/{}", made_group["id"].as_str().unwrap());
    made(&server, &format!("{path}/users"), json!({"user_id": users["data"][0]["id"]})).await;
    made(&server, &format!("{path}/roles"), json!({"role_id": role["id"]})).await;
    assert_eq!(send(&server, admin, Method::POST, "/v1/organization/groups", Some(group)).await.status, 200);
    let other = send(&server, admin, Method::POST, "/v1/organization/projects", Some(json!({"name": "x"}))).await;
    assert_eq!(other.status, 403);
}

#[tokio::test]
async fn a_key_is_for_its_own_project() {
    let server = locked();
    let (project, account) = project(&server).await;
    let key = account["api_key"]["value"].as_str().unwrap();
    for (name, value, expected) in [
        ("openai-project", project.rsplit('/').next().unwrap(), ""),
        ("openai-project", "proj_other", "mismatched_project"),
        ("openai-organization", "org-other", "mismatched_organization"),
    ] {
        let mut asked = request(Method::GET, "/v1/models", None);
        asked.headers_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
        asked.headers_mut().insert(name, value.parse().unwrap());
        let answer = server.send(asked).await;
        let status = if expected.is_empty() { 200 } else { 401 };
        assert_eq!(answer.status, status, "{name}");
        assert!(expected.is_empty() || answer.json()["error"]["code"] == expected, "{}", answer.text());
    }
}

#[tokio::test]
async fn a_project_asks_the_models_it_may() {
    let server = locked();
    let (project, account) = project(&server).await;
    let key = account["api_key"]["value"].as_str().unwrap();
    let path = format!("{project}/model_permissions");
    made(&server, &path, json!({"mode": "allow_list", "model_ids": ["gpt-4.1"]})).await;
    let (status, error) = chat(&server, key).await.error();
    assert_eq!((status, &error["code"]), (403, &json!("model_not_found")));
    let id = project.rsplit('/').next().unwrap();
    assert_eq!(error["message"], format!("Project `{id}` does not have access to model `gpt-4o`"));
    let input = json!({"model": "text-embedding-3-small", "input": "Hello"});
    assert_eq!(send(&server, key, Method::POST, "/v1/embeddings", Some(input)).await.status, 403);
    made(&server, &path, json!({"mode": "deny_list", "model_ids": ["gpt-4.1"]})).await;
    assert_eq!(chat(&server, key).await.status, 200);
    assert_eq!(send(&server, ROOT, Method::DELETE, &path, None).await.status, 200);
}

#[tokio::test]
async fn a_projects_hosted_tools_can_be_switched_off() {
    let server = locked();
    let (project, account) = project(&server).await;
    let key = account["api_key"]["value"].as_str().unwrap();
    made(&server, &format!("{project}/hosted_tool_permissions"), json!({"web_search": {"enabled": false}})).await;
    for (tool, status) in [("web_search", 403), ("web_search_preview", 403), ("image_generation", 200)] {
        let body = json!({"model": "gpt-4.1", "input": "Hello", "tools": [{"type": tool}]});
        let answer = send(&server, key, Method::POST, "/v1/responses", Some(body)).await;
        assert_eq!(answer.status, status, "{tool} {}", answer.text());
    }
}

#[tokio::test]
async fn nothing_is_stored_under_zero_retention() {
    let server = locked();
    let (project, account) = project(&server).await;
    let key = account["api_key"]["value"].as_str().unwrap();
    let body = json!({"model": "gpt-4.1", "input": "Hello", "store": true});
    let create = async || send(&server, key, Method::POST, "/v1/responses", Some(body.clone())).await.json();
    let find = async |answer: &Value| {
        let path = format!("/v1/responses/{}", answer["id"].as_str().unwrap());
        send(&server, key, Method::GET, &path, None).await.status.as_u16()
    };
    let before = create().await;
    assert_eq!((&before["store"], find(&before).await), (&json!(true), 200));
    let none = json!({"retention_type": "zero_data_retention"});
    made(&server, "/v1/organization/data_retention", none).await;
    let under = create().await;
    assert_eq!((&under["store"], find(&under).await), (&json!(false), 404));
    let chat = json!({"model": "gpt-4o", "store": true, "messages": [{"role": "user", "content": "Hello"}]});
    send(&server, key, Method::POST, "/v1/chat/completions", Some(chat)).await;
    let listed = send(&server, key, Method::GET, "/v1/chat/completions", None).await.json();
    assert_eq!(listed["data"], json!([]));
    made(&server, &format!("{project}/data_retention"), json!({"retention_type": "none"})).await;
    let own = create().await;
    assert_eq!((&own["store"], find(&own).await), (&json!(true), 200));
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

#[tokio::test]
async fn who_accepts_an_invite_gets_in_as_their_roles_say() {
    let server = locked();
    let (project, _) = project(&server).await;
    let id = project.rsplit('/').next().unwrap();
    let invite = json!({"email": "ada@example.com", "role": "reader", "projects": [{"id": id, "role": "member"}]});
    let invite = made(&server, "/v1/organization/invites", invite).await;
    let accept = format!("/fakeai/invites/{}/accept", invite["id"].as_str().unwrap());
    let accepted = made(&server, &accept, json!({"name": "Ada"})).await;
    assert_eq!((&accepted["invite"]["status"], &accepted["user"]["name"]), (&json!("accepted"), &json!("Ada")));
    let again = send(&server, ROOT, Method::POST, &accept, Some(json!({}))).await;
    assert_eq!(again.error().1["code"], "invite_over");
    let key = accepted["api_keys"][0]["value"].as_str().unwrap();
    assert_eq!(chat(&server, key).await.status, 200);
    let path = format!("/v1/organization/usage/completions?start_time={DETERMINISTIC_DATE}&group_by=user_id");
    let page = send(&server, ROOT, Method::GET, &path, None).await.json();
    assert_eq!(page["data"][0]["results"][0]["user_id"], accepted["user"]["id"]);
    // A role of the project that only looks.
    let user = accepted["user"]["id"].as_str().unwrap();
    let member = format!("{project}/users/{user}");
    made(&server, &member, json!({"role": "viewer"})).await;
    assert_eq!(chat(&server, key).await.status, 403);
    assert_eq!(send(&server, key, Method::GET, "/v1/models", None).await.status, 200);
    // One that may also ask models, and look after keys.
    let permissions = json!(["model.request", "api.organization.projects.api_keys.read"]);
    let roles = format!("/v1/projects/{id}");
    let role = json!({"role_name": "asker", "permissions": permissions});
    let role = made(&server, &format!("{roles}/roles"), role).await;
    made(&server, &format!("{roles}/users/{user}/roles"), json!({"role_id": role["id"]})).await;
    assert_eq!(chat(&server, key).await.status, 200);
    assert_eq!(send(&server, key, Method::GET, &format!("{project}/api_keys"), None).await.status, 200);
    let other = "/v1/organization/projects/proj_fakeai_default/api_keys";
    assert_eq!(send(&server, key, Method::GET, other, None).await.status, 403);
    // Out of the project, and the key is none.
    assert_eq!(send(&server, ROOT, Method::DELETE, &member, None).await.status, 200);
    assert_eq!(chat(&server, key).await.status, 401);
    let told =
        send(&server, ROOT, Method::GET, "/v1/organization/audit_logs?event_types[]=invite.accepted", None).await;
    assert_eq!(told.json()["data"][0]["invite.accepted"]["id"], invite["id"]);
}
