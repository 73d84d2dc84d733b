//! Model cards on the wire.

use fakeai_catalog::{Modality, ModelCard, ModelKind};
use serde::Serialize;

use crate::adapters::Entry;

#[derive(Serialize)]
pub(super) struct ModelList<'a> {
    object: &'static str,
    data: Vec<ModelWire<'a>>,
}

impl<'a> ModelList<'a> {
    pub(super) const fn new(data: Vec<ModelWire<'a>>) -> Self {
        Self { object: "list", data }
    }
}

/// A model: OpenAI's four fields first, then the original system's.
#[derive(Serialize)]
pub(super) struct ModelWire<'a> {
    pub id: &'a str,
    object: &'static str,
    created: i64,
    owned_by: &'a str,
    permission: [(); 0],
    root: &'a str,
    parent: Option<&'a str>,
    context_window: u32,
    max_output_tokens: u32,
    supports_vision: bool,
    supports_audio: bool,
    supports_tools: bool,
    training_cutoff: Option<&'a str>,
    pricing: PricingWire,
    tokenizer: &'static str,
    tokenizer_exact: bool,
}

#[derive(Serialize)]
struct PricingWire {
    input_per_million: Option<f64>,
    output_per_million: Option<f64>,
    cached_input_per_million: Option<f64>,
}

impl PricingWire {
    fn of(card: &ModelCard) -> Self {
        Self {
            input_per_million: card.pricing.input_per_million,
            output_per_million: card.pricing.output_per_million,
            cached_input_per_million: card.pricing.cached_input_per_million,
        }
    }
}

impl<'a> From<&'a ModelCard> for ModelWire<'a> {
    fn from(card: &'a ModelCard) -> Self {
        Self {
            id: &card.id,
            object: "model",
            created: card.created,
            owned_by: &card.owned_by,
            permission: [],
            root: card.base.as_deref().unwrap_or(&card.id),
            parent: card.base.as_deref(),
            context_window: card.context_window_tokens,
            max_output_tokens: card.max_output_tokens,
            supports_vision: card.capabilities.vision,
            supports_audio: card.capabilities.audio_input || card.capabilities.audio_output,
            supports_tools: card.capabilities.function_calling,
            training_cutoff: card.knowledge_cutoff.as_deref(),
            pricing: PricingWire::of(card),
            tokenizer: card.tokenizer.name(),
            tokenizer_exact: card.tokenizer_is_exact,
        }
    }
}

impl<'a> ModelWire<'a> {
    /// An adapter: its `root` is its path, as vLLM says.
    pub(super) fn of_adapter(entry: &'a Entry) -> Self {
        Self { root: &entry.path, ..Self::from(&*entry.card) }
    }
}

/// What a model can do, in detail.
#[derive(Serialize)]
pub(super) struct CapabilitiesWire<'a> {
    id: &'a str,
    object: &'static str,
    model: &'a str,
    context_window: u32,
    max_output_tokens: u32,
    max_completion_tokens: u32,
    supports_vision: bool,
    supports_audio: bool,
    supports_tools: bool,
    training_cutoff: Option<&'a str>,
    pricing: PricingWire,
    capabilities: Switches,
    modalities: Vec<&'static str>,
    output_modalities: Vec<&'static str>,
    supported_features: Vec<&'static str>,
}

#[derive(Serialize)]
struct Switches {
    streaming: bool,
    function_calling: bool,
    vision: bool,
    audio_input: bool,
    audio_output: bool,
    reasoning: bool,
    structured_output: bool,
    predicted_outputs: bool,
    fine_tuning: bool,
    batch_processing: bool,
}

fn modalities(list: &[Modality]) -> Vec<&'static str> {
    let name = |modality: &Modality| match modality {
        Modality::Text => "text",
        Modality::Image => "image",
        Modality::Audio => "audio",
        Modality::Video => "video",
    };
    list.iter().map(name).collect()
}

impl<'a> CapabilitiesWire<'a> {
    pub(super) fn of(card: &'a ModelCard, id: &'a str) -> Self {
        let can = card.capabilities;
        let sampled = matches!(card.kind, ModelKind::Chat | ModelKind::Completion);
        let mut features: Vec<&'static str> = Vec::new();
        if sampled {
            features.extend(["temperature", "top_p", "max_tokens", "stop", "seed", "n", "logit_bias", "logprobs"]);
        }
        if can.streaming {
            features.push("stream");
        }
        if card.embedding.is_some_and(|size| size.shortens) {
            features.push("dimensions");
        }
        Self {
            id,
            object: "model.capabilities",
            model: id,
            context_window: card.context_window_tokens,
            max_output_tokens: card.max_output_tokens,
            max_completion_tokens: card.max_output_tokens,
            supports_vision: can.vision,
            supports_audio: can.audio_input || can.audio_output,
            supports_tools: can.function_calling,
            training_cutoff: card.knowledge_cutoff.as_deref(),
            pricing: PricingWire::of(card),
            capabilities: Switches {
                streaming: can.streaming,
                function_calling: can.function_calling,
                vision: can.vision,
                audio_input: can.audio_input,
                audio_output: can.audio_output,
                reasoning: can.reasoning,
                structured_output: can.structured_output,
                predicted_outputs: can.predicted_outputs,
                fine_tuning: can.fine_tuning,
                batch_processing: can.batch,
            },
            modalities: modalities(&card.input_modalities),
            output_modalities: modalities(&card.output_modalities),
            supported_features: features,
        }
    }
}

#[derive(Serialize)]
pub(super) struct Deleted<'a> {
    id: &'a str,
    object: &'static str,
    deleted: bool,
}

impl<'a> Deleted<'a> {
    pub(super) const fn new(id: &'a str) -> Self {
        Self { id, object: "model", deleted: true }
    }
}
