//! Health and metrics.

use http::Method;
use serde_json::json;

use crate::harness::{TestServer, request};

#[tokio::test]
async fn what_was_asked_is_counted() {
    let server = TestServer::new();
    let body = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 7});
    for _ in 0..3 {
        server.chat(body.clone()).await;
    }
    server.post("/chat/completions", json!({"model": "gpt-4o"})).await;
    server.get("/nowhere").await;
    let metrics = server.get("/metrics").await.json();
    let chat = "/v1/chat/completions";
    assert!((metrics["requests"][chat]["rate"].as_f64().unwrap() - 4.0).abs() < 1e-9, "{metrics}");
    assert!((metrics["tokens"][chat]["rate"].as_f64().unwrap() - 45.0).abs() < 1e-9);
    assert!((metrics["errors"][chat]["rate"].as_f64().unwrap() - 1.0).abs() < 1e-9);
    assert!(metrics["errors"].get("unmatched").is_some());
    let text = server.get("/metrics/prometheus").await.text();
    let sample = r#"fakeai_requests_total{endpoint="/v1/chat/completions",model="gpt-4o",status="200",error=""} 3"#;
    assert!(text.contains(sample), "{text}");
}

#[tokio::test]
async fn scrapers_get_text_and_people_get_json() {
    let server = TestServer::new();
    let mut scrape = request(Method::GET, "/metrics", None);
    scrape.headers_mut().insert("accept", "text/plain;version=0.0.4;q=0.5,*/*;q=0.1".parse().unwrap());
    assert!(server.send(scrape).await.text().starts_with("# HELP"));
    assert!(server.get("/metrics?format=prometheus").await.text().starts_with("# HELP"));
    assert!(server.get("/metrics").await.json().is_object());
    assert_eq!(server.get("/metrics?format=xml").await.status, 400);
    let csv = server.get("/metrics?format=csv").await;
    assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8");
    assert!(csv.text().starts_with("metric_type,endpoint,rate,") && server.get("/metrics/csv").await.status == 200);
    let mut scrape = request(Method::GET, "/metrics", None);
    scrape
        .headers_mut()
        .insert("accept", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5".parse().unwrap());
    let open = server.send(scrape).await;
    assert_eq!(open.headers["content-type"], "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert!(open.text().ends_with("# EOF\n") && open.text().contains("# TYPE fakeai_requests counter\n"));
    let off = TestServer::with(|settings| settings.prometheus = false);
    assert_eq!(off.get("/metrics/prometheus").await.status, 404);
}

#[tokio::test]
async fn health_has_the_originals_fields() {
    let server = TestServer::new();
    let health = server.get("/health").await.json();
    assert_eq!((health["status"].as_str(), health["ready"].as_bool()), (Some("healthy"), Some(true)));
    assert_eq!(health["timestamp"], "2025-01-01T00:00:00Z");
    let detailed = server.get("/health/detailed").await.json();
    assert_eq!(detailed["status"], "healthy");
    assert!(detailed["metrics_summary"]["active_streams"].is_i64());
}
