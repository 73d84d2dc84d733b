//! What may be wrong with a schema, a pattern, a grammar or a value.

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{}{message}", .path, if .path.is_empty() { "" } else { ": " })]
pub struct SchemaError {
    /// The place: a JSON pointer with `#` in schemas, one without in values, `line 3` in grammars, empty if there is
    /// but one.
    pub path: String,
    /// What is wrong there, as a sentence without a place.
    pub message: String,
}

impl SchemaError {
    /// An error at a place.
    pub(crate) fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }
}
