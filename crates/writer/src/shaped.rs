//! Answers of a given shape: JSON of a schema, texts of a pattern or a grammar, one of several choices.

use fakeai_core::Rng;
use fakeai_schema::Budget;

use crate::finds::Finds;
use crate::prose::{Brief, Composer};
use crate::tools::Filling;
use crate::{Format, Verbosity};

/// Bytes of compact JSON a token stands for, about.
const TOKEN_BYTES: usize = 3;
/// Bytes of a structured answer that nobody limits.
const USUAL_BYTES: usize = 2000;

/// A text of `format`, of at most about `most` tokens; `None` where any text will do. `told` is what tools have said.
pub(crate) fn shaped(
    format: &Format,
    brief: &Brief<'_>,
    told: Option<&str>,
    most: usize,
    rng: &mut Rng,
) -> Option<String> {
    let usual = match brief.verbosity {
        Verbosity::Low => USUAL_BYTES / 2,
        Verbosity::Medium => USUAL_BYTES,
        Verbosity::High => USUAL_BYTES * 2,
    };
    let max_bytes = most.saturating_mul(TOKEN_BYTES).min(usual);
    match format {
        Format::Text | Format::JsonObject => None,
        Format::Choice(choices) => Some(choice(choices, brief.text, rng)),
        Format::Pattern(pattern) => Some(pattern.sample(rng, max_bytes)),
        Format::Grammar { grammar, .. } => Some(grammar.sample(rng, max_bytes)),
        Format::Schema(shape) => {
            let mut finds = match told {
                Some(told) => Finds::of(&format!("{}\n{told}", brief.text)),
                None => Finds::of(brief.text),
            };
            finds.topic = brief.topic().map(|topic| topic.text.to_owned());
            let seed = rng.clone();
            let mut sentences = 0;
            let mut prose = |max_chars: usize| {
                sentences += 1;
                sentence(brief, seed.clone(), sentences, max_chars)
            };
            let mut filling =
                Filling { finds: &finds, pinned: None, literal: false, prose: &mut prose, used: Vec::new() };
            Some(shape.schema().instance(&mut filling, rng, Budget { max_bytes }).to_string())
        }
    }
}

/// The choice the prompt speaks of, or any.
fn choice(choices: &[String], text: &str, rng: &mut Rng) -> String {
    let lower = text.to_lowercase();
    let named: Vec<&String> =
        choices.iter().filter(|choice| lower.matches(&choice.to_lowercase()).count() == 1).collect();
    match &named[..] {
        [only] => (*only).clone(),
        _ => rng.pick(choices).cloned().unwrap_or_default(),
    }
}

/// Whole sentences about what the prompt is about, of at most `max_chars` characters; the `number` tells them apart.
fn sentence(brief: &Brief<'_>, mut rng: Rng, number: usize, max_chars: usize) -> Option<String> {
    for _ in 0..number {
        rng.bits();
    }
    let mut text = String::new();
    let mut composer = Composer::new(brief, rng, Some(24), &[]);
    composer.go_on(&mut text, 1);
    let text = text.trim();
    let end = text.char_indices().nth(max_chars).map_or(text.len(), |(at, _)| at);
    let text = if end < text.len() {
        let (at, mark) = text[..end].char_indices().rfind(|(_, letter)| matches!(letter, '.' | '。' | '!' | '?'))?;
        &text[..at + mark.len_utf8()]
    } else {
        text
    };
    let text = text.replace("**", "").replace('\n', " ");
    (!text.is_empty() && text.chars().count() <= max_chars).then_some(text)
}
