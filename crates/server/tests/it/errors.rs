//! Bad input: OpenAI's envelope, the right status, `param` and wording, and the server lives.

use axum::body::Body;
use bytes::Bytes;
use fakeai_server::Settings;
use http::{Method, Request};
use http_body_util::StreamBody;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::harness::{TestServer, request};

fn raw(body: impl Into<Body>, content_type: &str) -> Request<Body> {
    Request::post("/v1/chat/completions").header("content-type", content_type).body(body.into()).unwrap()
}

#[tokio::test]
async fn each_mistake_has_openais_words() {
    let server = TestServer::new();
    let message = json!([{"role": "user", "content": "hi"}]);
    let cases = [
        ("no model", json!({"messages": message})),
        ("no messages", json!({"model": "gpt-4o"})),
        ("empty messages", json!({"model": "gpt-4o", "messages": []})),
        ("messages a string", json!({"model": "gpt-4o", "messages": "hi"})),
        ("body an array", json!([1])),
        ("temperature a string", json!({"model": "gpt-4o", "messages": message, "temperature": "hot"})),
        ("temperature too high", json!({"model": "gpt-4o", "messages": message, "temperature": 2.5})),
        ("negative tokens", json!({"model": "gpt-4o", "messages": message, "max_tokens": -1})),
        ("tokens with a point", json!({"model": "gpt-4o", "messages": message, "max_tokens": 1.5})),
        ("n zero", json!({"model": "gpt-4o", "messages": message, "n": 0})),
        ("penalty out of range", json!({"model": "gpt-4o", "messages": message, "presence_penalty": -3})),
        ("unknown role", json!({"model": "gpt-4o", "messages": [{"role": "critic", "content": "hi"}]})),
        ("no role", json!({"model": "gpt-4o", "messages": [{"content": "hi"}]})),
        ("content a number", json!({"model": "gpt-4o", "messages": [{"role": "user", "content": 7}]})),
        ("content null", json!({"model": "gpt-4o", "messages": [{"role": "user", "content": null}]})),
        ("part of no kind", json!({"model": "gpt-4o", "messages": [{"role": "user", "content": [{"type": "smell"}]}]})),
        ("tool without id", json!({"model": "gpt-4o", "messages": [{"role": "tool", "content": "42"}]})),
        (
            "tool without call",
            json!({"model": "gpt-4o", "messages": [{"role": "tool", "tool_call_id": "c", "content": "42"}]}),
        ),
        ("top_logprobs alone", json!({"model": "gpt-4o", "messages": message, "top_logprobs": 3})),
        (
            "options without stream",
            json!({"model": "gpt-4o", "messages": message, "stream_options": {"include_usage": true}}),
        ),
        ("both limits", json!({"model": "gpt-4o", "messages": message, "max_tokens": 1, "max_completion_tokens": 1})),
        ("limit over the model's", json!({"model": "gpt-4o", "messages": message, "max_tokens": 1_000_000})),
        ("bad tier", json!({"model": "gpt-4o", "messages": message, "service_tier": "turbo"})),
        ("bad bias key", json!({"model": "gpt-4o", "messages": message, "logit_bias": {"x": 1}})),
        ("bias out of range", json!({"model": "gpt-4o", "messages": message, "logit_bias": {"5": 101}})),
        ("five stops", json!({"model": "gpt-4o", "messages": message, "stop": ["a", "b", "c", "d", "e"]})),
        ("stop a number", json!({"model": "gpt-4o", "messages": message, "stop": 3})),
        (
            "bad picture",
            json!({"model": "gpt-4o", "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]}]}),
        ),
        ("metadata of numbers", json!({"model": "gpt-4o", "messages": message, "metadata": {"a": 1}})),
    ];
    let mut lines = Vec::new();
    for (name, body) in cases {
        let (status, error) = server.chat(body).await.error();
        lines.push(format!(
            "{name}: {status} type={} param={} code={}\n    {}",
            error["type"],
            error["param"],
            error["code"],
            error["message"].as_str().unwrap()
        ));
    }
    insta::assert_snapshot!(lines.join("\n"));
    assert_eq!(server.get("/health").await.status, 200);
}

#[tokio::test]
async fn bodies_that_are_no_json() {
    let server = TestServer::new();
    let deep = format!(r#"{{"model":"gpt-4o","messages":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    let unknown_deep = format!(
        r#"{{"model":"gpt-4o","x":{}{},"messages":[{{"role":"user","content":"hi"}}]}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let bodies: Vec<(&str, Vec<u8>, u16)> = vec![
        ("malformed", b"{\"model\": ".to_vec(), 400),
        ("empty", Vec::new(), 400),
        ("not UTF-8", b"{\"model\": \"\xff\xfe\"}".to_vec(), 400),
        ("trailing", b"{} x".to_vec(), 400),
        ("deep", deep.into_bytes(), 400),
        ("deep in a field nobody reads", unknown_deep.into_bytes(), 200),
    ];
    for (name, body, expected) in bodies {
        let answer = server.send(raw(body, "application/json")).await;
        assert_eq!(answer.status.as_u16(), expected, "{name}: {}", answer.text());
        if expected == 400 {
            assert_eq!(answer.json()["error"]["type"], "invalid_request_error", "{name}");
        }
    }
}

#[tokio::test]
async fn content_types_paths_and_methods() {
    let server = TestServer::new();
    let (status, error) = server.send(raw("a=b", "application/x-www-form-urlencoded")).await.error();
    assert_eq!(status, 415);
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .starts_with("Unsupported content type: 'application/x-www-form-urlencoded'.")
    );
    let (status, error) = server.post("/v1/nothing/here?x=1", json!({})).await.error();
    assert_eq!((status, error["message"].as_str()), (404, Some("Invalid URL (POST /v1/nothing/here)")));
    let (status, error) = server.get("/v1/embeddings").await.error();
    assert_eq!(status, 405);
    assert!(error["message"].as_str().unwrap().starts_with("Not allowed to GET on /v1/embeddings."));
}

#[tokio::test]
async fn bodies_over_the_limit_are_refused_unread() {
    let server = TestServer::with(|settings: &mut Settings| settings.max_body_bytes = 4096);
    let claimed = Request::post("/v1/chat/completions")
        .header("content-type", "application/json")
        .header("content-length", "1073741824")
        .body(Body::new(StreamBody::new(futures_util::stream::pending::<Result<_, axum::Error>>())))
        .unwrap();
    let (status, error) = server.send(claimed).await.error();
    assert_eq!((status, error["code"].as_str()), (413, Some("payload_too_large")));
    // Without a claim it is read only as far as the limit.
    let endless = futures_util::stream::repeat_with(|| {
        Ok::<_, axum::Error>(http_body::Frame::data(Bytes::from_static(&[b' '; 1000])))
    });
    let (status, _) = server.send(raw(Body::new(StreamBody::new(endless)), "application/json")).await.error();
    assert_eq!(status, 413);
    let broken = futures_util::stream::iter([
        Ok(http_body::Frame::data(Bytes::from_static(b"{\"model\":"))),
        Err(axum::Error::new(std::io::Error::other("reset"))),
    ]);
    let (status, error) = server.send(raw(Body::new(StreamBody::new(broken)), "application/json")).await.error();
    assert_eq!((status, error["message"].as_str()), (400, Some("The request's body broke off before its end.")));
}

#[tokio::test]
async fn the_originals_status_is_a_setting() {
    let server = TestServer::with(|settings: &mut Settings| {
        settings.validation_status = http::StatusCode::UNPROCESSABLE_ENTITY;
    });
    for body in [json!({"model": "gpt-4o"}), json!({"model": 5})] {
        assert_eq!(server.chat(body).await.status, 422);
    }
}

#[tokio::test]
async fn a_prompt_beyond_the_window_is_refused() {
    let server = TestServer::new();
    let long = "word ".repeat(9000);
    let chat = |extra: Value| {
        let mut body = json!({"model": "gpt-4", "messages": [{"role": "user", "content": long}]});
        body.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        body
    };
    let (status, error) = server.chat(chat(json!({}))).await.error();
    assert_eq!(
        (status, error["code"].as_str(), error["param"].as_str()),
        (400, Some("context_length_exceeded"), Some("messages"))
    );
    assert_eq!(
        error["message"],
        "This model's maximum context length is 8192 tokens. However, your messages resulted in 9008 tokens. Please \
         reduce the length of the messages."
    );
    let streamed = server.chat(chat(json!({"stream": true}))).await;
    assert_eq!(streamed.status, 400, "an error comes before the stream begins");
}

#[tokio::test]
async fn any_bytes_are_answered() {
    let server = TestServer::new();
    let runtime = tokio::runtime::Handle::current();
    let run = move || {
        let mut runner = proptest::test_runner::TestRunner::deterministic();
        let fragments = prop::collection::vec(
            prop_oneof![
                Just(r#"{"model":"gpt-4o","messages":"#.to_owned()),
                Just(r#"[{"role":"user","content":"#.to_owned()),
                Just(r#""hi"}]"#.to_owned()),
                Just("}".to_owned()),
                Just(r#","n":-1"#.to_owned()),
                Just(r#","stop":["x",null]"#.to_owned()),
                "\\PC{0,12}",
            ],
            0..8,
        );
        let tail = prop::collection::vec(any::<u8>(), 0..6);
        runner
            .run(&(fragments, tail), |(fragments, tail)| {
                let body = [fragments.concat().into_bytes(), tail].concat();
                let answer = runtime.block_on(server.send(raw(body, "application/json")));
                prop_assert!(answer.status.is_success() || answer.status.is_client_error(), "{}", answer.text());
                prop_assert!(answer.json().is_object());
                Ok(())
            })
            .unwrap();
    };
    tokio::task::spawn_blocking(run).await.unwrap();
}

#[tokio::test]
async fn preflight_and_origin() {
    let server = TestServer::new();
    let mut ask = request(Method::OPTIONS, "/v1/chat/completions", None);
    for (name, value) in [
        ("origin", "https://app.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,content-type"),
    ] {
        ask.headers_mut().insert(name, value.parse().unwrap());
    }
    let answer = server.send(ask).await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.headers["access-control-allow-origin"], "https://app.example");
    assert_eq!(answer.headers["access-control-allow-headers"], "authorization,content-type");
    let only = TestServer::with(|settings: &mut Settings| settings.cors.origins = vec!["https://a.example".to_owned()]);
    for (origin, allowed) in [("https://a.example", true), ("https://b.example", false)] {
        let mut get = request(Method::GET, "/v1/models", None);
        get.headers_mut().insert("origin", origin.parse().unwrap());
        assert_eq!(only.send(get).await.headers.contains_key("access-control-allow-origin"), allowed);
    }
}
