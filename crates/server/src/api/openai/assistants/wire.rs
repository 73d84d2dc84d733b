//! An assistant, as it is kept and shown, and as clients describe it.

use fakeai_store::{Change, Retention};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::checks::{instructions, resources, response_format, temperature, text, top_p};
use super::tools::{echoed, offered};
use crate::api::openai::chat::metadata;
use crate::api::openai::reasoning::{Wish, reasoning};
use crate::context::Context;
use crate::error::ApiError;

/// The kind of its documents.
pub(super) const KIND: &str = "assistant";
/// Most tools of an assistant.
const MOST_TOOLS: usize = 128;
/// Longest name and description, characters.
const LONGEST_NAME: usize = 256;
const LONGEST_DESCRIPTION: usize = 512;

/// An assistant.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(in crate::api::openai) struct Assistant {
    pub id: String,
    object: String,
    created_at: i64,
    name: Option<String>,
    description: Option<String>,
    pub model: String,
    pub instructions: Option<String>,
    pub tools: Vec<Value>,
    pub top_p: f64,
    pub temperature: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning_effort: Option<String>,
    pub tool_resources: Value,
    metadata: Map<String, Value>,
    pub response_format: Value,
}

/// The body that makes or changes one: what is absent stays as it is, `null` takes away.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct AssistantWire {
    model: Option<String>,
    name: Field<String>,
    description: Field<String>,
    instructions: Field<String>,
    reasoning_effort: Field<String>,
    tools: Field<Vec<Value>>,
    tool_resources: Field<Map<String, Value>>,
    metadata: Field<Map<String, Value>>,
    temperature: Field<f64>,
    top_p: Field<f64>,
    response_format: Option<Value>,
}

/// A field that may be absent, which is not the same as `null`.
#[derive(Debug, Default)]
enum Field<T> {
    #[default]
    Absent,
    Given(Option<T>),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self::Given)
    }
}

impl<T> Field<T> {
    /// The value, if there is one.
    const fn value(&self) -> Option<&T> {
        match self {
            Self::Given(Some(value)) => Some(value),
            Self::Given(None) | Self::Absent => None,
        }
    }

    /// Puts what is given in the place of `kept`.
    fn replace(self, kept: &mut Option<T>) {
        if let Self::Given(value) = self {
            *kept = value;
        }
    }
}

impl AssistantWire {
    /// What tools may use.
    pub(super) const fn resources(&mut self) -> Option<&mut Map<String, Value>> {
        match &mut self.tool_resources {
            Field::Given(Some(resources)) => Some(resources),
            Field::Given(None) | Field::Absent => None,
        }
    }
}

impl Assistant {
    /// A new one.
    pub(super) fn create(context: &Context, wire: AssistantWire) -> Result<Self, ApiError> {
        let model = wire.model.clone().filter(|model| !model.is_empty());
        let mut assistant = Self {
            id: String::new(),
            object: "assistant".to_owned(),
            created_at: context.created(),
            name: None,
            description: None,
            model: model.ok_or_else(|| ApiError::missing("model"))?,
            instructions: None,
            tools: Vec::new(),
            top_p: 1.0,
            temperature: 1.0,
            reasoning_effort: None,
            tool_resources: Value::Object(Map::new()),
            metadata: Map::new(),
            response_format: Value::from("auto"),
        };
        assistant.change(context, wire)?;
        assistant.id = context.id("asst_", 24);
        Ok(assistant)
    }

    /// Takes over what `wire` gives, if all of it is right.
    pub(super) fn change(&mut self, context: &Context, wire: AssistantWire) -> Result<(), ApiError> {
        let AssistantWire {
            model,
            name,
            description,
            instructions: orders,
            reasoning_effort,
            tools,
            tool_resources,
            metadata: pairs,
            temperature: heat,
            top_p: mass,
            response_format: format,
        } = wire;
        if let Some(model) = model.filter(|model| !model.is_empty()) {
            self.model = model;
        }
        let card = context.model(&self.model)?;
        context.note().model = Some(card.id.as_str().into());
        text("name", name.value().map(String::as_str), LONGEST_NAME)?;
        text("description", description.value().map(String::as_str), LONGEST_DESCRIPTION)?;
        instructions("instructions", orders.value().map(String::as_str))?;
        metadata(pairs.value())?;
        name.replace(&mut self.name);
        description.replace(&mut self.description);
        orders.replace(&mut self.instructions);
        reasoning_effort.replace(&mut self.reasoning_effort);
        reasoning(&card, Wish { effort: self.reasoning_effort.as_deref(), ..Wish::default() }, "reasoning_effort")?;
        if let Field::Given(tools) = tools {
            let tools = tools.unwrap_or_default();
            offered(&tools, MOST_TOOLS)?;
            self.tools = echoed(tools);
        }
        if let Field::Given(given) = tool_resources {
            self.tool_resources = resources(given)?;
        }
        if let Field::Given(pairs) = pairs {
            self.metadata = pairs.unwrap_or_default();
        }
        if let Field::Given(value) = heat {
            self.temperature = temperature(value)?.unwrap_or(1.0);
        }
        if let Field::Given(value) = mass {
            self.top_p = top_p(value)?.unwrap_or(1.0);
        }
        if let Some(format) = format {
            response_format(&format)?;
            self.response_format = format;
        }
        Ok(())
    }

    /// Puts it away.
    pub(super) async fn put(&self, context: &Context) -> Result<(), ApiError> {
        let body = serde_json::to_vec(self).map_err(|_| ApiError::internal())?;
        // Threads and runs refer to it.
        context.documents().change(Change::put(KIND, &*self.id, body).retained(Retention::Kept)).await?;
        Ok(())
    }
}

/// The assistant of an id.
pub(in crate::api::openai) fn find(context: &Context, id: &str) -> Result<Assistant, ApiError> {
    let found = context.documents().get(KIND, id).wait()?;
    found.and_then(|found| serde_json::from_slice(&found.body).ok()).ok_or_else(|| ApiError::no_such("assistant", id))
}
