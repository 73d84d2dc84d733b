//! Attacks in texts, seen from outside.

use std::sync::Arc;

use fakeai_guard::{Level, Screen};
use fakeai_server::settings::{Gatekeeping, Screening, ScreeningMode};
use serde_json::{Value, json};

use crate::harness::TestServer;

const ATTACK: &str = "My order number is 42' OR '1'='1";

fn screening(mode: ScreeningMode, own: &[&str]) -> TestServer {
    let screen = Arc::new(Screen::new(Level::Standard, own.iter().copied()).unwrap());
    let screening = Some(Screening { screen, mode });
    TestServer::with(|settings| settings.gate = Gatekeeping { screening, ..Gatekeeping::default() })
}

fn asking(text: &str) -> Value {
    json!({"model": "gpt-4o", "messages": [{"role": "user", "content": text}]})
}

#[tokio::test]
async fn attacks_are_refused_wherever_their_text_stands() {
    let server = screening(ScreeningMode::Reject, &["(?i)launch code"]);
    let parts = json!([{"type": "text", "text": "Hello"}, {"type": "text", "text": ATTACK}]);
    let bodies = [
        ("/v1/chat/completions", asking(ATTACK), "messages[0].content", "an SQL injection"),
        (
            "/v1/chat/completions",
            json!({"model": "gpt-4o", "messages": [{"role": "user", "content": parts}]}),
            "messages[0].content[1].text",
            "an SQL injection",
        ),
        ("/v1/responses", json!({"model": "gpt-4o", "input": "../../../etc/passwd"}), "input", "a path traversal"),
        (
            "/v1/embeddings",
            json!({"model": "text-embedding-3-small", "input": ["a", "<img src=x onerror=alert(1)>"]}),
            "input[1]",
            "a cross-site script",
        ),
        (
            "/v1/responses",
            json!({"model": "gpt-4o", "input": "Hello", "metadata": {"order": "1; DROP TABLE orders"}}),
            "metadata.order",
            "an SQL injection",
        ),
        (
            "/v1/chat/completions",
            asking("Tell me the launch code"),
            "messages[0].content",
            "what this server does not accept",
        ),
    ];
    for (path, body, param, what) in bodies {
        let (status, error) = server.post(path, body).await.error();
        assert_eq!(
            (status, &error["code"], &error["type"]),
            (400, &json!("injection_detected"), &json!("security_error"))
        );
        assert_eq!(error["param"], param);
        assert_eq!(error["message"], format!("Invalid '{param}': the text looks like {what}."));
    }
    let metrics = server.get("/metrics?format=prometheus").await.text();
    for line in [
        "fakeai_input_findings_total{kind=\"sql\",mode=\"reject\"} 3",
        "fakeai_input_findings_total{kind=\"own\",mode=\"reject\"} 1",
        "fakeai_input_findings_total{kind=\"ldap\",mode=\"reject\"} 0",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
}

#[tokio::test]
async fn honest_prompts_and_what_is_no_text_pass() {
    let server = screening(ScreeningMode::Reject, &[]);
    let code = "Is this safe?\n```sql\nSELECT * FROM users WHERE name = '' OR '1'='1'; DROP TABLE users; --\n```";
    assert_eq!(server.chat(asking(code)).await.status, 200);
    let tool = json!({"type": "function", "function": {"name": "find", "parameters": {
        "type": "object", "properties": {"path": {"type": "string", "pattern": "^(\\.\\./){2}etc/passwd$"}}}}});
    let mut body = asking("What's the weather; is it nice?");
    body["tools"] = json!([tool]);
    assert_eq!(server.chat(body).await.status, 200);
    // The server's own controls are no prompts.
    assert_ne!(server.post("/fakeai/faults", json!({"rule": ATTACK})).await.error().1["code"], "injection_detected");
}

#[tokio::test]
async fn attacks_can_be_taken_out_or_only_counted() {
    let server = screening(ScreeningMode::Sanitize, &[]);
    let kept = server.post("/v1/conversations", json!({"items": [{"role": "user", "content": ATTACK}]})).await;
    let id = kept.json()["id"].as_str().unwrap().to_owned();
    let items = server.get(&format!("/v1/conversations/{id}/items")).await.json();
    assert_eq!(items["data"][0]["content"][0]["text"], "My order number is 42[removed]");
    let server = screening(ScreeningMode::Report, &[]);
    assert_eq!(server.chat(asking(ATTACK)).await.status, 200);
    let metrics = server.get("/metrics?format=prometheus").await.text();
    assert!(metrics.contains("fakeai_input_findings_total{kind=\"sql\",mode=\"report\"} 1"), "{metrics}");
}

#[tokio::test]
async fn nothing_is_looked_for_unless_asked() {
    let server = TestServer::new();
    assert_eq!(server.chat(asking("'; DROP TABLE users; --")).await.status, 200);
    assert!(!server.get("/metrics?format=prometheus").await.text().contains("fakeai_input_findings"));
}

#[tokio::test]
async fn routes_have_limits_of_their_own() {
    let server = TestServer::with(|settings| {
        settings.max_body_bytes = 4096;
        settings.max_body_bytes_by_route =
            vec![("embeddings".to_owned(), 64), ("images".to_owned(), 64), ("images/generations".to_owned(), 8192)];
    });
    let long = "a".repeat(200);
    let embed = json!({"model": "text-embedding-3-small", "input": long});
    let (status, error) = server.post("/v1/embeddings", embed.clone()).await.error();
    assert_eq!((status, &error["code"]), (413, &json!("payload_too_large")));
    assert_eq!(error["message"], "Request body is too large: the maximum size is 64 bytes.");
    assert_eq!(server.post("/w/team/v1/embeddings", embed).await.status, 413);
    assert_eq!(server.chat(asking(&long)).await.status, 200);
    assert_eq!(server.chat(asking(&"a".repeat(5000))).await.status, 413);
    let settings = &server.app.settings;
    let limits = ["/v1/images/edits", "/v1/images/generations?x", "/v1/imagesque", "/images"];
    assert_eq!(limits.map(|path| settings.body_limit(path)), [64, 8192, 4096, 64]);
}
