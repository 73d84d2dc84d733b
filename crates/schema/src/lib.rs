//! What a text must look like, and texts that look like it: JSON Schema, regular expressions, grammars.
//!
//! [`Schema`] is read once and then checks values ([`Schema::problem`]) and makes them ([`Schema::instance`]):
//! plausible ones, by the names of the fields, and always valid. [`Pattern`] and [`Grammar`] do the same for texts.
//! [`strict::check`] holds a schema to what OpenAI's strict mode takes. This crate must not know of requests, of
//! tokens or of HTTP. Everything that comes in is foreign: depth, size and effort are bounded, and what is not
//! understood is an error with its place. Same seed, same bytes.
//!
//! Not built: `unevaluatedProperties`, `unevaluatedItems`, `$dynamicRef`, `$anchor` and references to other documents.
//! The first two are not checked (instances hold declared fields only), the others are errors.

mod check;
mod compile;
mod decimal;
mod ecma;
mod error;
mod field;
mod format;
mod grammar;
mod json;
mod least;
mod make;
mod names;
mod node;
mod pattern;
mod persona;
mod prose;
mod schema;
pub mod strict;

pub use error::SchemaError;
pub use field::{Field, Kind, NoSource, Source};
pub use grammar::{Grammar, Syntax};
pub use pattern::Pattern;
pub use schema::{Budget, Schema};
