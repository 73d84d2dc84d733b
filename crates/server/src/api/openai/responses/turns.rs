//! Items → the turns the writer knows: calls with their results, in OpenAI's words where one is without the other.

use fakeai_writer::{Call, Part, Role, Turn};
use serde_json::Value;

use super::content;
use super::seal::Seal;
use crate::context::Context;
use crate::error::ApiError;

/// How much of an item's text is shown to the model as the result of a tool.
const MOST_RESULT_BYTES: usize = 64 * 1024;

/// Calls that wait for a result of the client: the item of the call, that of the result, and what OpenAI calls them.
const PAIRS: &[(&str, &str, &str)] = &[
    ("function_call", "function_call_output", "function call"),
    ("custom_tool_call", "custom_tool_call_output", "custom tool call"),
    ("computer_call", "computer_call_output", "computer call"),
    ("local_shell_call", "local_shell_call_output", "local shell call"),
    ("shell_call", "shell_call_output", "shell call"),
    ("apply_patch_call", "apply_patch_call_output", "apply patch call"),
];

/// The turns under way.
struct Turns<'a> {
    context: &'a Context,
    turns: Vec<Turn>,
    /// Ids of calls that were made: the place in [`PAIRS`], the id, and whether it has its result.
    called: Vec<(usize, String, bool)>,
}

/// The turns that `items` are. `seal` opens what was handed out sealed.
pub(super) fn turns(context: &Context, items: &[Value], seal: &Seal) -> Result<Vec<Turn>, ApiError> {
    let mut turns = Turns { context, turns: Vec::new(), called: Vec::new() };
    for (index, item) in items.iter().enumerate() {
        turns.add(item, index, seal)?;
    }
    if let Some((pair, id, _)) = turns.called.iter().find(|(_, _, answered)| !answered) {
        let message = format!("No tool output found for {} {id}.", PAIRS[*pair].2);
        return Err(ApiError::invalid(message).param("input"));
    }
    Ok(turns.turns)
}

impl Turns<'_> {
    fn add(&mut self, item: &Value, index: usize, seal: &Seal) -> Result<(), ApiError> {
        let kind = item["type"].as_str().unwrap_or_default();
        let text = |field: &str| item[field].as_str().unwrap_or_default().to_owned();
        if let Some(pair) = PAIRS.iter().position(|(call, ..)| *call == kind) {
            self.called.push((pair, text("call_id"), false));
        }
        if let Some(pair) = PAIRS.iter().position(|(_, output, _)| *output == kind) {
            self.answered(pair, item)?;
        }
        match kind {
            "message" => self.say(item, index)?,
            "function_call" => self.call(text("call_id"), text("name"), text("arguments")),
            "custom_tool_call" => self.call(text("call_id"), text("name"), text("input")),
            "computer_call" | "local_shell_call" | "shell_call" => {
                let action = if item["action"].is_null() { &item["actions"] } else { &item["action"] };
                self.call(text("call_id"), kind.trim_end_matches("_call").to_owned(), action.to_string());
            }
            "apply_patch_call" => self.call(text("call_id"), "apply_patch".to_owned(), item["operation"].to_string()),
            "mcp_call" => {
                self.call(text("id"), text("name"), text("arguments"));
                self.result(text("id"), vec![Part::Text(shown(&item["output"]))]);
            }
            "code_interpreter_call" => {
                self.call(text("id"), "code_interpreter".to_owned(), text("code"));
                self.result(text("id"), vec![Part::Text(shown(&item["outputs"]))]);
            }
            "reasoning" => {
                seal.open_item(item)?;
            }
            "compaction" => {
                let summary = seal.open_item(item)?.unwrap_or_default();
                self.turns.push(Turn::new(Role::Developer, summary));
            }
            // What the platform did by itself, or asked of the client, is told by the messages around it.
            _ => {}
        }
        Ok(())
    }

    fn say(&mut self, item: &Value, index: usize) -> Result<(), ApiError> {
        let role = match item["role"].as_str() {
            Some("system") => Role::System,
            Some("developer") => Role::Developer,
            Some("assistant") => Role::Assistant,
            _ => Role::User,
        };
        let parts = item["content"].as_array().map_or(&[][..], Vec::as_slice);
        let parts = content::parts(self.context, parts, &format!("input[{index}].content"))?;
        self.turns.push(Turn { parts, ..Turn::new(role, "") });
        Ok(())
    }

    /// Calls belong to what the model said last; the first of them begins a turn of its own.
    fn call(&mut self, id: String, name: String, input: String) {
        let call = Call { id, name, input };
        match self.turns.last_mut() {
            Some(turn) if turn.role == Role::Assistant => turn.calls.push(call),
            _ => self.turns.push(Turn { parts: Vec::new(), calls: vec![call], ..Turn::new(Role::Assistant, "") }),
        }
    }

    fn result(&mut self, id: String, parts: Vec<Part>) {
        self.turns.push(Turn { parts, answers: Some(id), ..Turn::new(Role::Tool, "") });
    }

    /// The client's result of a call that was made.
    fn answered(&mut self, pair: usize, item: &Value) -> Result<(), ApiError> {
        // The output of a local shell names its call by `id`.
        let id = item["call_id"].as_str().or(item["id"].as_str()).unwrap_or_default();
        let call = self.called.iter_mut().find(|(kind, known, _)| *kind == pair && known == id);
        let Some(call) = call else {
            let message = format!("No tool call found for {} output with call_id {id}.", PAIRS[pair].2);
            return Err(ApiError::invalid(message).param("input"));
        };
        call.2 = true;
        let parts = match &item["output"] {
            Value::Array(parts) if pair < 2 => content::parts(self.context, parts, "input.output")?,
            output => vec![Part::Text(shown(output))],
        };
        self.result(id.to_owned(), parts);
        Ok(())
    }
}

/// A result as text: itself if it is one, else as JSON; pictures by their kind only.
fn shown(output: &Value) -> String {
    let mut text = match output {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Object(fields) if fields.contains_key("image_url") => "A screenshot.".to_owned(),
        other => other.to_string(),
    };
    text.truncate(text.floor_char_boundary(MOST_RESULT_BYTES));
    text
}
