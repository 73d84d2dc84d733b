//! The card of a model nobody described: from what its id gives away.

use fakeai_tokens::{Encoding, Tokenizer};

use crate::card::{Architecture, Capabilities, Latency, Modality, ModelCard, ModelKind};
use crate::catalog::Catalog;
use crate::pricing::Pricing;
use crate::record::latency_of;

/// Names that give away what a model is used for, and a model of that use. In a pattern `^` is the start of the id or
/// of its last path segment and `&` is "and".
const KINDS: &[(&str, &str)] = &[
    ("rerank", "nvidia/llama-3.2-nv-rerankqa-1b-v2"),
    ("embed", "text-embedding-3-small"),
    ("^bge-", "text-embedding-3-small"),
    ("^gte-", "text-embedding-3-small"),
    ("^e5-", "text-embedding-3-small"),
    ("^voyage", "text-embedding-3-small"),
    ("moderation", "omni-moderation-latest"),
    ("realtime", "gpt-realtime"),
    ("transcribe", "gpt-4o-transcribe"),
    ("whisper", "whisper-1"),
    ("^tts", "tts-1"),
    ("-tts", "gpt-4o-mini-tts"),
    ("dall-e", "dall-e-3"),
    ("image", "gpt-image-1"),
    ("diffusion", "stabilityai/stable-diffusion-xl-base-1.0"),
    ("^sdxl", "stabilityai/stable-diffusion-xl-base-1.0"),
    ("^flux", "stabilityai/stable-diffusion-xl-base-1.0"),
    ("^sora", "sora-2"),
    ("^veo", "sora-2"),
    ("^gpt-&-instruct", "gpt-3.5-turbo-instruct"),
    ("^text-davinci", "gpt-3.5-turbo-instruct"),
    ("^davinci", "davinci-002"),
    ("^babbage", "babbage-002"),
];

/// Names that give away whose a model is, and a chat model of theirs. The first match counts.
const FAMILIES: &[(&str, &str)] = &[
    ("nemotron&nano", "nvidia/llama-3.1-nemotron-nano-8b-v1"),
    ("nemotron", "nvidia/llama-3.1-nemotron-70b-instruct"),
    ("^nvidia/", "nvidia/llama-3.1-nemotron-70b-instruct"),
    ("gpt-oss&20b", "openai/gpt-oss-20b"),
    ("gpt-oss", "openai/gpt-oss-120b"),
    ("^gpt-5&nano", "gpt-5-nano"),
    ("^gpt-5&mini", "gpt-5-mini"),
    ("^gpt-5", "gpt-5"),
    ("^gpt-4.1&nano", "gpt-4.1-nano"),
    ("^gpt-4.1&mini", "gpt-4.1-mini"),
    ("^gpt-4.1", "gpt-4.1"),
    ("^gpt-4o&mini", "gpt-4o-mini"),
    ("^gpt-4o", "gpt-4o"),
    ("^gpt-4-turbo", "gpt-4-turbo"),
    ("^gpt-4", "gpt-4"),
    ("^gpt-3", "gpt-3.5-turbo"),
    ("^gpt-audio", "gpt-audio"),
    ("^gpt-", "gpt-5"),
    ("^chatgpt", "chatgpt-4o-latest"),
    ("^codex", "codex-mini-latest"),
    ("^o1", "o1"),
    ("^o3-mini", "o3-mini"),
    ("^o3", "o3"),
    ("^o4", "o4-mini"),
    ("^text-embedding-", "gpt-4o"),
    ("^whisper-", "gpt-4o"),
    ("^tts-", "gpt-4o"),
    ("^dall-e", "gpt-4o"),
    ("^sora", "gpt-4o"),
    ("^omni-moderation", "gpt-4o"),
    ("^text-moderation", "gpt-4o"),
    ("^text-davinci", "gpt-3.5-turbo"),
    ("^davinci", "gpt-3.5-turbo"),
    ("^babbage", "gpt-3.5-turbo"),
    ("^openai/", "gpt-4o"),
    ("claude&haiku", "claude-haiku-4-5"),
    ("claude&opus", "claude-opus-4-5"),
    ("claude", "claude-sonnet-4-5"),
    ("^anthropic/", "claude-sonnet-4-5"),
    ("deepseek&r1", "deepseek-ai/DeepSeek-R1"),
    ("deepseek&reason", "deepseek-reasoner"),
    ("deepseek", "deepseek-ai/DeepSeek-V3"),
    ("mixtral", "mistralai/Mixtral-8x7B-Instruct-v0.1"),
    ("magistral", "magistral-medium-latest"),
    ("pixtral", "pixtral-12b-2409"),
    ("codestral", "codestral-latest"),
    ("ministral", "ministral-8b-latest"),
    ("mistral&large", "mistral-large-latest"),
    ("mistral&medium", "mistral-medium-latest"),
    ("mistral&small", "mistral-small-latest"),
    ("mistral", "mistralai/Mistral-7B-Instruct-v0.3"),
    ("gemini&pro", "gemini-2.5-pro"),
    ("gemini&lite", "gemini-2.5-flash-lite"),
    ("gemini", "gemini-2.5-flash"),
    ("gemma", "google/gemma-3-27b-it"),
    ("^google/", "gemini-2.5-flash"),
    ("qwq", "Qwen/QwQ-32B"),
    ("qwen3", "Qwen/Qwen3-32B"),
    ("qwen", "Qwen/Qwen2.5-7B-Instruct"),
    ("llama-4", "meta-llama/Llama-4-Scout-17B-16E-Instruct"),
    ("llama-2", "meta-llama/Llama-2-7b-chat-hf"),
    ("llama", "meta-llama/Llama-3.1-8B-Instruct"),
    ("^command-r", "command-r"),
    ("^command", "command-r-plus"),
    ("^phi-", "microsoft/Phi-3-mini-4k-instruct"),
    ("^yi-", "01-ai/Yi-34B-Chat"),
];

impl Catalog {
    /// The card of a model by any id.
    ///
    /// In this order: a known id or alias; `ft:base:org:suffix:id`, which has the base's card at fine-tuned prices and
    /// belongs to `org`; a known id in other case, with or without `org/` before it, or with a date, `-latest` or
    /// `-preview` after it; the family its name gives away (`gpt-5-…`, `…llama…-70b…`, `…embed…`); else a chat model of
    /// provider `custom` with a window of 131,072 tokens that costs $1 and $2 ($0.50 cached) a million tokens.
    ///
    /// Models no one described carry `created` of the card they were made from (0 for `custom`).
    pub fn infer(&self, id: &str) -> ModelCard {
        if let Some(card) = self.get(id) {
            return ModelCard::clone(card);
        }
        if let Some(rest) = id.strip_prefix("ft:") {
            return self.fine_tuned(id, rest);
        }
        if let Some(card) = self.variant_of(id) {
            return ModelCard { id: id.to_owned(), aliases: Vec::new(), ..ModelCard::clone(card) };
        }
        self.of_family(id)
    }

    /// A chat model about which nothing is known but its id.
    pub(crate) fn custom(id: &str) -> ModelCard {
        ModelCard {
            id: id.to_owned(),
            name: last_segment(id).to_owned(),
            description: "A model made on first use".to_owned(),
            provider: "custom".to_owned(),
            owned_by: organisation(id).unwrap_or("custom").to_owned(),
            created: 0,
            kind: ModelKind::Chat,
            architecture: Architecture { style: "undisclosed".to_owned(), ..Architecture::default() },
            context_window_tokens: 131_072,
            max_output_tokens: 16_384,
            capabilities: Capabilities {
                streaming: true,
                function_calling: true,
                structured_output: true,
                batch: true,
                ..Capabilities::default()
            },
            input_modalities: vec![Modality::Text],
            output_modalities: vec![Modality::Text],
            pricing: Pricing {
                input_per_million: Some(1.0),
                cached_input_per_million: Some(0.5),
                output_per_million: Some(2.0),
                ..Pricing::default()
            },
            tokenizer: Tokenizer::Bpe(Encoding::O200k),
            tokenizer_is_exact: false,
            embedding: None,
            latency: Latency {
                ttft_ms: 200.0,
                ttft_deviation_ms: 40.0,
                itl_ms: 12.0,
                itl_deviation_ms: 2.5,
                prefill_tokens_per_second: 1200.0,
            },
            tags: Vec::new(),
            aliases: Vec::new(),
            knowledge_cutoff: None,
            release_date: None,
            license: None,
            base: None,
        }
    }

    fn fine_tuned(&self, id: &str, rest: &str) -> ModelCard {
        let mut parts = rest.split(':');
        let base = parts.next().filter(|base| !base.is_empty());
        let organisation = parts.next().filter(|organisation| !organisation.is_empty());
        let mut card = base.map_or_else(|| Self::custom(id), |base| self.infer(base));
        let base = base.map(|_| std::mem::take(&mut card.id));
        let prices = &mut card.pricing;
        if let Some(input) = prices.fine_tuned_input_per_million {
            prices.input_per_million = Some(input);
            prices.cached_input_per_million = Some(input / 2.0);
        }
        prices.output_per_million = prices.fine_tuned_output_per_million.or(prices.output_per_million);
        ModelCard {
            id: id.to_owned(),
            description: format!("Fine-tuned from {}", base.as_deref().unwrap_or("an unnamed model")),
            owned_by: organisation.unwrap_or("custom").to_owned(),
            aliases: Vec::new(),
            base,
            ..card
        }
    }

    /// The known model that `id` is another spelling or snapshot of.
    fn variant_of(&self, id: &str) -> Option<&ModelCard> {
        let mut name = id;
        loop {
            let found = self.get(name).or_else(|| self.spelled(name));
            if let Some(card) = found {
                return Some(card);
            }
            name = without_version(name)?;
        }
    }

    fn spelled(&self, name: &str) -> Option<&std::sync::Arc<ModelCard>> {
        let same = |known: &str| known.eq_ignore_ascii_case(name);
        let last = last_segment(name);
        let same_last = |known: &str| last_segment(known).eq_ignore_ascii_case(last);
        let names =
            |card: &ModelCard, test: &dyn Fn(&str) -> bool| test(&card.id) || card.aliases.iter().any(|a| test(a));
        self.iter().find(|card| names(card, &same)).or_else(|| self.iter().find(|card| names(card, &same_last)))
    }

    fn of_family(&self, id: &str) -> ModelCard {
        let lower = id.to_ascii_lowercase();
        let kind = first_match(KINDS, &lower).and_then(|id| self.get(id));
        let family = first_match(FAMILIES, &lower).and_then(|id| self.get(id));
        let Some(model) = kind.or(family) else {
            return Self::sized(Self::custom(id), &lower);
        };
        let vendor = family.map_or(("custom", "custom"), |card| (card.provider.as_str(), card.owned_by.as_str()));
        let card = ModelCard {
            id: id.to_owned(),
            name: last_segment(id).to_owned(),
            description: format!("Made on first use, after {}", model.name),
            provider: vendor.0.to_owned(),
            owned_by: organisation(id).unwrap_or(vendor.1).to_owned(),
            aliases: Vec::new(),
            tokenizer_is_exact: model.tokenizer_is_exact && vendor.0 == "openai",
            base: None,
            ..ModelCard::clone(model)
        };
        Self::sized(card, &lower)
    }

    /// Puts in the size that the name gives: `70b`, `8x7b`, `235b-a22b`.
    fn sized(mut card: ModelCard, lower: &str) -> ModelCard {
        let mut sizes = lower.split(|character: char| !(character.is_ascii_alphanumeric() || character == '.'));
        let Some(total) = sizes.clone().find_map(billions) else {
            return card;
        };
        let active = sizes.find_map(|word| word.strip_prefix('a').and_then(billions)).filter(|active| *active < total);
        card.architecture = Architecture {
            style: if active.is_some() { "moe" } else { "dense" }.to_owned(),
            parameters_billions: Some(total),
            active_parameters_billions: active,
            ..Architecture::default()
        };
        if matches!(card.kind, ModelKind::Chat | ModelKind::Completion) {
            card.latency = latency_of(&card.architecture).unwrap_or(card.latency);
        }
        card
    }
}

/// `70b` and `1.5b` as they are, `8x7b` as the product.
fn billions(word: &str) -> Option<f64> {
    let number = word.strip_suffix('b')?;
    let size = match number.split_once('x') {
        Some((experts, each)) => experts.parse::<f64>().ok()? * each.parse::<f64>().ok()?,
        None => number.parse::<f64>().ok()?,
    };
    (size.is_finite() && size > 0.0).then_some(size)
}

fn first_match<'a>(rules: &[(&str, &'a str)], lower: &str) -> Option<&'a str> {
    let last = last_segment(lower);
    let holds = |part: &str| match part.strip_prefix('^') {
        Some(start) => lower.starts_with(start) || last.starts_with(start),
        None => lower.contains(part),
    };
    rules.iter().find(|(pattern, _)| pattern.split('&').all(holds)).map(|(_, id)| *id)
}

fn last_segment(id: &str) -> &str {
    id.rsplit('/').next().filter(|segment| !segment.is_empty()).unwrap_or(id)
}

fn organisation(id: &str) -> Option<&str> {
    id.rsplit_once('/').map(|(path, _)| path).filter(|path| !path.is_empty())
}

/// The id without its last version mark: `-latest`, `-preview`, `-2024-08-06`, `-20241022`, `-0613`.
fn without_version(id: &str) -> Option<&str> {
    if let Some(shorter) = id.strip_suffix("-latest").or_else(|| id.strip_suffix("-preview")) {
        return Some(shorter);
    }
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if let Some((shorter, date)) = id.len().checked_sub(11).and_then(|at| id.split_at_checked(at)) {
        let parts: Vec<&str> = date.split('-').collect();
        if let ["", year, month, day] = parts[..]
            && [(year, 4), (month, 2), (day, 2)].iter().all(|(part, length)| part.len() == *length && digits(part))
        {
            return Some(shorter);
        }
    }
    let (shorter, mark) = id.rsplit_once('-')?;
    (digits(mark) && matches!(mark.len(), 4 | 8)).then_some(shorter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_that_rules_name_is_shipped() {
        let catalog = Catalog::builtin().unwrap();
        for (pattern, id) in KINDS.iter().chain(FAMILIES) {
            assert!(catalog.get(id).is_some(), "{pattern}: {id}");
        }
    }

    #[test]
    fn version_marks_come_off_one_by_one() {
        assert_eq!(without_version("gpt-4o-2024-08-06"), Some("gpt-4o"));
        assert_eq!(without_version("claude-3-opus-20240229"), Some("claude-3-opus"));
        assert_eq!(without_version("gpt-4-0613"), Some("gpt-4"));
        assert_eq!(without_version("gpt-4-0125-preview"), Some("gpt-4-0125"));
        assert_eq!(without_version("gpt-4"), None);
        assert_eq!(without_version("davinci-002"), None);
    }
}
