//! What a request asks for, understood once and shared by all its choices.

use super::Language;
use super::intent::{self, Intent};
use super::keywords::{Keywords, Phrase};
use super::tone::Tone;
use super::words::Words;
use crate::{Format, GenerationRequest, Prompt, Role, Turn, Verbosity};

/// Everything an answer is built from.
#[derive(Debug)]
pub(crate) struct Brief<'a> {
    /// What the user said last.
    pub(crate) text: &'a str,
    pub(crate) words: Words,
    /// The language to answer in.
    pub(crate) language: Language,
    pub(crate) intent: Intent,
    /// The byte of `text` from which on it says what it is about.
    pub(crate) from: u32,
    pub(crate) keywords: Keywords<'a>,
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
    pub(crate) fn read(request: &'a GenerationRequest) -> Self {
        let text = request.last_user_text();
        let words = Words::scan(text);
        let spoken = Language::of(&words);
        let (mut intent, from) = intent::read(text, &words);
        let mut tone = Tone::of(text, &words, false);
        let mut asked_for = Language::asked_for(&words, text);
        let mut earlier = None;
        let mut suffix = None;
        match &request.prompt {
            Prompt::Completion(continuation) => {
                suffix = continuation.suffix.as_deref();
                intent = Intent::Continue;
            }
            Prompt::Chat(turns) => {
                if let Some(system) = system_text(turns) {
                    let system_words = Words::scan(system);
                    tone = tone.or(Tone::of(system, &system_words, true));
                    asked_for = asked_for.or_else(|| Language::asked_for(&system_words, system));
                    if let (Intent::Say(range), _) = intent::read(system, &system_words)
                        && turns.iter().all(|turn| turn.role != Role::User)
                    {
                        intent = Intent::Say(range);
                    }
                }
                earlier = earlier_topic(turns);
            }
        }
        if request.format == Format::JsonObject {
            intent = Intent::Json;
        }
        Self {
            keywords: Keywords::find(text, &words, spoken, from),
            text,
            words,
            language: asked_for.unwrap_or(spoken),
            intent,
            from,
            tone,
            model: &request.model.name,
            verbosity: request.verbosity,
            earlier,
            strict_json: request.format == Format::JsonObject,
            suffix,
        }
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
fn earlier_topic(turns: &[Turn]) -> Option<Phrase<'_>> {
    let text = turns.iter().rev().filter(|turn| turn.role == Role::User).nth(1).and_then(Turn::text)?;
    let words = Words::scan(text);
    Keywords::find(text, &words, Language::of(&words), 0).topic()
}
