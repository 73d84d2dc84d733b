//! Items: the pieces of a conversation, as clients send them and as they are kept and listed.
//!
//! Whatever is kept is in its full form: it has a type, an id and, where its kind has one, a status; contents are lists
//! of parts. Responses and conversations share this.

use serde_json::{Value, json};

use super::content;
use super::wire::Object;
use crate::context::Context;
use crate::error::ApiError;

/// What is known of a kind of item.
struct Kind {
    name: &'static str,
    /// How its ids begin.
    prefix: &'static str,
    /// What a client must send.
    required: &'static [&'static str],
    /// Whether it has a status, `completed` unless said.
    status: bool,
}

const fn kind(name: &'static str, prefix: &'static str, required: &'static [&'static str], status: bool) -> Kind {
    Kind { name, prefix, required, status }
}

const KINDS: &[Kind] = &[
    kind("message", "msg_", &["role", "content"], true),
    kind("function_call", "fc_", &["call_id", "name", "arguments"], true),
    kind("function_call_output", "fco_", &["call_id", "output"], true),
    kind("custom_tool_call", "ctc_", &["call_id", "name", "input"], true),
    kind("custom_tool_call_output", "ctco_", &["call_id", "output"], true),
    kind("reasoning", "rs_", &["summary"], false),
    kind("web_search_call", "ws_", &["action"], true),
    kind("file_search_call", "fs_", &["queries"], true),
    kind("code_interpreter_call", "ci_", &["code", "container_id"], true),
    kind("image_generation_call", "ig_", &["result"], true),
    kind("computer_call", "cu_", &["call_id"], true),
    kind("computer_call_output", "cuo_", &["call_id", "output"], true),
    kind("local_shell_call", "lsh_", &["call_id", "action"], true),
    kind("local_shell_call_output", "lsho_", &["output"], true),
    kind("shell_call", "sh_", &["call_id", "action"], true),
    kind("shell_call_output", "sho_", &["call_id", "output"], true),
    kind("apply_patch_call", "apc_", &["call_id", "operation"], true),
    kind("apply_patch_call_output", "apco_", &["call_id", "status"], true),
    kind("tool_search_call", "tsc_", &["arguments"], true),
    kind("tool_search_output", "tso_", &["tools"], true),
    kind("mcp_list_tools", "mcpl_", &["server_label", "tools"], false),
    kind("mcp_call", "mcp_", &["server_label", "name", "arguments"], true),
    kind("mcp_approval_request", "mcpr_", &["server_label", "name", "arguments"], false),
    kind("mcp_approval_response", "mcpar_", &["approval_request_id", "approve"], false),
    kind("compaction", "cmp_", &["encrypted_content"], false),
];

/// Digits at the end of an id that all items of one response share, as those of `OpenAI` do.
const SHARED_DIGITS: usize = 16;
/// Digits before them.
const OWN_DIGITS: usize = 32;

/// Makes ids that end alike.
#[derive(Clone)]
pub(in crate::api::openai) struct ItemIds {
    context: Context,
    shared: String,
}

impl ItemIds {
    /// New ids that share a new end.
    pub(in crate::api::openai) fn new(context: &Context) -> Self {
        Self { context: context.clone(), shared: context.hex_id("", SHARED_DIGITS) }
    }

    /// A new id.
    pub(in crate::api::openai) fn next(&self, prefix: &str) -> String {
        self.context.hex_id(prefix, OWN_DIGITS) + &self.shared
    }

    /// The id a call's result names.
    pub(super) fn call(&self) -> String {
        self.context.id("call_", 24)
    }
}

/// The end of an id that it shares with the other ids of its response.
pub(super) fn shared_end(id: &str) -> &str {
    id.get(id.len().saturating_sub(SHARED_DIGITS)..).unwrap_or(id)
}

/// What a client sent as an item.
pub(in crate::api::openai) enum Sent {
    /// An item in its full form.
    Item(Value),
    /// The id of one that is kept already.
    Reference(String),
}

/// An item in its full form; `param` is its path.
pub(in crate::api::openai) fn read(mut item: Object, ids: &ItemIds, param: &str) -> Result<Sent, ApiError> {
    if item.get("type").is_none_or(Value::is_null) {
        let message = item.contains_key("role") || item.contains_key("content");
        let kind = if message || !item.contains_key("id") { "message" } else { "item_reference" };
        item.insert("type".to_owned(), json!(kind));
    }
    let name = match &item["type"] {
        Value::String(name) => name.clone(),
        _ => return Err(wrong_type(&format!("{param}.type"), "a string")),
    };
    if name == "item_reference" {
        let id = item.get("id").and_then(Value::as_str);
        return id.map(|id| Sent::Reference(id.to_owned())).ok_or_else(|| ApiError::missing(&format!("{param}.id")));
    }
    let Some(kind) = KINDS.iter().find(|kind| kind.name == name) else {
        let mut names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        names.push("item_reference");
        return Err(ApiError::unsupported_value(&format!("{param}.type"), &name, &names));
    };
    if let Some(field) = kind.required.iter().find(|field| !item.contains_key(**field)) {
        return Err(ApiError::missing(&format!("{param}.{field}")));
    }
    check_texts(&item, param)?;
    let id = match item.get("id").and_then(Value::as_str) {
        Some(id) if !id.is_empty() => id.to_owned(),
        _ => ids.next(kind.prefix),
    };
    if name == "message" {
        return message(&ids.context, item, &id, param).map(Sent::Item);
    }
    let mut full = Object::new();
    full.insert("id".to_owned(), json!(id));
    full.insert("type".to_owned(), json!(name));
    if kind.status {
        let status = item.get("status").filter(|status| status.is_string()).cloned();
        full.insert("status".to_owned(), status.unwrap_or_else(|| json!("completed")));
    }
    if let Some(Value::Array(parts)) =
        item.get_mut("output").filter(|_| name.ends_with("tool_call_output") || name == "function_call_output")
    {
        content::complete(&ids.context, parts, &format!("{param}.output"))?;
    }
    for (key, value) in item {
        if !full.contains_key(&key) {
            full.insert(key, value);
        }
    }
    complete(&name, &mut full);
    Ok(Sent::Item(Value::Object(full)))
}

/// Gives an item the fields that are null unless said.
fn complete(kind: &str, item: &mut Object) {
    let own: &[&str] = match kind {
        "shell_call" => &["environment"],
        "shell_call_output" => &["max_output_length"],
        _ => &[],
    };
    for field in own {
        item.entry(*field).or_insert(Value::Null);
    }
    if let Some(Value::Object(action)) = item.get_mut("action").filter(|_| kind == "shell_call") {
        for field in ["timeout_ms", "max_output_length"] {
            action.entry(field).or_insert(Value::Null);
        }
    }
}

/// A message in its full form.
fn message(context: &Context, mut item: Object, id: &str, param: &str) -> Result<Value, ApiError> {
    const ROLES: [&str; 4] = ["assistant", "system", "developer", "user"];
    let role = match item.remove("role") {
        Some(Value::String(role)) if ROLES.contains(&&*role) => role,
        Some(Value::String(role)) => {
            return Err(ApiError::unsupported_value(&format!("{param}.role"), &role, &ROLES));
        }
        _ => return Err(wrong_type(&format!("{param}.role"), "a string")),
    };
    let path = format!("{param}.content");
    let parts = match item.remove("content") {
        Some(Value::String(text)) if role == "assistant" => vec![content::output_text(&text)],
        Some(Value::String(text)) => vec![json!({"type": "input_text", "text": text})],
        Some(Value::Array(mut parts)) => {
            content::complete(context, &mut parts, &path)?;
            parts
        }
        _ => return Err(wrong_type(&path, "one of an array of objects or string")),
    };
    let status = item.remove("status").filter(Value::is_string).unwrap_or_else(|| json!("completed"));
    let mut full = json!({"id": id, "type": "message", "status": status, "content": parts, "role": role});
    if let Some(phase) = item.remove("phase").filter(Value::is_string) {
        full["phase"] = phase;
    }
    Ok(full)
}

/// Refuses texts that are none.
fn check_texts(item: &Object, param: &str) -> Result<(), ApiError> {
    for field in ["call_id", "name", "input", "server_label", "approval_request_id"] {
        if item.get(field).is_some_and(|value| !value.is_string() && !value.is_null()) {
            return Err(wrong_type(&format!("{param}.{field}"), "a string"));
        }
    }
    Ok(())
}

/// A value of the wrong type at `param`.
pub(super) fn wrong_type(param: &str, expected: &str) -> ApiError {
    ApiError::invalid(format!("Invalid type for '{param}': expected {expected}.")).param(param).code("invalid_type")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn kinds_and_prefixes_are_told_apart() {
        let names: HashSet<_> = KINDS.iter().map(|kind| kind.name).collect();
        let prefixes: HashSet<_> = KINDS.iter().map(|kind| kind.prefix).collect();
        assert_eq!((names.len(), prefixes.len()), (KINDS.len(), KINDS.len()));
    }

    #[test]
    fn the_shared_end_of_any_text_is_a_text() {
        assert_eq!(shared_end("msg_00112233445566778899aabbccddeeff"), "8899aabbccddeeff");
        assert_eq!(shared_end("é"), "é");
        assert_eq!(shared_end(""), "");
    }
}
