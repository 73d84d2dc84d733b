//! The response object: what was asked, said back, and what came of it.

use fakeai_writer::{Finish, Usage};
use serde_json::{Value, json};

use super::wire::{CreateResponse, Object};

/// What a response says of its request.
pub(super) struct Echo {
    /// As the client wrote it.
    pub model: String,
    pub effort: Option<&'static str>,
    pub summary: Option<String>,
    /// `text.format`.
    pub format: Value,
    pub verbosity: String,
    pub tier: &'static str,
    pub tools: Vec<Value>,
    pub tool_choice: Value,
    pub top_logprobs: i64,
    pub conversation: Option<String>,
    /// The rest, as it came.
    pub wire: CreateResponse,
}

/// When a response was made and ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// Unix seconds.
    pub created: i64,
    /// Unix seconds.
    pub completed: i64,
}

/// The response as it is in the end.
pub(super) fn whole(id: &str, echo: Echo, output: Vec<Value>, finish: Finish, usage: Usage, times: Times) -> Value {
    let reason = match finish {
        Finish::Length => Some("max_output_tokens"),
        Finish::ContentFilter => Some("content_filter"),
        Finish::Stop | Finish::ToolCalls => None,
    };
    let Echo { model, effort, summary, format, verbosity, tier, tools, tool_choice, top_logprobs, conversation, wire } =
        echo;
    let mut response = Object::new();
    let mut put = |name: &str, value: Value| response.insert(name.to_owned(), value);
    put("id", json!(id));
    put("object", json!("response"));
    put("created_at", json!(times.created));
    put("status", json!(if reason.is_some() { "incomplete" } else { "completed" }));
    put("background", json!(wire.background.unwrap_or_default()));
    put("completed_at", if reason.is_some() { Value::Null } else { json!(times.completed) });
    if let Some(conversation) = conversation {
        put("conversation", json!({"id": conversation}));
    }
    put("error", Value::Null);
    put("incomplete_details", reason.map_or(Value::Null, |reason| json!({"reason": reason})));
    put("instructions", json!(wire.instructions));
    put("max_output_tokens", json!(wire.max_output_tokens));
    put("max_tool_calls", json!(wire.max_tool_calls));
    put("model", json!(model));
    put("output", Value::Array(output));
    put("parallel_tool_calls", json!(wire.parallel_tool_calls.unwrap_or(true)));
    put("previous_response_id", json!(wire.previous_response_id));
    if let Some(prompt) = wire.prompt {
        put("prompt", json!({"id": prompt.id, "version": prompt.version, "variables": prompt.variables}));
    }
    put("prompt_cache_key", json!(wire.prompt_cache_key));
    put("prompt_cache_retention", json!(wire.prompt_cache_retention));
    put("reasoning", json!({"effort": effort, "summary": summary}));
    put("safety_identifier", json!(wire.safety_identifier));
    put("service_tier", json!(tier));
    put("store", json!(wire.store.unwrap_or(true)));
    put("temperature", json!(wire.temperature.unwrap_or(1.0)));
    put("text", json!({"format": format, "verbosity": verbosity}));
    put("tool_choice", tool_choice);
    put("tools", Value::Array(tools));
    put("top_logprobs", json!(top_logprobs));
    put("top_p", json!(wire.top_p.unwrap_or(1.0)));
    put("truncation", json!(wire.truncation.as_deref().unwrap_or("disabled")));
    put("usage", usage_wire(usage));
    // The document has no null here.
    if let Some(user) = wire.user {
        put("user", json!(user));
    }
    put("metadata", Value::Object(wire.metadata.unwrap_or_default()));
    Value::Object(response)
}

/// `usage` of a response.
pub(super) fn usage_wire(usage: Usage) -> Value {
    json!({
        "input_tokens": usage.prompt_tokens,
        "input_tokens_details": {"cached_tokens": usage.cached_tokens, "cache_write_tokens": 0},
        "output_tokens": usage.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.total_tokens(),
    })
}

/// The response before its end: `output` is what there is of it.
pub(super) fn under_way(whole: &Value, status: &str, output: Vec<Value>) -> Value {
    let Some(fields) = whole.as_object() else { return Value::Null };
    let mut output = Some(Value::Array(output));
    let mut early = Object::with_capacity(fields.len());
    for (name, value) in fields {
        let value = match name.as_str() {
            "status" => json!(status),
            "completed_at" | "incomplete_details" => Value::Null,
            "output" => output.take().unwrap_or_default(),
            // It is not known yet, and the document has no null here.
            "usage" | "moderation" => continue,
            _ => value.clone(),
        };
        early.insert(name.clone(), value);
    }
    Value::Object(early)
}
