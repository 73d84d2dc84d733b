//! `/v1/audio`.

use fakeai_engine::LatencyModel;
use fakeai_media::{Pcm, SoundFormat, audio_facts, encode};
use http::{Method, Request};
use serde_json::{Value, json};

use super::harness::{Answer, TestServer, millis, request};

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
    assert!(claimed(&wav) > 60.0 && pcm == wav[44..] && (claimed(&wav) - pcm.len() as f64 / 48_000.0).abs() < 1e-9);
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

const HEAR: &str = "/v1/audio/transcriptions";

/// Fields and a recording, and which parameter is wrong and how that is told.
type Case<'a> = (&'a [(&'a str, &'a str)], Option<&'a [u8]>, &'a str, &'a str);

/// A form with a recording.
async fn form(server: &TestServer, path: &str, fields: &[(&str, &str)], file: Option<&[u8]>) -> Answer {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(format!("--xyz\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").bytes());
    }
    if let Some(file) = file {
        body.extend(b"--xyz\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\n");
        body.extend_from_slice(file);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--xyz--\r\n");
    let request =
        Request::builder().method(Method::POST).uri(path).header("content-type", "multipart/form-data; boundary=xyz");
    server.send(request.body(body.into()).unwrap()).await
}

async fn heard(server: &TestServer, fields: &[(&str, &str)], file: &[u8]) -> Answer {
    let answer = form(server, HEAR, fields, Some(file)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer
}

/// A recording that nobody here spoke: noise in two stretches, 1 to 3 and 4 to 7 of 8 seconds.
fn recording() -> Vec<u8> {
    let mut noise = 1_u32;
    let samples = (0..8 * 16_000).map(|at| {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let loud = (16_000..3 * 16_000).contains(&at) || (4 * 16_000..7 * 16_000).contains(&at);
        ((noise >> 16) as i16) / if loud { 6 } else { 2000 }
    });
    encode(&Pcm { rate: 16_000, samples: samples.collect() }, SoundFormat::Wav).unwrap()
}

#[tokio::test]
async fn our_own_speech_comes_back_as_its_text() {
    let server = TestServer::new();
    for format in ["mp3", "opus", "aac", "flac", "wav"] {
        let file = spoken(&server, json!({"response_format": format})).await;
        let answer = heard(&server, &[("model", "gpt-4o-transcribe")], &file).await.json();
        assert_eq!(answer["text"], TEXT, "{format}");
        assert_eq!(answer["usage"]["type"], "tokens");
    }
    let fast = spoken(&server, json!({"speed": 4.0})).await;
    let answer = heard(&server, &[("model", "whisper-1"), ("response_format", "text")], &fast).await;
    assert_eq!(answer.text(), format!("{TEXT}\n"));
    // Another workspace does not know what that number stands for.
    let other = form(&server, "/w/other/v1/audio/transcriptions", &[("model", "whisper-1")], Some(&fast)).await;
    assert_ne!(other.json()["text"], TEXT);
}

#[tokio::test]
async fn other_sound_gives_the_same_words_each_time_and_as_many_as_fit() {
    let server = TestServer::new();
    let fields = [
        ("model", "whisper-1"),
        ("response_format", "verbose_json"),
        ("timestamp_granularities[]", "word"),
        ("timestamp_granularities[]", "segment"),
    ];
    let answer = heard(&server, &fields, &recording()).await.json();
    assert_eq!(answer, heard(&TestServer::new(), &fields, &recording()).await.json());
    assert_eq!((&answer["duration"], &answer["language"]), (&json!(8.0), &json!("english")));
    let words = answer["words"].as_array().unwrap();
    // Five seconds of sound, two and a half words each.
    assert!((12..=13).contains(&words.len()), "{answer}");
    for word in words {
        let (start, end) = (word["start"].as_f64().unwrap(), word["end"].as_f64().unwrap());
        let inside = |from: f64, to: f64| start > from - 0.05 && end < to + 0.05;
        assert!(inside(1.0, 3.0) || inside(4.0, 7.0), "{word}");
    }
    assert!(words.last().unwrap()["end"].as_f64().unwrap() > 6.9);
    assert!(answer["segments"].as_array().unwrap().len() >= 2, "{answer}");
    assert_eq!(answer["usage"], json!({"type": "duration", "seconds": 8.0}));
}

#[tokio::test]
async fn each_format_is_written() {
    let server = TestServer::new();
    let format = |model: &'static str, format: &'static str| [("model", model), ("response_format", format)];
    let srt = heard(&server, &format("whisper-1", "srt"), &recording()).await;
    assert!(srt.text().starts_with("1\n00:00:01,0") && srt.text().contains(" --> 00:00:03,0"), "{}", srt.text());
    assert_eq!(srt.headers["content-type"], "text/plain; charset=utf-8");
    let vtt = heard(&server, &format("whisper-1", "vtt"), &recording()).await.text();
    assert!(vtt.starts_with("WEBVTT\n\n00:00:01.0"), "{vtt}");
    let fields = [
        ("model", "gpt-4o-transcribe-diarize"),
        ("response_format", "diarized_json"),
        ("known_speaker_names[]", "agent"),
        ("known_speaker_references[]", "data:audio/wav;base64,AAAA"),
    ];
    let told = heard(&server, &fields, &recording()).await.json();
    assert_eq!(told["segments"][0]["speaker"], "agent", "{told}");
    let logprobs = [("model", "gpt-4o-mini-transcribe"), ("include[]", "logprobs")];
    let answer = heard(&server, &logprobs, &recording()).await.json();
    let said: String =
        answer["logprobs"].as_array().unwrap().iter().map(|token| token["token"].as_str().unwrap()).collect();
    assert_eq!(answer["text"], said);
    let languages = heard(&server, &[("model", "gpt-transcribe"), ("languages[]", "en")], &recording()).await.json();
    assert_eq!(languages["languages"], json!([{"code": "en"}]));
    let translated = form(&server, "/v1/audio/translations", &[("model", "whisper-1")], Some(&recording())).await;
    assert!(translated.json()["text"].as_str().unwrap().len() > 20);
}

#[tokio::test]
async fn transcripts_are_streamed() {
    let server = TestServer::with(|settings| settings.latency = LatencyModel::Profile);
    let fields = [("model", "gpt-4o-transcribe"), ("stream", "true"), ("include[]", "logprobs")];
    let events = |answer: &Answer| -> Vec<Value> {
        let text = answer.text();
        let lines = text.split_terminator("\n\n");
        lines.map(|event| serde_json::from_str(event.strip_prefix("data: ").unwrap()).unwrap()).collect()
    };
    let answer = heard(&server, &fields, &recording()).await;
    let all = events(&answer);
    let (done, deltas) = all.split_last().unwrap();
    let text: String = deltas.iter().map(|event| event["delta"].as_str().unwrap()).collect();
    assert_eq!((&done["type"], &done["text"]), (&json!("transcript.text.done"), &json!(text)));
    assert_eq!(done["usage"]["output_tokens"].as_u64().unwrap() as usize, deltas.len());
    let fields = [("model", "gpt-4o-transcribe-diarize"), ("stream", "true"), ("response_format", "diarized_json")];
    let told = events(&heard(&server, &fields, &recording()).await);
    let segments: Vec<&Value> = told.iter().filter(|event| event["type"] == "transcript.text.segment").collect();
    assert!(segments.len() >= 2 && told[0]["segment_id"] == segments[0]["id"], "{told:?}");
    let records = server.get("/metrics/requests").await.json();
    assert!(records["data"].to_string().contains("/v1/audio/transcriptions"), "{records}");
    assert!(records["data"][0]["timeline"]["first_token_ms"].as_f64().unwrap() > 100.0, "{records}");
}

#[tokio::test]
async fn what_is_wrong_with_recordings_is_named() {
    let server = TestServer::new();
    let wav = recording();
    let mut endless = wav.clone();
    endless[4..8].fill(0xFF);
    endless[40..44].fill(0xFF);
    assert_eq!(
        heard(&server, &[("model", "whisper-1"), ("response_format", "verbose_json")], &endless).await.json()["duration"],
        8.0
    );
    let mp3 = spoken(&server, json!({})).await;
    heard(&server, &[("model", "whisper-1")], &mp3[..mp3.len() / 2 + 77]).await;
    let whisper = ("model", "whisper-1");
    let cases: [Case<'_>; 14] = [
        (&[whisper], None, "file", "Missing required parameter: 'file'"),
        (&[], Some(&wav), "", "you must provide a model parameter"),
        (&[whisper], Some(b""), "file", "Invalid file format"),
        (&[whisper], Some(b"this is no sound at all"), "file", "Invalid file format"),
        (&[whisper], Some(&wav[..44]), "file", "corrupted or unsupported"),
        (&[whisper], Some(&wav[..1000]), "file", "too short"),
        (&[("model", "tts-1")], Some(&wav), "model", "Invalid value: 'tts-1'"),
        (&[whisper, ("response_format", "xml")], Some(&wav), "response_format", "Invalid value: 'xml'"),
        (
            &[("model", "gpt-4o-transcribe"), ("response_format", "srt")],
            Some(&wav),
            "response_format",
            "is not compatible with model 'gpt-4o-transcribe'. Use 'json' or 'text' instead.",
        ),
        (&[whisper, ("timestamp_granularities[]", "word")], Some(&wav), "timestamp_granularities", "'verbose_json'"),
        (&[whisper, ("language", "klingon")], Some(&wav), "language", "ISO-639-1"),
        (&[whisper, ("include[]", "logprobs")], Some(&wav), "include", "only supported with"),
        (&[whisper, ("temperature", "2")], Some(&wav), "temperature", "Expected a value <= 1"),
        (&[whisper, ("pitch", "2")], Some(&wav), "pitch", "Unknown parameter"),
    ];
    for (fields, file, param, message) in cases {
        let (status, error) = form(&server, HEAR, fields, file).await.error();
        assert_eq!((status, error["param"].as_str().unwrap_or_default()), (400, param), "{fields:?}: {error}");
        assert!(error["message"].as_str().unwrap().contains(message), "{fields:?}: {error}");
    }
    let (status, error) =
        form(&server, "/v1/audio/translations", &[("model", "gpt-4o-transcribe")], Some(&wav)).await.error();
    assert_eq!((status, &error["param"]), (400, &json!("model")));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]

    #[test]
    fn any_form_is_answered(
        name in "(model|language|include\\[\\]|chunking_strategy|chunking_strategy\\[type\\]|stream|[a-z\\[\\]]{0,8})",
        value in "[ -~]{0,12}", bytes: Vec<u8>,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let fields = [("model", "whisper-1"), (&*name, &*value)];
        let answer = runtime.block_on(async { form(&TestServer::new(), HEAR, &fields, Some(&bytes)).await });
        proptest::prop_assert!(answer.status.as_u16() < 500, "{}", answer.text());
    }
}
