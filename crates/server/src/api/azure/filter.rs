//! Azure's content filter: four categories, four severities, and what reaches `medium` is filtered, as Azure's default is.

use fakeai_moderation::{Category, Scores, score};
use serde_json::{Map, Value, json};

/// Scores from which a category is at least `low`, `medium` and `high`.
const LOW: f64 = 0.2;
const MEDIUM: f64 = 0.5;
const HIGH: f64 = 0.8;

/// Azure's categories, and ours that count for them.
const CATEGORIES: [(&str, &[Category]); 4] = [
    ("hate", &[Category::Hate, Category::HateThreatening, Category::Harassment, Category::HarassmentThreatening]),
    ("self_harm", &[Category::SelfHarm, Category::SelfHarmIntent, Category::SelfHarmInstructions]),
    ("sexual", &[Category::Sexual, Category::SexualMinors]),
    ("violence", &[Category::Violence, Category::ViolenceGraphic, Category::IllicitViolent]),
];

/// What the filter says of a text.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Verdict(Scores);

impl Verdict {
    /// What is said of `text`.
    pub(super) fn of(text: &str) -> Self {
        if text.trim().is_empty() { Self::default() } else { Self(score(text)) }
    }

    /// The worse of both in each category.
    pub(super) fn with(self, other: Self) -> Self {
        Self(self.0.with(&other.0))
    }

    fn worst(&self, categories: &[Category]) -> f64 {
        categories.iter().map(|category| self.0.of(*category)).fold(0.0, f64::max)
    }

    /// Whether the text is filtered.
    pub(super) fn is_filtered(&self) -> bool {
        CATEGORIES.iter().any(|(_, categories)| self.worst(categories) >= MEDIUM)
    }

    /// `{"hate": {"filtered": false, "severity": "safe"}, …}`.
    pub(super) fn results(&self) -> Value {
        let result = |(name, categories): &(&str, &[Category])| {
            let score = self.worst(categories);
            let severity = match score {
                score if score >= HIGH => "high",
                score if score >= MEDIUM => "medium",
                score if score >= LOW => "low",
                _ => "safe",
            };
            ((*name).to_owned(), json!({"filtered": score >= MEDIUM, "severity": severity}))
        };
        Value::Object(CATEGORIES.iter().map(result).collect::<Map<String, Value>>())
    }
}

/// What is said of the prompts of a request of `operation`; `None` if Azure does not annotate it. A chat is one prompt.
pub(super) fn prompts(operation: &str, body: &Map<String, Value>) -> Option<Vec<Verdict>> {
    match operation {
        "chat/completions" => {
            let messages = body.get("messages").and_then(Value::as_array);
            let asked = messages.into_iter().flatten().filter(|message| message["role"] == "user");
            let mut verdict = Verdict::default();
            for text in asked.flat_map(|message| texts(&message["content"])) {
                verdict = verdict.with(Verdict::of(text));
            }
            Some(vec![verdict])
        }
        "completions" => {
            let prompts = body.get("prompt").map(texts).unwrap_or_default();
            // Token ids are not read: nothing is known of them.
            let verdicts: Vec<Verdict> = prompts.into_iter().map(Verdict::of).collect();
            Some(if verdicts.is_empty() { vec![Verdict::default()] } else { verdicts })
        }
        _ => None,
    }
}

/// The texts of a content: itself, its elements, or the texts of its parts.
fn texts(content: &Value) -> Vec<&str> {
    match content {
        Value::String(text) => vec![text],
        Value::Array(parts) => {
            parts.iter().filter_map(|part| part.as_str().or_else(|| part["text"].as_str())).collect()
        }
        _ => Vec::new(),
    }
}

/// `prompt_filter_results`.
pub(super) fn prompt_results(verdicts: &[Verdict]) -> Value {
    let result = |(index, verdict): (usize, &Verdict)| json!({"prompt_index": index, "content_filter_results": verdict.results()});
    Value::Array(verdicts.iter().enumerate().map(result).collect())
}

/// Annotates a whole answer. A choice that is filtered loses its text.
pub(super) fn annotate(answer: &mut Value, prompts: &[Verdict]) {
    let Some(answer) = answer.as_object_mut() else { return };
    answer.insert("prompt_filter_results".to_owned(), prompt_results(prompts));
    let choices = answer.get_mut("choices").and_then(Value::as_array_mut);
    for choice in choices.into_iter().flatten() {
        let said = choice["message"]["content"].as_str().or_else(|| choice["text"].as_str()).unwrap_or_default();
        let verdict = Verdict::of(said);
        if verdict.is_filtered() {
            if let Some(message) = choice.get_mut("message").and_then(Value::as_object_mut) {
                message.remove("content");
            } else {
                choice["text"] = json!("");
            }
            choice["finish_reason"] = json!("content_filter");
        }
        choice["content_filter_results"] = verdict.results();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn severities_follow_from_scores() {
        let calm = Verdict::of("What is the capital of France?");
        assert!(!calm.is_filtered());
        assert_eq!(calm.results()["violence"], json!({"filtered": false, "severity": "safe"}));
        let threat = Verdict::of("I am going to kill you and your family.");
        assert!(threat.is_filtered(), "{:?}", threat.results());
        assert!(calm.with(threat).is_filtered());
    }

    #[test]
    fn an_answer_that_is_filtered_says_nothing() {
        let choice = |text: &str| json!({"index": 0, "message": {"content": text}, "finish_reason": "stop"});
        let mut answer = json!({"choices": [choice("Paris."), choice("I am going to kill you and your family.")]});
        annotate(&mut answer, &[Verdict::default()]);
        assert_eq!(answer["choices"][0]["finish_reason"], "stop");
        assert_eq!(answer["choices"][1]["finish_reason"], "content_filter");
        assert_eq!(answer["choices"][1]["message"], json!({}));
        assert_eq!(answer["prompt_filter_results"][0]["prompt_index"], 0);
    }
}
