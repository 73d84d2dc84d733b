//! The whole benchmark and its table.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use crate::client::{Client, chat_request};
use crate::load::{self, Cost};
use crate::process::{Server, now};
use crate::streams;

/// Prints a line.
#[expect(clippy::print_stdout, reason = "the benchmark's answer is what it prints")]
pub(crate) fn print(line: &str) {
    println!("{line}");
}

/// One figure beside its bound.
fn figure(name: &str, value: &str, bound: &str, met: bool) {
    print(&format!("{} {name:<58} {value:>16}   {bound}", if met { "✓" } else { "✗" }));
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A prompt of 200 tokens, counted by the server itself.
fn prompt() -> String {
    let words = "The harbour was quiet and the boats lay still while we waited for the tide to turn at dawn. ";
    let mut text = words.repeat(9);
    text.push_str("Please tell me in your own words what happens to the boats next and why it matters.");
    text
}

fn body(extra: &Value) -> Value {
    let mut body = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": prompt()}]});
    if let (Some(body), Some(extra)) = (body.as_object_mut(), extra.as_object()) {
        body.extend(extra.clone());
    }
    body
}

/// Runs everything; `quick` with fewer requests and streams.
pub(crate) async fn run(binary: &Path, quick: bool) -> Result<()> {
    let scale = if quick { 10 } else { 1 };
    print("fakeai beside bare axum, one run, medians of 5 rounds\n");
    throughput(binary, scale).await?;
    paced(binary, scale).await?;
    start(binary).await
}

/// The answer of our server to `request`, as two files for the bare server; its completion tokens.
async fn capture(server: &Server, request: &[u8], stream: bool, folder: &Path) -> Result<()> {
    let mut client = Client::connect(&server.address).await?;
    client.send(request).await?;
    let head = client.head().await?;
    let mut bytes = Vec::new();
    if stream {
        let mut raw = Vec::new();
        client.drain(|piece| raw.extend_from_slice(piece)).await?;
        bytes = dechunked(&raw);
    } else {
        bytes.extend(client.body(&head).await?);
    }
    let kept = head.lines().skip(1).filter(|line| {
        let line = line.to_ascii_lowercase();
        !["content-length", "transfer-encoding", "date", "connection"].iter().any(|name| line.starts_with(name))
    });
    std::fs::write(folder.join("head"), kept.collect::<Vec<_>>().join("\n"))?;
    std::fs::write(folder.join("body"), bytes)?;
    Ok(())
}

/// The data of a chunked body.
fn dechunked(mut raw: &[u8]) -> Vec<u8> {
    let mut data = Vec::new();
    while let Some(end) = memchr::memmem::find(raw, b"\r\n") {
        let size = std::str::from_utf8(&raw[..end]).ok().and_then(|size| usize::from_str_radix(size, 16).ok());
        let Some(size) = size.filter(|size| *size > 0 && raw.len() >= end + 4 + size) else { break };
        data.extend_from_slice(&raw[end + 2..end + 2 + size]);
        raw = &raw[end + 4 + size..];
    }
    data
}

async fn throughput(binary: &Path, scale: usize) -> Result<()> {
    let folder = std::env::temp_dir().join(format!("fakeai-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    for (stream, requests) in [(false, 20_000 / scale), (true, 5_000 / scale)] {
        let ours = Server::fakeai(binary, &["--latency", "instant"]).await?;
        let mut extra = json!({"max_tokens": 100, "ignore_eos": true});
        if stream {
            extra["stream"] = json!(true);
        }
        let request = chat_request(&body(&extra));
        capture(&ours, &request, stream, &folder).await?;
        let bare = Server::bare(&folder.join("head"), &folder.join("body")).await?;
        // The busier the machine, the less of a request is waiting and waking, which is the same for both.
        let widths: &[usize] = if stream { &[16] } else { &[1, 4, 16] };
        for connections in widths {
            let requests = if *connections == 1 { requests / 4 } else { requests };
            let (mut our_costs, mut bare_costs) = (Vec::new(), Vec::new());
            for server in [&ours, &bare] {
                load::run(server, &request, requests / 4, *connections, stream).await?;
            }
            for _ in 0..5 {
                our_costs.push(load::run(&ours, &request, requests, *connections, stream).await?);
                bare_costs.push(load::run(&bare, &request, requests, *connections, stream).await?);
            }
            compare(stream, *connections, &our_costs, &bare_costs);
        }
        ours.stop().await?;
        bare.stop().await?;
    }
    std::fs::remove_dir_all(&folder)?;
    Ok(())
}

fn compare(stream: bool, connections: usize, ours: &[Cost], bare: &[Cost]) {
    let cpu = |costs: &[Cost]| median(costs.iter().map(|cost| cost.cpu_us).collect());
    let rate = |costs: &[Cost]| median(costs.iter().map(|cost| cost.rate).collect());
    let ratio = median(ours.iter().zip(bare).map(|(ours, bare)| ours.cpu_us / bare.cpu_us).collect());
    if stream {
        let tokens = |costs: &[Cost]| 100.0 / cpu(costs);
        print("\nstreaming chat, 200-token prompt, 100 tokens, one chunk a token, zero latency");
        print(&format!("  fakeai  {:8.3} M tokens per CPU-second  {:8.0} req/s", tokens(ours), rate(ours)));
        print(&format!("  bare    {:8.3} M tokens per CPU-second  {:8.0} req/s", tokens(bare), rate(bare)));
        figure("tokens per CPU-second, fakeai / bare", &format!("{:.2}", 1.0 / ratio), "≥ 0.7", 1.0 / ratio >= 0.7);
    } else {
        print(&format!(
            "non-streaming chat, 200-token prompt, 100-token answer, zero latency, {connections} connections"
        ));
        print(&format!("  fakeai  {:8.1} µs CPU a request  {:8.0} req/s", cpu(ours), rate(ours)));
        print(&format!("  bare    {:8.1} µs CPU a request  {:8.0} req/s", cpu(bare), rate(bare)));
        figure("server CPU a request, fakeai / bare", &format!("{ratio:.2}"), "≤ 1.6", ratio <= 1.6);
    }
}

async fn paced(binary: &Path, scale: usize) -> Result<()> {
    for (count, seconds, ramp) in [(1_000 / scale, 10, 2), (10_000 / scale, 15, 8)] {
        let server = Server::fakeai(binary, &["--ttft", "200:20", "--itl", "50:10"]).await?;
        let tokens = seconds * 20;
        let request = chat_request(&body(&json!({"max_tokens": tokens, "ignore_eos": true, "stream": true})));
        let outcome = streams::run(&server, &request, count, tokens, Duration::from_secs(ramp)).await?;
        let micros = |name: &str| outcome.pacing[name].as_u64().unwrap_or(u64::MAX);
        print(&format!("\n{count} streams at 20 tokens/s, client on the same machine"));
        print(&format!(
            "  {:.0} tokens/s, {:.2} CPUs, memory {:.0} MB idle, {:.0} MB with streams",
            outcome.tokens_per_second, outcome.cpus, outcome.idle_megabytes, outcome.resident_megabytes
        ));
        print(&format!(
            "  |actual − scheduled| token time: p50 {} µs, p90 {} µs, p99 {} µs, p99.9 {} µs, max {} µs",
            micros("p50_us"),
            micros("p90_us"),
            micros("p99_us"),
            micros("p999_us"),
            micros("max_us")
        ));
        figure("broken streams", &outcome.broken.to_string(), "0", outcome.broken == 0);
        if count >= 10_000 / scale {
            let megabytes = outcome.resident_megabytes;
            figure("server memory", &format!("{megabytes:.0} MB"), "≤ 250 MB", megabytes <= 250.0);
        } else {
            figure("median lateness", &format!("{} µs", micros("p50_us")), "≤ 150 µs", micros("p50_us") <= 150);
            figure(
                "99th percentile of lateness",
                &format!("{} µs", micros("p99_us")),
                "≤ 1000 µs",
                micros("p99_us") <= 1000,
            );
        }
        server.stop().await?;
    }
    Ok(())
}

async fn start(binary: &Path) -> Result<()> {
    let (mut health, mut chat) = (Vec::new(), Vec::new());
    for _ in 0..9 {
        let begun = now();
        let server = Server::fakeai(binary, &["--latency", "instant"]).await?;
        health.push(begun.elapsed().as_secs_f64() * 1e3);
        let mut client = Client::connect(&server.address).await?;
        client.send(&chat_request(&body(&json!({"max_tokens": 5})))).await?;
        let head = client.head().await?;
        anyhow::ensure!(head.starts_with("HTTP/1.1 200"), "{head}");
        chat.push(begun.elapsed().as_secs_f64() * 1e3);
        server.stop().await?;
    }
    let (health, chat) = (median(health), median(chat));
    print("");
    figure("cold start to first 200", &format!("{health:.1} ms"), "≤ 50 ms", health <= 50.0);
    print(&format!("  cold start to first chat answer (its vocabulary is loaded by then): {chat:.1} ms"));
    let megabytes = std::fs::metadata(binary)?.len() as f64 / 1e6;
    figure("release binary", &format!("{megabytes:.1} MB"), "≤ 40 MB", megabytes <= 40.0);
    Ok(())
}
