//! A grader as clients describe it.

use serde_json::{Map, Value};

use super::formula::Formula;
use super::similarity::Metric;
use crate::error::ApiError;

/// Most graders of a `multi`.
const MOST_GRADERS: usize = 64;

/// A grader, understood. Texts may hold templates: `{{item.label}}`, `{{sample.output_text}}`.
#[derive(Clone, Debug)]
pub(in crate::api::openai) struct Grader {
    pub(super) name: String,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    StringCheck {
        input: String,
        reference: String,
        operation: Operation,
    },
    TextSimilarity {
        input: String,
        reference: String,
        metric: Metric,
    },
    Python {
        source: String,
    },
    Label {
        model: String,
        input: Vec<String>,
        labels: Vec<String>,
        passing: Vec<String>,
    },
    Score {
        model: String,
        input: Vec<String>,
        range: (f64, f64),
    },
    /// Graders with the names that the formula may call them by.
    Multi {
        graders: Vec<(Vec<String>, Grader)>,
        formula: Formula,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Eq,
    Ne,
    Like,
    Ilike,
}

impl Kind {
    /// `type` on the wire.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::StringCheck { .. } => "string_check",
            Self::TextSimilarity { .. } => "text_similarity",
            Self::Python { .. } => "python",
            Self::Label { .. } => "label_model",
            Self::Score { .. } => "score_model",
            Self::Multi { .. } => "multi",
        }
    }
}

const KINDS: [&str; 6] = ["label_model", "multi", "python", "score_model", "string_check", "text_similarity"];

/// The fields of a grader and where it stands.
struct Fields<'a> {
    fields: &'a Map<String, Value>,
    param: &'a str,
}

impl Fields<'_> {
    fn path(&self, name: &str) -> String {
        format!("{}.{name}", self.param)
    }

    fn wrong(&self, name: &str, expected: &str) -> ApiError {
        let path = self.path(name);
        ApiError::invalid(format!("Invalid type for '{path}': expected {expected}.")).param(path).code("invalid_type")
    }

    fn get(&self, name: &str) -> Result<&Value, ApiError> {
        let found = self.fields.get(name).filter(|value| !value.is_null());
        found.ok_or_else(|| ApiError::missing(&self.path(name)))
    }

    fn text(&self, name: &str) -> Result<String, ApiError> {
        self.get(name)?.as_str().map(str::to_owned).ok_or_else(|| self.wrong(name, "a string"))
    }

    fn texts(&self, name: &str) -> Result<Vec<String>, ApiError> {
        let list = self.get(name)?.as_array().ok_or_else(|| self.wrong(name, "an array of strings"))?;
        let texts = list.iter().map(|text| text.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>();
        texts.filter(|texts| !texts.is_empty()).ok_or_else(|| self.wrong(name, "an array of strings"))
    }

    /// One of a list of words.
    fn one_of<T: Copy>(&self, name: &str, words: &[(&str, T)]) -> Result<T, ApiError> {
        let text = self.text(name)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        found.ok_or_else(|| ApiError::unsupported_value(&self.path(name), &text, &names))
    }

    /// The texts of messages, with their templates.
    fn messages(&self, name: &str) -> Result<Vec<String>, ApiError> {
        let messages = self.get(name)?.as_array().ok_or_else(|| self.wrong(name, "an array of messages"))?;
        let mut texts = Vec::new();
        for (place, message) in messages.iter().enumerate() {
            let content = message.get("content").filter(|content| !content.is_null());
            let path = format!("{}[{place}].content", self.path(name));
            content.ok_or_else(|| ApiError::missing(&path)).map(|content| collect(content, &mut texts))?;
        }
        Ok(texts)
    }
}

/// The texts of a content: a string, a part, or parts.
fn collect(content: &Value, texts: &mut Vec<String>) {
    match content {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(parts) => parts.iter().for_each(|part| collect(part, texts)),
        Value::Object(part) => texts.extend(part.get("text").and_then(Value::as_str).map(str::to_owned)),
        _ => {}
    }
}

impl Grader {
    /// The grader that stands at `param`, if all of it is right.
    pub(in crate::api::openai) fn read(value: &Value, param: &str) -> Result<Self, ApiError> {
        let Value::Object(fields) = value else {
            let message = format!("Invalid type for '{param}': expected an object.");
            return Err(ApiError::invalid(message).param(param).code("invalid_type"));
        };
        let fields = Fields { fields, param };
        let kind = fields.text("type")?;
        if !KINDS.contains(&&*kind) {
            return Err(ApiError::unsupported_value(&fields.path("type"), &kind, &KINDS));
        }
        let name = fields.text("name")?;
        let kind = match &*kind {
            "string_check" => {
                let operations = [
                    ("eq", Operation::Eq),
                    ("ilike", Operation::Ilike),
                    ("like", Operation::Like),
                    ("ne", Operation::Ne),
                ];
                let operation = fields.one_of("operation", &operations)?;
                Kind::StringCheck { input: fields.text("input")?, reference: fields.text("reference")?, operation }
            }
            "text_similarity" => {
                let metric = fields.one_of("evaluation_metric", &Metric::WORDS)?;
                Kind::TextSimilarity { input: fields.text("input")?, reference: fields.text("reference")?, metric }
            }
            "python" => Kind::Python { source: fields.text("source")? },
            "label_model" => label(&fields)?,
            "score_model" => {
                let range = range(&fields)?;
                Kind::Score { model: fields.text("model")?, input: fields.messages("input")?, range }
            }
            _ => multi(&fields)?,
        };
        Ok(Self { name, kind })
    }
}

fn label(fields: &Fields<'_>) -> Result<Kind, ApiError> {
    let (labels, passing) = (fields.texts("labels")?, fields.texts("passing_labels")?);
    if let Some(other) = passing.iter().find(|label| !labels.contains(label)) {
        let path = fields.path("passing_labels");
        let message = format!("Invalid value: '{other}' of '{path}' is none of 'labels'.");
        return Err(ApiError::invalid(message).param(path).code("invalid_value"));
    }
    Ok(Kind::Label { model: fields.text("model")?, input: fields.messages("input")?, labels, passing })
}

fn range(fields: &Fields<'_>) -> Result<(f64, f64), ApiError> {
    let Some(range) = fields.fields.get("range").filter(|range| !range.is_null()) else { return Ok((0.0, 1.0)) };
    let numbers: Option<Vec<f64>> =
        range.as_array().and_then(|list| list.iter().map(Value::as_f64).collect::<Option<Vec<_>>>());
    match numbers.as_deref() {
        Some([low, high]) if low < high => Ok((*low, *high)),
        _ => Err(fields.wrong("range", "two numbers, the smaller first")),
    }
}

/// Several graders: an object by their names, an array, or a single one, as OpenAI's document has it.
fn multi(fields: &Fields<'_>) -> Result<Kind, ApiError> {
    let path = fields.path("graders");
    let given: Vec<(String, &Value)> = match fields.get("graders")? {
        Value::Object(one) if one.get("type").is_some_and(Value::is_string) => {
            vec![(String::new(), fields.get("graders")?)]
        }
        Value::Object(named) => named.iter().map(|(name, grader)| (name.clone(), grader)).collect(),
        Value::Array(list) => list.iter().map(|grader| (String::new(), grader)).collect(),
        _ => return Err(fields.wrong("graders", "graders")),
    };
    if given.is_empty() || given.len() > MOST_GRADERS {
        let message = format!("Invalid '{path}': expected 1 to {MOST_GRADERS} graders.");
        return Err(ApiError::invalid(message).param(path).code("invalid_value"));
    }
    let mut graders = Vec::new();
    for (place, (key, value)) in given.into_iter().enumerate() {
        let param = if key.is_empty() { format!("{path}[{place}]") } else { format!("{path}.{key}") };
        let grader = Grader::read(value, &param)?;
        if matches!(grader.kind, Kind::Multi { .. }) {
            let message = format!("Invalid '{param}': graders of a multi grader can't be multi graders.");
            return Err(ApiError::invalid(message).param(param).code("invalid_value"));
        }
        let plain = |name: &str| name.replace(|c: char| !c.is_ascii_alphanumeric(), "_");
        let mut names = vec![plain(&grader.name), format!("{}_score", grader.kind.name())];
        if !key.is_empty() {
            names.insert(0, plain(&key));
        }
        graders.push((names, grader));
    }
    let text = fields.text("calculate_output")?;
    let known = |name: &str| graders.iter().any(|(names, _)| names.iter().any(|known| known == name));
    let formula = Formula::read(&text, known).map_err(|wrong| {
        let path = fields.path("calculate_output");
        ApiError::invalid(format!("Invalid '{path}': {wrong}.")).param(path).code("invalid_formula")
    })?;
    Ok(Kind::Multi { graders, formula })
}
