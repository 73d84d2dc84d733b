//! Stored responses as rows of a run: which are meant, and what a row has of one.

use serde_json::{Value, json};

use crate::api::openai::responses::ended;
use crate::context::Context;
use crate::error::ApiError;

use super::rows::Row;

/// Which stored responses are meant. What is not said holds for all.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Wish {
    model: Option<String>,
    metadata: Vec<(String, String)>,
    instructions: Option<String>,
    after: Option<i64>,
    before: Option<i64>,
    effort: Option<String>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    users: Vec<String>,
    tools: Vec<String>,
}

impl Wish {
    /// Reads `data_source.source`.
    pub(super) fn parse(source: &Value) -> Self {
        let text = |name: &str| source[name].as_str().map(str::to_owned);
        let texts = |name: &str| {
            let all = source[name].as_array().into_iter().flatten();
            all.filter_map(|one| one.as_str().map(str::to_owned)).collect()
        };
        let pairs = source["metadata"].as_object().into_iter().flatten();
        Self {
            model: text("model"),
            metadata: pairs.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect(),
            instructions: text("instructions_search"),
            after: source["created_after"].as_i64(),
            before: source["created_before"].as_i64(),
            effort: text("reasoning_effort"),
            temperature: source["temperature"].as_f64(),
            top_p: source["top_p"].as_f64(),
            users: texts("users"),
            tools: texts("tools"),
        }
    }

    /// Whether a stored response is one of those.
    fn takes(&self, response: &Value) -> bool {
        let said = |name: &str, wanted: Option<&str>| wanted.is_none_or(|wanted| response[name] == wanted);
        let near = |name: &str, wanted: Option<f64>| {
            wanted.is_none_or(|wanted| response[name].as_f64().is_some_and(|got| (got - wanted).abs() < 1e-9))
        };
        let created = response["created_at"].as_i64().unwrap_or_default();
        let instructions = response["instructions"].as_str().unwrap_or_default();
        said("model", self.model.as_deref())
            && self.metadata.iter().all(|(key, value)| response["metadata"][key] == value.as_str())
            && self.instructions.as_ref().is_none_or(|words| instructions.contains(words.as_str()))
            && self.after.is_none_or(|after| created >= after)
            && self.before.is_none_or(|before| created <= before)
            && self.effort.as_ref().is_none_or(|effort| response["reasoning"]["effort"] == effort.as_str())
            && near("temperature", self.temperature)
            && near("top_p", self.top_p)
            && (self.users.is_empty() || self.users.iter().any(|user| response["user"] == user.as_str()))
            && self.tools.iter().all(|tool| has_tool(response, tool))
    }
}

/// Whether a response had a tool, by the name of the function or by its kind.
fn has_tool(response: &Value, wanted: &str) -> bool {
    let mut tools = response["tools"].as_array().into_iter().flatten();
    tools.any(|tool| tool["name"] == wanted || tool["type"] == wanted)
}

/// The rows: what was asked is the item, what was answered the sample.
pub(super) async fn rows(context: &Context, wish: &Wish, most: usize) -> Result<Vec<Row>, ApiError> {
    let found = ended(context, most, |response| wish.takes(response)).await?;
    let row = |(response, input): (Value, Vec<Value>)| {
        let item = json!({
            "input": messages(&response, &input), "instructions": response["instructions"],
            "response_id": response["id"], "model": response["model"], "metadata": response["metadata"],
        });
        Row { item, sample: Some(response) }
    };
    Ok(found.into_iter().map(row).collect())
}

/// The messages it was asked with: its instructions, and its own input without what came before.
fn messages(response: &Value, input: &[Value]) -> Vec<Value> {
    let instructions = response["instructions"].as_str().map(|text| json!({"role": "system", "content": text}));
    let message = |item: &Value| {
        let content = match &item["content"] {
            Value::String(text) => text.clone(),
            parts => {
                let parts = parts.as_array().into_iter().flatten();
                parts.filter_map(|part| part["text"].as_str()).collect::<Vec<_>>().join("\n")
            }
        };
        item["role"].as_str().map(|role| json!({"role": role, "content": content}))
    };
    instructions.into_iter().chain(input.iter().filter_map(message)).collect()
}
