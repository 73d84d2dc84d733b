//! What is found in one text of a request. It owns all it holds, so that it can be remembered.

use std::sync::Arc;

use super::Language;
use super::intent::{self, Intent};
use super::keywords::Keywords;
use super::memo::Memo;
use super::tone::Tone;
use super::words::Words;

/// What was found in a text the model is to answer, or was to answer before.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) words: Words,
    pub(crate) intent: Intent,
    /// The byte from which on it says what it is about.
    pub(crate) from: u32,
    pub(crate) keywords: Keywords,
    pub(crate) tone: Tone,
    /// The language it is in.
    pub(crate) spoken: Language,
    /// The language it asks to be answered in.
    pub(crate) asked_for: Option<Language>,
}

impl Reading {
    /// Reads a text.
    pub(crate) fn of(text: &str) -> Self {
        let words = Words::scan(text);
        let spoken = Language::of(&words);
        let (intent, from) = intent::read(text, &words);
        Self {
            keywords: Keywords::find(text, &words, spoken, from),
            tone: Tone::of(text, &words, false),
            asked_for: Language::asked_for(&words, text),
            words,
            intent,
            from,
            spoken,
        }
    }
}

/// What an application's instructions say about the form of answers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    pub(crate) tone: Tone,
    pub(crate) asked_for: Option<Language>,
}

impl Manner {
    fn of(text: &str) -> Self {
        let words = Words::scan(text);
        Self { tone: Tone::of(text, &words, true), asked_for: Language::asked_for(&words, text) }
    }
}

/// Reads texts, each once as long as it is remembered.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    readings: Memo<Arc<Reading>>,
    manners: Memo<Manner>,
}

impl Reader {
    /// What is found in what a person says.
    pub(crate) fn read(&self, text: &str) -> Arc<Reading> {
        self.readings.recall(text, |text| Arc::new(Reading::of(text)))
    }

    /// What is found in an application's instructions.
    pub(crate) fn manner(&self, text: &str) -> Manner {
        self.manners.recall(text, Manner::of)
    }
}
