//! Servers as processes: started, measured through `/proc`, ended.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::client::Client;

/// A server under measurement; ended when dropped.
pub(crate) struct Server {
    child: Child,
    pub address: String,
}

/// Now, on the machine's monotone clock: a benchmark measures real time.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Waits in real time.
#[expect(clippy::disallowed_methods, reason = "a benchmark takes real time")]
pub(crate) async fn pause(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// Lets this process hold as many connections as the machine allows.
pub(crate) fn raise_descriptor_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
}

impl Server {
    /// Starts our server on a free port.
    pub(crate) async fn fakeai(binary: &Path, arguments: &[&str]) -> Result<Self> {
        let port = free_port()?;
        let address = format!("127.0.0.1:{port}");
        let child = Command::new(binary)
            .args(["server", "--port", &port.to_string(), "--log-level", "error"])
            .args(arguments)
            .stdout(Stdio::null())
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("starting {}", binary.display()))?;
        let server = Self { child, address };
        server.answers("/health").await?;
        Ok(server)
    }

    /// Starts the bare server with the answer in two files.
    pub(crate) async fn bare(head: &Path, body: &Path) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("bare")
            .args([head, body])
            .stdout(Stdio::piped())
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let stdout = child.stdout.take().context("no output")?;
        let line = BufReader::new(stdout).lines().next_line().await?.context("the bare server said nothing")?;
        let address = line.strip_prefix("listening on ").context("an address")?.to_owned();
        Ok(Self { child, address })
    }

    /// Asks until there is an answer of 200, at most 10 s.
    pub(crate) async fn answers(&self, path: &str) -> Result<()> {
        let start = now();
        loop {
            if let Ok(mut client) = Client::connect(&self.address).await {
                client.send(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").as_bytes()).await?;
                let head = client.head().await?;
                anyhow::ensure!(head.starts_with("HTTP/1.1 200"), "{head}");
                return Ok(());
            }
            anyhow::ensure!(start.elapsed() < Duration::from_secs(10), "the server does not answer");
            pause(Duration::from_micros(500)).await;
        }
    }

    fn id(&self) -> Result<u32> {
        self.child.id().context("the server has ended")
    }

    /// Seconds of processor time it has used.
    pub(crate) fn cpu_seconds(&self) -> Result<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/schedstat", self.id()?));
        // The main thread's schedstat alone would not do: sum over all threads.
        drop(stat);
        let mut nanos = 0;
        for task in std::fs::read_dir(format!("/proc/{}/task", self.id()?))? {
            let text = std::fs::read_to_string(task?.path().join("schedstat"))?;
            nanos += text.split(' ').next().and_then(|word| word.parse::<u64>().ok()).unwrap_or(0);
        }
        Ok(nanos as f64 / 1e9)
    }

    /// Megabytes of memory resident.
    pub(crate) fn resident_megabytes(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id()?))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("VmRSS")?;
        let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kilobytes * 1024.0 / 1e6)
    }

    /// Ends it and waits for its end.
    pub(crate) async fn stop(mut self) -> Result<()> {
        self.child.kill().await?;
        Ok(())
    }
}

fn free_port() -> Result<u16> {
    Ok(std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
