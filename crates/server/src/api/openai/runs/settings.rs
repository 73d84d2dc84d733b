//! What a run goes by: the assistant's settings, and what the run says instead.

use std::sync::Arc;

use fakeai_catalog::ModelCard;
use fakeai_writer::{Format, Reasoning, Sampling, Seeding, ToolChoice, Tools};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::wire::{RunWire, TruncationWire};
use crate::api::openai::assistants::{
    Assistant, Offered, Searching, echoed, instructions, offered, response_format, temperature, top_p,
};
use crate::api::openai::reasoning::{Wish, only_default, reasoning, refuses_sampling};
use crate::api::openai::tools::{Wanted, choose};
use crate::context::Context;
use crate::error::ApiError;
use crate::gate::policy;
use crate::wire::{Range, integer};

/// Most tools of a run of its own.
const MOST_TOOLS: usize = 20;
/// Most tools of a run that has them from its assistant.
const MOST_TOOLS_OF_ASSISTANT: usize = 128;
/// Least tokens a run may be limited to.
const LEAST_TOKENS: i64 = 256;

/// Settings as they are kept and shown.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct RunSettings {
    pub model: String,
    pub instructions: String,
    pub tools: Vec<Value>,
    pub temperature: f64,
    pub top_p: f64,
    pub max_prompt_tokens: Option<u32>,
    pub max_completion_tokens: Option<u32>,
    pub truncation_strategy: Truncation,
    pub tool_choice: Value,
    pub parallel_tool_calls: bool,
    pub response_format: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reasoning_effort: Option<String>,
}

/// How much of the thread is read.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Truncation {
    #[serde(rename = "type")]
    kind: String,
    pub last_messages: Option<u32>,
}

/// Settings, understood.
pub(super) struct Understood {
    pub card: Arc<ModelCard>,
    pub tools: Tools,
    /// Which of the platform's own tools there are, and whether one must be used.
    pub code: bool,
    pub search: Option<Searching>,
    pub forced: Option<Forced>,
    pub format: Format,
    pub reasoning: Option<Reasoning>,
    pub sampling: Sampling,
}

/// A tool of the platform's that must be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Forced {
    Code,
    Search,
    /// Whichever there is.
    Any,
}

impl RunSettings {
    /// The settings of a run of `assistant`, if they are right.
    pub(super) fn new(context: &Context, assistant: Assistant, wire: &mut RunWire) -> Result<Self, ApiError> {
        instructions("instructions", wire.instructions.as_deref())?;
        instructions("additional_instructions", wire.additional_instructions.as_deref())?;
        let own = wire.tools.take();
        if let Some(tools) = &own {
            offered(tools, MOST_TOOLS)?;
        }
        let mut orders = wire.instructions.take().or(assistant.instructions).unwrap_or_default();
        if let Some(more) = wire.additional_instructions.take().filter(|more| !more.is_empty()) {
            orders = if orders.is_empty() { more } else { format!("{orders}\n{more}") };
        }
        let tokens = |param: &str, value: Option<i64>| {
            let value = integer(param, value, Range::from(LEAST_TOKENS))?;
            Ok::<_, ApiError>(value.map(|tokens| u32::try_from(tokens).unwrap_or(u32::MAX)))
        };
        let same_model = wire.model.as_ref().is_none_or(|model| *model == assistant.model);
        let settings = Self {
            model: wire.model.take().filter(|model| !model.is_empty()).unwrap_or(assistant.model),
            instructions: orders,
            tools: own.map_or(assistant.tools, echoed),
            temperature: temperature(wire.temperature)?.unwrap_or(assistant.temperature),
            top_p: top_p(wire.top_p)?.unwrap_or(assistant.top_p),
            max_prompt_tokens: tokens("max_prompt_tokens", wire.max_prompt_tokens)?,
            max_completion_tokens: tokens("max_completion_tokens", wire.max_completion_tokens)?,
            truncation_strategy: truncation(wire.truncation_strategy.take())?,
            tool_choice: wire.tool_choice.take().unwrap_or_else(|| Value::from("auto")),
            parallel_tool_calls: wire.parallel_tool_calls.unwrap_or(true),
            response_format: wire.response_format.take().unwrap_or(assistant.response_format),
            // Another model may not know the assistant's effort.
            reasoning_effort: wire.reasoning_effort.take().or(assistant.reasoning_effort.filter(|_| same_model)),
        };
        let Understood { card, reasoning, .. } = settings.understand(context, true)?;
        if refuses_sampling(&card, reasoning) {
            only_default("temperature", wire.temperature, 1.0)?;
            only_default("top_p", wire.top_p, 1.0)?;
        }
        Ok(settings)
    }

    /// What they mean for a round. Only the `first` of a run must call what `tool_choice` demands: runs end.
    pub(super) fn understand(&self, context: &Context, first: bool) -> Result<Understood, ApiError> {
        let Offered { functions, code, search } = offered(&self.tools, MOST_TOOLS_OF_ASSISTANT)?;
        let (wanted, forced) = wanted(&self.tool_choice)?;
        let no_functions = functions.is_empty();
        let mut tools = match wanted {
            // What the platform has satisfies it.
            Wanted::Mode(mode) if no_functions && mode == "required" => choose(functions, None, "tool_choice")?,
            wanted => choose(functions, Some(wanted), "tool_choice")?,
        };
        if !first && tools.choice != ToolChoice::Never {
            tools.choice = ToolChoice::Auto;
        }
        tools.one_at_a_time = !self.parallel_tool_calls;
        let forced = forced.filter(|forced| *forced != Forced::Any || no_functions);
        let missing = match forced {
            Some(Forced::Code) if !code => Some("code_interpreter"),
            Some(Forced::Search) if search.is_none() => Some("file_search"),
            Some(Forced::Any) if !code && search.is_none() => Some("required"),
            _ => None,
        };
        if let Some(name) = missing {
            let message =
                format!("Invalid value for 'tool_choice': '{name}' was not specified in the 'tools' parameter.");
            return Err(ApiError::invalid(message).param("tool_choice"));
        }
        for (is_offered, name) in [(code, "code_interpreter"), (search.is_some(), "file_search")] {
            if is_offered {
                policy::tool(context, name)?;
            }
        }
        let card = context.model(&self.model)?;
        let wish = Wish { effort: self.reasoning_effort.as_deref(), ..Wish::default() };
        let seed = if self.temperature == 0.0 { Seeding::Same } else { Seeding::Repeat(0) };
        let reasoning = reasoning(&card, wish, "reasoning_effort")?;
        Ok(Understood {
            card,
            code: code && self.tool_choice != "none",
            search: search.filter(|_| self.tool_choice != "none"),
            tools,
            forced: forced.filter(|_| first),
            format: response_format(&self.response_format)?,
            reasoning,
            sampling: Sampling { seed, temperature: Some(self.temperature), logit_bias: Vec::new() },
        })
    }
}

/// What `tool_choice` says of functions, and of the platform's own tools.
fn wanted(choice: &Value) -> Result<(Wanted, Option<Forced>), ApiError> {
    const PARAM: &str = "tool_choice";
    if let Some(mode) = choice.as_str() {
        return Ok((Wanted::Mode(mode.to_owned()), (mode == "required").then_some(Forced::Any)));
    }
    let never = || Wanted::Mode("none".to_owned());
    match choice["type"].as_str() {
        None => Err(ApiError::missing("tool_choice.type")),
        Some("code_interpreter") => Ok((never(), Some(Forced::Code))),
        Some("file_search") => Ok((never(), Some(Forced::Search))),
        Some("function") => {
            let name = choice["function"]["name"].as_str();
            let name = name.ok_or_else(|| ApiError::missing("tool_choice.function.name"))?;
            Ok((Wanted::Named(name.to_owned()), None))
        }
        Some(other) => {
            let known = ["function", "code_interpreter", "file_search"];
            Err(ApiError::unsupported_value(&format!("{PARAM}.type"), other, &known))
        }
    }
}

fn truncation(wire: Option<TruncationWire>) -> Result<Truncation, ApiError> {
    const LAST: &str = "truncation_strategy.last_messages";
    let Some(TruncationWire { kind, last_messages }) = wire else {
        return Ok(Truncation { kind: "auto".to_owned(), last_messages: None });
    };
    let last = integer(LAST, last_messages, Range::from(1))?.map(|count| u32::try_from(count).unwrap_or(u32::MAX));
    match kind.as_deref() {
        None => Err(ApiError::missing("truncation_strategy.type")),
        Some("auto") => Ok(Truncation { kind: "auto".to_owned(), last_messages: None }),
        Some("last_messages") if last.is_none() => Err(ApiError::missing(LAST)),
        Some("last_messages") => Ok(Truncation { kind: "last_messages".to_owned(), last_messages: last }),
        Some(other) => Err(ApiError::unsupported_value("truncation_strategy.type", other, &["auto", "last_messages"])),
    }
}
