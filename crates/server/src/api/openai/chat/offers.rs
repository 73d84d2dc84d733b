//! The tools of a chat request, and the older functions, as one list.

use fakeai_writer::Tools;
use serde_json::Value;

use super::wire::{ChatRequest, ToolWire};
use crate::api::openai::tools::{self, Wanted};
use crate::error::ApiError;

/// What may be called; takes it out of the request.
pub(super) fn tools(wire: &mut ChatRequest) -> Result<Tools, ApiError> {
    let tool_choice = wire.tool_choice.take().filter(|choice| !choice.is_null());
    let function_call = wire.function_call.take().filter(|choice| !choice.is_null());
    let (offered, choice, param) = match (wire.tools.take(), wire.functions.take()) {
        (Some(_), Some(_)) => {
            let message =
                "'tools' and 'functions' are mutually exclusive: 'functions' is deprecated in favor of 'tools'.";
            return Err(ApiError::invalid(message).param("functions"));
        }
        (Some(list), None) => {
            tools::check_count(list.len(), "tools")?;
            let offered = list.into_iter().enumerate().map(|(index, tool)| offered(tool, &format!("tools[{index}]")));
            (offered.collect::<Result<Vec<_>, _>>()?, tool_choice, "tool_choice")
        }
        (None, Some(list)) => {
            tools::check_count(list.len(), "functions")?;
            let offered = list.into_iter().enumerate();
            let offered = offered.map(|(index, function)| tools::function(function, &format!("functions[{index}]")));
            (offered.collect::<Result<Vec<_>, _>>()?, function_call, "function_call")
        }
        (None, None) => {
            for (choice, param, list) in
                [(tool_choice, "tool_choice", "tools"), (function_call, "function_call", "functions")]
            {
                if choice.is_some_and(|choice| choice != "none") {
                    let message =
                        format!("Invalid value for '{param}': '{param}' is only allowed when '{list}' are specified.");
                    return Err(ApiError::invalid(message).param(param));
                }
            }
            if wire.parallel_tool_calls.is_some() {
                let message = "Invalid value for 'parallel_tool_calls': 'parallel_tool_calls' is only allowed when \
                               'tools' are specified.";
                return Err(ApiError::invalid(message).param("parallel_tool_calls"));
            }
            return Ok(Tools::default());
        }
    };
    let wanted = choice.map(|choice| wanted(&choice, param)).transpose()?;
    let mut tools = tools::choose(offered, wanted, param)?;
    // The older form has room for one call.
    tools.one_at_a_time = wire.parallel_tool_calls == Some(false) || param == "function_call";
    Ok(tools)
}

fn offered(tool: ToolWire, param: &str) -> Result<fakeai_writer::Tool, ApiError> {
    match tool.kind.as_deref() {
        None => Err(ApiError::missing(&format!("{param}.type"))),
        Some("function") => {
            let function = tool.function.ok_or_else(|| ApiError::missing(&format!("{param}.function")))?;
            tools::function(function, &format!("{param}.function"))
        }
        Some("custom") => {
            let custom = tool.custom.ok_or_else(|| ApiError::missing(&format!("{param}.custom")))?;
            tools::custom(custom, &format!("{param}.custom"))
        }
        Some(other) => Err(ApiError::unsupported_value(&format!("{param}.type"), other, &["function", "custom"])),
    }
}

/// What `tool_choice` or `function_call` says.
fn wanted(choice: &Value, param: &str) -> Result<Wanted, ApiError> {
    let name = |value: &Value| value["name"].as_str().map(str::to_owned);
    let missing = |field: &str| ApiError::missing(&format!("{param}.{field}"));
    if let Some(mode) = choice.as_str() {
        return Ok(Wanted::Mode(mode.to_owned()));
    }
    if !choice.is_object() {
        let message = format!("Invalid type for '{param}': expected one of a string or object.");
        return Err(ApiError::invalid(message).param(param).code("invalid_type"));
    }
    if param == "function_call" {
        return name(choice).map(Wanted::Named).ok_or_else(|| missing("name"));
    }
    match choice["type"].as_str() {
        None => Err(missing("type")),
        Some(kind @ ("function" | "custom")) => {
            name(&choice[kind]).map(Wanted::Named).ok_or_else(|| missing(&format!("{kind}.name")))
        }
        Some("allowed_tools") => {
            let allowed = &choice["allowed_tools"];
            let mode = allowed["mode"].as_str().ok_or_else(|| missing("allowed_tools.mode"))?;
            let list = allowed["tools"].as_array().ok_or_else(|| missing("allowed_tools.tools"))?;
            let named = |tool: &Value| name(&tool[tool["type"].as_str().unwrap_or("function")]).or_else(|| name(tool));
            let names = list.iter().map(|tool| named(tool).ok_or_else(|| missing("allowed_tools.tools")));
            Ok(Wanted::Among(mode.to_owned(), names.collect::<Result<_, _>>()?))
        }
        Some(other) => {
            Err(ApiError::unsupported_value(&format!("{param}.type"), other, &["function", "custom", "allowed_tools"]))
        }
    }
}
