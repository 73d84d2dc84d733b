//! Metrics that outlive a server.

use std::sync::Arc;
use std::time::Duration;

use fakeai_server::Settings;
use fakeai_server::settings::{Directory, Persistence};
use serde_json::json;

use crate::harness::TestServer;

fn keeping(path: &std::path::Path) -> impl FnOnce(&mut Settings) {
    let directory = Arc::new(Directory::open(path).unwrap());
    move |settings| {
        let (interval, retention) = (Duration::from_secs(60), Duration::from_secs(3600));
        settings.persistence = Some(Persistence { directory, interval, retention });
    }
}

async fn ask(server: &TestServer, times: usize) {
    for _ in 0..times {
        let body = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 7});
        server.chat(body).await;
    }
}

#[tokio::test]
async fn counters_and_costs_go_on_after_a_restart() {
    let temporary = tempfile::tempdir().unwrap();
    let first = TestServer::with(keeping(temporary.path()));
    ask(&first, 3).await;
    let cost = first.get("/metrics/costs").await.json()["total_cost_usd"].as_f64().unwrap();
    first.app.close().await;
    let second = TestServer::with(keeping(temporary.path()));
    ask(&second, 2).await;
    let sample = |requests: u64| {
        format!(
            r#"fakeai_requests_total{{endpoint="/v1/chat/completions",model="gpt-4o",status="200",error=""}} {requests}"#
        )
    };
    let text = second.get("/metrics/prometheus").await.text();
    assert!(text.contains(&sample(5)), "{text}");
    let after = second.get("/metrics/costs").await.json()["total_cost_usd"].as_f64().unwrap();
    assert!(cost > 0.0 && (after - cost / 3.0 * 5.0).abs() < 1e-12, "{cost} {after}");
    assert_eq!(second.get("/metrics/by-model/gpt-4o").await.json()["request_count"], 5);
    let view = second.get("/metrics/persistence").await.json();
    assert_eq!((&view["enabled"], &view["restored_requests"]), (&json!(true), &json!(4)), "{view}");
    assert!(view["files"].as_array().unwrap().iter().any(|file| file["name"] == "state.json"), "{view}");
    // The exports are what the routes say.
    second.app.close().await;
    let read = |name: &str| std::fs::read_to_string(temporary.path().join(name)).unwrap();
    assert!(read("metrics.prom").contains(&sample(5)));
    assert!(
        read("metrics.influx")
            .contains("fakeai_requests,endpoint=/v1/chat/completions,model=gpt-4o,status=200 requests=5i")
    );
    assert!(read("metrics.csv").starts_with("metric_type,endpoint,"));
    let export: serde_json::Value = serde_json::from_str(&read("metrics.json")).unwrap();
    assert_eq!(export["models"]["gpt-4o"]["request_count"], 5);
}

#[tokio::test]
async fn a_disk_that_fails_is_told_and_the_server_goes_on() {
    let temporary = tempfile::tempdir().unwrap();
    let server = TestServer::with(keeping(temporary.path()));
    // A folder in the way of what is written beside stands for a disk that takes nothing.
    std::fs::create_dir(temporary.path().join("state.json.part")).unwrap();
    server.app.close().await;
    let view = server.get("/metrics/persistence").await.json();
    assert_eq!((&view["writes"], &view["errors"]), (&json!(0), &json!(1)));
    assert!(view["last_error"]["message"].is_string() && view["last_write"].is_null());
    ask(&server, 1).await;
    assert_eq!(server.get("/metrics/by-model/gpt-4o").await.json()["request_count"], 1);
}

#[tokio::test]
async fn what_is_damaged_is_put_aside() {
    let temporary = tempfile::tempdir().unwrap();
    std::fs::write(temporary.path().join("state.json"), b"{\"format\":1,\"totals\":[").unwrap();
    let server = TestServer::with(keeping(temporary.path()));
    let view = server.get("/metrics/persistence").await.json();
    assert_eq!((&view["errors"], &view["restored_requests"]), (&json!(1), &json!(0)));
    assert!(temporary.path().join("state.damaged.json").exists());
}

#[tokio::test]
async fn nothing_is_kept_unless_asked_for() {
    let view = TestServer::new().get("/metrics/persistence").await.json();
    assert_eq!((&view["enabled"], &view["files"]), (&json!(false), &json!([])));
}
