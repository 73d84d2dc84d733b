//! From JSON to nodes. A work list instead of recursion, so that no schema is too deep for the stack.

use rustc_hash::FxHashMap;
use serde_json::{Map, Value};

use crate::decimal::Decimal;
use crate::error::SchemaError;
use crate::field::Kind;
use crate::format::Format;
use crate::node::{ArrayRules, Condition, Id, Nodes, NumberRules, ObjectRules, Rules, TextRules, Types};
use crate::pattern::Pattern;

/// Subschemas may be nested this deep.
const MOST_DEPTH: usize = 100;
/// A schema may have this many subschemas.
const MOST_NODES: usize = 50_000;
/// `$ref`, `allOf` and their kin may be chained this long without a step into the value.
const MOST_CHAIN: usize = 64;

/// The nodes of a schema, the root first.
pub(crate) fn compile(root: &Value) -> Result<Nodes, SchemaError> {
    let mut compiler = Compiler { root, ids: FxHashMap::default(), queue: Vec::new(), nodes: Vec::new() };
    compiler.reach(String::from("#"), root, 0)?;
    while let Some(work) = compiler.queue.pop() {
        let rules = compiler.rules(&work)?;
        compiler.nodes[work.id] = rules;
    }
    find_loops(&compiler)?;
    Ok(compiler.nodes)
}

struct Work<'a> {
    id: Id,
    path: String,
    value: &'a Value,
    depth: usize,
}

struct Compiler<'a> {
    root: &'a Value,
    /// By place, so that a place that is referred to is read once.
    ids: FxHashMap<String, Id>,
    queue: Vec<Work<'a>>,
    nodes: Nodes,
}

/// A member of a schema object, with its place.
struct Reader<'a, 'b> {
    compiler: &'b mut Compiler<'a>,
    fields: &'a Map<String, Value>,
    path: &'b str,
    depth: usize,
}

impl<'a> Compiler<'a> {
    /// The node of a place; read later if it is new.
    fn reach(&mut self, path: String, value: &'a Value, depth: usize) -> Result<Id, SchemaError> {
        if let Some(id) = self.ids.get(&path) {
            return Ok(*id);
        }
        if depth > MOST_DEPTH {
            let start: String = path.chars().take(60).collect();
            return Err(SchemaError::new(
                format!("{start}..."),
                format!("the schema is nested more than {MOST_DEPTH} levels deep"),
            ));
        }
        if self.nodes.len() >= MOST_NODES {
            return Err(SchemaError::new(path, format!("the schema has more than {MOST_NODES} subschemas")));
        }
        let id = self.nodes.len();
        self.nodes.push(Rules::default());
        self.ids.insert(path.clone(), id);
        self.queue.push(Work { id, path, value, depth });
        Ok(id)
    }

    fn rules(&mut self, work: &Work<'a>) -> Result<Rules, SchemaError> {
        let fields = match work.value {
            Value::Bool(is_always) => return Ok(Rules { is_never: !is_always, ..Rules::default() }),
            Value::Object(fields) => fields,
            other => {
                return Err(SchemaError::new(
                    &work.path,
                    format!("{} is not a schema: an object or a boolean is", shown(other)),
                ));
            }
        };
        let mut reader = Reader { compiler: self, fields, path: &work.path, depth: work.depth };
        reader.rules()
    }

    fn resolve(&mut self, reference: &str, path: &str) -> Result<Id, SchemaError> {
        let wrong = |message| SchemaError::new(format!("{path}/$ref"), message);
        let Some(pointer) = reference.strip_prefix('#') else {
            return Err(wrong(format!("`{reference}` refers to another document; only `#/...` is supported")));
        };
        if !pointer.is_empty() && !pointer.starts_with('/') {
            return Err(wrong(format!("`{reference}` is an anchor; only `#/...` is supported")));
        }
        let pointer = percent_decoded(pointer);
        let target = self.root.pointer(&pointer);
        let target = target.ok_or_else(|| wrong(format!("`{reference}` does not exist in the schema")))?;
        self.reach(format!("#{pointer}"), target, pointer.matches('/').count() / 2)
    }
}

impl<'a> Reader<'a, '_> {
    fn rules(&mut self) -> Result<Rules, SchemaError> {
        let number = self.number()?;
        let text = self.text()?;
        let array = self.array()?;
        let object = self.object()?;
        let mut all_of = self.many("allOf")?;
        if let Some(reference) = self.fields.get("$ref") {
            let reference = reference.as_str().ok_or_else(|| self.wrong("$ref", "must be a string"))?;
            all_of.push(self.compiler.resolve(reference, self.path)?);
        }
        if let Some(key) = ["$dynamicRef", "$recursiveRef"].into_iter().find(|key| self.fields.contains_key(*key)) {
            return Err(self.wrong(key, "is not supported"));
        }
        let string = |key: &str| self.fields.get(key).and_then(Value::as_str).map(str::to_owned);
        let (title, description) = (string("title"), string("description"));
        let mut examples = self.fields.get("examples").and_then(Value::as_array).cloned().unwrap_or_default();
        examples.extend(self.fields.get("example").cloned());
        Ok(Rules {
            is_never: false,
            types: self.types()?,
            values: self.values()?,
            number,
            text,
            array,
            object,
            all_of,
            any_of: self.many("anyOf")?,
            one_of: self.many("oneOf")?,
            not: self.one("not")?,
            condition: self.condition()?,
            title,
            description,
            examples,
            default: self.fields.get("default").cloned(),
        })
    }

    fn wrong(&self, key: &str, message: &str) -> SchemaError {
        SchemaError::new(self.path, format!("`{key}` {message}"))
    }

    fn types(&self) -> Result<Option<Types>, SchemaError> {
        let kind = |value: &Value| {
            let name = value.as_str().ok_or_else(|| self.wrong("type", "must be a string or a list of strings"))?;
            kind_named(name).ok_or_else(|| self.wrong("type", &format!("is `{name}`, which is no JSON type")))
        };
        let mut types = match self.fields.get("type") {
            None => return Ok(None),
            Some(Value::Array(names)) if names.is_empty() => return Err(self.wrong("type", "is an empty list")),
            Some(Value::Array(names)) => {
                names.iter().try_fold(Types::NONE, |types, name| kind(name).map(|kind| types.or(Types::of(kind))))?
            }
            Some(name) => Types::of(kind(name)?),
        };
        // OpenAPI 3.0.
        if self.fields.get("nullable").and_then(Value::as_bool) == Some(true) {
            types = types.or(Types::of(Kind::Null));
        }
        Ok(Some(types))
    }

    fn values(&self) -> Result<Option<Vec<Value>>, SchemaError> {
        let listed = match self.fields.get("enum") {
            None => None,
            Some(Value::Array(values)) if !values.is_empty() => Some(values.clone()),
            Some(_) => return Err(self.wrong("enum", "must be a list with at least one value")),
        };
        let Some(only) = self.fields.get("const") else { return Ok(listed) };
        let is_listed = listed.is_none_or(|values| values.iter().any(|value| crate::json::equal(value, only)));
        Ok(Some(if is_listed { vec![only.clone()] } else { Vec::new() }))
    }

    fn number(&self) -> Result<NumberRules, SchemaError> {
        let (minimum, maximum) = (self.float("minimum")?, self.float("maximum")?);
        // Draft 4 has booleans here, which make the inclusive bounds exclusive.
        let bound = |key: &str, inclusive: Option<f64>| match self.fields.get(key) {
            Some(Value::Bool(is_exclusive)) => Ok(inclusive.filter(|_| *is_exclusive)),
            _ => self.float(key),
        };
        let multiple_of = match self.fields.get("multipleOf") {
            None => None,
            Some(Value::Number(number)) if number.as_f64().is_some_and(|float| float > 0.0) => {
                let decimal =
                    Decimal::of(number).ok_or_else(|| self.wrong("multipleOf", "is too large or too fine"))?;
                Some((decimal, number.as_f64().unwrap_or(1.0)))
            }
            Some(_) => return Err(self.wrong("multipleOf", "must be a number above 0")),
        };
        Ok(NumberRules {
            minimum,
            maximum,
            above: bound("exclusiveMinimum", minimum)?,
            below: bound("exclusiveMaximum", maximum)?,
            multiple_of,
        })
    }

    fn text(&self) -> Result<TextRules, SchemaError> {
        let pattern = match self.fields.get("pattern") {
            None => None,
            Some(Value::String(pattern)) => Some(self.pattern("pattern", pattern)?),
            Some(_) => return Err(self.wrong("pattern", "must be a string")),
        };
        let format = match self.fields.get("format") {
            None => None,
            Some(Value::String(name)) => Format::named(name),
            Some(_) => return Err(self.wrong("format", "must be a string")),
        };
        Ok(TextRules {
            min_chars: self.count("minLength")?.unwrap_or(0),
            max_chars: self.count("maxLength")?,
            pattern,
            format,
        })
    }

    fn pattern(&self, key: &str, pattern: &str) -> Result<Pattern, SchemaError> {
        Pattern::parse(pattern).map_err(|error| self.wrong(key, &error.message))
    }

    fn array(&mut self) -> Result<ArrayRules, SchemaError> {
        let mut prefix = self.many("prefixItems")?;
        // Before 2020-12, a list of `items` was what `prefixItems` is now.
        let items = if matches!(self.fields.get("items"), Some(Value::Array(_))) {
            prefix = self.many("items")?;
            self.one("additionalItems")?
        } else {
            self.one("items")?
        };
        let is_unique = self.fields.get("uniqueItems").and_then(Value::as_bool).unwrap_or(false);
        Ok(ArrayRules {
            prefix,
            items,
            contains: self.one("contains")?,
            min_contains: self.count("minContains")?.unwrap_or(1),
            max_contains: self.count("maxContains")?,
            min: self.count("minItems")?.unwrap_or(0),
            max: self.count("maxItems")?,
            is_unique,
        })
    }

    fn object(&mut self) -> Result<ObjectRules, SchemaError> {
        let properties = self.named("properties")?;
        let mut patterns = Vec::new();
        for (pattern, id) in self.named("patternProperties")? {
            patterns.push((self.pattern("patternProperties", &pattern)?, id));
        }
        let required = match self.fields.get("required") {
            // Draft 3 has a boolean in the property itself.
            None | Some(Value::Bool(_)) => Vec::new(),
            Some(names) => self.strings("required", names)?,
        };
        let (mut dependent_required, mut dependent_schemas) = (Vec::new(), self.named("dependentSchemas")?);
        for key in ["dependentRequired", "dependencies"] {
            let Some(list) = self.fields.get(key) else { continue };
            let list = list.as_object().ok_or_else(|| self.wrong(key, "must be an object"))?;
            for (name, needed) in list {
                if needed.is_array() {
                    dependent_required.push((name.clone(), self.strings(key, needed)?));
                } else {
                    dependent_schemas.push((name.clone(), self.child(&[key, name], needed)?));
                }
            }
        }
        Ok(ObjectRules {
            index: properties.iter().cloned().collect(),
            properties,
            required,
            patterns,
            additional: self.one("additionalProperties")?,
            names: self.one("propertyNames")?,
            min: self.count("minProperties")?.unwrap_or(0),
            max: self.count("maxProperties")?,
            dependent_required,
            dependent_schemas,
        })
    }

    fn condition(&mut self) -> Result<Option<Condition>, SchemaError> {
        let Some(when) = self.one("if")? else { return Ok(None) };
        Ok(Some(Condition { when, then: self.one("then")?, otherwise: self.one("else")? }))
    }

    fn child(&mut self, keys: &[&str], value: &'a Value) -> Result<Id, SchemaError> {
        let mut path = self.path.to_owned();
        for key in keys {
            path.push('/');
            path.push_str(&key.replace('~', "~0").replace('/', "~1"));
        }
        self.compiler.reach(path, value, self.depth + 1)
    }

    fn one(&mut self, key: &str) -> Result<Option<Id>, SchemaError> {
        let fields = self.fields;
        fields.get(key).map(|value| self.child(&[key], value)).transpose()
    }

    fn many(&mut self, key: &str) -> Result<Vec<Id>, SchemaError> {
        let fields = self.fields;
        let values = match fields.get(key) {
            None => return Ok(Vec::new()),
            Some(Value::Array(values)) if !values.is_empty() || key == "items" => values,
            Some(_) => return Err(self.wrong(key, "must be a list with at least one schema")),
        };
        (0..).zip(values).map(|(place, value): (usize, _)| self.child(&[key, &place.to_string()], value)).collect()
    }

    fn named(&mut self, key: &str) -> Result<Vec<(String, Id)>, SchemaError> {
        let fields = self.fields;
        let values = match fields.get(key) {
            None => return Ok(Vec::new()),
            Some(Value::Object(values)) => values,
            Some(_) => return Err(self.wrong(key, "must be an object")),
        };
        values.iter().map(|(name, value)| Ok((name.clone(), self.child(&[key, name], value)?))).collect()
    }

    fn strings(&self, key: &str, value: &Value) -> Result<Vec<String>, SchemaError> {
        let list = value.as_array().and_then(|list| list.iter().map(|name| name.as_str().map(str::to_owned)).collect());
        list.ok_or_else(|| self.wrong(key, "must be a list of strings"))
    }

    fn float(&self, key: &str) -> Result<Option<f64>, SchemaError> {
        match self.fields.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value.as_f64().map(Some).ok_or_else(|| self.wrong(key, "must be a number")),
        }
    }

    fn count(&self, key: &str) -> Result<Option<usize>, SchemaError> {
        let Some(value) = self.fields.get(key) else { return Ok(None) };
        let whole = || value.as_f64().filter(|float| *float >= 0.0 && float.fract() == 0.0).map(|float| float as u64);
        let count =
            value.as_u64().or_else(whole).ok_or_else(|| self.wrong(key, "must be a whole number of at least 0"))?;
        // No text or list is longer; so sums of counts stay clear of overflow.
        Ok(Some(count.min(1 << 40) as usize))
    }
}

fn kind_named(name: &str) -> Option<Kind> {
    Some(match name {
        "string" => Kind::Text,
        "number" => Kind::Number,
        "integer" => Kind::Integer,
        "boolean" => Kind::Boolean,
        "object" => Kind::Object,
        "array" => Kind::Array,
        "null" => Kind::Null,
        _ => return None,
    })
}

fn shown(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Bool(_) | Value::Object(_) => "this",
    }
}

fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(byte) = bytes.get(at) {
        let code = bytes.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok());
        let code = code.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|_| *byte == b'%');
        out.push(code.unwrap_or(*byte));
        at += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

/// Refuses schemas that refer to themselves without a step into the value: they say nothing and never end.
fn find_loops(compiler: &Compiler<'_>) -> Result<(), SchemaError> {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        Open,
        Height(usize),
    }
    let mut states = vec![State::New; compiler.nodes.len()];
    let fail = |id: Id, message: String| {
        let path = compiler.ids.iter().find(|(_, other)| **other == id).map_or("#", |(path, _)| path);
        Err(SchemaError::new(path, message))
    };
    for start in 0..compiler.nodes.len() {
        let mut stack = vec![start];
        while let Some(id) = stack.last().copied() {
            if let State::Height(_) = states[id] {
                stack.pop();
                continue;
            }
            let is_first = states[id] == State::New;
            states[id] = State::Open;
            let mut height = 0;
            let before = stack.len();
            for next in compiler.nodes[id].in_place() {
                match states[next] {
                    State::New => stack.push(next),
                    State::Open if is_first || next == id => {
                        return fail(next, "the schema refers to itself without end".to_owned());
                    }
                    State::Open => {}
                    State::Height(below) => height = height.max(below + 1),
                }
            }
            if height > MOST_CHAIN {
                return fail(id, format!("more than {MOST_CHAIN} references or combinations follow one another"));
            }
            if stack.len() == before {
                states[id] = State::Height(height);
                stack.pop();
            }
        }
    }
    Ok(())
}
