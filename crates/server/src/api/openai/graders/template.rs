//! Templates in the texts of graders: `{{item.label}}`, `{{ sample.output_json.answer }}`.

use std::borrow::Cow;

use serde_json::{Value, json};

/// What templates are filled from.
#[derive(Clone, Debug)]
pub(super) struct Values {
    root: Value,
}

impl Values {
    /// An item of a data set, and what a model said of it.
    pub(super) fn new(item: Option<Value>, sample: &str) -> Self {
        let parsed = serde_json::from_str::<Value>(sample).ok();
        let root = json!({
            "item": item.unwrap_or_else(|| json!({})),
            "sample": {"output_text": sample, "output_json": parsed},
        });
        Self { root }
    }

    pub(super) fn item(&self) -> &Value {
        &self.root["item"]
    }

    pub(super) fn sample(&self) -> &str {
        self.root["sample"]["output_text"].as_str().unwrap_or_default()
    }

    /// The text with its templates filled; the name of the first that stands for nothing.
    pub(super) fn fill(&self, text: &str) -> Result<String, String> {
        let (mut out, mut rest) = (String::with_capacity(text.len()), text);
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((name, behind)) = after.split_once("}}") else { break };
            out.push_str(before);
            out.push_str(&self.find(name.trim()).ok_or_else(|| name.trim().to_owned())?);
            rest = behind;
        }
        out.push_str(rest);
        Ok(out)
    }

    fn find(&self, path: &str) -> Option<Cow<'_, str>> {
        let mut at = &self.root;
        for name in path.split(['.', '[']) {
            let name = name.trim_end_matches(']').trim_matches(['\'', '"']);
            at = match (at, name.parse::<usize>()) {
                (Value::Array(list), Ok(place)) => list.get(place)?,
                _ => at.get(name)?,
            };
        }
        match at {
            Value::Null => None,
            Value::String(text) => Some(text.into()),
            other => Some(other.to_string().into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn templates_are_filled() {
        let values = Values::new(Some(json!({"label": "cat", "tags": ["a", 2]})), r#"{"answer": 42}"#);
        let filled = values.fill("{{item.label}}-{{ sample.output_json.answer }}-{{item.tags[1]}} {{x").unwrap();
        assert_eq!(filled, "cat-42-2 {{x");
        assert_eq!(values.fill("{{item.none}}"), Err("item.none".to_owned()));
        assert_eq!(values.fill("{{sample.output_text}}").unwrap(), r#"{"answer": 42}"#);
    }

    proptest! {
        #[test]
        fn any_template_is_read(text in any::<String>(), braces in "[{}a.\\[\\]0-9 ]{0,40}") {
            let values = Values::new(None, "x");
            let _ = values.fill(&text);
            let _ = values.fill(&braces);
        }
    }
}
