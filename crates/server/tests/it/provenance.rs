//! Where files come from: pictures and speech of this server, changed ones, and those of others.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::harness::{TestServer, form};

async fn checked(server: &TestServer, file: &[u8]) -> Value {
    let answer = server.send(form("/v1/content_provenance_checks", &[], &[("file", "a.bin", file)])).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
    let answer = answer.json();
    assert_eq!(answer["object"], "content_provenance_check");
    answer["results"].clone()
}

async fn painted(server: &TestServer, format: &str) -> Vec<u8> {
    let body = json!({"model": "gpt-image-1", "prompt": "a red cat", "size": "1024x1024", "quality": "low",
        "output_format": format});
    let answer = server.post("/v1/images/generations", body).await.json();
    STANDARD.decode(answer["data"][0]["b64_json"].as_str().unwrap()).unwrap()
}

const NO_MARK: &str = r#"{"type": "synthid", "outcome": "not_detected", "model": null, "generated_at": null}"#;

fn no_mark() -> Value {
    serde_json::from_str(NO_MARK).unwrap()
}

#[tokio::test]
async fn pictures_say_where_they_come_from_until_they_are_changed() {
    let server = TestServer::new();
    for format in ["png", "jpeg", "webp"] {
        let mut file = painted(&server, format).await;
        let claim = json!({"type": "c2pa", "outcome": "detected", "validation_state": "trusted", "issuer": "fakeai",
            "model": "gpt-image-1", "generated_at": "2025-01-01T00:00:00Z"});
        assert_eq!(checked(&server, &file).await, json!([claim, no_mark()]), "{format}");
        let middle = file.len() / 2;
        file[middle] ^= 1;
        let changed = checked(&server, &file).await;
        assert_eq!(
            (&changed[0]["outcome"], &changed[0]["validation_state"]),
            (&json!("not_detected"), &json!("invalid"))
        );
    }
    let other = include_bytes!("../../../media/tests/data/halves.png");
    let nothing = json!({"type": "c2pa", "outcome": "not_detected", "validation_state": "not_present", "issuer": null,
        "model": null, "generated_at": null});
    assert_eq!(checked(&server, other).await, json!([nothing, no_mark()]));
}

#[tokio::test]
async fn the_pictures_of_responses_say_it_too() {
    let server = TestServer::new();
    let body = json!({"model": "gpt-4o", "input": "Draw a red cat.", "tools": [{"type": "image_generation"}],
        "tool_choice": {"type": "image_generation"}});
    let answer = server.post("/v1/responses", body).await.json();
    let call = answer["output"].as_array().unwrap().iter().find(|item| item["type"] == "image_generation_call");
    let file = STANDARD.decode(call.unwrap()["result"].as_str().unwrap()).unwrap();
    assert_eq!(checked(&server, &file).await[0]["outcome"], "detected");
}

#[tokio::test]
async fn speech_is_known_by_its_watermark() {
    let server = TestServer::new();
    let body = json!({"model": "tts-1", "voice": "alloy", "input": "Good morning, this is a test of the mark.",
        "response_format": "wav"});
    let speech = server.post("/v1/audio/speech", body).await;
    let found = checked(&server, &speech.body).await;
    assert_eq!((found.as_array().unwrap().len(), &found[0]["outcome"]), (1, &json!("detected")));
    let other = include_bytes!("../../../media/tests/data/tone.mp3");
    assert_eq!(checked(&server, other).await, json!([no_mark()]));
}

#[tokio::test]
async fn what_is_no_such_file_is_refused() {
    let server = TestServer::new();
    let path = "/v1/content_provenance_checks";
    for (request, param, code) in [
        (form(path, &[], &[("file", "a.txt", b"some text")]), "file", "invalid_file_format"),
        (form(path, &[], &[]), "file", "missing_required_parameter"),
        (form(path, &[("file", "text")], &[]), "file", "invalid_type"),
        (form(path, &[("model", "x")], &[]), "model", "unknown_parameter"),
    ] {
        let (status, error) = server.send(request).await.error();
        assert_eq!((status, &error["param"], &error["code"]), (400, &json!(param), &json!(code)));
    }
}
