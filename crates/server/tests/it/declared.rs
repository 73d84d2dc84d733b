//! What is only kept: declared resources, and skills with their files.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use crate::harness::{TestServer, form, request};

async fn delete(server: &TestServer, path: &str) -> (u16, Value) {
    let answer = server.send(request(Method::DELETE, path, None)).await;
    (answer.status.as_u16(), answer.json())
}

#[tokio::test]
async fn a_declared_resource_is_made_listed_changed_and_removed() {
    let server = TestServer::new();
    let (texts, file) = ([("name", "Me"), ("language", "en")], [("recording", "a.wav", b"RIFF".as_slice())]);
    let one = server.send(form("/v1/audio/voice_consents", &texts, &file)).await.json();
    let expected = json!({"object": "audio.voice_consent", "id": one["id"], "name": "Me", "language": "en",
        "created_at": 1_735_689_600});
    assert_eq!(one, expected);
    let two = server.send(form("/v1/audio/voice_consents", &texts, &file)).await.json();
    let list = server.get("/v1/audio/voice_consents?limit=1").await.json();
    assert_eq!((&list["data"][0], &list["has_more"]), (&two, &json!(true)));
    let path = format!("/v1/audio/voice_consents/{}", one["id"].as_str().unwrap());
    let changed = server.post(&path, json!({"name": "Myself", "language": "fr"})).await.json();
    assert_eq!((&changed["name"], &changed["language"]), (&json!("Myself"), &json!("en")), "only names change");
    assert_eq!(server.get(&path).await.json(), changed);
    assert_eq!(delete(&server, &path).await.1["deleted"], true);
    assert_eq!(server.get(&path).await.status.as_u16(), 404);
    assert_eq!(delete(&server, &path).await.0, 404);
}

#[tokio::test]
async fn what_is_wrong_with_a_form_is_named() {
    let server = TestServer::new();
    let consents = "/v1/audio/voice_consents";
    let file = [("recording", "a.wav", b"RIFF".as_slice())];
    for (texts, files, param) in [
        (vec![("name", "x")], &file[..], "language"),
        (vec![("name", "x"), ("language", "en")], &[], "recording"),
        (vec![("name", ""), ("language", "en")], &file[..], "name"),
        (vec![("name", "x"), ("language", "en")], &[("recording", "a.wav", b"".as_slice())], "recording"),
    ] {
        let (status, error) = server.send(form(consents, &texts, files)).await.error();
        assert_eq!((status, &error["param"]), (400, &json!(param)), "{error}");
    }
    let texts = [("name", "x"), ("consent", "cons_none")];
    let (status, _) =
        server.send(form("/v1/audio/voices", &texts, &[("audio_sample", "a.wav", b"RIFF")])).await.error();
    assert_eq!(status, 404);
}

#[tokio::test]
async fn a_chat_session_expires_unless_it_is_cancelled() {
    let server = TestServer::new();
    let body = json!({"workflow": {"id": "wf_1"}, "user": "me"});
    let session = server.post("/v1/chatkit/sessions", body.clone()).await.json();
    assert_eq!((&session["status"], &session["expires_at"]), (&json!("active"), &json!(1_735_690_200)));
    let path = format!("/v1/chatkit/sessions/{}/cancel", session["id"].as_str().unwrap());
    let cancelled = server.post(&path, json!({})).await.json();
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(server.post("/v1/chatkit/sessions", json!({"workflow": {"id": "wf_1"}})).await.error().0, 400);
    let (_, error) = server.post("/v1/chatkit/sessions", json!({"workflow": {}, "user": "me"})).await.error();
    assert_eq!(error["param"], "workflow.id");
}

#[tokio::test]
async fn ids_of_other_workspaces_are_not_there() {
    let server = TestServer::new();
    let project = server.post("/v1/organization/projects", json!({"name": "Book"})).await.json();
    let path = format!("/v1/organization/projects/{}", project["id"].as_str().unwrap());
    assert_eq!(server.get(&path).await.status.as_u16(), 200);
    assert_eq!(server.get(&format!("/w/other{path}")).await.status.as_u16(), 404);
    assert_eq!(server.get(&format!("/w/other{path}/users")).await.status.as_u16(), 404);
    assert_eq!(server.post(&format!("{path}/users"), json!({"user_id": "nobody", "role": "x"})).await.error().0, 404);
}

#[tokio::test]
async fn archived_projects_are_hidden_and_invites_expire() {
    let server = TestServer::new();
    let project = server.post("/v1/organization/projects", json!({"name": "Book"})).await.json();
    let path = format!("/v1/organization/projects/{}", project["id"].as_str().unwrap());
    let archived = server.post(&format!("{path}/archive"), json!({})).await.json();
    assert_eq!((&archived["status"], &archived["archived_at"]), (&json!("archived"), &json!(1_735_689_600)));
    let names = |list: Value| list["data"].as_array().unwrap().len();
    assert_eq!(names(server.get("/v1/organization/projects").await.json()), 1, "the default one");
    assert_eq!(names(server.get("/v1/organization/projects?include_archived=true").await.json()), 2);
    let invite = json!({"email": "a@example.com", "role": "reader"});
    let invite = server.post("/v1/organization/invites", invite).await.json();
    let workspace = server.app.workspaces.default();
    workspace.set_clock(server.clock.clone());
    server.clock.advance(Duration::from_secs(7 * 24 * 3600));
    let path = format!("/v1/organization/invites/{}", invite["id"].as_str().unwrap());
    assert_eq!(server.get(&path).await.json()["status"], "expired");
}

#[tokio::test]
async fn keys_are_shown_once() {
    let server = TestServer::new();
    let made = server.post("/v1/organization/admin_api_keys", json!({"name": "main"})).await.json();
    let value = made["value"].as_str().unwrap();
    assert!(value.starts_with("sk-"), "{value}");
    let path = format!("/v1/organization/admin_api_keys/{}", made["id"].as_str().unwrap());
    let got = server.get(&path).await.json();
    assert_eq!((&got["value"], &got["redacted_value"]), (&Value::Null, &made["redacted_value"]));
    let shown = got["redacted_value"].as_str().unwrap();
    assert!(!shown.contains(&value[4..20]) && shown.ends_with(&value[value.len() - 4..]), "{shown}");
}

#[tokio::test]
async fn what_was_never_set_has_a_value_and_goes_back_to_it() {
    let server = TestServer::new();
    let path = "/v1/organization/projects/proj_fakeai_default/model_permissions";
    let first = server.get(path).await.json();
    assert_eq!(first["mode"], "deny_list");
    let body = json!({"mode": "allow_list", "model_ids": ["gpt-4o"]});
    assert_eq!(server.post(path, body).await.json()["model_ids"], json!(["gpt-4o"]));
    assert_eq!(delete(&server, path).await.0, 200);
    assert_eq!(server.get(path).await.json(), first);
    let (status, error) = server.post(path, json!({"mode": "none"})).await.error();
    assert_eq!((status, &error["param"]), (400, &json!("mode")));
}

const SKILL: &[u8] = b"---\nname: greeting\ndescription: Says hello.\n---\n# Greeting\n";

#[tokio::test]
async fn a_skill_keeps_its_files_and_versions() {
    let server = TestServer::new();
    let files = [("files[]", "greeting/SKILL.md", SKILL), ("files[]", "greeting/run.py", b"print('hello')".as_slice())];
    let skill = server.send(form("/v1/skills", &[], &files)).await.json();
    assert_eq!((&skill["name"], &skill["latest_version"]), (&json!("greeting"), &json!("1")));
    let path = format!("/v1/skills/{}", skill["id"].as_str().unwrap());
    let content = server.get(&format!("{path}/content")).await;
    assert_eq!(content.headers["content-type"], "application/zip");
    // The archive that was given out is taken in as it is.
    let version = form(&format!("{path}/versions"), &[("default", "true")], &[("files", "a.zip", &content.body)]);
    let version = server.send(version).await.json();
    assert_eq!(version["version"], "2");
    assert_eq!(server.get(&format!("{path}/versions/2/content")).await.body, content.body);
    assert_eq!(server.get(&path).await.json()["default_version"], "2");
    assert_eq!(delete(&server, &format!("{path}/versions/2")).await.0, 400, "it is the default version");
    assert_eq!(delete(&server, &format!("{path}/versions/1")).await.0, 200);
    assert_eq!(server.get(&format!("{path}/versions/1")).await.status.as_u16(), 404);
    assert_eq!(delete(&server, &path).await.0, 200);
    assert_eq!(server.get(&format!("{path}/content")).await.status.as_u16(), 404);
}

#[tokio::test]
async fn what_is_no_skill_is_refused() {
    let server = TestServer::new();
    for files in [
        vec![],
        vec![("files", "README.md", SKILL)],
        vec![("files", "SKILL.md", b"no front matter".as_slice())],
        vec![("files", "../SKILL.md", SKILL)],
        vec![("files", "a.zip", b"PK\x03\x04torn".as_slice())],
    ] {
        let (status, error) = server.send(form("/v1/skills", &[], &files)).await.error();
        assert_eq!((status, &error["param"]), (400, &json!("files")), "{error}");
    }
}
