//! What runs look like on the wire: lenient, unknown fields accepted.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::api::openai::threads::{MessageWire, ThreadWire};

/// The body of `POST /threads/{thread_id}/runs` and, with a thread, of `POST /threads/runs`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RunWire {
    pub assistant_id: Option<String>,
    pub thread: Option<ThreadWire>,
    pub model: Option<String>,
    pub reasoning_effort: Option<String>,
    pub instructions: Option<String>,
    pub additional_instructions: Option<String>,
    pub additional_messages: Option<Vec<MessageWire>>,
    pub tools: Option<Vec<Value>>,
    pub tool_resources: Option<Map<String, Value>>,
    pub metadata: Option<Map<String, Value>>,
    pub temperature: Option<f64>,
    pub top_p: Option<f64>,
    pub stream: Option<bool>,
    pub max_prompt_tokens: Option<i64>,
    pub max_completion_tokens: Option<i64>,
    pub truncation_strategy: Option<TruncationWire>,
    pub tool_choice: Option<Value>,
    pub parallel_tool_calls: Option<bool>,
    pub response_format: Option<Value>,
}

/// How much of the thread a run reads.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TruncationWire {
    #[serde(rename = "type")]
    pub kind: Option<String>,
    pub last_messages: Option<i64>,
}

/// The body of `POST …/submit_tool_outputs`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct OutputsWire {
    pub tool_outputs: Option<Vec<OutputWire>>,
    pub stream: Option<bool>,
}

/// The output of one call.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct OutputWire {
    pub tool_call_id: Option<String>,
    pub output: Option<String>,
}

/// The body that changes a run.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct UpdateWire {
    pub metadata: Option<Map<String, Value>>,
}
