//! A schema after reading: a flat list of nodes, each the keywords of one subschema.

use rustc_hash::FxHashMap;
use serde_json::Value;

use crate::decimal::Decimal;
use crate::field::Kind;
use crate::format::Format;
use crate::pattern::Pattern;

/// Place of a node in [`Nodes`].
pub(crate) type Id = usize;

/// All subschemas; the root is the first.
pub(crate) type Nodes = Vec<Rules>;

/// A set of JSON types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Types(u8);

impl Types {
    pub(crate) const ALL: Self = Self(0x7F);
    pub(crate) const NONE: Self = Self(0);

    pub(crate) const fn of(kind: Kind) -> Self {
        match kind {
            Kind::Null => Self(1),
            Kind::Boolean => Self(2),
            Kind::Integer => Self(4),
            // A type `number` admits integers, too.
            Kind::Number => Self(4 | 8),
            Kind::Text => Self(16),
            Kind::Array => Self(32),
            Kind::Object => Self(64),
        }
    }

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) const fn has(self, kind: Kind) -> bool {
        match kind {
            Kind::Number => self.0 & 8 != 0,
            other => self.0 & Self::of(other).0 != 0,
        }
    }

    /// Whether the value is of one of the types. `1.0` is an integer.
    pub(crate) fn admit(self, value: &Value) -> bool {
        match value {
            Value::Null => self.has(Kind::Null),
            Value::Bool(_) => self.has(Kind::Boolean),
            Value::Number(number) => {
                self.has(Kind::Number)
                    || self.has(Kind::Integer)
                        && (number.is_i64()
                            || number.is_u64()
                            || number.as_f64().is_some_and(|float| float.fract() == 0.0))
            }
            Value::String(_) => self.has(Kind::Text),
            Value::Array(_) => self.has(Kind::Array),
            Value::Object(_) => self.has(Kind::Object),
        }
    }
}

/// The keywords of one subschema. The default is the schema `true`.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    /// The schema `false`.
    pub(crate) is_never: bool,
    pub(crate) types: Option<Types>,
    /// `enum` and `const`.
    pub(crate) values: Option<Vec<Value>>,
    pub(crate) number: NumberRules,
    pub(crate) text: TextRules,
    pub(crate) array: ArrayRules,
    pub(crate) object: ObjectRules,
    /// `allOf`, and `$ref`.
    pub(crate) all_of: Vec<Id>,
    /// `anyOf`; empty means absent.
    pub(crate) any_of: Vec<Id>,
    /// `oneOf`; empty means absent.
    pub(crate) one_of: Vec<Id>,
    pub(crate) not: Option<Id>,
    pub(crate) condition: Option<Condition>,
    pub(crate) title: Option<String>,
    pub(crate) description: Option<String>,
    /// `examples` and `example`.
    pub(crate) examples: Vec<Value>,
    pub(crate) default: Option<Value>,
}

#[derive(Debug)]
pub(crate) struct Condition {
    pub(crate) when: Id,
    pub(crate) then: Option<Id>,
    pub(crate) otherwise: Option<Id>,
}

#[derive(Debug, Default)]
pub(crate) struct NumberRules {
    pub(crate) minimum: Option<f64>,
    pub(crate) maximum: Option<f64>,
    pub(crate) above: Option<f64>,
    pub(crate) below: Option<f64>,
    pub(crate) multiple_of: Option<(Decimal, f64)>,
}

#[derive(Debug, Default)]
pub(crate) struct TextRules {
    pub(crate) min_chars: usize,
    pub(crate) max_chars: Option<usize>,
    pub(crate) pattern: Option<Pattern>,
    pub(crate) format: Option<Format>,
}

#[derive(Debug, Default)]
pub(crate) struct ArrayRules {
    pub(crate) prefix: Vec<Id>,
    pub(crate) items: Option<Id>,
    pub(crate) contains: Option<Id>,
    pub(crate) min_contains: usize,
    pub(crate) max_contains: Option<usize>,
    pub(crate) min: usize,
    pub(crate) max: Option<usize>,
    pub(crate) is_unique: bool,
}

#[derive(Debug, Default)]
pub(crate) struct ObjectRules {
    /// In the order in which they were sent.
    pub(crate) properties: Vec<(String, Id)>,
    pub(crate) index: FxHashMap<String, Id>,
    pub(crate) required: Vec<String>,
    pub(crate) patterns: Vec<(Pattern, Id)>,
    pub(crate) additional: Option<Id>,
    pub(crate) names: Option<Id>,
    pub(crate) min: usize,
    pub(crate) max: Option<usize>,
    pub(crate) dependent_required: Vec<(String, Vec<String>)>,
    pub(crate) dependent_schemas: Vec<(String, Id)>,
}

impl Rules {
    /// The subschemas that apply to the same value as this one.
    pub(crate) fn in_place(&self) -> impl Iterator<Item = Id> {
        let condition = self
            .condition
            .iter()
            .flat_map(|condition| [Some(condition.when), condition.then, condition.otherwise].into_iter().flatten());
        let dependent = self.object.dependent_schemas.iter().map(|(_, id)| *id);
        let lists = self.all_of.iter().chain(&self.any_of).chain(&self.one_of).copied();
        lists.chain(self.not).chain(condition).chain(dependent)
    }
}

impl ObjectRules {
    /// The subschemas for the value under this name.
    pub(crate) fn of_name<'a>(&'a self, name: &'a str) -> impl Iterator<Item = Id> + 'a {
        let declared = self.index.get(name).copied();
        let matched = self.patterns.iter().filter(move |(pattern, _)| pattern.is_match(name)).map(|(_, id)| *id);
        let is_declared = declared.is_some() || self.patterns.iter().any(|(pattern, _)| pattern.is_match(name));
        let additional = if is_declared { None } else { self.additional };
        declared.into_iter().chain(matched).chain(additional)
    }
}

impl ArrayRules {
    /// The subschema for the item at this place.
    pub(crate) fn of_index(&self, index: usize) -> Option<Id> {
        self.prefix.get(index).copied().or(self.items)
    }
}

impl Rules {
    /// The kind of value that the keywords speak of, where `type` says nothing.
    pub(crate) fn implied(&self) -> Option<Kind> {
        let (object, array, text, number) = (&self.object, &self.array, &self.text, &self.number);
        let is_object = !object.properties.is_empty()
            || !object.required.is_empty()
            || !object.patterns.is_empty()
            || object.additional.is_some()
            || object.names.is_some()
            || object.min > 0;
        let is_array = !array.prefix.is_empty() || array.items.is_some() || array.contains.is_some() || array.min > 0;
        let is_text = text.pattern.is_some() || text.format.is_some() || text.min_chars > 0 || text.max_chars.is_some();
        let is_number = number.multiple_of.is_some()
            || [number.minimum, number.maximum, number.above, number.below].iter().any(Option::is_some);
        [(is_object, Kind::Object), (is_array, Kind::Array), (is_text, Kind::Text), (is_number, Kind::Number)]
            .into_iter()
            .find(|(is_implied, _)| *is_implied)
            .map(|(_, kind)| kind)
    }

    /// The types, if they are all that the node says.
    pub(crate) fn only_types(&self) -> Option<Types> {
        let is_plain =
            !self.is_never && self.values.is_none() && self.implied().is_none() && self.in_place().next().is_none();
        self.types.filter(|_| is_plain)
    }
}
