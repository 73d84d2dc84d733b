//! How the user or the application wants to be spoken to.

use super::words::{Cue, Words};

/// A way of speaking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Persona {
    Pirate,
    Bard,
    Teacher,
}

/// Wishes about the form of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tone {
    pub(crate) persona: Option<Persona>,
    /// Few words.
    pub(crate) brief: bool,
    /// Exactly this many sentences.
    pub(crate) sentences: Option<u32>,
    /// About this many words.
    pub(crate) words: Option<u32>,
    /// Capital letters only.
    pub(crate) upper: bool,
}

impl Tone {
    /// The wishes in a scanned text. `speaks` says that the text is the application's, whose "You are …" gives a role.
    pub(crate) fn of(text: &str, words: &Words, speaks: bool) -> Self {
        let mut tone = Self::default();
        let wishes = [Cue::Sentence, Cue::WordCount, Cue::Short, Cue::Upper, Cue::Pirate, Cue::Bard, Cue::Teacher];
        if wishes.iter().all(|cue| words.seen & cue.bit() == 0) {
            return tone;
        }
        let list = &words.list;
        for (index, word) in list.iter().enumerate() {
            let before = index.checked_sub(1).and_then(|before| list.get(before));
            let number = || before.and_then(|before| number(before.cue, before.of(text)));
            match word.cue {
                Cue::Sentence => tone.sentences = tone.sentences.or_else(number),
                Cue::WordCount => tone.words = tone.words.or_else(number),
                Cue::Short => {
                    tone.brief |=
                        speaks || before.is_none_or(|before| !matches!(before.cue, Cue::Function | Cue::Doer));
                }
                Cue::Upper => tone.upper = true,
                Cue::Pirate if speaks || role(before, text) => tone.persona = Some(Persona::Pirate),
                Cue::Bard if speaks || role(before, text) => tone.persona = Some(Persona::Bard),
                Cue::Teacher if speaks => tone.persona = Some(Persona::Teacher),
                _ => {}
            }
        }
        tone
    }

    /// What the user wants, and where he says nothing what the application wants.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            persona: self.persona.or(other.persona),
            brief: self.brief || other.brief,
            sentences: self.sentences.or(other.sentences),
            words: self.words.or(other.words),
            upper: self.upper || other.upper,
        }
    }
}

/// "like a pirate", "as a pirate".
fn role(before: Option<&super::words::Word>, text: &str) -> bool {
    before.is_some_and(|before| before.of(text).eq_ignore_ascii_case("a")) && {
        let lower = text.get(..text.floor_char_boundary(400)).unwrap_or(text);
        ["like a", "as a", "You are a", "you are a"].iter().any(|phrase| lower.contains(phrase))
    }
}

/// The number a word says.
pub(crate) fn number(cue: Cue, word: &str) -> Option<u32> {
    match cue {
        Cue::Number(number) => Some(u32::from(number)),
        _ => word.parse().ok().filter(|number| (1..=2000).contains(number)),
    }
}
