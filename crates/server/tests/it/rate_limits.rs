//! How keys fare with their limits: known refusals, known numbers.

use std::time::Duration;

use fakeai_guard::{Limits, Tier};
use fakeai_server::settings::{Gatekeeping, Quota};
use http::Method;
use serde_json::json;

use crate::harness::{TestServer, request};

const KEY: &str = "sk-somebodys-secret-key";

fn limited(requests: u64) -> TestServer {
    let limits = Limits { requests_per_minute: Some(requests), ..Limits::default() };
    let quotas = Some(Quota { tier: Tier::Two, limits });
    TestServer::with(|settings| settings.gate = Gatekeeping { quotas, ..Gatekeeping::default() })
}

async fn ask(server: &TestServer, key: Option<&str>) -> u16 {
    let body = json!({"model": "gpt-4o", "max_tokens": 5, "messages": [{"role": "user", "content": "Hello"}]});
    let mut asked = request(Method::POST, "/v1/chat/completions", Some(body));
    if let Some(key) = key {
        asked.headers_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
    }
    server.send(asked).await.status.as_u16()
}

#[tokio::test]
async fn refusals_are_counted_by_key_and_cause() {
    let server = limited(3);
    let statuses = [ask(&server, Some(KEY)).await, ask(&server, Some(KEY)).await, ask(&server, Some(KEY)).await];
    assert_eq!(statuses, [200; 3]);
    server.clock.advance(Duration::from_secs(2));
    // 18 seconds to wait; both of the next come too early.
    assert_eq!([ask(&server, Some(KEY)).await, ask(&server, Some(KEY)).await], [429; 2]);
    assert_eq!(ask(&server, None).await, 200);
    let whole = server.get("/metrics/rate-limits").await.json();
    let summary = &whole["summary"];
    assert_eq!((&summary["total_keys"], &summary["total_requests_attempted"]), (&json!(2), &json!(6)));
    assert_eq!((&summary["total_requests_throttled"], &summary["total_requests_allowed"]), (&json!(2), &json!(4)));
    let one = server.get(&format!("/metrics/rate-limits/key/{KEY}")).await.json();
    assert_eq!(one["requests"], json!({"attempted": 5, "allowed": 3, "throttled": 2, "throttle_rate": 0.4}), "{one}");
    assert_eq!((&one["throttling"]["rpm_exceeded"], &one["usage_patterns"]["retries"]), (&json!(2), &json!(1)));
    assert_eq!(one["throttling"]["max_retry_after_seconds"], 18.0);
    assert_eq!((&one["tier"], &one["quota_utilization"]["peak_rpm"]), (&json!("tier-2"), &json!(1.0)));
    let print = one["api_key"].as_str().unwrap();
    assert!(print.starts_with("key-"), "{print}");
    assert_eq!(server.get(&format!("/metrics/rate-limits/key/{print}")).await.json()["requests"], one["requests"]);
    assert_eq!(server.get("/metrics/rate-limits/key/unknown").await.status, 404);
    let tiers = server.get("/metrics/rate-limits/tier").await.json();
    assert_eq!((&tiers["tier-2"]["key_count"], &tiers["tier-2"]["peak_burst_requests"]), (&json!(2), &json!(3)));
    let throttling = server.get("/metrics/rate-limits/throttle-analytics").await.json();
    assert_eq!(
        (&throttling["total_throttle_events"], &throttling["duration_histogram"]["<=30s"]),
        (&json!(2), &json!(2))
    );
    assert_eq!(throttling["rpm_vs_tpm_exceeded"], json!({"rpm": 2, "tpm": 0, "ipm": 0}));
}

#[tokio::test]
async fn who_behaves_badly_is_named_by_fingerprint_only() {
    let server = limited(3);
    for _ in 0..30 {
        ask(&server, Some(KEY)).await;
    }
    let answer = server.get("/metrics/rate-limits/abuse-patterns").await;
    let found = &answer.json()[0];
    let issues = ["high_throttle_rate", "excessive_retries", "burst_traffic", "quota_exhaustion"];
    assert_eq!((&found["issues"], &found["severity"]), (&json!(issues), &json!("high")), "{found}");
    assert_eq!((&found["total_requests"], &found["throttle_rate"]), (&json!(30), &json!(0.9)));
    for path in ["", "/abuse-patterns", "/tier"] {
        assert!(!server.get(&format!("/metrics/rate-limits{path}")).await.text().contains(KEY));
    }
}
