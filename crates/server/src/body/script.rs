//! What a stream will say, packed: ten thousand streams hold it for as long as they last.

use fakeai_writer::{CalledTool, Choice, Finish, Logprob, Segment, SegmentKind};

/// One choice's tokens, ready to be said one by one.
#[derive(Debug)]
pub(crate) struct Script {
    lines: Box<[Line]>,
    /// Why it ends.
    pub(crate) finish: Finish,
    /// The line of the next token, and which of its tokens that is.
    line: usize,
    token: usize,
    /// Where the next token begins in its line, and up to where the line has been shown. They differ while a token
    /// ends within a character.
    start: usize,
    shown: usize,
    /// Bytes of the lines before this one.
    base: usize,
}

#[derive(Debug)]
struct Line {
    kind: SegmentKind,
    /// The tool, for a call.
    tool: Option<Box<CalledTool>>,
    text: Box<str>,
    /// Bytes of each token: two bytes a token instead of the eight of its number and end.
    lengths: Box<[u16]>,
    logprobs: Box<[Logprob]>,
}

/// One token on its way out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Piece<'a> {
    /// What it is.
    pub(crate) kind: SegmentKind,
    /// The segment it belongs to, counted from 0.
    pub(crate) segment: usize,
    /// Whether it is the first of its segment.
    pub(crate) first: bool,
    /// Whether it is the last of its segment.
    pub(crate) last: bool,
    /// The tool that is called, for a call.
    pub(crate) tool: Option<&'a CalledTool>,
    /// The characters it completes; empty if it ends within one.
    pub(crate) text: &'a str,
    /// Its own bytes; not always whole characters.
    pub(crate) bytes: &'a [u8],
    /// Bytes of the choice before it.
    pub(crate) offset: usize,
    /// Its log probability, if asked for.
    pub(crate) logprob: Option<&'a Logprob>,
}

impl From<Segment> for Line {
    fn from(segment: Segment) -> Self {
        let mut start = 0;
        let lengths = segment.tokens.iter().map(|token| {
            let length = u16::try_from(token.end - start).unwrap_or(u16::MAX);
            start = token.end;
            length
        });
        Self {
            kind: segment.kind,
            tool: segment.tool,
            lengths: lengths.collect(),
            text: segment.text.into_boxed_str(),
            logprobs: segment.logprobs.into_boxed_slice(),
        }
    }
}

impl From<Choice> for Script {
    fn from(choice: Choice) -> Self {
        let lines = choice.segments.into_iter().map(Line::from).collect();
        Self { lines, finish: choice.finish, line: 0, token: 0, start: 0, shown: 0, base: 0 }
    }
}

impl Script {
    /// The first call of the choice, and which segment it is.
    pub(super) fn first_call(&self) -> Option<(usize, &CalledTool)> {
        self.lines.iter().enumerate().find_map(|(index, line)| Some((index, line.tool.as_deref()?)))
    }

    /// What the next token is; `None` at the end.
    pub(crate) fn next_kind(&mut self) -> Option<SegmentKind> {
        while self.lines.get(self.line).is_some_and(|line| self.token >= line.lengths.len()) {
            self.base += self.lines[self.line].text.len();
            (self.line, self.token, self.start, self.shown) = (self.line + 1, 0, 0, 0);
        }
        self.lines.get(self.line).map(|line| line.kind)
    }

    /// The next token.
    pub(crate) fn say(&mut self) -> Option<Piece<'_>> {
        self.next_kind()?;
        let line = &self.lines[self.line];
        // The last token takes the rest, also where one before it was too long to be measured in two bytes.
        let last = self.token + 1 == line.lengths.len();
        let measured = self.start + usize::from(line.lengths[self.token]);
        let end = if last { line.text.len() } else { measured.min(line.text.len()) };
        let whole = line.text.floor_char_boundary(end).max(self.shown);
        let piece = Piece {
            kind: line.kind,
            segment: self.line,
            first: self.token == 0,
            last,
            tool: line.tool.as_deref(),
            text: &line.text[self.shown..whole],
            bytes: &line.text.as_bytes()[self.start..end],
            offset: self.base + self.start,
            logprob: line.logprobs.get(self.token),
        };
        (self.start, self.shown, self.token) = (end, whole, self.token + 1);
        Some(piece)
    }
}

#[cfg(test)]
mod tests {
    use fakeai_tokens::{Encoding, Tokenizer};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_said_is_the_text(first in "\\PC{0,60}", second in any::<String>()) {
            let tokenizer = Tokenizer::Bpe(Encoding::O200k);
            let segment = |text: &str| Segment { text: text.to_owned(), tokens: tokenizer.encode(text), ..Segment::default() };
            let choice = Choice { segments: vec![segment(&first), segment(&second)], finish: Finish::Stop };
            let tokens = choice.token_count() as usize;
            let mut script = Script::from(choice);
            let (mut text, mut bytes, mut count) = (String::new(), Vec::new(), 0);
            while let Some(piece) = script.say() {
                prop_assert_eq!(piece.offset, bytes.len());
                text.push_str(piece.text);
                bytes.extend_from_slice(piece.bytes);
                count += 1;
            }
            prop_assert_eq!(&text, &(first + &second));
            prop_assert_eq!(bytes, text.into_bytes());
            prop_assert_eq!(count, tokens);
        }
    }

    #[test]
    fn a_word_longer_than_its_measure_loses_nothing() {
        let text = "a".repeat(200_000) + " b";
        let tokens = Tokenizer::Words.encode(&text);
        let choice = Choice {
            segments: vec![Segment { text: text.clone(), tokens, ..Segment::default() }],
            ..Choice::default()
        };
        let mut script = Script::from(choice);
        let mut said = String::new();
        while let Some(piece) = script.say() {
            said.push_str(piece.text);
        }
        assert_eq!(said, text);
    }
}
