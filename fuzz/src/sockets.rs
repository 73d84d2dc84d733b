//! Connections: what comes over a WebSocket, and bytes that should be HTTP.

use futures_util::{SinkExt, StreamExt};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use fakeai_writer::ReplyMode;

use crate::mutate::{Shape, Source};
use crate::run::{Reader, Target};
use crate::server::Server;

/// Messages over one connection.
const MESSAGES: u64 = 500;
/// Turns that a message is waited for.
const TURNS: usize = 40;
/// Most bytes on their way.
const BUFFER: usize = 1 << 20;

/// All of them.
pub(crate) fn targets() -> Vec<Target> {
    let target = |name, shape, seeds: &[&str], reader: fn() -> anyhow::Result<Reader>| Target {
        name,
        source: Source {
            shape,
            seeds: seeds.iter().map(|seed| seed.as_bytes().to_vec()).collect(),
            words: &WORDS,
            most_bytes: 8 << 10,
        },
        reader: Box::new(reader),
    };
    vec![
        target("socket/responses", Shape::Json, &RESPONSES, || messages("ws://localhost/v1/responses")),
        target("socket/metrics", Shape::Json, &METRICS, || messages("ws://localhost/metrics/stream")),
        target("socket/frames", Shape::Bytes, &FRAMES, frames),
        target("socket/http", Shape::Bytes, &HTTP, raw),
    ]
}

const WORDS: [&str; 10] = [
    "\"type\":",
    "\"response.create\"",
    "\"subscribe\"",
    "\"filters\":{",
    "\r\n",
    "\r\n\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Content-Length: 5\r\n",
    "Upgrade: websocket\r\n",
    "HTTP/1.1",
];
const RESPONSES: [&str; 3] = [
    r#"{"type":"response.create","model":"gpt-4o","input":"Hi","max_output_tokens":16,"stream":true}"#,
    r#"{"type":"response.create","response":{"model":"gpt-4o","input":[{"role":"user","content":"Hi"}]},"lane":"a","event_id":"e"}"#,
    r#"{"type":"response.cancel","response_id":"resp_1","lane":"a"}"#,
];
const METRICS: [&str; 4] = [
    r#"{"type":"subscribe","filters":{"endpoint":"/v1/chat/completions","model":"gpt-4o","metric_type":"throughput","interval":5,"time_range":60,"step":1}}"#,
    r#"{"type":"unsubscribe"}"#,
    r#"{"type":"ping"}"#,
    r#"{"type":"set_threshold","thresholds":[{"metric":"throughput.total_requests_per_sec","above":5,"below":1}]}"#,
];
/// A masked text of two letters, a ping, a close.
const FRAMES: [&str; 3] = ["\u{1}\u{2}\u{0}\u{0}\u{0}\u{0}{}", "\u{9}\u{0}", "\u{8}\u{2}\u{3}\u{68}"];
const HTTP: [&str; 4] = [
    "GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST /v1/embeddings HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}GET /health HTTP/1.1\r\n\r\n",
    "GET /metrics/stream HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
];

/// The client's end of a connection that the server serves.
fn connection(server: &Server) -> DuplexStream {
    let (client, own) = tokio::io::duplex(BUFFER);
    let service = TowerToHyperService::new(server.door());
    let served =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(own), service).with_upgrades();
    server.app().kit.tasks.spawn(served);
    client
}

type Socket = WebSocketStream<DuplexStream>;

/// Takes what has come, for some turns. `false` once the connection is closed.
async fn read_some(socket: &mut Socket) -> bool {
    for _ in 0..TURNS {
        tokio::select! {
            biased;
            message = socket.next() => match message {
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return false,
            },
            () = tokio::task::yield_now() => {}
        }
    }
    true
}

/// Cases are messages. A socket that was closed is opened again.
fn messages(url: &'static str) -> anyhow::Result<Reader> {
    let server = Server::new(|settings| settings.writer.reply = ReplyMode::Fixed("Yes.".to_owned()))?;
    let (mut socket, mut sent): (Option<Socket>, u64) = (None, 0);
    Ok(Box::new(move |bytes| {
        let mut open = match socket.take() {
            Some(open) if !sent.is_multiple_of(MESSAGES) => open,
            _ => server
                .run(async {
                    let opened = tokio_tungstenite::client_async(url, connection(&server)).await;
                    opened.map(|(socket, _)| socket).map_err(|error| error.to_string())
                })
                .and_then(|opened| opened)?,
        };
        sent += 1;
        let message = match std::str::from_utf8(bytes) {
            Ok(text) => Message::text(text),
            Err(_) => Message::binary(bytes.to_vec()),
        };
        let lives = server.run(async { open.send(message).await.is_ok() && read_some(&mut open).await })?;
        if lives {
            socket = Some(open);
        }
        Ok(())
    }))
}

/// Cases are bytes after the handshake.
fn frames() -> anyhow::Result<Reader> {
    let server = Server::new(|_| {})?;
    Ok(Box::new(move |bytes| {
        server.run(async {
            let opened = tokio_tungstenite::client_async("ws://localhost/metrics/stream", connection(&server)).await;
            let (socket, _) = opened.map_err(|error| error.to_string())?;
            let mut stream = socket.into_inner();
            // The first two bytes of a client's frame say that it is masked.
            let mut masked = bytes.to_vec();
            if let [first, second, ..] = &mut masked[..] {
                *first |= 0x80;
                *second |= 0x80;
            }
            let _ = stream.write_all(&masked).await;
            let _ = stream.shutdown().await;
            drain(&mut stream).await;
            Ok(())
        })?
    }))
}

/// Cases are all that comes over a connection.
fn raw() -> anyhow::Result<Reader> {
    let server = Server::new(|_| {})?;
    Ok(Box::new(move |bytes| {
        server.run(async {
            let mut stream = connection(&server);
            let _ = stream.write_all(bytes).await;
            let _ = stream.shutdown().await;
            let text = drain(&mut stream).await;
            let failed = text.windows(13).any(|window| window == b"HTTP/1.1 500 ");
            if failed { Err(String::from_utf8_lossy(&text).into_owned()) } else { Ok(()) }
        })?
    }))
}

/// Reads what comes within some turns.
async fn drain(stream: &mut DuplexStream) -> Vec<u8> {
    let (mut all, mut buffer) = (Vec::new(), [0; 4096]);
    for _ in 0..TURNS {
        tokio::select! {
            biased;
            read = stream.read(&mut buffer) => match read {
                Ok(0) | Err(_) => break,
                Ok(count) => all.extend_from_slice(&buffer[..count]),
            },
            () = tokio::task::yield_now() => {}
        }
    }
    all
}
