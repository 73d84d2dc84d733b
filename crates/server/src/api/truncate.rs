//! What is done with texts that are longer than a retrieval model reads, in NIM's words.

use fakeai_tokens::Tokenizer;

use crate::error::ApiError;

/// Names of the ways.
const NAMES: [&str; 3] = ["NONE", "START", "END"];

/// What is done with a text that is too long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Truncate {
    /// It is refused.
    #[default]
    Refuse,
    /// Its start goes.
    Start,
    /// Its end goes.
    End,
}

impl Truncate {
    /// What `name` asks for; `None` is `NONE`.
    pub(super) fn named(name: Option<&str>) -> Result<Self, ApiError> {
        match name.map(str::to_ascii_uppercase).as_deref() {
            None | Some("NONE") => Ok(Self::Refuse),
            Some("START") => Ok(Self::Start),
            Some("END") => Ok(Self::End),
            Some(_) => Err(ApiError::unsupported_value("truncate", name.unwrap_or_default(), &NAMES)),
        }
    }

    /// `text` with at most `most` tokens, and how many it has. The error is NIM's.
    pub(super) fn cut(self, tokenizer: Tokenizer, text: String, most: usize) -> Result<(String, usize), ApiError> {
        let tokens = tokenizer.count(&text);
        if tokens <= most {
            return Ok((text, tokens));
        }
        let ids: Vec<u32> = tokenizer.encode(&text).iter().map(|token| token.id).collect();
        let kept = match self {
            Self::Refuse => {
                return Err(ApiError::invalid(format!(
                    "Input length {tokens} exceeds maximum allowed token size {most}."
                ))
                .code("context_length_exceeded"));
            }
            Self::Start => &ids[ids.len().saturating_sub(most)..],
            Self::End => &ids[..most.min(ids.len())],
        };
        Ok((String::from_utf8_lossy(&tokenizer.decode(kept)).into_owned(), kept.len()))
    }
}

#[cfg(test)]
mod tests {
    use fakeai_tokens::Encoding;
    use proptest::prelude::*;

    use super::*;

    const TOKENIZER: Tokenizer = Tokenizer::Bpe(Encoding::Cl100k);

    #[test]
    fn either_end_goes_or_nothing_does() {
        let cut = |way: Truncate| way.cut(TOKENIZER, "one two three four".to_owned(), 2);
        assert_eq!(cut(Truncate::End).unwrap(), ("one two".to_owned(), 2));
        assert_eq!(cut(Truncate::Start).unwrap(), (" three four".to_owned(), 2));
        assert_eq!(cut(Truncate::Refuse).unwrap_err().message, "Input length 4 exceeds maximum allowed token size 2.");
        assert_eq!(Truncate::named(Some("end")).unwrap(), Truncate::End);
        assert!(Truncate::named(Some("middle")).is_err());
    }

    proptest! {
        #[test]
        fn no_text_is_longer_than_it_may_be(text in "\\PC{0,80}", most in 0..9_usize, start: bool) {
            let way = if start { Truncate::Start } else { Truncate::End };
            prop_assert!(way.cut(TOKENIZER, text, most).unwrap().1 <= most);
        }
    }
}
