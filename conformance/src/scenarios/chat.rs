//! Chat completions: every variant whole and streamed, loops of tools, and what must be refused.

use anyhow::Result;
use serde_json::{Value, json};

use super::chat_variants::{variants, weather};
use super::completions::merge;
use super::streams;
use crate::trial::{Trial, data};

const CREATE: &str = "createChatCompletion";

pub(super) async fn play(trial: &mut Trial<'_, '_>) -> Result<()> {
    for variant in variants() {
        let mut body = json!({"model": "gpt-4o", "messages": [{"role": "user", "content": "Tell me about the sea."}]});
        merge(&mut body, &variant.extra);
        trial.name(variant.name);
        let answer = trial.call(CREATE, &[], body.clone()).await?;
        if answer.is_null() {
            continue;
        }
        for (pointer, expected) in &variant.expect {
            let found = answer.pointer(pointer);
            let what = format!("{pointer} is {} instead of {expected}", found.unwrap_or(&Value::Null));
            trial.hold(CREATE, found == Some(expected), &what)?;
        }
        merge(&mut body, &json!({"stream": true, "stream_options": {"include_usage": true}}));
        trial.name(format!("{}, streamed", variant.name));
        let events = trial.stream(CREATE, &[], body).await?;
        streams::check_chunks(trial, CREATE, &events)?;
        check_roles(trial, &data(&events))?;
    }
    tool_loop(trial).await?;
    refused(trial).await
}

/// Each choice begins with its role, once.
fn check_roles(trial: &mut Trial<'_, '_>, chunks: &[Value]) -> Result<()> {
    let choices = chunks.iter().flat_map(|chunk| chunk["choices"].as_array().into_iter().flatten());
    let mut begun: Vec<u64> = Vec::new();
    for choice in choices {
        let index = choice["index"].as_u64().unwrap_or_default();
        let has_role = choice["delta"].get("role").is_some();
        trial.hold(CREATE, has_role != begun.contains(&index), "a choice does not begin with its role, once")?;
        if has_role {
            begun.push(index);
        }
    }
    Ok(())
}

/// Asks until no tool is called any more; it must end.
async fn tool_loop(trial: &mut Trial<'_, '_>) -> Result<()> {
    trial.name("a loop of tools");
    let mut messages = vec![json!({"role": "user", "content": "What's the weather in Paris and in Tokyo?"})];
    for _ in 0..5 {
        let body = json!({"model": "gpt-4o", "messages": messages, "tools": [weather()]});
        let answer = trial.call(CREATE, &[], body).await?;
        let message = answer["choices"][0]["message"].clone();
        let calls = message["tool_calls"].as_array().cloned().unwrap_or_default();
        if calls.is_empty() {
            let is_text = message["content"].as_str().is_some_and(|text| !text.is_empty());
            return trial.hold(CREATE, is_text, "the loop ends without a text");
        }
        messages.push(message);
        messages.extend(calls.iter().map(|call| {
            json!({"role": "tool", "tool_call_id": call["id"], "content": "{\"temperature\": 14, \"sky\": \"cloudy\"}"})
        }));
    }
    trial.hold(CREATE, false, "the loop of tools does not end")
}

async fn refused(trial: &mut Trial<'_, '_>) -> Result<()> {
    let messages = json!([{"role": "user", "content": "hi"}]);
    let parameters = json!({"type": "object", "properties": {"x": {"type": "string"}}});
    for (name, extra) in [
        ("no messages", json!({"messages": null})),
        ("empty messages", json!({"messages": []})),
        ("a role that is none", json!({"messages": [{"role": "nobody", "content": "hi"}]})),
        ("too hot", json!({"temperature": 3})),
        ("n of none", json!({"n": 0})),
        ("top_logprobs alone", json!({"top_logprobs": 3})),
        (
            "a strict schema that is not",
            json!({"response_format": {"type": "json_schema", "json_schema":
            {"name": "a", "strict": true, "schema": parameters}}}),
        ),
        (
            "a tool choice that is not offered",
            json!({"tools": [weather()], "tool_choice":
            {"type": "function", "function": {"name": "other"}}}),
        ),
        ("a result without its call", json!({"messages": [{"role": "tool", "tool_call_id": "x", "content": "y"}]})),
        ("max_tokens of a model that thinks", json!({"model": "o3-mini", "max_tokens": 5})),
        ("stream options without a stream", json!({"stream_options": {"include_usage": true}})),
    ] {
        let mut body = json!({"model": "gpt-4o", "messages": messages});
        merge(&mut body, &extra);
        trial.name(format!("refused: {name}"));
        trial.refuse(CREATE, &[], body, 400).await?;
    }
    Ok(())
}
