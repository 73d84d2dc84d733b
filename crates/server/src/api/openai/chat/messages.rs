//! Messages → turns: roles, contents, calls and their results, checked in OpenAI's words.

use fakeai_writer::{Call, Part, Role, Turn};

use super::content;
use super::wire::{CallWire, CalledFunction, Content, Message};
use crate::context::Context;
use crate::error::ApiError;

/// The turns of a conversation.
pub(super) fn turns(context: &Context, messages: Vec<Message>) -> Result<Vec<Turn>, ApiError> {
    let mut turns: Vec<Turn> = Vec::with_capacity(messages.len());
    // Ids of the last assistant message's calls that have no result yet, and the place of that message.
    let mut open: (Vec<String>, usize) = (Vec::new(), 0);
    let mut called = false;
    for (index, message) in messages.into_iter().enumerate() {
        let turn = turn(context, message, index)?;
        if turn.role == Role::Tool {
            answer(&turn, index, called, &mut open.0, &turns)?;
        } else {
            all_answered(&open)?;
            called = !turn.calls.is_empty();
            open = (turn.calls.iter().map(|call| call.id.clone()).collect(), index);
            if turn.role == Role::Assistant && turn.calls.iter().any(|call| call.id.is_empty()) {
                // The older form has no ids.
                open.0.clear();
            }
        }
        turns.push(turn);
    }
    all_answered(&open)?;
    Ok(turns)
}

/// A tool's result answers a call of the message before.
fn answer(turn: &Turn, index: usize, called: bool, open: &mut Vec<String>, turns: &[Turn]) -> Result<(), ApiError> {
    if !called {
        let text = "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with \
                    'tool_calls'.";
        return Err(ApiError::invalid(text).param(format!("messages.[{index}].role")));
    }
    let id = turn.answers.as_deref().unwrap_or_default();
    let asked = turns.iter().rev().find(|turn| turn.role == Role::Assistant);
    if !asked.is_some_and(|asked| asked.calls.iter().any(|call| call.id == id)) {
        let text =
            format!("Invalid parameter: 'tool_call_id' of '{id}' not found in 'tool_calls' of previous message.");
        return Err(ApiError::invalid(text).param(format!("messages.[{index}].tool_call_id")));
    }
    open.retain(|open| open != id);
    Ok(())
}

/// Every call has its result before anybody else speaks.
fn all_answered((open, index): &(Vec<String>, usize)) -> Result<(), ApiError> {
    if open.is_empty() {
        return Ok(());
    }
    let text = format!(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. \
         The following tool_call_ids did not have response messages: {}",
        open.join(", ")
    );
    Err(ApiError::invalid(text).param(format!("messages.[{}].role", index + 1)))
}

fn role(name: Option<&str>, index: usize) -> Result<Role, ApiError> {
    const ROLES: [&str; 6] = ["system", "assistant", "user", "function", "tool", "developer"];
    match name {
        None => Err(ApiError::missing(&format!("messages[{index}].role"))),
        Some("system") => Ok(Role::System),
        Some("developer") => Ok(Role::Developer),
        Some("user") => Ok(Role::User),
        Some("assistant") => Ok(Role::Assistant),
        Some("tool") => Ok(Role::Tool),
        Some("function") => Ok(Role::Function),
        Some(other) => Err(ApiError::unsupported_value(&format!("messages[{index}].role"), other, &ROLES)),
    }
}

fn turn(context: &Context, message: Message, index: usize) -> Result<Turn, ApiError> {
    let param = || format!("messages[{index}]");
    let role = role(message.role.as_deref(), index)?;
    if role == Role::Tool && message.tool_call_id.is_none() {
        return Err(ApiError::missing(&format!("{}.tool_call_id", param())));
    }
    if role == Role::Function && message.name.is_none() {
        return Err(ApiError::missing(&format!("{}.name", param())));
    }
    let parts = match message.content {
        Some(Content::Text(text)) => vec![Part::Text(text)],
        Some(Content::Parts(parts)) => {
            let measured = parts.into_iter().enumerate();
            measured
                .map(|(part, content)| content::measure(context, content, &format!("{}.content[{part}]", param())))
                .collect::<Result<_, _>>()?
        }
        // An assistant may have called tools or refused instead of saying something.
        None if role == Role::Assistant => message.refusal.map(Part::Text).into_iter().collect(),
        None => {
            let param = format!("{}.content", param());
            let text = format!("Invalid value for 'content': expected a string, got null. (param: {param})");
            return Err(ApiError::invalid(text).param(param));
        }
    };
    let mut calls = match message.tool_calls {
        Some(calls) if role == Role::Assistant => calls_made(calls, &param())?,
        _ => Vec::new(),
    };
    if let Some(function) = message.function_call.filter(|_| role == Role::Assistant) {
        calls.push(function_called(String::new(), function, &format!("{}.function_call", param()))?);
    }
    Ok(Turn { role, name: message.name, parts, calls, answers: message.tool_call_id })
}

fn calls_made(calls: Vec<CallWire>, param: &str) -> Result<Vec<Call>, ApiError> {
    if calls.is_empty() {
        let param = format!("{param}.tool_calls");
        let message = format!(
            "Invalid '{param}': empty array. Expected an array with minimum length 1, but got an empty array instead."
        );
        return Err(ApiError::invalid(message).param(param).code("empty_array"));
    }
    let made = |(index, call): (usize, CallWire)| {
        let param = format!("{param}.tool_calls[{index}]");
        let missing = |field: &str| ApiError::missing(&format!("{param}.{field}"));
        let id = call.id.ok_or_else(|| missing("id"))?;
        match call.kind.as_deref() {
            Some("custom") => {
                let custom = call.custom.ok_or_else(|| missing("custom"))?;
                let name = custom.name.ok_or_else(|| missing("custom.name"))?;
                Ok(Call { id, name, input: custom.input.unwrap_or_default() })
            }
            Some("function") => {
                let function = call.function.ok_or_else(|| missing("function"))?;
                function_called(id, function, &format!("{param}.function"))
            }
            None => Err(missing("type")),
            Some(other) => Err(ApiError::unsupported_value(&format!("{param}.type"), other, &["function", "custom"])),
        }
    };
    calls.into_iter().enumerate().map(made).collect()
}

fn function_called(id: String, function: CalledFunction, param: &str) -> Result<Call, ApiError> {
    let name = function.name.ok_or_else(|| ApiError::missing(&format!("{param}.name")))?;
    let input = function.arguments.ok_or_else(|| ApiError::missing(&format!("{param}.arguments")))?;
    Ok(Call { id, name, input })
}
