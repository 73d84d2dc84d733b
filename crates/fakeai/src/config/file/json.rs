//! JSON files. `serde_json` does not say where a value stands, but a raw value borrows from the text, and its place
//! there is the distance between the two.

use std::fmt;

use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{Entries, Entry, Node, Unparsable};

/// The keys of `text`.
pub(super) fn parse(text: &str) -> Result<Entries, Unparsable> {
    parse_object(text, text)
}

/// The keys of `object`, a part of `text`.
fn parse_object(object: &str, text: &str) -> Result<Entries, Unparsable> {
    let line_of = |part: &str| 1 + text[..offset(part, text)].matches('\n').count();
    let pairs: Pairs = serde_json::from_str(object).map_err(|error| at(&error, line_of(object)))?;
    let mut entries: Entries = Vec::with_capacity(pairs.0.len());
    for (name, raw) in pairs.0 {
        let line = line_of(raw.get());
        if entries.iter().any(|entry| entry.name == name) {
            return Err(Unparsable { line: Some(line), why: format!("duplicate key `{name}`") });
        }
        let node = match raw.get().as_bytes().first() {
            Some(b'{') => Node::Table(parse_object(raw.get(), text)?),
            _ => Node::Leaf(serde_json::from_str(raw.get()).map_err(|error| at(&error, line))?),
        };
        entries.push(Entry { name, line, node });
    }
    Ok(entries)
}

/// Where `part` begins in `text`, which it borrows from.
fn offset(part: &str, text: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize).min(text.len())
}

/// An error in a part that begins on line `first_line`.
fn at(error: &serde_json::Error, first_line: usize) -> Unparsable {
    Unparsable { line: Some(first_line + error.line().saturating_sub(1)), why: error.to_string() }
}

/// An object's keys in order, duplicates included.
struct Pairs<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;

        impl<'de> Visitor<'de> for Collect {
            type Value = Pairs<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object with keys")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<'de>, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(Collect)
    }
}
