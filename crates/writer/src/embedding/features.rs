//! What a text is made of, as weighted features.

use fakeai_core::Seed;

use super::lexicon::{Frequency, Lexicon, Sense};
use super::stem::stem;
use super::words::Words;

/// Words beyond this are not looked at: more than any embedding model takes in.
const MOST_WORDS: usize = 8192;
/// Texts of more words have enough of them to do without letters and pairs.
const SHORT_WORDS: usize = 256;
/// Features kept, the heaviest first.
const MOST_FEATURES: usize = 2048;

/// Weights of a word's own stem, alone and where the lexicon knows more about it.
const STEM: f32 = 1.0;
const KNOWN_STEM: f32 = 0.3;
/// Weight of a word's synonym groups together.
const GROUPS: f32 = 1.2;
/// Weight of two neighbouring words.
const PAIR: f32 = 0.2;
/// Weight of all letter triples of a word together, alone and where the lexicon knows more about it.
const LETTERS: f32 = 0.45;
const KNOWN_LETTERS: f32 = 0.15;
/// Weight of what the whole text is about, against all of its words.
const TOPICS: f32 = 1.0;
/// Votes for a topic that count as certain.
const CERTAIN_VOTES: f32 = 1.5;
/// What a meaning counts that nothing else in the text speaks for.
const UNSUPPORTED: f32 = 0.25;
/// What is left of a word's weight where it tells nearly nothing, and little.
const STOP: f32 = 0.06;
const COMMON: f32 = 0.4;

/// One thing a text has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Feature {
    /// Which.
    pub(super) hash: u64,
    /// How much of it.
    pub(super) weight: f32,
}

/// The features of a text, each once, in a fixed order.
pub(super) fn of(text: &str) -> Vec<Feature> {
    let words = Words::of(text, MOST_WORDS);
    let terms = terms(&words);
    let mut collector = Collector { votes: votes(&terms), found: Vec::with_capacity(terms.len() * 10) };
    let short = terms.len() <= SHORT_WORDS;
    let mut before: Option<&Term<'_>> = None;
    for term in &terms {
        collector.term(term);
        if !short || term.is_phrase || term.weight <= STOP {
            continue;
        }
        collector.letters(term);
        // Pairs reach over words of grammar: "cost of travel" and "travel cost" should not differ by an "of".
        if let Some(before) = before.replace(term) {
            let pair = Seed::new(before.hash).mix(term.hash).value();
            collector.add(pair, PAIR * (term.weight * before.weight).sqrt());
        }
    }
    collector.topics();
    collector.finish()
}

/// A word, or a phrase the lexicon knows.
struct Term<'a> {
    stem: &'a str,
    hash: u64,
    weight: f32,
    senses: &'static [Sense],
    is_phrase: bool,
}

fn terms(words: &Words) -> Vec<Term<'_>> {
    let lexicon = Lexicon::get();
    let mut terms: Vec<Term<'_>> = Vec::with_capacity(64);
    let (mut before, mut phrase) = (["", ""], String::new());
    for word in words.iter() {
        let stem = stem(word);
        let entry = lexicon.entry(stem);
        let senses = entry.map_or(&[][..], |entry| &entry.senses);
        let weight = importance(word, entry.and_then(|entry| entry.frequency));
        for length in 1..=before.len() {
            let start = &before[before.len() - length..];
            if start[0].is_empty() {
                break;
            }
            phrase.clear();
            phrase.extend(start.iter().chain([&stem]).flat_map(|part| ["_", part]));
            if let Some(entry) = lexicon.entry(&phrase[1..]) {
                terms.push(Term { stem: "", hash: 0, weight: 1.0, senses: &entry.senses, is_phrase: true });
            }
        }
        terms.push(Term { stem, hash: Seed::new(0).derive(stem).value(), weight, senses, is_phrase: false });
        before = [before[1], stem];
    }
    terms
}

/// How much speaks for each topic: every word votes for its own, one vote shared among its meanings.
fn votes(terms: &[Term<'_>]) -> Vec<f32> {
    let mut votes = vec![0.0; Lexicon::get().topics().len()];
    for term in terms {
        for topic in term.senses.iter().filter_map(|sense| sense.topic) {
            votes[usize::from(topic)] += term.weight / term.senses.len() as f32;
        }
    }
    votes
}

struct Collector {
    votes: Vec<f32>,
    found: Vec<Feature>,
}

impl Collector {
    fn add(&mut self, hash: u64, weight: f32) {
        self.found.push(Feature { hash, weight });
    }

    fn term(&mut self, term: &Term<'_>) {
        if !term.is_phrase {
            self.add(term.hash, term.weight * if term.senses.is_empty() { STEM } else { KNOWN_STEM });
        }
        // A meaning counts by what the other words are about: the bank of "interest" is not the bank of "river".
        let Self { votes, found } = self;
        let own = term.weight / term.senses.len().max(1) as f32;
        let support =
            |sense: &Sense| UNSUPPORTED + sense.topic.map_or(0.0, |topic| (votes[usize::from(topic)] - own).max(0.0));
        let length = term.senses.iter().map(|sense| support(sense).powi(2)).sum::<f32>().sqrt();
        for sense in term.senses {
            if let Some(hash) = sense.group {
                found.push(Feature { hash, weight: GROUPS * term.weight * support(sense) / length });
            }
        }
    }

    /// Adds what the whole text is about.
    fn topics(&mut self) {
        let length = self.votes.iter().map(|votes| votes * votes).sum::<f32>().sqrt();
        if length > 0.0 {
            let words = self.found.iter().map(|feature| feature.weight.powi(2)).sum::<f32>().sqrt();
            let scale = TOPICS * words * (length / CERTAIN_VOTES).min(1.0) / length;
            for (topic, votes) in Lexicon::get().topics().iter().zip(std::mem::take(&mut self.votes)) {
                if votes > 0.0 {
                    self.add(*topic, votes * scale);
                }
            }
        }
    }

    /// The triples of letters of `<word>`: near for typing errors and for forms the stemmer does not know.
    fn letters(&mut self, term: &Term<'_>) {
        let count = term.stem.chars().take(32).count();
        if count < 3 {
            return;
        }
        let weight = if term.senses.is_empty() { LETTERS } else { KNOWN_LETTERS };
        let each = weight * term.weight / (count as f32).sqrt();
        let letters = std::iter::once('<').chain(term.stem.chars().take(32)).chain(std::iter::once('>'));
        let (mut first, mut second) = ('\0', '\0');
        for letter in letters {
            if first != '\0' {
                let triple = u64::from(first) << 42 | u64::from(second) << 21 | u64::from(letter);
                self.add(Seed::new(3).mix(triple).value(), each);
            }
            (first, second) = (second, letter);
        }
    }

    /// Puts repeated features together: the second of a word says less than the first.
    fn finish(mut self) -> Vec<Feature> {
        self.found.sort_unstable_by_key(|feature| feature.hash);
        let mut features: Vec<Feature> = Vec::with_capacity(self.found.len());
        for group in self.found.chunk_by(|a, b| a.hash == b.hash) {
            let heaviest = group.iter().map(|feature| feature.weight).fold(0.0, f32::max);
            let total: f32 = group.iter().map(|feature| feature.weight).sum();
            if heaviest > 0.0 {
                let weight = heaviest * (1.0 + (total / heaviest).ln());
                features.push(Feature { hash: group[0].hash, weight });
            }
        }
        if features.len() > MOST_FEATURES {
            features.sort_unstable_by(|a, b| b.weight.total_cmp(&a.weight).then(a.hash.cmp(&b.hash)));
            features.truncate(MOST_FEATURES);
        }
        features
    }
}

/// How much a word tells, by how often it turns up in English text: a frequency class instead of a table of counts.
/// Long words are rarer than short ones.
fn importance(word: &str, frequency: Option<Frequency>) -> f32 {
    match frequency {
        Some(Frequency::Grammar) => STOP,
        Some(Frequency::Frequent) => COMMON,
        None if word.bytes().all(|byte| byte.is_ascii_digit()) => 0.7,
        None if word.len() > 6 => 1.1,
        None => 0.95,
    }
}
