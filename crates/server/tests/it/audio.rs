//! `/v1/audio`.

use fakeai_engine::LatencyModel;
use fakeai_media::{audio_facts, decode_audio};
use http::Method;
use serde_json::{Value, json};

use super::harness::{TestServer, millis, request};

const SPEECH: &str = "/v1/audio/speech";
const TEXT: &str = "The quick brown fox jumps over the lazy dog. Does it? Yes, it does, again and again.";

fn speech(more: Value) -> Value {
    let mut body = json!({"model": "gpt-4o-mini-tts", "input": TEXT, "voice": "coral"});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

async fn spoken(server: &TestServer, more: Value) -> Vec<u8> {
    let answer = server.post(SPEECH, speech(more)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.body.to_vec()
}

/// Seconds of a WAV file by its own word.
fn claimed(wav: &[u8]) -> f64 {
    f64::from(u32::from_le_bytes(wav[40..44].try_into().unwrap())) / 48_000.0
}

#[tokio::test]
async fn every_format_is_what_it_says() {
    let server = TestServer::new();
    let wav = spoken(&server, json!({"response_format": "wav"})).await;
    let seconds = audio_facts(&wav).unwrap().seconds;
    assert!((claimed(&wav) - seconds).abs() < 1e-9 && seconds > 4.0);
    for (format, kind) in [
        ("mp3", "audio/mpeg"),
        ("opus", "audio/ogg"),
        ("aac", "audio/aac"),
        ("flac", "audio/flac"),
        ("wav", "audio/wav"),
    ] {
        let answer = server.post(SPEECH, speech(json!({"response_format": format}))).await;
        assert_eq!((answer.status.as_u16(), answer.headers["content-type"].to_str().unwrap()), (200, kind));
        let facts = audio_facts(&answer.body).unwrap();
        assert!((facts.seconds / seconds - 1.0).abs() < 0.02, "{format}: {} s of {seconds} s", facts.seconds);
    }
    let pcm = spoken(&server, json!({"response_format": "pcm"})).await;
    assert_eq!(pcm, wav[44..]);
}

#[tokio::test]
async fn speed_is_exact_and_voices_differ() {
    let server = TestServer::new();
    let mut lengths = Vec::new();
    for speed in [0.25, 1.0, 4.0] {
        lengths.push(spoken(&server, json!({"response_format": "pcm", "speed": speed})).await.len() as f64 * speed);
    }
    assert!(lengths.iter().all(|length| (length / lengths[1] - 1.0).abs() < 1e-4), "{lengths:?}");
    let pcm = |voice: Value| json!({"response_format": "pcm", "voice": voice});
    assert_ne!(spoken(&server, pcm(json!("onyx"))).await, spoken(&server, pcm(json!("nova"))).await);
    assert_eq!(spoken(&server, pcm(json!({"id": "voice_1234"}))).await, spoken(&server, pcm(json!("alloy"))).await);
}

#[tokio::test]
async fn long_speech_is_made_piece_by_piece() {
    let server = TestServer::new();
    let input = TEXT.repeat(20);
    let pcm = spoken(&server, json!({"input": input, "response_format": "pcm"})).await;
    let wav = spoken(&server, json!({"input": input, "response_format": "wav"})).await;
    assert!(claimed(&wav) > 60.0 && pcm == wav[44..] && claimed(&wav) == pcm.len() as f64 / 48_000.0);
    for format in ["mp3", "opus", "aac", "flac"] {
        let file = spoken(&server, json!({"input": input, "response_format": format})).await;
        let seconds = audio_facts(&file).unwrap().seconds;
        assert!((seconds / claimed(&wav) - 1.0).abs() < 0.02, "{format}: {seconds}");
    }
}

#[tokio::test]
async fn sound_comes_as_it_is_spoken() {
    let server = TestServer::with(|settings| {
        settings.latency = LatencyModel::Profile;
        settings.audio.rtf = 0.5;
    });
    let begun = server.clock.now();
    let answer = server.post(SPEECH, speech(json!({"response_format": "pcm"}))).await;
    let seconds = answer.body.len() as f64 / 48_000.0;
    let took = server.clock.now().since(begun).as_secs_f64();
    // The last piece begins a quarter of a second before the end.
    assert!((0.1..0.5).contains(&(took - (seconds - 0.25) * 0.5)), "{took} s for {seconds} s");
    let records = server.get("/metrics/requests").await.json();
    let record = &records["data"][0];
    assert_eq!((&record["endpoint"], &record["stream"]), (&json!("/v1/audio/speech"), &json!(true)), "{records}");
    assert_eq!(record["tokens"]["audio"].as_f64(), Some((seconds * 20.0).ceil()), "{record}");
}

#[tokio::test]
async fn a_hang_up_is_written_down() {
    let server = TestServer::with(|settings| settings.latency = LatencyModel::Profile);
    let response = server.open(request(Method::POST, SPEECH, Some(speech(json!({}))))).await;
    drop(response);
    server.clock.advance(millis(1));
    let records = server.get("/metrics/requests").await.text();
    assert!(records.contains("client_closed") || records.contains("cancelled"), "{records}");
}

#[tokio::test]
async fn events_carry_the_same_sound() {
    use base64::Engine as _;
    let server = TestServer::new();
    let pcm = spoken(&server, json!({"response_format": "pcm"})).await;
    let answer = server.post(SPEECH, speech(json!({"response_format": "pcm", "stream_format": "sse"}))).await;
    assert_eq!(answer.headers["content-type"], "text/event-stream; charset=utf-8");
    let text = answer.text();
    let events: Vec<Value> = text
        .split_terminator("\n\n")
        .map(|event| serde_json::from_str(event.strip_prefix("data: ").unwrap()).unwrap())
        .collect();
    let (done, deltas) = events.split_last().unwrap();
    let decode = |event: &Value| base64::engine::general_purpose::STANDARD.decode(event["audio"].as_str().unwrap());
    let sound: Vec<u8> = deltas.iter().flat_map(|event| decode(event).unwrap()).collect();
    assert_eq!(sound, pcm);
    assert_eq!(done["type"], "speech.audio.done");
    assert_eq!(
        done["usage"]["total_tokens"],
        json!(done["usage"]["input_tokens"].as_u64().unwrap() + done["usage"]["output_tokens"].as_u64().unwrap())
    );
}

#[tokio::test]
async fn what_is_wrong_with_speech_is_named() {
    let server = TestServer::new();
    for (more, status, param, message) in [
        (json!({"model": ""}), 400, json!(null), "you must provide a model parameter"),
        (json!({"voice": "nobody"}), 400, json!("voice"), "Invalid value: 'nobody'. Supported values are: 'alloy'"),
        (json!({"voice": 7}), 400, json!("voice"), "Invalid type for 'voice'"),
        (json!({"input": "x".repeat(4097)}), 400, json!("input"), "maximum length 4096"),
        (json!({"input": " "}), 400, json!("input"), "Invalid 'input': empty string"),
        (json!({"speed": 4.5}), 400, json!("speed"), "Expected a value <= 4"),
        (json!({"speed": "fast"}), 400, json!("speed"), "Invalid type for 'speed'"),
        (json!({"response_format": "midi"}), 400, json!("response_format"), "Invalid value: 'midi'"),
        (json!({"model": "tts-1", "stream_format": "sse"}), 400, json!("stream_format"), "does not support 'sse'"),
        (json!({"model": "gpt-4o"}), 400, json!("model"), "Invalid value: 'gpt-4o'"),
        (json!({"pitch": 1}), 400, json!("pitch"), "Unknown parameter: 'pitch'"),
    ] {
        let (got, error) = server.post(SPEECH, speech(more.clone())).await.error();
        assert_eq!((got, &error["param"]), (status, &param), "{more}: {error}");
        assert!(error["message"].as_str().unwrap().contains(message), "{more}: {error}");
    }
    let quiet = TestServer::with(|settings| settings.audio.enabled = false);
    assert_eq!(quiet.post(SPEECH, speech(json!({}))).await.error().0, 404);
}
