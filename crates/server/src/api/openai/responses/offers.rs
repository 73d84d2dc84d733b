//! The tools of a request: functions and custom tools the model may call, and tools the platform runs itself.

use fakeai_writer::{Tool, Tools};
use serde_json::{Value, json};

use super::hosted::Hosted;
use super::items::wrong_type;
use super::wire::Object;
use crate::api::openai::tools::{self, CustomWire, FunctionWire, Wanted};
use crate::error::ApiError;

/// Everything that may be called.
#[derive(Default)]
pub(super) struct Offers {
    /// What the client runs.
    pub tools: Tools,
    /// What the platform runs, or says it would.
    pub hosted: Vec<(Hosted, Object)>,
    /// The place of the hosted tool that has to run, and the name of the tool of an MCP server.
    pub forced: Option<(usize, Option<String>)>,
    /// Whether hosted tools may run unforced.
    pub may_run: bool,
    /// Functions and custom tools that are in a namespace: their name and its.
    pub namespaces: Vec<(String, String)>,
    /// `tools` as the response shows them.
    pub echo: Vec<Value>,
    /// `tool_choice` as the response shows it.
    pub choice: Value,
}

/// Reads `tools` and `tool_choice`.
pub(super) fn read(list: Vec<Object>, choice: Option<Value>, one_at_a_time: bool) -> Result<Offers, ApiError> {
    let mut offers = Offers { may_run: true, ..Offers::default() };
    let mut offered = Vec::new();
    for (index, tool) in list.into_iter().enumerate() {
        offers.add(tool, &format!("tools[{index}]"), &mut offered)?;
    }
    let choice = choice.filter(|choice| !choice.is_null()).unwrap_or_else(|| json!("auto"));
    let wanted = offers.choose(&choice, &offered)?;
    offers.tools = tools::choose(offered, wanted, "tool_choice")?;
    offers.tools.one_at_a_time = one_at_a_time;
    offers.choice = choice;
    Ok(offers)
}

impl Offers {
    fn add(&mut self, mut tool: Object, param: &str, offered: &mut Vec<Tool>) -> Result<(), ApiError> {
        let kind = match tool.get("type") {
            None | Some(Value::Null) => return Err(ApiError::missing(&format!("{param}.type"))),
            Some(Value::String(kind)) => kind.clone(),
            Some(_) => return Err(wrong_type(&format!("{param}.type"), "a string")),
        };
        match &*kind {
            "function" => {
                offered.push(tools::function(parsed::<FunctionWire>(&tool, param)?, param)?);
                for (field, value) in
                    [("description", Value::Null), ("parameters", Value::Null), ("strict", json!(true))]
                {
                    if tool.get(field).is_none_or(Value::is_null) {
                        tool.insert(field.to_owned(), value);
                    }
                }
            }
            "custom" => {
                offered.push(tools::custom(parsed::<CustomWire>(&tool, param)?, param)?);
                if !tool.contains_key("format") {
                    tool.insert("format".to_owned(), json!({"type": "text"}));
                }
            }
            "namespace" => {
                let Some(Value::Array(inner)) = tool.get("tools").cloned() else {
                    return Err(ApiError::missing(&format!("{param}.tools")));
                };
                let namespace = tools::tool_name(tool.get("name").and_then(Value::as_str).map(str::to_owned), param)?;
                for (index, inner) in inner.into_iter().enumerate() {
                    if let Some(name) = inner["name"].as_str() {
                        self.namespaces.push((name.to_owned(), namespace.clone()));
                    }
                    let param = format!("{param}.tools[{index}]");
                    let Value::Object(inner) = inner else { return Err(wrong_type(&param, "an object")) };
                    self.add(inner, &param, offered)?;
                    self.echo.pop();
                }
            }
            _ => {
                let hosted = Hosted::from_name(&kind).ok_or_else(|| {
                    ApiError::unsupported_value(&format!("{param}.type"), &kind, &Hosted::all_names())
                })?;
                hosted.check(&tool, param)?;
                self.hosted.push((hosted, tool.clone()));
                // Secrets are not said again.
                tool.remove("authorization");
                tool.remove("headers");
            }
        }
        self.echo.push(Value::Object(tool));
        Ok(())
    }

    /// What `tool_choice` says of functions; what it says of hosted tools is kept.
    fn choose(&mut self, choice: &Value, offered: &[Tool]) -> Result<Option<Wanted>, ApiError> {
        let param = "tool_choice";
        if let Some(mode) = choice.as_str() {
            self.may_run = mode != "none";
            if mode == "required" && offered.is_empty() {
                let first = self.hosted.iter().position(|(hosted, _)| hosted.can_be_chosen());
                self.forced = Some((first.ok_or_else(|| not_among(mode))?, None));
                return Ok(None);
            }
            return Ok(Some(Wanted::Mode(mode.to_owned())));
        }
        let Value::Object(fields) = choice else { return Err(wrong_type(param, "one of a string or object")) };
        let missing = |field: &str| ApiError::missing(&format!("{param}.{field}"));
        let name = fields.get("name").and_then(Value::as_str).map(str::to_owned);
        let kind = fields.get("type").and_then(Value::as_str).ok_or_else(|| missing("type"))?;
        match kind {
            "function" | "custom" => {
                let name = name.ok_or_else(|| missing("name"))?;
                if !offered.iter().any(|tool| tool.name == name) {
                    return Err(not_among(kind));
                }
                self.may_run = false;
                Ok(Some(Wanted::Named(name)))
            }
            "allowed_tools" => {
                let mode = fields.get("mode").and_then(Value::as_str).ok_or_else(|| missing("mode"))?;
                let list = fields.get("tools").and_then(Value::as_array).ok_or_else(|| missing("tools"))?;
                let allowed = |kind: &str| list.iter().any(|tool| tool["type"] == kind);
                self.hosted.retain(|(_, tool)| tool["type"].as_str().is_some_and(allowed));
                let names: Vec<String> =
                    list.iter().filter_map(|tool| tool["name"].as_str().map(str::to_owned)).collect();
                if mode == "required" && names.is_empty() && !self.hosted.is_empty() {
                    self.forced = Some((0, None));
                    return Ok(Some(Wanted::Mode("none".to_owned())));
                }
                Ok(Some(Wanted::Among(mode.to_owned(), names)))
            }
            kind => {
                let chosen = Hosted::from_name(kind).filter(|hosted| hosted.can_be_chosen());
                let wanted = chosen.ok_or_else(|| {
                    let mut names = vec!["function", "custom", "allowed_tools"];
                    names.extend(Hosted::all_names());
                    ApiError::unsupported_value("tool_choice.type", kind, &names)
                })?;
                let label = fields.get("server_label");
                let place = self.hosted.iter().position(|(hosted, tool)| {
                    *hosted == wanted && label.is_none_or(|label| tool.get("server_label") == Some(label))
                });
                self.forced = Some((place.ok_or_else(|| not_among(kind))?, name));
                Ok(Some(Wanted::Mode("none".to_owned())))
            }
        }
    }
}

fn not_among(kind: &str) -> ApiError {
    ApiError::invalid(format!("Tool choice '{kind}' not found in 'tools' parameter.")).param("tool_choice")
}

/// An object of the request, at `param`, as what it has to be.
pub(in crate::api::openai) fn parsed<T: serde::de::DeserializeOwned>(
    tool: &Object,
    param: &str,
) -> Result<T, ApiError> {
    let value = Value::Object(tool.clone());
    serde_path_to_error::deserialize::<_, T>(value).map_err(|error| {
        let param = format!("{param}.{}", error.path());
        ApiError::invalid(format!("Invalid type for '{param}': {}.", error.inner())).param(param).code("invalid_type")
    })
}
