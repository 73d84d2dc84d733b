//! `code_interpreter`: writes code and does not run it. What it prints is known all the same: sums are worked out here,
//! and any other code prints that it is not run.

use serde_json::{Value, json};

use super::{Asked, Performed, Steps};
pub(super) use crate::api::openai::sums::CUES;
use crate::api::openai::sums::sum;

pub(super) fn perform(asked: &Asked<'_>) -> Vec<Performed> {
    let not_run = "Simulated: code is not run on this server.";
    let (code, logs) = sum(asked.text).map_or_else(
        || (format!("print(\"{not_run}\")"), format!("{not_run}\n")),
        |(sum, value)| (format!("print({sum})"), format!("{value}\n")),
    );
    let outputs = if asked.include.code_outputs { json!([{"type": "logs", "logs": logs}]) } else { Value::Null };
    let container = match asked.tool.get("container") {
        Some(Value::String(id)) => id.clone(),
        _ => asked.ids.next("cntr_"),
    };
    vec![Performed {
        item: json!({
            "id": asked.ids.next("ci_"), "type": "code_interpreter_call", "status": "completed", "code": code,
            "container_id": container, "outputs": outputs,
        }),
        told: Some(("code_interpreter", logs.trim_end().to_owned())),
        written: code,
        ..Performed::default()
    }]
}

pub(super) fn steps(item: &Value) -> Steps {
    let mut steps = Steps::plain(item).bare(&["response.code_interpreter_call.in_progress"], &[]);
    steps.added["code"] = json!("");
    steps.added["outputs"] = Value::Null;
    steps.delta = Some("response.code_interpreter_call_code.delta");
    steps.after = vec![
        ("response.code_interpreter_call_code.done", json!({"code": item["code"]})),
        ("response.code_interpreter_call.interpreting", json!({})),
        ("response.code_interpreter_call.completed", json!({})),
    ];
    steps
}
