//! The words of a text for searches that go by words.

use fakeai_core::Seed;

use super::kin::Bag;
use super::lexicon::{Entry, Frequency, Lexicon};
use super::stem::stem;
use super::words::Words;

/// Words of a text that are looked at.
const MOST_WORDS: usize = 16_384;
/// Sentences of a text that are compared, and bytes of one.
const MOST_SENTENCES: usize = 200;
const MOST_SENTENCE_BYTES: usize = 2000;

/// The words of `text` as numbers, repeated ones included: forms of a word are the same number (`bake`, `baking`),
/// different words hardly ever are. A word has a number more for each group of synonyms it is in, and so has a phrase
/// of two words. Words of grammar are left out.
pub fn terms(text: &str) -> Vec<u32> {
    let lexicon = Lexicon::get();
    let (mut terms, mut phrase, mut before) = (Vec::new(), String::new(), "");
    let words = Words::of(text, MOST_WORDS);
    for word in words.iter() {
        let stem = stem(word);
        let groups = |entry: &Entry| {
            entry.senses.iter().filter_map(|sense| sense.group.map(|group| group as u32)).collect::<Vec<_>>()
        };
        phrase.clear();
        phrase.extend([before, "_", stem]);
        terms.extend(lexicon.entry(&phrase).map(groups).unwrap_or_default());
        before = stem;
        if !is_grammar(word) {
            terms.push(Seed::new(1).derive(stem).value() as u32);
            terms.extend(lexicon.entry(stem).map(groups).unwrap_or_default());
        }
    }
    terms
}

/// A question as the words that tell something, as they are written; all of it if none does.
pub fn condense(question: &str) -> String {
    let letters = |word: &str| word.trim_matches(|letter: char| !letter.is_alphanumeric()).to_owned();
    let words = question.split_whitespace().map(letters);
    let telling: Vec<String> = words.filter(|word| !word.is_empty() && !is_grammar(&word.to_lowercase())).collect();
    if telling.is_empty() { question.trim().to_owned() } else { telling.join(" ") }
}

/// The passage of `text` that says most about `question`: its best sentence, and those after it as far as `most_bytes`
/// reach. Line breaks become spaces. At least one word, unless the text has none.
pub fn passage(text: &str, question: &str, most_bytes: usize) -> String {
    let sentences: Vec<&str> = crate::prose::sentences(text).take(MOST_SENTENCES).collect();
    let asked = Bag::of(question);
    let telling = |sentence: &&str| {
        let sentence = &sentence[..sentence.floor_char_boundary(MOST_SENTENCE_BYTES)];
        Bag::of(sentence).shared(&asked)
    };
    let (mut best, mut most) = (0, f32::NEG_INFINITY);
    for (place, shared) in sentences.iter().map(telling).enumerate() {
        // Of equal ones the first.
        if shared > most {
            (best, most) = (place, shared);
        }
    }
    let mut passage = String::new();
    for sentence in sentences.iter().skip(best) {
        let words = sentence.split_whitespace().collect::<Vec<_>>().join(" ");
        if !passage.is_empty() && passage.len() + 1 + words.len() > most_bytes {
            break;
        }
        if !passage.is_empty() {
            passage.push(' ');
        }
        passage.push_str(&words);
    }
    passage.truncate(passage.floor_char_boundary(most_bytes));
    passage.truncate(passage.trim_end().len());
    passage
}

fn is_grammar(word: &str) -> bool {
    let lexicon = Lexicon::get();
    let plain: String = word.chars().filter(|letter| !matches!(letter, '\'' | '\u{2019}')).collect();
    let entry = lexicon.entry(stem(&plain)).or_else(|| lexicon.entry(&plain));
    entry.is_some_and(|entry| entry.frequency == Some(Frequency::Grammar))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn forms_of_a_word_are_the_same_term() {
        assert_eq!(terms("The cats were sleeping"), terms("a cat sleeps"));
        assert_ne!(terms("cat"), terms("dog"));
        let (one, other) = (terms("physician"), terms("doctor"));
        assert!(one != other && one.iter().any(|term| other.contains(term)), "{one:?} {other:?}");
        assert!(terms("what is the of").is_empty());
    }

    #[test]
    fn questions_are_condensed() {
        assert_eq!(condense("What is the return policy for shoes?"), "return policy shoes");
        assert_eq!(condense("What is it?"), "What is it?");
    }

    #[test]
    fn the_passage_answers_the_question() {
        let text = "Our office opens at nine.\nRefunds are paid within 14 days. You need the receipt. We sell cheese.";
        assert_eq!(
            passage(text, "When do I get a refund?", 60),
            "Refunds are paid within 14 days. You need the receipt."
        );
        assert_eq!(passage(text, "When do you open?", 20), "Our office opens at");
        assert_eq!(passage("", "What?", 20), "");
    }

    proptest! {
        #[test]
        fn any_text_has_terms_and_a_passage(text in "\\PC{0,200}", question in "\\PC{0,60}", most in 0..80_usize) {
            prop_assert!(passage(&text, &question, most).len() <= most);
            prop_assert!(condense(&question).len() <= question.len());
            terms(&text);
        }
    }
}
