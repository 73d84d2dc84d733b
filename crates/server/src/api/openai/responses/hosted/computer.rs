//! `computer_use_preview` and `computer`: asks the client for a screenshot, and waits for it.

use serde_json::json;

use super::{Asked, Performed};

pub(super) const CUES: &[&str] =
    &["screenshot", " click ", "open the browser", "on the screen", "on my screen", "use the computer", " scroll "];

pub(super) fn perform(asked: &Asked<'_>) -> Vec<Performed> {
    let action = json!({"type": "screenshot"});
    let written = action.to_string();
    let mut item = json!({
        "id": asked.ids.next("cu_"), "type": "computer_call", "status": "completed", "call_id": asked.ids.call(),
        "pending_safety_checks": [],
    });
    if asked.tool.get("type").is_some_and(|kind| kind == "computer") {
        item["actions"] = json!([action]);
    } else {
        item["action"] = action;
    }
    vec![Performed { item, written, waits: true, ..Performed::default() }]
}
