//! `mcp`: no server is contacted. The tools listed are the ones the client allows by name; a call of one waits for the
//! approval that the client asked for, and its result says that nothing was contacted.

use serde_json::{Value, json};

use super::{Asked, Performed, Steps, query};
use crate::api::openai::responses::wire::Object;
use crate::error::ApiError;

pub(super) const CUES: &[&str] = &[" mcp ", "use the tool", "use the server", "call the tool", "use the connector"];

/// What a call has instead of a result.
const NOT_CONTACTED: &str = "Simulated: no MCP server is contacted.";

pub(super) fn check(tool: &Object, param: &str) -> Result<(), ApiError> {
    let has = |field: &str| tool.get(field).is_some_and(Value::is_string);
    if has("server_url") || has("connector_id") || has("tunnel_id") {
        return Ok(());
    }
    let message = format!("One of 'server_url' or 'connector_id' must be provided for '{param}'.");
    Err(ApiError::invalid(message).param(param).code("missing_required_parameter"))
}

/// Names of the tools the client allows.
fn allowed(tool: &Object) -> Vec<&str> {
    let list = match tool.get("allowed_tools") {
        Some(Value::Array(list)) => list,
        Some(Value::Object(filter)) => match filter.get("tool_names") {
            Some(Value::Array(list)) => list,
            _ => return Vec::new(),
        },
        _ => return Vec::new(),
    };
    list.iter().filter_map(Value::as_str).collect()
}

/// Whether a call of `name` waits for an approval: always, unless the client says otherwise.
fn needs_approval(tool: &Object, name: &str) -> bool {
    let named = |list: &Value| {
        let names = if list.is_array() { list } else { &list["tool_names"] };
        names.as_array().is_some_and(|names| names.iter().any(|known| known == name))
    };
    match tool.get("require_approval") {
        Some(Value::String(word)) => word != "never",
        Some(Value::Object(filter)) => !filter.get("never").is_some_and(named),
        _ => true,
    }
}

/// Lists the tools unless that was done, and makes the calls that were approved last.
pub(super) fn begin(asked: &Asked<'_>) -> Vec<Performed> {
    let label = asked.tool.get("server_label").cloned().unwrap_or_default();
    let of_server = |item: &&Value, kind: &str| item["type"] == kind && item["server_label"] == label;
    let mut performed = Vec::new();
    if !asked.items.iter().any(|item| of_server(&item, "mcp_list_tools")) {
        let schema = json!({"type": "object", "properties": {}});
        let tools: Vec<Value> = allowed(asked.tool)
            .into_iter()
            .map(|name| json!({"name": name, "description": null, "input_schema": schema, "annotations": null}))
            .collect();
        performed.push(Performed {
            item: json!({
                "id": asked.ids.next("mcpl_"), "type": "mcp_list_tools", "server_label": label, "tools": tools,
                "error": null,
            }),
            ..Performed::default()
        });
    }
    let last = asked.items.iter().rev().take_while(|item| item["type"] == "mcp_approval_response");
    for response in last.filter(|response| response["approve"] == true) {
        let request = asked.items.iter().filter(|item| of_server(item, "mcp_approval_request"));
        let id = &response["approval_request_id"];
        if let Some(request) = request.clone().find(|request| request["id"] == *id) {
            let arguments = request["arguments"].as_str().unwrap_or("{}");
            let name = request["name"].as_str().unwrap_or_default();
            performed.push(call(asked, &label, name, arguments, id));
        }
    }
    performed
}

pub(super) fn perform(asked: &Asked<'_>) -> Vec<Performed> {
    let label = asked.tool.get("server_label").cloned().unwrap_or_default();
    let Some(name) = asked.name.or_else(|| allowed(asked.tool).first().copied()) else { return Vec::new() };
    let arguments = json!({"query": query(asked.text)}).to_string();
    if !needs_approval(asked.tool, name) {
        return vec![call(asked, &label, name, &arguments, &Value::Null)];
    }
    vec![Performed {
        item: json!({
            "id": asked.ids.next("mcpr_"), "type": "mcp_approval_request", "server_label": label, "name": name,
            "arguments": arguments,
        }),
        written: arguments,
        waits: true,
        ..Performed::default()
    }]
}

fn call(asked: &Asked<'_>, label: &Value, name: &str, arguments: &str, approval: &Value) -> Performed {
    Performed {
        item: json!({
            "id": asked.ids.next("mcp_"), "type": "mcp_call", "status": "completed", "approval_request_id": approval,
            "server_label": label, "name": name, "arguments": arguments, "output": NOT_CONTACTED, "error": null,
        }),
        told: Some(("mcp", NOT_CONTACTED.to_owned())),
        written: arguments.to_owned(),
        ..Performed::default()
    }
}

pub(super) fn list_steps(item: &Value) -> Steps {
    let mut steps =
        Steps::plain(item).bare(&["response.mcp_list_tools.in_progress"], &["response.mcp_list_tools.completed"]);
    steps.added["tools"] = json!([]);
    steps
}

pub(super) fn call_steps(item: &Value) -> Steps {
    let mut steps = Steps::plain(item).bare(&["response.mcp_call.in_progress"], &[]);
    steps.added["arguments"] = json!("");
    steps.added["output"] = Value::Null;
    steps.delta = Some("response.mcp_call_arguments.delta");
    steps.after = vec![
        ("response.mcp_call_arguments.done", json!({"arguments": item["arguments"]})),
        ("response.mcp_call.completed", json!({})),
    ];
    steps
}
