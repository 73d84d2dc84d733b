//! A text cut into chunks of so many tokens that overlap.

use std::ops::Range;

use fakeai_tokens::Tokenizer;

/// How a text is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunking {
    max_tokens: usize,
    overlap_tokens: usize,
}

impl Chunking {
    /// What `OpenAI` does unless told otherwise: 800 tokens, 400 of which are those of the chunk before.
    pub const AUTO: Self = Self { max_tokens: 800, overlap_tokens: 400 };

    /// Chunks of at most `max_tokens`, of which `overlap_tokens` are those of the chunk before. `None` if chunks are
    /// empty or overlap by more than half.
    pub const fn new(max_tokens: usize, overlap_tokens: usize) -> Option<Self> {
        if max_tokens == 0 || overlap_tokens > max_tokens / 2 {
            return None;
        }
        Some(Self { max_tokens, overlap_tokens })
    }

    /// Most tokens of a chunk.
    pub const fn max_tokens(self) -> usize {
        self.max_tokens
    }

    /// Tokens that a chunk shares with the one before.
    pub const fn overlap_tokens(self) -> usize {
        self.overlap_tokens
    }

    /// The chunks of `text`, as ranges of its bytes that begin and end with whole characters, in order. They cover it;
    /// a text of white space alone has none.
    pub fn cut(self, text: &str, tokenizer: Tokenizer) -> Vec<Range<usize>> {
        if text.trim().is_empty() {
            return Vec::new();
        }
        let tokens = tokenizer.encode(text);
        let start_of = |token: usize| match token {
            0 => 0,
            _ => tokens.get(token - 1).map_or(text.len(), |before| before.end as usize),
        };
        let (mut chunks, mut first) = (Vec::new(), 0);
        loop {
            let last = (first + self.max_tokens).min(tokens.len());
            let end = if last == tokens.len() { text.len() } else { text.floor_char_boundary(start_of(last)) };
            let start = text.floor_char_boundary(start_of(first));
            if start < end {
                chunks.push(start..end);
            }
            if last == tokens.len() {
                return chunks;
            }
            first += self.max_tokens - self.overlap_tokens;
        }
    }
}

#[cfg(test)]
mod tests {
    use fakeai_tokens::Encoding;
    use proptest::prelude::*;

    use super::*;

    const O200K: Tokenizer = Tokenizer::Bpe(Encoding::O200k);

    #[test]
    fn chunks_have_their_size_and_overlap() {
        let text: String = (0..1000).map(|number| [" red", " green", " blue"][number % 3]).collect();
        let chunks = Chunking::AUTO.cut(&text, O200K);
        assert_eq!(chunks.iter().map(|chunk| O200K.count(&text[chunk.clone()])).collect::<Vec<_>>(), [800, 600]);
        assert_eq!(O200K.count(&text[chunks[1].start..chunks[0].end]), 400);
        let apart = Chunking::new(100, 0).unwrap().cut(&text, O200K);
        assert_eq!(apart.len(), 10);
        assert!(apart.windows(2).all(|pair| pair[0].end == pair[1].start));
        assert_eq!(Chunking::AUTO.cut("one", O200K), vec![Range { start: 0, end: 3 }]);
        assert!(Chunking::AUTO.cut(" \n\t", O200K).is_empty());
        assert_eq!((Chunking::new(0, 0), Chunking::new(100, 51)), (None, None));
    }

    proptest! {
        #[test]
        fn chunks_cover_any_text(text in "\\PC{0,400}", size in 1..60_usize, part in 0..=50_usize) {
            let chunking = Chunking::new(size, size * part / 100).unwrap();
            let chunks = chunking.cut(&text, O200K);
            prop_assert_eq!(chunks.is_empty(), text.trim().is_empty());
            if let (Some(first), Some(last)) = (chunks.first(), chunks.last()) {
                prop_assert_eq!((first.start, last.end), (0, text.len()));
            }
            prop_assert!(chunks.iter().all(|chunk| text.get(chunk.clone()).is_some()));
            prop_assert!(chunks.windows(2).all(|pair| pair[1].start <= pair[0].end && pair[0].end <= pair[1].end));
        }
    }
}
