//! What a value may be: the types of keys, their ranges, and how text from a file, the environment or a flag becomes one.

use serde_json::Value;

/// The values a key takes.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// On or off.
    Switch,
    /// A whole number, both bounds included.
    Integer {
        /// The smallest.
        min: u64,
        /// The largest.
        max: u64,
    },
    /// A number, both bounds included.
    Number {
        /// The smallest.
        min: f64,
        /// The largest.
        max: f64,
    },
    /// A time in milliseconds, both bounds included; as text also with a unit.
    Milliseconds {
        /// The shortest.
        min: f64,
        /// The longest.
        max: f64,
    },
    /// One of a few whole numbers.
    OneOfNumbers(&'static [u64]),
    /// One of a few words.
    OneOf(&'static [&'static str]),
    /// Text that `accepts` understands.
    Text {
        /// What is accepted, in words.
        allowed: &'static str,
        /// True for text that means something.
        accepts: fn(&str) -> bool,
    },
    /// A list of texts, written as a JSON list or with commas between.
    Texts {
        /// What each is, in words.
        allowed: &'static str,
        /// True for an element that means something.
        accepts: fn(&str) -> bool,
    },
    /// The path of something that need not exist yet; unset by default.
    Path,
    /// The path of a file that exists; unset by default.
    File,
    /// Paths of files that exist.
    Files,
}

impl Kind {
    /// True for keys whose flag may be given several times, each adding to the list.
    pub fn is_list(self) -> bool {
        matches!(self, Self::Texts { .. } | Self::Files)
    }

    /// What is allowed, in words for an error message and the reference.
    pub fn allowed(self) -> String {
        match self {
            Self::Switch => "true or false".to_owned(),
            Self::Integer { min, max: u64::MAX } => format!("a whole number from {min}"),
            Self::Integer { min, max } => format!("a whole number from {min} to {max}"),
            Self::Number { min, max } => format!("a number from {min} to {max}"),
            Self::Milliseconds { min, max } => {
                format!("milliseconds from {min} to {max}, or a time such as 1.5s or 200us")
            }
            Self::OneOfNumbers(numbers) => one_of(&numbers.iter().map(u64::to_string).collect::<Vec<_>>()),
            Self::OneOf(words) => one_of(words),
            Self::Text { allowed, .. } => allowed.to_owned(),
            Self::Texts { allowed, .. } => format!("a list of {allowed}"),
            Self::Path => "a path".to_owned(),
            Self::File => "the path of an existing file".to_owned(),
            Self::Files => "a list of paths of existing files".to_owned(),
        }
    }

    /// The value that `value` from a file stands for, if allowed.
    pub fn read(self, value: &Value) -> Option<Value> {
        if let (Value::String(text), false) = (value, self.is_text()) {
            return self.parse(text);
        }
        match self {
            Self::Switch => value.as_bool().map(Value::from),
            Self::Integer { min, max } => value.as_u64().filter(|n| (min..=max).contains(n)).map(Value::from),
            Self::Number { min, max } | Self::Milliseconds { min, max } => {
                value.as_f64().filter(|n| (min..=max).contains(n)).map(Value::from)
            }
            Self::OneOfNumbers(numbers) => value.as_u64().filter(|n| numbers.contains(n)).map(Value::from),
            Self::Texts { .. } | Self::Files => {
                let elements =
                    value.as_array()?.iter().map(|element| element.as_str().filter(|text| self.accepts(text)));
                elements.map(|text| text.map(Value::from)).collect::<Option<Vec<_>>>().map(Value::from)
            }
            // A bare number is what people write for `output_tokens: 128`.
            Self::Text { .. } if value.is_number() => self.parse(&value.to_string()),
            Self::Text { .. } | Self::OneOf(_) | Self::Path | Self::File => self.parse(value.as_str()?),
        }
    }

    /// The value that `text` from the environment or a flag stands for, if allowed.
    pub fn parse(self, text: &str) -> Option<Value> {
        match self {
            Self::Switch => parse_switch(text).map(Value::from),
            Self::Integer { .. } | Self::OneOfNumbers(_) => self.read(&text.trim().parse::<u64>().ok()?.into()),
            Self::Number { .. } => self.read(&text.trim().parse::<f64>().ok()?.into()),
            Self::Milliseconds { .. } => self.read(&milliseconds(text.trim())?.into()),
            Self::OneOf(words) => {
                words.iter().find(|word| word.eq_ignore_ascii_case(text.trim())).map(|&word| word.into())
            }
            Self::Text { .. } | Self::Path | Self::File => self.accepts(text).then(|| text.into()),
            Self::Texts { .. } | Self::Files if text.trim_start().starts_with('[') => {
                self.read(&serde_json::from_str::<Value>(text).ok()?)
            }
            Self::Texts { .. } | Self::Files => {
                self.read(&text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect())
            }
        }
    }

    /// True for kinds whose JSON form is a string, so that a string in a file is not a number in quotes.
    fn is_text(self) -> bool {
        matches!(self, Self::Text { .. } | Self::OneOf(_) | Self::Path | Self::File)
    }

    /// Whether one text of this kind means something. That files exist is checked later, with the rest of the machine.
    fn accepts(self, text: &str) -> bool {
        match self {
            Self::Text { accepts, .. } | Self::Texts { accepts, .. } => accepts(text),
            _ => !text.trim().is_empty(),
        }
    }
}

/// The milliseconds that `text` stands for; a bare number is milliseconds.
pub(super) fn milliseconds(text: &str) -> Option<f64> {
    const UNITS: [(&str, f64); 7] =
        [("ns", 1e-6), ("us", 1e-3), ("µs", 1e-3), ("ms", 1.0), ("s", 1e3), ("m", 6e4), ("h", 3.6e6)];
    let unit = UNITS.iter().find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)));
    let (number, factor) = unit.unwrap_or((text, &1.0));
    Some(number.trim().parse::<f64>().ok()? * factor)
}

/// The switch that `text` stands for.
fn parse_switch(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}

/// `a`, `b` or `c`.
fn one_of<T: AsRef<str>>(words: &[T]) -> String {
    match words {
        [] => String::new(),
        [only] => only.as_ref().to_owned(),
        [rest @ .., last] => {
            format!("{} or {}", rest.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", "), last.as_ref())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn switches_are_written_in_many_ways() {
        for text in ["true", "TRUE", "1", "yes", " on "] {
            assert_eq!(Kind::Switch.parse(text), Some(json!(true)), "{text}");
        }
        assert_eq!(Kind::Switch.read(&json!("off")), Some(json!(false)));
        assert_eq!(Kind::Switch.parse("2"), None);
        assert_eq!(Kind::Switch.read(&json!(1)), None);
    }

    #[test]
    fn times_have_units() {
        let kind = Kind::Milliseconds { min: 0.0, max: 1e6 };
        for (text, millis) in [("20", 20.0), ("20ms", 20.0), ("1.5s", 1500.0), ("750us", 0.75), ("1m", 60_000.0)] {
            assert_eq!(kind.parse(text), Some(json!(millis)), "{text}");
        }
        assert_eq!((kind.parse("20 days"), kind.parse("-1ms"), kind.parse("1h")), (None, None, None));
    }

    #[test]
    fn numbers_keep_to_their_range() {
        let kind = Kind::Number { min: 0.0, max: 100.0 };
        assert_eq!(kind.parse("20"), Some(json!(20.0)));
        assert_eq!(kind.read(&json!(20)), Some(json!(20.0)));
        for text in ["-1", "100.1", "NaN", "inf", "", "20ms"] {
            assert_eq!(kind.parse(text), None, "{text}");
        }
        assert_eq!(Kind::Integer { min: 0, max: 9 }.read(&json!(8.5)), None);
        assert_eq!(Kind::Integer { min: 1, max: u64::MAX }.allowed(), "a whole number from 1");
    }

    #[test]
    fn lists_are_json_or_commas() {
        let kind = Kind::Texts { allowed: "origins", accepts: |text| !text.is_empty() };
        assert_eq!(kind.parse(r#"["a","b"]"#), Some(json!(["a", "b"])));
        assert_eq!(kind.parse("a, b,"), Some(json!(["a", "b"])));
        assert_eq!(kind.read(&json!("a,b")), Some(json!(["a", "b"])));
        assert_eq!(kind.read(&json!(["a", 1])), None);
        assert_eq!(kind.parse("[1"), None);
    }

    #[test]
    fn text_may_be_a_bare_number() {
        let kind = Kind::Text { allowed: "a count", accepts: |text| text.parse::<u32>().is_ok() };
        assert_eq!(kind.read(&json!(128)), Some(json!("128")));
        assert_eq!(kind.read(&json!(1.5)), None);
    }
}
