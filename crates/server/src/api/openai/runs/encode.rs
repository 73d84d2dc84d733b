//! Runs and steps as objects.

use serde_json::{Map, Value, json};

use super::run::{CalledTool, End, Run, SearchResult, Status, Step, StepEnd, StepPhase, ToolCall, Work};
use crate::jobs::Moment;

/// A run as it is shown when it is `status`.
pub(super) fn run(run: &Run, thread_id: &str, status: Status) -> Value {
    let last = run.rounds.last();
    let ended = |wanted: Status| last.filter(|_| status == wanted).map(|round| round.ends.unix());
    let started = run.rounds.first().filter(|_| run.rounds.len() > 1 || status != Status::Queued);
    let over = !status.is_active();
    let (prompt, completion) = run.usage();
    let end = last.filter(|_| over).map(|round| &round.end);
    let mut object = Map::from_iter([
        ("id".to_owned(), json!(run.id)),
        ("object".to_owned(), json!("thread.run")),
        ("created_at".to_owned(), json!(run.created.unix())),
        ("assistant_id".to_owned(), json!(run.assistant_id)),
        ("thread_id".to_owned(), json!(thread_id)),
        ("status".to_owned(), json!(status.name())),
        ("started_at".to_owned(), json!(started.map(|round| round.starts.unix()))),
        ("expires_at".to_owned(), json!((!over || status == Status::Expired).then(|| run.expires().unix()))),
        ("cancelled_at".to_owned(), json!(ended(Status::Cancelled))),
        ("failed_at".to_owned(), json!(ended(Status::Failed))),
        ("completed_at".to_owned(), json!(ended(Status::Completed))),
        ("required_action".to_owned(), required_action(run, status)),
        ("last_error".to_owned(), last_error(end)),
        ("metadata".to_owned(), json!(run.metadata)),
        ("usage".to_owned(), if over { usage(prompt, completion) } else { Value::Null }),
    ]);
    let reason = match end {
        Some(End::Incomplete(reason)) => json!({"reason": reason}),
        _ => Value::Null,
    };
    object.insert("incomplete_details".to_owned(), reason);
    if let Ok(Value::Object(settings)) = serde_json::to_value(&run.settings) {
        object.extend(settings);
    }
    Value::Object(object)
}

fn required_action(run: &Run, status: Status) -> Value {
    if status != Status::RequiresAction {
        return Value::Null;
    }
    let call = |call: &ToolCall| match &call.tool {
        CalledTool::Function { name, arguments, .. } => Some(json!({
            "id": call.id, "type": "function", "function": {"name": name, "arguments": arguments},
        })),
        _ => None,
    };
    let calls: Vec<Value> = run.waiting().into_iter().filter_map(call).collect();
    json!({"type": "submit_tool_outputs", "submit_tool_outputs": {"tool_calls": calls}})
}

fn last_error(end: Option<&End>) -> Value {
    match end {
        Some(End::Failed(code, message)) => json!({"code": code, "message": message}),
        _ => Value::Null,
    }
}

fn usage(prompt: u32, completion: u32) -> Value {
    json!({"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion})
}

/// A step as it is shown when it is that far. A step that waits when its run expires is over with it.
pub(super) fn step(run: &Run, step: &Step, thread_id: &str, phase: StepPhase) -> Value {
    let (end, at) = match (phase, step.ends) {
        (StepPhase::Writing | StepPhase::Waiting, _) => (None, None),
        (StepPhase::Ended, Some(ends)) => (Some(step.end), Some(ends)),
        (StepPhase::Ended, None) => (Some(StepEnd::Expired), Some(run.expires())),
    };
    let status = match end {
        None => "in_progress",
        Some(StepEnd::Completed) => "completed",
        Some(StepEnd::Cancelled) => "cancelled",
        Some(StepEnd::Expired) => "expired",
    };
    let when = |wanted: StepEnd| at.filter(|_| end == Some(wanted)).map(Moment::unix);
    let kind = if step.message_id().is_some() { "message_creation" } else { "tool_calls" };
    json!({
        "id": step.id,
        "object": "thread.run.step",
        "created_at": step.begins.unix(),
        "run_id": run.id,
        "assistant_id": run.assistant_id,
        "thread_id": thread_id,
        "type": kind,
        "status": status,
        "cancelled_at": when(StepEnd::Cancelled),
        "completed_at": when(StepEnd::Completed),
        "expired_at": when(StepEnd::Expired),
        "failed_at": null,
        "last_error": null,
        "step_details": details(step, phase),
        "usage": end.map(|_| usage(step.prompt_tokens, step.completion_tokens)),
        "metadata": null,
    })
}

fn details(step: &Step, phase: StepPhase) -> Value {
    match &step.work {
        Work::Message(id) => json!({"type": "message_creation", "message_creation": {"message_id": id}}),
        // Calls show when they are written.
        Work::Calls(_) if phase == StepPhase::Writing => json!({"type": "tool_calls", "tool_calls": []}),
        Work::Calls(calls) => {
            let calls: Vec<Value> = calls.iter().map(call).collect();
            json!({"type": "tool_calls", "tool_calls": calls})
        }
    }
}

/// A call as a step shows it.
fn call(call: &ToolCall) -> Value {
    match &call.tool {
        CalledTool::Function { name, arguments, output } => json!({
            "id": call.id, "type": "function", "function": {"name": name, "arguments": arguments, "output": output},
        }),
        CalledTool::Code { input, logs } => json!({
            "id": call.id, "type": "code_interpreter", "code_interpreter": {"input": input, "outputs": outputs(logs.as_deref())},
        }),
        CalledTool::Search { results, ranker, threshold, .. } => {
            let result = |result: &SearchResult| json!({"file_id": result.file_id, "file_name": result.filename, "score": result.score});
            let results: Vec<Value> = results.iter().map(result).collect();
            let options = json!({"ranker": ranker, "score_threshold": threshold});
            json!({
                "id": call.id, "type": "file_search",
                "file_search": {"ranking_options": options, "results": results},
            })
        }
    }
}

/// What code printed.
pub(super) fn outputs(logs: Option<&str>) -> Value {
    let outputs: Vec<Value> = logs.into_iter().map(|logs| json!({"type": "logs", "logs": logs})).collect();
    json!(outputs)
}
