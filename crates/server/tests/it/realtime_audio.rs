//! Spoken Realtime sessions: turns found in sound, answers spoken in step, interruptions.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fakeai_engine::LatencyModel;
use fakeai_media::speech::{VOICES, speak};
use serde_json::{Value, json};

use crate::harness::TestServer;
use crate::realtime::{Client, PATH, joined, kinds};

/// Somebody says it, and then nothing for a while.
fn said(text: &str, quiet_ms: usize) -> Vec<u8> {
    let mut samples = speak(text, &VOICES[1], 1.0).samples;
    samples.extend((0..quiet_ms * 24).map(|at| (at * 7919 % 21) as i16 - 10));
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

async fn send(client: &mut Client<'_>, sound: &[u8]) {
    // 20 ms at a time, as clients do.
    for piece in sound.chunks(960) {
        client.say(json!({"type": "input_audio_buffer.append", "audio": STANDARD.encode(piece)})).await;
    }
}

async fn open(server: &TestServer, session: Value) -> Client<'_> {
    let mut client = Client::open(server, PATH, &[]).await;
    client.next().await;
    let mut wish = json!({"type": "realtime"});
    wish.as_object_mut().unwrap().extend(session.as_object().unwrap().clone());
    client.say(json!({"type": "session.update", "session": wish})).await;
    let updated = client.next().await;
    assert_eq!(updated["type"], "session.updated", "{updated}");
    client
}

/// The sound of an answer, in milliseconds.
fn milliseconds(events: &[Value]) -> u64 {
    let deltas = events.iter().filter(|event| event["type"] == "response.output_audio.delta");
    let bytes = |event: &Value| STANDARD.decode(event["delta"].as_str().unwrap()).unwrap().len() as u64;
    deltas.map(bytes).sum::<u64>() / 48
}

fn find<'a>(events: &'a [Value], kind: &str) -> &'a Value {
    events.iter().find(|event| event["type"] == kind).unwrap_or_else(|| panic!("no {kind} in {:?}", kinds(events)))
}

const TRANSCRIBED: &str = r#"{"audio": {"input": {"transcription": {"model": "gpt-4o-transcribe"}}}}"#;

#[tokio::test]
async fn what_is_said_is_understood_and_answered_aloud() {
    let server = TestServer::new();
    let mut client = open(&server, serde_json::from_str(TRANSCRIBED).unwrap()).await;
    send(&mut client, &said("What is the capital of France?", 800)).await;
    let events = client.until("response.done").await;
    let started = find(&events, "input_audio_buffer.speech_started");
    let stopped = find(&events, "input_audio_buffer.speech_stopped");
    assert!(started["audio_start_ms"].as_u64().unwrap() < stopped["audio_end_ms"].as_u64().unwrap());
    let item = find(&events, "input_audio_buffer.committed")["item_id"].clone();
    assert_eq!((&started["item_id"], &stopped["item_id"]), (&item, &item));
    let heard = find(&events, "conversation.item.input_audio_transcription.completed");
    assert_eq!((&heard["transcript"], &heard["item_id"]), (&json!("What is the capital of France?"), &item));
    assert_eq!(joined(&events, "conversation.item.input_audio_transcription.delta"), heard["transcript"]);
    let response = &find(&events, "response.done")["response"];
    let transcript = response["output"][0]["content"][0]["transcript"].as_str().unwrap();
    assert!(transcript.contains("Paris"), "{transcript}");
    assert_eq!(joined(&events, "response.output_audio_transcript.delta"), transcript);
    let length = milliseconds(&events);
    let usage = &response["usage"];
    assert_eq!(usage["output_token_details"]["audio_tokens"], length.div_ceil(50));
    let input = &usage["input_token_details"];
    assert!(input["audio_tokens"].as_u64().unwrap() > 10 && input["text_tokens"].as_u64().unwrap() > 5, "{usage}");
    // What was said can be read again.
    client.say(json!({"type": "conversation.item.retrieve", "item_id": item})).await;
    assert_eq!(client.next().await["item"]["content"][0]["transcript"], heard["transcript"]);
    insta::assert_json_snapshot!("spoken_turn", kinds(&events));
}

#[tokio::test]
async fn the_client_may_say_when_a_turn_ends() {
    let server = TestServer::new();
    let manual = json!({"audio": {"input": {"turn_detection": null}}, "output_modalities": ["text"]});
    let mut client = open(&server, manual).await;
    send(&mut client, &said("What is 7 plus 5?", 0)).await;
    client.say(json!({"type": "input_audio_buffer.commit"})).await;
    let events = client.until("conversation.item.done").await;
    assert_eq!(kinds(&events), ["input_audio_buffer.committed", "conversation.item.added", "conversation.item.done"]);
    let events = client.answer(json!({})).await;
    let text = joined(&events, "response.output_text.delta");
    assert!(text.contains("12"), "{text}");
    send(&mut client, &[0; 4800]).await;
    client.say(json!({"type": "input_audio_buffer.clear"})).await;
    assert_eq!(client.next().await["type"], "input_audio_buffer.cleared");
    let error = client.wrong(json!({"type": "input_audio_buffer.commit"})).await;
    assert_eq!(error["code"], "input_audio_buffer_commit_empty");
}

#[tokio::test]
async fn sound_leaves_at_the_pace_of_speech_and_speech_interrupts_it() {
    let server = TestServer::with(|settings| {
        settings.latency = LatencyModel::Profile;
        settings.audio.rtf = 1.0;
    });
    let mut client = open(&server, json!({})).await;
    client.write("Tell me a long story about a dragon.").await;
    client.until("conversation.item.done").await;
    client.say(json!({"type": "response.create"})).await;
    // While words are still written the clock runs on, also where sound is being made, which takes real time. Once all
    // are there, nothing moves it but sound.
    let mut sounds = 0;
    while sounds < 6 {
        match &client.next().await["type"] {
            kind if kind == "response.output_audio.delta" => sounds += 1,
            _ => sounds = 0,
        }
    }
    let (first, before) = (server.clock.now(), milliseconds(&client.seen));
    for _ in 0..8 {
        client.until("response.output_audio.delta").await;
    }
    let spent = server.clock.now().since(first).as_millis() as u64;
    let length = |event: &Value| milliseconds(std::slice::from_ref(event));
    let deltas: Vec<&Value> =
        client.seen.iter().filter(|event| event["type"] == "response.output_audio.delta").collect();
    // From the beginning of a word to the beginning of another.
    let last = deltas.len() - 1;
    let spoken = milliseconds(&client.seen) - before + length(deltas[last - 8]) - length(deltas[last]);
    assert!(spent.abs_diff(spoken) <= 50, "{spent} for {spoken}");
    // Somebody speaks.
    send(&mut client, &said("Stop!", 0)[..24_000]).await;
    let rest = client.until("response.done").await;
    let names = kinds(&rest);
    assert!(names.contains(&"input_audio_buffer.speech_started"), "{names:?}");
    let response = &rest.last().unwrap()["response"];
    assert_eq!(response["status_details"], json!({"type": "cancelled", "reason": "turn_detected"}));
    let item = &response["output"][0];
    assert_eq!(item["status"], "incomplete");
    // What was not heard was not said.
    let transcript = item["content"][0]["transcript"].as_str().unwrap();
    let shown = joined(&client.seen, "response.output_audio_transcript.delta");
    assert!(shown.starts_with(transcript) && shown.len() > transcript.len() && !transcript.is_empty(), "{transcript}");
    let heard = milliseconds(&client.seen);
    // The client has played half of it.
    let cut = json!({"type": "conversation.item.truncate", "item_id": item["id"], "content_index": 0, "audio_end_ms": heard / 2});
    client.say(cut).await;
    assert_eq!(client.until("conversation.item.truncated").await.last().unwrap()["audio_end_ms"], heard / 2);
    client.say(json!({"type": "conversation.item.retrieve", "item_id": item["id"]})).await;
    let events = client.until("conversation.item.retrieved").await;
    let half = events.last().unwrap()["item"]["content"][0]["transcript"].as_str().unwrap().to_owned();
    assert!(transcript.starts_with(&half) && half.len() < transcript.len(), "{half}");
    let error = json!({"type": "conversation.item.truncate", "item_id": item["id"], "content_index": 0, "audio_end_ms": heard * 2});
    assert_eq!(client.wrong(error).await["param"], "audio_end_ms");
}

#[tokio::test]
async fn a_response_is_cancelled_on_request() {
    let server = TestServer::with(|settings| settings.latency = LatencyModel::Profile);
    let mut client = open(&server, json!({"output_modalities": ["text"]})).await;
    client.write("Tell me a long story about a dragon.").await;
    client.until("conversation.item.done").await;
    client.say(json!({"type": "response.create"})).await;
    client.until("response.output_text.delta").await;
    client.say(json!({"type": "response.create"})).await;
    let events = client.until("error").await;
    assert_eq!(events.last().unwrap()["error"]["code"], "conversation_already_has_active_response");
    client.say(json!({"type": "response.cancel"})).await;
    let events = client.until("response.done").await;
    let response = &events.last().unwrap()["response"];
    assert_eq!(response["status_details"], json!({"type": "cancelled", "reason": "client_cancelled"}));
    let text = response["output"][0]["content"][0]["text"].as_str().unwrap();
    assert_eq!(joined(&client.seen, "response.output_text.delta"), text);
    let tokens = client.seen.iter().filter(|event| event["type"] == "response.output_text.delta").count();
    assert_eq!(response["usage"]["output_tokens"], tokens);
}

#[tokio::test]
async fn a_voice_that_has_spoken_stays() {
    let server = TestServer::new();
    let mut client = open(&server, json!({"audio": {"output": {"voice": "marin"}}})).await;
    client.write("Hello!").await;
    client.until("conversation.item.done").await;
    let events = client.answer(json!({})).await;
    assert_eq!(events.last().unwrap()["response"]["audio"]["output"]["voice"], "marin");
    let other =
        json!({"type": "session.update", "session": {"type": "realtime", "audio": {"output": {"voice": "ash"}}}});
    assert_eq!(client.wrong(other).await["code"], "cannot_update_voice");
}

#[tokio::test]
async fn telephones_are_heard_and_spoken_to() {
    let server = TestServer::new();
    let law = json!({"type": "audio/pcmu"});
    let mut client = open(&server, json!({"audio": {"input": {"format": law}, "output": {"format": law}}})).await;
    let samples: Vec<i16> =
        speak("Good morning to you all.", &VOICES[0], 1.0).samples.chunks(3).map(|three| three[0]).collect();
    let mut sound = fakeai_media::encode_mulaw(&samples);
    sound.extend([0xFF; 8000]);
    send(&mut client, &sound).await;
    let events = client.until("response.done").await;
    let stopped = find(&events, "input_audio_buffer.speech_stopped")["audio_end_ms"].as_u64().unwrap();
    let length = samples.len() as u64 / 8;
    assert!(stopped.abs_diff(length + 500) < 500, "{stopped} {length}");
    // A byte a sample at 8 kHz: 1/6 of 24 kHz with two.
    let usage = &find(&events, "response.done")["response"]["usage"];
    let tokens = usage["output_token_details"]["audio_tokens"].as_u64().unwrap();
    assert!((milliseconds(&events) * 6).div_ceil(50).abs_diff(tokens) <= 1);
}

#[tokio::test]
async fn who_waits_for_sense_answers_finished_sentences_sooner() {
    let server = TestServer::new();
    let mut ends = Vec::new();
    for text in ["I would like to book a table for two.", "I would like to book a table for two and then"] {
        let detection = json!({"type": "semantic_vad", "eagerness": "high"});
        let wish = json!({"audio": {"input": {"turn_detection": detection}}, "output_modalities": ["text"]});
        let mut client = open(&server, wish).await;
        let sound = said(text, 3000);
        let spoken = said(text, 0).len() as u64 / 48;
        // As it is spoken, so that who listens has the time to.
        for piece in sound.chunks(4800) {
            send(&mut client, piece).await;
            tokio::task::yield_now().await;
        }
        let events = client.until("response.done").await;
        ends.push(
            find(&events, "input_audio_buffer.speech_stopped")["audio_end_ms"].as_u64().unwrap().saturating_sub(spoken),
        );
    }
    assert!(ends[1] > 1500 && ends[0] <= ends[1], "{ends:?}");
}

#[tokio::test]
async fn the_model_speaks_up_where_nobody_does() {
    let server = TestServer::new();
    let detection = json!({"type": "server_vad", "idle_timeout_ms": 6000});
    let mut client = open(&server, json!({"audio": {"input": {"turn_detection": detection}}})).await;
    client.write("Hello!").await;
    client.until("conversation.item.done").await;
    client.answer(json!({})).await;
    let length = milliseconds(&client.seen);
    let before = server.clock.now();
    let events = client.until("response.done").await;
    assert_eq!(kinds(&events)[0], "input_audio_buffer.timeout_triggered");
    let waited = server.clock.now().since(before).as_millis() as u64;
    assert!(waited >= 6000 && waited <= 6100 + length, "{waited}");
}

#[tokio::test]
async fn a_transcription_session_writes_down_what_is_said() {
    let server = TestServer::new();
    let mut client = Client::open(&server, "/v1/realtime?intent=transcription", &[]).await;
    insta::assert_json_snapshot!("transcription_session_created", client.next().await);
    let wish = json!({
        "type": "transcription", "include": ["item.input_audio_transcription.logprobs"],
        "audio": {"input": {"transcription": {"model": "gpt-4o-mini-transcribe", "language": "en"}}},
    });
    client.say(json!({"type": "session.update", "session": wish})).await;
    assert_eq!(client.next().await["type"], "session.updated");
    send(&mut client, &said("The quick brown fox jumps over the lazy dog.", 800)).await;
    let events = client.until("conversation.item.input_audio_transcription.completed").await;
    let done = events.last().unwrap();
    assert_eq!(done["transcript"], "The quick brown fox jumps over the lazy dog.");
    assert_eq!(done["logprobs"].as_array().unwrap().len() as u64, done["usage"]["output_tokens"].as_u64().unwrap());
    assert!(!kinds(&events).iter().any(|kind| kind.starts_with("response.")));
    assert_eq!(client.wrong(json!({"type": "response.create"})).await["param"], "type");
}
