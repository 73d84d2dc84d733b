//! What instances look like: fields by their names, and what a source knows.

use fakeai_core::Seed;
use fakeai_schema::{Budget, Field, Kind, NoSource, Schema, Source};
use serde_json::{Value, json};

fn instance(schema: &Value, seed: u64) -> Value {
    let schema = Schema::parse(schema).unwrap_or_else(|error| unreachable!("{error}"));
    schema.instance(&mut NoSource, &mut Seed::new(seed).rng(), Budget::default())
}

fn object(names: &[(&str, &str)]) -> Value {
    let properties: serde_json::Map<String, Value> =
        names.iter().map(|(name, kind)| ((*name).to_owned(), json!({"type": kind}))).collect();
    json!({"type": "object", "properties": properties, "required": names.iter().map(|(name, _)| name).collect::<Vec<_>>(), "additionalProperties": false})
}

#[test]
fn fields_are_filled_by_their_names_and_fit_together() {
    let schema = object(&[
        ("email", "string"),
        ("lastName", "string"),
        ("price", "number"),
        ("rating", "number"),
        ("age", "integer"),
        ("city", "string"),
        ("created_at", "string"),
    ]);
    for seed in 0..50 {
        let value = instance(&schema, seed);
        let last = value["lastName"].as_str().unwrap().to_lowercase().replace('ü', "ue");
        assert!(value["email"].as_str().unwrap().contains(&last), "{value}");
        assert!((4.5..=249.0).contains(&value["price"].as_f64().unwrap()), "{value}");
        assert!((3.5..=5.0).contains(&value["rating"].as_f64().unwrap()), "{value}");
        assert!((21..=64).contains(&value["age"].as_i64().unwrap()), "{value}");
        assert!(value["created_at"].as_str().unwrap().starts_with("2025-"), "{value}");
        assert_eq!(value.as_object().unwrap().keys().next().map(String::as_str), Some("email"));
    }
}

#[test]
fn an_example_in_the_description_is_a_good_value() {
    let schema = json!({"type": "object", "properties": {"location": {"type": "string", "description": "The city and state, e.g. San Francisco, CA"},
        "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]}}, "required": ["location"]});
    assert_eq!(instance(&schema, 1)["location"], "San Francisco, CA");
}

struct Reader;

impl Source for Reader {
    fn value(&mut self, field: &Field<'_>) -> Option<Value> {
        match (field.name, field.kind) {
            ("city", Kind::Text) => Some(json!("Paris")),
            // Not valid there, so not taken.
            ("age", _) => Some(json!("many")),
            ("steps", Kind::Text) => Some(json!(format!("{} {}", field.pointer, field.index?))),
            _ => None,
        }
    }

    fn text(&mut self, field: &Field<'_>, max_chars: usize) -> Option<String> {
        (field.name == "summary").then(|| "All is well. ".repeat(100).chars().take(max_chars).collect())
    }
}

#[test]
fn what_a_source_knows_is_taken_if_it_is_valid() {
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}, "age": {"type": "integer"},
        "summary": {"type": "string", "maxLength": 30}, "steps": {"type": "array", "items": {"type": "string"}, "minItems": 2}},
        "required": ["city", "age", "summary", "steps"]});
    let value = Schema::parse(&schema).unwrap().instance(&mut Reader, &mut Seed::new(2).rng(), Budget::default());
    assert_eq!(value["city"], "Paris");
    assert!(value["age"].is_i64());
    assert!(value["summary"].as_str().unwrap().starts_with("All is well"), "{value}");
    assert_eq!(value["steps"][1], "/steps/1 1");
}

#[test]
fn problems_have_a_place() {
    let schema = Schema::parse(&json!({"type": "object", "properties": {"a": {"type": "array", "items": {"type": "integer"}}}, "required": ["a"]})).unwrap();
    assert_eq!(
        schema.problem(&json!({"a": [1, "x"]})).unwrap().to_string(),
        "/a/1: \"x\" is not of the type asked for"
    );
    assert_eq!(schema.problem(&json!({})).unwrap().to_string(), "`a` is required");
    assert!(schema.problem(&json!({"a": []})).is_none());
}
