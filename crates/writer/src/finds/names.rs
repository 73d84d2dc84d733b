//! Names in a text: runs of capitalised words, and places in lower case where a place must stand.

use super::FoundName;
use super::scan::{DAYS, MONTHS};
use crate::embedding::is_common;

/// Behind a comma these belong to the name before.
const REGIONS: [&str; 46] = [
    "usa",
    "uk",
    "france",
    "germany",
    "italy",
    "spain",
    "japan",
    "china",
    "india",
    "brazil",
    "canada",
    "mexico",
    "australia",
    "england",
    "scotland",
    "ireland",
    "portugal",
    "netherlands",
    "belgium",
    "switzerland",
    "austria",
    "poland",
    "sweden",
    "norway",
    "denmark",
    "finland",
    "greece",
    "turkey",
    "egypt",
    "argentina",
    "chile",
    "korea",
    "california",
    "texas",
    "florida",
    "washington",
    "oregon",
    "nevada",
    "illinois",
    "massachusetts",
    "georgia",
    "ohio",
    "colorado",
    "arizona",
    "michigan",
    "virginia",
];

/// Written with a capital wherever they stand, as days and months are, and no names.
const CAPITALISED: &[&str] = &[
    "i",
    "celsius",
    "fahrenheit",
    "english",
    "french",
    "german",
    "spanish",
    "italian",
    "chinese",
    "japanese",
    "json",
    "ok",
];

/// One word with its place in the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'a> {
    /// Without the marks around it.
    pub(super) word: &'a str,
    /// The marks behind it.
    pub(super) after: &'a str,
    /// Whether a sentence begins with it.
    pub(super) first: bool,
}

/// The words of a text.
pub(super) fn tokens(text: &str) -> Vec<Token<'_>> {
    let mut first = true;
    let mut tokens = Vec::new();
    for piece in text.split_whitespace() {
        let word = piece.trim_start_matches(|letter: char| !letter.is_alphanumeric());
        let bare = word.trim_end_matches(|letter: char| !letter.is_alphanumeric());
        let after = &word[bare.len()..];
        let bare = bare.strip_suffix("'s").or_else(|| bare.strip_suffix("’s")).unwrap_or(bare);
        if bare.is_empty() {
            first |= piece.ends_with(['.', '!', '?', ':']);
            continue;
        }
        tokens.push(Token { word: bare, after, first });
        first = after.contains(['.', '!', '?', ':']);
    }
    tokens
}

/// All names, each once.
pub(super) fn find(tokens: &[Token<'_>]) -> Vec<FoundName> {
    let mut names: Vec<FoundName> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if !starts(tokens, at) {
            at += 1;
            continue;
        }
        let before = preposition(tokens, at, &names);
        let end = end_of(tokens, at);
        let mut text = tokens[at].word.to_owned();
        for index in at + 1..end {
            if tokens[index - 1].after.contains(',') {
                text.push(',');
            }
            text.push(' ');
            text.push_str(tokens[index].word);
        }
        if names.iter().all(|known| known.text != text) {
            names.push(FoundName { text, before });
        }
        at = end;
    }
    if !names.is_empty() {
        return names;
    }
    let places = ideographic_places(tokens);
    if !places.is_empty() {
        return places;
    }
    let places = lower_case_places(tokens);
    if places.is_empty() && tokens.len() <= 6 { unknown_words(tokens) } else { places }
}

/// First words of questions and greetings in other languages.
const OPENERS: [&str; 36] = [
    "qué", "cómo", "dónde", "cuándo", "cuál", "quién", "cuánto", "hola", "busca", "dime", "wie", "was", "wo", "wann",
    "wer", "warum", "welche", "welches", "hallo", "bitte", "ist", "gibt", "où", "quel", "quelle", "comment", "quand",
    "qui", "bonjour", "est", "il", "che", "come", "dove", "ciao", "wird",
];

fn is_capital(word: &str) -> bool {
    let lower = word.to_lowercase();
    let is_dated = DAYS.contains(&lower.as_str()) || MONTHS.contains(&lower.as_str());
    word.starts_with(char::is_uppercase) && !is_dated && !CAPITALISED.contains(&lower.as_str())
}

/// Whether a name starts with this word. The first word of a sentence has a capital anyway: it is one only if no
/// dictionary has it.
fn starts(tokens: &[Token<'_>], at: usize) -> bool {
    let token = tokens[at];
    let opens = token.first && (is_common(token.word) || OPENERS.contains(&token.word.to_lowercase().as_str()));
    is_capital(token.word) && !opens && !token.word.contains(['@', '/'])
}

/// Where the name that starts at `at` ends.
fn end_of(tokens: &[Token<'_>], at: usize) -> usize {
    let mut end = at + 1;
    while end < tokens.len() && end - at < 5 {
        let (mark, word) = (tokens[end - 1].after, tokens[end].word);
        let region = mark == "," && (REGIONS.contains(&word.to_lowercase().as_str()) || is_code(word));
        let goes_on = mark.is_empty() && is_capital(word);
        // "Bank of America", "Rio de Janeiro".
        let joined = mark.is_empty()
            && matches!(word, "of" | "de" | "van" | "von" | "la" | "del" | "da")
            && tokens.get(end + 1).is_some_and(|next| is_capital(next.word));
        if !(region || goes_on || joined) {
            break;
        }
        end += 1;
    }
    end
}

/// Two capitals: a state.
fn is_code(word: &str) -> bool {
    word.len() == 2 && word.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// The word that leads to a name; a list has the same before each.
fn preposition(tokens: &[Token<'_>], at: usize, names: &[FoundName]) -> String {
    let Some(before) = at.checked_sub(1).map(|before| tokens[before]) else { return String::new() };
    let word = before.word.to_lowercase();
    let listed = word == "and" || word == "or" || before.after.contains(',');
    match names.last() {
        Some(last) if listed => last.before.clone(),
        _ if word == "the" => at.checked_sub(2).map(|before| tokens[before].word.to_lowercase()).unwrap_or_default(),
        _ => word,
    }
}

/// "in san francisco": what stands behind a preposition of place, where nobody wrote capitals.
fn lower_case_places(tokens: &[Token<'_>]) -> Vec<FoundName> {
    let mut places = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let before = token.word.to_lowercase();
        if !matches!(before.as_str(), "in" | "at" | "near" | "to" | "from" | "for") || !token.after.is_empty() {
            continue;
        }
        let mut words: Vec<String> = Vec::new();
        for next in &tokens[at + 1..] {
            if words.len() == 3 || is_common(next.word) && next.word.len() < 12 && !is_compass(next.word) {
                break;
            }
            if next.word.starts_with(|letter: char| letter.is_ascii_digit()) || next.word.contains(['@', '/']) {
                break;
            }
            words.push(raised(next.word));
            if !next.after.is_empty() {
                break;
            }
        }
        if !words.is_empty() {
            places.push(FoundName { text: words.join(" "), before });
        }
    }
    places
}

/// "东京的天气": what a possessive mark follows.
fn ideographic_places(tokens: &[Token<'_>]) -> Vec<FoundName> {
    const BEFORE: [&str; 7] = ["请问", "今天", "明天", "现在", "今日", "明日", "在"];
    let name = |token: &Token<'_>| {
        let at = [token.word.find('的'), token.word.find('の')].into_iter().flatten().min()?;
        let mut text = &token.word[..at];
        while let Some(rest) = BEFORE.iter().find_map(|word| text.strip_prefix(word)) {
            text = rest;
        }
        let wide = text.chars().all(|letter| letter as u32 > 0x2E80) && (1..=8).contains(&text.chars().count());
        wide.then(|| FoundName { text: text.to_owned(), before: String::new() })
    };
    tokens.iter().filter_map(name).collect()
}

/// "weather nyc": in a few words, one that no dictionary has.
fn unknown_words(tokens: &[Token<'_>]) -> Vec<FoundName> {
    let unknown = |token: &&Token<'_>| {
        let letters = token.word.chars().all(char::is_alphabetic);
        letters && token.word.is_ascii() && token.word.len() > 2 && !token.first && !is_common(token.word)
    };
    let name = |token: &Token<'_>| {
        let text = if token.word.len() <= 3 { token.word.to_uppercase() } else { raised(token.word) };
        FoundName { text, before: String::new() }
    };
    tokens.iter().filter(unknown).map(name).collect()
}

/// Words of dictionaries that names of places begin with.
fn is_compass(word: &str) -> bool {
    matches!(word, "new" | "north" | "south" | "east" | "west" | "san" | "los" | "las" | "st" | "el" | "la" | "york")
}

fn raised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
