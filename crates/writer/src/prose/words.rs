//! The words a prompt is understood by, and the one pass that finds them.
//!
//! Intent, language and keywords all come from this pass: each word is looked up once in one table.

use std::sync::LazyLock;

use super::Language;
use super::vocabulary::VOCABULARY;

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
    /// The cue as a bit; cues that carry something share one each.
    pub(crate) const fn bit(self) -> u64 {
        let place = match self {
            Self::Content | Self::Function | Self::Doer | Self::Filler => return 0,
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
        };
        1 << place
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

/// Bytes looked at from the start of a long text, and from its end.
const HEAD_BYTES: usize = 400;
const TAIL_BYTES: usize = 200;

impl Words {
    /// Scans a text; of a long one only the beginning and the end.
    pub(crate) fn scan(text: &str) -> Self {
        let mut words = Self { list: Vec::with_capacity(64), votes: [0; Language::COUNT], seen: 0 };
        if text.len() <= HEAD_BYTES + TAIL_BYTES {
            words.scan_range(text, 0, text.len());
        } else {
            words.scan_range(text, 0, text.floor_char_boundary(HEAD_BYTES));
            words.scan_range(text, text.ceil_char_boundary(text.len() - TAIL_BYTES), text.len());
        }
        words
    }

    fn scan_range(&mut self, text: &str, from: usize, to: usize) {
        let table = &*TABLE;
        let bytes = text.as_bytes();
        let mut at = from;
        let mut previous_end = None;
        while at < to {
            let gap = separator(bytes, at);
            if gap > 0 {
                at += gap;
                continue;
            }
            let start = at;
            let mut key = Key::new();
            while at < to {
                let byte = bytes[at];
                if byte.is_ascii_alphanumeric() {
                    key.push(byte | if byte.is_ascii_uppercase() { 0x20 } else { 0 });
                } else if separator(bytes, at) == 0 {
                    key.push(byte);
                    self.hear(bytes, at);
                } else {
                    break;
                }
                at += 1;
            }
            let entry = table.find(key.finish());
            let cue = entry.map_or(Cue::Content, |entry| entry.cue);
            if let Some(Entry { language: Some(language), .. }) = entry {
                self.votes[*language as usize] += 1;
            }
            let follows = previous_end == start.checked_sub(1) && start > 0 && matches!(bytes[start - 1], b' ' | b'-');
            self.seen |= cue.bit();
            self.list.push(Word { start: start as u32, end: at as u32, cue, follows });
            previous_end = Some(at);
        }
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

/// Length of the separator at `at`; 0 inside a word.
fn separator(bytes: &[u8], at: usize) -> usize {
    match bytes[at] {
        byte if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'#') => 0,
        b'+' if at > 0 && matches!(bytes[at - 1], b'C' | b'c' | b'+') => 0,
        byte if byte.is_ascii() => 1,
        // ¿ ¡ « » and the no-break space.
        0xC2 => 2,
        // Quotation marks and dashes; ideographic and full-width punctuation.
        0xE2 | 0xE3 if bytes.get(at + 1) == Some(&0x80) => 3,
        0xEF if matches!(bytes.get(at + 1), Some(0xBC | 0xBD)) => 3,
        _ => 0,
    }
}

/// A word as a number, eight bytes at a time.
struct Key {
    hash: u64,
    chunk: u64,
    length: u32,
}

impl Key {
    const fn new() -> Self {
        Self { hash: 0x51_7C_C1_B7_27_22_0A_95, chunk: 0, length: 0 }
    }

    const fn push(&mut self, byte: u8) {
        self.chunk = (self.chunk << 8) | byte as u64;
        self.length += 1;
        if self.length.is_multiple_of(8) {
            self.fold();
        }
    }

    const fn fold(&mut self) {
        self.hash = (self.hash ^ self.chunk).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.hash ^= self.hash >> 32;
        self.chunk = 0;
    }

    const fn finish(mut self) -> u64 {
        self.fold();
        self.hash | 1
    }

    fn of(word: &str) -> u64 {
        let mut key = Self::new();
        word.bytes().for_each(|byte| key.push(byte));
        key.finish()
    }
}

#[derive(Clone, Copy)]
struct Entry {
    /// 0 where the slot is free.
    key: u64,
    cue: Cue,
    /// The language the word tells, if only one has it.
    language: Option<Language>,
    /// Whether several languages have the word.
    shared: bool,
}

/// An open-addressing table: one look takes a few nanoseconds.
struct Table(Box<[Entry]>);

const SLOTS: usize = 8192;

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table =
        Table(vec![Entry { key: 0, cue: Cue::Content, language: None, shared: false }; SLOTS].into_boxed_slice());
    for (language, cue, words) in VOCABULARY {
        words.split_ascii_whitespace().for_each(|word| table.insert(word, *cue, *language));
    }
    table
});

impl Table {
    fn insert(&mut self, word: &str, cue: Cue, language: Option<Language>) {
        let key = Key::of(word);
        let mut at = key as usize % SLOTS;
        while self.0[at].key != 0 && self.0[at].key != key {
            at = (at + 1) % SLOTS;
        }
        let slot = &mut self.0[at];
        if slot.key == 0 {
            *slot = Entry { key, cue, language, shared: false };
        } else if slot.language.is_none() && !slot.shared {
            slot.language = language;
        } else if slot.language != language {
            // The first meaning stands, but the word tells no language.
            (slot.language, slot.shared) = (None, true);
        }
    }

    fn find(&self, key: u64) -> Option<&Entry> {
        let mut at = key as usize % SLOTS;
        loop {
            match self.0[at].key {
                0 => return None,
                found if found == key => return Some(&self.0[at]),
                _ => at = (at + 1) % SLOTS,
            }
        }
    }
}
