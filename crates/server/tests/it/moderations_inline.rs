//! `moderation` of chats and responses: what was asked and answered, judged on the way.

use fakeai_server::Settings;
use fakeai_writer::ReplyMode;
use serde_json::{Value, json};

use crate::harness::TestServer;

const THREAT: &str = "I will kill you tonight.";

fn echoing() -> TestServer {
    TestServer::with(|settings: &mut Settings| settings.writer.reply = ReplyMode::Echo)
}

fn moderation(policy: Value) -> Value {
    json!({"model": "omni-moderation-latest", "policy": policy})
}

fn chat(said: &str, moderation: &Value) -> Value {
    json!({"model": "gpt-4o", "messages": [{"role": "user", "content": said}], "moderation": moderation})
}

fn response(said: &str, moderation: &Value) -> Value {
    json!({"model": "gpt-4o", "input": said, "moderation": moderation})
}

#[tokio::test]
async fn chats_are_judged_and_say_so() {
    let server = echoing();
    for (said, flagged) in [(THREAT, true), ("How do I kill the process?", false)] {
        let answer = server.chat(chat(said, &moderation(Value::Null))).await.json();
        assert_eq!(answer["choices"][0]["message"]["content"], said);
        for side in ["input", "output"] {
            let judged = &answer["moderation"][side];
            assert_eq!(
                (&judged["type"], &judged["model"]),
                (&json!("moderation_results"), &json!("omni-moderation-latest"))
            );
            let result = &judged["results"][0];
            assert_eq!((&result["type"], &result["flagged"]), (&json!("moderation_result"), &json!(flagged)), "{said}");
            assert_eq!(result["category_scores"].as_object().unwrap().len(), 13);
        }
    }
    let plain = server.chat(chat(THREAT, &Value::Null)).await.json();
    assert_eq!(plain.get("moderation"), None);
}

#[tokio::test]
async fn streams_are_judged_in_a_chunk_of_their_own() {
    let server = echoing();
    let mut body = chat(THREAT, &moderation(Value::Null));
    body["stream"] = true.into();
    body["stream_options"] = json!({"include_usage": true});
    let events = server.chat(body).await.events();
    let [.., judged, usage] = &events[..] else { panic!("{events:?}") };
    assert_eq!((&judged["choices"], &judged["usage"]), (&json!([]), &Value::Null));
    assert_eq!(judged["moderation"]["output"]["results"][0]["flagged"], true);
    assert!(usage["usage"]["completion_tokens"].as_u64().unwrap() > 0 && usage.get("moderation").is_none());
}

#[tokio::test]
async fn what_is_flagged_is_blocked_where_that_is_asked_for() {
    let server = echoing();
    for policy in
        [json!({"input": {"mode": "block"}}), json!({"output": {"mode": "block"}, "input": {"mode": "score"}})]
    {
        let answer = server.chat(chat(THREAT, &moderation(policy.clone()))).await.json();
        let choice = &answer["choices"][0];
        assert_eq!((&choice["finish_reason"], &choice["message"]["content"]), (&json!("content_filter"), &json!("")));
        assert_eq!(answer["usage"]["completion_tokens"], 0, "{policy}");
        let honest = server.chat(chat("Good morning.", &moderation(policy.clone()))).await.json();
        assert_eq!(honest["choices"][0]["finish_reason"], "stop");
        let answer = server.post("/v1/responses", response(THREAT, &moderation(policy))).await.json();
        assert_eq!(
            (&answer["status"], &answer["incomplete_details"]["reason"]),
            (&json!("incomplete"), &json!("content_filter"))
        );
    }
}

#[tokio::test]
async fn responses_are_judged_too() {
    let server = echoing();
    let answer = server.post("/v1/responses", response(THREAT, &moderation(Value::Null))).await.json();
    for side in ["input", "output"] {
        let judged = &answer["moderation"][side];
        assert_eq!((&judged["type"], &judged["flagged"]), (&json!("moderation_result"), &json!(true)), "{side}");
    }
    let shown = server.get(&format!("/v1/responses/{}", answer["id"].as_str().unwrap())).await.json();
    assert_eq!(shown["moderation"], answer["moderation"]);
    let off = TestServer::with(|settings| settings.moderation = None);
    let answer = off.post("/v1/responses", response(THREAT, &moderation(Value::Null))).await.json();
    assert_eq!(
        (&answer["status"], &answer["moderation"]["input"]["code"]),
        (&json!("completed"), &json!("moderation_disabled"))
    );
}

#[tokio::test]
async fn wrong_wishes_are_refused() {
    let server = echoing();
    for (wrong, param) in [
        (json!("yes"), "moderation"),
        (json!({}), "moderation.model"),
        (json!({"model": "gpt-4o"}), "moderation.model"),
        (json!({"model": "omni-moderation-latest", "policy": {"input": {}}}), "moderation.policy.input.mode"),
        (
            json!({"model": "omni-moderation-latest", "policy": {"output": {"mode": "x"}}}),
            "moderation.policy.output.mode",
        ),
    ] {
        let (status, error) = server.chat(chat("x", &wrong)).await.error();
        assert_eq!((status, &error["param"]), (400, &json!(param)), "{wrong}");
        let (status, error) = server.post("/v1/responses", response("x", &wrong)).await.error();
        assert_eq!((status, &error["param"]), (400, &json!(param)), "{wrong}");
    }
}
