//! Predicted outputs: the text a client expects, changed as it asks, and how much of it was right.

use fakeai_tokens::Token;

/// Tokens of the prediction that are tried at once; those after a wrong one are lost.
const WINDOW_TOKENS: usize = 16;
/// Tokens that must agree before the prediction is taken up again.
const RESUME_TOKENS: usize = 3;

/// What stands between what is replaced and by what.
const BY: [&str; 6] = [" with ", " by ", " to ", " into ", " as ", " for "];
/// What asks for a replacement.
const REPLACE: [&str; 6] = ["replace", "rename", "change", "swap", "substitute", "convert"];
/// What asks for something to be taken out.
const REMOVE: [&str; 3] = ["remove", "delete", "drop"];
/// What a name is called beside it.
const SORTS: [&str; 14] = [
    "property",
    "field",
    "variable",
    "function",
    "method",
    "class",
    "column",
    "name",
    "word",
    "string",
    "text",
    "value",
    "parameter",
    "argument",
];

/// The prediction as `instructions` change it: what is to be replaced is, what is to be removed is; otherwise it is
/// said as it is.
pub(crate) fn edited(prediction: &str, instructions: &str) -> String {
    let mut text = prediction.to_owned();
    for (old, new) in edits(instructions) {
        for form in [str::to_owned as fn(&str) -> String, capitalised, str::to_uppercase] {
            let (old, new) = (form(&old), form(&new));
            if !old.is_empty() && old != new {
                text = text.replace(&old, &new);
            }
        }
    }
    text
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Pairs of old and new that the instructions name.
fn edits(instructions: &str) -> Vec<(String, String)> {
    let mut edits = Vec::new();
    // Instructions come before the text they are about, and that may be long.
    let head = &instructions[..instructions.floor_char_boundary(2000)];
    for sentence in head.split(['\n', '.', ';']).take(40) {
        let lower = sentence.to_ascii_lowercase();
        let verb = |verbs: &[&str]| {
            let found = verbs.iter().filter_map(|verb| lower.find(&format!("{verb} ")).map(|at| at + verb.len() + 1));
            found.min().and_then(|at| sentence.get(at..))
        };
        if let Some(rest) = verb(&REPLACE) {
            let lower = rest.to_ascii_lowercase();
            let by = BY.iter().filter_map(|by| lower.find(by).map(|at| (at, by.len()))).min();
            if let Some((at, length)) = by {
                let (old, new) = (thing(&rest[..at], true), thing(&rest[at + length..], false));
                if !old.is_empty() && !new.is_empty() {
                    edits.push((old, new));
                }
            }
        } else if let Some(rest) = verb(&REMOVE) {
            let old = quoted(rest).unwrap_or_default();
            if !old.is_empty() {
                edits.push((old, String::new()));
            }
        }
    }
    edits
}

fn quoted(text: &str) -> Option<String> {
    let open = text.find(['"', '\'', '`', '“'])?;
    let mark = text[open..].chars().next()?;
    let inner = &text[open + mark.len_utf8()..];
    let close = if mark == '“' { '”' } else { mark };
    inner.find(close).map(|end| inner[..end].to_owned())
}

/// The thing a phrase names: what it quotes, or its one telling word.
fn thing(phrase: &str, last: bool) -> String {
    if let Some(quoted) = quoted(phrase) {
        return quoted;
    }
    let telling = |word: &&str| {
        let lower = word.to_ascii_lowercase();
        !["a", "an", "the", "all", "every", "each", "occurrences", "of", "it", "called", "named"]
            .contains(&lower.as_str())
            && !SORTS.contains(&lower.as_str())
    };
    let trimmed = |word: &str| word.trim_matches(|letter: char| !letter.is_alphanumeric() && letter != '_').to_owned();
    let mut words = phrase.split_whitespace().filter(telling).map(trimmed).filter(|word| !word.is_empty());
    let word = if last { words.next_back() } else { words.next() };
    word.unwrap_or_default()
}

/// How many tokens of a prediction were right, and how many were tried in vain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Match {
    pub(crate) accepted: u32,
    pub(crate) rejected: u32,
}

/// Follows `written` through the prediction as a speculative decoder does: a window of predicted tokens is tried, those
/// up to the first wrong one are accepted and the rest of the window is lost; it goes on where the text agrees again.
pub(crate) fn compare(predicted: &[Token], written: &[Token]) -> Match {
    let (mut found, mut at, mut from) = (Match::default(), 0, 0);
    while at < written.len() && from < predicted.len() {
        let window = (predicted.len() - from).min(WINDOW_TOKENS);
        let tries = predicted[from..from + window].iter().zip(&written[at..]);
        let right = tries.take_while(|(predicted, written)| predicted.id == written.id).count();
        found.accepted += right as u32;
        (at, from) = (at + right, from + right);
        if right == window {
            continue;
        }
        if at >= written.len() {
            break;
        }
        found.rejected += (window - right) as u32;
        // The next token is written without help, until the text is back on the predicted way.
        let Some((skipped, resumed)) = resume(&predicted[from..], &written[at..]) else { break };
        (at, from) = (at + skipped, from + resumed);
    }
    found
}

/// Where both agree again: how far on in the text and in the prediction.
fn resume(predicted: &[Token], written: &[Token]) -> Option<(usize, usize)> {
    const FAR: usize = 64;
    let agrees = |at: usize, from: usize| {
        let (a, b) = (&written[at..], &predicted[from..]);
        let length = RESUME_TOKENS.min(a.len()).min(b.len());
        length > 0 && a[..length].iter().zip(&b[..length]).all(|(a, b)| a.id == b.id)
    };
    (1..FAR).find_map(|sum| {
        let mut ways = (0..=sum).map(|at| (at, sum - at));
        ways.find(|(at, from)| *at < written.len() && *from < predicted.len() && agrees(*at, *from))
    })
}

#[cfg(test)]
mod tests {
    use fakeai_tokens::{Encoding, Tokenizer};

    use super::*;

    fn tokens(text: &str) -> Vec<Token> {
        Tokenizer::Bpe(Encoding::O200k).encode(text)
    }

    #[test]
    fn instructions_change_the_prediction() {
        let code = "class User {\n  firstName = \"\";\n  username = \"\";\n}\nfunction getUsername() {}";
        let new = edited(code, "Replace the \"username\" property with an \"email\" property. Respond only with code.");
        assert_eq!(new, "class User {\n  firstName = \"\";\n  email = \"\";\n}\nfunction getEmail() {}");
        assert_eq!(edited(code, "Rename the User class to Account"), code.replace("User", "Account"));
        assert_eq!(edited(code, "Please say it again."), code);
        assert_eq!(edited("a b c", "remove \"b \""), "a c");
    }

    #[test]
    fn right_and_wrong_tokens_are_counted() {
        let predicted = tokens("One two three four five six seven eight nine ten eleven twelve thirteen.");
        let same = compare(&predicted, &predicted);
        assert_eq!(same, Match { accepted: predicted.len() as u32, rejected: 0 });
        let other = tokens("One two three 4 five six seven eight nine ten eleven twelve thirteen.");
        let found = compare(&predicted, &other);
        assert!(found.accepted >= 11 && found.rejected >= 10, "{found:?}");
        assert_eq!(
            compare(&predicted, &tokens("Zebra")),
            Match { accepted: 0, rejected: predicted.len().min(16) as u32 }
        );
        assert_eq!(compare(&[], &predicted), Match::default());
    }
}
