//! The views of the ledger: known requests, known numbers.

use axum::body::Body;
use fakeai_engine::{Knobs, LatencyModel};
use fakeai_guard::Tier;
use fakeai_server::settings::Quota;
use http::{Method, Request};
use serde_json::{Value, json};

use crate::harness::{Answer, TestServer, millis, ready, request};

const KEY: &str = "sk-verysecret0123456789";
const CHAT: &str = "/v1/chat/completions";

fn chat(model: &str, tokens: u32) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": "hello"}], "max_tokens": tokens, "ignore_eos": true})
}

fn with_key(body: &Value) -> Request<Body> {
    let mut request = request(Method::POST, CHAT, Some(body.clone()));
    let headers = request.headers_mut();
    headers.insert("authorization", format!("Bearer {KEY}").parse().unwrap());
    headers.insert("openai-organization", "acme".parse().unwrap());
    headers.insert("openai-project", "rockets".parse().unwrap());
    request
}

/// Two good requests of one key, one of nobody to another model, and one that is refused.
async fn loaded() -> TestServer {
    let server = TestServer::new();
    for _ in 0..2 {
        server.send(with_key(&chat("gpt-4o", 7))).await;
    }
    server.chat(chat("meta-llama/Llama-3.1-8B-Instruct", 5)).await;
    server.chat(json!({"model": "gpt-4o", "messages": "none"})).await;
    server
}

async fn json_of(server: &TestServer, path: &str) -> Value {
    let answer: Answer = server.get(path).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}

#[tokio::test]
async fn models_have_their_own_numbers() {
    let server = loaded().await;
    let all = json_of(&server, "/metrics/by-model").await;
    let gpt = &all["gpt-4o"];
    assert_eq!((&gpt["request_count"], &gpt["tokens"]["completion"]), (&json!(3), &json!(14)), "{gpt}");
    assert_eq!(gpt["errors"]["count"], 1);
    assert_eq!(gpt["users"].as_object().unwrap().values().collect::<Vec<_>>(), [&json!(2)]);
    let llama = json_of(&server, "/metrics/by-model/meta-llama/Llama-3.1-8B-Instruct").await;
    assert_eq!((&llama["request_count"], &llama["endpoints"][CHAT]), (&json!(1), &json!(1)));
    let unknown = json_of(&server, "/metrics/by-model/no/such/model").await;
    assert_eq!(
        unknown,
        json!({"model": "no/such/model", "request_count": 0, "error": "No data available for this model"})
    );
    let text = server.get("/metrics/by-model/prometheus").await.text();
    assert!(text.contains("fakeai_model_requests_total{model=\"gpt-4o\"} 3\n"), "{text}");
}

#[tokio::test]
async fn models_are_compared_and_ranked() {
    let server = loaded().await;
    let compared = json_of(&server, "/metrics/compare?model1=gpt-4o&model2=meta-llama%2FLlama-3.1-8B-Instruct").await;
    assert_eq!(
        compared["comparison"]["request_count"],
        json!({"model1": 3.0, "model2": 1.0, "delta": -2.0, "percent_change": -2.0 / 3.0 * 100.0})
    );
    assert_eq!(compared["winner"]["cost_efficiency"], "meta-llama/Llama-3.1-8B-Instruct");
    let (status, error) = server.get("/metrics/compare?model1=gpt-4o&model2=none").await.error();
    assert_eq!((status, &error["param"]), (404, &json!("model2")));
    assert_eq!(server.get("/metrics/compare?model1=gpt-4o").await.status, 400);
    let ranked = json_of(&server, "/metrics/ranking?metric=tokens&limit=1").await;
    assert_eq!(
        (ranked.as_array().unwrap().len(), &ranked[0]["model"], &ranked[0]["rank"]),
        (1, &json!("gpt-4o"), &json!(1))
    );
    for wrong in ["metric=beauty", "limit=0", "limit=x", "limit=100000000000000000000"] {
        assert_eq!(server.get(&format!("/metrics/ranking?{wrong}")).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn a_key_is_known_by_its_fingerprint_only() {
    let server = loaded().await;
    server.send(with_key(&json!({"model": format!("typed-{KEY}-here"), "messages": 1}))).await;
    let dimensions = json_of(&server, "/metrics/multi-dimensional").await;
    // printf sk-verysecret0123456789 | sha256sum
    let users = dimensions["model_by_user"]["gpt-4o"].as_object().unwrap();
    assert_eq!(users.keys().collect::<Vec<_>>(), ["key-afbc08ee"]);
    assert_eq!(dimensions["model_by_organization"]["gpt-4o"], json!({"acme": 2}));
    assert_eq!(dimensions["model_by_project"]["gpt-4o"], json!({"rockets": 2}));
    assert_eq!(dimensions["model_by_time_24h"]["gpt-4o"], json!({"2025-01-01T00:00:00Z": 3}));
    for path in ["by-model", "multi-dimensional", "costs", "errors", "requests", "prometheus", "latency", "streaming"] {
        let text = server.get(&format!("/metrics/{path}")).await.text();
        assert!(!text.contains(KEY), "{path}: {text}");
    }
}

#[tokio::test]
async fn costs_are_those_of_the_answers() {
    let server = loaded().await;
    let costs = json_of(&server, "/metrics/costs").await;
    let models: f64 = costs["costs_by_model"].as_object().unwrap().values().map(|cost| cost.as_f64().unwrap()).sum();
    assert!(models > 0.0 && (models - costs["total_cost_usd"].as_f64().unwrap()).abs() < 1e-12, "{costs}");
    assert_eq!(costs["costs_by_organization"]["acme"], costs["costs_by_model"]["gpt-4o"]);
}

#[tokio::test]
async fn errors_are_told_with_their_message() {
    let server = loaded().await;
    let errors = json_of(&server, "/metrics/errors?objective=0.9").await;
    assert_eq!((&errors["total_errors"], &errors["total_requests"]), (&json!(1), &json!(4)));
    assert_eq!(errors["by_endpoint"][CHAT], json!({"requests": 4, "errors": 1, "error_rate_percent": 25.0}));
    let newest = &errors["recent"][0];
    assert!(newest["message"].as_str().unwrap().contains("messages"), "{newest}");
    // A client's mistake is no fault of the server.
    assert_eq!(
        errors["slo"]["windows"]["5m"],
        json!({"requests": 4, "faults": 0, "fault_rate": 0.0, "burn_rate": 0.0})
    );
    for wrong in ["0", "1", "x", "-3", "NaN"] {
        assert_eq!(server.get(&format!("/metrics/errors?objective={wrong}")).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn requests_are_logged_with_their_timeline() {
    let server = TestServer::with(|settings| settings.latency = LatencyModel::Knobs(Knobs::default()));
    let answer = server.send(with_key(&chat("gpt-4o", 7))).await;
    server.get("/nowhere").await;
    let requests = json_of(&server, "/metrics/requests?model=gpt-4o").await;
    let entry = &requests["data"][0];
    assert_eq!(entry["id"], answer.headers["x-request-id"].to_str().unwrap());
    assert_eq!((&entry["bytes_out"], &entry["outcome"]), (&json!(answer.body.len()), &json!("success")));
    assert_eq!((&entry["organization"], &entry["tokens"]["delivered"]), (&json!("acme"), &json!(7)));
    assert!(entry["bytes_in"].as_u64().unwrap() > 50);
    let (first, ended) = (&entry["timeline"]["first_token_ms"], &entry["timeline"]["ended_ms"]);
    assert!(first.as_f64().unwrap() > 15.0 && ended.as_f64().unwrap() > first.as_f64().unwrap(), "{entry}");
    assert_eq!(json_of(&server, "/metrics/requests?status=404").await["data"].as_array().unwrap().len(), 1);
    assert_eq!(json_of(&server, "/metrics/requests?status=success&model=gpt-4o&limit=1").await["has_more"], false);
    assert_eq!(server.get("/metrics/requests?status=perhaps").await.status, 400);
}

#[tokio::test]
async fn open_streams_are_seen_until_they_end() {
    let server = TestServer::with(|settings| settings.latency = LatencyModel::Knobs(Knobs::default()));
    let mut body = chat("gpt-4o", 50);
    body["stream"] = json!(true);
    let mut stream = server.open(request(Method::POST, CHAT, Some(body))).await.into_body();
    ready(&mut stream);
    server.clock.advance(millis(60));
    while ready(&mut stream).is_some() {}
    let live = json_of(&server, "/metrics/live").await;
    let seen = &live["data"][0];
    assert_eq!((&live["count"], &seen["tokens"], &seen["age_ms"]), (&json!(1), &json!(50), &json!(60.0)));
    assert!(seen["delivered"].as_u64().unwrap() > 4, "{seen}");
    drop(stream);
    assert_eq!(json_of(&server, "/metrics/live").await["count"], 0);
    let streaming = json_of(&server, "/metrics/streaming").await;
    assert_eq!((&streaming["cancelled_streams"], &streaming["total_streams"]), (&json!(1), &json!(1)));
    assert_eq!(streaming["requested_tokens"], streaming["delivered_tokens"]);
    let requests = json_of(&server, "/metrics/requests?status=client_closed").await;
    let entry = &requests["data"][0];
    // What was not written is not charged.
    let tokens = &entry["tokens"];
    let price = |tokens: &Value, price: f64| tokens.as_f64().unwrap() * price / 1e6;
    let cost = price(&tokens["prompt"], 2.5) + price(&tokens["completion"], 10.0);
    assert!((entry["cost_usd"].as_f64().unwrap() - cost).abs() < 1e-12, "{entry}");
}

#[tokio::test]
async fn the_series_knows_every_second() {
    let server = TestServer::new();
    for _ in 0..20 {
        server.chat(chat("gpt-4o", 3)).await;
        server.clock.advance(millis(1000));
    }
    let series = json_of(&server, "/metrics/series?from=-60&resolution=second").await;
    let points = series["points"].as_array().unwrap();
    assert_eq!(points.iter().map(|point| point["requests"].as_u64().unwrap()).sum::<u64>(), 20);
    assert_eq!((&points[0]["time"], series["anomalies"].as_array().unwrap().len()), (&json!(1_735_689_600.0), 0));
    let model = json_of(&server, "/metrics/series?model=gpt-4o").await;
    assert_eq!((&model["resolution"], &model["points"][0]["completion_tokens"]), (&json!("minute"), &json!(60)));
    assert_eq!(server.get("/metrics/series?model=none").await.status, 404);
    for wrong in ["from=99999999999", "from=tomorrow", "resolution=week", "threshold=0", "from=-1&to=-5"] {
        assert_eq!(server.get(&format!("/metrics/series?{wrong}")).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn latency_is_cut_by_what_was_asked() {
    let server = loaded().await;
    let latency = json_of(&server, "/metrics/latency").await;
    assert_eq!(latency["histograms"][CHAT]["count"], 4);
    assert_eq!(latency["profiles"]["by_model"]["gpt-4o"]["requests"], 2);
    let first = &latency["profiles"]["by_completion_tokens"][0];
    assert_eq!((&first["above"], &first["up_to"], &first["requests"]), (&json!(0), &json!(50), &json!(3)));
}

#[tokio::test]
async fn what_is_switched_off_says_so() {
    let server = TestServer::new();
    for path in ["rate-limits", "rate-limits/key/abc"] {
        let (status, error) = server.get(&format!("/metrics/{path}")).await.error();
        assert_eq!((status, &error["code"]), (404, &json!("rate_limits_disabled")), "{path}");
        assert!(error["message"].as_str().unwrap().contains("switched off"), "{error}");
    }
    assert_eq!(server.get("/metrics/nothing").await.status, 404);
}

#[tokio::test]
async fn a_server_that_stops_is_not_ready() {
    let server = TestServer::new();
    assert_eq!(server.get("/ready").await.json(), json!({"ready": true, "status": "ready"}));
    server.app.kit.tasks.stop();
    assert_eq!(server.get("/ready").await.status, 503);
    assert_eq!(server.get("/health").await.json()["ready"], false);
}

#[tokio::test]
async fn views_of_nothing_are_empty() {
    let server = TestServer::new();
    let paths = [
        "",
        "/by-model",
        "/ranking",
        "/costs",
        "/multi-dimensional",
        "/errors",
        "/streaming",
        "/latency",
        "/series",
        "/live",
        "/requests",
    ];
    for path in paths {
        json_of(&server, &format!("/metrics{path}")).await;
    }
}

#[tokio::test]
async fn the_server_documents_itself() {
    let server = TestServer::new();
    let document = json_of(&server, "/openapi.json").await;
    let chat = &document["paths"]["/v1/chat/completions"]["post"];
    assert_eq!((&chat["operationId"], &chat["tags"][0]), (&json!("createChatCompletion"), &json!("chat")));
    assert_eq!(document["paths"]["/metrics/ranking"]["get"]["parameters"][0]["name"], "metric");
    let page = server.get("/docs").await;
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    let html = page.text();
    assert!(html.contains("<code>/metrics/by-model/{model}</code>"));
    // Nothing is fetched from elsewhere.
    assert!(!html.contains("http://") && !html.contains("https://") && !html.contains("<script"));
}

#[tokio::test]
async fn a_stream_that_leaves_at_once_has_a_first_token() {
    let server = TestServer::new();
    let mut body = chat("gpt-4o", 5);
    body["stream"] = json!(true);
    server.chat(body).await;
    let log = json_of(&server, "/metrics/requests").await;
    assert_eq!(log["data"][0]["timeline"]["first_token_ms"], 0.0, "{log}");
    assert_eq!(json_of(&server, "/metrics/streaming").await["ttft"]["samples"], 1);
}

#[tokio::test]
async fn every_system_of_metrics_has_a_route() {
    let server = TestServer::with(|settings| {
        // What is counted only where there are limits is there too.
        settings.gate.quotas = Some(Quota { tier: Tier::One, limits: Tier::One.limits() });
    });
    let routes = include_str!("../../../../docs/metrics.md").split("\n## ").nth(1).unwrap();
    let rows: Vec<&str> = routes.lines().filter(|line| line.starts_with("| ") && line.contains("`/")).collect();
    assert_eq!(rows.len(), 18);
    for row in rows {
        let waits = row.contains("until then 404");
        for path in
            row.split('`').filter(|part| part.starts_with('/') && !part.contains("{id}") && !part.contains("stream"))
        {
            let answer = server.get(path).await;
            let is_built = answer.status == 200 || (path.ends_with("compare") && answer.status == 400);
            // What another feature brings may be there already.
            // What only a physical engine has says so.
            let is_built = is_built || answer.text().contains("--engine");
            assert!(is_built || (waits && answer.text().contains("not built yet")), "{path}: {}", answer.text());
        }
    }
}
