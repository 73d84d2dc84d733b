//! Questions for reasons: "Why is the sky blue?" is about the sky.

use super::brief::Brief;
use super::words::{Cue, Word};

/// First sentences of an answer that gives reasons.
pub(super) const REASONS: &[&str] = &["There are a few reasons why {r}.", "Several things together explain why {r}."];
/// The same where the question can't be turned into a statement.
pub(super) const NEUTRAL: &[&str] =
    &["There are a few reasons for that, and they build on each other.", "Several things together explain that."];

/// The words of the subject behind "why" and its verb, from its first noun on, if something is said of it behind them.
pub(super) fn subject(text: &str, list: &[Word]) -> Option<(usize, usize)> {
    let why = list.iter().take(3).position(|word| word.cue == Cue::Why)?;
    let verb = list.get(why + 1)?.of(text);
    let first = why + 2 + usize::from(list.get(why + 2)?.cue == Cue::Function);
    let run = list.get(first..)?.iter().enumerate();
    let count = run.take_while(|(at, word)| word.cue == Cue::Content && (*at == 0 || word.follows)).count();
    let plural = |word: &Word| word.of(text).ends_with('s') && !word.of(text).ends_with("ss");
    let length = match verb {
        "is" | "are" if (2..=3).contains(&count) => count - 1,
        "do" if count >= 2 => list[first..first + count - 1].iter().position(plural).map_or(1, |at| at + 1),
        "does" if count >= 2 => 1,
        _ => return None,
    };
    Some((first, first + length))
}

/// "the sky is blue": what a question asks the reasons of, in the order of a statement.
pub(super) fn undone(brief: &Brief<'_>) -> Option<String> {
    let list = brief.words();
    let (first, end) = subject(brief.text, list)?;
    let why = list.iter().position(|word| word.cue == Cue::Why)?;
    let verb = list.get(why + 1)?;
    let from = list.get(why + 2).filter(|word| word.start <= list[first].start)?;
    let subject = brief.text.get(from.start as usize..list[end - 1].end as usize)?;
    let rest = brief.clause(list.get(end)?.start as usize);
    match verb.of(brief.text) {
        "do" => Some(format!("{subject} {rest}")),
        "does" => None,
        verb => Some(format!("{subject} {verb} {rest}")),
    }
}
