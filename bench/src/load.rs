//! Closed-loop load: as many requests as asked, over a few connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;

use crate::client::Client;
use crate::process::{Server, now};

/// What a load cost.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    /// Requests each second.
    pub rate: f64,
    /// Server processor time a request, microseconds.
    pub cpu_us: f64,
}

/// Sends `requests` copies of `request` over `connections` connections.
pub(crate) async fn run(
    server: &Server,
    request: &[u8],
    requests: usize,
    connections: usize,
    stream: bool,
) -> Result<Cost> {
    let left = Arc::new(AtomicUsize::new(requests));
    let mut workers = tokio::task::JoinSet::new();
    let (before, start) = (server.cpu_seconds()?, now());
    for _ in 0..connections {
        let (left, address, request) = (Arc::clone(&left), server.address.clone(), request.to_vec());
        workers.spawn(async move {
            let mut client = Client::connect(&address).await?;
            while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                client.send(&request).await?;
                let head = client.head().await?;
                anyhow::ensure!(head.starts_with("HTTP/1.1 200"), "{head}");
                if stream {
                    client.drain(|_| {}).await?;
                } else {
                    client.body(&head).await?;
                }
            }
            anyhow::Ok(())
        });
    }
    while let Some(worker) = workers.join_next().await {
        worker??;
    }
    let seconds = start.elapsed().as_secs_f64();
    let cpu = server.cpu_seconds()? - before;
    Ok(Cost { rate: requests as f64 / seconds, cpu_us: cpu * 1e6 / requests as f64 })
}
