//! What the name of a field says of its value.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use crate::format::Format;
use crate::persona::Made;

/// The table; its head says how it is written.
const TABLE: &str = include_str!("../data/names.txt");

/// What is known of a name.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Entry {
    /// A number in a range, with so many places after the point.
    Number { low: f64, high: f64, places: u32 },
    /// One of these.
    Texts(Vec<&'static str>),
    /// Something that belongs together with other things.
    Made(Made),
    /// Whole sentences.
    Prose { sentences: usize },
}

struct Table {
    entries: FxHashMap<String, Entry>,
}

// The table is part of the program: the same for all, and never changed.
static NAMES: LazyLock<Table> = LazyLock::new(|| {
    let lines = TABLE.lines().filter(|line| !line.starts_with("//") && !line.trim().is_empty());
    let mut entries = FxHashMap::default();
    for (names, value) in lines.filter_map(|line| line.split_once('=')) {
        let Some(entry) = entry(value.trim()) else { continue };
        for name in names.split(',') {
            entries.insert(name.trim().to_owned(), entry.clone());
        }
    }
    Table { entries }
});

fn entry(value: &'static str) -> Option<Entry> {
    if let Some(range) = value.strip_prefix('#') {
        let (low, high) = range.split_once("..")?;
        let places = low.split_once('.').map_or(0, |(_, places)| places.len() as u32);
        return Some(Entry::Number { low: low.parse().ok()?, high: high.parse().ok()?, places });
    }
    if let Some(word) = value.strip_prefix('@') {
        return match word.strip_prefix("prose ") {
            Some(count) => Some(Entry::Prose { sentences: count.parse().ok()? }),
            None => Made::named(word).map(Entry::Made),
        };
    }
    Some(Entry::Texts(value.split('|').map(str::trim).collect()))
}

/// The words of a name: `createdAt`, `created_at` and `Created at` are two words each, in lower case.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = ' ';
    for character in name.chars().take(200) {
        let is_start =
            !before.is_alphanumeric() || character.is_uppercase() && (before.is_lowercase() || before.is_numeric());
        if character.is_alphanumeric() {
            if is_start {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(character.to_lowercase());
            }
        }
        before = character;
    }
    words
}

/// What is known of a name: of all its words, else of its last ones, else of its first ones.
pub(crate) fn lookup(name: &str) -> Option<&'static Entry> {
    let words = words(name);
    let count = words.len();
    if count == 0 || count > 8 {
        return None;
    }
    let ends = (0..count).map(|start| start..count);
    let starts = (1..count).rev().map(|end| 0..end);
    ends.chain(starts).find_map(|part| known(&words[part]))
}

/// What is known of a bare `name`, `title` or `label` of an object in the list or field `parent`: the name of an
/// ingredient is none of a person.
pub(crate) fn lookup_within(parent: &str, name: &str) -> Option<&'static Entry> {
    let bare = matches!(name, "name" | "title" | "label");
    let of_parent = if bare && !parent.is_empty() { lookup(parent) } else { None };
    of_parent.filter(|entry| matches!(entry, Entry::Texts(_) | Entry::Made(_))).or_else(|| lookup(name))
}

fn known(words: &[String]) -> Option<&'static Entry> {
    let name = words.join("_");
    let singular = || {
        name.strip_suffix("ies").map(|stem| format!("{stem}y")).or_else(|| name.strip_suffix('s').map(str::to_owned))
    };
    NAMES.entries.get(&name).or_else(|| NAMES.entries.get(&singular()?))
}

/// What is known of the first name that a description mentions; things only, as most texts mention many words.
pub(crate) fn lookup_in(description: &str) -> Option<&'static Entry> {
    let words = words(description);
    let words = &words[..words.len().min(12)];
    let pairs = words.windows(2).chain(words.windows(1));
    pairs.filter_map(known).find(|entry| matches!(entry, Entry::Made(_)))
}

/// The example that a description gives: `The city and state, e.g. San Francisco, CA`.
pub(crate) fn example_in(description: &str) -> Option<String> {
    let marks = ["e.g. ", "e.g., ", "eg. ", "for example, ", "for example ", "such as ", "Example: ", "example: "];
    let (at, mark) = marks.iter().filter_map(|mark| Some((description.find(mark)?, mark))).min()?;
    let rest = description[at + mark.len()..].trim_start();
    let quoted = ['"', '\'', '`'].into_iter().find_map(|quote| rest.strip_prefix(quote)?.split_once(quote));
    let end = rest.find([')', ';', '\n']).unwrap_or(rest.len());
    let end = rest[..end].find(". ").unwrap_or(end);
    let example = quoted.map_or_else(|| rest[..end].trim_end_matches('.'), |(inside, _)| inside);
    let example = example.trim();
    (!example.is_empty() && example.chars().count() <= 60).then(|| example.to_owned())
}

/// The format that a description asks for in words.
pub(crate) fn format_in(description: &str) -> Option<Format> {
    let marks = [
        ("YYYY-MM-DDT", Format::DateTime),
        ("YYYY-MM-DD HH", Format::DateTime),
        ("YYYY-MM-DD", Format::Date),
        ("ISO 8601 duration", Format::Duration),
        ("ISO 8601 date-time", Format::DateTime),
        ("ISO 8601 datetime", Format::DateTime),
        ("ISO 8601 timestamp", Format::DateTime),
        ("ISO 8601 date", Format::Date),
        ("ISO 8601", Format::DateTime),
        ("ISO-8601", Format::DateTime),
        ("RFC 3339", Format::DateTime),
        ("RFC3339", Format::DateTime),
        ("UUID", Format::Uuid),
    ];
    marks.into_iter().find(|(mark, _)| description.contains(mark)).map(|(_, format)| format)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_table_is_read_in_full() {
        let lines = TABLE.lines().filter(|line| !line.starts_with("//") && !line.trim().is_empty());
        for line in lines {
            let (names, value) = line.split_once('=').unwrap_or_else(|| panic!("{line}"));
            assert!(entry(value.trim()).is_some(), "{line}");
            assert!(!names.split(',').any(|name| name.trim().is_empty()), "{line}");
        }
        assert!(NAMES.entries.len() >= 300, "{}", NAMES.entries.len());
    }

    #[test]
    fn names_are_found_by_their_words() {
        assert_eq!(words("createdAt"), ["created", "at"]);
        assert_eq!(words("HTTPUrl_2 x"), ["httpurl", "2", "x"]);
        assert_eq!(lookup("billingEmailAddress"), Some(&Entry::Made(Made::Email)));
        assert_eq!(lookup("firstName"), Some(&Entry::Made(Made::FirstName)));
        assert!(matches!(lookup("unit_price"), Some(Entry::Number { places: 2, .. })));
        assert_eq!(lookup("zzz"), None);
    }

    #[test]
    fn a_description_may_give_an_example_or_a_format() {
        assert_eq!(example_in("The city and state, e.g. San Francisco, CA").as_deref(), Some("San Francisco, CA"));
        assert_eq!(example_in("Currency (e.g. \"USD\" or so)").as_deref(), Some("USD"));
        assert_eq!(example_in("The city"), None);
        assert_eq!(format_in("The day, as YYYY-MM-DD"), Some(Format::Date));
    }

    proptest! {
        #[test]
        fn any_name_and_description_can_be_looked_up(text in ".{0,60}") {
            lookup(&text);
            lookup_in(&text);
            example_in(&text);
            example_in(&format!("e.g. {text}"));
        }
    }
}
