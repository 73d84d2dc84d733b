//! Realtime: keys, sessions and calls, and every event of a spoken conversation.

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fakeai_media::speech::{VOICES, speak};
use serde_json::{Value, json};

use crate::trial::Trial;

const SECRET: &str = "create-realtime-client-secret";
const TRANSLATION: &str = "create-realtime-translation-client-secret";
const CALL: &str = "create-realtime-call";
const ACCEPT: &str = "accept-realtime-call";
/// Events of the general form, and of the beta.
const EVENT: &str = "#/components/schemas/RealtimeServerEvent";
const TRANSLATED: &str = "#/components/schemas/RealtimeTranslationServerEvent";

pub(super) async fn play(trial: &mut Trial<'_, '_>) -> Result<()> {
    keys(trial).await?;
    calls(trial).await?;
    trial.name("spoken");
    let transcription = json!({"model": "gpt-4o-transcribe", "language": "en"});
    let parameters = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
    let tool =
        json!({"type": "function", "name": "get_weather", "description": "The weather", "parameters": parameters});
    let session = json!({
        "type": "realtime", "tools": [tool], "audio": {"input": {"transcription": transcription}},
        "include": ["item.input_audio_transcription.logprobs"], "tracing": "auto",
    });
    let text = json!({"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello!"}]});
    let picture = json!({"type": "input_image", "image_url": "https://example.com/a.png"});
    let shown = json!({"type": "message", "role": "user", "id": "item_mine", "content": [picture]});
    let said = [
        vec![json!({"type": "session.update", "session": session})],
        vec![json!({"type": "conversation.item.create", "item": text})],
        vec![json!({"type": "response.create"})],
        vec![json!({"type": "conversation.item.create", "item": shown})],
        vec![
            json!({"type": "conversation.item.retrieve", "item_id": "item_mine"}),
            json!({"type": "conversation.item.delete", "item_id": "item_mine"}),
        ],
        vec![spoken("What is the weather in Paris?")],
        vec![
            json!({"type": "response.create", "response": {"conversation": "none", "output_modalities": ["text"], "metadata": {"a": "b"}}}),
        ],
        vec![json!({"type": "no.such"}), json!({"type": "input_audio_buffer.clear"})],
    ];
    let path = "/v1/realtime?model=gpt-realtime";
    trial.talk(SECRET, path, &said, EVENT, ("response.done", 3)).await?;
    trial.name("transcribed");
    let said = [vec![spoken("The quick brown fox jumps over the lazy dog.")]];
    let kind = "conversation.item.input_audio_transcription.completed";
    trial.talk(SECRET, "/v1/realtime?intent=transcription", &said, EVENT, (kind, 1)).await?;
    trial.name("translated");
    let audio = json!({"output": {"language": "es"}, "input": {"transcription": {"model": "gpt-4o-transcribe"}}});
    let mut sound = spoken("Good morning.");
    sound["type"] = json!("session.input_audio_buffer.append");
    let said = [vec![json!({"type": "session.update", "session": {"audio": audio}}), sound]];
    let path = "/v1/realtime/translations?model=gpt-realtime-translate";
    trial.talk(TRANSLATION, path, &said, TRANSLATED, ("session.output_audio.delta", 1)).await
}

/// Somebody says it, and then nothing for a second.
fn spoken(text: &str) -> Value {
    let mut samples = speak(text, &VOICES[1], 1.0).samples;
    samples.extend(std::iter::repeat_n(0, 24_000));
    let sound: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    json!({"type": "input_audio_buffer.append", "audio": STANDARD.encode(sound)})
}

async fn keys(trial: &mut Trial<'_, '_>) -> Result<()> {
    trial.name("keys");
    trial.call(SECRET, &[], json!({})).await?;
    let turns = json!({"type": "semantic_vad", "eagerness": "low"});
    let audio = json!({
        "input": {"format": {"type": "audio/pcmu"}, "noise_reduction": {"type": "near_field"}, "turn_detection": turns},
        "output": {"voice": "marin", "speed": 1.2},
    });
    let ratio = json!({"type": "retention_ratio", "retention_ratio": 0.8});
    let session = json!({"type": "realtime", "model": "gpt-realtime", "audio": audio, "truncation": ratio, "max_output_tokens": 100});
    let body = json!({"expires_after": {"anchor": "created_at", "seconds": 30}, "session": session});
    trial.call(SECRET, &[], body).await?;
    let session = json!({"type": "transcription", "audio": {"input": {"transcription": {"model": "whisper-1"}, "turn_detection": null}}});
    trial.call(SECRET, &[], json!({"session": session})).await?;
    trial.refuse(SECRET, &[], json!({"expires_after": {"anchor": "created_at", "seconds": 1}}), 400).await?;
    let session = json!({"model": "gpt-realtime-translate", "audio": {"output": {"language": "es"}}});
    trial.call(TRANSLATION, &[], json!({"session": session})).await?;
    trial.refuse(TRANSLATION, &[], json!({}), 400).await?;
    trial.name("keys of the beta");
    trial.send_unjudged("create-realtime-session", json!({"modalities": ["text"], "voice": "sage"})).await?;
    trial.call("create-realtime-transcription-session", &[], json!({"input_audio_format": "pcm16"})).await?;
    Ok(())
}

async fn calls(trial: &mut Trial<'_, '_>) -> Result<()> {
    trial.name("calls");
    let ring = trial.server().send("POST", "/fakeai/realtime/calls", Some(&json!({}))).await?;
    let id = ring.json().unwrap_or_default()["id"].clone();
    trial.call(ACCEPT, &[&id], json!({"type": "realtime", "instructions": "Answer the telephone."})).await?;
    trial.call("refer-realtime-call", &[&id], json!({"target_uri": "tel:+14155550123"})).await?;
    let ring = trial.server().send("POST", "/fakeai/realtime/calls", Some(&json!({}))).await?;
    let id = ring.json().unwrap_or_default()["id"].clone();
    trial.call("reject-realtime-call", &[&id], json!({"status_code": 486})).await?;
    let ring = trial.server().send("POST", "/fakeai/realtime/calls", Some(&json!({}))).await?;
    let id = ring.json().unwrap_or_default()["id"].clone();
    trial.list("hangup-realtime-call", &[&id], "").await?;
    trial.refuse(ACCEPT, &[&json!("rtc_none")], json!({"type": "realtime"}), 404).await?;
    trial.refuse(CALL, &[], json!({"sdp": "v=0"}), 501).await
}
