//! TOML and YAML files, whose parsers say where each key stands.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeOwned, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{Entries, Entry, Node, Unparsable};

/// The keys of a TOML file.
pub(super) fn parse_toml(text: &str) -> Result<Entries, Unparsable> {
    let line_at = |offset: usize| 1 + text.as_bytes().iter().take(offset).filter(|&&byte| byte == b'\n').count();
    let table: Marked<toml::Spanned<String>> = toml::from_str(text).map_err(|error| Unparsable {
        line: error.span().map(|span| line_at(span.start)),
        // The parser hands a date on as a table with this one key.
        why: if error.message().contains("$__toml_private_datetime") {
            "a date is not allowed; no key takes one".to_owned()
        } else {
            error.message().to_owned()
        },
    })?;
    Ok(entries(table, &|name| (line_at(name.span().start), name.into_inner())))
}

/// The keys of a YAML file.
pub(super) fn parse_yaml(text: &str) -> Result<Entries, Unparsable> {
    // A snippet would show the lines around the error, which may hold secrets.
    let options = serde_saphyr::options! { with_snippet: false };
    let table: Option<Marked<serde_saphyr::Spanned<String>>> = serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| Unparsable {
            line: error.location().map(|location| location.line() as usize),
            why: error.to_string(),
        })?;
    Ok(table.map_or_else(Vec::new, |table| entries(table, &|name| (name.defined.line() as usize, name.value))))
}

/// Resolves where each name stands.
fn entries<K>(table: Marked<K>, resolve: &dyn Fn(K) -> (usize, String)) -> Entries {
    let entry = |(name, node)| {
        let (line, name) = resolve(name);
        let node = match node {
            MarkedNode::Table(table) => Node::Table(entries(table, resolve)),
            MarkedNode::Leaf(value) => Node::Leaf(value),
        };
        Entry { name, line, node }
    };
    let mut entries: Entries = table.0.into_iter().map(entry).collect();
    // The TOML parser gives them in the order of their names.
    entries.sort_by_key(|entry| entry.line);
    entries
}

/// A table whose keys know where they stand.
struct Marked<K>(Vec<(K, MarkedNode<K>)>);

/// A value in such a table.
enum MarkedNode<K> {
    Table(Marked<K>),
    Leaf(Value),
}

impl<'de, K: DeserializeOwned> Deserialize<'de> for Marked<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(TableVisitor(PhantomData))
    }
}

impl<'de, K: DeserializeOwned> Deserialize<'de> for MarkedNode<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor(PhantomData))
    }
}

struct TableVisitor<K>(PhantomData<K>);

impl<'de, K: DeserializeOwned> Visitor<'de> for TableVisitor<K> {
    type Value = Marked<K>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a table of keys")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Marked<K>, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(Marked(pairs))
    }
}

struct NodeVisitor<K>(PhantomData<K>);

/// Everything that is no table is a plain JSON value.
macro_rules! leaves {
    ($($visit:ident($Type:ty)),+) => { $(
        fn $visit<E: serde::de::Error>(self, value: $Type) -> Result<Self::Value, E> {
            Ok(MarkedNode::Leaf(Value::from(value)))
        }
    )+ };
}

impl<'de, K: DeserializeOwned> Visitor<'de> for NodeVisitor<K> {
    type Value = MarkedNode<K>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value or a table")
    }

    leaves!(visit_bool(bool), visit_i64(i64), visit_u64(u64), visit_f64(f64), visit_str(&str));

    fn visit_unit<E: serde::de::Error>(self) -> Result<Self::Value, E> {
        Ok(MarkedNode::Leaf(Value::Null))
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<Self::Value, E> {
        self.visit_unit()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element::<Value>()? {
            list.push(element);
        }
        Ok(MarkedNode::Leaf(list.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        TableVisitor(PhantomData).visit_map(map).map(MarkedNode::Table)
    }
}
