//! Commands that look at a running server: `status`, `models`, `metrics`, `cache-stats`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::routing::get;
use serde_json::{Value, json};

use super::*;

/// A server with one answer at one path.
fn with(path: &str, answer: Value) -> String {
    start(Router::new().route(path, get(move || async move { axum::Json(answer) })))
}

fn health(status: &str) -> Value {
    json!({
        "status": status, "timestamp": "2026-01-01T00:00:00Z", "version": "0.1.0", "uptime_seconds": 3725.5,
        "metrics_summary": {
            "total_requests": 1234, "total_requests_per_second": 12.345, "error_rate_percentage": 0.081,
            "average_latency_seconds": 0.0251, "active_streams": 3
        },
        "endpoints": {}
    })
}

#[test]
fn status_shows_a_healthy_server() {
    let url = with("/health/detailed", health("healthy"));
    let outcome = Call::default().run(&["status", "--url", &url]);
    assert_eq!((outcome.code, outcome.err.as_str()), (0, ""));
    insta::assert_snapshot!(outcome.out.replace(&url, "URL"));
    let json = Call::default().env("FAKEAI_URL", &format!("{url}/v1/")).run(&["status", "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&json.out).unwrap(), health("healthy"));
}

#[test]
fn status_fails_on_an_unhealthy_server() {
    let outcome = Call::default().run(&["status", "--url", &with("/health/detailed", health("degraded"))]);
    assert_eq!((outcome.code, outcome.err.as_str()), (1, "error: the server is degraded\n"));
    assert!(outcome.out.contains("degraded"));
}

#[test]
fn without_a_server_every_command_says_how_to_start_one() {
    let url = nowhere();
    for command in ["status", "models", "metrics", "cache-stats", "chat", "bench"] {
        let question = if command == "chat" { &["Hi"][..] } else { &[] };
        let outcome = Call::default().run(&[&[command, "--url", &url], question].concat());
        assert_eq!((outcome.code, outcome.out.as_str()), (1, ""), "{command}");
        assert!(outcome.err.contains("Start one with `fakeai server`"), "{command}: {}", outcome.err);
    }
}

#[test]
fn an_address_that_is_none_is_a_usage_error() {
    let outcome = Call::default().env("FAKEAI_URL", "https://example.com").run(&["status"]);
    assert_eq!(outcome.code, 2);
    insta::assert_snapshot!(outcome.err);
}

fn models() -> Value {
    json!({"object": "list", "data": [
        {"id": "gpt-4o", "object": "model", "owned_by": "openai", "context_window": 128_000, "max_output_tokens": 16_384,
         "pricing": {"input_per_million": 2.5, "cached_input_per_million": 1.25, "output_per_million": 10.0}},
        {"id": "meta-llama/Llama-3.1-8B-Instruct", "object": "model", "owned_by": "meta", "context_window": 131_072},
        {"id": "whisper-1", "object": "model", "owned_by": "openai", "context_window": null, "pricing": null},
    ]})
}

#[test]
fn models_are_a_table() {
    let url = with("/v1/models", models());
    insta::assert_snapshot!(Call::default().run(&["models", "--url", &url]).out);
    assert_eq!(Call::default().run(&["models", "LLAMA", "--url", &url]).out.lines().count(), 2);
    let json = Call::default().run(&["models", "openai", "--json", "--url", &url]);
    assert_eq!(serde_json::from_str::<Vec<Value>>(&json.out).unwrap().len(), 2);
    let none = Call::default().run(&["models", "claude", "--url", &url]);
    assert_eq!((none.code, none.err.as_str()), (1, "error: none of 3 models matches `claude`\n"));
}

fn metrics_server() -> String {
    let json = json!({
        "requests": {"/v1/chat/completions": {"rate": 12.5, "p99": 0.25}, "/v1/models": {"rate": 1.0, "p99": 0.001}},
        "streaming_stats": {"active_streams": 2, "ttft": {"avg": 0.02}},
    });
    start(
        Router::new()
            .route("/metrics", get(|| async move { axum::Json(json) }))
            .route("/metrics/prometheus", get(|| async { "# TYPE up gauge\nup 1\n" }))
            .route("/metrics/csv", get(|| async { "metric_type,endpoint\nrequests,/v1/models\n" })),
    )
}

#[test]
fn metrics_come_in_every_format_the_server_has() {
    let url = metrics_server();
    let show = |format: &str| Call::default().run(&["metrics", "--format", format, "--url", &url]);
    insta::assert_snapshot!(show("pretty").out);
    assert!(serde_json::from_str::<Value>(&show("json").out).unwrap()["requests"].is_object());
    assert_eq!(show("prometheus").out, "# TYPE up gauge\nup 1\n");
    assert_eq!(show("csv").out, "metric_type,endpoint\nrequests,/v1/models\n");
}

#[test]
fn metrics_are_watched_until_the_server_fails() {
    let asked = Arc::new(AtomicU32::new(0));
    let answer = move || {
        let times = asked.fetch_add(1, Ordering::Relaxed);
        async move {
            if times < 2 { axum::Json(json!({"n": times})).into_response() } else { refuse(503, "overloaded", "Busy.") }
        }
    };
    let url = start(Router::new().route("/metrics", get(answer)));
    let outcome = Call { is_seen: true, ..Call::default() }.run(&["metrics", "--watch", "0.1", "--url", &url]);
    assert_eq!((outcome.code, outcome.err.as_str()), (1, "error: the server answered 503: Busy.\n"));
    assert_eq!(outcome.out, "\x1b[2J\x1b[H  n  0\n\x1b[2J\x1b[H  n  1\n\x1b[2J\x1b[H");
    assert_eq!(Call::default().run(&["metrics", "--watch", "0", "--url", &url]).code, 2);
}

#[test]
fn cache_stats_show_the_cache_or_the_servers_own_error() {
    let stats = json!({
        "cache_performance": {"cache_hit_rate": 0.42, "speedup_stats": {"avg_speedup_ratio": 1.5}},
        "smart_router": {"workers": {"worker-0": {"active_requests": 1}}, "config": {"block_size": 16}},
    });
    insta::assert_snapshot!(Call::default().run(&["cache-stats", "--url", &with("/kv-cache/metrics", stats)]).out);
    let fallback = || async { refuse(404, "unknown_url", "Unknown request URL: GET /kv-cache/metrics.") };
    let outcome = Call::default().run(&["cache-stats", "--url", &start(Router::new().fallback(fallback))]);
    let err = "error: the server answered 404: Unknown request URL: GET /kv-cache/metrics.\n";
    assert_eq!((outcome.code, outcome.err.as_str()), (1, err));
}
