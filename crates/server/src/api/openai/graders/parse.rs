//! Graders as clients write them, and what is wrong with them.

use serde_json::{Map, Value};

use super::formula::Formula;
use super::similarity::{METRICS, Metric};
use super::template::Template;
use crate::error::ApiError;

/// Most graders in one.
const MOST_GRADERS: usize = 32;
/// Longest Python source, bytes; OpenAI's 256 kB.
const MOST_SOURCE_BYTES: usize = 256 << 10;
const OPERATIONS: [&str; 4] = ["eq", "ne", "like", "ilike"];
const KINDS: [&str; 6] = ["string_check", "text_similarity", "score_model", "label_model", "python", "multi"];

/// A grader.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::api::openai) struct Grader {
    /// What it is called in results and formulas.
    pub name: String,
    /// `string_check`.
    pub kind: &'static str,
    /// The least score that passes, where the grader says one.
    pub(super) threshold: Option<f64>,
    pub(super) rule: Rule,
}

/// How it grades.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Rule {
    /// Two texts, and `eq`, `ne`, `like` or `ilike`.
    Strings {
        input: Template,
        reference: Template,
        operation: &'static str,
    },
    Similarity {
        input: Template,
        reference: Template,
        metric: Metric,
    },
    /// A model that gives points from the least to the most.
    Score {
        model: String,
        input: Vec<Template>,
        least: f64,
        most: f64,
    },
    /// A model that picks a label.
    Label {
        model: String,
        input: Vec<Template>,
        labels: Vec<String>,
        passing: Vec<String>,
    },
    Python,
    /// Several, joined by a formula.
    Multi {
        graders: Vec<Grader>,
        formula: Formula,
    },
}

impl Grader {
    /// Reads a grader; `param` is where it stands in the request (`testing_criteria[0]`).
    pub(in crate::api::openai) fn parse(value: &Value, param: &str) -> Result<Self, ApiError> {
        Self::read(value, param, true)
    }

    fn read(value: &Value, param: &str, may_nest: bool) -> Result<Self, ApiError> {
        let Some(fields) = value.as_object() else { return Err(ApiError::wrong_type(param, "an object", value)) };
        let fields = Fields { fields, param };
        let kind = fields.text("type")?;
        let kinds: &[&'static str] = if may_nest { &KINDS } else { &KINDS[..5] };
        let Some(kind) = kinds.iter().copied().find(|known| *known == kind) else {
            return Err(ApiError::unsupported_value(&fields.path("type"), kind, kinds));
        };
        let name = fields.text("name")?.to_owned();
        let threshold = fields.number("pass_threshold")?;
        let rule = match kind {
            "string_check" => Rule::Strings {
                input: fields.template("input")?,
                reference: fields.template("reference")?,
                operation: fields.one_of("operation", &OPERATIONS)?,
            },
            "text_similarity" => {
                let names = METRICS.map(|(name, _)| name);
                let name = fields.one_of("evaluation_metric", &names)?;
                let metric = METRICS.iter().find(|(known, _)| *known == name).map_or(Metric::Cosine, |(_, one)| *one);
                Rule::Similarity { input: fields.template("input")?, reference: fields.template("reference")?, metric }
            }
            "score_model" => {
                let (least, most) = fields.range()?;
                Rule::Score { model: fields.text("model")?.to_owned(), input: fields.messages()?, least, most }
            }
            "label_model" => fields.label_model()?,
            "python" => fields.python()?,
            _ => fields.multi()?,
        };
        Ok(Self { name, kind, threshold, rule })
    }
}

/// The fields of a grader and where it stands.
struct Fields<'a> {
    fields: &'a Map<String, Value>,
    param: &'a str,
}

impl<'a> Fields<'a> {
    fn path(&self, name: &str) -> String {
        if self.param.is_empty() { name.to_owned() } else { format!("{}.{name}", self.param) }
    }

    fn get(&self, name: &str) -> Option<&'a Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    fn needed(&self, name: &str) -> Result<&'a Value, ApiError> {
        self.get(name).ok_or_else(|| ApiError::missing(&self.path(name)))
    }

    fn text(&self, name: &str) -> Result<&'a str, ApiError> {
        let value = self.needed(name)?;
        value.as_str().ok_or_else(|| ApiError::wrong_type(&self.path(name), "a string", value))
    }

    fn number(&self, name: &str) -> Result<Option<f64>, ApiError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        value.as_f64().map(Some).ok_or_else(|| ApiError::wrong_type(&self.path(name), "a decimal", value))
    }

    fn list(&self, name: &str) -> Result<&'a Vec<Value>, ApiError> {
        let value = self.needed(name)?;
        value.as_array().ok_or_else(|| ApiError::wrong_type(&self.path(name), "an array", value))
    }

    fn one_of(&self, name: &str, words: &[&'static str]) -> Result<&'static str, ApiError> {
        let word = self.text(name)?;
        let found = words.iter().copied().find(|known| *known == word);
        found.ok_or_else(|| ApiError::unsupported_value(&self.path(name), word, words))
    }

    fn template(&self, name: &str) -> Result<Template, ApiError> {
        template(self.text(name)?, &self.path(name))
    }

    /// The texts of `input`, one for each message.
    fn messages(&self) -> Result<Vec<Template>, ApiError> {
        let mut texts = Vec::new();
        for (index, message) in self.list("input")?.iter().enumerate() {
            let path = format!("{}[{index}].content", self.path("input"));
            let content = message.get("content").ok_or_else(|| ApiError::missing(&path))?;
            match content {
                Value::String(text) => texts.push(template(text, &path)?),
                Value::Array(parts) => {
                    let parts = parts.iter().filter_map(|part| part.as_str().or_else(|| part.get("text")?.as_str()));
                    texts.extend(parts.map(|text| template(text, &path)).collect::<Result<Vec<_>, _>>()?);
                }
                Value::Object(part) => {
                    let text = part.get("text").and_then(Value::as_str).unwrap_or_default();
                    texts.push(template(text, &path)?);
                }
                other => return Err(ApiError::wrong_type(&path, "a string or an array", other)),
            }
        }
        Ok(texts)
    }

    fn range(&self) -> Result<(f64, f64), ApiError> {
        if self.get("range").is_none() {
            return Ok((0.0, 1.0));
        }
        match self.list("range")?.iter().map(Value::as_f64).collect::<Vec<_>>().as_slice() {
            [Some(least), Some(most)] if least <= most => Ok((*least, *most)),
            _ => {
                let path = self.path("range");
                let message = format!("Invalid '{path}': expected two numbers, the least score and the greatest.");
                Err(ApiError::invalid(message).param(path).code("invalid_value"))
            }
        }
    }

    fn words(&self, name: &str) -> Result<Vec<String>, ApiError> {
        let words: Option<Vec<String>> = self.list(name)?.iter().map(|one| one.as_str().map(str::to_owned)).collect();
        let path = self.path(name);
        let words = words.ok_or_else(|| {
            ApiError::invalid(format!("Invalid type for '{path}': expected an array of strings."))
                .param(path.clone())
                .code("invalid_type")
        })?;
        if words.is_empty() {
            let message = format!(
                "Invalid '{path}': empty array. Expected an array with minimum length 1, but got an empty array instead."
            );
            return Err(ApiError::invalid(message).param(path).code("empty_array"));
        }
        Ok(words)
    }

    fn label_model(&self) -> Result<Rule, ApiError> {
        let (labels, passing) = (self.words("labels")?, self.words("passing_labels")?);
        if let Some(stray) = passing.iter().find(|label| !labels.contains(label)) {
            let path = self.path("passing_labels");
            let message = format!("Invalid '{path}': '{stray}' is not one of the labels.");
            return Err(ApiError::invalid(message).param(path).code("invalid_value"));
        }
        Ok(Rule::Label { model: self.text("model")?.to_owned(), input: self.messages()?, labels, passing })
    }

    fn python(&self) -> Result<Rule, ApiError> {
        let (source, path) = (self.text("source")?, self.path("source"));
        if source.len() > MOST_SOURCE_BYTES {
            return Err(ApiError::too_long(&path, MOST_SOURCE_BYTES, source.len()));
        }
        if !source.contains("def grade(") {
            let message = format!("Invalid '{path}': the source must define a function 'grade(sample, item)'.");
            return Err(ApiError::invalid(message).param(path).code("invalid_value"));
        }
        Ok(Rule::Python)
    }

    /// `graders` is one grader, a list, or an object of graders by name: the document says the first, the guide the
    /// last.
    fn multi(&self) -> Result<Rule, ApiError> {
        let path = self.path("graders");
        let graders: Result<Vec<Grader>, ApiError> = match self.needed("graders")? {
            Value::Array(graders) => {
                let at = |index| format!("{path}[{index}]");
                graders.iter().enumerate().map(|(index, one)| Grader::read(one, &at(index), false)).collect()
            }
            Value::Object(one) if one.get("type").is_some_and(Value::is_string) => {
                Grader::read(&Value::Object(one.clone()), &path, false).map(|one| vec![one])
            }
            Value::Object(named) => {
                let read = |(name, one): (&String, &Value)| {
                    Grader::read(one, &format!("{path}.{name}"), false).map(|one| Grader { name: name.clone(), ..one })
                };
                named.iter().map(read).collect()
            }
            other => return Err(ApiError::wrong_type(&path, "an object", other)),
        };
        let graders = graders?;
        if graders.is_empty() || graders.len() > MOST_GRADERS {
            return Err(ApiError::too_many(&path, MOST_GRADERS, graders.len()));
        }
        let path = self.path("calculate_output");
        let invalid = |what: String| {
            let message = format!("Invalid '{path}': {what}.");
            ApiError::invalid(message).param(path.clone()).code("invalid_grader_formula")
        };
        let formula = Formula::parse(self.text("calculate_output")?).map_err(invalid)?;
        let known = |name: &str| graders.iter().any(|grader| grader.name == name);
        if let Some(stray) = formula.unknown(&known) {
            return Err(invalid(format!("there is no grader '{stray}'")));
        }
        Ok(Rule::Multi { graders, formula })
    }
}

/// A template whose places can be filled.
fn template(text: &str, path: &str) -> Result<Template, ApiError> {
    let template = Template::parse(text);
    match template.stray() {
        None => Ok(template),
        Some(stray) => {
            let message = format!("Invalid '{path}': unknown variable '{stray}'. Use 'item' and 'sample'.");
            Err(ApiError::invalid(message).param(path).code("invalid_value"))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn wrong(grader: &Value) -> String {
        Grader::parse(grader, "testing_criteria[0]").unwrap_err().message.into_owned()
    }

    #[test]
    fn what_is_wrong_is_named() {
        assert!(wrong(&json!(3)).contains("'testing_criteria[0]': expected an object"));
        assert!(wrong(&json!({"type": "magic", "name": "x"})).contains("'magic'"));
        let check = json!({"type": "string_check", "name": "x", "input": "{{sample.output_text}}", "reference": "y"});
        assert!(wrong(&check).contains("Missing required parameter: 'testing_criteria[0].operation'"));
        let mut check = check;
        check["operation"] = json!("same");
        assert!(wrong(&check).contains("'eq', 'ne', 'like', and 'ilike'"));
        check["input"] = json!("{{row.x}}");
        assert!(wrong(&check).contains("unknown variable 'row.x'"));
        let label = json!({"type": "label_model", "name": "x", "model": "m", "input": [{"role": "user", "content": "a"}],
            "labels": ["a"], "passing_labels": ["b"]});
        assert!(wrong(&label).contains("'b' is not one of the labels"));
        let multi = json!({"type": "multi", "name": "x", "calculate_output": "0.5 * nobody",
            "graders": {"a": {"type": "python", "name": "p", "source": "def grade(sample, item): return 1"}}});
        assert!(wrong(&multi).contains("there is no grader 'nobody'"));
        assert!(wrong(&json!({"type": "python", "name": "p", "source": "1"})).contains("must define"));
    }

    proptest! {
        #[test]
        fn odd_values_are_refused_and_no_panic(kind in 0..6_usize, name in "[a-z]{0,3}", value in "\\PC{0,9}") {
            for odd in [json!(value), json!([value]), json!({"content": value}), json!(1.5), json!(null)] {
                let mut grader = json!({"type": KINDS[kind], "name": name});
                for field in ["input", "reference", "labels", "passing_labels", "model", "source", "graders", "range",
                    "calculate_output", "operation", "evaluation_metric", "pass_threshold"] {
                    grader[field] = odd.clone();
                }
                let _ = Grader::parse(&grader, "");
            }
        }
    }
}
