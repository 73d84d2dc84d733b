//! Every model we ship is complete and makes sense.
#![expect(clippy::expect_used, reason = "helpers of tests")]

use std::collections::{BTreeMap, HashMap};

use fakeai_catalog::{Catalog, ModelCard, ModelKind};
use fakeai_tokens::{Encoding, Tokenizer};

fn catalog() -> Catalog {
    Catalog::builtin().expect("our files are sound")
}

fn card(id: &str) -> ModelCard {
    ModelCard::clone(catalog().get(id).expect(id))
}

#[test]
fn every_provider_is_there() {
    let catalog = catalog();
    let mut providers: BTreeMap<&str, usize> = BTreeMap::new();
    for card in catalog.iter() {
        *providers.entry(&card.provider).or_default() += 1;
    }
    println!("{} models: {providers:?}", catalog.len());
    assert!(catalog.len() >= 110);
    for provider in ["openai", "anthropic", "meta", "mistral", "deepseek", "nvidia", "google", "qwen"] {
        assert!(providers.get(provider).is_some_and(|count| *count >= 10), "{provider}");
    }
    assert!(!providers.contains_key("custom"), "custom is for models nobody described");
}

#[test]
fn ids_and_aliases_are_unique() {
    let catalog = catalog();
    let mut seen = HashMap::new();
    for card in catalog.iter() {
        for name in std::iter::once(&card.id).chain(&card.aliases) {
            assert_eq!(seen.insert(name.clone(), &card.id), None, "{name} of {}", card.id);
            assert_eq!(catalog.get(name).map(|found| &found.id), Some(&card.id));
        }
    }
}

#[test]
fn every_card_is_complete() {
    for card in catalog().iter() {
        let id = &card.id;
        assert!(!card.name.is_empty() && card.name != "custom", "{id}");
        assert!(card.description.len() > 5 && card.description != "A model made on first use", "{id}");
        assert!(card.created > 1_600_000_000 && card.created < 1_900_000_000, "{id}: {}", card.created);
        assert!(card.release_date.is_some() && card.license.is_some(), "{id}");
        assert!(!card.tags.is_empty() && !card.architecture.style.is_empty(), "{id}");
        assert!(!card.input_modalities.is_empty() && !card.output_modalities.is_empty(), "{id}");
        assert_eq!(card.embedding.is_some(), card.kind == ModelKind::Embedding, "{id}");
        assert!(card.owned_by != "custom", "{id}");
        assert!(card.latency.ttft_ms > 0.0 && card.latency.itl_ms > 0.0, "{id}");
    }
}

#[test]
fn kinds_have_the_fields_they_need() {
    for card in catalog().iter() {
        let (id, price) = (&card.id, &card.pricing);
        match card.kind {
            ModelKind::Chat | ModelKind::Completion | ModelKind::Realtime => {
                assert!(card.max_output_tokens > 0, "{id}");
                let (input, output) = (price.input_per_million.unwrap(), price.output_per_million.unwrap());
                assert!(input <= 200.0 && output <= 700.0 && output >= input, "{id}: {input} {output}");
                assert!(price.cached_input_per_million.unwrap() <= input, "{id}");
                assert!(card.knowledge_cutoff.is_some() || card.provider == "mistral", "{id}");
            }
            ModelKind::Embedding | ModelKind::Rerank | ModelKind::Moderation => {
                assert!(price.input_per_million.is_some() && card.max_output_tokens == 0, "{id}");
            }
            ModelKind::Image => assert!(price.per_image.is_some(), "{id}"),
            ModelKind::Video => assert!(price.per_minute.is_some(), "{id}"),
            ModelKind::Speech => {
                assert!(price.characters_per_million.or(price.audio_output_per_million).is_some(), "{id}");
            }
            ModelKind::Transcription => {
                assert!(price.per_minute.or(price.audio_input_per_million).is_some(), "{id}");
            }
        }
        if let Some(size) = card.embedding {
            assert!(size.max_input_tokens <= card.context_window_tokens, "{id}");
        }
    }
}

#[test]
fn shapes_of_open_models_add_up() {
    for card in catalog().iter() {
        let (id, shape) = (&card.id, &card.architecture);
        if let (Some(heads), Some(kv)) = (shape.attention_heads, shape.kv_heads) {
            assert!(kv <= heads && heads % kv == 0, "{id}");
        }
        if shape.style == "moe" {
            assert!(shape.active_parameters_billions < shape.parameters_billions, "{id}");
        } else {
            assert!(shape.experts.is_none() && shape.active_parameters_billions.is_none(), "{id}");
        }
    }
}

#[test]
fn only_openais_models_have_exact_tokens() {
    let catalog = catalog();
    for card in catalog.iter().filter(|card| card.tokenizer_is_exact) {
        assert_eq!(card.provider, "openai", "{}", card.id);
    }
    let tokenizer = |id: &str| catalog.get(id).unwrap().tokenizer;
    assert_eq!(tokenizer("gpt-4o-2024-11-20"), Tokenizer::Bpe(Encoding::O200k));
    assert_eq!(tokenizer("gpt-4-turbo"), Tokenizer::Bpe(Encoding::Cl100k));
    assert_eq!(tokenizer("text-embedding-3-large"), Tokenizer::Bpe(Encoding::Cl100k));
    assert_eq!(tokenizer("meta-llama/Llama-3.1-8B-Instruct"), Tokenizer::Bpe(Encoding::Cl100k));
}

#[test]
fn well_known_numbers_are_right() {
    let mini = card("gpt-4o-mini");
    assert_eq!((mini.created, mini.context_window_tokens, mini.max_output_tokens), (1_721_172_741, 128_000, 16_384));
    let cost = mini.pricing.cost_usd(2_000_000, 1_000_000, 1_000_000);
    assert!((cost - (0.15 + 0.075 + 0.6)).abs() < 1e-9, "{cost}");
    assert!((mini.latency.ttft_ms - 180.0).abs() < 1e-9);
    assert_eq!(card("gpt-oss-20b").id, "openai/gpt-oss-20b");
    assert_eq!(card("claude-sonnet-4-5").id, "claude-sonnet-4-5-20250929");
    assert_eq!(card("deepseek-v3").architecture.experts, Some(256));
    assert_eq!(card("text-embedding-3-small").embedding.map(|size| size.dimensions), Some(1536));
    // Tiers go with the price they change.
    assert!(card("gemini-2.5-pro").pricing.volume.is_some() && card("gemini-2.5-flash").pricing.volume.is_none());
    assert!(card("deepseek-v3").pricing.off_peak.is_some());
    // Inherited through `like`, down to the day.
    assert_eq!(card("gpt-4o-2024-05-13").pricing.output_per_million, Some(15.0));
    assert_eq!(card("claude-3-5-sonnet-20241022").created, 1_729_555_200);
}

#[test]
fn the_order_is_stable() {
    let ids = |catalog: &Catalog| catalog.iter().map(|card| card.id.clone()).collect::<Vec<_>>();
    let (first, second) = (catalog(), catalog());
    assert_eq!(ids(&first), ids(&second));
    assert_eq!(first.iter().next().unwrap().id, "gpt-4o");
}
