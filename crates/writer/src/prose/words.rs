//! The words a prompt is understood by, and the one pass that finds them.
//!
//! Intent, language and keywords all come from this pass: each word is looked up once in one table.

use super::Language;
use super::borders::{Borders, MOST_BYTES};
use super::lexicon::LEXICON;

/// What a word tells about what is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cue {
    /// A word of its own: a possible keyword.
    Content,
    /// An article, pronoun, preposition, conjunction.
    Function,
    /// A word that a verb follows: a pronoun, "to", "not".
    Doer,
    /// A common verb or adverb: no keyword either.
    Filler,
    /// What follows is the topic.
    About,
    Greeting,
    Thanks,
    Fine,
    What,
    Who,
    When,
    Where,
    Why,
    How,
    Which,
    /// The first word of a question that is answered by yes or no.
    Auxiliary,
    Compare,
    List,
    Code,
    /// Asks for something to be made.
    Write,
    Json,
    Table,
    Summary,
    Translate,
    Email,
    Letter,
    Story,
    Poem,
    Essay,
    Explain,
    Rewrite,
    Joke,
    Capital,
    Short,
    Sentence,
    WordCount,
    Upper,
    Pirate,
    Bard,
    Teacher,
    /// A small number, written out.
    Number(u8),
    /// The name of a language people speak.
    Tongue(Language),
    /// The name of a language machines read.
    Program(Program),
}

impl Cue {
    /// The cue as a bit; cues that carry something share one each, and those that every text has have none.
    pub(crate) const fn bit(self) -> u64 {
        (1 << self.place()) & !1
    }

    /// The place of the cue's bit; 0 for none.
    pub(super) const fn place(self) -> u8 {
        match self {
            Self::Content | Self::Function | Self::Doer | Self::Filler => 0,
            Self::Greeting => 1,
            Self::Thanks => 2,
            Self::Fine => 3,
            Self::What => 4,
            Self::Who => 5,
            Self::When => 6,
            Self::Where => 7,
            Self::Why => 8,
            Self::How => 9,
            Self::Which => 10,
            Self::Auxiliary => 11,
            Self::Compare => 12,
            Self::List => 13,
            Self::Code => 14,
            Self::Write => 15,
            Self::Json => 16,
            Self::Table => 17,
            Self::Summary => 18,
            Self::Translate => 19,
            Self::Email => 20,
            Self::Letter => 21,
            Self::Story => 22,
            Self::Poem => 23,
            Self::Essay => 24,
            Self::Explain => 25,
            Self::Rewrite => 26,
            Self::Joke => 27,
            Self::Capital => 28,
            Self::Short => 29,
            Self::Sentence => 30,
            Self::WordCount => 31,
            Self::Upper => 32,
            Self::Pirate => 33,
            Self::Bard => 34,
            Self::Teacher => 35,
            Self::Number(_) => 36,
            Self::Tongue(_) => 37,
            Self::Program(_) => 38,
            Self::About => 39,
        }
    }
}

/// A language code can be asked in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    Python,
    JavaScript,
    TypeScript,
    Rust,
    Go,
    Java,
    C,
    Cpp,
    Sql,
    Bash,
    Html,
}

/// One word of a prompt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word {
    /// Where it is in the text, in bytes.
    pub(crate) start: u32,
    /// Where it ends.
    pub(crate) end: u32,
    pub(crate) cue: Cue,
    /// Whether only one space or hyphen is between it and the word before.
    pub(crate) follows: bool,
}

impl Word {
    /// The word itself.
    pub(crate) fn of<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// The words of a prompt and what they say about its language.
#[derive(Debug, Default)]
pub(crate) struct Words {
    pub(crate) list: Vec<Word>,
    /// Function words and letters of each language, by [`Language`].
    pub(crate) votes: [u16; Language::COUNT],
    /// The cues among the words, by [`Cue::bit`].
    pub(crate) seen: u64,
}

/// Bytes looked at from the end of a long text; the others are from its start.
const TAIL_BYTES: usize = 200;

impl Words {
    /// Scans a text; of a long one only the beginning and the end.
    pub(crate) fn scan(text: &str) -> Self {
        let mut words = Self::default();
        if text.len() <= MOST_BYTES {
            let all = words.borders(text, 0, text.len());
            words.list.reserve_exact(all.words());
            words.understand(text, 0, &all);
        } else {
            let head = words.borders(text, 0, text.floor_char_boundary(MOST_BYTES - TAIL_BYTES));
            let from = text.ceil_char_boundary(text.len() - TAIL_BYTES);
            let tail = words.borders(text, from, text.len());
            words.list.reserve_exact(head.words() + tail.words());
            words.understand(text, 0, &head);
            words.understand(text, from, &tail);
        }
        words
    }

    fn borders(&mut self, text: &str, from: usize, to: usize) -> Borders {
        Borders::find(text.as_bytes(), from, to, |at| self.hear(text.as_bytes(), at))
    }

    /// Looks up each word between borders counted from byte `from`.
    fn understand(&mut self, text: &str, from: usize, borders: &Borders) {
        let lexicon = &*LEXICON;
        let bytes = text.as_bytes();
        // One more for words that tell no language.
        let mut votes = [0; Language::COUNT + 1];
        let mut seen = 0;
        // No word begins right behind the place before the first.
        let mut behind = usize::MAX;
        self.list.extend(borders.iter().map(|(start, end)| {
            let (start, end) = (from + start, from + end);
            let meaning = lexicon.meaning(bytes, start, end);
            votes[usize::from(meaning.language)] += 1;
            seen |= 1 << meaning.place;
            let follows = behind == start && matches!(bytes[start - 1], b' ' | b'-');
            behind = end + 1;
            Word { start: start as u32, end: end as u32, cue: meaning.cue, follows }
        }));
        self.seen |= seen & !1;
        self.votes.iter_mut().zip(votes).for_each(|(all, found)| *all += found);
    }

    /// Letters that only some languages have.
    fn hear(&mut self, bytes: &[u8], at: usize) {
        let vote = match (bytes[at], bytes.get(at + 1)) {
            (0xC3, Some(0xB1 | 0xA1 | 0xAD | 0xB3)) => Language::Spanish,
            (0xC3, Some(0xA8 | 0xAA | 0xA7 | 0xA0 | 0xAE | 0xB4)) => Language::French,
            (0xC3, Some(0xA4 | 0xB6 | 0xBC | 0x9F)) => Language::German,
            (0xE3, Some(0x81..=0x83)) => Language::Japanese,
            (0xE4..=0xE9, Some(_)) => Language::Chinese,
            _ => return,
        };
        self.votes[vote as usize] += 1;
    }
}
