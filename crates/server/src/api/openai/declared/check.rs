//! What a field of a request may be, and OpenAI's words for what it may not.

use serde_json::{Map, Value};

use crate::error::ApiError;
use crate::wire::{Range, integer};

/// Most values of a list that says nothing else.
const MOST_VALUES: usize = 10_000;

/// What a field may be.
#[derive(Clone, Copy, Debug)]
pub(in crate::api::openai) struct Rule {
    pub kind: Kind,
    pub need: Need,
    /// Whether it can be changed later.
    pub changes: bool,
}

/// The type of a value and its limits.
#[derive(Clone, Copy, Debug)]
pub(in crate::api::openai) enum Kind {
    /// A text of 1 to so many characters.
    Text(usize),
    /// One of these words.
    Words(&'static [&'static str]),
    /// From the first to the second.
    Integer(i64, i64),
    /// An array of texts.
    Texts,
    /// An array of objects.
    Objects,
    Object,
}

/// What stands in place of a value that is not given.
#[derive(Clone, Copy, Debug)]
pub(in crate::api::openai) enum Need {
    /// Nothing: it must be given.
    Required,
    /// This JSON; an empty text for no field at all.
    Or(&'static str),
}

impl Rule {
    /// Must be given.
    pub(in crate::api::openai) const fn needed(kind: Kind) -> Self {
        Self { kind, need: Need::Required, changes: false }
    }

    /// May be given; else it is this JSON.
    pub(in crate::api::openai) const fn or(kind: Kind, otherwise: &'static str) -> Self {
        Self { kind, need: Need::Or(otherwise), changes: false }
    }

    /// The same, and it can be changed later.
    pub(in crate::api::openai) const fn changing(self) -> Self {
        Self { changes: true, ..self }
    }

    /// The value of `param` in `body`; none where nothing is to be shown.
    pub(in crate::api::openai) fn read(
        self,
        body: &Map<String, Value>,
        param: &str,
    ) -> Result<Option<Value>, ApiError> {
        match (body.get(param), self.need) {
            (Some(Value::Null) | None, Need::Required) => Err(ApiError::missing(param)),
            (Some(Value::Null) | None, Need::Or("")) => Ok(None),
            (Some(Value::Null) | None, Need::Or(otherwise)) => {
                serde_json::from_str(otherwise).map(Some).map_err(|_| ApiError::internal())
            }
            (Some(value), _) => self.kind.check(param, value).map(|()| Some(value.clone())),
        }
    }
}

impl Kind {
    /// Whether `value` may stand in `param`.
    pub(super) fn check(self, param: &str, value: &Value) -> Result<(), ApiError> {
        match (self, value) {
            (Self::Text(most), Value::String(text)) => text_of(param, text, most),
            (Self::Words(words), Value::String(text)) if words.contains(&text.as_str()) => Ok(()),
            (Self::Words(words), Value::String(text)) => Err(ApiError::unsupported_value(param, text, words)),
            (Self::Integer(least, most), Value::Number(number)) if number.is_i64() || number.is_u64() => {
                let number = number.as_i64().unwrap_or(i64::MAX);
                integer(param, Some(number), Range::new(least, most)).map(|_| ())
            }
            (Self::Object, Value::Object(_)) => Ok(()),
            (Self::Texts, Value::Array(values)) => each(param, values, Value::is_string, "a string"),
            (Self::Objects, Value::Array(values)) => each(param, values, Value::is_object, "an object"),
            _ => Err(ApiError::wrong_type(param, self.in_words(), value)),
        }
    }

    const fn in_words(self) -> &'static str {
        match self {
            Self::Text(_) | Self::Words(_) => "a string",
            Self::Integer(..) => "an integer",
            Self::Texts => "an array of strings",
            Self::Objects => "an array of objects",
            Self::Object => "an object",
        }
    }
}

fn text_of(param: &str, text: &str, most: usize) -> Result<(), ApiError> {
    match text.chars().count() {
        0 => {
            let message = format!(
                "Invalid '{param}': empty string. Expected a string with minimum length 1, but got an empty string \
                 instead."
            );
            Err(ApiError::invalid(message).param(param).code("empty_string"))
        }
        count if count > most => Err(ApiError::too_long(param, most, count)),
        _ => Ok(()),
    }
}

fn each(param: &str, values: &[Value], fits: fn(&Value) -> bool, expected: &str) -> Result<(), ApiError> {
    if values.len() > MOST_VALUES {
        return Err(ApiError::too_many(param, MOST_VALUES, values.len()));
    }
    match values.iter().enumerate().find(|(_, value)| !fits(value)) {
        None => Ok(()),
        Some((index, value)) => Err(ApiError::wrong_type(&format!("{param}[{index}]"), expected, value)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn read(rule: Rule, value: &Value) -> Result<Option<Value>, String> {
        let body = Map::from_iter([("x".to_owned(), value.clone())]);
        rule.read(&body, "x").map_err(|error| error.message.into_owned())
    }

    #[test]
    fn values_are_checked_in_openais_words() {
        let text = Rule::needed(Kind::Text(3));
        assert_eq!(read(text, &json!("abc")), Ok(Some(json!("abc"))));
        for (value, part) in [
            (json!(null), "Missing required parameter: 'x'."),
            (json!(3), "Invalid type for 'x': expected a string, but got an integer instead."),
            (json!(""), "empty string"),
            (json!("abcd"), "maximum length 3"),
        ] {
            assert!(read(text, &value).unwrap_err().contains(part), "{value}");
        }
        let number = Rule::or(Kind::Integer(1, 9), "5");
        assert_eq!(read(number, &json!(null)), Ok(Some(json!(5))));
        assert!(read(number, &json!(0)).unwrap_err().contains("below minimum"));
        assert!(read(number, &json!(u64::MAX)).unwrap_err().contains("above maximum"));
        assert_eq!(read(Rule::or(Kind::Object, ""), &json!(null)), Ok(None));
        let some = Rule::needed(Kind::Texts);
        assert!(read(some, &json!(["a", 1])).unwrap_err().contains("'x[1]': expected a string"));
        let word = Rule::needed(Kind::Words(&["a", "b"]));
        assert!(read(word, &json!("c")).unwrap_err().contains("Supported values are: 'a' and 'b'."));
    }

    proptest! {
        #[test]
        fn any_value_is_kept_as_it_is_or_refused(text in "\\PC{0,9}", number in any::<f64>()) {
            for kind in [Kind::Text(5), Kind::Words(&["a"]), Kind::Integer(-3, 3), Kind::Texts,
                Kind::Objects, Kind::Object] {
                for value in [json!(text), json!(number), json!([text]), json!({&text: text}), json!([{}])] {
                    if let Ok(kept) = read(Rule::needed(kind), &value) {
                        prop_assert_eq!(kept, Some(value));
                    }
                }
            }
        }
    }
}
