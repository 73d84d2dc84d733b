//! Requests the tests of this crate ask.

use std::sync::Arc;

use fakeai_catalog::{Architecture, Capabilities, Latency, Modality, ModelCard, ModelKind, Pricing};
use fakeai_tokens::{Encoding, Tokenizer};

use crate::{Continuation, Format, GenerationRequest, Limits, Prompt, Role, Sampling, Tools, Turn, Verbosity};

pub(crate) fn card(tokenizer: Tokenizer) -> Arc<ModelCard> {
    let latency = Latency {
        ttft_ms: 0.0,
        ttft_deviation_ms: 0.0,
        itl_ms: 0.0,
        itl_deviation_ms: 0.0,
        prefill_tokens_per_second: 1.0,
    };
    Arc::new(ModelCard {
        id: "gpt-4o".to_owned(),
        name: "GPT-4o".to_owned(),
        description: String::new(),
        provider: "openai".to_owned(),
        owned_by: "openai".to_owned(),
        created: 0,
        kind: ModelKind::Chat,
        architecture: Architecture::default(),
        context_window_tokens: 128_000,
        max_output_tokens: 16_384,
        capabilities: Capabilities::default(),
        input_modalities: vec![Modality::Text],
        output_modalities: vec![Modality::Text],
        pricing: Pricing::default(),
        tokenizer,
        tokenizer_is_exact: true,
        embedding: None,
        latency,
        tags: Vec::new(),
        aliases: Vec::new(),
        knowledge_cutoff: None,
        release_date: None,
        license: None,
        base: None,
    })
}

fn request(prompt: Prompt) -> GenerationRequest {
    GenerationRequest {
        model: card(Tokenizer::Bpe(Encoding::O200k)),
        prompt,
        choices: 1,
        sampling: Sampling::default(),
        limits: Limits { max_tokens: 16_384, min_tokens: 0, ignore_eos: false, stop: Vec::new() },
        format: Format::Text,
        logprobs: None,
        verbosity: Verbosity::Medium,
        tools: Tools::default(),
        reasoning: None,
        prediction: None,
    }
}

pub(crate) fn chat(text: &str) -> GenerationRequest {
    request(Prompt::Chat(vec![Turn::new(Role::User, text)]))
}

pub(crate) fn chat_with_system(system: &str, text: &str) -> GenerationRequest {
    request(Prompt::Chat(vec![Turn::new(Role::System, system), Turn::new(Role::User, text)]))
}

pub(crate) fn completion(text: &str) -> GenerationRequest {
    request(Prompt::Completion(Continuation { text: text.to_owned(), ..Continuation::default() }))
}
