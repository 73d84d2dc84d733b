//! What the id of an unknown model gives away.
#![expect(clippy::expect_used, reason = "helpers of tests")]

use fakeai_catalog::{Catalog, ModelKind};
use fakeai_tokens::{Encoding, Tokenizer};

fn catalog() -> Catalog {
    Catalog::builtin().expect("our files are sound")
}

#[test]
fn families_are_known_by_name() {
    use ModelKind::{Chat, Completion, Embedding, Image, Moderation, Realtime, Rerank, Speech, Transcription, Video};
    let catalog = catalog();
    for (id, kind, provider, owner) in [
        ("gpt-7-turbo", Chat, "openai", "system"),
        ("gpt-5-mini-high", Chat, "openai", "system"),
        ("o3-mini-high", Chat, "openai", "system"),
        ("claude-opus-9", Chat, "anthropic", "anthropic"),
        ("meta-llama/Llama-5-70B-Instruct", Chat, "meta", "meta-llama"),
        ("acme/mixtral-4x9b", Chat, "mistral", "acme"),
        ("deepseek-ai/DeepSeek-R3", Chat, "deepseek", "deepseek-ai"),
        ("gemini-9-pro", Chat, "google", "google"),
        ("google/gemma-7-2b", Chat, "google", "google"),
        ("Qwen/Qwen9-14B", Chat, "qwen", "Qwen"),
        ("nvidia/brand-new", Chat, "nvidia", "nvidia"),
        ("house-embeddings", Embedding, "custom", "custom"),
        ("nvidia/some-embed-9", Embedding, "nvidia", "nvidia"),
        ("text-embedding-4-small", Embedding, "openai", "system"),
        ("acme/reranker", Rerank, "custom", "acme"),
        ("whisper-2", Transcription, "openai", "system"),
        ("gpt-9-transcribe", Transcription, "openai", "system"),
        ("tts-2", Speech, "openai", "system"),
        ("dall-e-4", Image, "openai", "system"),
        ("gpt-image-3", Image, "openai", "system"),
        ("my-moderation", Moderation, "custom", "custom"),
        ("gpt-9-realtime", Realtime, "openai", "system"),
        ("gpt-3-instruct", Completion, "openai", "openai"),
        ("text-davinci-003", Completion, "openai", "openai"),
        ("sora-3", Video, "openai", "system"),
        ("house-model", Chat, "custom", "custom"),
        ("", Chat, "custom", "custom"),
    ] {
        let card = catalog.infer(id);
        assert_eq!(card.id, id);
        assert_eq!((card.kind, card.provider.as_str(), card.owned_by.as_str()), (kind, provider, owner), "{id}");
        assert_eq!(card.embedding.is_some(), kind == Embedding, "{id}");
        assert!(card.aliases.is_empty(), "{id}");
    }
}

#[test]
fn versions_and_spellings_inherit_the_model_they_mean() {
    let catalog = catalog();
    for (id, like) in [
        ("gpt-4o-2031-01-02", "gpt-4o"),
        ("gpt-4.1-mini-preview", "gpt-4.1-mini"),
        ("gpt-4-0999", "gpt-4"),
        ("claude-sonnet-4-5-latest", "claude-sonnet-4-5-20250929"),
        ("claude-3-opus-20991231", "claude-3-opus-20240229"),
        ("GPT-4o", "gpt-4o"),
        ("Meta-Llama/llama-3.1-8b-instruct", "meta-llama/Llama-3.1-8B-Instruct"),
        ("Llama-3.1-8B-Instruct", "meta-llama/Llama-3.1-8B-Instruct"),
        ("openrouter/openai/gpt-4o", "gpt-4o"),
        ("models/gemini-1.5-pro", "gemini-1.5-pro"),
    ] {
        let (card, like) = (catalog.infer(id), catalog.get(like).unwrap());
        assert_eq!(card.id, id);
        assert_eq!((&card.pricing, &card.name), (&like.pricing, &like.name), "{id}");
        assert_eq!(card.context_window_tokens, like.context_window_tokens, "{id}");
    }
}

#[test]
fn fine_tuned_models_have_their_base() {
    let catalog = catalog();
    let card = catalog.infer("ft:gpt-4o-mini-2024-07-18:acme:support:AbC123");
    assert_eq!((card.owned_by.as_str(), card.base.as_deref()), ("acme", Some("gpt-4o-mini-2024-07-18")));
    assert_eq!((card.provider.as_str(), card.context_window_tokens), ("openai", 128_000));
    assert_eq!((card.pricing.input_per_million, card.pricing.output_per_million), (Some(0.3), Some(1.2)));
    // Parts may be missing.
    assert_eq!(catalog.infer("ft:gpt-4o::x").owned_by, "custom");
    assert_eq!(catalog.infer("ft:gpt-4o").base.as_deref(), Some("gpt-4o"));
    assert_eq!(catalog.infer("ft:gpt-3.5-turbo-0125:acme").tokenizer, Tokenizer::Bpe(Encoding::Cl100k));
    assert_eq!(catalog.infer("ft:house-model:acme::1").base.as_deref(), Some("house-model"));
    assert_eq!(catalog.infer("ft:").base, None);
}

#[test]
fn sizes_in_names_set_the_speed() {
    let catalog = catalog();
    let [small, large] = ["acme/thing-3b", "acme/thing-300b"].map(|id| catalog.infer(id));
    assert_eq!(small.architecture.parameters_billions, Some(3.0));
    assert!(small.latency.itl_ms < large.latency.itl_ms && small.latency.ttft_ms < large.latency.ttft_ms);
    let experts = catalog.infer("acme/thing-235b-a22b");
    assert_eq!(experts.architecture.active_parameters_billions, Some(22.0));
    assert!(experts.latency.itl_ms < large.latency.itl_ms);
    assert_eq!(catalog.infer("acme/web-thing-b").architecture.parameters_billions, None);
}

#[test]
fn a_model_nobody_knows_has_documented_defaults() {
    let card = catalog().infer("house-model");
    assert_eq!((card.context_window_tokens, card.created), (131_072, 0));
    assert_eq!((card.pricing.input_per_million, card.pricing.output_per_million), (Some(1.0), Some(2.0)));
    assert!(!card.tokenizer_is_exact);
}

#[test]
fn odd_ids_do_no_harm() {
    let catalog = catalog();
    for id in
        ["/", "ft:::::", "é-2024-01-0é", "-2024-08-06", "-latest", "日本語モデル-70b", "a/b/c/", "NaNb", "infb", "x-0b"]
    {
        assert_eq!(catalog.infer(id).id, id);
    }
}
