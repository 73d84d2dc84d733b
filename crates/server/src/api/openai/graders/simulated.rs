//! Graders that would be models or programs. Nothing runs: a score follows from the texts, is the same every time, and
//! is high where the sample says what the item expects.

use fakeai_catalog::ModelCard;
use serde_json::Value;

use super::similarity::{cosine, fuzzy};
use super::template::Values;

/// Tokens that a model which grades writes: its verdict, as JSON.
const WRITTEN_TOKENS: u64 = 12;

/// A model's score, 0 to 1: how near the sample is to the text of the item that is nearest to it. Where the item has no
/// texts, how near it is to what the model is told.
pub(super) fn score(values: &Values, told: &[String]) -> f64 {
    let sample = values.sample();
    let mut expected = Vec::new();
    strings(values.item(), &mut expected);
    let best = expected.iter().map(|text| fuzzy(sample, text).max(cosine(sample, text))).reduce(f64::max);
    let best = best.unwrap_or_else(|| cosine(sample, &told.join("\n")));
    (best * 1000.0).round() / 1000.0
}

/// The label a model would give: the one that the sample, or else what the model is told, is nearest to.
pub(super) fn label<'a>(values: &Values, told: &[String], labels: &'a [String]) -> &'a str {
    let sample = values.sample().to_lowercase();
    let text = format!("{sample}\n{}", told.join("\n"));
    let named = labels.iter().find(|label| sample.contains(&label.to_lowercase()));
    let nearest = || labels.iter().max_by(|one, other| cosine(&text, one).total_cmp(&cosine(&text, other)));
    named.or_else(nearest).map_or("", String::as_str)
}

/// What a program would return: how near the sample is to the nearest of those fields of the item that the program
/// names. `None` if the text is no program that grades.
pub(super) fn python(values: &Values, source: &str) -> Option<f64> {
    if !source.contains("def grade") {
        return None;
    }
    let Value::Object(fields) = values.item() else { return Some(0.0) };
    let named = fields
        .iter()
        .filter(|(name, _)| source.contains(&format!("\"{name}\"")) || source.contains(&format!("'{name}'")));
    let mut expected = Vec::new();
    named.for_each(|(_, value)| strings(value, &mut expected));
    let best = expected.iter().map(|text| fuzzy(values.sample().trim(), text.trim())).reduce(f64::max);
    Some((best.unwrap_or_default() * 1000.0).round() / 1000.0)
}

/// Tokens that asking a model takes.
pub(super) fn tokens(card: &ModelCard, told: &[String]) -> u64 {
    told.iter().map(|text| card.tokenizer.count(text) as u64 + 4).sum::<u64>() + WRITTEN_TOKENS
}

/// All texts in a value.
fn strings(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::String(text) => out.push(text.clone()),
        Value::Number(number) => out.push(number.to_string()),
        Value::Array(list) => list.iter().for_each(|value| strings(value, out)),
        Value::Object(fields) => fields.values().for_each(|value| strings(value, out)),
        Value::Null | Value::Bool(_) => {}
    }
}
