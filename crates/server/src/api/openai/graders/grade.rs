//! Grading: a grader, an item and a sample give a score and whether it passes.

use super::parse::{Grader, Rule};
use super::simulated;
use super::template::{Scope, Template, Unfilled};

/// Bytes of a token, roughly: what a simulated judge reads is estimated.
const TOKEN_BYTES: usize = 4;
/// Tokens that a simulated judge writes.
const VERDICT_TOKENS: usize = 8;

/// What a grader says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::api::openai) struct Grade {
    /// The score; most are from 0 to 1.
    pub score: f64,
    pub passed: bool,
    /// Why there is no score.
    pub fault: Option<Fault>,
    /// The label a model gave.
    pub label: Option<String>,
    /// The scores of the graders inside, by name.
    pub parts: Vec<(String, f64)>,
    /// The models asked, and the tokens each read and wrote.
    pub asked: Vec<Asked>,
}

/// A model that was asked for its judgement. Nobody really was: the tokens are estimated from the texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::api::openai) struct Asked {
    pub model: String,
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
}

/// Why a grader could not grade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::api::openai) enum Fault {
    /// A place of a template stands for nothing.
    Variable(String),
    /// The formula gives no number.
    Formula,
}

impl Fault {
    /// In words.
    pub(in crate::api::openai) fn message(&self) -> String {
        match self {
            Self::Variable(name) => format!("The variable '{name}' is not in the item or the sample."),
            Self::Formula => "The formula of the grader gives no finite number.".to_owned(),
        }
    }
}

impl From<Unfilled> for Fault {
    fn from(Unfilled(place): Unfilled) -> Self {
        Self::Variable(place)
    }
}

impl Grader {
    /// What the sample is worth.
    pub(in crate::api::openai) fn grade(&self, scope: Scope<'_>) -> Grade {
        self.graded(scope).unwrap_or_else(|fault| Grade { fault: Some(fault), ..Grade::default() })
    }

    fn graded(&self, scope: Scope<'_>) -> Result<Grade, Fault> {
        let mut grade = match &self.rule {
            Rule::Strings { input, reference, operation } => {
                let holds = compare(&input.fill(scope)?, &reference.fill(scope)?, operation);
                Grade { score: f64::from(u8::from(holds)), passed: holds, ..Grade::default() }
            }
            Rule::Similarity { input, reference, metric } => {
                let score = metric.measure(&input.fill(scope)?, &reference.fill(scope)?);
                Grade { score, passed: score >= 0.5, ..Grade::default() }
            }
            Rule::Score { model, input, least, most } => {
                let texts = filled(input, scope)?;
                let share = simulated::agreement(input, &texts, scope);
                let score = (least + (most - least) * share).clamp(*least, *most);
                let score = (score * 100.0).round() / 100.0;
                Grade { score, passed: share >= 0.5, asked: vec![Asked::of(model, &texts)], ..Grade::default() }
            }
            Rule::Label { model, input, labels, passing } => {
                let texts = filled(input, scope)?;
                let label = simulated::label(labels, &texts, scope).cloned();
                let passed = label.as_ref().is_some_and(|label| passing.contains(label));
                let asked = vec![Asked::of(model, &texts)];
                Grade { score: f64::from(u8::from(passed)), passed, label, asked, ..Grade::default() }
            }
            Rule::Python => {
                let score = simulated::correctness(scope);
                Grade { score, passed: score >= 0.5, ..Grade::default() }
            }
            Rule::Multi { graders, formula } => {
                let mut grade = Grade::default();
                for grader in graders {
                    let Grade { score, asked, .. } = grader.graded(scope)?;
                    grade.parts.push((grader.name.clone(), score));
                    grade.asked.extend(asked);
                }
                let score = |name: &str| grade.parts.iter().find(|(known, _)| known == name).map(|(_, score)| *score);
                grade.score = formula.value(&score).ok_or(Fault::Formula)?;
                grade.passed = grade.score >= 0.5;
                grade
            }
        };
        if let Some(threshold) = self.threshold {
            grade.passed = grade.score >= threshold;
        }
        Ok(grade)
    }
}

impl Asked {
    fn of(model: &str, texts: &[String]) -> Self {
        let bytes: usize = texts.iter().map(String::len).sum();
        let prompt_tokens = bytes.div_ceil(TOKEN_BYTES) as u64;
        Self { model: model.to_owned(), prompt_tokens, completion_tokens: VERDICT_TOKENS as u64 }
    }
}

fn filled(input: &[Template], scope: Scope<'_>) -> Result<Vec<String>, Fault> {
    Ok(input.iter().map(|template| template.fill(scope)).collect::<Result<_, _>>()?)
}

/// `like` holds if the reference is a part of the input; with an `i`, large and small letters are the same.
fn compare(input: &str, reference: &str, operation: &str) -> bool {
    match operation {
        "eq" => input == reference,
        "ne" => input != reference,
        "like" => input.contains(reference),
        _ => input.to_lowercase().contains(&reference.to_lowercase()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn grade(grader: &Value) -> Grade {
        let item = json!({"question": "What is the capital of France?", "answer": "Paris"});
        let sample = json!({"output_text": "Paris"});
        Grader::parse(grader, "grader").unwrap().grade(Scope { item: &item, sample: &sample })
    }

    fn check(reference: &str, operation: &str) -> bool {
        grade(&json!({"type": "string_check", "name": "c", "input": "{{sample.output_text}}", "reference": reference,
            "operation": operation}))
        .passed
    }

    #[test]
    fn strings_are_compared() {
        assert!(check("{{item.answer}}", "eq") && !check("{{item.answer}}", "ne") && check("ar", "like"));
        assert!(!check("AR", "like") && check("AR", "ilike") && check("London", "ne"));
        let unknown = grade(&json!({"type": "string_check", "name": "c", "input": "{{item.none}}", "reference": "x",
            "operation": "eq"}));
        assert_eq!((unknown.fault, unknown.passed), (Some(Fault::Variable("item.none".to_owned())), false));
    }

    #[test]
    fn thresholds_decide_what_passes() {
        for (threshold, passed) in [(0.9, true), (1.1, false)] {
            let grader = json!({"type": "text_similarity", "name": "s", "input": "{{sample.output_text}}",
                "reference": "Paris", "evaluation_metric": "fuzzy_match", "pass_threshold": threshold});
            assert_eq!(grade(&grader).passed, passed);
        }
    }

    #[test]
    fn simulated_judges_like_what_is_right() {
        let input = json!([{"role": "user", "content": "Is {{sample.output_text}} right? It is {{item.answer}}."}]);
        let score = grade(&json!({"type": "score_model", "name": "s", "model": "o3", "input": input, "range": [1, 7]}));
        assert_eq!((score.score, score.passed, score.asked[0].model.as_str()), (7.0, true, "o3"));
        let label = json!({"type": "label_model", "name": "l", "model": "gpt-4o", "input": input,
            "labels": ["London", "Paris"], "passing_labels": ["Paris"]});
        assert_eq!(grade(&label).label.as_deref(), Some("Paris"));
        let python = json!({"type": "python", "name": "p", "source": "def grade(sample, item):\n  return 1.0"});
        assert!(grade(&python).score > 0.999);
    }

    #[test]
    fn several_are_joined_by_a_formula() {
        let same = json!({"type": "string_check", "name": "x", "input": "{{sample.output_text}}", "operation": "eq",
            "reference": "Paris"});
        let near = json!({"type": "text_similarity", "name": "y", "input": "{{sample.output_text}}",
            "reference": "Pari", "evaluation_metric": "fuzzy_match"});
        let grade = grade(&json!({"type": "multi", "name": "m", "graders": {"same": same, "near": near},
            "calculate_output": "0.5 * same + 0.5 * near"}));
        assert!((grade.score - (0.5 + 0.5 * 8.0 / 9.0)).abs() < 1e-9, "{grade:?}");
        assert_eq!(grade.parts.len(), 2);
    }
}
