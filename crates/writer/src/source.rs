//! What an answer is made from, piece by piece, so that an answer can be any number of tokens long.

use fakeai_core::Rng;
use fakeai_tokens::Quote;

use crate::lorem;
use crate::prose::{CLOSING, Composer};

/// A text that can go on for ever.
pub(crate) enum Source<'b> {
    /// An answer to what was asked.
    Composed(Box<Composer<'b>>),
    /// A given text.
    Given(String),
    /// A given text of a shape that nothing may be added to.
    Shaped(String),
    /// A given text that an answer goes on from, if it has to be longer.
    Led(String, Box<Composer<'b>>),
    /// Placeholder Latin of about this many tokens.
    Lorem { tokens: u32, rng: Rng },
}

/// Bytes of a token of placeholder Latin, about.
const LOREM_TOKEN_BYTES: usize = 4;

impl Source<'_> {
    /// Bytes a token has, about.
    pub(crate) fn token_bytes(&self) -> usize {
        match self {
            Self::Composed(composer) | Self::Led(_, composer) => composer.token_bytes(),
            Self::Given(_) | Self::Shaped(_) | Self::Lorem { .. } => LOREM_TOKEN_BYTES,
        }
    }

    /// Bytes the whole text will have, about.
    pub(crate) fn expected_bytes(&self) -> usize {
        match self {
            Self::Composed(composer) => composer.expected_bytes(),
            Self::Given(text) | Self::Shaped(text) | Self::Led(text, _) => text.len(),
            Self::Lorem { tokens, .. } => *tokens as usize * LOREM_TOKEN_BYTES,
        }
    }

    /// Where in the text phrases stand whose tokens are known.
    pub(crate) fn quotes(&self) -> &[Quote] {
        match self {
            Self::Composed(composer) | Self::Led(_, composer) => composer.quotes(),
            Self::Given(_) | Self::Shaped(_) | Self::Lorem { .. } => &[],
        }
    }

    /// What the text ends with where it is cut to a length; nothing for a text that is given.
    pub(crate) fn closing(&self) -> Option<&'static str> {
        match self {
            Self::Composed(composer) if composer.is_open_object() => Some(CLOSING),
            Self::Composed(composer) | Self::Led(_, composer) => Some(composer.full_stop()),
            Self::Lorem { .. } => Some("."),
            Self::Given(_) | Self::Shaped(_) => None,
        }
    }

    /// Appends the text up to its own end or until `text` has at least `cap_bytes`; whether that was its end.
    pub(crate) fn write(&mut self, text: &mut String, cap_bytes: usize) -> bool {
        match self {
            Self::Composed(composer) => composer.write(text, cap_bytes),
            Self::Given(given) | Self::Shaped(given) | Self::Led(given, _) => {
                text.push_str(given);
                true
            }
            Self::Lorem { tokens, rng } => {
                let end = *tokens as usize * LOREM_TOKEN_BYTES;
                lorem::write(text, end.min(cap_bytes), rng);
                end <= cap_bytes
            }
        }
    }

    /// Goes on after its own end until `text` has at least `bytes`.
    pub(crate) fn go_on(&mut self, text: &mut String, bytes: usize) {
        match self {
            Self::Composed(composer) => composer.go_on(text, bytes),
            Self::Led(_, composer) => {
                if !text.ends_with(char::is_whitespace) {
                    text.push_str("\n\n");
                }
                composer.go_on(text, bytes);
            }
            Self::Shaped(_) => {}
            Self::Given(given) if !given.is_empty() => {
                while text.len() < bytes {
                    text.push(' ');
                    text.push_str(given);
                }
            }
            Self::Given(_) => {
                while text.len() < bytes {
                    text.push_str(" …");
                }
            }
            Self::Lorem { rng, .. } => lorem::write(text, bytes, rng),
        }
    }
}
