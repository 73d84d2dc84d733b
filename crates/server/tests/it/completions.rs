//! `POST /v1/completions`.

use serde_json::{Value, json};

use crate::harness::TestServer;

async fn complete(server: &TestServer, extra: Value) -> Value {
    let mut body = json!({"model": "gpt-3.5-turbo-instruct", "prompt": "Once upon a time"});
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    let answer = server.post("/v1/completions", body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

#[tokio::test]
async fn an_answer_is_openais_to_the_field() {
    let server = TestServer::new();
    let answer = complete(&server, json!({"logprobs": 1, "max_tokens": 3})).await;
    insta::assert_snapshot!(serde_json::to_string_pretty(&answer).unwrap());
}

#[tokio::test]
async fn each_prompt_has_its_choices() {
    let server = TestServer::new();
    let answer = complete(&server, json!({"prompt": ["a", "b"], "n": 2, "max_tokens": 4})).await;
    let indices: Vec<u64> =
        answer["choices"].as_array().unwrap().iter().map(|choice| choice["index"].as_u64().unwrap()).collect();
    assert_eq!(indices, [0, 1, 2, 3]);
    assert_eq!(answer["usage"]["completion_tokens"], 16);
    assert_eq!(answer["usage"]["prompt_tokens"], 2);
}

#[tokio::test]
async fn token_ids_echo_and_best_of() {
    let server = TestServer::new();
    let ids: Vec<u32> = fakeai_tokens::Tokenizer::Bpe(fakeai_tokens::Encoding::Cl100k)
        .encode("Hello there")
        .iter()
        .map(|t| t.id)
        .collect();
    let answer = complete(&server, json!({"prompt": ids, "echo": true, "max_tokens": 4, "logprobs": 0})).await;
    let choice = &answer["choices"][0];
    assert!(choice["text"].as_str().unwrap().starts_with("Hello there"), "{choice}");
    assert_eq!(answer["usage"]["completion_tokens"], 4);
    assert_eq!(choice["logprobs"]["tokens"].as_array().unwrap().len(), 2 + 4);
    let best = complete(&server, json!({"best_of": 3, "n": 1, "max_tokens": 5})).await;
    assert_eq!(best["choices"].as_array().unwrap().len(), 1);
    assert_eq!(best["usage"]["completion_tokens"], 15, "all that was written is counted");
    assert_eq!(best["choices"][0]["logprobs"], Value::Null, "what chose the best was not asked for");
}

#[tokio::test]
async fn streams_carry_text_and_echo() {
    let server = TestServer::new();
    let body = json!({
        "model": "gpt-3.5-turbo-instruct", "prompt": "Once upon", "stream": true, "echo": true, "max_tokens": 3,
        "stream_options": {"include_usage": true},
    });
    let events = server.post("/v1/completions", body).await.events();
    let text: String = events.iter().filter_map(|event| event["choices"][0]["text"].as_str()).collect();
    assert!(text.starts_with("Once upon"), "{text}");
    assert_eq!(events.last().unwrap()["usage"]["completion_tokens"], 3);
    assert_eq!(events[events.len() - 2]["choices"][0]["finish_reason"], "length");
}
