//! The TOML form of a model: every field may be left out, and is then inherited.

use fakeai_tokens::{Encoding, Tokenizer};
use serde::Deserialize;

use crate::card::{Architecture, Capabilities, EmbeddingSize, Latency, Modality, ModelCard, ModelKind};
use crate::pricing::Pricing;

/// A whole file.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct File {
    /// Fields of every record of the file that has no `like`.
    pub(crate) defaults: Record,
    /// The records, in the order they are listed in.
    pub(crate) model: Vec<Record>,
}

/// One `[[model]]`. The fields are those of [`ModelCard`], and `like`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Record {
    pub(crate) id: Option<String>,
    /// The model to inherit every field from, except `id` and `aliases`.
    pub(crate) like: Option<String>,
    name: Option<String>,
    description: Option<String>,
    provider: Option<String>,
    owned_by: Option<String>,
    created: Option<i64>,
    kind: Option<ModelKind>,
    architecture: Architecture,
    context_window_tokens: Option<u32>,
    max_output_tokens: Option<u32>,
    capabilities: Option<Vec<Capability>>,
    input_modalities: Option<Vec<Modality>>,
    output_modalities: Option<Vec<Modality>>,
    pricing: Pricing,
    tokenizer: Option<TokenizerName>,
    tokenizer_is_exact: Option<bool>,
    embedding: Option<EmbeddingSize>,
    latency: LatencyRecord,
    tags: Option<Vec<String>>,
    aliases: Option<Vec<String>>,
    knowledge_cutoff: Option<String>,
    release_date: Option<String>,
    license: Option<String>,
    base: Option<String>,
}

/// A flag of [`Capabilities`].
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Capability {
    Streaming,
    FunctionCalling,
    Vision,
    AudioInput,
    AudioOutput,
    VideoInput,
    Reasoning,
    StructuredOutput,
    PredictedOutputs,
    FineTuning,
    Batch,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TokenizerName {
    #[serde(rename = "o200k_base")]
    O200k,
    #[serde(rename = "cl100k_base")]
    Cl100k,
    Words,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct LatencyRecord {
    ttft_ms: Option<f64>,
    ttft_deviation_ms: Option<f64>,
    itl_ms: Option<f64>,
    itl_deviation_ms: Option<f64>,
    prefill_tokens_per_second: Option<f64>,
}

impl Record {
    /// Puts what the record says over what `card` has. Tables (`pricing`, `latency`, `architecture`) are merged field
    /// by field, lists are replaced.
    pub(crate) fn apply(self, card: &mut ModelCard) {
        if self.created.is_none()
            && let Some(seconds) = self.release_date.as_deref().and_then(unix_seconds)
        {
            card.created = seconds;
        }
        set(&mut card.id, self.id);
        set(&mut card.name, self.name);
        set(&mut card.description, self.description);
        set(&mut card.provider, self.provider);
        set(&mut card.owned_by, self.owned_by);
        set(&mut card.created, self.created);
        set(&mut card.kind, self.kind);
        set(&mut card.context_window_tokens, self.context_window_tokens);
        set(&mut card.max_output_tokens, self.max_output_tokens);
        set(&mut card.capabilities, self.capabilities.as_deref().map(flags));
        set(&mut card.input_modalities, self.input_modalities);
        set(&mut card.output_modalities, self.output_modalities);
        set(&mut card.tokenizer, self.tokenizer.map(TokenizerName::tokenizer));
        set(&mut card.tokenizer_is_exact, self.tokenizer_is_exact);
        set(&mut card.tags, self.tags);
        set(&mut card.aliases, self.aliases);
        keep(&mut card.embedding, self.embedding);
        keep(&mut card.knowledge_cutoff, self.knowledge_cutoff);
        keep(&mut card.release_date, self.release_date);
        keep(&mut card.license, self.license);
        keep(&mut card.base, self.base);
        merge_pricing(&mut card.pricing, &self.pricing);
        let sized = self.architecture.parameters_billions.is_some();
        merge_architecture(&mut card.architecture, self.architecture);
        if sized && let Some(latency) = latency_of(&card.architecture) {
            card.latency = latency;
        }
        self.latency.apply(&mut card.latency);
    }
}

/// The latency of a model of this size, where the size is known.
pub(crate) fn latency_of(architecture: &Architecture) -> Option<Latency> {
    let total = architecture.parameters_billions?;
    let active = architecture.active_parameters_billions.unwrap_or(total);
    Some(Latency::for_size((total * active).sqrt()))
}

fn set<T>(target: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *target = value;
    }
}

fn keep<T>(target: &mut Option<T>, value: Option<T>) {
    if value.is_some() {
        *target = value;
    }
}

impl TokenizerName {
    const fn tokenizer(self) -> Tokenizer {
        match self {
            Self::O200k => Tokenizer::Bpe(Encoding::O200k),
            Self::Cl100k => Tokenizer::Bpe(Encoding::Cl100k),
            Self::Words => Tokenizer::Words,
        }
    }
}

impl LatencyRecord {
    fn apply(self, latency: &mut Latency) {
        set(&mut latency.ttft_ms, self.ttft_ms);
        set(&mut latency.ttft_deviation_ms, self.ttft_deviation_ms);
        set(&mut latency.itl_ms, self.itl_ms);
        set(&mut latency.itl_deviation_ms, self.itl_deviation_ms);
        set(&mut latency.prefill_tokens_per_second, self.prefill_tokens_per_second);
    }
}

fn flags(names: &[Capability]) -> Capabilities {
    let mut flags = Capabilities::default();
    for name in names {
        match name {
            Capability::Streaming => flags.streaming = true,
            Capability::FunctionCalling => flags.function_calling = true,
            Capability::Vision => flags.vision = true,
            Capability::AudioInput => flags.audio_input = true,
            Capability::AudioOutput => flags.audio_output = true,
            Capability::VideoInput => flags.video_input = true,
            Capability::Reasoning => flags.reasoning = true,
            Capability::StructuredOutput => flags.structured_output = true,
            Capability::PredictedOutputs => flags.predicted_outputs = true,
            Capability::FineTuning => flags.fine_tuning = true,
            Capability::Batch => flags.batch = true,
        }
    }
    flags
}

fn merge_pricing(target: &mut Pricing, from: &Pricing) {
    keep(&mut target.input_per_million, from.input_per_million);
    keep(&mut target.cached_input_per_million, from.cached_input_per_million);
    keep(&mut target.output_per_million, from.output_per_million);
    keep(&mut target.audio_input_per_million, from.audio_input_per_million);
    keep(&mut target.audio_output_per_million, from.audio_output_per_million);
    keep(&mut target.per_image, from.per_image);
    keep(&mut target.per_minute, from.per_minute);
    keep(&mut target.characters_per_million, from.characters_per_million);
    keep(&mut target.training_per_million, from.training_per_million);
    keep(&mut target.fine_tuned_input_per_million, from.fine_tuned_input_per_million);
    keep(&mut target.fine_tuned_output_per_million, from.fine_tuned_output_per_million);
    // Tiers go with the price they change: a model with a price of its own has none of the other's.
    let has_own = from.input_per_million.is_some();
    if has_own || from.volume.is_some() {
        target.volume = from.volume;
    }
    if has_own || from.off_peak.is_some() {
        target.off_peak = from.off_peak;
    }
}

fn merge_architecture(target: &mut Architecture, from: Architecture) {
    if !from.style.is_empty() {
        target.style = from.style;
    }
    keep(&mut target.parameters_billions, from.parameters_billions);
    keep(&mut target.active_parameters_billions, from.active_parameters_billions);
    keep(&mut target.experts, from.experts);
    keep(&mut target.experts_per_token, from.experts_per_token);
    keep(&mut target.layers, from.layers);
    keep(&mut target.hidden_size, from.hidden_size);
    keep(&mut target.attention_heads, from.attention_heads);
    keep(&mut target.kv_heads, from.kv_heads);
    keep(&mut target.head_size, from.head_size);
}

/// Midnight UTC of a day written `2024-05-13`, in Unix seconds.
pub(crate) fn unix_seconds(day: &str) -> Option<i64> {
    let mut parts = day.splitn(3, '-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Days of the proleptic Gregorian calendar with the year starting in March, so that leap days come last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (century, rest) = (year / 100, year % 100);
    let days = 146_097 * century / 4 + 1461 * rest / 4 + (153 * month + 2) / 5 + day - 719_469;
    Some(days * 86_400)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_unix_seconds() {
        assert_eq!(unix_seconds("1970-01-01"), Some(0));
        assert_eq!(unix_seconds("2024-02-29"), Some(1_709_164_800));
        assert_eq!(unix_seconds("2024-05-13"), Some(1_715_558_400));
        assert_eq!(unix_seconds("2024-13-01"), None);
        assert_eq!(unix_seconds("soon"), None);
    }
}
