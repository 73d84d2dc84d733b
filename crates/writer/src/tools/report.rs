//! What a model says once its tools have answered.

use fakeai_core::Rng;
use serde_json::Value;

use super::decide::Situation;
use crate::finds::wish_words;
use crate::prose::Language;

/// Bytes of one result that are shown.
const MOST_RESULT_BYTES: usize = 1200;
/// Facts of one result that are told.
const MOST_FACTS: usize = 12;

/// How results are introduced, where one has not failed.
const fn intros(language: Language) -> &'static [&'static str] {
    match language {
        Language::Spanish => &["Esto es lo que he encontrado:", "Aquí tienes el resultado:"],
        Language::French => &["Voici ce que j'ai trouvé :", "Voici le résultat :"],
        Language::German => &["Das habe ich gefunden:", "Hier ist das Ergebnis:"],
        Language::Chinese => &["这是我找到的结果："],
        Language::Japanese => &["結果は次のとおりです。"],
        Language::English => &["Here is what I found:", "Here's the result:", "This is what came back:"],
    }
}

/// A text that tells the results of the tools.
pub(crate) fn report(situation: &Situation<'_>, language: Language, rng: &mut Rng) -> String {
    let told: Vec<String> =
        situation.results.iter().map(|result| tell(result.tool, result.input, result.text)).collect();
    if let [only] = &told[..]
        && !only.contains('\n')
        && language == Language::English
    {
        return only.clone();
    }
    let intro = rng.pick(intros(language)).copied().unwrap_or_default();
    match &told[..] {
        [only] => format!("{intro} {only}"),
        several => {
            let lines: Vec<String> = several.iter().map(|text| format!("- {text}")).collect();
            format!("{intro}\n\n{}", lines.join("\n"))
        }
    }
}

/// One result in words.
fn tell(tool: &str, input: &str, result: &str) -> String {
    let subject = subject(tool, input);
    match serde_json::from_str::<Value>(result) {
        Ok(Value::Object(fields)) if fields.len() == 1 && fields.contains_key("error") => {
            format!("I could not complete {subject}: {}.", shown(&fields["error"]).trim_end_matches('.'))
        }
        Ok(Value::Object(fields)) if !fields.is_empty() => {
            let facts: Vec<String> = fields.iter().take(MOST_FACTS).map(|(name, value)| fact(name, value)).collect();
            format!("For {subject}: {}.", facts.join(", "))
        }
        Ok(Value::Array(items)) if !items.is_empty() => {
            let lines: Vec<String> = items.iter().take(MOST_FACTS).map(|item| format!("  - {}", shown(item))).collect();
            format!("For {subject} there are {} results:\n{}", items.len(), lines.join("\n"))
        }
        Ok(Value::Number(number)) => format!("The result of {subject} is {number}."),
        Ok(Value::Bool(yes)) => format!("For {subject} the answer is {}.", if yes { "yes" } else { "no" }),
        Ok(Value::Null) => format!("For {subject} nothing came back."),
        Ok(Value::String(text)) => sentence(&subject, &text),
        _ => sentence(&subject, result),
    }
}

fn sentence(subject: &str, text: &str) -> String {
    let text = text.trim();
    let text = &text[..text.floor_char_boundary(MOST_RESULT_BYTES)];
    if text.is_empty() {
        return format!("For {subject} nothing came back.");
    }
    // A text that is a sentence stands for itself.
    if text.contains(' ') && (text.ends_with(['.', '!', '?']) || text.len() > 60) {
        return text.to_owned();
    }
    format!("The result of {subject} is {text}.")
}

/// "get weather (Paris)".
fn subject(tool: &str, input: &str) -> String {
    let words = wish_words(tool);
    let verbs = ["get", "fetch", "lookup", "look", "up", "retrieve", "query", "find", "search", "calculate", "compute"];
    let skip = words.iter().take_while(|word| verbs.contains(&word.as_str())).count();
    let name = if skip < words.len() { words[skip..].join(" ") } else { words.join(" ") };
    let given = serde_json::from_str::<Value>(input).ok();
    let first = given.as_ref().and_then(Value::as_object).and_then(|fields| fields.values().next().map(shown));
    match first.filter(|value| !value.is_empty() && value.len() <= 60) {
        Some(value) if !name.is_empty() => format!("the {name} ({value})"),
        Some(value) => value,
        None if name.is_empty() => "the call".to_owned(),
        None => format!("the {name}"),
    }
}

fn fact(name: &str, value: &Value) -> String {
    format!("{} {}", wish_words(name).join(" "), shown(value))
}

/// A value as people write it.
fn shown(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().take(MOST_FACTS).map(shown).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => {
            fields.iter().take(MOST_FACTS).map(|(name, value)| fact(name, value)).collect::<Vec<_>>().join(", ")
        }
        Value::Null => "nothing".to_owned(),
        other => other.to_string(),
    };
    let end = text.floor_char_boundary(MOST_RESULT_BYTES);
    text[..end].to_owned()
}
