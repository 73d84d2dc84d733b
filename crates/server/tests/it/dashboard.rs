//! The dashboards' pages and files.

use crate::harness::TestServer;

/// The addresses in a text that begin with `start`, up to a quote.
fn addresses<'a>(text: &'a str, start: &str) -> Vec<&'a str> {
    text.match_indices(start).map(|(at, _)| text[at..].split('"').next().unwrap()).collect()
}

#[tokio::test]
async fn everything_a_page_needs_is_here_and_nothing_else_is_allowed() {
    let server = TestServer::new();
    for page in ["/dashboard", "/dashboard/dynamo"] {
        let answer = server.get(page).await;
        assert_eq!(answer.status, 200);
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        let html = answer.text();
        assert!(!html.contains("://") && !html.contains(" style=") && !html.contains("<style"));
        let mut files: Vec<String> = addresses(&html, "/dashboard/assets/").into_iter().map(str::to_owned).collect();
        assert!(files.len() >= 3);
        while let Some(file) = files.pop() {
            let answer = server.get(&file).await;
            assert_eq!(
                (answer.status.as_u16(), answer.headers["x-content-type-options"].as_bytes()),
                (200, &b"nosniff"[..]),
                "{file}"
            );
            // Modules name others as `./name`.
            let named = answer.text();
            files.extend(addresses(&named, "./").iter().map(|name| format!("/dashboard/assets/{}", &name[2..])));
        }
    }
    assert_eq!(server.get("/dashboard/assets/none.js").await.status, 404);
    // Who watches does not see himself; what he does not find he does.
    assert!(server.get("/metrics").await.json()["responses"].as_object().unwrap().is_empty());
}

#[tokio::test]
async fn what_a_watcher_looks_at_is_not_counted_and_what_he_asks_for_is() {
    let server = TestServer::new();
    let watched = |path: &str| {
        let mut request = crate::harness::request(http::Method::GET, path, None);
        request.headers_mut().insert("x-fakeai-watcher", "test".parse().unwrap());
        request
    };
    for path in ["/dynamo/metrics/json", "/health", "/v1/models"] {
        assert_eq!(server.send(watched(path)).await.status, 200);
    }
    let metrics = server.get("/metrics").await.json();
    assert_eq!(metrics["requests"].as_object().unwrap().keys().collect::<Vec<_>>(), ["/v1/models"]);
}
