//! Samples: what a model answers for a row, in the form that graders and output items know.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::source::Asks;
use crate::api::openai::service::Service;

/// What is asked for where nothing is said.
const SEED: i64 = 42;
const TEMPERATURE: f64 = 1.0;
const TOP_P: f64 = 1.0;
const MOST_TOKENS: i64 = 2048;

/// A sample.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sample {
    /// What graders see: `output_text`, `output_json`, `output_tools`, `choices`, `model`.
    pub seen: Value,
    /// What output items show.
    pub shown: Value,
    /// Tokens read, written and cached.
    pub usage: [u64; 3],
    /// Why there is none.
    pub error: Option<(String, String)>,
}

/// Asks a model.
pub(super) async fn ask(service: &Service, asks: &Asks, messages: Vec<Value>) -> Sample {
    let params = |name: &str| asks.params.get(name).filter(|value| !value.is_null()).cloned();
    let mut body = Map::from_iter([("model".to_owned(), json!(asks.model))]);
    let (path, limit) = if asks.as_response {
        ("/v1/responses", "max_output_tokens")
    } else {
        ("/v1/chat/completions", "max_completion_tokens")
    };
    body.insert(if asks.as_response { "input" } else { "messages" }.to_owned(), json!(messages));
    body.insert("store".to_owned(), false.into());
    body.insert(limit.to_owned(), params("max_completion_tokens").unwrap_or_else(|| MOST_TOKENS.into()));
    for name in ["temperature", "top_p", "tools"] {
        body.extend(params(name).map(|value| (name.to_owned(), value)));
    }
    let own: &[&str] = if asks.as_response { &["text"] } else { &["response_format", "reasoning_effort"] };
    body.extend(own.iter().filter_map(|name| Some(((*name).to_owned(), params(name)?))));
    if asks.as_response {
        body.extend(params("reasoning_effort").map(|effort| ("reasoning".to_owned(), json!({"effort": effort}))));
    } else {
        body.insert("seed".to_owned(), params("seed").unwrap_or_else(|| SEED.into()));
    }
    let (status, answer) = service.post(path, &Value::Object(body)).await;
    let mut sample = if status == StatusCode::OK { answered(&answer, asks.as_response) } else { failed(&answer) };
    sample.show(Some(asks), &messages);
    sample
}

/// A sample that a row brings along.
pub(super) fn given(sample: Option<&Value>) -> Sample {
    let mut found = match sample {
        None => Sample { seen: Value::Null, ..Sample::default() },
        Some(given) if given["object"] == "response" => answered(given, true),
        // A stored completion, or an object of the same form.
        Some(given) if given["choices"].is_array() && given["output_text"].is_null() => answered(given, false),
        Some(given) => Sample { seen: given.clone(), ..Sample::default() },
    };
    found.show(None, &[]);
    found
}

fn failed(answer: &Value) -> Sample {
    let error = &answer["error"];
    let code = error["code"].as_str().or_else(|| error["type"].as_str()).unwrap_or("server_error");
    let message = error["message"].as_str().unwrap_or("The model did not answer.");
    Sample { error: Some((code.to_owned(), message.to_owned())), ..Sample::default() }
}

/// What an answer says.
fn answered(answer: &Value, as_response: bool) -> Sample {
    let usage = &answer["usage"];
    let count = |names: [&str; 2]| names.iter().find_map(|name| usage[name].as_u64()).unwrap_or_default();
    let details = ["prompt_tokens_details", "input_tokens_details"];
    let cached = details.iter().find_map(|name| usage[name]["cached_tokens"].as_u64()).unwrap_or_default();
    let usage = [count(["prompt_tokens", "input_tokens"]), count(["completion_tokens", "output_tokens"]), cached];
    let (text, tools, choices) = if as_response { of_response(answer) } else { of_chat(answer) };
    let mut seen = json!({
        "model": answer["model"], "choices": choices, "output_text": text, "output_tools": tools,
    });
    if let Ok(parsed @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str::<Value>(&text) {
        seen["output_json"] = parsed;
    }
    Sample { seen, usage, ..Sample::default() }
}

fn of_chat(answer: &Value) -> (String, Value, Value) {
    let message = &answer["choices"][0]["message"];
    let text = message["content"].as_str().or_else(|| message["refusal"].as_str()).unwrap_or_default();
    let tools = message.get("tool_calls").filter(|calls| !calls.is_null()).cloned().unwrap_or_else(|| json!([]));
    (text.to_owned(), tools, answer["choices"].clone())
}

/// A response in the form of a chat completion's only choice.
fn of_response(answer: &Value) -> (String, Value, Value) {
    let (mut text, mut tools) = (String::new(), Vec::new());
    for item in answer["output"].as_array().into_iter().flatten() {
        match item["type"].as_str() {
            Some("message") => {
                let parts = item["content"].as_array().into_iter().flatten();
                parts.filter_map(|part| part["text"].as_str()).for_each(|part| text.push_str(part));
            }
            Some("function_call") => tools.push(json!({
                "id": item["call_id"], "type": "function",
                "function": {"name": item["name"], "arguments": item["arguments"]},
            })),
            _ => {}
        }
    }
    let finish = if answer["status"] == "incomplete" { "length" } else { "stop" };
    let message = json!({"role": "assistant", "content": text, "tool_calls": tools});
    (text, json!(tools), json!([{"index": 0, "message": message, "finish_reason": finish}]))
}

impl Sample {
    /// Writes down what output items show.
    fn show(&mut self, asks: Option<&Asks>, messages: &[Value]) {
        let params = |name: &str| asks.and_then(|asks| asks.params.get(name)).filter(|value| !value.is_null()).cloned();
        let plain = |content: &Value| content.as_str().map_or_else(|| content.to_string(), str::to_owned);
        let input: Vec<Value> = messages
            .iter()
            .map(|message| json!({"role": message["role"], "content": plain(&message["content"])}))
            .collect();
        let text = self.seen["output_text"].as_str();
        let output: Vec<Value> = text.map(|text| json!({"role": "assistant", "content": text})).into_iter().collect();
        let [read, written, cached] = self.usage;
        let model = self.seen["model"].as_str().or_else(|| asks.map(|asks| asks.model.as_str()));
        self.shown = json!({
            "input": input,
            "output": output,
            "finish_reason": self.seen["choices"][0]["finish_reason"].as_str().unwrap_or("stop"),
            "model": model.unwrap_or_default(),
            "usage": {
                "total_tokens": read + written, "completion_tokens": written, "prompt_tokens": read,
                "cached_tokens": cached,
            },
            "error": self.error.as_ref().map(|(code, message)| json!({"code": code, "message": message})),
            "temperature": params("temperature").unwrap_or_else(|| TEMPERATURE.into()),
            "max_completion_tokens": params("max_completion_tokens").unwrap_or_else(|| MOST_TOKENS.into()),
            "top_p": params("top_p").unwrap_or_else(|| TOP_P.into()),
            "seed": params("seed").unwrap_or_else(|| SEED.into()),
        });
    }
}
