//! What a request asks for, understood once and shared by all its choices.

use std::sync::Arc;

use super::Language;
use super::intent::Intent;
use super::keywords::Phrase;
use super::reading::{Reader, Reading};
use super::tone::Tone;
use super::words::{Word, Words};
use crate::{GenerationRequest, Prompt, Role, Turn, Verbosity};

/// Everything an answer is built from.
#[derive(Debug)]
pub(crate) struct Brief<'a> {
    /// What the user said last.
    pub(crate) text: &'a str,
    /// What was found in it.
    reading: Arc<Reading>,
    /// The language to answer in.
    pub(crate) language: Language,
    pub(crate) intent: Intent,
    /// The byte of `text` from which on it says what it is about.
    pub(crate) from: u32,
    pub(crate) tone: Tone,
    /// The name of the model.
    pub(crate) model: &'a str,
    pub(crate) verbosity: Verbosity,
    /// What the turn before was about.
    pub(crate) earlier: Option<Phrase<'a>>,
    /// Whether the answer is an object and nothing around it.
    pub(crate) strict_json: bool,
    /// The text that comes after a completion.
    pub(crate) suffix: Option<&'a str>,
}

impl<'a> Brief<'a> {
    /// Reads a request.
    pub(crate) fn read(request: &'a GenerationRequest, reader: &Reader) -> Self {
        let text = request.last_user_text();
        let reading = reader.read(text);
        let mut intent = reading.intent.clone();
        let mut tone = reading.tone;
        let mut asked_for = reading.asked_for;
        let mut earlier = None;
        let mut suffix = None;
        match &request.prompt {
            Prompt::Completion(continuation) => {
                suffix = continuation.suffix.as_deref();
                intent = Intent::Continue;
            }
            Prompt::Chat(turns) => {
                if let Some(system) = system_text(turns) {
                    let manner = reader.manner(system);
                    tone = tone.or(manner.tone);
                    asked_for = asked_for.or(manner.asked_for);
                }
                earlier = earlier_topic(turns, reader);
            }
        }
        if request.format.is_json_object() {
            intent = Intent::Json;
        }
        Self {
            text,
            language: asked_for.unwrap_or(reading.spoken),
            intent,
            from: reading.from,
            reading,
            tone,
            model: &request.model.name,
            verbosity: request.verbosity,
            earlier,
            strict_json: request.format.is_json_object(),
            suffix,
        }
    }

    /// The words of the prompt that were looked at.
    pub(crate) fn words(&self) -> &[Word] {
        &self.reading.words.list
    }

    /// All that was found out about its words.
    pub(crate) fn all_words(&self) -> &Words {
        &self.reading.words
    }

    /// What the prompt is about.
    pub(crate) fn topic(&self) -> Option<Phrase<'a>> {
        self.reading.keywords.topic(self.text)
    }

    /// How many phrases of the prompt sentences can be built around.
    pub(crate) fn phrase_count(&self) -> usize {
        self.reading.keywords.count()
    }

    /// The phrase numbered `index`, counted round and round.
    pub(crate) fn phrase(&self, index: usize) -> Option<Phrase<'a>> {
        self.reading.keywords.nth(self.text, index)
    }

    /// The rest of the sentence that begins at byte `from`: bounded, without the mark that ends it.
    pub(crate) fn clause(&self, from: usize) -> &'a str {
        const LONGEST_BYTES: usize = 120;
        let rest = self.text.get(from..).unwrap_or_default().trim_start();
        let rest = &rest[..rest.floor_char_boundary(LONGEST_BYTES)];
        let end = rest.find(['.', '?', '!', '\n', ':', ';', '。', '？', '！']).unwrap_or(rest.len());
        let clause = &rest[..end];
        // A clause cut inside a word ends before it.
        let clause =
            if end == LONGEST_BYTES { clause.rsplit_once(' ').map_or(clause, |(head, _)| head) } else { clause };
        clause.trim_end_matches([' ', ',', '"', '”'])
    }
}

/// The last instructions of the application.
fn system_text(turns: &[Turn]) -> Option<&str> {
    let mut systems = turns.iter().rev().filter(|turn| matches!(turn.role, Role::System | Role::Developer));
    systems.next().and_then(Turn::text)
}

/// What the user asked before his last question.
fn earlier_topic<'a>(turns: &'a [Turn], reader: &Reader) -> Option<Phrase<'a>> {
    let text = turns.iter().rev().filter(|turn| turn.role == Role::User).nth(1).and_then(Turn::text)?;
    reader.read(text).keywords.nth(text, 0)
}
