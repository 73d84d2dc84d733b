//! `POST /v1/chat/completions`: parameters mean what they say.

use serde_json::{Value, json};

use crate::harness::TestServer;

fn hello(extra: Value) -> Value {
    let mut body = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "Tell me about the sea."}]});
    body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    body
}

fn content(answer: &Value) -> &str {
    answer["choices"][0]["message"]["content"].as_str().unwrap()
}

#[tokio::test]
async fn an_answer_is_openais_to_the_field() {
    let server = TestServer::new();
    let answer = server.chat(hello(json!({"max_tokens": 12}))).await;
    assert_eq!(answer.status, 200);
    insta::assert_snapshot!(serde_json::to_string_pretty(&answer.json()).unwrap());
    let names = ["content-type", "x-request-id", "openai-version", "openai-model", "openai-processing-ms", "date"];
    let headers: Vec<String> =
        names.iter().map(|name| format!("{name}: {}", answer.headers[*name].to_str().unwrap())).collect();
    insta::assert_snapshot!(headers.join("\n"));
}

#[tokio::test]
async fn prompt_tokens_are_openais() {
    let server = TestServer::new();
    // One message "hello": 3 around it, 1 role, 1 word, 3 for the reply.
    let body = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]});
    assert_eq!(server.chat(body).await.json()["usage"]["prompt_tokens"], 8);
    // The example of OpenAI's cookbook, "How to count tokens with tiktoken", with the counts the API gave it.
    let messages = json!([
        {"role": "system", "content": "You are a helpful, pattern-following assistant that translates corporate jargon into plain English."},
        {"role": "system", "name": "example_user", "content": "New synergies will help drive top-line growth."},
        {"role": "system", "name": "example_assistant", "content": "Things working well together will increase revenue."},
        {"role": "system", "name": "example_user", "content": "Let's circle back when we have more bandwidth to touch base on opportunities for increased leverage."},
        {"role": "system", "name": "example_assistant", "content": "Let's talk later when we're less busy about how to do better."},
        {"role": "user", "content": "This late pivot means we don't have time to boil the ocean for the client deliverable."},
    ]);
    for (model, count) in [("gpt-3.5-turbo", 129), ("gpt-4-0613", 129), ("gpt-4o", 124), ("gpt-4o-mini", 124)] {
        let answer = server.chat(json!({"model": model, "messages": messages})).await.json();
        assert_eq!(answer["usage"]["prompt_tokens"], count, "{model}");
    }
}

#[tokio::test]
async fn max_tokens_ends_with_length() {
    let server = TestServer::new();
    for name in ["max_tokens", "max_completion_tokens"] {
        let answer = server.chat(hello(json!({name: 7}))).await.json();
        assert_eq!(answer["usage"]["completion_tokens"], 7);
        assert_eq!(answer["choices"][0]["finish_reason"], "length");
    }
}

#[tokio::test]
async fn seed_and_temperature_zero_fix_the_answer() {
    let server = TestServer::new();
    let mut texts = Vec::new();
    for extra in [
        json!({"seed": 1}),
        json!({"seed": 1}),
        json!({"seed": 2}),
        json!({"temperature": 0}),
        json!({"temperature": 0}),
        json!({}),
        json!({}),
    ] {
        texts.push(content(&server.chat(hello(extra)).await.json()).to_owned());
    }
    assert_eq!(texts[0], texts[1]);
    assert_ne!(texts[1], texts[2]);
    assert_eq!(texts[3], texts[4]);
    assert_ne!(texts[5], texts[6], "asked again, another answer");
}

#[tokio::test]
async fn stop_and_n_and_logprobs() {
    let server = TestServer::new();
    let whole = server.chat(hello(json!({"seed": 5}))).await.json();
    let text = content(&whole);
    let stop = &text[text.len() / 2..text.len() / 2 + 3];
    let at = text.find(stop).unwrap();
    let cut = server.chat(hello(json!({"seed": 5, "stop": stop}))).await.json();
    // The stop parameter is part of the request, so the words may differ: what counts is that it never shows.
    assert!(!content(&cut).contains(stop), "{stop:?} at {at}");
    let several =
        server.chat(hello(json!({"n": 3, "logprobs": true, "top_logprobs": 4, "max_tokens": 9}))).await.json();
    let choices = several["choices"].as_array().unwrap();
    assert_eq!(choices.len(), 3);
    assert_eq!(several["usage"]["completion_tokens"], 27);
    for choice in choices {
        let tokens = choice["logprobs"]["content"].as_array().unwrap();
        let joined: String = tokens.iter().map(|token| token["token"].as_str().unwrap()).collect();
        assert_eq!(joined, choice["message"]["content"].as_str().unwrap());
        for token in tokens {
            let top = token["top_logprobs"].as_array().unwrap();
            assert_eq!(top.len(), 4);
            let sum: f64 = top.iter().map(|top| top["logprob"].as_f64().unwrap().exp()).sum();
            assert!(sum <= 1.0 + 1e-6, "{sum}");
        }
    }
}

#[tokio::test]
async fn a_banned_token_never_appears() {
    let server = TestServer::new();
    let tokenizer = fakeai_tokens::Tokenizer::Bpe(fakeai_tokens::Encoding::O200k);
    let banned = [" the", " sea", ","].map(|text| tokenizer.encode(text)[0].id);
    let bias: serde_json::Map<String, Value> = banned.iter().map(|id| (id.to_string(), json!(-100))).collect();
    let answer = server.chat(hello(json!({"logit_bias": bias, "max_tokens": 200, "ignore_eos": true}))).await.json();
    let text = content(&answer);
    assert_eq!(answer["usage"]["completion_tokens"], 200);
    assert!(tokenizer.encode(text).iter().all(|token| !banned.contains(&token.id)), "{text}");
}

#[tokio::test]
async fn lengths_can_be_forced() {
    let server = TestServer::new();
    let answer = server.chat(hello(json!({"min_tokens": 400, "max_tokens": 500}))).await.json();
    assert!((400..=500).contains(&answer["usage"]["completion_tokens"].as_u64().unwrap()));
    let answer = server.chat(hello(json!({"ignore_eos": true, "max_tokens": 3000}))).await.json();
    assert_eq!(answer["usage"]["completion_tokens"], 3000);
}

#[tokio::test]
async fn json_mode_is_json() {
    let server = TestServer::new();
    let answer = server.chat(hello(json!({"response_format": {"type": "json_object"}}))).await.json();
    assert!(serde_json::from_str::<Value>(content(&answer)).unwrap().is_object());
}

#[tokio::test]
async fn pictures_and_sound_are_counted() {
    let server = TestServer::new();
    let picture =
        // 1024 × 1024 black pixels.
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAABAAAAAQAAQAAAABXZhYuAAAAlklEQVR42u3BAQEAAACCIP+vbkhAAQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAADvBgQeAAEN3jhkAAAAAElFTkSuQmCC";
    let count = |content: Value| {
        let body = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": content}], "max_tokens": 1});
        async { server.chat(body).await.json()["usage"]["prompt_tokens"].as_u64().unwrap() }
    };
    let text = count(json!([{"type": "text", "text": "hello"}])).await;
    let high = count(json!([
        {"type": "text", "text": "hello"},
        {"type": "image_url", "image_url": {"url": picture, "detail": "high"}},
    ]))
    .await;
    assert_eq!((text, high - text), (8, 765));
}

#[tokio::test]
async fn without_v1_and_with_extras_it_answers_too() {
    let server = TestServer::new();
    let answer = server
        .post(
            "/chat/completions",
            hello(json!({
                "top_k": 4, "repetition_penalty": 1.1, "unknown": {"a": [1, {"b": null}]}, "user": "u", "store": true,
                "metadata": {"k": "v"}, "service_tier": "flex", "verbosity": "low", "functions": [{"name": "f"}],
            })),
        )
        .await;
    assert_eq!((answer.status.as_u16(), answer.json()["service_tier"].clone()), (200, json!("flex")));
}
