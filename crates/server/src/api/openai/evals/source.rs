//! Where a run's rows come from and what is asked of a model for each, as clients write it.

use serde_json::{Map, Value, json};

use super::answered::Wish;
use crate::api::openai::graders::{Scope, Template, Unfilled};
use crate::error::ApiError;

const KINDS: [&str; 3] = ["jsonl", "completions", "responses"];
const ROLES: [&str; 4] = ["user", "assistant", "system", "developer"];

/// What a run does.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Source {
    pub rows: Rows,
    /// What is asked of a model, if something is.
    pub asks: Option<Asks>,
}

/// Where rows are.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Rows {
    /// In the request.
    Content(Vec<Value>),
    /// In a file of JSON lines.
    File(String),
    /// Stored chat completions: these words of a query, and at most so many.
    Stored(Vec<(&'static str, String)>, usize),
    /// Stored responses.
    Responses(Box<Wish>),
}

/// What is asked of a model.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Asks {
    pub model: String,
    /// Whether as a response; else as a chat completion.
    pub as_response: bool,
    pub messages: Messages,
    /// `sampling_params`.
    pub params: Map<String, Value>,
}

/// The messages of each request.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Messages {
    /// Role and content of each.
    Templates(Vec<(String, Content)>),
    /// An array of messages in the item: its path.
    Item(Template),
    /// What the row was asked for when it was stored.
    Stored,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Content {
    Text(Template),
    /// A text, or what is no text, as it is.
    Parts(Vec<Result<Template, Value>>),
}

impl Source {
    /// Reads `data_source`.
    pub(super) fn parse(given: Option<&Value>) -> Result<Self, ApiError> {
        let given = given.filter(|given| !given.is_null()).ok_or_else(|| ApiError::missing("data_source"))?;
        let kind = text(given, "type", "data_source.type")?;
        if !KINDS.contains(&kind) {
            return Err(ApiError::unsupported_value("data_source.type", kind, &KINDS));
        }
        let rows = Rows::parse(given, kind)?;
        let model = given["model"].as_str().map(str::to_owned);
        let messages = match given.get("input_messages").filter(|given| !given.is_null()) {
            Some(messages) => Some(Messages::parse(messages)?),
            None if matches!(rows, Rows::Stored(..) | Rows::Responses(_)) => Some(Messages::Stored),
            None => None,
        };
        let asks = match (kind, model, messages) {
            // What is stored is graded as it is, without a model.
            ("jsonl", ..) | (_, None, Some(Messages::Stored)) => None,
            (_, None, _) => return Err(ApiError::missing("data_source.model")),
            (_, _, None) => return Err(ApiError::missing("data_source.input_messages")),
            (kind, Some(model), Some(messages)) => {
                let params = given["sampling_params"].as_object().cloned().unwrap_or_default();
                Some(Asks { model, as_response: kind == "responses", messages, params })
            }
        };
        Ok(Self { rows, asks })
    }
}

impl Rows {
    fn parse(given: &Value, kind: &str) -> Result<Self, ApiError> {
        let source = given.get("source").filter(|source| !source.is_null());
        let source = source.ok_or_else(|| ApiError::missing("data_source.source"))?;
        let place = text(source, "type", "data_source.source.type")?;
        match (place, kind) {
            ("file_content", _) => {
                let content = source["content"].as_array();
                let content = content.ok_or_else(|| ApiError::missing("data_source.source.content"))?;
                for (index, row) in content.iter().enumerate() {
                    if !row["item"].is_object() {
                        return Err(ApiError::missing(&format!("data_source.source.content[{index}].item")));
                    }
                }
                Ok(Self::Content(content.clone()))
            }
            ("file_id", _) => Ok(Self::File(text(source, "id", "data_source.source.id")?.to_owned())),
            ("stored_completions", "completions") => Ok(Self::stored(source)),
            ("responses", "responses") => Ok(Self::Responses(Box::new(Wish::parse(source)))),
            (other, kind) => {
                let known: &[&str] = match kind {
                    "completions" => &["file_content", "file_id", "stored_completions"],
                    "responses" => &["file_content", "file_id", "responses"],
                    _ => &["file_content", "file_id"],
                };
                Err(ApiError::unsupported_value("data_source.source.type", other, known))
            }
        }
    }

    fn stored(source: &Value) -> Self {
        let mut query = Vec::new();
        query.extend(source["model"].as_str().map(|model| ("model", model.to_owned())));
        for (key, value) in source["metadata"].as_object().into_iter().flatten() {
            query.extend(value.as_str().map(|value| ("metadata", format!("{key}={value}"))));
        }
        for name in ["created_after", "created_before"] {
            query.extend(source[name].as_i64().map(|moment| (name, moment.to_string())));
        }
        let limit = source["limit"].as_u64().map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        Self::Stored(query, limit)
    }
}

impl Messages {
    fn parse(given: &Value) -> Result<Self, ApiError> {
        let param = "data_source.input_messages";
        match text(given, "type", &format!("{param}.type"))? {
            "item_reference" => {
                let path = text(given, "item_reference", &format!("{param}.item_reference"))?;
                Ok(Self::Item(Template::parse(&format!("{{{{{}}}}}", path.trim_matches(['{', '}', ' '])))))
            }
            "template" => {
                let given = given["template"].as_array();
                let given = given.ok_or_else(|| ApiError::missing(&format!("{param}.template")))?;
                let message = |(index, message): (usize, &Value)| {
                    let param = format!("{param}.template[{index}]");
                    let role = text(message, "role", &format!("{param}.role"))?;
                    if !ROLES.contains(&role) {
                        return Err(ApiError::unsupported_value(&format!("{param}.role"), role, &ROLES));
                    }
                    Ok((role.to_owned(), Content::parse(&message["content"], &format!("{param}.content"))?))
                };
                Ok(Self::Templates(given.iter().enumerate().map(message).collect::<Result<_, _>>()?))
            }
            other => Err(ApiError::unsupported_value(&format!("{param}.type"), other, &["template", "item_reference"])),
        }
    }

    /// The messages for a row.
    pub(super) fn fill(&self, item: &Value) -> Result<Vec<Value>, Unfilled> {
        let scope = Scope { item, sample: &Value::Null };
        match self {
            Self::Templates(templates) => {
                let filled =
                    |(role, content): &(String, Content)| Ok(json!({"role": role, "content": content.fill(scope)?}));
                templates.iter().map(filled).collect()
            }
            Self::Item(path) => {
                let text = path.fill(scope)?;
                serde_json::from_str(&text).map_err(|_| Unfilled("item_reference".to_owned()))
            }
            Self::Stored => item["input"].as_array().cloned().ok_or_else(|| Unfilled("item.input".to_owned())),
        }
    }
}

impl Content {
    fn parse(given: &Value, param: &str) -> Result<Self, ApiError> {
        let part = |part: &Value| match part.as_str().or_else(|| part["text"].as_str()) {
            Some(text) => Ok(Template::parse(text)),
            None => Err(part.clone()),
        };
        match given {
            Value::String(text) => Ok(Self::Text(Template::parse(text))),
            Value::Array(parts) => Ok(Self::Parts(parts.iter().map(part).collect())),
            Value::Object(_) => Ok(Self::Parts(vec![part(given)])),
            _ => Err(ApiError::missing(param)),
        }
    }

    /// What it says: one text, because all parts that are no text are described to graders and not to models.
    fn fill(&self, scope: Scope<'_>) -> Result<Value, Unfilled> {
        match self {
            Self::Text(template) => Ok(template.fill(scope)?.into()),
            Self::Parts(parts) => {
                let mut texts = Vec::new();
                for part in parts {
                    texts.push(match part {
                        Ok(template) => template.fill(scope)?,
                        Err(other) => format!("[{}]", other["type"].as_str().unwrap_or("part")),
                    });
                }
                Ok(texts.join("\n").into())
            }
        }
    }
}

fn text<'a>(given: &'a Value, name: &str, param: &str) -> Result<&'a str, ApiError> {
    given[name].as_str().ok_or_else(|| ApiError::missing(param))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn messages_are_filled_from_the_item() {
        let source = Source::parse(Some(&json!({
            "type": "completions", "model": "gpt-4o",
            "input_messages": {"type": "template", "template": [
                {"role": "developer", "content": "Be brief."},
                {"role": "user", "content": [{"type": "input_text", "text": "{{item.q}}?"}]},
            ]},
            "source": {"type": "file_content", "content": [{"item": {"q": "Why"}}]},
        })));
        let asks = source.unwrap().asks.unwrap();
        let messages = asks.messages.fill(&json!({"q": "Why"})).unwrap();
        assert_eq!(messages[1], json!({"role": "user", "content": "Why?"}));
        assert_eq!(asks.messages.fill(&json!({})), Err(Unfilled("item.q".to_owned())));
        let reference = Messages::parse(&json!({"type": "item_reference", "item_reference": "item.input"})).unwrap();
        let item = json!({"input": [{"role": "user", "content": "Hi"}]});
        assert_eq!(reference.fill(&item).unwrap(), vec![item["input"][0].clone()]);
    }

    proptest! {
        #[test]
        fn odd_sources_are_refused_and_no_panic(
            kind in 0..3_usize, place in 0..4_usize, odd in prop_oneof![Just(json!(1)), Just(json!("x{{")),
            Just(json!([{"role": "user"}])), Just(json!({"type": "template", "template": [{"role": "user", "content": 3}]})),
            Just(json!(null)), Just(json!({"type": "item_reference", "item_reference": "{{"}))],
        ) {
            let place = ["file_content", "file_id", "stored_completions", "responses"][place];
            let given = json!({"type": KINDS[kind], "model": "m", "input_messages": odd, "sampling_params": odd,
                "source": {"type": place, "content": odd, "id": odd, "metadata": odd, "limit": odd, "model": odd}});
            if let Ok(source) = Source::parse(Some(&given)) && let Some(asks) = source.asks {
                let _ = asks.messages.fill(&odd);
            }
            prop_assert!(Source::parse(Some(&odd)).is_err());
        }
    }
}
