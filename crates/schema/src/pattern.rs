//! Regular expressions that check texts and make them.

use std::sync::Arc;

use fakeai_core::{Rng, Seed};
use regex_syntax::hir::{Class, Hir, HirKind};

use crate::ecma;
use crate::error::SchemaError;

/// Patterns are at most this long, in bytes.
const MOST_BYTES: usize = 20_000;
/// The compiled program may take this many bytes; `regex` refuses what is larger.
const MOST_PROGRAM: usize = 1 << 20;
/// Groups may be nested this deep.
const MOST_DEPTH: u32 = 60;
/// A sample stops growing here: nothing valid is that long, as the program's size bounds counted repetitions.
const MOST_SAMPLE: usize = 1 << 18;

/// A regular expression. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Pattern(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: String,
    matcher: regex::Regex,
    hir: Hir,
    /// The shortest text that was found to match.
    least: String,
}

impl Pattern {
    /// A pattern that matches anywhere in a text, as `pattern` of JSON Schema does.
    pub fn parse(pattern: &str) -> Result<Self, SchemaError> {
        Self::build(pattern, &ecma::translate(pattern)?)
    }

    /// A pattern that matches a text from its beginning to its end, as `guided_regex` and grammars mean it.
    pub fn parse_full(pattern: &str) -> Result<Self, SchemaError> {
        Self::build(pattern, &format!(r"\A(?:{})\z", ecma::translate(pattern)?))
    }

    fn build(source: &str, translated: &str) -> Result<Self, SchemaError> {
        let wrong = |message: String| SchemaError::new("", message);
        if source.len() > MOST_BYTES {
            return Err(wrong(format!("a pattern of {} bytes, at most {MOST_BYTES} are allowed", source.len())));
        }
        let hir = regex_syntax::ParserBuilder::new().nest_limit(MOST_DEPTH).build().parse(translated);
        let hir = hir
            .map_err(|error| wrong(format!("`{}` is no regular expression: {}", shown(source), first_line(&error))))?;
        let matcher = regex::RegexBuilder::new(translated)
            .size_limit(MOST_PROGRAM)
            .dfa_size_limit(MOST_PROGRAM)
            .nest_limit(MOST_DEPTH)
            .build();
        let matcher = matcher.map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => wrong(format!("the pattern `{}` is too large", shown(source))),
            other => wrong(format!("`{}` is no regular expression: {}", shown(source), first_line(&other))),
        })?;
        let mut inner = Inner { source: source.to_owned(), matcher, hir, least: String::new() };
        inner.least = inner
            .find_least()
            .ok_or_else(|| wrong(format!("no text was found for the pattern `{}`", shown(source))))?;
        Ok(Self(Arc::new(inner)))
    }

    /// The pattern as it was given.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// Whether the text matches.
    pub fn is_match(&self, text: &str) -> bool {
        self.0.matcher.is_match(text)
    }

    /// The shortest text known to match, in bytes a bound for budgets.
    pub fn least(&self) -> &str {
        &self.0.least
    }

    /// A text that matches: short rather than long, of readable characters, and of at most `max_chars` characters
    /// wherever a text that short was found.
    pub fn sample(&self, rng: &mut Rng, max_chars: usize) -> String {
        self.sample_between(rng, 0, max_chars).unwrap_or_else(|| self.0.least.clone())
    }

    /// A text that matches and is neither shorter nor longer.
    pub(crate) fn sample_between(&self, rng: &mut Rng, min_chars: usize, max_chars: usize) -> Option<String> {
        let wide = min_chars.clamp(3, 4000);
        for repeats in [3, wide, wide, 2, 1, wide * 2, 0, wide, wide + 1, 0] {
            for _ in 0..3 {
                let text = self.0.draw(rng, repeats);
                let text = self.widen(text, min_chars, rng);
                let length = text.chars().count();
                if (min_chars..=max_chars).contains(&length) && self.is_match(&text) {
                    return Some(text);
                }
            }
        }
        let length = self.0.least.chars().count();
        (min_chars..=max_chars).contains(&length).then(|| self.0.least.clone())
    }

    /// A pattern that is open at its ends may be filled up there.
    fn widen(&self, text: String, min_chars: usize, rng: &mut Rng) -> String {
        let missing = min_chars.saturating_sub(text.chars().count());
        if missing == 0 {
            return text;
        }
        let filling: String = (0..missing).map(|_| char::from(b'a' + rng.below(26) as u8)).collect();
        for wider in [format!("{text}{filling}"), format!("{filling}{text}")] {
            if self.is_match(&wider) {
                return wider;
            }
        }
        text
    }
}

impl Inner {
    fn find_least(&self) -> Option<String> {
        let mut rng = Seed::new(1).derive("pattern").rng();
        let mut least: Option<String> = None;
        for attempt in 0..60 {
            let text = self.draw(&mut rng, attempt / 12);
            let is_shorter = least.as_ref().is_none_or(|least| text.len() < least.len());
            if is_shorter && self.matcher.is_match(&text) {
                least = Some(text);
            }
            if attempt >= 11 && least.is_some() {
                break;
            }
        }
        least
    }

    /// A text by the structure of the expression; whether borders such as `\b` hold is for the caller to check.
    fn draw(&self, rng: &mut Rng, repeats: usize) -> String {
        let mut out = String::new();
        draw(&self.hir, rng, repeats, &mut out);
        out
    }
}

/// Nesting is bounded by [`MOST_DEPTH`].
fn draw(hir: &Hir, rng: &mut Rng, repeats: usize, out: &mut String) {
    if out.len() > MOST_SAMPLE {
        return;
    }
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => out.push_str(&String::from_utf8_lossy(&literal.0)),
        HirKind::Class(class) => out.extend(character(class, rng)),
        HirKind::Repetition(repetition) => {
            let least = repetition.min as usize;
            let more = repetition.max.map_or(repeats, |max| repeats.min(max as usize - least));
            // Something rather than nothing, where length is no matter.
            let floor = usize::from(least == 0 && more > 0 && repetition.max.is_none());
            for _ in 0..least + floor + rng.below(more + 1 - floor) {
                draw(&repetition.sub, rng, repeats, out);
                if out.len() > MOST_SAMPLE {
                    return;
                }
            }
        }
        HirKind::Capture(capture) => draw(&capture.sub, rng, repeats, out),
        HirKind::Concat(parts) => parts.iter().for_each(|part| draw(part, rng, repeats, out)),
        HirKind::Alternation(parts) => {
            if let Some(part) = rng.pick(parts) {
                draw(part, rng, repeats, out);
            }
        }
    }
}

/// Characters people like to read, most liked first.
const READABLE: [(char, char); 5] = [('a', 'z'), ('0', '9'), ('A', 'Z'), (' ', ' '), ('!', '~')];

fn character(class: &Class, rng: &mut Rng) -> Option<char> {
    let ranges: Vec<(char, char)> = match class {
        Class::Unicode(class) => class.iter().map(|range| (range.start(), range.end())).collect(),
        Class::Bytes(class) => class.iter().map(|range| (char::from(range.start()), char::from(range.end()))).collect(),
    };
    let cut = |(low, high): (char, char)| {
        let parts = ranges.iter().map(move |(start, end)| ((*start).max(low), (*end).min(high)));
        parts.filter(|(low, high)| low <= high).collect::<Vec<_>>()
    };
    let liked: Vec<Vec<(char, char)>> = READABLE.into_iter().map(cut).filter(|parts| !parts.is_empty()).collect();
    // Mostly the most liked kind; now and then another of those there are.
    let kind = if rng.chance(0.75) { liked.first() } else { rng.pick(&liked[..liked.len().min(3)]) };
    let parts = kind.unwrap_or(&ranges);
    let (low, high) = *rng.pick(parts)?;
    let width = (high as u32 - low as u32 + 1).min(64);
    let shift = rng.below(width as usize) as u32;
    Some(char::from_u32(low as u32 + shift).unwrap_or(low))
}

fn first_line(error: &dyn std::fmt::Display) -> String {
    let text = error.to_string();
    // Both crates end with the line that says what is wrong.
    let line = text.lines().next_back().unwrap_or_default();
    line.trim().trim_start_matches("error: ").to_owned()
}

fn shown(pattern: &str) -> String {
    if pattern.chars().count() <= 80 {
        return pattern.to_owned();
    }
    pattern.chars().take(77).chain("...".chars()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PATTERNS: [&str; 16] = [
        r"^\d{3}-\d{4}$",
        r"^[A-Z]{2,3}\d+$",
        r"^(\([0-9]{3}\))?[0-9]{3}-[0-9]{4}$",
        "^(red|green|blue)$",
        r"^@[a-zA-Z0-9_]+$",
        r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$",
        "foo",
        r"^\S+$",
        r"\bword\b",
        r"^#(?:[0-9a-fA-F]{3}){1,2}$",
        r"^.{5,10}$",
        r"^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$",
        r"^[\u00e0-\u00ff]+$",
        "^$",
        "",
        r"^(?<year>\d{4})-(?<month>0[1-9]|1[0-2])$",
    ];

    #[test]
    fn samples_match_and_are_short() {
        let mut rng = Seed::new(3).rng();
        for pattern in PATTERNS {
            let Ok(pattern) = Pattern::parse(pattern) else {
                assert!(pattern.contains("(?!"), "{pattern}");
                continue;
            };
            for _ in 0..50 {
                let text = pattern.sample(&mut rng, 40);
                assert!(pattern.is_match(&text), "{} {text}", pattern.source());
                assert!(text.chars().count() <= 40, "{} {text}", pattern.source());
            }
        }
    }

    #[test]
    fn a_full_pattern_matches_the_whole_text() {
        let pattern = Pattern::parse_full("a|bc").unwrap();
        assert!(pattern.is_match("bc") && pattern.is_match("a") && !pattern.is_match("abc"));
        let mut rng = Seed::new(3).rng();
        assert!(["a", "bc"].contains(&pattern.sample(&mut rng, 9).as_str()));
    }

    #[test]
    fn a_pattern_that_no_text_matches_or_that_is_too_large_is_an_error() {
        for (pattern, word) in
            [("a^b", "no text"), ("[]", "no text"), ("(a{1000}){1000}", "too large"), ("(", "regular")]
        {
            let error = Pattern::parse(pattern).unwrap_err();
            assert!(error.message.contains(word), "{error}");
        }
    }

    #[test]
    fn lengths_asked_for_are_met() {
        let mut rng = Seed::new(5).rng();
        for pattern in ["^[a-z]+$", "x", "^a.*z$"] {
            let pattern = Pattern::parse(pattern).unwrap();
            for _ in 0..20 {
                let text = pattern.sample_between(&mut rng, 10, 20).unwrap();
                assert!((10..=20).contains(&text.chars().count()) && pattern.is_match(&text), "{text}");
            }
        }
    }

    proptest! {
        #[test]
        fn garbage_is_refused_or_sampled(pattern in ".{0,30}|[a-c\\[\\](){}|*+?^$\\\\.,0-9-]{0,14}") {
            if let Ok(pattern) = Pattern::parse(&pattern) {
                let text = pattern.sample(&mut Seed::new(1).rng(), 100);
                prop_assert!(pattern.is_match(&text));
            }
        }
    }
}
