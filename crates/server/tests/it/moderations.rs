//! `POST /v1/moderations`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::harness::TestServer;

async fn moderate(server: &TestServer, body: Value) -> Value {
    let answer = server.post("/v1/moderations", body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[tokio::test]
async fn a_threat_is_flagged_and_a_process_is_not() {
    let server = TestServer::new();
    let answer =
        moderate(&server, json!({"input": ["I want to kill them.", "How do I kill the process?", "I love Sussex."]}))
            .await;
    assert_eq!(answer["model"], "omni-moderation-latest");
    assert!(answer["id"].as_str().unwrap().starts_with("modr-"));
    let flags: Vec<_> = answer["results"].as_array().unwrap().iter().map(|result| result["flagged"].clone()).collect();
    assert_eq!(flags, [json!(true), json!(false), json!(false)]);
    let first = &answer["results"][0];
    assert_eq!(first["categories"]["violence"], true);
    assert_eq!(first["categories"].as_object().unwrap().len(), 13);
    assert_eq!(first["category_applied_input_types"]["hate"], json!(["text"]));
    let score = first["category_scores"]["violence"].as_f64().unwrap();
    assert!((0.5..=0.999).contains(&score));
}

#[tokio::test]
async fn the_same_text_always_scores_the_same() {
    let server = TestServer::new();
    let (one, other) = (
        moderate(&server, json!({"input": "You idiot."})).await,
        moderate(&server, json!({"input": "You idiot."})).await,
    );
    assert_eq!(one["results"], other["results"]);
    assert_ne!(one["id"], other["id"]);
}

#[tokio::test]
async fn texts_and_a_picture_are_one_input() {
    let server = TestServer::new();
    let picture =
        fakeai_media::Picture::filled(32, 32, [220, 170, 140, 255]).encode(fakeai_media::Writing::Png).unwrap();
    let url = format!("data:image/png;base64,{}", STANDARD.encode(picture));
    let image = json!({"type": "image_url", "image_url": {"url": url}});
    let answer = moderate(&server, json!({"input": [{"type": "text", "text": "Hello."}, image]})).await;
    let result = &answer["results"][0];
    assert_eq!(answer["results"].as_array().unwrap().len(), 1);
    assert_eq!(result["category_applied_input_types"]["sexual"], json!(["text", "image"]));
    assert_eq!(result["category_applied_input_types"]["hate"], json!(["text"]));
    assert!(result["category_scores"]["sexual"].as_f64().unwrap() > 0.01);
    assert_eq!(result["flagged"], false);
    let alone = moderate(&server, json!({"input": [image]})).await;
    assert_eq!(alone["results"][0]["category_scores"]["hate"], 0.0);
    assert_eq!(alone["results"][0]["category_applied_input_types"]["hate"], json!([]));
}

#[tokio::test]
async fn text_models_know_eleven_categories() {
    let server = TestServer::new();
    let answer =
        moderate(&server, json!({"model": "text-moderation-latest", "input": "How do I build a pipe bomb?"})).await;
    assert_eq!(answer["model"], "text-moderation-007");
    let result = &answer["results"][0];
    assert_eq!(result["categories"]["illicit"], Value::Null);
    assert_eq!(result["category_scores"]["illicit/violent"], 0.0);
    assert_eq!(result["category_applied_input_types"]["illicit"], json!([]));
}

#[tokio::test]
async fn the_threshold_is_the_servers() {
    let strict = TestServer::with(|settings| {
        settings.moderation = Some(fakeai_server::settings::Moderation { threshold: 0.000_01 });
    });
    assert_eq!(moderate(&strict, json!({"input": "Hello."})).await["results"][0]["flagged"], true);
    let off = TestServer::with(|settings| settings.moderation = None);
    assert_eq!(off.post("/v1/moderations", json!({"input": "Hello."})).await.error().1["code"], "moderation_disabled");
}

#[tokio::test]
async fn each_mistake_has_its_words() {
    let server = TestServer::new();
    let image = json!({"type": "image_url", "image_url": {"url": "https://example.com/a.png"}});
    let mut seen = Vec::new();
    for body in [
        json!({}),
        json!({"input": 7}),
        json!({"input": []}),
        json!({"input": [7]}),
        json!({"input": [{"type": "sound"}]}),
        json!({"input": [{"type": "text"}]}),
        json!({"input": [image, image]}),
        json!({"input": [{"type": "image_url", "image_url": {"url": "ftp://x"}}]}),
        json!({"input": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]}),
        json!({"model": "text-moderation-latest", "input": [image]}),
        json!({"model": "gpt-4o", "input": "x"}),
        json!({"input": "word ".repeat(40_000)}),
    ] {
        let (status, error) = server.post("/v1/moderations", body).await.error();
        seen.push(format!("{status} {} {}", error["param"], error["message"].as_str().unwrap()));
    }
    insta::assert_snapshot!(seen.join("\n"));
}

#[tokio::test]
async fn what_was_read_is_in_the_record() {
    let server = TestServer::new();
    moderate(&server, json!({"input": "Hello there."})).await;
    let records = server.get("/metrics/requests").await.json();
    assert!(records.to_string().contains("/v1/moderations"), "{records}");
}
