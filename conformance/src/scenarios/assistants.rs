//! Assistants: assistants, threads, messages, runs and their steps; runs whole, streamed, with tools, cancelled.

use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use super::streams;
use crate::trial::{Trial, data};

/// Longest that a run may take, in steps of [`PATIENCE`].
const MOST_LOOKS: usize = 100;
const PATIENCE: Duration = Duration::from_secs(1);

pub(super) async fn play(trial: &mut Trial<'_, '_>) -> Result<()> {
    let assistant = assistants(trial).await?;
    let thread = threads(trial).await?;
    messages(trial, &thread).await?;
    runs(trial, &assistant, &thread).await?;
    tool_runs(trial, &thread).await?;
    at_once(trial, &assistant).await?;
    trial.name("deleted");
    trial.list("deleteThread", &[&thread], "").await?;
    trial.refuse("getThread", &[&thread], Value::Null, 404).await?;
    trial.list("deleteAssistant", &[&assistant], "").await?;
    trial.refuse("getAssistant", &[&assistant], Value::Null, 404).await
}

async fn assistants(trial: &mut Trial<'_, '_>) -> Result<Value> {
    trial.name("assistants");
    let body = json!({"model": "gpt-4o", "name": "Tutor", "description": "Teaches.", "instructions": "Be kind.",
        "tools": [{"type": "code_interpreter"}, {"type": "file_search"}], "metadata": {"a": "b"}, "temperature": 0.5,
        "response_format": "auto"});
    let made = trial.call("createAssistant", &[], body).await?;
    let id = made["id"].clone();
    trial.call("createAssistant", &[], json!({"model": "gpt-4o"})).await?;
    trial.list("getAssistant", &[&id], "").await?;
    trial.call("modifyAssistant", &[&id], json!({"name": "Teacher", "tools": []})).await?;
    let list = trial.list("listAssistants", &[], "limit=1&order=asc").await?;
    trial.hold("listAssistants", list.is_null() || list["has_more"] == true, "one of two is not all")?;
    Ok(id)
}

async fn threads(trial: &mut Trial<'_, '_>) -> Result<Value> {
    trial.name("threads");
    let body = json!({"messages": [{"role": "user", "content": "What is the sea?"}], "metadata": {"a": "b"}});
    let made = trial.call("createThread", &[], body).await?;
    let id = made["id"].clone();
    trial.list("getThread", &[&id], "").await?;
    trial.call("modifyThread", &[&id], json!({"metadata": {"a": "c"}})).await?;
    Ok(id)
}

async fn messages(trial: &mut Trial<'_, '_>, thread: &Value) -> Result<()> {
    trial.name("messages");
    let body = json!({"role": "user", "content": [{"type": "text", "text": "Tell me more."}], "metadata": {"a": "b"}});
    let made = trial.call("createMessage", &[thread], body).await?;
    let id = made["id"].clone();
    trial.list("getMessage", &[thread, &id], "").await?;
    trial.call("modifyMessage", &[thread, &id], json!({"metadata": {"a": "c"}})).await?;
    trial.list("listMessages", &[thread], "limit=1").await?;
    let other = trial.call("createMessage", &[thread], json!({"role": "assistant", "content": "Yes."})).await?;
    trial.list("deleteMessage", &[thread, &other["id"]], "").await?;
    Ok(())
}

async fn runs(trial: &mut Trial<'_, '_>, assistant: &Value, thread: &Value) -> Result<()> {
    trial.name("a run");
    if assistant.is_null() {
        return Ok(());
    }
    let made = trial.call("createRun", &[thread], json!({"assistant_id": assistant})).await?;
    let run = made["id"].clone();
    let ended = settle(trial, thread, &run).await?;
    if ended.is_null() {
        return Ok(());
    }
    trial.hold("getRun", ended["status"] == "completed", &format!("the run ends as {}", ended["status"]))?;
    trial.call("modifyRun", &[thread, &run], json!({"metadata": {"a": "b"}})).await?;
    trial.list("listRuns", &[thread], "").await?;
    steps(trial, thread, &run).await?;

    trial.name("a run, streamed");
    let body = json!({"assistant_id": assistant, "stream": true, "instructions": "Be brief.",
        "additional_messages": [{"role": "user", "content": "Go on."}]});
    let events = trial.stream("createRun", &[thread], body).await?;
    streams::check_run(trial, "createRun", &events)?;

    trial.name("a run, cancelled");
    let made = trial.call("createRun", &[thread], json!({"assistant_id": assistant})).await?;
    if ["queued", "in_progress"].iter().any(|state| made["status"] == *state) {
        trial.list("cancelRun", &[thread, &made["id"]], "").await?;
    }
    settle(trial, thread, &made["id"]).await?;
    trial.name("a run of nobody");
    trial.refuse("createRun", &[thread], json!({"assistant_id": "asst_none"}), 404).await
}

async fn steps(trial: &mut Trial<'_, '_>, thread: &Value, run: &Value) -> Result<()> {
    let steps = trial.list("listRunSteps", &[thread, run], "").await?;
    for step in steps["data"].as_array().cloned().unwrap_or_default() {
        trial.list("getRunStep", &[thread, run, &step["id"]], "").await?;
    }
    Ok(())
}

/// Runs that need a function's result, given whole and streamed.
async fn tool_runs(trial: &mut Trial<'_, '_>, thread: &Value) -> Result<()> {
    trial.name("a run with a function");
    let parameters = json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
    let function =
        json!({"name": "get_weather", "description": "Get the weather in a city.", "parameters": parameters});
    let tools = json!([{"type": "function", "function": function}]);
    let made = trial.call("createAssistant", &[], json!({"model": "gpt-4o", "tools": tools})).await?;
    if made.is_null() {
        return Ok(());
    }
    let ask = json!({"role": "user", "content": "What's the weather in Paris?"});
    for streamed in [false, true] {
        trial.call("createMessage", &[thread], ask.clone()).await?;
        let body = json!({"assistant_id": made["id"], "tool_choice": "required", "stream": streamed});
        let run = if streamed {
            trial.name("a run with a function, streamed");
            let events = trial.stream("createRun", &[thread], body).await?;
            streams::check_run(trial, "createRun", &events)?;
            let asks = data(&events).into_iter().find(|run| run["status"] == "requires_action");
            asks.unwrap_or_default()
        } else {
            let run = trial.call("createRun", &[thread], body).await?;
            settle(trial, thread, &run["id"]).await?
        };
        if run.is_null() {
            continue;
        }
        let calls = run["required_action"]["submit_tool_outputs"]["tool_calls"].as_array().cloned().unwrap_or_default();
        trial.hold("createRun", !calls.is_empty(), "a required tool is not called")?;
        let outputs: Vec<Value> =
            calls.iter().map(|call| json!({"tool_call_id": call["id"], "output": "14 degrees"})).collect();
        let body = json!({"tool_outputs": outputs, "stream": streamed});
        if streamed {
            let events = trial.stream("submitToolOuputsToRun", &[thread, &run["id"]], body).await?;
            streams::check_run(trial, "submitToolOuputsToRun", &events)?;
        } else {
            trial.call("submitToolOuputsToRun", &[thread, &run["id"]], body).await?;
        }
        let ended = settle(trial, thread, &run["id"]).await?;
        let what = format!("with its results the run ends as {}", ended["status"]);
        trial.hold("submitToolOuputsToRun", ended["status"] == "completed", &what)?;
        steps(trial, thread, &run["id"]).await?;
    }
    Ok(())
}

/// A thread and its run in one request.
async fn at_once(trial: &mut Trial<'_, '_>, assistant: &Value) -> Result<()> {
    trial.name("a thread and a run at once");
    if assistant.is_null() {
        return Ok(());
    }
    let mut body = json!({"assistant_id": assistant, "thread": {"messages": [{"role": "user", "content": "Hello"}]}});
    let made = trial.call("createThreadAndRun", &[], body.clone()).await?;
    settle(trial, &made["thread_id"], &made["id"]).await?;
    trial.list("listMessages", &[&made["thread_id"]], "").await?;
    body["stream"] = json!(true);
    let events = trial.stream("createThreadAndRun", &[], body).await?;
    streams::check_run(trial, "createThreadAndRun", &events)
}

/// Looks until the run waits for nobody but the client; null if there are no runs.
async fn settle(trial: &mut Trial<'_, '_>, thread: &Value, run: &Value) -> Result<Value> {
    for _ in 0..MOST_LOOKS {
        let found = trial.list("getRun", &[thread, run], "").await?;
        let moves = ["queued", "in_progress", "cancelling"].iter().any(|state| found["status"] == *state);
        if !moves {
            return Ok(found);
        }
        trial.server().wait(PATIENCE);
    }
    trial.hold("getRun", false, "the run never ends")?;
    Ok(Value::Null)
}
