//! `POST /responses/compact`: a conversation made short. What the user said stays; all else becomes one sealed item
//! with the first words of each turn, which this server reads when it is given back.

use axum::response::Response;
use fakeai_writer::{GenerationRequest, Limits, Prompt, Sampling, Turn, Usage, count_prompt};
use serde_json::{Value, json};

use super::echo::usage_wire;
use super::items::ItemIds;
use super::seal::Seal;
use super::wire::Compact;
use super::{history, turns};
use crate::context::Context;
use crate::error::ApiError;
use crate::wire::{JsonBody, json as json_answer};

/// Bytes of each turn that are kept, and of all of them.
const KEPT_OF_TURN_BYTES: usize = 200;
const KEPT_BYTES: usize = 16 * 1024;

pub(super) async fn compact(JsonBody(context, wire): JsonBody<Compact>) -> Result<Response, ApiError> {
    answer(&context, wire).map(|answer| json_answer(&answer)).map_err(|error| context.validation(error))
}

fn answer(context: &Context, wire: Compact) -> Result<Value, ApiError> {
    let model = wire.model.filter(|model| !model.is_empty()).ok_or_else(|| ApiError::missing("model"))?;
    if wire.input.is_none() && wire.previous_response_id.is_none() {
        return Err(ApiError::missing("input"));
    }
    let card = context.model(&model)?;
    let ids = ItemIds::new(context);
    let mut items = history::before(context, wire.previous_response_id.as_deref(), None)?;
    let own = history::own(context, wire.input, &items, &ids)?;
    items.extend(own);
    let seal = Seal::new(context.app().kit.seed)?;
    let mut turns = turns::turns(context, &items, &seal)?;
    let summary = summary(&turns);
    if let Some(instructions) = wire.instructions {
        turns.insert(0, Turn::new(fakeai_writer::Role::System, instructions));
    }
    let tokens = card.tokenizer.encode(&summary).len() as u32;
    let prompt_tokens = counted(context, card, turns);
    let usage = Usage { prompt_tokens, completion_tokens: tokens, ..Usage::default() };
    let id = ids.next("cmp_");
    let sealed = seal.close(&summary, &id);
    let mut output: Vec<Value> = items.into_iter().filter(|item| item["role"] == "user").collect();
    output.push(json!({"id": id, "type": "compaction", "encrypted_content": sealed}));
    Ok(json!({
        "id": ids.next("resp_"), "object": "response.compaction", "created_at": context.created(), "output": output,
        "usage": usage_wire(usage),
    }))
}

fn counted(context: &Context, model: std::sync::Arc<fakeai_catalog::ModelCard>, turns: Vec<Turn>) -> u32 {
    let request = GenerationRequest {
        model,
        prompt: Prompt::Chat(turns),
        choices: 1,
        sampling: Sampling::default(),
        limits: Limits { max_tokens: 0, min_tokens: 0, ignore_eos: false, stop: Vec::new() },
        format: fakeai_writer::Format::Text,
        logprobs: None,
        verbosity: fakeai_writer::Verbosity::Medium,
        tools: fakeai_writer::Tools::default(),
        reasoning: None,
        prediction: None,
    };
    count_prompt(&request, &context.app().counts).tokens
}

/// The first words of each turn.
fn summary(turns: &[Turn]) -> String {
    let mut summary = String::from("The conversation so far, shortened:\n");
    for turn in turns {
        let Some(text) = turn.text().filter(|text| !text.is_empty()) else { continue };
        let text = text.trim();
        let kept = &text[..text.floor_char_boundary(KEPT_OF_TURN_BYTES)];
        if summary.len() + kept.len() > KEPT_BYTES {
            break;
        }
        summary.push_str(turn.role.name());
        summary.push_str(": ");
        summary.push_str(kept);
        summary.push('\n');
    }
    summary
}
