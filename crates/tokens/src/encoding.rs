//! Exact byte-pair encodings, and the word count of the original system.

use std::sync::OnceLock;

use tiktoken::CoreBpe;

use crate::phrases::{self, Phrases};
use crate::pieces;

/// One token of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its number in the vocabulary.
    pub id: u32,
    /// Where it ends in the text, in bytes. Not always a character's end.
    pub end: u32,
}

/// The claim that a phrase of the program's own stands at a byte of a text.
#[derive(Clone, Copy, Debug)]
pub struct Quote {
    /// The byte.
    pub at: u32,
    /// The phrase.
    pub phrase: &'static str,
}

/// A vocabulary we ship.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// GPT-4o and later.
    O200k,
    /// GPT-4, GPT-3.5, the embedding models.
    Cl100k,
}

impl Encoding {
    /// Every vocabulary we ship.
    pub const ALL: [Self; 2] = [Self::O200k, Self::Cl100k];

    /// The name `tiktoken` knows it by.
    pub const fn name(self) -> &'static str {
        match self {
            Self::O200k => "o200k_base",
            Self::Cl100k => "cl100k_base",
        }
    }

    /// The vocabulary called `name`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|encoding| encoding.name() == name)
    }

    /// The loaded vocabulary. The first call takes some 100 ms: warm it in the background.
    fn vocabulary(self) -> &'static Vocabulary {
        static LOADED: [OnceLock<Vocabulary>; Encoding::ALL.len()] = [const { OnceLock::new() }; Encoding::ALL.len()];
        LOADED[self as usize].get_or_init(|| Vocabulary::load(self))
    }

    /// Loads the vocabulary now instead of at the first use.
    pub fn warm(self) {
        self.vocabulary();
    }
}

struct Vocabulary {
    bpe: &'static CoreBpe,
    /// Bytes of each token, by id. 0 for ids that stand for nothing.
    lengths: Box<[u8]>,
    phrases: Phrases,
}

impl Vocabulary {
    fn load(encoding: Encoding) -> Self {
        #[expect(clippy::expect_used, reason = "both vocabularies are cargo features of this crate")]
        let bpe = tiktoken::get_encoding(encoding.name()).expect("vocabulary is compiled in");
        let lengths = (0..bpe.vocab_size() as u32).map(|id| bpe.decode(&[id]).len().min(255) as u8).collect();
        Self { bpe, lengths, phrases: Phrases::default() }
    }
}

/// Turns text into tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tokenizer {
    /// The exact tokens of a vocabulary.
    Bpe(Encoding),
    /// Each word and each punctuation mark is a token: the count of the original system.
    Words,
}

impl Tokenizer {
    /// Appends the tokens of `text` to `tokens`; their ends count from the start of `text`.
    pub fn encode_into(self, text: &str, tokens: &mut Vec<Token>) {
        match self {
            Self::Bpe(encoding) => {
                let vocabulary = encoding.vocabulary();
                phrases::split(vocabulary.bpe, |id| vocabulary.length(id), text, 0, tokens);
            }
            Self::Words => words(text, |start, end| {
                tokens.push(Token { id: word_id(&text.as_bytes()[start..end]), end: end as u32 });
            }),
        }
    }

    /// The same for `text` from byte `from` on, where [`Tokenizer::splits`] holds or which is its start; ends count
    /// from the start of `text`. `quotes`, in the order of their places, say what need not be split again.
    pub fn encode_quoting(self, text: &str, from: usize, quotes: &[Quote], tokens: &mut Vec<Token>) {
        match self {
            Self::Bpe(encoding) => {
                let vocabulary = encoding.vocabulary();
                let split = |text: &str, base: usize, tokens: &mut Vec<Token>| {
                    pieces::recall(encoding, text, base, tokens, |text, base, tokens| {
                        phrases::split(vocabulary.bpe, |id| vocabulary.length(id), text, base, tokens);
                    });
                };
                vocabulary.phrases.encode(text, from, quotes, tokens, split);
            }
            Self::Words => {
                let kept = tokens.len();
                self.encode_into(&text[from..], tokens);
                tokens[kept..].iter_mut().for_each(|token| token.end += from as u32);
            }
        }
    }

    /// Whether `text` is split before byte `at` whatever stands around it, as far as the two bytes there can tell.
    pub fn splits(text: &[u8], at: usize) -> bool {
        at > 0 && (phrases::splits(text, at) || phrases::begins_line(text, at))
    }

    /// The tokens of `text`.
    pub fn encode(self, text: &str) -> Vec<Token> {
        let mut tokens = Vec::new();
        self.encode_into(text, &mut tokens);
        tokens
    }

    /// How many tokens `text` has.
    pub fn count(self, text: &str) -> usize {
        match self {
            Self::Bpe(encoding) => encoding.vocabulary().bpe.count(text),
            Self::Words => {
                let mut count = 0;
                words(text, |_, _| count += 1);
                count
            }
        }
    }

    /// The bytes that token ids stand for; ids out of the vocabulary stand for nothing. Words have no vocabulary,
    /// so their ids decode to nothing.
    pub fn decode(self, ids: &[u32]) -> Vec<u8> {
        match self {
            Self::Bpe(encoding) => encoding.vocabulary().bpe.decode(ids),
            Self::Words => Vec::new(),
        }
    }

    /// How many ids the vocabulary has.
    pub fn vocabulary_size(self) -> u32 {
        match self {
            Self::Bpe(encoding) => encoding.vocabulary().lengths.len() as u32,
            Self::Words => u32::MAX,
        }
    }

    /// The name users know it by.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bpe(encoding) => encoding.name(),
            Self::Words => "words",
        }
    }
}

impl Vocabulary {
    fn length(&self, id: u32) -> u32 {
        self.lengths.get(id as usize).map_or_else(|| self.bpe.decode(&[id]).len() as u32, |length| u32::from(*length))
    }
}

/// Calls `found` with the bounds of each word and punctuation mark. A token carries the white space before it, so that
/// tokens put together are the text; white space at the end belongs to the last.
fn words(text: &str, mut found: impl FnMut(usize, usize)) {
    let mut start = 0;
    let mut pending: Option<(usize, usize)> = None;
    let mut characters = text.char_indices().peekable();
    while let Some((_, character)) = characters.next() {
        if character.is_whitespace() {
            continue;
        }
        if character.is_alphanumeric() || character == '_' {
            while characters.next_if(|(_, next)| next.is_alphanumeric() || *next == '_').is_some() {}
        }
        let end = characters.peek().map_or(text.len(), |(at, _)| *at);
        if let Some((start, end)) = pending.replace((start, end)) {
            found(start, end);
        }
        start = end;
    }
    if let Some((start, _)) = pending {
        found(start, text.len());
    }
}

/// A number for a word, the same everywhere (FNV-1a, 32 bit).
fn word_id(word: &[u8]) -> u32 {
    word.trim_ascii().iter().fold(0x811C_9DC5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const O200K: Tokenizer = Tokenizer::Bpe(Encoding::O200k);

    #[test]
    fn counts_are_openais() {
        // Checked against the `tiktoken` Python package.
        assert_eq!(O200K.count("Hello, world!"), 4);
        assert_eq!(Tokenizer::Bpe(Encoding::Cl100k).count("tiktoken is great!"), 6);
        assert_eq!(O200K.encode("Hello")[0].id, 13225);
    }

    #[test]
    fn words_and_punctuation_are_counted_apart() {
        assert_eq!(Tokenizer::Words.count("Hello, world! It's 3 o'clock."), 12);
        assert_eq!(Tokenizer::Words.count("  \n"), 0);
    }

    proptest! {
        #[test]
        fn tokens_cover_the_text(text in "\\PC{0,200}") {
            for tokenizer in [O200K, Tokenizer::Bpe(Encoding::Cl100k), Tokenizer::Words] {
                let tokens = tokenizer.encode(&text);
                prop_assert_eq!(tokens.len(), tokenizer.count(&text));
                if let Some(last) = tokens.last() {
                    prop_assert_eq!(last.end as usize, text.len());
                }
                prop_assert!(tokens.windows(2).all(|pair| pair[0].end < pair[1].end));
            }
            let ids: Vec<u32> = O200K.encode(&text).iter().map(|token| token.id).collect();
            prop_assert_eq!(O200K.decode(&ids), text.into_bytes());
        }
    }
}
