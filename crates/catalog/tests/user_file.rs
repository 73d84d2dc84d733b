//! Models of the user's own file: what they start from, and what errors say.
#![expect(clippy::expect_used, reason = "helpers of tests")]

use fakeai_catalog::{Catalog, CatalogError, ModelKind};

fn with(text: &str) -> Result<Catalog, CatalogError> {
    let mut catalog = Catalog::builtin()?;
    catalog.add_toml(text, "models.toml")?;
    Ok(catalog)
}

fn error(text: &str) -> String {
    with(text).expect_err("the file is broken").to_string()
}

#[test]
fn a_model_may_be_like_a_built_in() {
    let catalog =
        with("[[model]]\nid = 'house'\nlike = 'gpt-4o'\naliases = ['home']\npricing = { input_per_million = 9.0 }")
            .unwrap();
    let house = catalog.get("home").unwrap();
    assert_eq!((house.id.as_str(), house.context_window_tokens), ("house", 128_000));
    // Tables are merged field by field.
    assert_eq!(house.pricing.input_per_million, Some(9.0));
    assert_eq!(house.pricing.output_per_million, Some(10.0));
    assert_eq!(catalog.iter().last().unwrap().id, "house");
}

#[test]
fn a_known_id_changes_the_built_in_in_its_place() {
    let before = Catalog::builtin().unwrap();
    let after = with("[[model]]\nid = 'openai/gpt-oss-120b'\nlatency = { ttft_ms = 5.0 }").unwrap();
    assert_eq!(before.len(), after.len());
    let card = after.get("gpt-oss-120b").unwrap();
    assert!((card.latency.ttft_ms - 5.0).abs() < 1e-9 && (card.latency.itl_ms - 28.0).abs() < 1e-9);
    let ids = |catalog: &Catalog| catalog.iter().map(|card| card.id.clone()).collect::<Vec<_>>();
    assert_eq!(ids(&before), ids(&after));
}

#[test]
fn a_user_may_take_an_alias_over() {
    let catalog = with("[[model]]\nid = 'mine'\naliases = ['claude-sonnet-4-5']").unwrap();
    assert_eq!(catalog.get("claude-sonnet-4-5").unwrap().id, "mine");
    let aliases = &catalog.get("claude-sonnet-4-5-20250929").unwrap().aliases;
    assert!(!aliases.contains(&"claude-sonnet-4-5".to_owned()), "{aliases:?}");
}

#[test]
fn an_id_alone_is_enough() {
    let catalog = with("[[model]]\nid = 'acme/llama-70b-tuned'\n[[model]]\nid = 'acme-embed'").unwrap();
    let llama = catalog.get("acme/llama-70b-tuned").unwrap();
    assert_eq!((llama.provider.as_str(), llama.owned_by.as_str()), ("meta", "acme"));
    assert_eq!(catalog.get("acme-embed").unwrap().kind, ModelKind::Embedding);
}

#[test]
fn errors_name_file_model_and_field() {
    let wrong_type = error("[[model]]\nid = 'a'\n[[model]]\nid = 'b'\ncontext_window_tokens = 'many'");
    assert_eq!(
        wrong_type,
        "models.toml: model `b`: field `context_window_tokens`: invalid type: string \"many\", expected u32"
    );
    let unknown = error("[[model]]\nid = 'a'\ncontext_windw = 5");
    assert!(unknown.starts_with("models.toml: model `a`: field `context_windw`: unknown field"), "{unknown}");
    let nested = error("[[model]]\nid = 'a'\npricing = { inptu = 1.0 }");
    assert!(nested.starts_with("models.toml: model `a`: field `pricing`: unknown field `inptu`"), "{nested}");
    let nameless = error("[[model]]\nname = 'x'");
    assert_eq!(nameless, "models.toml: model `#1`: field `id`: is missing or empty");
    let capability = error("[[model]]\nid = 'a'\ncapabilities = ['flying']");
    assert!(capability.contains("model `a`: field `capabilities`: unknown variant `flying`"), "{capability}");
    let tokenizer = error("[[model]]\nid = 'a'\ntokenizer = 'p50k_base'");
    assert!(tokenizer.contains("field `tokenizer`") && tokenizer.contains("o200k_base"), "{tokenizer}");
    let defaults = error("[defaults]\nkind = 'chatty'");
    assert!(defaults.contains("model `defaults`: field `kind`"), "{defaults}");
}

#[test]
fn cards_that_make_no_sense_are_refused() {
    for (text, field) in [
        ("context_window_tokens = 0", "context_window_tokens"),
        ("context_window_tokens = 10\nmax_output_tokens = 20", "max_output_tokens"),
        ("pricing = { output_per_million = -1.0 }", "pricing"),
        ("latency = { itl_ms = -1.0 }", "latency"),
        ("latency = { prefill_tokens_per_second = 0.0 }", "latency"),
        ("kind = 'embedding'", "embedding"),
        ("release_date = 'May'", "release_date"),
    ] {
        let message = error(&format!("[[model]]\nid = 'a'\n{text}"));
        assert!(message.starts_with(&format!("models.toml: model `a`: field `{field}`: ")), "{message}");
    }
}

#[test]
fn broken_toml_unknown_like_and_duplicates_are_told_apart() {
    assert!(error("[[model]]\nid = 'a'\nname = ").starts_with("models.toml:3: "));
    assert!(
        matches!(with("[[model]]\nid='a'\nlike='nobody'"), Err(CatalogError::UnknownLike { like, .. }) if like == "nobody")
    );
    let twice = error("[[model]]\nid = 'a'\n[[model]]\nid = 'b'\naliases = ['a']");
    assert_eq!(twice, "models.toml: model `b`: `a` is already the id or an alias of `a`");
    assert!(error("modell = 1").contains("modell"));
}
