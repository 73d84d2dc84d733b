//! `tool_search`: finds among the tools whose loading was put off, or asks the client to.

use serde_json::{Value, json};

use super::{Asked, Performed, query};

pub(super) const CUES: &[&str] = &["find a tool", "search for a tool", "which tool", "what tools"];

pub(super) fn perform(asked: &Asked<'_>) -> Vec<Performed> {
    let arguments = json!({"query": query(asked.text)});
    let client = asked.tool.get("execution").is_some_and(|execution| execution == "client");
    let execution = if client { "client" } else { "server" };
    let call = Performed {
        written: arguments.to_string(),
        item: json!({
            "id": asked.ids.next("tsc_"), "type": "tool_search_call", "status": "completed",
            "call_id": client.then(|| asked.ids.call()), "execution": execution, "arguments": arguments,
        }),
        waits: client,
        ..Performed::default()
    };
    if client {
        return vec![call];
    }
    let found: Vec<&Value> = asked.all.iter().filter(|tool| tool["defer_loading"] == true).collect();
    let result = Performed {
        told: Some(("tool_search", format!("{} tools found.", found.len()))),
        item: json!({
            "id": asked.ids.next("tso_"), "type": "tool_search_output", "status": "completed", "call_id": null,
            "execution": execution, "tools": found,
        }),
        ..Performed::default()
    };
    vec![call, result]
}
