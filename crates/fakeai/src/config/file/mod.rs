//! Configuration files: finding the one that counts, and its keys with their lines.

mod json;
mod spanned;

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::files;

use fakeai_core::masked;

use super::key::Key;
use super::keys;
use super::nearest::nearest;
use super::problem::{Problem, Source};
use super::settings::Candidate;
use super::unbuilt::UNBUILT;

/// The names looked for in the working directory.
pub(super) const NAMES: [&str; 4] = ["fakeai.toml", "fakeai.yaml", "fakeai.yml", "fakeai.json"];

/// A file's keys, in order.
pub(super) type Entries = Vec<Entry>;

/// One key of a file.
#[derive(Debug, PartialEq)]
pub(super) struct Entry {
    name: String,
    /// Counted from 1.
    line: usize,
    node: Node,
}

/// What a key of a file holds.
#[derive(Debug, PartialEq)]
pub(super) enum Node {
    Table(Entries),
    Leaf(Value),
}

/// Why a file could not be parsed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unparsable {
    line: Option<usize>,
    why: String,
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Toml,
    Yaml,
    Json,
}

impl Format {
    fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "toml" => Some(Self::Toml),
            "yaml" | "yml" => Some(Self::Yaml),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    fn parse(self, text: &str) -> Result<Entries, Unparsable> {
        match self {
            Self::Toml => spanned::parse_toml(text),
            Self::Yaml => spanned::parse_yaml(text),
            Self::Json => json::parse(text),
        }
    }
}

/// The file that counts: the one named, or the one in `directory`.
pub(super) fn find(directory: &Path, named: Option<&Path>, problems: &mut Vec<Problem>) -> Option<PathBuf> {
    if let Some(named) = named {
        return Some(directory.join(named));
    }
    let present: Vec<&str> = NAMES.into_iter().filter(|name| files::is_file(&directory.join(name))).collect();
    match present[..] {
        [] => None,
        [only] => Some(directory.join(only)),
        [..] => {
            let why = "more than one configuration file; keep one or name it with --config-file".to_owned();
            problems.push(Problem::File { file: present.join(" and "), why });
            None
        }
    }
}

/// The values of the file at `path`.
pub(super) fn read(path: &Path, shown: &str, problems: &mut Vec<Problem>) -> Vec<Candidate> {
    let Some(format) = Format::of(path) else {
        let why = "unknown format; expected a name that ends in .toml, .yaml, .yml or .json".to_owned();
        problems.push(Problem::File { file: shown.to_owned(), why });
        return Vec::new();
    };
    let text = match files::read_text(path) {
        Ok(text) => text,
        Err(error) => {
            problems.push(Problem::File { file: shown.to_owned(), why: format!("cannot be read: {error}") });
            return Vec::new();
        }
    };
    match format.parse(&text) {
        Ok(entries) => Reader { file: shown, problems }.read(entries),
        Err(Unparsable { line, why }) => {
            let file = line.map_or_else(|| shown.to_owned(), |line| format!("{shown}:{line}"));
            problems.push(Problem::File { file, why });
            Vec::new()
        }
    }
}

/// Turns a file's keys into values of ours.
struct Reader<'a> {
    file: &'a str,
    problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    fn read(&mut self, entries: Entries) -> Vec<Candidate> {
        let mut candidates = Vec::new();
        for Entry { name, line, node } in entries {
            match node {
                Node::Table(keys) if is_section(&name) => {
                    candidates.extend(keys.into_iter().filter_map(|entry| self.read_nested(&name, entry)));
                }
                _ if is_section(&name) => self.push_not_a_section(&name, line),
                node => candidates.extend(self.read_flat(&name, line, node)),
            }
        }
        candidates
    }

    /// A key inside a section.
    fn read_nested(&mut self, section: &str, entry: Entry) -> Option<Candidate> {
        let Entry { name, line, node } = entry;
        if let Some(key) = keys::find(section, &name) {
            return self.value_of(key, line, node);
        }
        match UNBUILT.iter().find(|key| key.section == section && key.name == name) {
            Some(key) => self.push_not_built(key.section, key.name, key.feature, line),
            None => self.push_unknown(format!("{section}.{name}"), &name, line),
        }
        None
    }

    /// A key at the top of the file.
    fn read_flat(&mut self, name: &str, line: usize, node: Node) -> Option<Candidate> {
        if let Some(key) = keys::all().find(|key| key.flat_name() == name) {
            return self.value_of(key, line, node);
        }
        match UNBUILT.iter().find(|key| key.flat_name() == name) {
            Some(key) => self.push_not_built(key.section, key.name, key.feature, line),
            None => self.push_unknown(name.to_owned(), name, line),
        }
        None
    }

    fn value_of(&mut self, key: &'static Key, line: usize, node: Node) -> Option<Candidate> {
        let source = self.source(line);
        let (value, given) = match node {
            Node::Table(_) => (None, "a table".to_owned()),
            Node::Leaf(value) => (key.kind.read(&value), format!("`{}`", masked(&as_written(&value)))),
        };
        if value.is_none() {
            let (source_of, allowed) = (source.clone(), key.kind.allowed());
            self.problems.push(Problem::BadValue { key: key.path(), source_of, given, allowed });
        }
        value.map(|value| Candidate { key, value, source })
    }

    fn source(&self, line: usize) -> Source {
        Source::File { file: self.file.to_owned(), line }
    }

    fn push_not_built(&mut self, section: &str, name: &str, feature: &'static str, line: usize) {
        let (key, source_of) = (format!("{section}.{name}"), self.source(line));
        self.problems.push(Problem::NotBuilt { key, source_of, feature });
    }

    fn push_not_a_section(&mut self, section: &str, line: usize) {
        let (given, allowed) = ("a plain value".to_owned(), "a section with keys in it".to_owned());
        self.problems.push(Problem::BadValue { key: section.to_owned(), source_of: self.source(line), given, allowed });
    }

    /// Looks for the right name by the whole path, then by the last part alone: the section may be what is wrong.
    fn push_unknown(&mut self, written: String, name: &str, line: usize) {
        let same_name = keys::all().find(|key| key.name == name || key.flat_name() == name).map(Key::path);
        let by_path = || nearest(&written, keys::all().map(Key::path).chain(section_names()));
        let by_name = || {
            let name = nearest(name, keys::all().map(|key| key.flat_name().to_owned()))?;
            keys::all().find(|key| key.flat_name() == name).map(Key::path)
        };
        let hint = super::hint(same_name.or_else(by_path).or_else(by_name));
        let source_of = self.source(line);
        self.problems.push(Problem::UnknownKey { name: written, source_of, hint });
    }
}

/// A value as an error message shows it: text without quotes.
fn as_written(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn is_section(name: &str) -> bool {
    keys::SECTIONS.iter().any(|section| section.name == name) || UNBUILT.iter().any(|key| key.section == name)
}

fn section_names() -> impl Iterator<Item = String> {
    keys::SECTIONS.iter().map(|section| section.name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_gives_the_same_keys_with_their_lines() {
        let toml = "port = 1\n\n[generation]\n# slow\nttft_ms = 2.5\n\"reply\" = \"echo\"\n";
        let yaml = "port: 1\n\ngeneration:\n  # slow\n  ttft_ms: 2.5\n  \"reply\": echo\n";
        let json = "{\"port\": 1,\n\n\"generation\": {\n\n  \"ttft_ms\": 2.5,\n  \"reply\": \"echo\"}}";
        let entry = |name: &str, line, node| Entry { name: name.to_owned(), line, node };
        let leaf = |value: Value| Node::Leaf(value);
        let expected = vec![
            entry("port", 1, leaf(1.into())),
            entry(
                "generation",
                3,
                Node::Table(vec![entry("ttft_ms", 5, leaf(2.5.into())), entry("reply", 6, leaf("echo".into()))]),
            ),
        ];
        assert_eq!(Format::Toml.parse(toml).unwrap(), expected);
        assert_eq!(Format::Yaml.parse(yaml).unwrap(), expected);
        assert_eq!(Format::Json.parse(json).unwrap(), expected);
    }

    #[test]
    fn an_empty_file_has_no_keys() {
        assert_eq!(Format::Toml.parse("# nothing\n"), Ok(vec![]));
        assert_eq!(Format::Yaml.parse("# nothing\n"), Ok(vec![]));
        assert_eq!(Format::Json.parse("{}"), Ok(vec![]));
    }

    #[test]
    fn a_key_twice_is_an_error_in_every_format() {
        for (format, text) in [
            (Format::Toml, "port = 1\nport = 2\n"),
            (Format::Yaml, "port: 1\nport: 2\n"),
            (Format::Json, "{\"port\": 1,\n\"port\": 2}"),
        ] {
            let error = format.parse(text).unwrap_err();
            assert_eq!(error.line, Some(2), "{format:?}: {error:?}");
            assert!(error.why.contains("duplicate"), "{format:?}: {error:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_make_a_parser_panic(bytes: Vec<u8>) {
            let text = String::from_utf8_lossy(&bytes);
            for format in [Format::Toml, Format::Yaml, Format::Json] {
                let _ = format.parse(&text);
            }
        }

        #[test]
        fn nothing_that_looks_like_a_file_makes_a_parser_panic(
            text in "([a-z_]{1,12}( ?[=:] ?|\\.)|\\[|\\]|\\{|\\}|\"|'|- |\n|  |&a|\\*a|[0-9.e-]{1,6}|true|!!str ){0,40}"
        ) {
            for format in [Format::Toml, Format::Yaml, Format::Json] {
                let _ = format.parse(&text);
            }
        }
    }
}
