//! Whether words of two texts mean nearly the same.

use super::lexicon::{Frequency, Lexicon};
use super::stem::stem;
use super::words::Words;

/// Words looked at.
const MOST_WORDS: usize = 400;

/// The words of a text that tell something: their stems and groups of synonyms.
#[derive(Debug, Default)]
pub(crate) struct Bag(Vec<Word>);

#[derive(Debug)]
struct Word {
    stem: String,
    groups: Vec<u64>,
    weight: f32,
}

impl Bag {
    /// The words of `text`, each once.
    pub(crate) fn of(text: &str) -> Self {
        let lexicon = Lexicon::get();
        let mut bag: Vec<Word> = Vec::new();
        for word in Words::of(text, MOST_WORDS).iter() {
            let stem = stem(word);
            let entry = lexicon.entry(stem).or_else(|| lexicon.entry(word));
            let weight = match entry.and_then(|entry| entry.frequency) {
                Some(Frequency::Grammar) => continue,
                Some(Frequency::Frequent) => 0.3,
                None if stem.len() < 2 => 0.3,
                None => 1.0,
            };
            if bag.iter().all(|known| known.stem != stem) {
                let groups = entry.map_or(&[][..], |entry| &entry.senses).iter().filter_map(|sense| sense.group);
                bag.push(Word { stem: stem.to_owned(), groups: groups.collect(), weight });
            }
        }
        Self(bag)
    }

    /// The weight of the words of `other` that have kin among these: 1 for a telling word that is the same, a part of
    /// it for a synonym.
    pub(crate) fn shared(&self, other: &Self) -> f32 {
        let kinship = |word: &Word| {
            if self.0.iter().any(|known| known.stem == word.stem) {
                return word.weight;
            }
            let synonym = self.0.iter().any(|known| known.groups.iter().any(|group| word.groups.contains(group)));
            if synonym { 0.7 * word.weight } else { 0.0 }
        };
        other.0.iter().map(kinship).sum()
    }
}

/// Whether a word is one a dictionary has: no name of somebody or something.
pub(crate) fn is_common(word: &str) -> bool {
    let lower = word.to_lowercase();
    let lexicon = Lexicon::get();
    lexicon.entry(&lower).or_else(|| lexicon.entry(stem(&lower))).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kin_is_found_across_forms_and_synonyms() {
        let shared = |a: &str, b: &str| Bag::of(a).shared(&Bag::of(b));
        assert!(shared("Is the doctor buying a car?", "purchase_automobile") > 1.3);
        assert!(shared("What's the weather in Paris?", "get_weather") >= 1.0);
        assert!(shared("Tell me a joke", "send_invoice") < 0.1);
        assert!(is_common("the") && is_common("weather") && !is_common("Tokyo"));
    }
}
