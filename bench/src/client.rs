//! A client that costs next to nothing: raw HTTP/1.1 over one connection.

use anyhow::{Context, Result, bail};
use memchr::memmem;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection kept alive.
pub(crate) struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await.with_context(|| format!("connecting to {address}"))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(4096) })
    }

    /// Sends a prepared request.
    pub(crate) async fn send(&mut self, request: &[u8]) -> Result<()> {
        self.stream.write_all(request).await?;
        Ok(())
    }

    async fn more(&mut self) -> Result<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            bail!("the server closed the connection");
        }
        Ok(())
    }

    /// Reads one answer's head: its text.
    pub(crate) async fn head(&mut self) -> Result<String> {
        loop {
            if let Some(end) = memmem::find(&self.buffer, b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
                self.buffer.drain(..end + 4);
                return Ok(head);
            }
            self.more().await?;
        }
    }

    /// Reads an answer with a length; its body.
    pub(crate) async fn body(&mut self, head: &str) -> Result<Vec<u8>> {
        let length = header(head, "content-length").context("no content-length")?.parse::<usize>()?;
        while self.buffer.len() < length {
            self.more().await?;
        }
        Ok(self.buffer.drain(..length).collect())
    }

    /// Reads a chunked answer to its end and counts its events; `each` sees every piece of raw bytes.
    pub(crate) async fn drain(&mut self, mut each: impl FnMut(&[u8])) -> Result<usize> {
        let mut events = 0;
        let mut tail: Vec<u8> = Vec::with_capacity(16);
        loop {
            if self.buffer.is_empty() {
                self.more().await?;
            }
            each(&self.buffer);
            // An event's mark may be cut by two reads: the last bytes are looked at again.
            let kept = tail.len();
            tail.extend_from_slice(&self.buffer);
            events += memmem::find_iter(&tail, b"data: ").filter(|at| at + 6 > kept).count();
            self.buffer.clear();
            if tail.ends_with(b"0\r\n\r\n") {
                return Ok(events);
            }
            let keep = tail.len().saturating_sub(5);
            tail.drain(..keep);
        }
    }
}

/// A header's value in a head's text.
pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .find_map(|(key, value)| key.eq_ignore_ascii_case(name).then_some(value))
}

/// A prepared `POST /v1/chat/completions`.
pub(crate) fn chat_request(body: &serde_json::Value) -> Vec<u8> {
    let body = body.to_string();
    format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         authorization: Bearer sk-bench\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
