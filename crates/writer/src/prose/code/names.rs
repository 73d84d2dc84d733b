//! Names for functions and types, from the words of the prompt.

use super::super::brief::Brief;
use super::super::words::Cue;

/// One name in the cases languages use.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) snake: String,
    pub(super) camel: String,
    pub(super) pascal: String,
    /// What the code works on: the last noun.
    pub(super) item: String,
    /// The words as they are.
    pub(super) title: String,
}

/// Words of a name at most.
const MOST_WORDS: usize = 4;

/// Names from the words after the one that asks for code.
pub(super) fn names(brief: &Brief<'_>) -> Names {
    let mut words: Vec<String> = Vec::with_capacity(MOST_WORDS);
    for word in brief.words().iter().filter(|word| word.start >= brief.from) {
        let text = word.of(brief.text);
        let usable =
            matches!(word.cue, Cue::Content | Cue::List | Cue::Filler | Cue::Summary | Cue::Rewrite | Cue::Number(_));
        if !usable || !text.bytes().all(|byte| byte.is_ascii_alphabetic()) || SKIPPED.contains(&text) {
            continue;
        }
        // "reverses" is a command in a name: "reverse".
        let command = words.is_empty() && text.len() > 4 && text.ends_with('s') && !text.ends_with("ss");
        words.push(text[..text.len() - usize::from(command)].to_ascii_lowercase());
        if words.len() == MOST_WORDS {
            break;
        }
    }
    if words.is_empty() {
        words = ["process", "items"].map(str::to_owned).to_vec();
    }
    let pascal: String = words.iter().map(|word| capital(word)).collect();
    let camel = words[0].clone() + &words[1..].iter().map(|word| capital(word)).collect::<String>();
    let item = words.last().filter(|word| word.len() > 2 && words.len() > 1).map_or("item", |word| word.as_str());
    let item = item.strip_suffix('s').unwrap_or(item).to_owned();
    Names { snake: words.join("_"), camel, pascal, title: words.join(" "), item }
}

/// Words that say how, not what.
const SKIPPED: &[&str] = &[
    "using", "please", "simple", "example", "called", "named", "given", "takes", "works", "help", "need", "want", "top",
];

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}
