//! What a caller is told about a place that needs a value, and what it may answer.

use serde_json::Value;

/// What kind of value a place takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A string.
    Text,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// True or false.
    Boolean,
    /// A list.
    Array,
    /// An object.
    Object,
    /// Null and nothing else.
    Null,
}

/// A place in the instance that is about to be filled.
#[derive(Clone, Copy, Debug)]
pub struct Field<'a> {
    /// JSON pointer to the place, for example `/steps/0/output`; empty for the root.
    pub pointer: &'a str,
    /// Name of the property; of an item, the name of its list; empty at the root.
    pub name: &'a str,
    /// The place in the list, if it is an item of one.
    pub index: Option<usize>,
    /// `title` of the schema.
    pub title: Option<&'a str>,
    /// `description` of the schema.
    pub description: Option<&'a str>,
    /// What is asked for. Where several kinds are, the first that is not null.
    pub kind: Kind,
    /// `format` of a string.
    pub format: Option<&'a str>,
    /// The values that are allowed, if they are listed.
    pub choices: &'a [Value],
}

/// Whoever knows better values than this crate: the writer, which has read the prompt.
///
/// What is offered is taken if it is valid at its place and fits the budget; else the crate's own value is.
pub trait Source {
    /// A value for this place, if one is known.
    fn value(&mut self, field: &Field<'_>) -> Option<Value>;

    /// How many items a list of objects has that have these properties, if it is known.
    fn count(&mut self, _field: &Field<'_>, _properties: &[&str]) -> Option<usize> {
        None
    }

    /// Prose for this place, of at most so many characters.
    fn text(&mut self, field: &Field<'_>, max_chars: usize) -> Option<String>;
}

/// A source that knows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSource;

impl Source for NoSource {
    fn value(&mut self, _field: &Field<'_>) -> Option<Value> {
        None
    }

    fn text(&mut self, _field: &Field<'_>, _max_chars: usize) -> Option<String> {
        None
    }
}
