//! Models that think: which efforts they know, and which parameters they refuse, in OpenAI's words.

use fakeai_catalog::ModelCard;
use fakeai_writer::{Effort, Reasoning};

use crate::error::ApiError;

/// `OpenAI` reports thoughts in blocks of so many tokens.
const BLOCK_TOKENS: u32 = 64;

/// The efforts a family knows, the one it has unless asked, by the beginning of its name; the longer names first.
const EFFORTS: &[(&str, &[Effort], Effort)] = &[
    ("gpt-5-pro", &[Effort::High], Effort::High),
    ("gpt-5-codex", &[Effort::Low, Effort::Medium, Effort::High], Effort::Medium),
    ("gpt-5.1-codex-max", &[Effort::Low, Effort::Medium, Effort::High, Effort::ExtraHigh], Effort::Medium),
    ("gpt-5.1-codex", &[Effort::Low, Effort::Medium, Effort::High], Effort::Medium),
    ("gpt-5.1", &[Effort::None, Effort::Low, Effort::Medium, Effort::High], Effort::None),
    ("gpt-5.2-codex", &[Effort::Low, Effort::Medium, Effort::High, Effort::ExtraHigh], Effort::Medium),
    ("gpt-5.", &[Effort::None, Effort::Low, Effort::Medium, Effort::High, Effort::ExtraHigh], Effort::None),
    ("gpt-5", &[Effort::Minimal, Effort::Low, Effort::Medium, Effort::High], Effort::Medium),
    ("gpt-oss", &[Effort::Low, Effort::Medium, Effort::High], Effort::Medium),
    ("o", &[Effort::Low, Effort::Medium, Effort::High], Effort::Medium),
];

/// How a request to a model wants it to think.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wish<'a> {
    /// `reasoning_effort`, `reasoning.effort`.
    pub effort: Option<&'a str>,
    /// A budget in tokens, as OpenRouter's `reasoning.max_tokens`.
    pub budget_tokens: Option<u32>,
    /// Whether to think at all, as chat templates' `enable_thinking`.
    pub enabled: Option<bool>,
}

/// How `card` thinks about a request; `param` names the effort.
pub(super) fn reasoning(card: &ModelCard, wish: Wish<'_>, param: &str) -> Result<Option<Reasoning>, ApiError> {
    let effort = wish.effort.map(|name| {
        let names = Effort::ALL.map(Effort::name);
        Effort::from_name(name).ok_or_else(|| ApiError::unsupported_value(param, name, &names))
    });
    let effort = effort.transpose()?;
    if !card.capabilities.reasoning {
        return match effort {
            Some(_) if is_openai(card) => Err(unsupported_parameter(param, "")),
            _ => Ok(None),
        };
    }
    let (known, usual) = efforts(card);
    if let Some(effort) = effort.filter(|effort| !known.contains(effort) && is_openai(card)) {
        let names: Vec<String> = known.iter().map(|effort| format!("'{}'", effort.name())).collect();
        let names = match &names[..] {
            [rest @ .., last] if !rest.is_empty() => format!("{}, and {last}", rest.join(", ")),
            _ => names.concat(),
        };
        let message = format!(
            "Unsupported value: '{param}' does not support '{}' with this model. Supported values are: {names}.",
            effort.name()
        );
        return Err(ApiError::invalid(message).param(param).code("unsupported_value"));
    }
    let effort = match wish.enabled {
        Some(false) => Effort::None,
        Some(true) => effort.filter(|effort| *effort != Effort::None).unwrap_or_default(),
        None => effort.unwrap_or(usual),
    };
    let block_tokens = if is_openai(card) { BLOCK_TOKENS } else { 1 };
    Ok(Some(Reasoning { effort, budget_tokens: wish.budget_tokens, block_tokens }))
}

/// The efforts a model knows and the one it has unless asked. Models of other makers take any.
fn efforts(card: &ModelCard) -> (&'static [Effort], Effort) {
    let name = base_name(card);
    let found = EFFORTS.iter().find(|(prefix, ..)| name.starts_with(prefix) && card.provider == "openai");
    // Models that think when told to, and not otherwise.
    let name = name.to_ascii_lowercase();
    let on_request = card.provider == "anthropic" || name == "deepseek-chat" || name.contains("instruct");
    let usual = if on_request { Effort::None } else { Effort::Medium };
    found.map_or((&Effort::ALL, usual), |(_, known, usual)| (known, *usual))
}

/// The name without its owner and without what fine-tuning put before it.
fn base_name(card: &ModelCard) -> &str {
    let name = card.base.as_deref().unwrap_or(&card.id);
    let name = name.strip_prefix("ft:").unwrap_or(name);
    name.rsplit('/').next().unwrap_or(name)
}

/// Whether the model is served by `OpenAI`'s own platform; its open models are not.
pub(super) fn is_openai(card: &ModelCard) -> bool {
    card.provider == "openai" && !card.id.contains("gpt-oss")
}

/// Whether the model refuses the parameters of sampling: the o-series and GPT-5 as long as they think.
pub(super) fn refuses_sampling(card: &ModelCard, reasoning: Option<Reasoning>) -> bool {
    is_openai(card) && reasoning.is_some_and(|reasoning| reasoning.effort != Effort::None)
}

/// A parameter the model does not take; `hint` is what to use instead.
pub(super) fn unsupported_parameter(param: &str, hint: &str) -> ApiError {
    ApiError::invalid(format!("Unsupported parameter: '{param}' is not supported with this model.{hint}"))
        .param(param)
        .code("unsupported_parameter")
}

/// A number the model takes at its default only.
pub(super) fn only_default(param: &str, value: Option<f64>, default: f64) -> Result<(), ApiError> {
    match value {
        #[expect(clippy::float_cmp, reason = "a client either sends the default or something else")]
        Some(value) if value != default => Err(ApiError::invalid(format!(
            "Unsupported value: '{param}' does not support {value} with this model. Only the default ({default}) value \
             is supported."
        ))
        .param(param)
        .code("unsupported_value")),
        _ => Ok(()),
    }
}
