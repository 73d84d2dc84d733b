//! The pass that finds values in a text.

use super::names::{self, Token, tokens};
use super::{Finds, FoundCurrency, FoundNumber};

/// Bytes of a text that are looked at.
const MOST_BYTES: usize = 16 * 1024;

/// Words before a request that say nothing about it, longest first.
const POLITE: [&str; 18] = [
    "could you please",
    "can you please",
    "would you please",
    "i would like you to",
    "i'd like you to",
    "please help me",
    "i would like to",
    "i'd like to",
    "i want you to",
    "can you",
    "could you",
    "would you",
    "i want to",
    "i need to",
    "help me",
    "please",
    "hey",
    "hi",
];

/// What leads to the subject of a request, longest first.
const LEADS: [&str; 32] = [
    "recipe for",
    "recipes for",
    "ideas for",
    "plan for",
    "review of",
    "biography of",
    "facts about",
    "search the web for",
    "search the internet for",
    "search online for",
    "look up information about",
    "find information about",
    "find information on",
    "information about",
    "information on",
    "remind me to",
    "search for",
    "look for",
    "looking for",
    "google for",
    "tell me about",
    "look up",
    "lookup",
    "search",
    "google",
    "find out",
    "find me",
    "find",
    "about",
    "regarding",
    "on the topic of",
    "titled",
];

/// What leads to words to be said.
const SAYINGS: [&str; 9] = [
    "that says",
    "which says",
    "saying that",
    "saying",
    "telling him that",
    "telling her that",
    "telling them that",
    "with the message",
    "with the text",
];

const CURRENCIES: [(&[&str], &str); 10] = [
    (&["dollar", "dollars", "usd", "$", "bucks"], "USD"),
    (&["euro", "euros", "eur", "€"], "EUR"),
    (&["pound", "pounds", "gbp", "£", "sterling"], "GBP"),
    (&["yen", "jpy", "¥"], "JPY"),
    (&["franc", "francs", "chf"], "CHF"),
    (&["rupee", "rupees", "inr", "₹"], "INR"),
    (&["yuan", "cny", "rmb", "renminbi"], "CNY"),
    (&["cad"], "CAD"),
    (&["aud"], "AUD"),
    (&["won", "krw", "₩"], "KRW"),
];

const LANGUAGES: [&str; 14] = [
    "English",
    "Spanish",
    "French",
    "German",
    "Italian",
    "Portuguese",
    "Chinese",
    "Japanese",
    "Korean",
    "Russian",
    "Arabic",
    "Hindi",
    "Dutch",
    "Polish",
];

const NUMBERS: [&str; 13] =
    ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];

/// Days, by name or from today.
pub(super) const DAYS: [&str; 12] = [
    "today",
    "tomorrow",
    "tonight",
    "yesterday",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "weekend",
];

/// Months.
pub(super) const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// What `text` holds.
pub(super) fn scan(text: &str) -> Finds {
    let text = &text[..text.floor_char_boundary(MOST_BYTES)];
    let tokens = tokens(text);
    let lower = text.to_lowercase();
    let word = |token: &Token<'_>| token.word.to_lowercase();
    let clause = clause(text);
    let mut finds = Finds {
        quoted: quoted(text),
        subject: behind(&clause, &LEADS),
        said: behind(text, &SAYINGS),
        expression: expression(text),
        names: names::find(&tokens),
        clause,
        ..Finds::default()
    };
    for piece in text.split_whitespace() {
        address(piece, &mut finds);
    }
    for (at, token) in tokens.iter().enumerate() {
        number(&tokens, at, &mut finds);
        date(&tokens, at, &mut finds);
        let lower = word(token);
        if let Some((_, code)) = CURRENCIES.iter().find(|(words, _)| words.contains(&lower.as_str())) {
            let mut before = tokens[..at].iter().rev().map(word);
            let lead = before.find(|word| !matches!(word.as_str(), "the" | "currency"));
            let into = lead.is_some_and(|lead| matches!(lead.as_str(), "to" | "into" | "in"));
            finds.currencies.push(FoundCurrency { code, into });
        }
        if let Some(name) = LANGUAGES.iter().find(|name| name.to_lowercase() == lower) {
            finds.languages.push(name);
        }
    }
    for (signs, code) in CURRENCIES {
        let sign = signs.iter().find(|sign| !sign.starts_with(char::is_alphanumeric));
        if sign.is_some_and(|sign| lower.contains(sign)) && finds.currencies.iter().all(|known| known.code != code) {
            finds.currencies.insert(0, FoundCurrency { code, into: false });
        }
    }
    finds
}

/// The request itself: without greetings before it and marks behind it.
fn clause(text: &str) -> String {
    let mut rest = text.trim();
    while let Some(lead) = POLITE.iter().find(|lead| {
        let head = rest.get(..lead.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(lead))
            && !rest[lead.len()..].starts_with(char::is_alphanumeric)
    }) {
        rest = rest[lead.len()..].trim_start_matches([' ', ',', '!', '.', '\n']);
    }
    let rest = rest.trim_end_matches(['.', '!', '?', ' ', '\n']);
    let rest = rest.strip_suffix(", please").or_else(|| rest.strip_suffix(" please")).unwrap_or(rest);
    rest.to_owned()
}

/// What stands behind the first of `leads`, to the end of its sentence.
fn behind(text: &str, leads: &[&str]) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let found = |lead: &&str| {
        let at = lower.find(lead)?;
        let starts = at == 0 || !lower[..at].ends_with(char::is_alphanumeric);
        let rest = text.get(at + lead.len()..)?;
        (starts && rest.starts_with([' ', ':', ','])).then_some(rest)
    };
    let rest = leads.iter().find_map(found)?.trim_start_matches([' ', ':', ',', '"', '“', '\'']);
    let end = rest.find(['?', '!', '\n', ';']).unwrap_or(rest.len());
    let end = rest[..end].find(". ").unwrap_or(end);
    let rest = rest[..end].trim_end_matches(['.', ' ', '"', '”', '\'', ',']);
    let rest = rest.strip_suffix(" please").unwrap_or(rest).trim_end_matches(',');
    (!rest.is_empty()).then(|| rest.to_owned())
}

fn quoted(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (open, close) in [('"', '"'), ('“', '”'), ('«', '»'), ('`', '`'), ('「', '」')] {
        let mut rest = text;
        while let Some(start) = rest.find(open) {
            let inner = &rest[start + open.len_utf8()..];
            let Some(end) = inner.find(close) else { break };
            if end > 0 && end < 500 {
                found.push(inner[..end].to_owned());
            }
            rest = &inner[end + close.len_utf8()..];
        }
    }
    found
}

/// Mail and web addresses, phone numbers, codes.
fn address(piece: &str, finds: &mut Finds) {
    let marks = |letter: char| matches!(letter, ',' | '.' | ';' | '!' | '?' | ')' | '(' | '"' | '\'' | '<' | '>' | ':');
    let bare = piece.trim_matches(marks);
    if bare.starts_with("http://") || bare.starts_with("https://") || bare.starts_with("www.") {
        finds.urls.push(bare.to_owned());
        return;
    }
    if let Some((name, host)) = bare.split_once('@')
        && !name.is_empty()
        && host.contains('.')
    {
        finds.emails.push(bare.to_owned());
        return;
    }
    let digits = bare.bytes().filter(u8::is_ascii_digit).count();
    let only = |allowed: fn(char) -> bool| bare.chars().all(allowed);
    if digits >= 7 && only(|letter| letter.is_ascii_digit() || "+-()".contains(letter)) && !is_date(bare) {
        finds.phones.push(bare.to_owned());
        return;
    }
    let code = bare.trim_start_matches('#');
    let mixed =
        digits > 0 && code.contains(|letter: char| letter.is_ascii_uppercase() || letter == '-' || letter == '_');
    let shaped = code.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_');
    if shaped && code.len() >= 3 && !is_date(code) && (mixed || (bare.starts_with('#') && digits > 0)) {
        finds.codes.push(code.to_owned());
    }
}

fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split(['-', '/']).collect();
    parts.len() == 3
        && parts.iter().all(|part| (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()))
}

fn number(tokens: &[Token<'_>], at: usize, finds: &mut Finds) {
    let word = tokens[at].word;
    if is_date(word) || is_time(word) {
        return;
    }
    let bare = word.trim_start_matches(['$', '€', '£']).replace(',', "");
    let spelled = NUMBERS.iter().position(|number| number.eq_ignore_ascii_case(word)).map(|value| value as f64);
    let digits = bare.trim_end_matches(|letter: char| letter.is_alphabetic() || letter == '%' || letter == '°');
    let parsed = digits.parse::<f64>().ok().filter(|value| value.is_finite() && bare.len() - digits.len() <= 3);
    let Some(value) = parsed.or(spelled) else { return };
    // "one" is mostly no number.
    if spelled == Some(1.0) && parsed.is_none() {
        return;
    }
    let around: Vec<&str> =
        (at.saturating_sub(3)..(at + 4).min(tokens.len())).map(|index| tokens[index].word).collect();
    finds.numbers.push(FoundNumber { value, around: around.join(" ") });
}

fn is_time(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    let clock = lower.split_once(':').is_some_and(|(hours, rest)| {
        hours.len() <= 2
            && hours.bytes().all(|byte| byte.is_ascii_digit())
            && rest.starts_with(|l: char| l.is_ascii_digit())
    });
    let half = lower.strip_suffix("am").or_else(|| lower.strip_suffix("pm"));
    clock
        || half
            .is_some_and(|hours| !hours.is_empty() && hours.bytes().all(|byte| byte.is_ascii_digit() || byte == b':'))
}

fn date(tokens: &[Token<'_>], at: usize, finds: &mut Finds) {
    let word = tokens[at].word;
    let lower = word.to_lowercase();
    if is_time(word) {
        finds.times.push(word.to_owned());
    } else if is_date(word) {
        finds.dates.push(word.to_owned());
    } else if DAYS.contains(&lower.as_str()) {
        let next = at.checked_sub(1).map(|before| tokens[before].word.to_lowercase());
        let text = if next.as_deref() == Some("next") { format!("next {word}") } else { word.to_owned() };
        finds.dates.push(text);
    } else if MONTHS.contains(&lower.as_str()) && word.starts_with(char::is_uppercase) {
        let is_day = |token: &&Token<'_>| token.word.starts_with(|letter: char| letter.is_ascii_digit());
        let day = tokens.get(at + 1).filter(is_day);
        let year = tokens.get(at + 2).filter(is_day).filter(|token| token.word.len() == 4 && day.is_some());
        let parts = [Some(word), day.map(|token| token.word), year.map(|token| token.word)];
        finds.dates.push(parts.into_iter().flatten().collect::<Vec<_>>().join(" "));
    }
}

/// The longest run of digits and signs of arithmetic that has both.
fn expression(text: &str) -> Option<String> {
    let is_part = |letter: char| letter.is_ascii_digit() || " +-*/×÷^().,%=x".contains(letter);
    let mut best: Option<&str> = None;
    for run in text.split(|letter: char| !is_part(letter)) {
        let run = run.trim_matches([' ', ',', '.', '=', 'x', '-']).trim();
        let digits = run.bytes().filter(u8::is_ascii_digit).count();
        let signs = run.contains(['+', '*', '/', '×', '÷', '^', '-', '%', 'x']);
        if digits >= 2 && signs && !is_date(run) && best.is_none_or(|best| best.len() < run.len()) {
            best = Some(run);
        }
    }
    best.map(str::to_owned)
}
