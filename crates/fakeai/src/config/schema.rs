//! The JSON Schema of a configuration file, for editors and for checks before a start.

use serde_json::{Map, Value, json};

use super::key::Key;
use super::keys;
use super::kind::Kind;

/// The schema, draft 2020-12. Keys may stand in their section or, by their flat name, at the top.
pub fn schema() -> Value {
    let mut properties = Map::new();
    for section in keys::SECTIONS {
        let keys: Map<String, Value> =
            section.keys.iter().map(|key| (key.name.to_owned(), property(key, key.doc.to_owned()))).collect();
        let section_schema = json!({
            "type": "object",
            "description": section.doc,
            "properties": keys,
            "additionalProperties": false,
        });
        properties.insert(section.name.to_owned(), section_schema);
    }
    for key in keys::all() {
        properties.insert(key.flat_name().to_owned(), property(key, format!("The same as {}.", key.path())));
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "FakeAI configuration",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    })
}

/// The schema of one key.
fn property(key: &Key, description: String) -> Value {
    let mut property = match key.kind {
        Kind::Switch => json!({"type": "boolean"}),
        // 2^64 - 1 is beyond what JSON tools compare exactly.
        Kind::Integer { min, max: u64::MAX } => json!({"type": "integer", "minimum": min}),
        Kind::Integer { min, max } => json!({"type": "integer", "minimum": min, "maximum": max}),
        Kind::Number { min, max } => json!({"type": "number", "minimum": min, "maximum": max}),
        Kind::Milliseconds { min, max } => json!({"type": ["number", "string"], "minimum": min, "maximum": max}),
        Kind::OneOfNumbers(numbers) => json!({"enum": numbers}),
        Kind::OneOf(words) => json!({"enum": words}),
        // A bare number is the short form of its text.
        Kind::Text { .. } => json!({"type": ["string", "number"]}),
        Kind::Path | Kind::File => json!({"type": "string", "minLength": 1}),
        Kind::Texts { .. } | Kind::Files => json!({"type": "array", "items": {"type": "string"}}),
    };
    property["description"] = description.into();
    match keys::default_of(key) {
        Value::Null => {}
        default => property["default"] = default,
    }
    property
}
