//! Thoughts of a chat: how much is asked for, what goes with them, who sees them.

use fakeai_catalog::ModelCard;
use fakeai_writer::Reasoning;

use super::head::Thoughts;
use super::wire::ChatRequest;
use crate::api::openai::reasoning::{self, Wish, only_default, refuses_sampling, unsupported_parameter};
use crate::error::ApiError;
use crate::wire::{Range, integer};

/// How the model thinks about it.
pub(super) fn reasoning(card: &ModelCard, wire: &ChatRequest) -> Result<Option<Reasoning>, ApiError> {
    let theirs = wire.reasoning.as_ref();
    let template = wire.chat_template_kwargs.as_ref();
    let thinking = wire.thinking.as_ref();
    let budget = integer("reasoning.max_tokens", theirs.and_then(|wire| wire.max_tokens), Range::from(0))?;
    let budget_of_thinking =
        integer("thinking.budget_tokens", thinking.and_then(|wire| wire.budget_tokens), Range::from(0))?;
    let switched = match thinking.and_then(|wire| wire.kind.as_deref()) {
        Some("enabled" | "adaptive") => Some(true),
        Some("disabled") => Some(false),
        _ => None,
    };
    let effort = [
        wire.reasoning_effort.as_deref(),
        theirs.and_then(|wire| wire.effort.as_deref()),
        template.and_then(|template| template.reasoning_effort.as_deref()),
    ];
    let wish = Wish {
        effort: effort.into_iter().flatten().next(),
        budget_tokens: budget.or(budget_of_thinking).map(|tokens| u32::try_from(tokens).unwrap_or(u32::MAX)),
        enabled: theirs
            .and_then(|wire| wire.enabled)
            .or(switched)
            .or(template.and_then(|template| template.enable_thinking.or(template.thinking))),
    };
    reasoning::reasoning(card, wish, "reasoning_effort")
}

/// Refuses what models that think do not take.
pub(super) fn thinks_alone(card: &ModelCard, reasoning: Option<Reasoning>, wire: &ChatRequest) -> Result<(), ApiError> {
    if reasoning.is_some() && reasoning::is_openai(card) && wire.max_tokens.is_some() {
        return Err(unsupported_parameter("max_tokens", " Use 'max_completion_tokens' instead."));
    }
    if !refuses_sampling(card, reasoning) {
        return Ok(());
    }
    only_default("temperature", wire.temperature, 1.0)?;
    only_default("top_p", wire.top_p, 1.0)?;
    only_default("presence_penalty", wire.presence_penalty, 0.0)?;
    only_default("frequency_penalty", wire.frequency_penalty, 0.0)?;
    let refused = [
        ("logprobs", wire.logprobs == Some(true)),
        ("top_logprobs", wire.top_logprobs.is_some()),
        ("logit_bias", wire.logit_bias.as_ref().is_some_and(|bias| !bias.is_empty())),
    ];
    refused.iter().find(|(_, given)| *given).map_or(Ok(()), |(param, _)| Err(unsupported_parameter(param, "")))
}

/// Whether and how thoughts are shown.
pub(super) fn thoughts(card: &ModelCard, wire: &ChatRequest) -> Thoughts {
    let excluded = wire.include_reasoning == Some(false)
        || wire.reasoning.as_ref().is_some_and(|reasoning| reasoning.exclude == Some(true));
    if excluded || reasoning::is_openai(card) {
        Thoughts::Hidden
    } else if wire.reasoning.is_some() || wire.include_reasoning.is_some() {
        Thoughts::Reasoning
    } else {
        Thoughts::Content
    }
}
