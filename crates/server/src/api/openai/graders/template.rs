//! Texts with places for values: `{{ item.question }}`, `{{sample.output_text}}`, `{{ item.choices[0].label }}`.

use serde_json::Value;

/// What the places of a template stand for.
#[derive(Clone, Copy, Debug)]
pub(in crate::api::openai) struct Scope<'a> {
    /// The row of data: an object.
    pub item: &'a Value,
    /// What was sampled for it: an object, or null.
    pub sample: &'a Value,
}

/// A text with places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::api::openai) struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// A path: `item`, `choices`, `0`, `label`.
    Place(Vec<String>),
}

/// A place that stands for nothing, as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::api::openai) struct Unfilled(pub String);

impl Template {
    /// Reads a template. Braces that are not closed, or hold no path, are text.
    pub(in crate::api::openai) fn parse(text: &str) -> Self {
        let (mut pieces, mut plain, mut rest) = (Vec::new(), String::new(), text);
        while let Some(start) = rest.find("{{") {
            let inside = &rest[start + 2..];
            let path = inside.find("}}").and_then(|end| Some((end, path(&inside[..end])?)));
            let Some((end, path)) = path else {
                // Braces before a place are text: of `{{{`, the last two begin one.
                plain.push_str(&rest[..=start]);
                rest = &rest[start + 1..];
                continue;
            };
            plain.push_str(&rest[..start]);
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            pieces.push(Piece::Place(path));
            rest = &inside[end + 2..];
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Self(pieces)
    }

    /// The text with all places filled: strings as they are, everything else as JSON.
    pub(in crate::api::openai) fn fill(&self, scope: Scope<'_>) -> Result<String, Unfilled> {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(plain) => text.push_str(plain),
                Piece::Place(path) => match scope.find(path) {
                    Some(Value::String(value)) => text.push_str(value),
                    Some(value) => text.push_str(&value.to_string()),
                    None => return Err(Unfilled(path.join("."))),
                },
            }
        }
        Ok(text)
    }

    /// The paths of its places that begin with `root`.
    pub(super) fn places(&self, root: &str) -> impl Iterator<Item = &[String]> {
        self.0.iter().filter_map(move |piece| match piece {
            Piece::Place(path) if path.first().is_some_and(|first| first == root) => Some(path.as_slice()),
            _ => None,
        })
    }

    /// A place that begins with neither `item` nor `sample`.
    pub(super) fn stray(&self) -> Option<String> {
        self.0.iter().find_map(|piece| match piece {
            Piece::Place(path) if !matches!(path.first().map(String::as_str), Some("item" | "sample")) => {
                Some(path.join("."))
            }
            _ => None,
        })
    }
}

impl<'a> Scope<'a> {
    /// The value at a path.
    pub(super) fn find(self, path: &[String]) -> Option<&'a Value> {
        let (first, rest) = path.split_first()?;
        let root = match first.as_str() {
            "item" => self.item,
            "sample" => self.sample,
            _ => return None,
        };
        rest.iter().try_fold(root, |value, part| match value {
            Value::Array(values) => values.get(part.parse::<usize>().ok()?),
            Value::Object(fields) => fields.get(part),
            _ => None,
        })
    }

    /// The words of the sample: `sample.output_text`, or nothing.
    pub(super) fn output(self) -> &'a str {
        self.sample.get("output_text").and_then(Value::as_str).unwrap_or_default()
    }
}

/// `item.choices[0].label` in parts.
fn path(text: &str) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    for part in text.trim().split('.') {
        let (name, indexes) = part.find('[').map_or((part, ""), |at| part.split_at(at));
        let is_name = |name: &str| name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
        if name.is_empty() || !is_name(name) {
            return None;
        }
        parts.push(name.to_owned());
        for index in indexes.split_terminator(']') {
            let index = index.strip_prefix('[')?;
            let index = index.trim_matches(['"', '\'']);
            if index.is_empty() || !is_name(index) {
                return None;
            }
            parts.push(index.to_owned());
        }
        if !indexes.is_empty() && !indexes.ends_with(']') {
            return None;
        }
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn filled(text: &str) -> Result<String, String> {
        let (item, sample) =
            (json!({"a": "x", "n": 3, "l": [{"k": "v"}], "o": {"p": null}}), json!({"output_text": "y"}));
        Template::parse(text).fill(Scope { item: &item, sample: &sample }).map_err(|Unfilled(place)| place)
    }

    #[test]
    fn places_are_filled_and_what_is_no_place_stays() {
        for (text, expected) in [
            ("{{item.a}}-{{ sample.output_text }}", "x-y"),
            ("{{item.n}} {{item.l}} {{ item.l[0].k }}", "3 [{\"k\":\"v\"}] v"),
            ("{{item.l[0]['k']}}{{item.o.p}}", "vnull"),
            ("{{{item.a}}}", "{x}"),
            ("{{}} {{ a b }} {{item.a", "{{}} {{ a b }} {{item.a"),
            ("plain { text }", "plain { text }"),
        ] {
            assert_eq!(filled(text).unwrap(), expected, "{text}");
        }
        assert_eq!(filled("{{item.none}}"), Err("item.none".to_owned()));
        assert_eq!(filled("{{other.a}}"), Err("other.a".to_owned()));
        assert_eq!(Template::parse("{{ other.a }}").stray(), Some("other.a".to_owned()));
    }

    proptest! {
        #[test]
        fn any_text_is_a_template(text in "[{}\\[\\] a-c.item'\"\\PC]{0,40}") {
            let _ = filled(&text);
        }

        #[test]
        fn text_without_braces_is_filled_with_itself(text in "[^{}]{0,40}") {
            prop_assert_eq!(filled(&text).unwrap(), text);
        }

        #[test]
        fn values_are_put_in_as_they_are(before in "[^{}]{0,9}", value in "\\PC{0,20}", after in "[^{}]{0,9}") {
            let item = json!({"x": value});
            let template = Template::parse(&format!("{before}{{{{item.x}}}}{after}"));
            let filled = template.fill(Scope { item: &item, sample: &Value::Null }).unwrap();
            prop_assert_eq!(filled, format!("{before}{value}{after}"));
        }
    }
}
