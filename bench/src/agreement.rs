//! Whether the live server and the simulator say the same: a closed loop of clients outside the server, beside
//! `fakeai simulate` with the same lengths in the same order.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use memchr::memmem;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::client::Client;
use crate::process::{Server, now};
use crate::report::print;

/// What is deployed, in flags that server and simulator share.
const DEPLOYMENT: [&str; 6] = ["--engine", "vllm", "--model", "meta-llama/Llama-3.1-8B-Instruct", "--gpu", "h100"];
const CLIENTS: [usize; 4] = [1, 8, 32, 64];
const REQUESTS_PER_CLIENT: usize = 10;
/// A lone client's mean of ten requests would be mostly luck.
const FEWEST_REQUESTS: usize = 40;

/// Words that are one token each, with the space before them.
const WORDS: &str = "the of and to in is that for it as was with be by on not he his but at are this have from or had \
                     an they which one you were her all she there would their we him been has when who will more no";

/// One request's lengths, tokens.
#[derive(Clone, Copy, Debug)]
struct Lengths {
    prompt: usize,
    output: usize,
}

/// Mean time to first token and between tokens, milliseconds.
#[derive(Clone, Copy, Debug, Default)]
struct Means {
    ttft_ms: f64,
    itl_ms: f64,
}

/// Compares both for each number of clients.
pub(crate) async fn run(binary: &Path) -> Result<()> {
    print("server against simulator: mean TTFT and ITL of a closed loop (Llama 3.1 8B on one H100 as vLLM serves it)");
    print("clients  requests   TTFT sim    live      diff    ITL sim    live      diff");
    let mut worst: f64 = 0.0;
    for clients in CLIENTS {
        let (lengths, simulated) = simulate(binary, clients).await?;
        let count = lengths.len();
        let live = drive(binary, clients, lengths).await?;
        let off = |live: f64, simulated: f64| (live / simulated - 1.0) * 100.0;
        let (ttft, itl) = (off(live.ttft_ms, simulated.ttft_ms), off(live.itl_ms, simulated.itl_ms));
        worst = worst.max(ttft.abs()).max(itl.abs());
        print(&format!(
            "{clients:>7} {count:>9} {:>10.2} {:>7.2} {ttft:>+8.2} % {:>9.3} {:>7.3} {itl:>+8.2} %",
            simulated.ttft_ms, live.ttft_ms, simulated.itl_ms, live.itl_ms
        ));
    }
    print(&format!("worst difference: {worst:.2} %"));
    Ok(())
}

/// Lengths and means of the simulated loop.
async fn simulate(binary: &Path, clients: usize) -> Result<(Vec<Lengths>, Means)> {
    let records = std::env::temp_dir().join(format!("fakeai-agreement-{}-{clients}.csv", std::process::id()));
    let requests = (clients * REQUESTS_PER_CLIENT).max(FEWEST_REQUESTS);
    let (clients, requests) = (clients.to_string(), requests.to_string());
    let load = ["--concurrency", &clients, "--requests", &requests];
    let shape = ["--input-tokens", "uniform:410-512", "--output-tokens", "uniform:102-128", "--format", "json"];
    let output = Command::new(binary)
        .arg("simulate")
        .args(DEPLOYMENT)
        .args(load)
        .args(shape)
        .arg("--records")
        .arg(&records)
        .output()
        .await?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let result: Value = serde_json::from_slice(&output.stdout)?;
    let summary = &result["points"][0]["summary"];
    let mean = |name: &str| summary[name]["mean"].as_f64().with_context(|| format!("the simulator's {name}"));
    let means = Means { ttft_ms: mean("ttft_ms")?, itl_ms: mean("tpot_ms")? };
    let text = std::fs::read_to_string(&records)?;
    std::fs::remove_file(&records)?;
    Ok((lengths(&text)?, means))
}

/// The lengths of each request of the simulator's records, in order.
fn lengths(records: &str) -> Result<Vec<Lengths>> {
    let mut lines = records.lines();
    let header: Vec<&str> = lines.next().context("an empty file of records")?.split(',').collect();
    let place = |name: &str| header.iter().position(|column| *column == name).with_context(|| format!("no {name}"));
    let (prompt, output) = (place("prompt_tokens")?, place("output_tokens")?);
    lines
        .map(|line| {
            let fields: Vec<&str> = line.split(',').collect();
            let number = |place: usize| anyhow::Ok(fields.get(place).context("a short line")?.parse::<usize>()?);
            Ok(Lengths { prompt: number(prompt)?, output: number(output)? })
        })
        .collect()
}

/// The same loop against a live server.
async fn drive(binary: &Path, clients: usize, lengths: Vec<Lengths>) -> Result<Means> {
    let server = Server::fakeai(binary, &DEPLOYMENT).await?;
    check_lengths(&server, lengths[0]).await?;
    let (lengths, next) = (Arc::new(lengths), Arc::new(AtomicUsize::new(0)));
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..clients {
        let (address, lengths, next) = (server.address.clone(), Arc::clone(&lengths), Arc::clone(&next));
        all.spawn(async move {
            let mut client = Client::connect(&address).await?;
            let mut means = Vec::new();
            while let Some((number, lengths)) = take(&next, &lengths) {
                means.push(ask(&mut client, number, lengths).await?);
            }
            anyhow::Ok(means)
        });
    }
    let mut means = Vec::new();
    while let Some(client) = all.join_next().await {
        means.extend(client??);
    }
    server.stop().await?;
    let count = means.len() as f64;
    let mean = |of: fn(&Means) -> f64| means.iter().map(of).sum::<f64>() / count;
    Ok(Means { ttft_ms: mean(|means| means.ttft_ms), itl_ms: mean(|means| means.itl_ms) })
}

fn take(next: &AtomicUsize, lengths: &[Lengths]) -> Option<(usize, Lengths)> {
    let number = next.fetch_add(1, Ordering::Relaxed);
    lengths.get(number).map(|lengths| (number, *lengths))
}

/// Streams one answer and takes the times.
async fn ask(client: &mut Client, number: usize, lengths: Lengths) -> Result<Means> {
    let request = request(number, lengths, true);
    let sent = now();
    client.send(&request).await?;
    let head = client.head().await?;
    ensure!(head.starts_with("HTTP/1.1 200"), "{head}");
    let mut ticks: Vec<Instant> = Vec::with_capacity(lengths.output + 2);
    client
        .drain(|bytes| {
            let at = now();
            ticks.extend(memmem::find_iter(bytes, b"data: {").map(|_| at));
        })
        .await?;
    ensure!(ticks.len() >= lengths.output, "{} events for {} tokens", ticks.len(), lengths.output);
    let span = ticks[lengths.output - 1].duration_since(ticks[0]);
    let millis = |time: Duration| time.as_secs_f64() * 1e3;
    Ok(Means {
        ttft_ms: millis(ticks[0].duration_since(sent)),
        itl_ms: millis(span) / (lengths.output - 1).max(1) as f64,
    })
}

/// A prompt of that many tokens, unlike all others from its first word on.
fn request(number: usize, lengths: Lengths, stream: bool) -> Vec<u8> {
    let words: Vec<&str> = WORDS.split_whitespace().collect();
    let digit = |place: usize| words[(number / words.len().pow(place as u32)) % words.len()];
    let word = |place: usize| if place < 3 { digit(place) } else { words[(number * 7 + place * 13) % words.len()] };
    let prompt: String = (0..lengths.prompt).flat_map(|place| [" ", word(place)]).collect();
    let body = json!({
        "model": DEPLOYMENT[3], "prompt": prompt, "max_tokens": lengths.output, "ignore_eos": true, "stream": stream,
    });
    let body = body.to_string();
    format!(
        "POST /v1/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Makes sure that the server counts as the simulator does.
async fn check_lengths(server: &Server, lengths: Lengths) -> Result<()> {
    let mut client = Client::connect(&server.address).await?;
    client.send(&request(usize::MAX / 1000, lengths, false)).await?;
    let head = client.head().await?;
    let answer: Value = serde_json::from_slice(&client.body(&head).await?)?;
    let counted = (&answer["usage"]["prompt_tokens"], &answer["usage"]["completion_tokens"]);
    ensure!(counted == (&json!(lengths.prompt), &json!(lengths.output)), "counted {counted:?} for {lengths:?}");
    Ok(())
}
