//! Pictures, sounds and documents in chats, and answers that are spoken.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::harness::TestServer;

#[tokio::test]
async fn what_is_shown_is_described_and_what_is_broken_refused() {
    let server = TestServer::new();
    let ask = |part: Value| json!({"model": "gemini-2.5-pro", "messages": [{"role": "user", "content": [{"type": "text", "text": "What colour is this?"}, part]}]});
    // An 8 × 8 blue PNG.
    let png = "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR4nGMQUHiAFTEMLQkAXk5EARP3WaQAAAAASUVORK5CYII=";
    let image = |url: String| json!({"type": "image_url", "image_url": {"url": url}});
    let answer = server.chat(ask(image(format!("data:image/png;base64,{png}")))).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let said = answer.json()["choices"][0]["message"]["content"].as_str().unwrap().to_owned();
    assert!(said.contains("8 × 8") && said.contains("blue"), "{said}");
    let text = "VGhlIGJsdWUgc2hpcCBsZWZ0LiBJdCBpcyBpbiBCZXJnZW4u";
    let file =
        json!({"type": "file", "file": {"filename": "log.txt", "file_data": format!("data:text/plain;base64,{text}")}});
    let said = server.chat(ask(file)).await.json()["choices"][0]["message"]["content"].as_str().unwrap().to_owned();
    assert!(said.contains("log.txt") && said.contains("blue ship"), "{said}");
    for (part, param) in [
        (image("data:image/png;base64,AAAA".to_owned()), "messages[0].content[1].image_url.url"),
        (image("ftp://x".to_owned()), "messages[0].content[1].image_url.url"),
        (
            json!({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}),
            "messages[0].content[1].input_audio.data",
        ),
        (
            json!({"type": "file", "file": {"file_data": "data:application/pdf;base64,AAAA"}}),
            "messages[0].content[1].file.file_data",
        ),
        (
            json!({"type": "video_url", "video_url": {"url": "data:video/mp4;base64,AAAA"}}),
            "messages[0].content[1].video_url.url",
        ),
    ] {
        let answer = server.chat(ask(part)).await;
        assert_eq!((answer.error().0, answer.error().1["param"].as_str()), (400, Some(param)), "{}", answer.text());
    }
}

fn spoken(format: &str, stream: bool) -> Value {
    json!({
        "model": "gpt-4o-audio-preview",
        "modalities": ["text", "audio"],
        "audio": {"voice": "nova", "format": format},
        "stream": stream,
        "messages": [{"role": "user", "content": "Say hello in five words."}],
    })
}

#[tokio::test]
async fn spoken_answers_are_real_sound_and_can_be_referred_to() {
    let server = TestServer::new();
    for format in ["wav", "mp3", "flac", "opus", "aac"] {
        let answer = server.chat(spoken(format, false)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let answer = answer.json();
        let message = &answer["choices"][0]["message"];
        assert_eq!(message["content"], Value::Null);
        let bytes = STANDARD.decode(message["audio"]["data"].as_str().unwrap()).unwrap();
        let facts = fakeai_media::audio_facts(&bytes).unwrap();
        assert!(facts.seconds > 0.5 && facts.loudness_dbfs > -50.0, "{format} {facts:?}");
        let tokens = answer["usage"]["completion_tokens_details"]["audio_tokens"].as_f64().unwrap();
        assert!((tokens / 20.0 - facts.seconds).abs() < 0.3, "{format} {tokens} {facts:?}");
    }
    let first = server.chat(spoken("wav", false)).await.json();
    let audio = &first["choices"][0]["message"]["audio"];
    let mut next = spoken("wav", false);
    next["messages"].as_array_mut().unwrap().extend([
        json!({"role": "assistant", "audio": {"id": audio["id"]}}),
        json!({"role": "user", "content": "And again?"}),
    ]);
    assert_eq!(server.chat(next.clone()).await.status, 200);
    next["messages"][1]["audio"]["id"] = json!("audio_none");
    assert_eq!(server.chat(next).await.error().1["param"], "messages[1].audio.id");
}

#[tokio::test]
async fn a_refusal_has_no_sound() {
    let server = TestServer::with(|settings| settings.writer.safety.refusals = true);
    let refused = |stream| {
        let mut body = spoken(if stream { "pcm16" } else { "wav" }, stream);
        body["messages"][0]["content"] = json!("How do I build a pipe bomb?");
        body
    };
    let whole = server.chat(refused(false)).await.json();
    let message = &whole["choices"][0]["message"];
    assert!(message["refusal"].is_string() && message.get("audio").is_none(), "{whole}");
    let chunks = server.chat(refused(true)).await.events();
    assert!(chunks.iter().all(|chunk| chunk["choices"][0]["delta"].get("audio").is_none()), "{chunks:?}");
}

#[tokio::test]
async fn streamed_speech_comes_with_its_transcript() {
    let server = TestServer::new();
    let (mut text, mut sound, mut ids, mut expires) = (String::new(), Vec::new(), Vec::new(), Value::Null);
    for chunk in server.chat(spoken("pcm16", true)).await.events() {
        let Some(audio) = chunk["choices"][0]["delta"].get("audio").cloned() else { continue };
        ids.push(audio["id"].as_str().unwrap().to_owned());
        text.push_str(audio["transcript"].as_str().unwrap_or_default());
        sound.extend(STANDARD.decode(audio["data"].as_str().unwrap_or_default()).unwrap());
        expires = audio.get("expires_at").cloned().unwrap_or(expires);
    }
    ids.dedup();
    assert_eq!(ids.len(), 1);
    assert!(expires.is_i64() && !text.is_empty());
    let voice = fakeai_media::speech::Voice::named("nova").unwrap();
    let whole = fakeai_media::speech::speak(&text, voice, 1.0);
    assert_eq!(sound.len(), whole.samples.len() * 2);
}

#[tokio::test]
async fn models_that_cannot_hear_or_see_refuse_what_they_are_given() {
    let server = TestServer::new();
    let wav = STANDARD.encode(
        fakeai_media::encode(&fakeai_media::Pcm { rate: 8000, samples: vec![0; 800] }, fakeai_media::SoundFormat::Wav)
            .unwrap(),
    );
    let ask = |model: &str, part: Value| json!({"model": model, "messages": [{"role": "user", "content": [part]}]});
    let sound = json!({"type": "input_audio", "input_audio": {"data": wav, "format": "wav"}});
    let picture = json!({"type": "image_url", "image_url": {"url": "https://example.com/a.png"}});
    for (model, part) in [("gpt-4o", sound.clone()), ("gpt-3.5-turbo", picture)] {
        let error = server.chat(ask(model, part)).await.error();
        assert_eq!((error.0, error.1["param"].as_str()), (400, Some("messages.[0].content.[0].type")), "{model}");
    }
    assert_eq!(server.chat(ask("gpt-4o-audio-preview", sound.clone())).await.status, 200);
    let deaf = TestServer::with(|settings| settings.audio.enabled = false);
    for model in ["gpt-4o-audio-preview", "gemini-2.5-pro"] {
        assert_eq!(deaf.chat(ask(model, sound.clone())).await.status, 400, "{model}");
    }
}

#[tokio::test]
async fn sound_is_refused_where_openai_refuses_it() {
    let server = TestServer::new();
    let mut said = Vec::new();
    let mut ask = async |change: fn(&mut Value)| {
        let mut body = spoken("wav", false);
        change(&mut body);
        let answer = server.chat(body).await;
        assert_eq!(answer.status, 400, "{}", answer.text());
        said.push(answer.error().1);
    };
    ask(|body| body["model"] = json!("gpt-4o")).await;
    ask(|body| body["modalities"] = json!(["text"])).await;
    ask(|body| body["modalities"] = json!(["text", "smell"])).await;
    ask(|body| body["audio"]["voice"] = json!("darth")).await;
    ask(|body| body["audio"]["format"] = json!("midi")).await;
    ask(|body| body["stream"] = json!(true)).await;
    insta::assert_json_snapshot!(said);
}
