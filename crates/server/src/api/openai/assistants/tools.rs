//! The tools of assistants and runs: functions of the client's, and the two the platform has.

use fakeai_writer::Tool;
use serde_json::{Value, json};

use super::checks::wrong_type;
use crate::api::openai::tools::{FunctionWire, function};
use crate::error::ApiError;

/// What may be used.
#[derive(Debug, Default)]
pub(in crate::api::openai) struct Offered {
    /// Functions, in order.
    pub functions: Vec<Tool>,
    /// Whether code may be run.
    pub code: bool,
    /// Whether files may be searched.
    pub search: bool,
}

/// The tools a client describes, at most `most`.
pub(in crate::api::openai) fn offered(tools: &[Value], most: usize) -> Result<Offered, ApiError> {
    if tools.len() > most {
        return Err(ApiError::too_many("tools", most, tools.len()));
    }
    let mut offered = Offered::default();
    for (index, tool) in tools.iter().enumerate() {
        let param = format!("tools[{index}]");
        if !tool.is_object() {
            return Err(wrong_type(&param, "an object"));
        }
        match tool["type"].as_str() {
            None => return Err(ApiError::missing(&format!("{param}.type"))),
            Some("code_interpreter") => offered.code = true,
            Some("file_search") => offered.search = true,
            Some("function") => {
                let param = format!("{param}.function");
                let wire = tool.get("function").ok_or_else(|| ApiError::missing(&param))?;
                let wire: FunctionWire =
                    serde_json::from_value(wire.clone()).map_err(|_| wrong_type(&param, "an object"))?;
                offered.functions.push(function(wire, &param)?);
            }
            Some(other) => {
                let known = ["code_interpreter", "file_search", "function"];
                return Err(ApiError::unsupported_value(&format!("{param}.type"), other, &known));
            }
        }
    }
    Ok(offered)
}

/// The tools as they are shown: functions say whether they are strict.
pub(in crate::api::openai) fn echoed(mut tools: Vec<Value>) -> Vec<Value> {
    for function in tools.iter_mut().filter_map(|tool| tool.get_mut("function")?.as_object_mut()) {
        if function.get("strict").is_none_or(Value::is_null) {
            function.insert("strict".to_owned(), json!(false));
        }
    }
    tools
}
