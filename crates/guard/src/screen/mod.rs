//! Attacks on what stands behind a prompt, found in texts: injected SQL, scripts, commands, paths, LDAP filters and
//! external entities.
//!
//! A text is judged by its context, because people ask language models about SQL and shells all day. What only makes
//! sense spliced into something else (a quote that closes what nobody opened) is an attack wherever it stands free; what
//! may be honest code is one only where nothing else is said.

mod context;
mod patterns;
mod words;

use std::borrow::Cow;
use std::ops::Range;
use std::str::FromStr;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use regex::RegexBuilder;
use regex::bytes::{Regex as BytesRegex, RegexBuilder as BytesRegexBuilder};

use crate::error::GuardError;
use context::Context;
use patterns::{Check, PATTERNS, Pattern, Strength};

/// What stands where something was taken out.
const REMOVED: &str = "[removed]";
/// How often a text is looked at anew after something was taken out.
const PASSES: usize = 3;
/// Bytes that the program of one pattern may take.
const PATTERN_BYTES: usize = 1 << 20;

/// What an attack is aimed at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Threat {
    /// A database.
    Sql,
    /// A browser.
    Xss,
    /// A shell.
    Command,
    /// A file system.
    Path,
    /// A directory.
    Ldap,
    /// A parser of XML.
    Xxe,
    /// Whatever an operator's own pattern is for.
    Own,
}

impl Threat {
    /// All of them.
    pub const ALL: [Self; 7] = [Self::Sql, Self::Xss, Self::Command, Self::Path, Self::Ldap, Self::Xxe, Self::Own];

    /// Its name: `sql`, `xss` and so on.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sql => "sql",
            Self::Xss => "xss",
            Self::Command => "command",
            Self::Path => "path",
            Self::Ldap => "ldap",
            Self::Xxe => "xxe",
            Self::Own => "own",
        }
    }
}

/// How much is suspected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Level {
    /// Only texts that are an attack and nothing else.
    Relaxed,
    /// Also attacks that stand free in other text; prose about attacks and code in quotes or fences are none.
    #[default]
    Standard,
    /// Everything that looks like an attack, wherever it stands. Refuses much honest code.
    Strict,
}

impl FromStr for Level {
    type Err = GuardError;

    fn from_str(text: &str) -> Result<Self, GuardError> {
        match text {
            "relaxed" => Ok(Self::Relaxed),
            "standard" => Ok(Self::Standard),
            "strict" => Ok(Self::Strict),
            other => Err(GuardError::UnknownLevel(other.to_owned())),
        }
    }
}

/// An attack in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is aimed at.
    pub threat: Threat,
    /// Where it stands, in bytes, on boundaries of characters.
    pub range: Range<usize>,
}

/// Looks for attacks. Takes time linear in the length of a text.
#[derive(Debug)]
pub struct Screen {
    level: Level,
    /// Words without which a pattern can't match.
    triggers: AhoCorasick,
    /// The patterns of each trigger, a bit each.
    masks: Vec<u64>,
    patterns: Vec<BytesRegex>,
    own: Vec<regex::Regex>,
}

impl Screen {
    /// Looks for known attacks as `level` says, and for the regular expressions `own` in any context.
    pub fn new<'a>(level: Level, own: impl IntoIterator<Item = &'a str>) -> Result<Self, GuardError> {
        let (mut words, mut masks) = (Vec::new(), Vec::new());
        let mut patterns = Vec::new();
        for (place, pattern) in PATTERNS.iter().enumerate() {
            for &trigger in pattern.triggers {
                words.push(trigger);
                masks.push(1 << place);
            }
            let regex = BytesRegexBuilder::new(&pattern.expression()).unicode(false).case_insensitive(true).build();
            patterns.push(regex.map_err(|error| bad_pattern(pattern.regex, &error))?);
        }
        let triggers = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::DFA))
            .build(&words)
            .map_err(|error| GuardError::BadPattern { pattern: "triggers".to_owned(), why: error.to_string() })?;
        let own = own.into_iter().map(own_pattern).collect::<Result<_, _>>()?;
        Ok(Self { level, triggers, masks, patterns, own })
    }

    /// Whether a text can be a pattern of an operator's own.
    pub fn accepts(pattern: &str) -> bool {
        own_pattern(pattern).is_ok()
    }

    /// The first attack in a text that somebody wrote, if there is one.
    pub fn find(&self, text: &str) -> Option<Finding> {
        self.first(text, Place::Text)
    }

    /// The same for a short field that holds a value (a name, an id), where quotes and documents are no excuse.
    pub fn find_in_value(&self, text: &str) -> Option<Finding> {
        self.first(text, Place::Value)
    }

    /// The text with `[removed]` for every attack.
    pub fn sanitize<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.clean(text, Place::Text)
    }

    /// The same for what [`Screen::find_in_value`] finds.
    pub fn sanitize_value<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.clean(text, Place::Value)
    }

    fn clean<'a>(&self, text: &'a str, place: Place) -> Cow<'a, str> {
        let mut clean = Cow::Borrowed(text);
        for _ in 0..PASSES {
            let found = self.all(&clean, place);
            if found.is_empty() {
                return clean;
            }
            let (mut rest, mut end) = (String::with_capacity(clean.len()), 0);
            for range in found {
                rest.push_str(&clean[end..range.start]);
                rest.push_str(REMOVED);
                end = range.end;
            }
            rest.push_str(&clean[end..]);
            clean = Cow::Owned(rest);
        }
        if self.first(&clean, place).is_some() { Cow::Borrowed(REMOVED) } else { clean }
    }

    fn first(&self, text: &str, place: Place) -> Option<Finding> {
        let mut first: Option<Finding> = None;
        self.visit(text, place, |finding| {
            if first.as_ref().is_none_or(|other| finding.range.start < other.range.start) {
                first = Some(finding);
            }
        });
        first
    }

    /// Where attacks stand, in order, none in another.
    fn all(&self, text: &str, place: Place) -> Vec<Range<usize>> {
        let mut ranges = Vec::new();
        self.visit(text, place, |finding| ranges.push(finding.range));
        ranges.sort_by_key(|range| range.start);
        let mut apart: Vec<Range<usize>> = Vec::new();
        for range in ranges {
            match apart.last_mut() {
                Some(last) if range.start < last.end => last.end = last.end.max(range.end),
                _ => apart.push(range),
            }
        }
        apart
    }

    fn visit(&self, text: &str, place: Place, mut tell: impl FnMut(Finding)) {
        for regex in &self.own {
            for found in regex.find_iter(text).filter(|found| !found.is_empty()) {
                tell(Finding { threat: Threat::Own, range: found.range() });
            }
        }
        let mut context = None;
        let mut left = self.asked(text);
        while left != 0 {
            let number = left.trailing_zeros() as usize;
            left &= left - 1;
            let pattern = &PATTERNS[number];
            if pattern.strength == Strength::Strict && self.level != Level::Strict {
                continue;
            }
            for found in self.patterns[number].find_iter(text.as_bytes()) {
                let context = context.get_or_insert_with(|| Context::of(text));
                if is_attack(pattern, context, &found.range(), self.level, place) {
                    let range = text.floor_char_boundary(found.start())..text.ceil_char_boundary(found.end());
                    tell(Finding { threat: pattern.threat, range });
                }
            }
        }
    }

    /// The patterns that may match, a bit each.
    fn asked(&self, text: &str) -> u64 {
        let mut asked = 0;
        for found in self.triggers.find_overlapping_iter(text) {
            asked |= self.masks[found.pattern().as_usize()];
        }
        asked
    }
}

/// Where a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// In a field for texts.
    Text,
    /// In a field for a value.
    Value,
}

/// Whether what a pattern found is an attack where it stands.
fn is_attack(pattern: &Pattern, context: &Context<'_>, range: &Range<usize>, level: Level, place: Place) -> bool {
    if level == Level::Strict {
        return true;
    }
    let breaks_out = match pattern.check {
        Check::None => true,
        Check::Quote => context.opens_quote(range.start),
        Check::Parenthesis => context.closes_nothing(range.start),
        Check::Value => context.follows_value(range),
    };
    if !breaks_out {
        return false;
    }
    let is_sure = pattern.strength == Strength::Sure;
    if place == Place::Value && level == Level::Standard {
        return is_sure || !context.is_prose(range);
    }
    // A document with an external entity is the attack itself.
    let is_excused = context.is_code(range) || (context.is_document() && pattern.threat != Threat::Xxe);
    let is_said = if is_sure && level == Level::Standard { context.discusses(range) } else { context.is_prose(range) };
    !is_excused && !is_said
}

fn bad_pattern(pattern: &str, error: &regex::Error) -> GuardError {
    GuardError::BadPattern { pattern: pattern.to_owned(), why: error.to_string() }
}

fn own_pattern(text: &str) -> Result<regex::Regex, GuardError> {
    let built = RegexBuilder::new(text).size_limit(PATTERN_BYTES).build();
    built.map_err(|error| bad_pattern(text, &error))
}
