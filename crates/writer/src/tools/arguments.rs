//! What a tool is called with: values the user named, and plausible ones for what nobody named.

use std::sync::Arc;

use fakeai_core::Rng;
use fakeai_schema::{Budget, Field, Kind, Schema, SchemaError, Source};
use serde_json::Value;

use crate::finds::{Finds, Wish};

/// Calls of one tool in one answer: one for each thing the user named.
const MOST_CALLS: usize = 5;

/// The JSON schema of a tool's arguments or of a structured answer.
#[derive(Clone, Debug)]
pub struct Shape {
    source: Arc<Value>,
    schema: Schema,
}

impl Shape {
    /// Reads a schema; an error says where it is wrong and how.
    pub fn parse(source: Value) -> Result<Self, SchemaError> {
        Ok(Self { schema: Schema::parse(&source)?, source: Arc::new(source) })
    }

    /// The schema as it was given.
    pub fn source(&self) -> &Value {
        &self.source
    }

    /// The schema as it was understood.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }
}

/// Gives the values of a prompt to a schema's fields.
pub(crate) struct Filling<'a> {
    pub(crate) finds: &'a Finds,
    /// The field that is given, and its value.
    pub(crate) pinned: Option<(&'a str, Value)>,
    /// Whether texts are the user's own words, as in a query, instead of prose about them.
    pub(crate) literal: bool,
    /// Prose of at most so many characters.
    pub(crate) prose: &'a mut dyn FnMut(usize) -> Option<String>,
    /// Values given so far: the next field gets the next one.
    pub(crate) used: Vec<Value>,
}

impl Filling<'_> {
    fn candidates(&self, field: &Field<'_>) -> Vec<Value> {
        let description = field.description.or(field.title).unwrap_or_default();
        if !field.choices.is_empty() {
            return self.finds.chosen(field.choices).into_iter().cloned().collect();
        }
        match field.kind {
            Kind::Integer | Kind::Number => {
                let whole = field.kind == Kind::Integer;
                if place(field.pointer).is_some() {
                    return self.finds.numbers_in_order(whole);
                }
                self.finds.values(&Wish::Number { field: field.name, whole })
            }
            Kind::Text => {
                let wish = Wish::of(field.name, description, field.format, false);
                let words = matches!(wish, Wish::Query | Wish::Message | Wish::Expression | Wish::Other);
                if words && !self.literal { Vec::new() } else { self.finds.values(&wish) }
            }
            Kind::Array => {
                let wish = Wish::of(field.name, description, None, false);
                let listed = self.finds.listed();
                let named = matches!(wish, Wish::Place { .. } | Wish::City | Wish::Country | Wish::Person)
                    || (self.literal && matches!(wish, Wish::Other | Wish::Title));
                if listed.is_empty() || !named { Vec::new() } else { vec![Value::Array(listed)] }
            }
            Kind::Boolean | Kind::Object | Kind::Null => Vec::new(),
        }
    }

    /// The candidate whose turn it is: the one of its place in a list, or the first that no other field has.
    fn next(&self, field: &Field<'_>, candidates: Vec<Value>) -> Option<Value> {
        if let Some(index) = field.index.or_else(|| place(field.pointer)) {
            return candidates.into_iter().nth(index);
        }
        let fresh = candidates.iter().find(|value| !self.used.contains(value)).cloned();
        // Two fields may want the same text, but no two numbers of a text are the same.
        fresh.or_else(|| candidates.into_iter().next().filter(Value::is_string))
    }
}

/// The place in its list of the object that the field at `pointer` belongs to.
fn place(pointer: &str) -> Option<usize> {
    pointer.rsplit('/').skip(1).find_map(|name| name.parse().ok())
}

impl Source for Filling<'_> {
    fn value(&mut self, field: &Field<'_>) -> Option<Value> {
        if let Some((name, value)) = &self.pinned
            && field.name == *name
            && field.pointer.matches('/').count() == 1
        {
            return Some(value.clone());
        }
        let candidates = self.candidates(field);
        let value = self.next(field, candidates)?;
        self.used.push(value.clone());
        Some(value)
    }

    fn count(&mut self, _field: &Field<'_>, properties: &[&str]) -> Option<usize> {
        self.finds.count(properties)
    }

    fn text(&mut self, field: &Field<'_>, max_chars: usize) -> Option<String> {
        if self.literal {
            let clause = self.finds.subject().unwrap_or(&self.finds.clause);
            return (!clause.is_empty() && clause.chars().count() <= max_chars && field.index.is_none())
                .then(|| clause.to_owned());
        }
        (self.prose)(max_chars)
    }
}

/// The arguments of each call to a tool: several where the user named several things it takes one of.
pub(super) fn inputs(shape: &Shape, finds: &Finds, single: bool, rng: &mut Rng) -> Vec<String> {
    let (reduced, lead) = reduce(shape, finds);
    let schema = reduced.as_ref().unwrap_or(&shape.schema);
    let several: Vec<Option<(&str, Value)>> = match &lead {
        Some((name, values)) if !single => {
            values.iter().take(MOST_CALLS).map(|value| Some((name.as_str(), value.clone()))).collect()
        }
        _ => vec![None],
    };
    let mut made: Vec<String> = Vec::with_capacity(several.len());
    for pinned in several {
        let mut filling = Filling { finds, pinned, literal: true, prose: &mut |_| None, used: Vec::new() };
        let value = schema.instance(&mut filling, rng, Budget::default());
        let text = value.to_string();
        if !made.contains(&text) {
            made.push(text);
        }
    }
    made
}

/// The schema without optional fields that nobody gave a value for, and the field that got several values at once.
fn reduce(shape: &Shape, finds: &Finds) -> (Option<Schema>, Option<(String, Vec<Value>)>) {
    let mut source = (*shape.source).clone();
    let required: Vec<String> = source["required"]
        .as_array()
        .map(|names| names.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        .unwrap_or_default();
    let Some(properties) = source.get_mut("properties").and_then(Value::as_object_mut) else { return (None, None) };
    let mut lead = None;
    properties.retain(|name, field| {
        let values = found(name, field, finds);
        let scalar = field["type"] == "string" && field.get("enum").is_none();
        if lead.is_none() && scalar && values.len() > 1 && fans_out(name, field) {
            lead = Some((name.clone(), values.clone()));
        }
        required.contains(name) || !values.is_empty()
    });
    // One who asks for nothing in particular wants to see what there is.
    if properties.is_empty() {
        return (None, lead);
    }
    // What was given is passed on.
    let kept: Vec<Value> = properties.keys().map(|name| Value::from(name.as_str())).collect();
    source["required"] = Value::Array(kept);
    (Schema::parse(&source).ok(), lead)
}

/// The values the prompt has for a property.
fn found(name: &str, field: &Value, finds: &Finds) -> Vec<Value> {
    let text = |key: &str| field[key].as_str();
    let choices = field["enum"].as_array().map_or(&[][..], Vec::as_slice);
    if !choices.is_empty() {
        return finds.chosen(choices).into_iter().cloned().collect();
    }
    let description = text("description").unwrap_or_default();
    match field["type"].as_str() {
        Some(kind @ ("integer" | "number")) => finds.values(&Wish::Number { field: name, whole: kind == "integer" }),
        Some("string") => match Wish::of(name, description, text("format"), false) {
            // An optional text is left out unless its words were really said.
            Wish::Query | Wish::Message | Wish::Expression | Wish::Other => Vec::new(),
            wish => finds.values(&wish),
        },
        Some("array") if field["items"]["type"] == "string" => match Wish::of(name, description, None, false) {
            Wish::Place { .. } | Wish::Person => finds.listed(),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// Whether a field takes one of several things that each want a call of their own. A way from one to another is one
/// call.
fn fans_out(name: &str, field: &Value) -> bool {
    let description = field["description"].as_str().unwrap_or_default();
    match Wish::of(name, description, field["format"].as_str(), false) {
        Wish::Place { before } => before.len() != 1,
        Wish::City | Wish::Country | Wish::Person | Wish::Code | Wish::Email | Wish::Url => true,
        _ => false,
    }
}
