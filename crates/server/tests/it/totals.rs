//! Every view against the client's own count, over a random load: whole answers and streams, refusals, hang-ups, several
//! keys and workspaces.

use std::collections::BTreeMap;

use axum::body::Body;
use fakeai_core::{Rng, Seed};
use fakeai_engine::{Knobs, LatencyModel};
use fakeai_writer::ReplyMode;
use http::{Method, Request};
use serde_json::{Value, json};

use crate::harness::{TestServer, millis, ready, request};

const REQUESTS: u64 = 20_000;
/// Dollars for a million tokens read and written.
const MODELS: [(&str, f64, f64); 3] = [("gpt-4o", 2.5, 10.0), ("gpt-4o-mini", 0.15, 0.6), ("gpt-4.1", 2.0, 8.0)];
const CHAT: &str = "/v1/chat/completions";

/// What the client counts, of one model or of all.
#[derive(Debug, Default, PartialEq)]
struct Count {
    requests: u64,
    errors: u64,
    left: u64,
    streams: u64,
    prompt: u64,
    completion: u64,
}

#[derive(Debug, Default)]
struct Client {
    models: BTreeMap<&'static str, Count>,
    keys: BTreeMap<(&'static str, u64), u64>,
    elsewhere: u64,
    /// Refused before anybody looked for the model.
    refused: u64,
    cost_usd: f64,
    bytes: u64,
}

impl Client {
    fn count(&mut self, model: (&'static str, f64, f64), prompt: u64, completion: u64) {
        let count = self.models.entry(model.0).or_default();
        count.prompt += prompt;
        count.completion += completion;
        self.cost_usd += (prompt as f64 * model.1 + completion as f64 * model.2) / 1e6;
    }

    fn sum(&self, of: impl Fn(&Count) -> u64) -> u64 {
        self.models.values().map(of).sum()
    }
}

fn asked(rng: &mut Rng, body: &Value, client: &mut Client, model: &'static str) -> Request<Body> {
    let mut request = request(Method::POST, CHAT, Some(body.clone()));
    let headers = request.headers_mut();
    let key = rng.below(4) as u64;
    if key > 0 {
        headers.insert("authorization", format!("Bearer key number {key}").parse().unwrap());
        *client.keys.entry((model, key)).or_default() += 1;
    }
    if rng.below(3) > 0 {
        headers.insert("x-fakeai-workspace", format!("w{}", rng.below(3)).parse().unwrap());
    }
    client.models.entry(model).or_default().requests += 1;
    request
}

/// Tokens that came, by what was said: each token of this text is an event.
fn tokens(events: &str) -> u64 {
    let data = events.split("\n\n").filter_map(|event| event.strip_prefix("data: {"));
    data.filter(|data| data.contains("\"content\":\"") && !data.contains("\"content\":\"\"")).count() as u64
}

async fn ask(server: &TestServer, rng: &mut Rng, client: &mut Client) {
    let model = MODELS[rng.below(3)];
    let most = 1 + rng.below(9);
    let mut body = json!({
        "model": model.0, "max_tokens": most, "ignore_eos": true,
        "messages": [{"role": "user", "content": "word ".repeat(1 + rng.below(9))}],
    });
    match rng.below(20) {
        0 => {
            body["temperature"] = json!(9);
            let answer = server.send(request(Method::POST, CHAT, Some(body))).await;
            assert_eq!(answer.status, 400);
            client.bytes += answer.body.len() as u64;
            client.refused += 1;
            let count = client.models.entry(model.0).or_default();
            count.requests += 1;
            count.errors += 1;
        }
        1 => {
            let answer = server.get("/v1/nowhere").await;
            client.bytes += answer.body.len() as u64;
            client.elsewhere += 1;
        }
        2..=4 => {
            body["stream"] = json!(true);
            let request = asked(rng, &body, client, model.0);
            let mut stream = server.open(request).await.into_body();
            let mut text = ready(&mut stream).unwrap_or_default();
            server.clock.advance(millis(rng.below(60) as u64));
            text.extend(std::iter::from_fn(|| ready(&mut stream)));
            client.bytes += text.len() as u64;
            let count = client.models.entry(model.0).or_default();
            count.streams += 1;
            count.left += u64::from(!text.contains("[DONE]"));
            // Prompts here have as many tokens as words, and seven around them.
            let words = body["messages"][0]["content"].as_str().unwrap().matches("word").count() as u64;
            client.count(model, words + 8, tokens(&text));
        }
        5..=11 => {
            body["stream"] = json!(true);
            body["stream_options"] = json!({"include_usage": true});
            let answer = server.send(asked(rng, &body, client, model.0)).await;
            let usage = answer.events().last().unwrap()["usage"].clone();
            client.bytes += answer.body.len() as u64;
            client.models.entry(model.0).or_default().streams += 1;
            assert_eq!(tokens(&answer.text()), usage["completion_tokens"].as_u64().unwrap());
            let of = |name: &str| usage[name].as_u64().unwrap();
            client.count(model, of("prompt_tokens"), of("completion_tokens"));
        }
        _ => {
            let answer = server.send(asked(rng, &body, client, model.0)).await;
            client.bytes += answer.body.len() as u64;
            let usage = answer.json()["usage"].clone();
            let of = |name: &str| usage[name].as_u64().unwrap();
            client.count(model, of("prompt_tokens"), of("completion_tokens"));
        }
    }
}

fn near(left: f64, right: f64) -> bool {
    (left - right).abs() <= right.abs() * 1e-9
}

/// The sum of a family's samples whose labels have `part`.
fn sample_sum(text: &str, name: &str, part: &str) -> f64 {
    let samples = text.lines().filter(|line| line.starts_with(&format!("{name}{{")) && line.contains(part));
    samples.map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap()).sum()
}

async fn compare_models(server: &TestServer, client: &Client) {
    let models = server.get("/metrics/by-model").await.json();
    let dimensions = server.get("/metrics/multi-dimensional").await.json();
    for (model, count) in &client.models {
        let seen = &models[model];
        let of = |path: &str| seen.pointer(path).unwrap().as_u64().unwrap();
        let shown = Count {
            requests: of("/request_count"),
            errors: of("/errors/count"),
            left: of("/client_closed"),
            streams: of("/streams"),
            prompt: of("/tokens/prompt"),
            completion: of("/tokens/completion"),
        };
        assert_eq!(&shown, count, "{model}");
        assert_eq!(dimensions["model_by_endpoint"][model][CHAT], count.requests);
        let users: Vec<u64> = seen["users"].as_object().unwrap().values().map(|user| user.as_u64().unwrap()).collect();
        let mut keys: Vec<u64> = (1..4).map(|key| client.keys[&(*model, key)]).collect();
        assert_eq!(users.iter().sum::<u64>(), keys.iter().sum::<u64>());
        let mut of_users = users;
        of_users.sort_unstable();
        keys.sort_unstable();
        assert_eq!(of_users, keys);
    }
}

async fn compare_sums(server: &TestServer, client: &Client) {
    let errors = server.get("/metrics/errors").await.json();
    let chats = client.sum(|count| count.requests);
    let percent = client.refused as f64 * 100.0 / chats as f64;
    let expected = json!({"requests": chats, "errors": client.refused, "error_rate_percent": percent});
    assert_eq!(errors["by_endpoint"][CHAT], expected);
    assert_eq!(errors["by_endpoint"]["unmatched"]["errors"], client.elsewhere);
    assert_eq!(errors["client_closed"], client.sum(|count| count.left));
    let costs = server.get("/metrics/costs").await.json();
    assert!(near(costs["total_cost_usd"].as_f64().unwrap(), client.cost_usd), "{costs} {}", client.cost_usd);
    let series = server.get("/metrics/series?from=-3500&resolution=second&threshold=900").await.json();
    let points = series["points"].as_array().unwrap();
    let sum = |name: &str| points.iter().map(|point| point[name].as_u64().unwrap()).sum::<u64>();
    assert_eq!(sum("completion_tokens"), client.sum(|count| count.completion));
    assert_eq!(sum("prompt_tokens"), client.sum(|count| count.prompt));
    assert_eq!(
        (sum("client_closed"), sum("streams")),
        (client.sum(|count| count.left), client.sum(|count| count.streams))
    );
    let streaming = server.get("/metrics/streaming").await.json();
    assert_eq!(streaming["total_streams"], client.sum(|count| count.streams));
    assert_eq!(
        (&streaming["delivered_tokens"], &streaming["active_streams"]),
        (&json!(client.sum(|count| count.completion)), &json!(0))
    );
    let text = server.get("/metrics/prometheus").await.text();
    let chat = format!("endpoint=\"{CHAT}\"");
    assert!(near(sample_sum(&text, "fakeai_requests_total", &chat), chats as f64));
    assert!(near(sample_sum(&text, "fakeai_request_duration_seconds_count", &chat), chats as f64));
    assert!(near(
        sample_sum(&text, "fakeai_tokens_total", "type=\"completion\""),
        client.sum(|count| count.completion) as f64
    ));
    assert!(near(sample_sum(&text, "fakeai_cost_usd_total", "model"), client.cost_usd));
    let bytes = sample_sum(&text, "fakeai_response_bytes_total", &chat)
        + sample_sum(&text, "fakeai_response_bytes_total", "unmatched");
    assert!(near(bytes, client.bytes as f64), "{bytes} {}", client.bytes);
    let latency = server.get("/metrics/latency").await.json();
    assert_eq!(latency["histograms"][CHAT]["count"], chats);
}

/// What the organisation's API says of all workspaces: tokens to the last, dollars to a billionth.
async fn compare_books(server: &TestServer, client: &Client) {
    let (mut prompt, mut completion, mut requests, mut cost_usd) = (0, 0, 0, 0.0);
    for workspace in ["", "w0", "w1", "w2"] {
        let ask = async |path: &str| {
            let mut asked = request(Method::GET, path, None);
            if !workspace.is_empty() {
                asked.headers_mut().insert("x-fakeai-workspace", workspace.parse().unwrap());
            }
            let page = server.send(asked).await.json();
            let buckets = page["data"].as_array().unwrap().clone();
            buckets.into_iter().flat_map(|bucket| bucket["results"].as_array().unwrap().clone()).collect::<Vec<Value>>()
        };
        let start = fakeai_server::DETERMINISTIC_DATE;
        let usage = format!("/v1/organization/usage/completions?start_time={start}&bucket_width=1d&limit=31");
        let all = ask(&usage).await;
        let sum = |results: &[Value], name: &str| results.iter().map(|one| one[name].as_u64().unwrap()).sum::<u64>();
        let of =
            |results: &[Value]| ["input_tokens", "output_tokens", "num_model_requests"].map(|name| sum(results, name));
        for groups in ["model", "api_key_id", "user_id"] {
            let grouped = ask(&format!("{usage}&group_by={groups}")).await;
            assert_eq!(of(&grouped), of(&all), "{groups}");
        }
        prompt += of(&all)[0];
        completion += of(&all)[1];
        requests += of(&all)[2];
        let costs = ask(&format!("/v1/organization/costs?start_time={start}&limit=31&group_by=line_item")).await;
        cost_usd += costs.iter().map(|one| one["amount"]["value"].as_f64().unwrap()).sum::<f64>();
    }
    assert_eq!((prompt, completion), (client.sum(|count| count.prompt), client.sum(|count| count.completion)));
    assert_eq!(requests, client.sum(|count| count.requests) - client.refused);
    assert!((cost_usd - client.cost_usd).abs() < 1e-9, "{cost_usd} {}", client.cost_usd);
}

#[tokio::test]
async fn every_view_agrees_with_the_clients_own_count() {
    let server = TestServer::with(|settings| {
        settings.latency = LatencyModel::Knobs(Knobs::default());
        settings.writer.reply = ReplyMode::Lorem;
        settings.journal_entries = 0;
    });
    let mut rng = Seed::new(42).rng();
    let mut client = Client::default();
    for _ in 0..REQUESTS {
        ask(&server, &mut rng, &mut client).await;
    }
    assert_eq!(client.sum(|count| count.requests) + client.elsewhere, REQUESTS);
    compare_models(&server, &client).await;
    compare_sums(&server, &client).await;
    compare_books(&server, &client).await;
}
