//! Realtime sessions over a socket: written conversations, and what is wrong with what clients say.

use std::time::Duration;

use fakeai_guard::{Limits, Tier};
use fakeai_server::settings::{Gatekeeping, Quota};
use futures_util::{SinkExt, StreamExt};
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use serde_json::{Value, json};
use tokio::io::DuplexStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

use crate::harness::TestServer;

/// A client of a session. The clock is moved on while it waits.
pub struct Client<'a> {
    pub server: &'a TestServer,
    pub socket: WebSocketStream<DuplexStream>,
    pub seen: Vec<Value>,
}

impl<'a> Client<'a> {
    /// Opens a session at `path` with more headers.
    pub async fn open(server: &'a TestServer, path: &str, headers: &[(&'static str, &str)]) -> Self {
        Self::attempt(server, path, headers).await.unwrap()
    }

    /// The same; the status if there is no session.
    pub async fn attempt(server: &'a TestServer, path: &str, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        let (client, own) = tokio::io::duplex(64 << 20);
        let service = TowerToHyperService::new(server.door());
        let connection =
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(own), service).with_upgrades();
        server.app.kit.tasks.spawn(connection);
        let mut request = format!("ws://localhost{path}").into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match tokio_tungstenite::client_async(request, client).await {
            Ok((socket, _)) => Ok(Self { server, socket, seen: Vec::new() }),
            Err(tokio_tungstenite::tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    pub async fn say(&mut self, event: Value) {
        self.socket.send(Message::text(event.to_string())).await.unwrap();
    }

    /// The next message, whatever it is; none at the end.
    pub async fn message(&mut self) -> Option<Message> {
        let clock = &self.server.clock;
        loop {
            tokio::select! {
                biased;
                message = self.socket.next() => return message.and_then(Result::ok),
                () = tokio::task::yield_now() => {
                    // Not so far that sessions end while sound is being made.
                    let soon = clock.now() + Duration::from_secs(45);
                    if let Some(next) = clock.next_wake().filter(|next| *next < soon) {
                        clock.advance(next.since(clock.now()));
                    }
                }
            }
        }
    }

    /// The next event.
    pub async fn next(&mut self) -> Value {
        let message = self.message().await.unwrap();
        let event: Value = serde_json::from_str(message.to_text().unwrap()).unwrap();
        self.seen.push(event.clone());
        event
    }

    /// Events up to the first of this type.
    pub async fn until(&mut self, kind: &str) -> Vec<Value> {
        let mut events = Vec::new();
        loop {
            let event = self.next().await;
            let is_it = event["type"] == kind;
            events.push(event);
            if is_it {
                return events;
            }
        }
    }

    /// The error that an event gets.
    pub async fn wrong(&mut self, event: Value) -> Value {
        self.say(event).await;
        let event = self.next().await;
        assert_eq!(event["type"], "error", "{event}");
        event["error"].clone()
    }

    /// Says something in words.
    pub async fn write(&mut self, text: &str) {
        let content = json!([{"type": "input_text", "text": text}]);
        self.say(json!({"type": "conversation.item.create", "item": {"type": "message", "role": "user", "content": content}})).await;
    }

    /// A whole answer.
    pub async fn answer(&mut self, response: Value) -> Vec<Value> {
        self.say(json!({"type": "response.create", "response": response})).await;
        self.until("response.done").await
    }
}

pub const PATH: &str = "/v1/realtime?model=gpt-realtime";

pub fn kinds(events: &[Value]) -> Vec<&str> {
    let mut kinds: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    kinds.dedup();
    kinds
}

/// The deltas of one type, put together.
pub fn joined(events: &[Value], kind: &str) -> String {
    events.iter().filter(|event| event["type"] == kind).map(|event| event["delta"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_written_conversation() {
    let server = TestServer::new();
    let mut client = Client::open(&server, PATH, &[]).await;
    let created = client.next().await;
    insta::assert_json_snapshot!("session_created", created);
    client.say(json!({"type": "session.update", "session": {"type": "realtime", "output_modalities": ["text"], "instructions": "Be brief."}})).await;
    assert_eq!(client.next().await["session"]["output_modalities"], json!(["text"]));
    client.write("What is the capital of France?").await;
    let added = client.until("conversation.item.done").await;
    assert_eq!(kinds(&added), ["conversation.item.added", "conversation.item.done"]);
    let events = client.answer(json!({})).await;
    let shown: Vec<&Value> = events.iter().filter(|event| event["delta"].is_null()).collect();
    insta::assert_json_snapshot!("written_answer", shown);
    let done = events.last().unwrap();
    let text = done["response"]["output"][0]["content"][0]["text"].as_str().unwrap();
    assert!(text.contains("Paris"), "{text}");
    assert_eq!(joined(&events, "response.output_text.delta"), text);
    // The next answer knows what was said.
    client.write("My name is Ada.").await;
    client.until("conversation.item.done").await;
    let second = client.answer(json!({})).await;
    let usage = |events: &[Value]| events.last().unwrap()["response"]["usage"]["input_tokens"].as_u64().unwrap();
    assert!(usage(&second) > usage(&events));
}

#[tokio::test]
async fn the_beta_has_its_own_names() {
    let server = TestServer::new();
    let mut client = Client::open(&server, PATH, &[("openai-beta", "realtime=v1")]).await;
    insta::assert_json_snapshot!("beta_session_created", client.next().await);
    assert_eq!(client.next().await["type"], "conversation.created");
    client.say(json!({"type": "session.update", "session": {"modalities": ["text"], "temperature": 0.7}})).await;
    assert_eq!(client.next().await["session"]["temperature"], 0.7);
    client.write("Hello!").await;
    assert_eq!(client.next().await["type"], "conversation.item.created");
    let events = client.answer(json!({})).await;
    assert_eq!(
        kinds(&events),
        [
            "response.created",
            "response.output_item.added",
            "conversation.item.created",
            "response.content_part.added",
            "response.text.delta",
            "response.text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.done",
        ]
    );
    assert_eq!(events.last().unwrap()["response"]["output"][0]["content"][0]["type"], "text");
}

#[tokio::test]
async fn what_is_wrong_is_said_and_the_session_goes_on() {
    let server = TestServer::new();
    let mut client = Client::open(&server, PATH, &[]).await;
    client.next().await;
    let cases = [
        (json!({"type": "no.such"}), "type", "invalid_value"),
        (json!({"event_id": 7, "type": "response.create"}), "event_id", "invalid_type"),
        (json!({"type": "session.update", "session": {}}), "session.type", "missing_required_parameter"),
        (
            json!({"type": "session.update", "session": {"type": "realtime", "voice": "x"}}),
            "session.voice",
            "unknown_parameter",
        ),
        (
            json!({"type": "session.update", "session": {"type": "realtime", "audio": {"output": {"voice": "x"}}}}),
            "session.audio.output.voice",
            "invalid_value",
        ),
        (
            json!({"type": "session.update", "session": {"type": "realtime", "audio": {"input": {"turn_detection": {"type": "server_vad", "threshold": 2}}}}}),
            "session.audio.input.turn_detection.threshold",
            "decimal_above_max_value",
        ),
        (
            json!({"type": "session.update", "session": {"type": "realtime", "tools": [{"type": "function"}]}}),
            "session.tools[0].name",
            "missing_required_parameter",
        ),
        (
            json!({"type": "session.update", "session": {"type": "realtime", "model": "gpt-realtime-mini"}}),
            "session.model",
            "cannot_update_model",
        ),
        (
            json!({"type": "conversation.item.create", "item": {"type": "message", "role": "user", "content": [{"type": "text", "text": "x"}]}}),
            "item.content[0].type",
            "invalid_value",
        ),
        (
            json!({"type": "conversation.item.create", "item": {"type": "function_call_output", "call_id": "x", "output": "y"}}),
            "item.call_id",
            "invalid_tool_call_id",
        ),
        (json!({"type": "conversation.item.retrieve", "item_id": "x"}), "item_id", "item_retrieve_invalid_item_id"),
        (json!({"type": "conversation.item.delete", "item_id": "x"}), "item_id", "item_delete_invalid_item_id"),
        (
            json!({"type": "conversation.item.truncate", "item_id": "x", "content_index": 0, "audio_end_ms": 1}),
            "item_id",
            "item_truncate_invalid_item_id",
        ),
        (
            json!({"type": "response.create", "response": {"max_output_tokens": 5000}}),
            "response.max_output_tokens",
            "integer_above_max_value",
        ),
        (
            json!({"type": "response.create", "response": {"conversation": "x"}}),
            "response.conversation",
            "invalid_value",
        ),
    ];
    for (event, param, code) in cases {
        let error = client.wrong(event.clone()).await;
        assert_eq!((&error["param"], &error["code"]), (&json!(param), &json!(code)), "{event}: {error}");
    }
    let error = client.wrong(json!({"type": "response.cancel", "event_id": "mine"})).await;
    assert_eq!((&error["code"], &error["event_id"]), (&json!("response_cancel_not_active"), &json!("mine")));
    let error = client.wrong(json!({"type": "input_audio_buffer.commit"})).await;
    assert_eq!(error["code"], "input_audio_buffer_commit_empty");
    client.socket.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    assert_eq!(client.next().await["error"]["code"], "invalid_event");
    client.socket.send(Message::text("{not json")).await.unwrap();
    assert_eq!(client.next().await["error"]["code"], "invalid_json");
    let events = client.answer(json!({"output_modalities": ["text"]})).await;
    assert_eq!(events.last().unwrap()["response"]["status"], "completed");
}

#[tokio::test]
async fn items_are_put_shown_cut_and_deleted() {
    let server = TestServer::new();
    let mut client = Client::open(&server, PATH, &[]).await;
    client.next().await;
    for (id, previous) in [("b", None), ("c", None), ("a", Some("root"))] {
        let content = json!([{"type": "input_text", "text": id}]);
        let mut event = json!({"type": "conversation.item.create", "item": {"id": id, "type": "message", "role": "user", "content": content}});
        if let Some(previous) = previous {
            event["previous_item_id"] = json!(previous);
        }
        client.say(event).await;
        client.until("conversation.item.done").await;
    }
    let previous: Vec<&Value> = client
        .seen
        .iter()
        .filter(|event| event["type"] == "conversation.item.done")
        .map(|event| &event["previous_item_id"])
        .collect();
    assert_eq!(previous, [&Value::Null, &json!("b"), &Value::Null]);
    client.say(json!({"type": "conversation.item.retrieve", "item_id": "a"})).await;
    assert_eq!(client.next().await["item"]["content"][0]["text"], "a");
    client.say(json!({"type": "conversation.item.delete", "item_id": "a"})).await;
    assert_eq!(
        client.next().await,
        json!({"type": "conversation.item.deleted", "event_id": client.seen.last().unwrap()["event_id"], "item_id": "a"})
    );
    let error = client.wrong(json!({"type": "conversation.item.create", "item": {"id": "b", "type": "message", "role": "user", "content": []}})).await;
    assert_eq!(error["code"], "item_create_duplicate_id");
}

#[tokio::test]
async fn functions_are_called_and_their_results_reported() {
    let server = TestServer::new();
    let mut client = Client::open(&server, PATH, &[]).await;
    client.next().await;
    let parameters = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
    let tool = json!({"type": "function", "name": "get_weather", "description": "The weather in a city", "parameters": parameters});
    client.say(json!({"type": "session.update", "session": {"type": "realtime", "output_modalities": ["text"], "tools": [tool]}})).await;
    client.next().await;
    client.write("What is the weather in Paris?").await;
    client.until("conversation.item.done").await;
    let events = client.answer(json!({})).await;
    let call = &events.last().unwrap()["response"]["output"][0];
    assert_eq!((&call["type"], &call["name"]), (&json!("function_call"), &json!("get_weather")));
    assert_eq!(joined(&events, "response.function_call_arguments.delta"), call["arguments"]);
    assert!(call["arguments"].as_str().unwrap().contains("Paris"));
    let done = events.iter().find(|event| event["type"] == "response.function_call_arguments.done").unwrap();
    assert_eq!((&done["name"], &done["call_id"]), (&call["name"], &call["call_id"]));
    let result = json!({"type": "function_call_output", "call_id": call["call_id"], "output": "{\"temperature\": 21, \"sky\": \"clear\"}"});
    client.say(json!({"type": "conversation.item.create", "item": result})).await;
    client.until("conversation.item.done").await;
    let events = client.answer(json!({})).await;
    let text = joined(&events, "response.output_text.delta");
    assert!(text.contains("21"), "{text}");
}

#[tokio::test]
async fn answers_beside_the_conversation_leave_it_alone() {
    let server = TestServer::new();
    let mut client = Client::open(&server, PATH, &[]).await;
    client.next().await;
    let input =
        json!([{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "What is 2 + 2?"}]}]);
    let wish =
        json!({"conversation": "none", "output_modalities": ["text"], "metadata": {"topic": "sums"}, "input": input});
    let events = client.answer(wish).await;
    assert!(!kinds(&events).iter().any(|kind| kind.starts_with("conversation.")));
    let response = &events.last().unwrap()["response"];
    assert_eq!((&response["metadata"], response.get("conversation_id")), (&json!({"topic": "sums"}), None));
    assert!(response["output"][0]["content"][0]["text"].as_str().unwrap().contains('4'));
    let limited = client
        .answer(json!({"output_modalities": ["text"], "max_output_tokens": 3, "instructions": "Tell a long story."}))
        .await;
    let response = &limited.last().unwrap()["response"];
    assert_eq!(response["status_details"], json!({"type": "incomplete", "reason": "max_output_tokens"}));
    assert_eq!(response["usage"]["output_tokens"], 3);
}

#[tokio::test]
async fn each_response_is_written_down() {
    let server = TestServer::new();
    let mut client = Client::open(&server, PATH, &[]).await;
    client.next().await;
    client.write("Hello!").await;
    client.until("conversation.item.done").await;
    let events = client.answer(json!({"output_modalities": ["text"]})).await;
    let usage = &events.last().unwrap()["response"]["usage"];
    let records = server.get("/metrics/requests").await.json();
    let text = records.to_string();
    assert!(text.contains("/v1/realtime") && text.contains("gpt-realtime"), "{text}");
    assert!(text.contains(&format!(":{}", usage["output_tokens"])), "{text}");
}

#[tokio::test]
async fn sessions_that_cannot_be_are_refused_with_a_reason() {
    let server = TestServer::new();
    for (path, code) in [("/v1/realtime", "missing_model"), ("/v1/realtime?model=gpt-4", "invalid_model")] {
        let mut client = Client::open(&server, path, &[]).await;
        assert_eq!(client.next().await["error"]["code"], code);
        let Some(Message::Close(Some(frame))) = client.message().await else { panic!("not closed") };
        assert_eq!((u16::from(frame.code), frame.reason.as_str()), (4000, &*format!("invalid_request_error.{code}")));
    }
    assert_eq!(server.get(PATH).await.status, 426);
}

#[tokio::test]
async fn sessions_end_after_their_time() {
    let server = TestServer::new();
    let mut client = Client::open(&server, PATH, &[]).await;
    client.next().await;
    server.clock.advance(Duration::from_secs(3600));
    assert_eq!(client.next().await["error"]["code"], "session_expired");
    assert!(matches!(client.message().await, Some(Message::Close(Some(_)))));
}

#[tokio::test]
async fn an_event_that_is_too_large_closes_the_socket() {
    let server = TestServer::new();
    let mut client = Client::open(&server, PATH, &[]).await;
    client.next().await;
    client.socket.send(Message::text("x".repeat(17 << 20))).await.unwrap();
    let Some(Message::Close(Some(frame))) = client.message().await else { panic!("not closed") };
    assert_eq!(u16::from(frame.code), 1009);
}

#[tokio::test]
async fn a_response_beyond_its_senders_limits_fails() {
    let limits = Limits { requests_per_minute: Some(3), ..Limits::default() };
    let gate = Gatekeeping { quotas: Some(Quota { tier: Tier::One, limits }), ..Gatekeeping::default() };
    let server = TestServer::with(|settings| settings.gate = gate);
    let mut client = Client::open(&server, PATH, &[]).await;
    client.next().await;
    for _ in 0..3 {
        let events = client.answer(json!({"output_modalities": ["text"], "conversation": "none"})).await;
        let limits = events.iter().find(|event| event["type"] == "rate_limits.updated").unwrap();
        assert_eq!(limits["rate_limits"][0]["limit"], 3);
        assert_eq!(events.last().unwrap()["response"]["status"], "completed");
    }
    let events = client.answer(json!({"output_modalities": ["text"]})).await;
    let response = &events.last().unwrap()["response"];
    assert_eq!(response["status"], "failed");
    assert_eq!(response["status_details"]["error"]["code"], "rate_limit_exceeded");
    assert_eq!(server.app.ledger.active_streams(), 0);
}

#[tokio::test]
async fn the_physical_engine_paces_sessions() {
    let server = crate::physics::server(crate::physics::deployment(), 1.0);
    let mut client = Client::open(&server, &format!("/v1/realtime?model={}", crate::physics::MODEL), &[]).await;
    client.next().await;
    client.write("Tell me about the sea.").await;
    client.until("conversation.item.done").await;
    client
        .say(json!({"type": "response.create", "response": {"output_modalities": ["text"], "max_output_tokens": 30}}))
        .await;
    let first = client.until("response.output_text.delta").await;
    assert_eq!(first[0]["type"], "response.created");
    let begun = server.clock.now();
    let events = client.until("response.done").await;
    assert!(server.clock.now() > begun);
    assert_eq!(events.last().unwrap()["response"]["usage"]["output_tokens"], 30);
}
