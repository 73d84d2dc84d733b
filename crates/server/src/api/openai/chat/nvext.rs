//! `nvext`: what Dynamo's and NIM's clients say beside OpenAI's fields.

use serde::Deserialize;
use serde_json::Value;

use super::wire::{ChatRequest, ThinkingWire};

/// The fields that mean something here; others are accepted and do nothing, as they tell a router or a template what it
/// should do: `annotations`, `backend_instance_id`, `extra_fields`, `token_data`, `use_raw_prompt`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Nvext {
    ignore_eos: Option<bool>,
    greed_sampling: Option<bool>,
    max_thinking_tokens: Option<i64>,
    guided_json: Option<Value>,
    guided_regex: Option<Value>,
    guided_choice: Option<Value>,
    guided_grammar: Option<Value>,
}

impl Nvext {
    /// Says what a request's `nvext` says in its own fields. Where both say something, Dynamo listens to `nvext`.
    pub(super) fn tell(wire: &mut ChatRequest) {
        let Some(own) = wire.nvext.take() else { return };
        wire.ignore_eos = own.ignore_eos.or(wire.ignore_eos);
        if own.greed_sampling == Some(true) {
            wire.temperature = Some(0.0);
        }
        if own.max_thinking_tokens.is_some() {
            let thinking = wire.thinking.take().unwrap_or_default();
            wire.thinking = Some(ThinkingWire { budget_tokens: own.max_thinking_tokens, ..thinking });
        }
        let guides = [
            (own.guided_json, &mut wire.guided_json),
            (own.guided_regex, &mut wire.guided_regex),
            (own.guided_choice, &mut wire.guided_choice),
            (own.guided_grammar, &mut wire.guided_grammar),
        ];
        for (said, field) in guides {
            if said.is_some() {
                *field = said;
            }
        }
    }
}
