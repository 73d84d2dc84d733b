//! The live stream, on a clock that only the test moves.

use std::pin::Pin;
use std::time::Duration;

use axum::body::Body;
use futures_util::{FutureExt, SinkExt, StreamExt};
use http::Method;
use http_body_util::BodyExt;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, DuplexStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use crate::harness::{TestServer, millis, request};

/// An event stream, read event by event.
struct Events {
    body: Body,
    unread: String,
}

impl Events {
    async fn open(server: &TestServer, query: &str) -> Self {
        let response = server.open(request(Method::GET, &format!("/metrics/stream{query}"), None)).await;
        assert_eq!(response.status(), 200);
        assert!(response.headers()["content-type"].to_str().unwrap().starts_with("text/event-stream"));
        Self { body: response.into_body(), unread: String::new() }
    }

    /// The next event; its type is that of its data.
    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.unread.find("\n\n") {
                let event: String = self.unread.drain(..end + 2).collect();
                let (kind, data) = event.trim_end().split_once("\ndata: ").unwrap();
                let data: Value = serde_json::from_str(data).unwrap();
                assert_eq!(kind.strip_prefix("event: ").unwrap(), data["type"]);
                return Some(data);
            }
            let frame = self.body.frame().await?.unwrap();
            self.unread.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
        }
    }
}

type Socket = WebSocketStream<DuplexStream>;

/// The client's end of a connection of `bytes` that the server serves.
fn connection(server: &TestServer, bytes: usize) -> DuplexStream {
    let (client, own) = tokio::io::duplex(bytes);
    let service = TowerToHyperService::new(server.door());
    let connection =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(own), service).with_upgrades();
    server.app.kit.tasks.spawn(connection);
    client
}

async fn connect(server: &TestServer) -> Socket {
    let client = connection(server, 1 << 20);
    let (socket, _) = tokio_tungstenite::client_async("ws://localhost/metrics/stream", client).await.unwrap();
    socket
}

async fn receive(socket: &mut Socket) -> Value {
    serde_json::from_str(socket.next().await.unwrap().unwrap().to_text().unwrap()).unwrap()
}

async fn say(socket: &mut Socket, message: Value) {
    socket.send(Message::text(message.to_string())).await.unwrap();
}

async fn ask(server: &TestServer, model: &str, tokens: u64) -> Value {
    let body = json!({"model": model, "messages": [{"role": "user", "content": "hello"}], "max_tokens": tokens});
    server.chat(body).await.json()["usage"].clone()
}

/// Moves the clock once the server waits for it, as it does when everything due has been done.
async fn advance(server: &TestServer, by: Duration) {
    while server.clock.next_wake().is_none_or(|next| next <= server.clock.now()) {
        tokio::task::yield_now().await;
    }
    server.clock.advance(by);
}

#[tokio::test]
async fn events_are_the_history_and_then_what_is_new() {
    let server = TestServer::new();
    let usage = ask(&server, "gpt-4o", 7).await;
    let mut events = Events::open(&server, "?metric_type=all,totals,requests,series&interval=2").await;
    let subscribed = events.next().await.unwrap();
    assert_eq!(subscribed["filters"]["interval"], 2.0);
    let history = events.next().await.unwrap();
    assert_eq!(
        (history["type"].as_str(), &history["data"]["totals"]["requests"]),
        (Some("historical_data"), &json!(1))
    );
    assert_eq!(history["data"]["requests"][0]["tokens"]["prompt"], usage["prompt_tokens"]);
    assert_eq!(history["data"]["series"]["points"][0]["completion_tokens"], usage["completion_tokens"]);
    assert_eq!(history["timestamp"], 1_735_689_600.0);

    ask(&server, "gpt-4o", 7).await;
    server.post("/v1/chat/completions", json!({"model": "gpt-4o"})).await;
    advance(&server, Duration::from_secs(2)).await;
    let update = events.next().await.unwrap();
    assert_eq!((&update["type"], &update["timestamp"]), (&json!("metrics_update"), &json!(1_735_689_602.0)));
    assert_eq!(
        (&update["data"]["totals"]["requests"], &update["deltas"]["totals"]["requests"]),
        (&json!(3), &json!(2))
    );
    assert_eq!(update["data"]["requests"].as_array().unwrap().len(), 2);
    assert_eq!(update["data"]["requests"][1]["status"], 400);
    // Of three requests in two seconds one failed.
    assert_eq!(update["data"]["throughput"]["total_requests_per_sec"], 1.5);
    assert!((update["data"]["error"]["error_rate"].as_f64().unwrap() - 100.0 / 3.0).abs() < 1e-9);
    // Who watches does not see himself.
    assert_eq!(server.get("/metrics").await.json()["requests"].as_object().unwrap().len(), 1);
}

#[tokio::test]
async fn spans_have_the_date_of_their_ticks() {
    let server = TestServer::new();
    ask(&server, "gpt-4o", 3).await;
    let mut events = Events::open(&server, "?metric_type=series,requests&time_range=300").await;
    events.next().await;
    let history = events.next().await.unwrap()["data"].clone();
    assert_eq!(
        (&history["series"]["points"][0]["t"], &history["requests"][0]["ended"]),
        (&json!(1_735_689_600.0), &json!(1_735_689_600.0))
    );
    advance(&server, Duration::from_secs(1)).await;
    ask(&server, "gpt-4o", 3).await;
    events.next().await.unwrap();
    advance(&server, Duration::from_secs(1)).await;
    let update = events.next().await.unwrap()["data"].clone();
    assert_eq!(
        (&update["series"]["now"], &update["series"]["points"][0]["t"]),
        (&json!(1_735_689_602.0), &json!(1_735_689_601.0))
    );
}

#[tokio::test]
async fn filters_choose() {
    let server = TestServer::new();
    let mut events = Events::open(&server, "?model=a&metric_type=throughput,models,series,requests").await;
    events.next().await;
    events.next().await;
    ask(&server, "a", 3).await;
    ask(&server, "b", 3).await;
    advance(&server, Duration::from_secs(1)).await;
    let data = events.next().await.unwrap()["data"].clone();
    assert_eq!(data["throughput"]["total_requests_per_sec"], 1.0);
    assert_eq!((data["models"].as_array().unwrap().len(), &data["models"][0]["model"]), (1, &json!("a")));
    assert_eq!((data["requests"].as_array().unwrap().len(), &data["series"]["points"][0]["requests"]), (1, &json!(1)));
    assert!(data.get("latency").is_none());
}

#[tokio::test]
async fn what_the_stream_says_is_what_the_routes_say() {
    let server = TestServer::new();
    for tokens in 1..6 {
        ask(&server, "gpt-4o", tokens).await;
        server.clock.advance(millis(300));
    }
    let metrics = server.get("/metrics").await.json();
    let mut events = Events::open(&server, "?metric_type=throughput,latency").await;
    events.next().await;
    let data = events.next().await.unwrap()["data"].clone();
    let chat = "/v1/chat/completions";
    assert_eq!(data["throughput"]["requests_per_sec"][chat], metrics["requests"][chat]["rate"]);
    assert_eq!(data["throughput"]["tokens_per_sec"][chat], metrics["tokens"][chat]["rate"]);
    let near = data["latency"][chat]["p99"].as_f64().unwrap() - metrics["latency"][chat]["p99"].as_f64().unwrap() * 1e3;
    assert!(near.abs() < 1e-9);
}

#[tokio::test]
async fn absurd_filters_are_refused_or_brought_within_limits() {
    let server = TestServer::new();
    for query in ["?interval=0", "?interval=-1", "?interval=NaN", "?interval=x", "?metric_type=x", "?time_range=-5"] {
        assert_eq!(server.get(&format!("/metrics/stream{query}")).await.status, 400, "{query}");
    }
    let mut events = Events::open(&server, "?interval=0.000001&time_range=900000h").await;
    let filters = events.next().await.unwrap()["filters"].clone();
    assert_eq!((&filters["interval"], &filters["time_range"]), (&json!(0.25), &json!(2_592_000.0)));
    let mut upgrade = request(Method::GET, "/metrics/stream", None);
    upgrade.headers_mut().insert("upgrade", "websocket".parse().unwrap());
    assert_eq!(server.send(upgrade).await.status, 426);
}

#[tokio::test]
async fn a_socket_speaks_the_protocol_of_the_original() {
    let server = TestServer::new();
    let mut socket = connect(&server).await;
    assert_eq!(receive(&mut socket).await["type"], "historical_data");
    say(&mut socket, json!({"type": "ping"})).await;
    assert_eq!(receive(&mut socket).await, json!({"type": "pong", "timestamp": 1_735_689_600.0}));
    let filters = json!({"endpoint": "/v1/chat/completions", "metric_type": "throughput", "interval": 5});
    say(&mut socket, json!({"type": "subscribe", "filters": filters})).await;
    let subscribed = receive(&mut socket).await;
    let expected = json!({"endpoints": ["/v1/chat/completions"], "models": [], "metric_types": ["throughput"],
        "interval": 5.0, "time_range": 60.0, "step": 1.0});
    assert_eq!((&subscribed["type"], &subscribed["filters"]), (&json!("subscribed"), &expected));
    assert_eq!(receive(&mut socket).await["type"], "historical_data");
    ask(&server, "gpt-4o", 3).await;
    advance(&server, Duration::from_secs(5)).await;
    let update = receive(&mut socket).await;
    assert_eq!(
        (&update["type"], &update["deltas"]["throughput"]["total_requests_per_sec"]),
        (&json!("metrics_update"), &json!(0.2))
    );
    for wrong in [json!({"type": "dance"}), json!({}), json!({"type": "subscribe", "filters": {"interval": 0}})] {
        say(&mut socket, wrong).await;
        assert_eq!(receive(&mut socket).await["type"], "error");
    }
    socket.send(Message::text("{")).await.unwrap();
    assert_eq!(receive(&mut socket).await["type"], "error");
    say(&mut socket, json!({"type": "unsubscribe"})).await;
    let filters = receive(&mut socket).await["filters"].clone();
    assert_eq!((&filters["endpoints"], &filters["interval"]), (&json!([]), &json!(1.0)));
}

#[tokio::test]
async fn thresholds_tell_when_they_are_crossed() {
    let server = TestServer::new();
    let mut socket = connect(&server).await;
    receive(&mut socket).await;
    let thresholds = json!([{"metric": "throughput.total_requests_per_sec", "above": 0.9}]);
    let filters = json!({"metric_type": "throughput"});
    say(&mut socket, json!({"type": "subscribe", "filters": filters, "thresholds": thresholds})).await;
    assert_eq!(receive(&mut socket).await["type"], "subscribed");
    receive(&mut socket).await;
    ask(&server, "gpt-4o", 3).await;
    // One request in one second, then in two.
    for state in ["firing", "resolved"] {
        advance(&server, Duration::from_secs(1)).await;
        assert_eq!(receive(&mut socket).await["type"], "metrics_update");
        let alert = receive(&mut socket).await;
        assert_eq!((&alert["type"], &alert["state"], &alert["above"]), (&json!("alert"), &json!(state), &json!(0.9)));
    }
    say(&mut socket, json!({"type": "subscribe", "thresholds": [{"metric": "no.such", "above": 1}]})).await;
    assert_eq!(receive(&mut socket).await["type"], "error");
}

#[tokio::test]
async fn equal_filters_get_the_same_bytes() {
    let server = TestServer::new();
    let mut all = Vec::new();
    for _ in 0..50 {
        let mut events = Events::open(&server, "?interval=1").await;
        events.next().await;
        events.next().await;
        all.push(events);
    }
    ask(&server, "gpt-4o", 3).await;
    advance(&server, Duration::from_secs(1)).await;
    let first = all[0].next().await.unwrap();
    for events in &mut all[1..] {
        assert_eq!(events.next().await.unwrap(), first);
    }
}

#[tokio::test]
async fn who_never_reads_is_let_go_and_nobody_else() {
    let server = TestServer::new();
    let mut reads = Events::open(&server, "?interval=1").await;
    reads.next().await;
    reads.next().await;
    // A socket whose buffers are full after a few updates.
    let mut deaf = connection(&server, 256);
    let head = b"GET /metrics/stream HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
        sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    tokio::io::AsyncWriteExt::write_all(&mut deaf, head).await.unwrap();
    for second in 1..=30 {
        advance(&server, Duration::from_secs(1)).await;
        assert_eq!(reads.next().await.unwrap()["timestamp"], 1_735_689_600.0 + f64::from(second));
    }
    // The server has closed its end: what was under way can be read, then there is an end.
    let mut rest = Vec::new();
    deaf.read_to_end(&mut rest).await.unwrap();
    assert!(rest.starts_with(b"HTTP/1.1 101") && rest.len() < 100_000);
    assert_eq!(server.get("/health").await.status, 200);
}

#[tokio::test]
async fn a_reader_of_events_that_fell_behind_is_told_so() {
    let server = TestServer::new();
    let (mut slow, mut reads) = (Events::open(&server, "").await, Events::open(&server, "").await);
    slow.next().await;
    slow.next().await;
    reads.next().await;
    reads.next().await;
    for _ in 0..20 {
        advance(&server, Duration::from_secs(1)).await;
        reads.next().await.unwrap();
    }
    assert_eq!(slow.next().await.unwrap()["type"], "error");
    assert!(slow.next().await.is_none());
}

#[tokio::test]
async fn there_is_room_for_ten_thousand_and_no_more() {
    let server = TestServer::new();
    let mut all = Vec::new();
    for _ in 0..10_000 {
        let response = server.open(request(Method::GET, "/metrics/stream", None)).await;
        assert_eq!(response.status(), 200);
        all.push(response.into_body());
    }
    let refused = server.get("/metrics/stream").await;
    assert_eq!((refused.status.as_u16(), &refused.json()["error"]["code"]), (503, &json!("too_many_subscribers")));
    all.pop();
    assert_eq!(server.open(request(Method::GET, "/metrics/stream", None)).await.status(), 200);
}

#[tokio::test]
async fn streams_end_when_the_server_stops() {
    let server = TestServer::new();
    let (mut events, mut socket) = (Events::open(&server, "").await, connect(&server).await);
    events.next().await;
    events.next().await;
    receive(&mut socket).await;
    let mut next = Box::pin(events.next());
    assert!(next.as_mut().now_or_never().is_none());
    server.app.kit.tasks.stop();
    assert!(Pin::new(&mut next).await.is_none());
    assert!(matches!(socket.next().await, Some(Ok(Message::Close(_)))));
}

#[tokio::test]
async fn sockets_beyond_the_limit_are_refused() {
    let server = TestServer::with(|settings| settings.stream_clients = 2);
    let (mut one, two) = (connect(&server).await, connect(&server).await);
    let refused = tokio_tungstenite::client_async("ws://localhost/metrics/stream", connection(&server, 1 << 20)).await;
    let Err(tokio_tungstenite::tungstenite::Error::Http(answer)) = refused else { panic!("it was let in") };
    assert_eq!(answer.status(), 503);
    // Those who are in are served, and one who leaves makes room.
    assert_eq!(receive(&mut one).await["type"], "historical_data");
    drop(two);
    advance(&server, Duration::from_secs(1)).await;
    receive(&mut one).await;
    connect(&server).await;
}
