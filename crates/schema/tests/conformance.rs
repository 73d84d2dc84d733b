//! Instances of random schemas, judged by a validator that others wrote.

use fakeai_core::{Rng, Seed};
use fakeai_schema::{Budget, NoSource, Schema};
use serde_json::{Map, Value, json};

const PATTERNS: [&str; 8] =
    ["^[a-z]+$", "^[A-Z]{2}\\d{3}$", "^\\d{3}-\\d{4}$", "foo", "^(red|green)$", "^@\\w+$", "^.{2,6}$", "[0-9]"];
const FORMATS: [&str; 12] = [
    "date-time",
    "date",
    "time",
    "duration",
    "email",
    "uuid",
    "uri",
    "uri-reference",
    "hostname",
    "ipv4",
    "ipv6",
    "json-pointer",
];
const NAMES: [&str; 14] = [
    "name",
    "email",
    "price",
    "tags",
    "id",
    "summary",
    "created_at",
    "x",
    "status",
    "isActive",
    "Odd name/~",
    "count",
    "url",
    "children",
];

/// Random schemas that are satisfiable by construction.
struct Maker {
    rng: Rng,
    definitions: Map<String, Value>,
}

impl Maker {
    fn root(seed: u64) -> Value {
        let mut maker = Self { rng: Seed::new(seed).derive("schemas").rng(), definitions: Map::new() };
        // A tree, a list that ends in null, and a plain type, for references.
        let leaf = maker.schema(3);
        maker.definitions.insert(
            "tree".to_owned(),
            json!({"type": "object", "properties": {"value": leaf, "children": {"type": "array", "items": {"$ref": "#/$defs/tree"}}},
                   "required": ["value", "children"], "additionalProperties": false}),
        );
        maker.definitions.insert(
            "list".to_owned(),
            json!({"type": "object", "properties": {"head": {"type": "integer"}, "tail": {"anyOf": [{"$ref": "#/$defs/list"}, {"type": "null"}]}},
                   "required": ["head", "tail"]}),
        );
        let plain = maker.schema(3);
        maker.definitions.insert("plain".to_owned(), plain);
        let mut root = maker.schema(0);
        if let Some(root) = root.as_object_mut() {
            root.insert("$defs".to_owned(), Value::Object(maker.definitions));
        }
        root
    }

    fn schema(&mut self, depth: usize) -> Value {
        let most = if depth >= 3 { 8 } else { 16 };
        match self.rng.below(most) {
            0 => json!({"type": "boolean"}),
            1 => json!({"type": "null"}),
            2 => self.integer(),
            3 => self.number(),
            4 | 5 => self.string(),
            6 => json!({"enum": [1, "a", null, {"k": [true]}, 2.5]}),
            7 => json!({"const": json!(["x", 1, {"y": null}])[self.rng.below(3)]}),
            8..=10 => self.object(depth),
            11 | 12 => self.array(depth),
            13 => self.combined(depth),
            14 => {
                let known = if depth == 0 { 3 } else { 2 };
                let target = ["tree", "list", "plain"][self.rng.below(known)];
                json!({"$ref": format!("#/$defs/{target}")})
            }
            _ => {
                let mut either = self.string();
                either["type"] = json!(["string", "null", "integer"]);
                either
            }
        }
    }

    fn integer(&mut self) -> Value {
        let low = self.rng.below(200) as i64 - 100;
        match self.rng.below(5) {
            0 => json!({"type": "integer"}),
            1 => json!({"type": "integer", "minimum": low, "maximum": low + self.rng.below(30) as i64}),
            2 => {
                json!({"type": "integer", "exclusiveMinimum": low, "exclusiveMaximum": low + 2 + self.rng.below(9) as i64})
            }
            3 => json!({"type": "integer", "multipleOf": 1 + self.rng.below(9), "minimum": low}),
            _ => json!({"type": "integer", "maximum": low}),
        }
    }

    fn number(&mut self) -> Value {
        let low = self.rng.below(200) as f64 / 4.0 - 20.0;
        match self.rng.below(6) {
            0 => json!({"type": "number"}),
            1 => json!({"type": "number", "minimum": low, "maximum": low + 0.5}),
            2 => json!({"type": "number", "exclusiveMinimum": low, "exclusiveMaximum": low + 0.001}),
            3 => {
                let step = [0.5, 0.25, 0.125, 3.0, 1.5, 0.1, 0.01][self.rng.below(7)];
                json!({"type": "number", "multipleOf": step, "minimum": low})
            }
            4 => json!({"type": "number", "maximum": low, "minimum": low}),
            _ => json!({"minimum": low, "type": ["number", "null"]}),
        }
    }

    fn string(&mut self) -> Value {
        let least = self.rng.below(20);
        match self.rng.below(7) {
            0 => json!({"type": "string"}),
            1 => json!({"type": "string", "minLength": least, "maxLength": least + self.rng.below(30)}),
            2 => json!({"type": "string", "maxLength": least}),
            3 => json!({"type": "string", "format": FORMATS[self.rng.below(FORMATS.len())]}),
            4 => json!({"type": "string", "pattern": PATTERNS[self.rng.below(PATTERNS.len())]}),
            5 => json!({"type": "string", "pattern": "^[a-z]+$", "minLength": least, "maxLength": least + 5}),
            _ => json!({"type": "string", "enum": ["low", "mid", "high"]}),
        }
    }

    fn object(&mut self, depth: usize) -> Value {
        let mut properties = Map::new();
        for _ in 0..self.rng.below(5) {
            let name = NAMES[self.rng.below(NAMES.len())];
            let value = self.schema(depth + 1);
            properties.insert(name.to_owned(), value);
        }
        let required: Vec<&String> = properties.keys().filter(|name| name.len() % 2 == 0).collect();
        let mut schema = json!({"type": "object", "properties": properties, "required": required});
        let count = schema["properties"].as_object().map_or(0, Map::len);
        match self.rng.below(9) {
            0 => schema["additionalProperties"] = json!(false),
            1 => schema["additionalProperties"] = self.schema(depth + 1),
            2 => schema["minProperties"] = json!(count + 1),
            3 => schema["maxProperties"] = json!(count),
            4 => schema["patternProperties"] = json!({"^x_": self.schema(depth + 1)}),
            5 => {
                schema["propertyNames"] = json!({"maxLength": 20});
                schema["minProperties"] = json!(count + 2);
            }
            6 if count > 1 => schema["dependentRequired"] = json!({NAMES[0]: [NAMES[1]]}),
            7 => {
                schema["if"] = json!({"required": ["status"], "properties": {"status": {"const": "closed"}}});
                schema["then"] = json!({"required": ["count"]});
                schema["else"] = json!({"minProperties": 0});
            }
            _ => {}
        }
        schema
    }

    fn array(&mut self, depth: usize) -> Value {
        let items = self.schema(depth + 1);
        let low = self.rng.below(3);
        match self.rng.below(7) {
            0 => json!({"type": "array", "items": items}),
            1 => json!({"type": "array", "items": items, "minItems": low, "maxItems": low + 2}),
            2 => json!({"type": "array", "prefixItems": [items, {"type": "integer"}], "items": false}),
            3 => json!({"type": "array", "prefixItems": [items], "items": {"type": "string"}, "minItems": 2}),
            4 => json!({"type": "array", "items": {"type": "integer"}, "uniqueItems": true, "minItems": 4}),
            5 => json!({"type": "array", "items": {"enum": ["a", "b", "c"]}, "uniqueItems": true, "minItems": 3}),
            _ => json!({"type": "array", "contains": items, "minContains": 1 + low, "maxItems": 8}),
        }
    }

    fn combined(&mut self, depth: usize) -> Value {
        let (one, other) = (self.schema(depth + 1), self.schema(depth + 1));
        match self.rng.below(6) {
            0 | 1 => json!({"anyOf": [one, other]}),
            2 => json!({"oneOf": [
                {"type": "object", "properties": {"kind": {"const": "a"}, "value": one}, "required": ["kind", "value"]},
                {"type": "object", "properties": {"kind": {"const": "b"}, "value": other}, "required": ["kind", "value"]}]}),
            3 => json!({"allOf": [
                {"type": "object", "properties": {"name": one}, "required": ["name"]},
                {"properties": {"count": other}, "required": ["count"]}]}),
            4 => json!({"not": {"type": ["string", "object"]}}),
            _ => json!({"allOf": [{"type": "integer", "minimum": 3}, {"maximum": 9}], "not": {"const": 5}}),
        }
    }
}

fn judge(schema: &Value) -> jsonschema::Validator {
    let options = jsonschema::options().with_draft(jsonschema::Draft::Draft202012).should_validate_formats(true);
    options.build(schema).unwrap_or_else(|error| unreachable!("{schema}: {error}"))
}

#[test]
fn instances_of_ten_thousand_random_schemas_are_valid() {
    for seed in 0..10_000 {
        let source = Maker::root(seed);
        let schema = Schema::parse(&source).unwrap_or_else(|error| panic!("{seed}: {source}: {error}"));
        let judge = judge(&source);
        let mut rng = Seed::new(seed).rng();
        for max_bytes in [0, schema.least_bytes() + 30, 300, 3000] {
            let instance = schema.instance(&mut NoSource, &mut rng, Budget { max_bytes });
            if let Err(error) = judge.validate(&instance) {
                panic!("{seed}: {source}\n{instance}\n{error}");
            }
            let size = instance.to_string().len();
            assert!(size <= max_bytes.max(schema.least_bytes()), "{seed}: {size} of {max_bytes}: {instance}");
        }
    }
}

/// Values that are near what the schema asks for, and values that are not.
fn mutated(value: &Value, rng: &mut Rng) -> Value {
    let stray = [
        json!(null),
        json!(0),
        json!(-1.5),
        json!(1e6),
        json!(""),
        json!("foo bar"),
        json!([]),
        json!({}),
        json!(true),
        json!([1, 1]),
    ];
    match value {
        Value::Object(fields) if !fields.is_empty() && rng.chance(0.8) => {
            let mut fields = fields.clone();
            let place = rng.below(fields.len());
            let name = fields.keys().nth(place).cloned().unwrap_or_default();
            if rng.chance(0.3) {
                fields.shift_remove(&name);
            } else if rng.chance(0.2) {
                fields.insert("stray".to_owned(), stray[rng.below(stray.len())].clone());
            } else {
                let inner = mutated(&fields[&name], rng);
                fields.insert(name, inner);
            }
            Value::Object(fields)
        }
        Value::Array(items) if !items.is_empty() && rng.chance(0.8) => {
            let mut items = items.clone();
            let place = rng.below(items.len());
            match rng.below(6) {
                0 | 1 => drop(items.remove(place)),
                2 => items.push(items[place].clone()),
                _ => items[place] = mutated(&items[place], rng),
            }
            Value::Array(items)
        }
        Value::String(text) if rng.chance(0.5) => json!(format!("{text}{text}")),
        Value::Number(number) if rng.chance(0.7) => {
            json!(number.as_f64().unwrap_or(0.0) + rng.range(-3.0, 3.0).round() / 2.0)
        }
        _ => stray[rng.below(stray.len())].clone(),
    }
}

#[test]
fn the_check_agrees_with_the_judge() {
    let mut counts = [0; 2];
    for seed in 0..2000 {
        let source = Maker::root(seed + 1_000_000);
        let schema = Schema::parse(&source).unwrap_or_else(|error| panic!("{seed}: {source}: {error}"));
        let judge = judge(&source);
        let mut rng = Seed::new(seed).rng();
        let mut value = schema.instance(&mut NoSource, &mut rng, Budget { max_bytes: 400 });
        for _ in 0..10 {
            value = mutated(&value, &mut rng);
            let is_valid = judge.is_valid(&value);
            assert_eq!(schema.is_valid(&value), is_valid, "{seed}: {source}\n{value}\n{:?}", schema.problem(&value));
            counts[usize::from(is_valid)] += 1;
        }
    }
    assert!(counts[0] > 2000 && counts[1] > 2000, "{counts:?}");
}
