//! What a model or a program would say of a sample, without one: it follows from how near the sample is to what the
//! grader looks at, and is the same every time.

use serde_json::Value;

use super::similarity::{Metric, cosine};
use super::template::{Scope, Template};

/// How well the sample agrees with what a model is shown beside it, from 0 to 1: the nearest value of the item that its
/// messages name. Where they name none, it is how near the sample is to the messages themselves.
pub(super) fn agreement(input: &[Template], texts: &[String], scope: Scope<'_>) -> f64 {
    let output = scope.output();
    let named = input.iter().flat_map(|template| template.places("item")).filter_map(|path| scope.find(path));
    let nearest = named.filter_map(shown).map(|value| nearness(output, &value)).reduce(f64::max);
    nearest.unwrap_or_else(|| cosine(output, &texts.join("\n")))
}

/// How well the sample agrees with the item, from 0 to 1: what a program would most likely compare.
pub(super) fn correctness(scope: Scope<'_>) -> f64 {
    let values = scope.item.as_object().into_iter().flat_map(|fields| fields.values());
    values.filter_map(shown).map(|value| nearness(scope.output(), &value)).fold(0.0, f64::max)
}

/// The label that a model would most likely give: one that the sample says, else the one nearest to all it was shown.
pub(super) fn label<'a>(labels: &'a [String], texts: &[String], scope: Scope<'_>) -> Option<&'a String> {
    let output = scope.output();
    let said = |label: &&String| {
        let label = label.to_lowercase();
        output.to_lowercase().split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == label)
    };
    if let Some(said) = labels.iter().find(said) {
        return Some(said);
    }
    let shown = texts.join("\n");
    let scored = labels.iter().map(|label| (cosine(&shown, label), label));
    scored.reduce(|best, next| if next.0 > best.0 { next } else { best }).map(|(_, label)| label)
}

fn shown(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

/// 1 for the same words, or a text that has the other as a part; else how near they are in meaning or in letters.
fn nearness(output: &str, value: &str) -> f64 {
    let (ours, theirs) = (output.trim().to_lowercase(), value.trim().to_lowercase());
    if ours == theirs {
        return 1.0;
    }
    cosine(&ours, &theirs).max(Metric::FuzzyMatch.measure(&ours, &theirs)).min(0.99)
}
