//! How many tokens an answer may and must have, and where a stop text ends it.

use crate::draft::Draft;
use crate::{Finish, Limits};

/// The tokens an answer must reach and may not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// It goes on until it has this many tokens.
    pub(crate) least: usize,
    /// It is cut here.
    pub(crate) most: usize,
    /// Why it ended, if it was cut there.
    pub(crate) at_most: Finish,
}

impl Span {
    /// `exact` is the length the server's operator asked for, in tokens.
    pub(crate) fn new(limits: &Limits, exact: Option<u32>) -> Self {
        let max = limits.max_tokens;
        let min = limits.min_tokens.min(max);
        let (least, most, at_most) = match exact {
            _ if limits.ignore_eos => (max, max, Finish::Length),
            Some(tokens) if tokens.max(limits.min_tokens) <= max => (tokens.max(min), tokens.max(min), Finish::Stop),
            Some(_) => (max, max, Finish::Length),
            None => (min, max, Finish::Length),
        };
        Self { least: least as usize, most: most as usize, at_most }
    }

    /// The span of an answer that keeps its own length, within what the request allows.
    pub(crate) const fn most(limits: &Limits) -> Self {
        Self { least: 0, most: limits.max_tokens as usize, at_most: Finish::Length }
    }

    /// Whether the length is given rather than left to the answer.
    pub(crate) fn is_exact(self) -> bool {
        self.least == self.most
    }
}

/// Where a stop text was completed in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stop {
    /// The answer ends before this byte.
    text_bytes: usize,
    /// The token that completed the stop text is the last written.
    tokens: usize,
}

/// The stop text that a reader of one token after the other would see completed first, but never before `min_tokens`.
/// Text before byte `from` was searched earlier.
pub(crate) fn find_stop(draft: &Draft, limits: &Limits, from: usize) -> Option<Stop> {
    let min_tokens = limits.min_tokens as usize;
    let shown = match min_tokens {
        0 => 0,
        _ => draft.tokens.get(min_tokens - 1)?.end as usize,
    };
    let found = limits.stop.iter().filter(|stop| !stop.is_empty()).filter_map(|stop| {
        // Completed later than what was shown or searched before.
        let start = draft.text.ceil_char_boundary((from.max(shown) + 1).saturating_sub(stop.len()));
        let at = start + draft.text[start..].find(stop.as_str())?;
        Some((at + stop.len(), at))
    });
    let (end, start) = found.min()?;
    let completed_by = draft.tokens.partition_point(|token| (token.end as usize) < end);
    Some(Stop { text_bytes: start, tokens: completed_by + 1 })
}

/// Ends the draft where it has to end, and says why it ended. A draft cut to a length it was told to have ends with
/// `closing`, if it can.
pub(crate) fn end(draft: &mut Draft, span: Span, stop: Option<Stop>, closing: Option<&str>) -> Finish {
    if let Some(stop) = stop
        && stop.tokens <= span.most
    {
        draft.cut(stop.tokens, stop.text_bytes);
        return Finish::Stop;
    }
    if draft.tokens.len() >= span.most && span.at_most == Finish::Stop && span.is_exact() {
        if closing.is_none_or(|closing| !draft.close(span.most, closing)) {
            draft.cut(span.most, draft.text.len());
        }
        return Finish::Stop;
    }
    if draft.tokens.len() > span.most {
        draft.cut(span.most, draft.text.len());
        return span.at_most;
    }
    // An answer that came to its own end exactly at the limit is complete, unless it was told never to end.
    if span.is_exact() && draft.tokens.len() == span.most { span.at_most } else { Finish::Stop }
}

#[cfg(test)]
mod tests {
    use fakeai_tokens::{Encoding, Tokenizer};

    use super::*;

    fn draft(text: &str) -> Draft {
        let mut draft = Draft::new(Tokenizer::Bpe(Encoding::O200k), 0);
        draft.text.push_str(text);
        draft.tokenise(&[]);
        draft
    }

    fn limits(stop: &[&str], max_tokens: u32, min_tokens: u32) -> Limits {
        let stop = stop.iter().map(|&stop| stop.to_owned()).collect();
        Limits { max_tokens, min_tokens, ignore_eos: false, stop }
    }

    fn ended(text: &str, limits: &Limits) -> (String, usize, Finish) {
        let mut draft = draft(text);
        let stop = find_stop(&draft, limits, 0);
        let finish = end(&mut draft, Span::new(limits, None), stop, None);
        (draft.text, draft.tokens.len(), finish)
    }

    #[test]
    fn a_stop_may_straddle_tokens() {
        // Tokens: "One", " two", " three", " four", ".".
        let text = "One two three four.";
        assert_eq!(ended(text, &limits(&["o three f"], 99, 0)), ("One tw".to_owned(), 4, Finish::Stop));
        assert_eq!(ended(text, &limits(&["four", " two"], 99, 0)), ("One".to_owned(), 2, Finish::Stop));
        assert_eq!(ended(text, &limits(&["", "five"], 99, 0)), (text.to_owned(), 5, Finish::Stop));
    }

    #[test]
    fn the_stop_completed_first_wins() {
        assert_eq!(ended("abcdef", &limits(&["abcde", "bc"], 99, 0)).0, "a");
    }

    #[test]
    fn a_limit_before_the_stop_is_a_length() {
        assert_eq!(ended("One two three four.", &limits(&["four"], 3, 0)).2, Finish::Length);
        assert_eq!(ended("One two three four.", &limits(&["four"], 4, 0)).2, Finish::Stop);
        assert_eq!(ended("One two three four.", &limits(&[], 0, 0)), (String::new(), 0, Finish::Length));
    }

    #[test]
    fn stops_wait_for_the_least_tokens() {
        let text = "One two one two one two.";
        assert_eq!(ended(text, &limits(&[" two"], 99, 3)).0, "One two one");
        assert_eq!(ended(text, &limits(&[" two"], 99, 1)).0, "One");
    }

    #[test]
    fn lengths_are_reconciled() {
        let limits = |max_tokens, min_tokens, ignore_eos| Limits { max_tokens, min_tokens, ignore_eos, stop: vec![] };
        let span = |least, most, at_most| Span { least, most, at_most };
        assert_eq!(Span::new(&limits(10, 20, false), None), span(10, 10, Finish::Length));
        assert_eq!(Span::new(&limits(10, 2, false), Some(5)), span(5, 5, Finish::Stop));
        assert_eq!(Span::new(&limits(10, 7, false), Some(5)), span(7, 7, Finish::Stop));
        assert_eq!(Span::new(&limits(10, 0, false), Some(50)), span(10, 10, Finish::Length));
        assert_eq!(Span::new(&limits(10, 0, true), Some(5)), span(10, 10, Finish::Length));
    }
}
