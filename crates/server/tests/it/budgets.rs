//! What may be spent, seen from outside, against what the ledger says.

use std::time::Duration;

use fakeai_guard::Period;
use fakeai_server::settings::{Budgeting, Gatekeeping};
use http::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, TestServer, request};

fn with(budgets: Budgeting) -> TestServer {
    TestServer::with(|settings| settings.gate = Gatekeeping { budgets, ..Gatekeeping::default() })
}

async fn chat(server: &TestServer, key: &str, project: &str) -> Answer {
    let body =
        json!({"model": "gpt-4o", "max_tokens": 9, "messages": [{"role": "user", "content": "word ".repeat(50)}]});
    let mut asked = request(Method::POST, "/v1/chat/completions", Some(body));
    asked.headers_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
    asked.headers_mut().insert("openai-project", project.parse().unwrap());
    server.send(asked).await
}

/// What one of these answers costs.
async fn price() -> f64 {
    let server = TestServer::new();
    chat(&server, "sk-0000-0000", "proj_a").await;
    server.get("/metrics/costs").await.json()["total_cost_usd"].as_f64().unwrap()
}

fn told(answer: &Answer) -> &str {
    answer.headers.get("x-fakeai-budget").map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_hard_budget_stops_its_key_and_nobody_else() {
    let per_key_usd = Some(price().await * 2.5);
    let server = with(Budgeting { per_key_usd, alert_at: 0.7, period: Period::Day, ..Budgeting::default() });
    let first = chat(&server, "sk-first-0000", "proj_a").await;
    assert_eq!((first.status.as_u16(), told(&first)), (200, ""));
    assert_eq!(chat(&server, "sk-first-0000", "proj_a").await.status, 200);
    // Two of two and a half are more than seventy percent.
    let third = chat(&server, "sk-first-0000", "proj_a").await;
    assert_eq!(third.status, 200);
    assert!(told(&third).starts_with("key key-") && told(&third).ends_with("; period=day"), "{}", told(&third));
    let (status, error) = chat(&server, "sk-first-0000", "proj_b").await.error();
    assert_eq!(
        (status, &error["code"], &error["type"]),
        (429, &json!("insufficient_quota"), &json!("insufficient_quota"))
    );
    assert!(error["message"].as_str().unwrap().starts_with("You exceeded your current quota,"), "{error}");
    assert_eq!(chat(&server, "sk-second-0000", "proj_a").await.status, 200);
    let costs = server.get("/metrics/costs").await.json();
    let spent = costs["budgets"].as_array().unwrap().iter().find(|held| held["state"] == "spent").unwrap();
    let key = spent["name"].as_str().unwrap();
    assert_eq!(spent["whose"], "key");
    let by_ledger = costs["costs_by_key"][key].as_f64().unwrap();
    assert!((spent["spent_usd"].as_f64().unwrap() - by_ledger).abs() < 1e-9);
    // The next day begins anew.
    server.clock.advance(Duration::from_secs(86_400));
    assert_eq!(chat(&server, "sk-first-0000", "proj_a").await.status, 200);
}

#[tokio::test]
async fn a_soft_budget_only_tells() {
    let per_project_usd = Some(price().await * 1.5);
    let server = with(Budgeting { per_project_usd, is_hard: false, ..Budgeting::default() });
    for spent in 0..4 {
        let answer = chat(&server, "sk-first-0000", "proj_a").await;
        assert_eq!(
            (answer.status.as_u16(), told(&answer).starts_with("project proj_a;")),
            (200, spent >= 2),
            "{spent}"
        );
    }
}

#[tokio::test]
async fn spend_limits_and_alerts_of_the_organisation_are_held() {
    let server = TestServer::with(|settings| {
        settings.gate = Gatekeeping { requires_key: true, ..Gatekeeping::default() };
    });
    let send = async |method: Method, path: &str, body: Option<Value>| {
        let mut asked = request(method, path, body);
        asked.headers_mut().insert("authorization", "Bearer sk-any-key-0000".parse().unwrap());
        server.send(asked).await.json()
    };
    let project = send(Method::POST, "/v1/organization/projects", Some(json!({"name": "Book"}))).await;
    let id = project["id"].as_str().unwrap();
    let path = format!("/v1/organization/projects/{id}");
    let channel = json!({"type": "email", "recipients": ["a@example.com"]});
    let cent = json!({"threshold_amount": 1, "currency": "USD", "interval": "month", "notification_channel": channel});
    send(Method::POST, &format!("{path}/spend_alerts"), Some(cent)).await;
    let most = (0.01 / price().await).ceil() as usize;
    for _ in 0..most {
        assert_eq!(told(&chat(&server, "sk-any-key-0000", id).await), "");
    }
    let answer = chat(&server, "sk-any-key-0000", id).await;
    assert!(told(&answer).starts_with(&format!("project {id};")), "{}", told(&answer));
    let limit = json!({"threshold_amount": 1, "currency": "USD", "interval": "month"});
    let limit = send(Method::POST, &format!("{path}/spend_limit"), Some(limit)).await;
    assert_eq!(limit["threshold_amount"], 1);
    assert_eq!(chat(&server, "sk-any-key-0000", id).await.status, 429);
    assert_eq!(chat(&server, "sk-any-key-0000", "proj_other").await.status, 200);
    let shown = send(Method::GET, &format!("{path}/spend_limit"), None).await;
    assert_eq!(shown["enforcement"], json!({"status": "enforcing"}));
    // Who has nothing left can still ask for more.
    send(Method::DELETE, &format!("{path}/spend_limit"), None).await;
    assert_eq!(chat(&server, "sk-any-key-0000", id).await.status, 200);
}

#[tokio::test]
async fn the_month_leads_somewhere() {
    let server = TestServer::new();
    for _ in 0..3 {
        chat(&server, "sk-0000-0000", "proj_a").await;
    }
    server.clock.advance(Duration::from_secs(6 * 3600));
    let costs = server.get("/metrics/costs").await.json();
    let number = |name: &str| costs[name].as_f64().unwrap();
    assert!((number("month_spent_usd") - number("total_cost_usd")).abs() < 1e-9, "{costs}");
    // Six hours of a month of thirty-one days.
    assert!((number("month_projected_usd") / number("month_spent_usd") - 124.0).abs() < 0.1, "{costs}");
    let kinds: Vec<&str> =
        costs["suggestions"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"batch") && kinds.contains(&"cheaper_model"), "{kinds:?}");
}

#[tokio::test]
async fn cheaper_hours_and_long_prompts_have_prices_of_their_own() {
    let server = TestServer::new();
    let mut spent = 0.0;
    let mut ask = async |model: &str, words: usize| {
        let messages = json!([{"role": "user", "content": "word ".repeat(words)}]);
        let body = json!({"model": model, "max_tokens": 9, "temperature": 0, "messages": messages});
        let answer = server.post("/v1/chat/completions", body).await.json();
        let all = server.get("/metrics/costs").await.json()["total_cost_usd"].as_f64().unwrap();
        let own = all - std::mem::replace(&mut spent, all);
        let tokens = |name: &str| answer["usage"][name].as_f64().unwrap();
        (own, tokens("prompt_tokens"), tokens("completion_tokens"), answer["created"].as_i64().unwrap())
    };
    let (.., now) = ask("gpt-4o", 1).await;
    let until_noon = (12 * 3600 - now).rem_euclid(86_400);
    server.clock.advance(Duration::from_secs(until_noon.try_into().unwrap()));
    let (usual, prompt, completion, _) = ask("deepseek-v3", 50).await;
    assert!((usual - (prompt * 0.27 + completion * 1.1) / 1e6).abs() < 1e-9, "{usual}");
    server.clock.advance(Duration::from_secs(5 * 3600));
    let (cheap, ..) = ask("deepseek-v3", 50).await;
    assert!((cheap - usual / 2.0).abs() < 1e-9, "{cheap} {usual}");
    for (words, input, output) in [(1000, 1.25, 10.0), (201_000, 2.5, 15.0)] {
        let (cost, prompt, completion, _) = ask("gemini-2.5-pro", words).await;
        assert!((cost - (prompt * input + completion * output) / 1e6).abs() < 1e-6, "{words}: {cost}");
    }
}
