//! Tokens of short pieces of text seen lately.
//!
//! An answer names what it is about again and again: between the phrases of the program stand the same few words of the
//! prompt. To find them here takes a fifth of what it takes to split them.

use std::cell::RefCell;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::{Encoding, Token};

/// Longer pieces do not come again.
const MOST_BYTES: usize = 32;
/// Pieces each thread remembers; a new one takes the place of whichever shared its slot.
const SLOTS: usize = 256;

/// A piece and its tokens, whose ends count from its first byte.
#[derive(Default)]
struct Piece {
    encoding: Option<Encoding>,
    text: String,
    tokens: Vec<Token>,
}

thread_local! {
    /// What is remembered makes splitting faster and nothing else, so that each thread may do it for itself.
    static PIECES: RefCell<Vec<Piece>> = const { RefCell::new(Vec::new()) };
}

/// Appends the tokens of `text`, their ends counted from `base` bytes before it; `split` finds them if they are not
/// remembered.
pub(crate) fn recall(
    encoding: Encoding,
    text: &str,
    base: usize,
    tokens: &mut Vec<Token>,
    split: impl FnOnce(&str, usize, &mut Vec<Token>),
) {
    if text.len() > MOST_BYTES {
        return split(text, base, tokens);
    }
    PIECES.with_borrow_mut(|pieces| {
        if pieces.is_empty() {
            pieces.resize_with(SLOTS, Piece::default);
        }
        let hash = xxh3_64_with_seed(text.as_bytes(), encoding as u64);
        let piece = &mut pieces[hash as usize % SLOTS];
        if piece.encoding != Some(encoding) || piece.text != text {
            // Should splitting panic, the slot holds nothing.
            piece.encoding = None;
            piece.tokens.clear();
            split(text, 0, &mut piece.tokens);
            text.clone_into(&mut piece.text);
            piece.encoding = Some(encoding);
        }
        tokens.extend(piece.tokens.iter().map(|token| Token { id: token.id, end: token.end + base as u32 }));
    });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Tokenizer;

    proptest! {
        #[test]
        fn what_is_remembered_is_what_was_split(texts in prop::collection::vec("[ab .é世]{0,20}", 1..40), base in 0_usize..9) {
            for _ in 0..2 {
                for (text, encoding) in texts.iter().flat_map(|text| Encoding::ALL.map(|encoding| (text, encoding))) {
                    let shift = |tokens: Vec<Token>| -> Vec<_> {
                        tokens.into_iter().map(|token| Token { end: token.end + base as u32, ..token }).collect()
                    };
                    let mut found = Vec::new();
                    recall(encoding, text, base, &mut found, |text, base, tokens| {
                        let split = Tokenizer::Bpe(encoding).encode(text).into_iter();
                        tokens.extend(split.map(|token| Token { end: token.end + base as u32, ..token }));
                    });
                    prop_assert_eq!(found, shift(Tokenizer::Bpe(encoding).encode(text)));
                }
            }
        }
    }
}
