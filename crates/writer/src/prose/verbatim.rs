//! "Say X", "repeat after me: X": what is to be said word for word.

use std::ops::Range;

/// What the user wants to be said word for word.
pub(super) fn said_exactly(text: &str) -> Option<Range<usize>> {
    /// The rest of the line is what to say.
    const ALWAYS: &[&str] = &[
        "say exactly",
        "repeat after me",
        "repeat exactly",
        "repeat the following",
        "respond with exactly",
        "reply with exactly",
        "respond exactly with",
        "reply exactly with",
        "respond exactly",
        "reply exactly",
        "answer with exactly",
        "answer exactly",
        "output exactly",
        "print exactly",
        "return exactly",
        "echo:",
        "just say",
        "only say",
        "say",
        "respond with just",
        "reply with just",
        "respond with only",
        "reply with only",
        "only reply with",
        "only respond with",
        "reply only with",
        "respond only with",
        "answer only with",
        "repeat",
    ];
    /// Only where what follows is quoted or a word or two.
    const SOMETIMES: &[&str] = &["respond with", "reply with", "answer with", "output", "print", "reply", "respond"];
    let mut at = text.len() - text.trim_start().len();
    for polite in ["please ", "now ", "can you ", "could you "] {
        if begins(&text[at..], polite) {
            at += polite.len();
        }
    }
    // Most prompts begin with none of them.
    if !text[at..].starts_with(['a', 'e', 'j', 'o', 'p', 'r', 's', 'A', 'E', 'J', 'O', 'P', 'R', 'S']) {
        return None;
    }
    let always = ALWAYS.iter().find(|opening| begins_word(&text[at..], opening));
    let opening = always.or_else(|| SOMETIMES.iter().find(|opening| begins_word(&text[at..], opening)))?;
    at += opening.len();
    let range = spoken(text, at)?;
    let quoted = text[..range.start].ends_with(['"', '\'', '“', '`', '「']);
    let few = text[range.clone()].split_ascii_whitespace().take(4).count() <= 2;
    (always.is_some() || quoted || few).then_some(range)
}

/// The part behind an opening that is to be said: without the words that introduce it, quotes, and what follows them.
fn spoken(text: &str, mut at: usize) -> Option<Range<usize>> {
    for filler in [
        ":",
        " this",
        " the following",
        " the words",
        " the word",
        " the phrase",
        " the text",
        " to me",
        " text",
        " sentence",
        ":",
    ] {
        let behind = text[at..].get(filler.len()..).unwrap_or_default();
        let whole = filler == ":" || !behind.starts_with(char::is_alphanumeric);
        let introduces = filler != " this" || behind.trim_start().starts_with([':', '"', '\'', '“']);
        if begins(&text[at..], filler) && whole && introduces {
            at += filler.len();
        }
    }
    let rest = &text[at..];
    at += rest.len() - rest.trim_start().len();
    let rest = text[at..].trim_end();
    for (open, close) in [('"', '"'), ('\'', '\''), ('“', '”'), ('`', '`'), ('「', '」')] {
        if let Some(inner) = rest.strip_prefix(open)
            && let Some(length) = inner.find(close)
        {
            let from = at + open.len_utf8();
            return (length > 0).then_some(from..from + length);
        }
    }
    (!rest.is_empty()).then_some(at..at + rest.len())
}

fn begins(text: &str, prefix: &str) -> bool {
    text.as_bytes().get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix.as_bytes()))
}

fn begins_word(text: &str, prefix: &str) -> bool {
    begins(text, prefix) && text.as_bytes().get(prefix.len()).is_some_and(|next| !next.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_to_be_said_is_found() {
        for (prompt, said) in [
            ("say ok", Some("ok")),
            ("Say this is a test", Some("this is a test")),
            ("Please repeat after me: I am here.", Some("I am here.")),
            ("Respond with exactly: PONG", Some("PONG")),
            ("Reply with the word \"banana\" and nothing else", Some("banana")),
            ("reply with OK", Some("OK")),
            ("Say 'hi'!", Some("hi")),
            ("Reply with a JSON object with three keys", None),
            ("Sayonara means goodbye", None),
            ("say", None),
            ("", None),
        ] {
            assert_eq!(said_exactly(prompt).map(|range| &prompt[range]), said, "{prompt}");
        }
    }
}
