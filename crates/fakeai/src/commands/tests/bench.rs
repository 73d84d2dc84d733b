//! `fakeai bench`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::routing::post;
use serde_json::{Value, json};

use super::*;

/// A server whose every tenth answer is a refusal.
fn server() -> String {
    let asked = Arc::new(AtomicU32::new(0));
    let chat = move |body: Bytes| {
        let number = asked.fetch_add(1, Ordering::Relaxed);
        async move {
            let request: Value = serde_json::from_slice(&body).unwrap();
            let usage = json!({"prompt_tokens": 200, "completion_tokens": 3});
            fakeai_core::Clock::system().unwrap().sleep(Duration::from_millis(15)).await;
            if number % 10 == 9 {
                return refuse(429, "rate_limit_exceeded", "Slow down.");
            }
            if request["stream"] == false {
                return axum::Json(json!({"choices": [], "usage": usage})).into_response();
            }
            let chunk = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
            stream(&format!("{}data: {{\"usage\":{usage}}}\n\ndata: [DONE]\n\n", chunk.repeat(3)), 50)
        }
    };
    start(Router::new().route("/v1/chat/completions", post(chat)))
}

fn json_report(args: &[&str]) -> (u8, Value) {
    let outcome = Call::default().run(&[&["bench", "--json", "-c", "4"], args].concat());
    (outcome.code, serde_json::from_str(&outcome.out).unwrap_or_else(|_| panic!("{outcome:?}")))
}

#[test]
fn streams_are_counted_and_timed() {
    let (code, report) = json_report(&["-n", "50", "--url", &server()]);
    assert_eq!(code, 1);
    assert_eq!(report["answered"], 45);
    assert_eq!(report["failed"], 5);
    assert_eq!(report["completion_tokens"], 45 * 3);
    assert_eq!(report["prompt_tokens"], 45 * 200);
    assert_eq!(report["errors"], json!({"429 rate_limit_exceeded": 5}));
    let millis = |name: &str, quantile: &str| report[name][quantile].as_f64().unwrap();
    for name in ["ttft_ms", "itl_ms", "latency_ms"] {
        assert!(millis(name, "p50") <= millis(name, "p99") && millis(name, "p99") <= millis(name, "max") * 1.01);
    }
    assert!(millis("ttft_ms", "p50") <= millis("latency_ms", "p50"));
    assert!((15.0..1000.0).contains(&millis("ttft_ms", "p50")), "{report}");
    assert!((0.0..15.0).contains(&millis("itl_ms", "p50")), "{report}");
}

#[test]
fn whole_answers_have_no_first_token() {
    let (code, report) = json_report(&["-n", "9", "--no-stream", "--url", &server()]);
    assert_eq!((code, &report["answered"], &report["completion_tokens"]), (0, &json!(9), &json!(27)));
    assert!(report.get("ttft_ms").is_none() && report["latency_ms"]["p50"].as_f64().unwrap() >= 15.0, "{report}");
}

#[test]
fn a_duration_ends_it() {
    let (_, report) = json_report(&["-d", "300ms", "--url", &server()]);
    let seconds = report["seconds"].as_f64().unwrap();
    assert!((0.3..5.0).contains(&seconds), "{seconds}");
}

#[test]
fn people_get_a_table_and_a_bar() {
    let call = Call { is_seen: true, ..Call::default() };
    let outcome = call.run(&["bench", "-d", "300ms", "-c", "2", "--url", &server()]);
    assert!(outcome.err.contains("[#") && outcome.err.contains(" done  "), "{}", outcome.err);
    let mut lines = outcome.out.lines();
    assert!(lines.next().unwrap().ends_with(": streams of gpt-4o-mini, 2 at a time"), "{}", outcome.out);
    assert!(lines.next().unwrap().contains(" requests/s, "), "{}", outcome.out);
    for row in ["TTFT", "ITL", "latency", "error"] {
        assert!(outcome.out.contains(&format!("\n{row}")), "{}", outcome.out);
    }
}

#[test]
fn broken_answers_are_counted_by_kind() {
    type Case = (fn() -> Response, &'static [&'static str], &'static str);
    let answers: [Case; 5] = [
        (|| stream("data: {\"choices\":[]}\n\n", 9), &[], "the stream ended without [DONE]"),
        (|| stream("data: {\"error\":{\"message\":\"x\",\"code\":\"lost\"}}\n\n", 9), &[], "stream error lost"),
        (|| stream("data: [DONE]\n\n", 9), &["--no-stream"], "a stream, though not asked for"),
        (|| "{}".into_response(), &[], "no stream, though asked for"),
        (|| "no".into_response(), &["--no-stream"], "no JSON"),
    ];
    for (answer, flags, kind) in answers {
        let url = start(Router::new().route("/v1/chat/completions", post(move || async move { answer() })));
        let (code, report) = json_report(&[flags, &["-n", "4", "--url", &url]].concat());
        assert_eq!((code, &report["errors"]), (1, &json!({ kind: 4 })));
    }
}

#[test]
fn a_silent_server_times_out() {
    let silent = || async { std::future::pending::<Response>().await };
    let url = start(Router::new().route("/v1/chat/completions", post(silent)));
    let (code, report) = json_report(&["-n", "4", "--timeout", "100ms", "--url", &url]);
    assert_eq!((code, &report["errors"]), (1, &json!({"timed out": 4})));
}

#[test]
fn other_machines_are_not_attacked_by_accident() {
    let outcome = Call::default().run(&["bench", "--url", "http://192.0.2.1:8000"]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.err.contains("--allow-remote"), "{}", outcome.err);
    let (_, report) = json_report(&["-n", "1", "--allow-remote", "--url", &server()]);
    assert_eq!(report["answered"], 1);
}
