//! The outputs of calls that a run waits for: all of them, and no others.

use rustc_hash::FxHashMap;

use super::run::{Run, Status};
use super::wire::OutputWire;
use crate::error::ApiError;

/// The outputs by the ids of their calls, if `run` is `status` and waits for exactly them.
pub(super) fn outputs(
    run: &Run,
    status: Status,
    given: Option<Vec<OutputWire>>,
) -> Result<FxHashMap<String, String>, ApiError> {
    const PARAM: &str = "tool_outputs";
    let given = given.ok_or_else(|| ApiError::missing(PARAM))?;
    if status != Status::RequiresAction {
        let message = format!("Runs in status \"{}\" do not accept tool outputs.", status.name());
        return Err(ApiError::invalid(message));
    }
    let mut ids = Vec::with_capacity(given.len());
    let mut outputs = FxHashMap::default();
    for (index, OutputWire { tool_call_id, output }) in given.into_iter().enumerate() {
        let id = tool_call_id.ok_or_else(|| ApiError::missing(&format!("{PARAM}[{index}].tool_call_id")))?;
        ids.push(id.clone());
        outputs.insert(id, output.unwrap_or_default());
    }
    let expected: Vec<&str> = run.waiting().into_iter().map(|call| call.id.as_str()).collect();
    if ids.len() == expected.len() && expected.iter().all(|id| outputs.contains_key(*id)) {
        return Ok(outputs);
    }
    let list = |ids: &[&str]| ids.iter().map(|id| format!("'{id}'")).collect::<Vec<_>>().join(", ");
    let got: Vec<&str> = ids.iter().map(String::as_str).collect();
    let message = format!("Expected tool outputs for call_ids [{}], got [{}]", list(&expected), list(&got));
    Err(ApiError::invalid(message).param(PARAM))
}
