//! Many Realtime sessions at once, each spoken to as fast as people listen.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;

use crate::process::{Server, now, pause};

/// What each session is asked.
const QUESTION: &str = "Tell me a story about a dragon who learns to sing.";
/// Bytes of a millisecond of sound.
const BYTES_PER_MS: usize = 48;

/// What became of one session.
struct Heard {
    /// From the last word of text that the first sound needs to that sound, in milliseconds.
    first_ms: f64,
    /// How late the worst sound came, against the first and its place in the whole, in milliseconds.
    latest_ms: f64,
    sound_ms: f64,
}

/// Opens `count` sessions over `ramp` and lets each speak.
pub(crate) async fn run(binary: &Path, count: usize, ramp: Duration) -> Result<()> {
    let server = Server::fakeai(binary, &["--speech-rtf", "1"]).await?;
    // What is loaded once is not a session's.
    hear(&server.address).await?;
    let idle = server.resident_megabytes()?;
    let (start, cpu) = (now(), server.cpu_seconds()?);
    let mut all = tokio::task::JoinSet::new();
    let mut peak = idle;
    for index in 0..count {
        let address = server.address.clone();
        all.spawn(async move { hear(&address).await });
        let due = ramp.mul_f64(index as f64 / count as f64);
        if due > start.elapsed() {
            pause(due.saturating_sub(start.elapsed())).await;
        }
        peak = server.resident_megabytes()?.max(peak);
    }
    let (mut first, mut latest, mut sound, mut broken) = (Vec::new(), Vec::new(), 0.0, 0);
    let mut open = 0;
    while let Some(session) = all.join_next().await {
        open = open.max(all.len() + 1);
        peak = server.resident_megabytes()?.max(peak);
        match session {
            Ok(Ok(heard)) => {
                first.push(heard.first_ms);
                latest.push(heard.latest_ms);
                sound += heard.sound_ms / 1000.0;
            }
            _ => broken += 1,
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    let cpus = (server.cpu_seconds()? - cpu) / seconds;
    let first = quantiles(first);
    let latest = quantiles(latest);
    report(&format!("{count} sessions over {:.0} s, {broken} broken, {sound:.0} s of sound", ramp.as_secs_f64()));
    report(&format!("open at once              {open}"));
    report(&format!("first sound after its text, ms   p50 {:.1}  p99 {:.1}  most {:.1}", first[0], first[1], first[2]));
    report(&format!(
        "latest sound of each, ms         p50 {:.1}  p99 {:.1}  most {:.1}",
        latest[0], latest[1], latest[2]
    ));
    report(&format!("memory a session, KB      {:.0}", (peak - idle) * 1000.0 / count as f64));
    report(&format!("processors used           {cpus:.2}"));
    server.stop().await
}

#[expect(clippy::print_stdout, reason = "its output is what a person at a terminal reads")]
fn report(line: &str) {
    println!("  {line}");
}

/// Median, 99th percentile and the greatest.
fn quantiles(mut all: Vec<f64>) -> [f64; 3] {
    all.sort_by(f64::total_cmp);
    let at = |share: f64| all.get(((all.len().max(1) - 1) as f64 * share) as usize).copied().unwrap_or(f64::NAN);
    [at(0.5), at(0.99), at(1.0)]
}

/// One session: a question in words, an answer aloud.
async fn hear(address: &str) -> Result<Heard> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let url = format!("ws://{address}/v1/realtime?model=gpt-realtime");
    let (mut socket, _) = tokio_tungstenite::client_async(url, stream).await?;
    let content = json!([{"type": "input_text", "text": QUESTION}]);
    let item = json!({"type": "message", "role": "user", "content": content});
    for event in [json!({"type": "conversation.item.create", "item": item}), json!({"type": "response.create"})] {
        socket.send(Message::text(event.to_string())).await?;
    }
    let begun = now();
    let elapsed = || begun.elapsed().as_secs_f64() * 1000.0;
    let (mut text, mut said_at, mut first_at) = (String::new(), None, None);
    let (mut sound_ms, mut latest_ms) = (0.0, 0.0_f64);
    loop {
        let message = socket.next().await.context("the socket was closed")??;
        let Message::Text(line) = message else { continue };
        let event: Value = serde_json::from_str(&line)?;
        let delta = event["delta"].as_str().unwrap_or_default();
        match event["type"].as_str() {
            Some("response.output_audio_transcript.delta") => {
                text.push_str(delta);
                // A word goes with the space after it.
                if said_at.is_none() && text.trim_start().contains(' ') {
                    said_at = Some(elapsed());
                }
            }
            Some("response.output_audio.delta") => {
                let first = *first_at.get_or_insert_with(&elapsed);
                latest_ms = latest_ms.max(elapsed() - first - sound_ms);
                sound_ms += (delta.len() / 4 * 3 / BYTES_PER_MS) as f64;
            }
            Some("response.done") => break,
            Some("error") => anyhow::bail!("{event}"),
            _ => {}
        }
    }
    let (said, first) = (said_at.context("nothing was said")?, first_at.context("nothing was heard")?);
    Ok(Heard { first_ms: first - said, latest_ms, sound_ms })
}
