//! What the gate costs: processor time of a request behind keys and quotas beside one of an open server, blocks of both in
//! turn; and the memory of a hundred thousand keys.
#![expect(clippy::print_stdout, clippy::expect_used, reason = "a measurement at a terminal")]

use std::sync::Arc;

use axum::body::Body;
use fakeai_catalog::Catalog;
use fakeai_core::{Clock, Seed, Tasks};
use fakeai_engine::LatencyModel;
use fakeai_guard::{Limits, StoredKey, Tier};
use fakeai_server::settings::{Gatekeeping, Quota};
use fakeai_server::{App, Door, Kit, Settings};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

const SLOW: &str = "sk-slow-key-0123456789";
const CHAT: &str = "/v1/chat/completions";
const BLOCK: u32 = 200;
const BLOCKS: u32 = 100;
const KEYS: u32 = 100_000;

fn server(gate: Gatekeeping) -> Door {
    let settings = Settings { latency: LatencyModel::Instant, gate, ..Settings::default() };
    let home = Arc::new(fakeai_store::Memory::default());
    let clock = Clock::manual(1_735_689_600);
    let kit = Kit { clock, seed: Seed::new(42), entropy: Seed::new(43), tasks: Tasks::default(), home };
    Door::new(App::new(settings, kit, Catalog::builtin().expect("the catalog is good")))
}

fn asked(path: &str, key: &str, body: &Value) -> Request<Body> {
    let request = Request::post(path).header("content-type", "application/json");
    let request = request.header("authorization", format!("Bearer {key}"));
    request.body(Body::from(body.to_string())).expect("the request is good")
}

async fn send(door: &Door, request: Request<Body>) -> (StatusCode, Value) {
    let answer = door.clone().oneshot(request).await.expect("the door never fails");
    let status = answer.status();
    let body = answer.into_body().collect().await.expect("the body is whole").to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

/// Microseconds of this thread's processor.
fn spent() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3
}

/// Megabytes that the process holds.
fn held() -> f64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: f64 = text.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or_default();
    pages * 4096.0 / 1e6
}

fn hello() -> Value {
    json!({"model": "gpt-4o", "max_tokens": 8, "messages": [{"role": "user", "content": "Hello"}]})
}

/// Microseconds of a request, by server: the median of all blocks.
async fn compare(servers: &[(&str, Door, String)]) {
    let body = hello();
    let mut times = vec![Vec::new(); servers.len()];
    for _ in 0..BLOCKS {
        for ((_, door, key), times) in servers.iter().zip(&mut times) {
            let requests: Vec<_> = (0..BLOCK).map(|_| asked(CHAT, key, &body)).collect();
            let before = spent();
            for request in requests {
                let (status, _) = send(door, request).await;
                assert_eq!(status, StatusCode::OK);
            }
            times.push((spent() - before) / f64::from(BLOCK));
        }
    }
    let median = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    };
    let medians: Vec<f64> = times.iter_mut().map(median).collect();
    for ((name, ..), median) in servers.iter().zip(&medians) {
        println!("{name:<44} {median:7.2} µs a request, {:+7.2} µs", median - medians[0]);
    }
}

/// The key of a service account, made through the server's API.
async fn project_key(door: &Door) -> String {
    let (_, project) = send(door, asked("/v1/organization/projects", SLOW, &json!({"name": "Book"}))).await;
    let path = format!("/v1/organization/projects/{}", project["id"].as_str().unwrap_or_default());
    let (_, account) = send(door, asked(&format!("{path}/service_accounts"), SLOW, &json!({"name": "robot"}))).await;
    let keys = format!("{path}/service_accounts/{}/api_keys", account["id"].as_str().unwrap_or_default());
    let (_, key) = send(door, asked(&keys, SLOW, &json!({"name": "one", "scopes": ["model.request"]}))).await;
    key["value"].as_str().unwrap_or_default().to_owned()
}

/// Megabytes that requests of these keys leave behind.
async fn memory(quotas: Option<Quota>, key: impl Fn(u32) -> String) -> f64 {
    let door = server(Gatekeeping { quotas, ..Gatekeeping::default() });
    send(&door, asked(CHAT, "sk-first-key-0000", &hello())).await;
    let before = held();
    for number in 0..KEYS {
        send(&door, asked(CHAT, &key(number), &hello())).await;
    }
    held() - before
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let slow = StoredKey::read(SLOW).and_then(|key| key.hashed([5; 16])).expect("the key is good");
    let limits = Limits {
        requests_per_minute: Some(1_000_000_000),
        tokens_per_minute: Some(1_000_000_000_000),
        ..Tier::Five.limits()
    };
    let quotas = Some(Quota { tier: Tier::Five, limits });
    let locked =
        |quotas| Gatekeeping { keys: vec![slow.clone()], quotas, requires_key: true, ..Gatekeeping::default() };
    let full = server(locked(quotas));
    let own = project_key(&full).await;
    let servers = [
        ("open", server(Gatekeeping::default()), SLOW.to_owned()),
        ("a bcrypt key", server(locked(None)), SLOW.to_owned()),
        ("a bcrypt key, quotas", full.clone(), SLOW.to_owned()),
        ("a project's key with scopes, quotas", full, own),
    ];
    compare(&servers).await;
    let (one, many) = (
        memory(quotas, |_| "sk-key-000000000".to_owned()).await,
        memory(quotas, |number| format!("sk-key-{number:09}")).await,
    );
    println!("{KEYS} requests of one key leave {one:.1} MB, of as many keys {many:.1} MB");
}
