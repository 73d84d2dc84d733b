//! Tools a model may call: whether it calls them, and with what.

mod arguments;
mod decide;
mod plan;
mod report;
pub(crate) mod signature;
#[cfg(test)]
mod tests;

use std::hash::{Hash, Hasher};

use fakeai_schema::Grammar;

pub(crate) use arguments::Filling;
pub use arguments::Shape;
pub(crate) use plan::Plan;

/// What a model may call instead of answering.
#[derive(Clone, Debug, Default)]
pub struct Tools {
    /// All that are described to it.
    pub offered: Vec<Tool>,
    /// Whether it must, may or must not call.
    pub choice: ToolChoice,
    /// Whether it calls one at most.
    pub one_at_a_time: bool,
}

/// A tool: a function with arguments, or one that takes text.
#[derive(Clone, Debug)]
pub struct Tool {
    /// What it is called.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// What it takes.
    pub input: ToolInput,
    /// Whether it may be called now; the others are only described.
    pub allowed: bool,
}

/// What a tool takes.
#[derive(Clone, Debug)]
pub enum ToolInput {
    /// An object of this JSON schema.
    Arguments(Shape),
    /// A text of this grammar.
    Grammar(Grammar),
    /// Any text.
    Text,
}

/// Whether a tool is called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ToolChoice {
    /// The model decides by the conversation.
    #[default]
    Auto,
    /// Never.
    Never,
    /// At least one.
    Required,
    /// The one of this place in the list.
    Named(usize),
}

/// A tool called earlier in a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Call {
    /// Its id, which its result names.
    pub id: String,
    /// The tool.
    pub name: String,
    /// Its arguments as JSON text, or its text.
    pub input: String,
}

impl Tools {
    pub(crate) fn hash_into(&self, hasher: &mut impl Hasher) {
        (self.choice, self.one_at_a_time, self.offered.len()).hash(hasher);
        for tool in &self.offered {
            (&tool.name, &tool.description, tool.allowed).hash(hasher);
            if let ToolInput::Arguments(shape) = &tool.input {
                shape.source().to_string().hash(hasher);
            }
        }
    }
}
