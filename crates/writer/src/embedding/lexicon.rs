//! Our lexicon: which words mean nearly the same, and what they are about.

use std::sync::OnceLock;

use fakeai_core::Seed;
use rustc_hash::FxHashMap;

use super::stem::stem;

const TEXT: &str = include_str!("lexicon.txt");

/// One meaning of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sense {
    /// The group of synonyms, if the word is in one: a hash of its first word and topic, so that new groups leave the
    /// features of the others alone.
    pub(super) group: Option<u64>,
    /// The topic, if the group has one: a place in [`Lexicon::topics`].
    pub(super) topic: Option<u16>,
}

/// What is known of a stem or phrase.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Entry {
    /// How often it turns up, where that is known.
    pub(super) frequency: Option<Frequency>,
    /// Its meanings.
    pub(super) senses: Vec<Sense>,
}

/// Classes of frequent words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frequency {
    /// Words that hold sentences together.
    Grammar,
    /// Words that turn up everywhere.
    Frequent,
}

/// Stems, and phrases of stems joined by `_`, to what is known of them.
#[derive(Debug, Default)]
pub(super) struct Lexicon {
    entries: FxHashMap<String, Entry>,
    topics: Vec<u64>,
}

impl Lexicon {
    /// The lexicon, read on first use (about a millisecond).
    pub(super) fn get() -> &'static Self {
        static READ: OnceLock<Lexicon> = OnceLock::new();
        READ.get_or_init(|| Self::read(TEXT))
    }

    /// What is known of a stem or phrase.
    pub(super) fn entry(&self, stem: &str) -> Option<&Entry> {
        self.entries.get(stem)
    }

    /// All topics, as hashes of their names.
    pub(super) fn topics(&self) -> &[u64] {
        &self.topics
    }

    fn read(text: &str) -> Self {
        let mut lexicon = Self::default();
        let (mut frequency, mut topic, mut hash) = (None, None, Seed::new(0));
        for line in text.lines() {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                frequency = match name {
                    "=grammar" => Some(Frequency::Grammar),
                    "=frequent" => Some(Frequency::Frequent),
                    _ => None,
                };
                hash = Seed::new(2).derive(name);
                topic = (frequency.is_none() && name != "-").then_some(lexicon.topics.len() as u16);
                lexicon.topics.extend(topic.map(|_| hash.value()));
            } else if !line.starts_with('#') {
                let (words, is_group) = line.strip_prefix('+').map_or((line, true), |words| (words, false));
                let first = words.split_whitespace().next().filter(|_| is_group);
                let group = first.map(|word| hash.derive(word).value());
                for word in words.split_whitespace() {
                    lexicon.add(word, frequency, Sense { group, topic });
                }
            }
        }
        lexicon
    }

    fn add(&mut self, word: &str, frequency: Option<Frequency>, sense: Sense) {
        let stems: Vec<&str> = word.split('_').map(stem).collect();
        let entry = self.entries.entry(stems.join("_")).or_default();
        if frequency.is_some() {
            // Grammar comes first in the file and stays.
            entry.frequency = entry.frequency.or(frequency);
        } else if !entry.senses.contains(&sense) {
            entry.senses.push(sense);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn synonyms_share_a_group_and_topics_are_told() {
        let lexicon = Lexicon::get();
        let senses = |word: &str| lexicon.entry(stem(word)).map_or(&[][..], |entry| &entry.senses);
        let groups = |word: &str| senses(word).iter().filter_map(|sense| sense.group).collect::<Vec<_>>();
        let share = |a: &str, b: &str| groups(a).iter().any(|group| groups(b).contains(group));
        assert!(share("cars", "automobile") && share("bought", "purchasing") && share("physicians", "doctor"));
        assert!(!share("doctor", "purchase"));
        assert!(lexicon.entry("sign_in").unwrap().senses.iter().any(|sense| sense.topic.is_some()));
        assert_eq!(lexicon.entry("the").unwrap().frequency, Some(Frequency::Grammar));
        assert_eq!(lexicon.entry("real").unwrap().frequency, Some(Frequency::Frequent));
    }

    #[test]
    fn no_two_groups_of_a_topic_start_with_the_same_word() {
        let lines = TEXT.lines().filter(|line| !line.is_empty() && !line.starts_with(['#', '+']));
        let (mut topic, mut seen) = ("", std::collections::HashSet::new());
        for line in lines {
            if line.starts_with('[') {
                topic = line;
            } else if !topic.starts_with("[=") {
                let words: Vec<&str> = line.split_whitespace().collect();
                assert!(words.len() > 1 && seen.insert((topic, words[0])), "{topic} {line}");
            }
        }
        println!("{} groups, {} stems and phrases", seen.len(), Lexicon::get().entries.len());
    }
}
