//! Many paced streams at once.

use std::time::Duration;

use anyhow::Result;
use serde_json::Value;

use crate::client::Client;
use crate::process::{Server, now, pause};

/// What became of the streams.
pub(crate) struct Outcome {
    /// Streams that did not end as they should.
    pub broken: usize,
    /// Server memory while all were open, megabytes.
    pub resident_megabytes: f64,
    /// Server memory before the first, megabytes.
    pub idle_megabytes: f64,
    /// Tokens received each second while all were open.
    pub tokens_per_second: f64,
    /// Server processors used.
    pub cpus: f64,
    /// The server's own account of how late tokens left.
    pub pacing: Value,
}

/// Opens `count` streams of `tokens` tokens each, over `ramp`.
pub(crate) async fn run(
    server: &Server,
    request: &[u8],
    count: usize,
    tokens: usize,
    ramp: Duration,
) -> Result<Outcome> {
    let idle_megabytes = server.resident_megabytes()?;
    let mut all = tokio::task::JoinSet::new();
    let (start, cpu) = (now(), server.cpu_seconds()?);
    for index in 0..count {
        let (address, request) = (server.address.clone(), request.to_vec());
        all.spawn(async move {
            let mut client = Client::connect(&address).await?;
            client.send(&request).await?;
            let head = client.head().await?;
            anyhow::ensure!(head.starts_with("HTTP/1.1 200"), "{head}");
            let events = client.drain(|_| {}).await?;
            // Role, tokens, finish, [DONE].
            anyhow::ensure!(events == tokens + 3, "{events} events");
            anyhow::Ok(())
        });
        let due = ramp.mul_f64(index as f64 / count as f64);
        if due > start.elapsed() {
            pause(due.saturating_sub(start.elapsed())).await;
        }
    }
    let open = start.elapsed();
    pause(Duration::from_millis(1500)).await;
    let resident_megabytes = server.resident_megabytes()?;
    let mut broken = 0;
    while let Some(stream) = all.join_next().await {
        broken += usize::from(!matches!(stream, Ok(Ok(()))));
    }
    let seconds = start.elapsed().as_secs_f64();
    let cpus = (server.cpu_seconds()? - cpu) / seconds;
    let tokens_per_second = (count * tokens) as f64 / (seconds - open.as_secs_f64() / 2.0);
    Ok(Outcome { broken, resident_megabytes, idle_megabytes, tokens_per_second, cpus, pacing: pacing(server).await? })
}

/// `GET /fakeai/pacing`.
async fn pacing(server: &Server) -> Result<Value> {
    let mut client = Client::connect(&server.address).await?;
    client.send(b"GET /fakeai/pacing HTTP/1.1\r\nhost: localhost\r\n\r\n").await?;
    let head = client.head().await?;
    Ok(serde_json::from_slice(&client.body(&head).await?)?)
}
