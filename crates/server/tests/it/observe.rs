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

#[tokio::test]
async fn who_was_refused_is_known_by_its_model() {
    let server = TestServer::new();
    for body in
        [json!({"model": "gpt-4o"}), json!({"model": "gpt-4o", "messages": "none"}), json!({"messages": [], "n": "x"})]
    {
        assert_eq!(server.chat(body).await.status, 400);
    }
    let errors = server.get("/metrics/by-model/gpt-4o").await.json()["errors"]["count"].clone();
    assert_eq!(errors, 2);
    let log = server.get("/metrics/requests?status=400").await.json();
    let models: Vec<_> = log["data"].as_array().unwrap().iter().map(|entry| entry["model"].clone()).collect();
    assert!(models.iter().filter(|model| **model == "gpt-4o").count() == 2 && models.len() == 3, "{log}");
}

#[tokio::test]
async fn the_journal_hides_secrets() {
    let server = TestServer::new();
    let body = json!({"model": "gpt-4o", "api_key": "hidden-1", "messages": [{"role": "user", "content": "sk-0123456789abcd"}]});
    server.post("/v1/chat/completions?api-key=hidden-2", body).await;
    let journal = server.get("/fakeai/requests").await.text();
    assert!(
        !journal.contains("hidden-") && !journal.contains("0123456789") && journal.contains("sk-…abcd"),
        "{journal}"
    );
}

#[tokio::test]
async fn uploads_are_counted_by_their_bytes() {
    let server = TestServer::new();
    let body = "--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nuser_data\r\n--b\r\n\
                Content-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nhello\r\n--b--\r\n";
    let upload = http::Request::post("/v1/files").header("content-type", "multipart/form-data; boundary=b");
    assert_eq!(server.send(upload.body(body.into()).unwrap()).await.status, 200);
    let text = server.get("/metrics/prometheus").await.text();
    assert!(text.contains(&format!("fakeai_request_bytes_total{{endpoint=\"/v1/files\"}} {}", body.len())), "{text}");
}

#[tokio::test]
async fn absurd_queries_are_refused() {
    let server = TestServer::new();
    for (path, status) in [
        ("/metrics/compare?model1=a&model2=b", 404),
        ("/metrics/compare", 400),
        ("/metrics/ranking?limit=99999999999999999999", 400),
        ("/metrics/ranking?metric=beauty", 400),
        ("/metrics/series?from=never", 400),
        ("/metrics/series?from=1e308&to=-1e308", 400),
        ("/metrics/series?from=0&to=99999999999&resolution=hour", 200),
        ("/metrics/series?resolution=century", 400),
        ("/metrics/series?threshold=-1", 400),
        ("/metrics/errors?objective=1.5", 400),
        ("/metrics/requests?limit=-1", 400),
        ("/metrics/rate-limits", 404),
        ("/metrics/rate-limits/key/x", 404),
    ] {
        assert_eq!(server.get(path).await.status, status, "{path}");
    }
}
