//! OpenAI's rules for schemas with `strict: true`, with OpenAI's wording.
//!
//! The rules are those of the guide «Structured model outputs» as of 2026; the sentences are those that clients have
//! seen and match on. What the guide does not forbid is let through, so that nothing is refused here that works there.

use serde_json::{Map, Value};

use crate::error::SchemaError;

const MOST_PROPERTIES: usize = 5000;
const MOST_LEVELS: usize = 10;
const MOST_ENUM_VALUES: usize = 1000;
const MOST_CHARACTERS: usize = 120_000;
/// One enum of strings with more than [`LONG_ENUM`] values may have this many characters in all.
const MOST_ENUM_CHARACTERS: usize = 15_000;
const LONG_ENUM: usize = 250;

/// Schemas are not looked at below this depth: it is far beyond [`MOST_LEVELS`], so they are refused anyway.
const MOST_DEPTH: usize = 60;

/// Keywords that are refused wherever they stand.
const FORBIDDEN: [&str; 21] = [
    "allOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "dependentRequired",
    "dependentSchemas",
    "dependencies",
    "patternProperties",
    "propertyNames",
    "minProperties",
    "maxProperties",
    "unevaluatedProperties",
    "unevaluatedItems",
    "contains",
    "minContains",
    "maxContains",
    "uniqueItems",
    "prefixItems",
    "additionalItems",
];

/// Formats that strict mode knows.
const FORMATS: [&str; 9] = ["date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"];

const TYPES: [&str; 7] = ["string", "number", "integer", "boolean", "object", "array", "null"];

/// Holds a schema to the rules of strict mode.
///
/// The error's message is what OpenAI writes after `Invalid schema for response_format 'NAME': ` or
/// `Invalid schema for function 'NAME': `; it names the place itself, and `path` is the same as a JSON pointer.
pub fn check(schema: &Value) -> Result<(), SchemaError> {
    let mut walk = Walk { root: schema, context: Vec::new(), properties: 0, enum_values: 0, characters: 0 };
    walk.root()?;
    walk.schema(schema, 1)?;
    walk.totals()
}

struct Walk<'a> {
    root: &'a Value,
    context: Vec<String>,
    properties: usize,
    enum_values: usize,
    characters: usize,
}

impl<'a> Walk<'a> {
    /// An error whose message begins with the context, as a Python tuple.
    fn wrong(&self, message: impl AsRef<str>) -> SchemaError {
        self.error(&format!("In context={}, {}", self.tuple(), message.as_ref()))
    }

    fn error(&self, message: &str) -> SchemaError {
        let path: String = self.context.iter().flat_map(|step| ["/", step]).collect();
        SchemaError::new(format!("#{path}"), message)
    }

    fn tuple(&self) -> String {
        match &self.context[..] {
            [] => "()".to_owned(),
            [only] => format!("('{only}',)"),
            steps => format!("({})", steps.iter().map(|step| format!("'{step}'")).collect::<Vec<_>>().join(", ")),
        }
    }

    fn root(&self) -> Result<(), SchemaError> {
        let kind = self.root.get("type");
        if kind.and_then(Value::as_str) != Some("object") {
            let shown = match kind {
                None | Some(Value::Null) => "None".to_owned(),
                Some(Value::String(name)) => name.clone(),
                Some(other) => python(other),
            };
            return Err(
                self.error(&format!("schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{shown}\"'."))
            );
        }
        if self.root.get("anyOf").is_some() {
            return Err(self.error(
                "schema must have type 'object' and not have 'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top level.",
            ));
        }
        Ok(())
    }

    fn under(&mut self, steps: &[&str], value: &'a Value, level: usize) -> Result<(), SchemaError> {
        let before = self.context.len();
        self.context.extend(steps.iter().map(|step| (*step).to_owned()));
        self.schema(value, level)?;
        self.context.truncate(before);
        Ok(())
    }

    fn schema(&mut self, schema: &'a Value, level: usize) -> Result<(), SchemaError> {
        let Some(fields) = schema.as_object() else {
            return Err(self.wrong(format!("{} is not of type 'object', 'boolean'.", python(schema))));
        };
        if self.context.len() > MOST_DEPTH {
            return Err(self.too_deep(level));
        }
        for key in ["$defs", "definitions"] {
            for (name, value) in fields.get(key).and_then(Value::as_object).into_iter().flatten() {
                self.characters += name.chars().count();
                self.under(&[key, name], value, 1)?;
            }
        }
        if let Some(reference) = fields.get("$ref") {
            return self.reference(fields, reference);
        }
        if let Some(key) = FORBIDDEN.iter().find(|key| fields.contains_key(**key)) {
            return Err(self.wrong(format!("'{key}' is not permitted.")));
        }
        self.enumeration(fields)?;
        if let Some(branches) = fields.get("anyOf") {
            let branches = branches.as_array().ok_or_else(|| self.wrong("'anyOf' must be an array."))?;
            for (place, branch) in branches.iter().enumerate() {
                self.under(&["anyOf", &place.to_string()], branch, level)?;
            }
        }
        let types = self.types(fields)?;
        if types.contains(&"object") {
            self.object(fields, level)?;
        }
        if types.contains(&"array") {
            let items = fields.get("items").ok_or_else(|| self.wrong("array schema missing items."))?;
            self.under(&["items"], items, level)?;
        }
        self.string(fields)
    }

    fn types(&self, fields: &'a Map<String, Value>) -> Result<Vec<&'a str>, SchemaError> {
        let names: Vec<&str> = match fields.get("type") {
            None if ["anyOf", "enum", "const"].iter().any(|key| fields.contains_key(*key)) => Vec::new(),
            None => return Err(self.wrong("schema must have a 'type' key.")),
            Some(Value::String(name)) => vec![name],
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            Some(other) => {
                return Err(self.wrong(format!("{} is not valid under any of the given schemas.", python(other))));
            }
        };
        match names.iter().find(|name| !TYPES.contains(*name)) {
            Some(name) => Err(self.wrong(format!("'{name}' is not valid under any of the given schemas."))),
            None => Ok(names),
        }
    }

    fn too_deep(&self, level: usize) -> SchemaError {
        self.error(&format!("{} levels of nesting exceeds limit of {MOST_LEVELS}.", level.max(MOST_LEVELS + 1)))
    }

    fn object(&mut self, fields: &'a Map<String, Value>, level: usize) -> Result<(), SchemaError> {
        if level > MOST_LEVELS {
            return Err(self.too_deep(level));
        }
        if fields.get("additionalProperties") != Some(&Value::Bool(false)) {
            return Err(self.wrong("'additionalProperties' is required to be supplied and to be false."));
        }
        let empty = Map::new();
        let properties = match fields.get("properties") {
            None => None,
            Some(properties) => {
                Some(properties.as_object().ok_or_else(|| self.wrong("'properties' must be an object."))?)
            }
        };
        let rule = "'required' is required to be supplied and to be an array including every key in properties.";
        let required: Option<Vec<&str>> = fields
            .get("required")
            .and_then(Value::as_array)
            .map(|names| names.iter().filter_map(Value::as_str).collect());
        let missing =
            properties.unwrap_or(&empty).keys().find(|name| !required.iter().flatten().any(|known| known == name));
        if let Some(name) = missing {
            return Err(self.wrong(format!("{rule} Missing '{name}'.")));
        }
        let extra = required
            .iter()
            .flatten()
            .find(|name| !properties.is_some_and(|properties| properties.contains_key(**name)));
        if let Some(name) = extra {
            return Err(self.wrong(format!("{rule} Extra required key '{name}' supplied.")));
        }
        for (name, value) in properties.into_iter().flatten() {
            self.properties += 1;
            self.characters += name.chars().count();
            self.under(&["properties", name], value, level + 1)?;
        }
        Ok(())
    }

    fn string(&self, fields: &Map<String, Value>) -> Result<(), SchemaError> {
        if let Some(format) = fields.get("format").and_then(Value::as_str).filter(|format| !FORMATS.contains(format)) {
            return Err(self.wrong(format!("'{format}' is not a valid format.")));
        }
        let pattern = fields.get("pattern").and_then(Value::as_str);
        let problem = pattern.and_then(|pattern| crate::pattern::Pattern::parse(pattern).err());
        problem.map_or(Ok(()), |problem| Err(self.wrong(format!("'pattern' is not supported: {}.", problem.message))))
    }

    fn enumeration(&mut self, fields: &Map<String, Value>) -> Result<(), SchemaError> {
        if let Some(only) = fields.get("const").and_then(Value::as_str) {
            self.characters += only.chars().count();
        }
        let Some(values) = fields.get("enum") else { return Ok(()) };
        let values = values.as_array().ok_or_else(|| self.wrong("'enum' must be an array."))?;
        if values.is_empty() {
            return Err(self.wrong("[] should be non-empty."));
        }
        let length: usize = values.iter().filter_map(Value::as_str).map(|text| text.chars().count()).sum();
        self.enum_values += values.len();
        self.characters += length;
        if values.len() > LONG_ENUM && length > MOST_ENUM_CHARACTERS {
            return Err(self.wrong(format!(
                "enum has {} values with a total string length of {length}, which exceeds the limit of \
                 {MOST_ENUM_CHARACTERS} for an enum with more than {LONG_ENUM} values.",
                values.len()
            )));
        }
        Ok(())
    }

    fn reference(&self, fields: &Map<String, Value>, reference: &Value) -> Result<(), SchemaError> {
        let siblings: Vec<String> = fields
            .keys()
            .filter(|key| !["$ref", "$defs", "definitions"].contains(&key.as_str()))
            .map(|key| format!("'{key}'"))
            .collect();
        if !siblings.is_empty() {
            return Err(self.error(&format!(
                "context={}, $ref cannot have keywords {{{}}}.",
                self.tuple(),
                siblings.join(", ")
            )));
        }
        let reference = reference.as_str().unwrap_or_default();
        let is_top = reference == "#"
            || ["#/$defs/", "#/definitions/"]
                .iter()
                .any(|start| reference.strip_prefix(start).is_some_and(|name| !name.is_empty() && !name.contains('/')));
        if !is_top {
            return Err(self.wrong("reference can only point to definitions defined at the top level of the schema."));
        }
        match reference.strip_prefix('#').and_then(|pointer| self.root.pointer(pointer)) {
            Some(_) => Ok(()),
            None => Err(self.wrong(format!("reference '{reference}' does not exist in the schema."))),
        }
    }

    fn totals(&self) -> Result<(), SchemaError> {
        let limits = [
            (self.properties, MOST_PROPERTIES, "object properties"),
            (self.enum_values, MOST_ENUM_VALUES, "enum values"),
            (self.characters, MOST_CHARACTERS, "characters in names and values"),
        ];
        for (count, most, what) in limits {
            if count > most {
                return Err(self.error(&format!("{count} {what} exceeds limit of {most}.")));
            }
        }
        Ok(())
    }
}

/// A short value as Python shows it.
fn python(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(is_true) => if *is_true { "True" } else { "False" }.to_owned(),
        Value::String(text) => format!("'{text}'"),
        Value::Number(number) => number.to_string(),
        Value::Array(items) => format!("[{}]", items.iter().take(8).map(shallow).collect::<Vec<_>>().join(", ")),
        Value::Object(_) => "{...}".to_owned(),
    }
}

/// As above, but of lists within lists only that they are there.
fn shallow(value: &Value) -> String {
    if value.is_array() { "[...]".to_owned() } else { python(value) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn message(schema: &Value) -> String {
        check(schema).expect_err("must be refused").message
    }

    #[test]
    fn the_sentences_are_openais() {
        let cases = [
            (
                json!({"type": "object", "properties": {}, "required": []}),
                "In context=(), 'additionalProperties' is required to be supplied and to be false.",
            ),
            (
                json!({"type": "object", "properties": {"x": {"type": "object", "properties": {"y": {"type": "string"}}, "required": [], "additionalProperties": false}}, "required": ["x"], "additionalProperties": false}),
                "In context=('properties', 'x'), 'required' is required to be supplied and to be an array including every key in properties. Missing 'y'.",
            ),
            (
                json!({"type": "object", "properties": {}, "required": ["r"], "additionalProperties": false}),
                "In context=(), 'required' is required to be supplied and to be an array including every key in properties. Extra required key 'r' supplied.",
            ),
            (json!({"anyOf": []}), "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"None\"'."),
            (
                json!({"type": "array", "items": {}}),
                "schema must be a JSON Schema of 'type: \"object\"', got 'type: \"array\"'.",
            ),
        ];
        for (schema, expected) in cases {
            assert_eq!(message(&schema), expected);
        }
    }

    fn with(property: &Value) -> Value {
        json!({"type": "object", "properties": {"p": property}, "required": ["p"], "additionalProperties": false, "$defs": {"d": {"type": "string"}}})
    }

    #[test]
    fn what_is_not_supported_is_named_with_its_place() {
        let cases = [
            (json!({"allOf": [{"type": "string"}]}), "In context=('properties', 'p'), 'allOf' is not permitted."),
            (json!({"description": "x"}), "In context=('properties', 'p'), schema must have a 'type' key."),
            (json!({"type": "array"}), "In context=('properties', 'p'), array schema missing items."),
            (
                json!({"type": "array", "items": {"type": "string", "format": "uri"}}),
                "In context=('properties', 'p', 'items'), 'uri' is not a valid format.",
            ),
            (
                json!({"$ref": "#/$defs/d", "description": "x"}),
                "context=('properties', 'p'), $ref cannot have keywords {'description'}.",
            ),
            (
                json!({"$ref": "#/properties/p"}),
                "In context=('properties', 'p'), reference can only point to definitions defined at the top level of the schema.",
            ),
            (
                json!({"type": "text"}),
                "In context=('properties', 'p'), 'text' is not valid under any of the given schemas.",
            ),
        ];
        for (property, expected) in cases {
            assert_eq!(message(&with(&property)), expected);
        }
    }

    #[test]
    fn what_is_supported_passes() {
        let properties = [
            json!({"type": ["string", "null"], "pattern": "^a", "format": "date-time"}),
            json!({"type": "number", "minimum": 1, "exclusiveMaximum": 9, "multipleOf": 0.5}),
            json!({"type": "array", "items": {"$ref": "#"}, "minItems": 1, "maxItems": 3}),
            json!({"anyOf": [{"$ref": "#/$defs/d"}, {"type": "null"}]}),
            json!({"type": "string", "enum": ["a", "b"]}),
            json!({"const": "a"}),
        ];
        for property in properties {
            assert_eq!(check(&with(&property)), Ok(()), "{property}");
        }
    }

    #[test]
    fn limits_are_held() {
        let deep = |levels: usize| (1..levels).fold(json!({"type": "string"}), |inner, _| with_only(&inner));
        assert_eq!(check(&deep(11)), Ok(()));
        assert!(message(&deep(12)).contains("levels of nesting exceeds limit of 10"), "{}", message(&deep(12)));
        let values: Vec<String> = (0..1001).map(|number| number.to_string()).collect();
        assert!(message(&with(&json!({"enum": values}))).contains("1001 enum values"));
        let long: Vec<String> = (0..251).map(|number| format!("{number:0>60}")).collect();
        assert!(message(&with(&json!({"enum": long}))).contains("15000"));
    }

    fn with_only(property: &Value) -> Value {
        json!({"type": "object", "properties": {"p": property}, "required": ["p"], "additionalProperties": false})
    }
}
