//! What must hold of streams beyond the schema of each event.

use std::collections::BTreeMap;

use anyhow::Result;
use serde_json::Value;

use crate::events::Event;
use crate::trial::{Trial, data};

/// Chunks of chat and of completions: one id, each choice finished once and last, `[DONE]` at the end.
pub(super) fn check_chunks(trial: &mut Trial<'_, '_>, operation: &str, events: &[Event]) -> Result<()> {
    let Some(last) = events.last() else { return Ok(()) };
    trial.hold(operation, last.data == "[DONE]", "the stream does not end with [DONE]")?;
    let chunks = data(events);
    for field in ["id", "created", "model", "object", "system_fingerprint"] {
        let is_same = chunks.windows(2).all(|pair| pair[0].get(field) == pair[1].get(field));
        trial.hold(operation, is_same, &format!("`{field}` changes within the stream"))?;
    }
    let mut finished: BTreeMap<u64, usize> = BTreeMap::new();
    for choice in chunks.iter().flat_map(|chunk| chunk["choices"].as_array().into_iter().flatten()) {
        let index = choice["index"].as_u64().unwrap_or(u64::MAX);
        let times = finished.entry(index).or_default();
        let is_late = *times > 0;
        *times += usize::from(!choice["finish_reason"].is_null());
        trial.hold(operation, !is_late, &format!("choice {index} goes on after its finish_reason"))?;
    }
    let are_finished = finished.values().all(|times| *times == 1);
    trial.hold(operation, are_finished, "a choice has not exactly one finish_reason")?;
    let with_usage = chunks.iter().filter(|chunk| chunk.get("usage").is_some_and(|usage| !usage.is_null())).count();
    trial.hold(operation, with_usage == 1, "not exactly one chunk has the usage that was asked for")
}

/// Events of a response: numbered without a gap from `first`, named as their type, one response and one id per item,
/// each part begun before it goes on and ended once, and an end.
pub(super) fn check_response(trial: &mut Trial<'_, '_>, operation: &str, events: &[Event], first: u64) -> Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let is_done = events.iter().any(|event| event.data == "[DONE]");
    trial.hold(operation, !is_done, "the Responses API has no [DONE]")?;
    let values = data(events);
    for ((expected, value), event) in (first..).zip(&values).zip(events) {
        let number = value["sequence_number"].as_u64();
        trial.hold(
            operation,
            number == Some(expected),
            &format!("sequence_number {number:?} instead of {expected}"),
        )?;
        let is_named = value["type"].as_str() == Some(&event.name);
        trial.hold(operation, is_named, &format!("`event: {}` is not the type in the data", event.name))?;
    }
    check_one_response(trial, operation, &values)?;
    if first == 0 {
        trial.hold(operation, values[0]["type"] == "response.created", "the first event is not response.created")?;
        check_items(trial, operation, &values)?;
    }
    let end = values.last().map_or(&Value::Null, |value| &value["type"]);
    let ends = ["response.completed", "response.incomplete", "response.failed"];
    trial.hold(operation, ends.iter().any(|name| end == name), "the last event is not an end of the response")
}

fn check_one_response(trial: &mut Trial<'_, '_>, operation: &str, values: &[Value]) -> Result<()> {
    let mut ids: Vec<&str> = values.iter().filter_map(|value| value["response"]["id"].as_str()).collect();
    ids.dedup();
    trial.hold(operation, ids.len() == 1, "the response's id changes within the stream")
}

/// Items: added, then gone on with under the same id, then done with what the whole response says of them.
fn check_items(trial: &mut Trial<'_, '_>, operation: &str, values: &[Value]) -> Result<()> {
    let mut open: BTreeMap<u64, &Value> = BTreeMap::new();
    let mut done: Vec<&Value> = Vec::new();
    for value in values {
        let kind = value["type"].as_str().unwrap_or_default();
        let Some(index) = value["output_index"].as_u64() else { continue };
        match kind {
            "response.output_item.added" => {
                trial.hold(operation, index == (open.len() + done.len()) as u64, "output_index has a gap")?;
                open.insert(index, &value["item"]);
            }
            "response.output_item.done" => {
                let item = open.remove(&index);
                let is_same = item.is_some_and(|item| item["id"] == value["item"]["id"]);
                trial.hold(operation, is_same, &format!("item {index} is done under another id than it was added"))?;
                done.push(&value["item"]);
            }
            _ => {
                // Shell commands have no item_id of their own.
                let names = |item: &&Value| value.get("item_id").is_none_or(|id| *id == item["id"]);
                let is_open = open.get(&index).is_some_and(names);
                trial.hold(operation, is_open, &format!("{kind} for item {index}, which is not open under that id"))?;
            }
        }
    }
    trial.hold(operation, open.is_empty(), "an item was added and never done")?;
    let output = values.last().and_then(|value| value["response"]["output"].as_array());
    let is_whole = output.is_some_and(|output| output.iter().eq(done.iter().copied()));
    trial.hold(operation, is_whole, "the response's output is not the items that were streamed")
}

/// Events of a run: `done` at the end, one run.
pub(super) fn check_run(trial: &mut Trial<'_, '_>, operation: &str, events: &[Event]) -> Result<()> {
    let Some(last) = events.last() else { return Ok(()) };
    let is_done = last.name == "done" && last.data == "[DONE]";
    trial.hold(operation, is_done, "the stream does not end with `event: done` and [DONE]")?;
    let runs = events.iter().filter(|event| event.name.starts_with("thread.run.") && !event.name.contains(".step."));
    let mut ids: Vec<Value> = data(&runs.cloned().collect::<Vec<_>>()).iter().map(|run| run["id"].clone()).collect();
    ids.dedup();
    trial.hold(operation, ids.len() == 1, "the run's id changes within the stream")
}
