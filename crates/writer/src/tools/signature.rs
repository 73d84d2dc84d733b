//! How tools are described to a model, to count what that costs.
//!
//! `OpenAI` does not say how; functions are shown as a TypeScript namespace in the system message, and counting that
//! text comes to the tokens it charges within one or two (found by measurement in the public packages
//! `openai-chat-tokens` and `openai-token-counter`).

use std::fmt::Write;

use serde_json::Value;

use super::{Tool, ToolInput};

/// Tokens around the description of all tools, found by the same measurement.
pub(crate) const OVERHEAD_TOKENS: u32 = 9;
/// Tokens around a call in an earlier turn.
pub(crate) const CALL_TOKENS: u32 = 3;

/// Deeper objects are shown as `object`.
const DEEPEST: usize = 16;

/// The tools as the model is shown them.
pub(crate) fn described(tools: &[Tool]) -> String {
    let mut out = String::from("namespace functions {\n\n");
    for tool in tools {
        comment(&mut out, &tool.description, 0);
        match &tool.input {
            ToolInput::Arguments(shape) => {
                let parameters = shape.source();
                let empty = parameters["properties"].as_object().is_none_or(serde_json::Map::is_empty);
                if empty {
                    let _ = writeln!(out, "type {} = () => any;\n", tool.name);
                } else {
                    let _ = writeln!(out, "type {} = (_: {{", tool.name);
                    properties(&mut out, parameters, 0);
                    out.push_str("}) => any;\n\n");
                }
            }
            ToolInput::Text | ToolInput::Grammar(_) => {
                let _ = writeln!(out, "type {} = (FREEFORM) => any;\n", tool.name);
            }
        }
    }
    out.push_str("} // namespace functions");
    out
}

fn comment(out: &mut String, text: &str, indent: usize) {
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let _ = writeln!(out, "{:indent$}// {line}", "");
    }
}

fn properties(out: &mut String, schema: &Value, depth: usize) {
    let required = schema["required"].as_array().map_or(&[][..], Vec::as_slice);
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        comment(out, field["description"].as_str().unwrap_or_default(), depth);
        let mark = if required.iter().any(|required| required == name) { "" } else { "?" };
        let _ = write!(out, "{:depth$}{name}{mark}: ", "");
        kind(out, field, depth);
        out.push_str(",\n");
    }
}

fn kind(out: &mut String, field: &Value, depth: usize) {
    if let Some(choices) = field["enum"].as_array() {
        let choices: Vec<String> = choices.iter().map(Value::to_string).collect();
        return out.push_str(&choices.join(" | "));
    }
    match field["type"].as_str() {
        Some("integer" | "number") => out.push_str("number"),
        Some("array") if depth < DEEPEST && field["items"].is_object() => {
            kind(out, &field["items"], depth);
            out.push_str("[]");
        }
        Some("object") if depth < DEEPEST && field["properties"].is_object() => {
            out.push_str("{\n");
            properties(out, field, depth + 2);
            let _ = write!(out, "{:depth$}}}", "");
        }
        Some(name) => out.push_str(name),
        None => out.push_str("any"),
    }
}
