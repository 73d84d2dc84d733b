//! Parameters that may be one of several types, with one error message for all of them.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};

/// A string or an array of strings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OneOrMany {
    /// `"text"`.
    One(String),
    /// `["text", …]`.
    Many(Vec<String>),
}

impl OneOrMany {
    /// The strings in order.
    pub(crate) fn into_vec(self) -> Vec<String> {
        match self {
            Self::One(text) => vec![text],
            Self::Many(texts) => texts,
        }
    }
}

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        one_of(deserializer, "one of a string or array of strings", Self::One, Self::Many)
    }
}

/// Reads a string as `text` makes it, or an array as `list` makes it.
pub(crate) fn one_of<'de, D, T, E>(
    deserializer: D,
    expected: &'static str,
    text: fn(String) -> T,
    list: fn(Vec<E>) -> T,
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    E: Deserialize<'de>,
{
    deserializer.deserialize_any(TextOrList { expected, text, list, of: PhantomData })
}

struct TextOrList<T, E> {
    expected: &'static str,
    text: fn(String) -> T,
    list: fn(Vec<E>) -> T,
    of: PhantomData<E>,
}

impl<'de, T, E: Deserialize<'de>> Visitor<'de> for TextOrList<T, E> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.expected)
    }

    fn visit_str<X: de::Error>(self, text: &str) -> Result<T, X> {
        Ok((self.text)(text.to_owned()))
    }

    fn visit_string<X: de::Error>(self, text: String) -> Result<T, X> {
        Ok((self.text)(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<T, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok((self.list)(list))
    }
}

/// What completions and embeddings take: a text, texts, token ids, or lists of token ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TokenInput {
    /// `"text"`.
    Text(String),
    /// `["text", …]`.
    Texts(Vec<String>),
    /// `[1, 2, …]`.
    Ids(Vec<u32>),
    /// `[[1, 2, …], …]`.
    IdLists(Vec<Vec<u32>>),
}

const INPUT: &str = "one of a string, an array of strings, an array of integers, or an array of integer arrays";

impl<'de> Deserialize<'de> for TokenInput {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(InputVisitor)
    }
}

struct InputVisitor;

impl<'de> Visitor<'de> for InputVisitor {
    type Value = TokenInput;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(INPUT)
    }

    fn visit_str<X: de::Error>(self, text: &str) -> Result<TokenInput, X> {
        Ok(TokenInput::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<TokenInput, A::Error> {
        let Some(first) = items.next_element::<Element>()? else { return Ok(TokenInput::Texts(Vec::new())) };
        Ok(match first {
            Element::Text(first) => TokenInput::Texts(rest(first, &mut items)?),
            Element::Id(first) => TokenInput::Ids(rest(first, &mut items)?),
            Element::Ids(first) => TokenInput::IdLists(rest(first, &mut items)?),
        })
    }
}

/// The first element and the rest, all of its type.
fn rest<'de, T: Deserialize<'de>, A: SeqAccess<'de>>(first: T, items: &mut A) -> Result<Vec<T>, A::Error> {
    let mut list = vec![first];
    while let Some(item) = items.next_element()? {
        list.push(item);
    }
    Ok(list)
}

enum Element {
    Text(String),
    Id(u32),
    Ids(Vec<u32>),
}

impl<'de> Deserialize<'de> for Element {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ElementVisitor;

        impl<'de> Visitor<'de> for ElementVisitor {
            type Value = Element;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("one of a string, an integer, or an array of integers")
            }

            fn visit_str<X: de::Error>(self, text: &str) -> Result<Element, X> {
                Ok(Element::Text(text.to_owned()))
            }

            fn visit_u64<X: de::Error>(self, id: u64) -> Result<Element, X> {
                let id =
                    u32::try_from(id).map_err(|_| X::invalid_value(de::Unexpected::Unsigned(id), &"a token id"))?;
                Ok(Element::Id(id))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Element, A::Error> {
                let mut ids = Vec::new();
                while let Some(id) = items.next_element()? {
                    ids.push(id);
                }
                Ok(Element::Ids(ids))
            }

            fn visit_map<A: MapAccess<'de>>(self, _: A) -> Result<Element, A::Error> {
                Err(de::Error::invalid_type(de::Unexpected::Map, &self))
            }
        }

        deserializer.deserialize_any(ElementVisitor)
    }
}
