//! Schemas and values nobody means well with, and those that are simply wrong.

use fakeai_core::Seed;
use fakeai_schema::{Budget, NoSource, Schema, strict};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn error(schema: &Value) -> String {
    Schema::parse(schema).map_or_else(|error| error.to_string(), |_| "is accepted".to_owned())
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let cases = [
        (json!({"type": "strin"}), "#: `type` is `strin`, which is no JSON type"),
        (
            json!({"properties": {"a": {"$ref": "#/$defs/x"}}}),
            "#/properties/a/$ref: `#/$defs/x` does not exist in the schema",
        ),
        (
            json!({"items": {"$ref": "https://example.com/x.json"}}),
            "#/items/$ref: `https://example.com/x.json` refers to another document; only `#/...` is supported",
        ),
        (
            json!({"properties": {"a/b": {"minLength": -1}}}),
            "#/properties/a~1b: `minLength` must be a whole number of at least 0",
        ),
        (json!({"items": 5}), "#/items: a number is not a schema: an object or a boolean is"),
        (json!({"$ref": "#"}), "#: the schema refers to itself without end"),
        (json!({"anyOf": [{"$ref": "#"}, {"type": "string"}]}), "#: the schema refers to itself without end"),
        (json!({"pattern": "(?=a)"}), "#: `pattern` look-ahead `(?=` in patterns is not supported"),
    ];
    for (schema, expected) in cases {
        assert_eq!(error(&schema), expected);
    }
}

#[test]
fn schemas_that_nothing_satisfies_are_refused() {
    let cases = [
        json!(false),
        json!({"type": "integer", "minimum": 3, "maximum": 2}),
        json!({"type": "string", "minLength": 3, "maxLength": 2}),
        json!({"type": "object", "properties": {"a": false}, "required": ["a"]}),
        json!({"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]}),
        json!({"allOf": [{"type": "string"}, {"type": "integer"}]}),
        json!({"const": 1, "enum": [2]}),
        json!({"type": "array", "items": {"type": "boolean"}, "uniqueItems": true, "minItems": 3}),
    ];
    for schema in cases {
        assert!(error(&schema).contains("no value was found"), "{schema}");
    }
}

/// Nested so deep that even dropping it would overflow the stack: it is leaked.
fn abyss(wrap: fn(Value) -> Value) -> &'static Value {
    let mut value = json!(1);
    for _ in 0..100_000 {
        value = wrap(value);
    }
    Box::leak(Box::new(value))
}

fn wrapped(key: &str, value: Value) -> Value {
    Value::Object(Map::from_iter([(key.to_owned(), value)]))
}

#[test]
fn depth_does_not_overflow_the_stack() {
    let lists = abyss(|value| Value::Array(vec![value]));
    let schema = Schema::parse(&json!({"type": "array", "items": {"$ref": "#"}})).unwrap();
    assert!(schema.problem(lists).is_some());
    // As deep as is looked at.
    let deep = (0..127).fold(json!([]), |value, _| Value::Array(vec![value]));
    assert!(schema.problem(&deep).is_none());
    let other = Schema::parse(&json!({"enum": [deep.clone()]})).unwrap();
    assert!(other.is_valid(&deep));
    for deep in [abyss(|value| wrapped("items", value)), abyss(|value| wrapped("not", value)), lists] {
        assert!(Schema::parse(deep).is_err());
        assert!(strict::check(deep).is_err());
    }
    // Without `json!` around the value, which would copy it by recursion.
    let nested = abyss(|value| {
        let mut object = json!({"type": "object", "required": ["a"], "additionalProperties": false});
        if let Some(fields) = object.as_object_mut() {
            fields.insert("properties".to_owned(), wrapped("a", value));
        }
        object
    });
    assert!(Schema::parse(nested).is_err() && strict::check(nested).is_err());
}

#[test]
fn references_that_double_do_not_hang() {
    let mut definitions = Map::new();
    for number in 0..24 {
        let next = json!({"$ref": format!("#/$defs/d{}", number + 1)});
        definitions.insert(format!("d{number}"), json!({"anyOf": [{"allOf": [next, {"minimum": 1}]}, next]}));
    }
    definitions.insert("d24".to_owned(), json!({"type": "integer"}));
    let source = json!({"$ref": "#/$defs/d0", "$defs": definitions});
    // Either answer will do, if only it comes.
    if let Ok(schema) = Schema::parse(&source) {
        schema.is_valid(&json!("x"));
    }
}

#[test]
fn recursion_ends_and_small_budgets_yield_the_smallest() {
    let tree = json!({"type": "object", "properties": {"name": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#"}}},
        "required": ["name", "children"], "additionalProperties": false});
    let schema = Schema::parse(&tree).unwrap();
    let mut rng = Seed::new(1).rng();
    let least = schema.instance(&mut NoSource, &mut rng, Budget { max_bytes: 0 });
    assert_eq!(least.to_string(), r#"{"name":"","children":[]}"#);
    assert_eq!(least.to_string().len(), schema.least_bytes());
    for _ in 0..100 {
        let instance = schema.instance(&mut NoSource, &mut rng, Budget { max_bytes: 1000 });
        assert!(schema.is_valid(&instance) && instance.to_string().len() <= 1000);
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let source = json!({"type": "object", "properties": {"email": {"type": "string"}, "tags": {"type": "array", "items": {"type": "string"}}}});
    let instance = |seed: u64| {
        let schema = Schema::parse(&source).unwrap();
        schema.instance(&mut NoSource, &mut Seed::new(seed).rng(), Budget::default()).to_string()
    };
    assert_eq!(instance(5), instance(5));
    assert_ne!(instance(5), instance(6));
}

fn garbage() -> impl Strategy<Value = Value> {
    let words = "type|properties|items|enum|const|anyOf|oneOf|allOf|not|if|then|else|\\$ref|\\$defs|required|minItems|maxItems|uniqueItems|minLength|pattern|format|minimum|multipleOf|additionalProperties|patternProperties|propertyNames|contains|prefixItems|dependentRequired|minProperties|a|b";
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        (-9_i64..9).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "string|object|array|integer|number|null|#|#/items|#/properties/a|date|\\^a|.{0,6}".prop_map(Value::String),
        Just(Value::Null),
    ];
    leaf.prop_recursive(5, 48, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((words, inner), 0..5).prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn garbage_is_refused_or_satisfied(source in garbage(), value in garbage(), bytes in 0_usize..500) {
        let _ = strict::check(&source);
        if let Ok(schema) = Schema::parse(&source) {
            schema.is_valid(&value);
            let instance = schema.instance(&mut NoSource, &mut Seed::new(1).rng(), Budget { max_bytes: bytes });
            prop_assert!(schema.is_valid(&instance), "{instance}");
        }
    }
}
