//! The vocabulary as a table in which a word is found by a number.

use std::sync::LazyLock;

use super::Language;
use super::vocabulary::VOCABULARY;
use super::words::Cue;

/// What a word means; made so that using it takes no branches, because processors can't guess which word comes next.
#[derive(Clone, Copy)]
pub(super) struct Meaning {
    /// 0 where the slot is free.
    key: u64,
    pub(super) cue: Cue,
    /// The bit of the cue: [`Cue::place`].
    pub(super) place: u8,
    /// The language the word tells, if only one has it, as a number; [`Language::COUNT`] otherwise.
    pub(super) language: u8,
    /// Whether several languages have the word.
    shared: bool,
}

const UNKNOWN: Meaning =
    Meaning { key: 0, cue: Cue::Content, place: 0, language: Language::COUNT as u8, shared: false };
/// A power of two, several times the number of words.
const SLOTS: usize = 8192;

/// An open-addressing table: one look takes a few nanoseconds.
pub(super) struct Lexicon(Box<[Meaning; SLOTS]>);

/// The one lexicon, of [`VOCABULARY`].
pub(super) static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let mut lexicon = Lexicon(Box::new([UNKNOWN; SLOTS]));
    for (language, cue, words) in VOCABULARY {
        words.split_ascii_whitespace().for_each(|word| lexicon.insert(word, *cue, *language));
    }
    lexicon
});

impl Lexicon {
    fn insert(&mut self, word: &str, cue: Cue, language: Option<Language>) {
        let key = key(word.as_bytes(), 0, word.len());
        let language = language.map_or(UNKNOWN.language, |language| language as u8);
        let mut at = key as usize % SLOTS;
        while self.0[at].key != 0 && self.0[at].key != key {
            at = (at + 1) % SLOTS;
        }
        let slot = &mut self.0[at];
        if slot.key == 0 {
            *slot = Meaning { key, cue, place: cue.place(), language, shared: false };
        } else if slot.language == UNKNOWN.language && !slot.shared {
            slot.language = language;
        } else if slot.language != language {
            // The first meaning stands, but the word tells no language.
            (slot.language, slot.shared) = (UNKNOWN.language, true);
        }
    }

    /// What the word `bytes[start..end]` means; capital ASCII letters are as small ones.
    #[inline]
    pub(super) fn meaning(&self, bytes: &[u8], start: usize, end: usize) -> Meaning {
        let key = key(bytes, start, end);
        let mut at = key as usize % SLOTS;
        loop {
            let slot = self.0[at];
            if slot.key == key || slot.key == 0 {
                return slot;
            }
            at = (at + 1) % SLOTS;
        }
    }
}

/// Bytes that enter a key at once.
const CHUNK: usize = 16;

/// The word as a number, the same for capital and small ASCII letters.
#[inline]
fn key(bytes: &[u8], start: usize, end: usize) -> u64 {
    let mut hash = 0x517C_C1B7_2722_0A95;
    let mut at = start;
    while end - at > CHUNK {
        hash = fold(hash, chunk(bytes, at, CHUNK));
        at += CHUNK;
    }
    fold(hash, chunk(bytes, at, end - at)) | 1
}

/// Up to [`CHUNK`] bytes as a number, zeros behind them.
#[inline]
fn chunk(bytes: &[u8], at: usize, length: usize) -> u128 {
    let chunk = if let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<CHUNK>()) {
        u128::from_le_bytes(*chunk)
    } else {
        let mut short = [0; CHUNK];
        short[..length].copy_from_slice(&bytes[at..at + length]);
        u128::from_le_bytes(short)
    };
    // Letters differ from their capitals in one bit, digits have it set, other bytes of words stay apart under it.
    let ascii = !chunk & (u128::MAX / 255 * 0x80);
    (chunk | ascii >> 2) & (u128::MAX.checked_shr(128 - 8 * length as u32).unwrap_or(0))
}

#[inline]
const fn fold(hash: u64, chunk: u128) -> u64 {
    let product = (chunk as u64 ^ hash) as u128 * ((chunk >> 64) as u64 ^ 0x9E37_79B9_7F4A_7C15) as u128;
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn every_word_has_a_key_of_its_own() {
        let mut words = HashMap::new();
        for word in VOCABULARY.iter().flat_map(|(_, _, words)| words.split_ascii_whitespace()) {
            assert_eq!(*words.entry(key(word.as_bytes(), 0, word.len())).or_insert(word), word);
            assert!(LEXICON.meaning(word.as_bytes(), 0, word.len()).key != 0, "{word}");
        }
        assert!(words.len() * 4 < SLOTS, "{} words make the table too full", words.len());
    }

    #[test]
    fn keys_depend_on_nothing_but_the_word() {
        for word in ["a", "café", "hundred", "abcdefghijklmnop", "a_rather_long_identifier_of_many_bytes_123"] {
            let alone = key(word.as_bytes(), 0, word.len());
            let amid = format!("so {} it is, and more besides", word.to_ascii_uppercase());
            assert_eq!(key(amid.as_bytes(), 3, 3 + word.len()), alone);
        }
        assert_ne!(key("É".as_bytes(), 0, 2), key("é".as_bytes(), 0, 2));
        assert_ne!(key(b"abcdefghijklmnopq", 0, 16), key(b"abcdefghijklmnopq", 0, 17));
    }
}
