//! A text that grows and its tokens, kept equal to what tokenising the whole text would give.

use fakeai_tokens::{Quote, Token, Tokenizer};

/// Room made for tokens before there are any, at most.
const MOST_RESERVED_TOKENS: usize = 4096;

/// Text under way.
pub(crate) struct Draft {
    pub(crate) text: String,
    pub(crate) tokens: Vec<Token>,
    tokenizer: Tokenizer,
}

impl Draft {
    pub(crate) fn new(tokenizer: Tokenizer, capacity_bytes: usize) -> Self {
        // English has about five bytes a token; a text with more tokens makes room when it comes to that.
        let tokens = Vec::with_capacity((capacity_bytes / 4).min(MOST_RESERVED_TOKENS));
        Self { text: String::with_capacity(capacity_bytes), tokens, tokenizer }
    }

    /// Brings the tokens up to date after text was appended. Only what follows the last border that no token crosses
    /// is tokenised again, so a long text is tokenised about once; and what is quoted is not tokenised at all.
    pub(crate) fn tokenise(&mut self, quotes: &[Quote]) {
        let tokenised = self.tokens.last().map_or(0, |token| token.end as usize);
        let border = last_border(self.text.as_bytes(), tokenised);
        let mut kept = self.tokens.partition_point(|token| token.end as usize <= border);
        if self.tokenizer == Tokenizer::Words {
            // A word carries the white space before it, and the last one that behind it.
            kept = kept.saturating_sub(1);
        }
        self.tokens.truncate(kept);
        let border = self.tokens.last().map_or(0, |token| token.end as usize);
        let quotes = &quotes[quotes.partition_point(|quote| (quote.at as usize) < border)..];
        self.tokenizer.encode_quoting(&self.text, border, quotes, &mut self.tokens);
    }

    /// Brings the tokens up to date after text was changed anywhere.
    pub(crate) fn tokenise_all(&mut self) {
        self.tokens.clear();
        self.tokenizer.encode_into(&self.text, &mut self.tokens);
    }

    /// Keeps `count` tokens, the last of them replaced by `closing`. Only behind a whole word, where no token can join
    /// the two; whether that was so.
    pub(crate) fn close(&mut self, count: usize, closing: &str) -> bool {
        let mark = self.tokenizer.encode(closing);
        let Some(end) = count.checked_sub(2).and_then(|last| self.tokens.get(last)).map(|token| token.end as usize)
        else {
            return false;
        };
        let whole = self.text.get(..end).is_some_and(|text| text.ends_with(char::is_alphanumeric))
            && self.text[end..]
                .chars()
                .next()
                .is_none_or(|next| !next.is_alphanumeric() && next != '\'' && next != '’');
        // A full stop does not belong into code.
        let in_code = self.text.get(..end).is_some_and(|text| text.matches("```").count() % 2 == 1);
        let ([mark], true, false) = (&mark[..], whole, in_code) else { return false };
        self.text.truncate(end);
        self.text.push_str(closing);
        self.tokens.truncate(count - 1);
        self.tokens.push(Token { id: mark.id, end: self.text.len() as u32 });
        true
    }

    /// Keeps the first `count` tokens and of their text at most `bytes`. Tokens whose text is cut away stay, because
    /// they were written; they end where the text does.
    pub(crate) fn cut(&mut self, count: usize, bytes: usize) {
        self.tokens.truncate(count);
        let written = self.tokens.last().map_or(0, |token| token.end as usize);
        // A token may end inside a character, which can't be shown.
        let end = self.text.floor_char_boundary(written.min(bytes));
        self.text.truncate(end);
        for token in self.tokens.iter_mut().rev().take_while(|token| token.end as usize > end) {
            token.end = end as u32;
        }
    }
}

/// The last place up to `limit` where the vocabularies' splitting patterns always split.
fn last_border(text: &[u8], limit: usize) -> usize {
    let limit = limit.min(text.len().saturating_sub(1));
    (1..=limit).rev().find(|at| Tokenizer::splits(text, *at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use fakeai_tokens::Encoding;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn growing_is_tokenising_the_whole(pieces in prop::collection::vec("[ab .\n/é世]{0,12}", 0..8)) {
            for tokenizer in [Tokenizer::Bpe(Encoding::O200k), Tokenizer::Bpe(Encoding::Cl100k), Tokenizer::Words] {
                let mut draft = Draft::new(tokenizer, 0);
                for piece in &pieces {
                    draft.text.push_str(piece);
                    draft.tokenise(&[]);
                    prop_assert_eq!(&draft.tokens, &tokenizer.encode(&draft.text));
                }
            }
        }

        #[test]
        fn cutting_leaves_tokens_that_make_the_text(text in "\\PC{0,40}", count in 0_usize..50, bytes in 0_usize..80) {
            let mut draft = Draft::new(Tokenizer::Bpe(Encoding::O200k), 0);
            draft.text = text;
            draft.tokenise(&[]);
            draft.cut(count, bytes);
            prop_assert_eq!(draft.tokens.last().map_or(0, |token| token.end as usize), draft.text.len());
            prop_assert!(draft.tokens.is_sorted_by_key(|token| token.end));
        }
    }
}
