//! Tokens of phrases that are part of the program: split once, then copied wherever they stand in a text.
//!
//! The vocabularies' patterns always split before a space that follows a visible character, and between a letter and a
//! mark, whatever stands around the two. From one such place to another the tokens of a text are therefore those of
//! that part alone, and a phrase keeps its tokens in any text. Phrases are known by their address: to hash their
//! letters would cost as much as to split them.

use std::sync::OnceLock;

use tiktoken::CoreBpe;

use crate::{Quote, Token};

/// Phrases that are remembered; those beyond are split each time. A power of two.
const SLOTS: usize = 4096;
/// Slots looked at for one phrase.
const PROBES: usize = 8;

/// The phrases one vocabulary has split so far.
pub(crate) struct Phrases {
    slots: Box<[OnceLock<Box<Known>>]>,
}

/// A phrase and its tokens, whose ends count from its first byte.
struct Known {
    phrase: &'static str,
    /// Where nothing is drawn to it from before.
    plain: Box<[Token]>,
    /// Behind a space; ends count from that space. Empty where the phrase brings its own.
    led: Box<[Token]>,
    /// The first and the last byte in it at which patterns always split; both 0 if there is none.
    first: Border,
    last: Border,
}

/// A byte of a phrase, and how many tokens end up to there.
#[derive(Default)]
struct Border {
    at: u32,
    plain: u32,
    led: u32,
}

impl Default for Phrases {
    fn default() -> Self {
        Self { slots: (0..SLOTS).map(|_| OnceLock::new()).collect() }
    }
}

impl Phrases {
    fn get(&self, phrase: &'static str, split: impl Fn(&str, usize, &mut Vec<Token>)) -> Option<&Known> {
        let address = phrase.as_ptr().addr();
        // Fibonacci hashing.
        let hash = (address as u64 ^ (phrase.len() as u64) << 40).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 52;
        for probe in 0..PROBES {
            let slot = &self.slots[(hash as usize + probe) % SLOTS];
            let known = slot.get_or_init(|| Box::new(Known::new(phrase, &split)));
            if known.phrase.as_ptr().addr() == address && known.phrase.len() == phrase.len() {
                return Some(known);
            }
        }
        None
    }

    /// Appends the tokens of `text` from byte `from` on, which is a place where patterns split; `split` appends those of
    /// a part that is no phrase, their ends counted from that many bytes before it.
    pub(crate) fn encode(
        &self,
        text: &str,
        from: usize,
        quotes: &[Quote],
        tokens: &mut Vec<Token>,
        split: impl Fn(&str, usize, &mut Vec<Token>),
    ) {
        let bytes = text.as_bytes();
        let mut done = from;
        for quote in quotes {
            let (at, phrase) = (quote.at as usize, quote.phrase);
            let end = at + phrase.len();
            // A quote is a claim: what was quoted may have been changed since.
            if at < done || bytes.get(at..end) != Some(phrase.as_bytes()) {
                continue;
            }
            let Some(known) = self.get(phrase, &split) else { continue };
            let Some((part, start, stop)) = known.part(bytes, at, end, done) else { continue };
            if done < start {
                split(&text[done..start], done, tokens);
            }
            let base = part.base as u32;
            tokens.extend(part.tokens.iter().map(|token| Token { id: token.id, end: token.end + base }));
            done = stop;
        }
        if done < text.len() {
            split(&text[done..], done, tokens);
        }
    }
}

/// Tokens, and the byte of the text their ends count from.
struct Part<'a> {
    tokens: &'a [Token],
    base: usize,
}

impl Known {
    fn new(phrase: &'static str, split: impl Fn(&str, usize, &mut Vec<Token>)) -> Self {
        let bytes = phrase.as_bytes();
        let (mut plain, mut led) = (Vec::new(), Vec::new());
        split(phrase, 0, &mut plain);
        if bytes.first().is_some_and(u8::is_ascii_graphic) {
            split(&format!(" {phrase}"), 0, &mut led);
        }
        let mut places = (1..bytes.len()).filter(|at| splits(bytes, *at)).map(|at| at as u32);
        let first = places.next().unwrap_or(0);
        let last = places.next_back().unwrap_or(first);
        let ended = |tokens: &[Token], end: u32| tokens.partition_point(|token| token.end <= end) as u32;
        let border = |at| Border { at, plain: ended(&plain, at), led: ended(&led, at + 1) };
        let (first, last) = (border(first), border(last));
        Self { phrase, plain: plain.into(), led: led.into(), first, last }
    }

    /// The known tokens of the phrase that stands at `at..end`, and from where to where they reach; up to `done` the
    /// text is split already, and it is split there.
    fn part(&self, text: &[u8], at: usize, end: usize, done: usize) -> Option<(Part<'_>, usize, usize)> {
        let (first, last) = (self.first.at as usize, self.last.at as usize);
        let stop = if end == text.len() || splits(text, end) { end } else { at + last };
        let (tokens, start, base, before) = if at == done || (at > 0 && splits(text, at)) || begins_line(text, at) {
            (&self.plain, at, at, 0)
        } else if at > done && at >= 2 && text[at - 1] == b' ' && !self.led.is_empty() && splits(text, at - 1) {
            (&self.led, at - 1, at - 1, 0)
        } else if first > 0 {
            (&self.plain, at + first, at, self.first.plain)
        } else {
            return None;
        };
        if stop <= start {
            return None;
        }
        let to = match (stop == end, base == at) {
            (true, _) => tokens.len(),
            (false, true) => self.last.plain as usize,
            (false, false) => self.last.led as usize,
        };
        let tokens = &tokens[before as usize..to];
        // What ends elsewhere has crossed a border, and then the phrase is no help.
        let reaches = tokens.last().is_some_and(|token| token.end as usize == stop - base);
        reaches.then_some((Part { tokens, base }, start, stop))
    }
}

/// Whether patterns always split `text` before byte `at`, which is not its first: there a space follows a visible
/// character or a mark follows a letter or a digit, all of them ASCII. An apostrophe may belong to a word.
pub(crate) fn splits(text: &[u8], at: usize) -> bool {
    let (before, Some(next)) = (text[at - 1], text.get(at)) else { return false };
    BEFORE[usize::from(before)] & BEHIND[usize::from(*next)] != 0
}

/// Kinds of pairs of bytes that are split: a visible character and a space, a letter or digit and a mark.
const SPACE: u8 = 1;
const MARK: u8 = 2;

/// The kinds of pairs each byte may be the first of.
static BEFORE: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0_u8;
    while byte.is_ascii() {
        let mark = if byte.is_ascii_alphanumeric() { MARK } else { 0 };
        kinds[byte as usize] = if byte.is_ascii_graphic() { SPACE | mark } else { mark };
        byte += 1;
    }
    kinds
};

/// The kinds of pairs each byte may be the second of.
static BEHIND: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0_u8;
    while byte.is_ascii() {
        kinds[byte as usize] = match byte {
            b' ' => SPACE,
            b'\'' => 0,
            _ if byte.is_ascii_punctuation() => MARK,
            _ => 0,
        };
        byte += 1;
    }
    kinds
};

/// Whether `at` is behind a line feed and before something that is neither white space nor the slash that some patterns
/// draw to the line before. There, too, patterns always split.
pub(crate) fn begins_line(text: &[u8], at: usize) -> bool {
    at > 0 && text[at - 1] == b'\n' && text.get(at).is_some_and(|byte| byte.is_ascii_graphic() && *byte != b'/')
}

/// Appends the tokens of `text`; their ends count from `base` bytes before it.
pub(crate) fn split(bpe: &CoreBpe, length: impl Fn(u32) -> u32, text: &str, base: usize, tokens: &mut Vec<Token>) {
    let mut end = base as u32;
    tokens.extend(bpe.encode(text).into_iter().map(|id| {
        end += length(id);
        Token { id, end }
    }));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Encoding, Tokenizer};

    /// Phrases with every kind of border.
    const PHRASES: [&str; 14] = [
        "The first thing to notice about ",
        " is how much depends on ",
        "the underlying mechanism",
        " can't be looked at on its own, when in fact it's tied to ",
        "In practice",
        ", people tend to underestimate ",
        ".",
        " ",
        "12 of 345 items/",
        "/slashed and\\n",
        "(a) [b]\\tc",
        "¿Qué pasa con ",
        "世界 is a word ",
        "I",
    ];

    proptest! {
        #[test]
        fn quoting_gives_the_tokens_of_the_whole(
            pieces in prop::collection::vec((0_usize..PHRASES.len() + 1, "[ab'L1 .\\n/é世\u{a0}]{0,6}"), 0..12),
            wrong in 0_usize..20,
        ) {
            let (mut text, mut quotes) = (String::new(), Vec::new());
            for (index, between) in &pieces {
                if let Some(phrase) = PHRASES.get(*index) {
                    quotes.push(Quote { at: text.len() as u32, phrase });
                    text.push_str(phrase);
                }
                text.push_str(between);
            }
            if let Some(quote) = quotes.get_mut(wrong) {
                quote.at += 1;
            }
            for tokenizer in [Tokenizer::Bpe(Encoding::O200k), Tokenizer::Bpe(Encoding::Cl100k), Tokenizer::Words] {
                let mut tokens = Vec::new();
                tokenizer.encode_quoting(&text, 0, &quotes, &mut tokens);
                prop_assert_eq!(tokens, tokenizer.encode(&text), "{:?}", text);
            }
        }

        #[test]
        fn places_that_always_split_do(before in "\\PC{0,12}[!-~]", after in " \\PC{0,12}|\n[a-z.]\\PC{0,9}|[!-&(-/:-@]\\PC{0,9}") {
            prop_assume!(splits(format!("{before}{after}").as_bytes(), before.len()) || after.starts_with('\n'));
            let (before, after) = if let Some(rest) = after.strip_prefix('\n') {
                (before + "\n", rest.to_owned())
            } else {
                (before, after)
            };
            for encoding in Encoding::ALL {
                let tokenizer = Tokenizer::Bpe(encoding);
                let apart = tokenizer.encode(&before).len() + tokenizer.encode(&after).len();
                prop_assert_eq!(tokenizer.encode(&format!("{before}{after}")).len(), apart);
            }
        }
    }
}
