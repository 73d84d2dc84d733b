//! Keys for sessions, calls, translations, and whatever else clients may send.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fakeai_guard::StoredKey;
use fakeai_media::speech::{VOICES, speak};
use fakeai_server::settings::Gatekeeping;
use http::Method;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::harness::{TestServer, request};
use crate::realtime::{Client, PATH, joined, kinds};

fn guarded() -> TestServer {
    TestServer::with(|settings| {
        settings.gate = Gatekeeping {
            requires_key: true,
            keys: vec![StoredKey::read("sk-real").unwrap()],
            ..Gatekeeping::default()
        };
    })
}

async fn post(server: &TestServer, key: &str, path: &str, body: Value) -> (u16, Value) {
    let mut request = request(Method::POST, path, Some(body));
    request.headers_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
    let answer = server.send(request).await;
    (answer.status.as_u16(), serde_json::from_slice(&answer.body).unwrap_or_default())
}

#[tokio::test]
async fn a_key_for_a_session_carries_its_configuration_and_ends() {
    let server = guarded();
    let session = json!({"type": "realtime", "model": "gpt-realtime-mini", "output_modalities": ["text"], "instructions": "Be kind."});
    let body = json!({"expires_after": {"anchor": "created_at", "seconds": 60}, "session": session});
    let (status, secret) = post(&server, "sk-real", "/v1/realtime/client_secrets", body).await;
    assert_eq!(status, 200, "{secret}");
    insta::assert_json_snapshot!("client_secret", secret);
    let key = secret["value"].as_str().unwrap();
    let bearer = format!("Bearer {key}");
    let protocols = format!("realtime, openai-insecure-api-key.{key}");
    for header in [("authorization", &*bearer), ("sec-websocket-protocol", &*protocols)] {
        let mut client = Client::open(&server, "/v1/realtime", &[header]).await;
        let session = client.next().await["session"].clone();
        assert_eq!((&session["model"], &session["instructions"]), (&json!("gpt-realtime-mini"), &json!("Be kind.")));
        let events = client.answer(json!({})).await;
        assert_eq!(events.last().unwrap()["response"]["status"], "completed");
    }
    // It is good for nothing else, and not for long.
    assert_eq!(post(&server, key, "/v1/chat/completions", json!({"model": "gpt-4o", "messages": []})).await.0, 401);
    assert_eq!(post(&server, key, "/v1/realtime_not", json!({})).await.0, 401);
    server.clock.advance(std::time::Duration::from_secs(60));
    assert_eq!(Client::attempt(&server, PATH, &[("authorization", &bearer)]).await.err(), Some(401));
    assert_eq!(Client::attempt(&server, PATH, &[("authorization", "Bearer ek_wrong")]).await.err(), Some(401));
    // Nor where no key is asked for.
    let open = TestServer::new();
    assert_eq!(Client::attempt(&open, PATH, &[("authorization", "Bearer ek_wrong")]).await.err(), Some(401));
}

#[tokio::test]
async fn what_is_wrong_with_a_key_to_be_made_is_named() {
    let server = TestServer::new();
    let cases = [
        (json!({"expires_after": {"seconds": 5}}), "expires_after.seconds"),
        (json!({"expires_after": {"anchor": "x"}}), "expires_after.anchor"),
        (json!({"session": {"type": "x"}}), "session.type"),
        (json!({"session": {"type": "realtime", "voice": "alloy"}}), "session.voice"),
        (json!({"session": {"type": "realtime", "model": 7}}), "session.model"),
    ];
    for (body, param) in cases {
        let answer = server.post("/v1/realtime/client_secrets", body.clone()).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["error"]["param"]), (400, &json!(param)), "{body}");
    }
}

#[tokio::test]
async fn the_beta_makes_sessions_with_their_keys() {
    let server = TestServer::new();
    let answer = server
        .post(
            "/v1/realtime/sessions",
            json!({"model": "gpt-4o-realtime-preview", "modalities": ["text"], "voice": "sage"}),
        )
        .await;
    assert_eq!(answer.status, 200);
    let session = answer.json();
    assert_eq!((&session["voice"], &session["modalities"]), (&json!("sage"), &json!(["text"])));
    let bearer = format!("Bearer {}", session["client_secret"]["value"].as_str().unwrap());
    let mut client = Client::open(&server, "/v1/realtime", &[("authorization", &bearer)]).await;
    assert_eq!(client.next().await["session"]["voice"], "sage");
    let wish = json!({"input_audio_transcription": {"model": "whisper-1"}, "turn_detection": {"type": "server_vad", "threshold": 0.4}});
    let session = server.post("/v1/realtime/transcription_sessions", wish).await.json();
    assert_eq!(session["turn_detection"]["threshold"], 0.4);
    let bearer = format!("Bearer {}", session["client_secret"]["value"].as_str().unwrap());
    let mut client = Client::open(&server, "/v1/realtime?intent=transcription", &[("authorization", &bearer)]).await;
    assert_eq!(client.next().await["session"]["input_audio_transcription"]["model"], "whisper-1");
    client.say(json!({"type": "transcription_session.update", "session": {"input_audio_format": "g711_ulaw"}})).await;
    let updated = client.next().await;
    assert_eq!(
        (&updated["type"], &updated["session"]["input_audio_format"]),
        (&json!("transcription_session.updated"), &json!("g711_ulaw"))
    );
}

#[tokio::test]
async fn a_call_rings_is_answered_and_ends() {
    let server = TestServer::new();
    let call = server.post("/fakeai/realtime/calls", json!({"from": "sip:ada@example.com"})).await.json();
    let id = call["id"].as_str().unwrap();
    let path = |verb: &str| format!("/v1/realtime/calls/{id}/{verb}");
    let mut early = Client::open(&server, &format!("/v1/realtime?call_id={id}"), &[]).await;
    assert_eq!(early.next().await["error"]["code"], "call_status_mismatch");
    assert_eq!(server.post(&path("accept"), json!({})).await.json()["error"]["param"], "session.type");
    let wish = json!({"type": "realtime", "model": "gpt-realtime", "instructions": "You answer the telephone."});
    let accepted = server.post(&path("accept"), wish.clone()).await;
    assert_eq!((accepted.status.as_u16(), accepted.body.len()), (200, 0));
    assert_eq!(server.post(&path("accept"), wish).await.status, 400);
    let mut client = Client::open(&server, &format!("/v1/realtime?call_id={id}"), &[]).await;
    assert_eq!(client.next().await["session"]["instructions"], "You answer the telephone.");
    assert_eq!(server.post(&path("hangup"), json!({})).await.status, 200);
    assert!(matches!(client.message().await, Some(Message::Close(Some(_)))));
    assert_eq!(server.get(&format!("/fakeai/realtime/calls/{id}")).await.json()["status"], "ended");

    let other = server.post("/fakeai/realtime/calls", json!({})).await.json();
    let path = |verb: &str| format!("/v1/realtime/calls/{}/{verb}", other["id"].as_str().unwrap());
    assert_eq!(server.post(&path("refer"), json!({"target_uri": "tel:+1"})).await.status, 400);
    assert_eq!(server.post(&path("reject"), json!({"status_code": 486})).await.status, 200);
    assert_eq!(server.post("/v1/realtime/calls/rtc_none/hangup", json!({})).await.status, 404);
    let offer = server.post("/v1/realtime/calls", json!({"sdp": "v=0"})).await;
    assert_eq!((offer.status.as_u16(), &offer.json()["error"]["code"]), (501, &json!("webrtc_not_served")));
}

#[tokio::test]
async fn a_translation_says_it_again_in_another_language() {
    let server = TestServer::new();
    let mut client = Client::open(&server, "/v1/realtime/translations?model=gpt-realtime-translate", &[]).await;
    assert_eq!(client.next().await["session"]["type"], "translation");
    let audio = json!({"input": {"transcription": {"model": "gpt-4o-transcribe"}}, "output": {"language": "fr"}});
    client.say(json!({"type": "session.update", "session": {"audio": audio}})).await;
    assert_eq!(client.next().await["session"]["audio"]["output"]["language"], "fr");
    let mut samples = speak("Good morning.", &VOICES[2], 1.0).samples;
    samples.extend(std::iter::repeat_n(0, 24_000));
    let sound: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    client.say(json!({"type": "session.input_audio_buffer.append", "audio": STANDARD.encode(sound)})).await;
    let events = client.until("session.output_audio.delta").await;
    assert_eq!(joined(&events, "session.input_transcript.delta"), "Good morning.");
    assert!(
        joined(&events, "session.output_transcript.delta").to_lowercase().contains("bonjour"),
        "{:?}",
        kinds(&events)
    );
    assert_eq!(events.last().unwrap()["format"], "pcm16");
    client.say(json!({"type": "session.close"})).await;
    client.until("session.closed").await;
    assert!(matches!(client.message().await, Some(Message::Close(Some(_)))));
    let body = json!({"session": {"model": "gpt-realtime-translate", "audio": {"output": {"language": "es"}}}});
    let secret = server.post("/v1/realtime/translations/client_secrets", body).await.json();
    let bearer = format!("Bearer {}", secret["value"].as_str().unwrap());
    let mut client = Client::open(&server, "/v1/realtime/translations", &[("authorization", &bearer)]).await;
    assert_eq!(client.next().await["session"]["audio"]["output"]["language"], "es");
}

/// Any JSON.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        prop::sample::select(
            &["auto", "none", "text", "audio", "realtime", "item_x", "function", "message", "user", "AAAA", "inf"][..]
        )
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 6, |inner| {
        let name = prop::sample::select(
            &[
                "session",
                "type",
                "audio",
                "input",
                "output",
                "format",
                "turn_detection",
                "transcription",
                "tools",
                "tool_choice",
                "item",
                "id",
                "role",
                "content",
                "text",
                "response",
                "conversation",
                "metadata",
                "voice",
                "speed",
                "instructions",
                "output_modalities",
                "max_output_tokens",
                "item_id",
                "content_index",
                "audio_end_ms",
                "previous_item_id",
                "event_id",
                "call_id",
                "name",
                "parameters",
                "truncation",
                "prompt",
                "include",
                "tracing",
                "model",
            ][..],
        )
        .prop_map(str::to_owned);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(name, inner, 0..6).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

#[tokio::test]
async fn a_session_outlives_whatever_it_is_sent() {
    const KINDS: [&str; 11] = [
        "session.update",
        "input_audio_buffer.append",
        "input_audio_buffer.commit",
        "input_audio_buffer.clear",
        "conversation.item.create",
        "conversation.item.retrieve",
        "conversation.item.truncate",
        "conversation.item.delete",
        "response.create",
        "response.cancel",
        "output_audio_buffer.clear",
    ];
    let server = TestServer::new();
    let mut runner = TestRunner::deterministic();
    let kind = prop::option::of(prop::sample::select(&KINDS[..]));
    for beta in [false, true] {
        let headers: &[(&str, &str)] = if beta { &[("openai-beta", "realtime=v1")] } else { &[] };
        let mut client = Client::open(&server, PATH, headers).await;
        for round in 0..300 {
            let mut event = any_json().new_tree(&mut runner).unwrap().current();
            if let (Value::Object(map), Some(kind)) = (&mut event, kind.new_tree(&mut runner).unwrap().current()) {
                map.insert("type".to_owned(), json!(kind));
                map.remove("event_id");
            }
            client.say(event).await;
            if round % 20 == 0 {
                // Still there.
                client.say(json!({"type": "conversation.item.retrieve", "item_id": "nobody", "event_id": format!("round {round}")})).await;
                loop {
                    let event = client.next().await;
                    if event["error"]["event_id"] == format!("round {round}") {
                        break;
                    }
                }
            }
        }
    }
}
