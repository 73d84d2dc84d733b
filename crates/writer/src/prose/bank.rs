//! The phrases of one language. One engine builds answers of every language from such a bank.
//!
//! Slots in phrases: `{t}` the topic with its article, `{T}` the same at the start of a sentence, `{k}` one of the
//! prompt's phrases, `{x}` an aspect, `{e}` a setting, `{v}` what the user wants to do, `{a}` and `{b}` two things
//! compared, `{n}` a number, `{m}` the model's name, `{r}` a result. Phrases are whole sentences without the space
//! after them unless said otherwise.

use super::Language;
use super::{chinese, english, french, german, japanese, spanish};

/// What a language has to say.
pub(crate) struct Bank {
    /// Between two sentences.
    pub(crate) space: &'static str,
    /// Between a title and its text.
    pub(crate) colon: &'static str,
    /// Ends a sentence.
    pub(crate) full_stop: &'static str,
    /// Bytes of one token of this language, about.
    pub(crate) token_bytes: usize,
    /// Said in place of the topic: the first where there is none, all so that it is not named in each sentence.
    pub(crate) this: &'static [&'static str],
    pub(crate) talk: Talk,
    /// First sentences about a topic.
    pub(crate) leads: &'static [&'static str],
    /// First sentences of an answer to a question for a fact.
    pub(crate) facts: &'static [&'static str],
    /// First sentences of an answer to a yes-or-no question.
    pub(crate) verdicts: &'static [&'static str],
    /// Sentences about a topic, in any order.
    pub(crate) body: &'static [&'static str],
    /// Titles of sections, and the same as a phrase inside a sentence.
    pub(crate) aspects: &'static [(&'static str, &'static str)],
    /// Where or when something holds.
    pub(crate) settings: &'static [&'static str],
    /// Last sentences.
    pub(crate) closings: &'static [&'static str],
    pub(crate) lists: Lists,
    pub(crate) texts: Texts,
    pub(crate) tales: Tales,
}

/// Answers that need no topic.
pub(crate) struct Talk {
    pub(crate) greetings: &'static [&'static str],
    pub(crate) wellbeing: &'static [&'static str],
    pub(crate) thanks: &'static [&'static str],
    pub(crate) acknowledged: &'static [&'static str],
    /// Answers to somebody who tells something and asks nothing.
    pub(crate) statements: &'static [&'static str],
    pub(crate) identity: &'static [&'static str],
    pub(crate) jokes: &'static [&'static str],
    pub(crate) refusals: &'static [&'static str],
    pub(crate) results: &'static [&'static str],
    /// Refers to what was talked about before, `{p}`.
    pub(crate) earlier: &'static [&'static str],
    pub(crate) yes: &'static str,
}

/// Lists, steps, comparisons, tables.
pub(crate) struct Lists {
    /// Introduces `{n}` items.
    pub(crate) intros: &'static [&'static str],
    /// Title and text of an item.
    pub(crate) items: &'static [(&'static str, &'static str)],
    /// Title and text of a good side of the topic; where there are none, items serve.
    pub(crate) merits: &'static [(&'static str, &'static str)],
    /// Introduces steps towards `{v}`.
    pub(crate) how_to: &'static [&'static str],
    /// Title and text of a step.
    pub(crate) steps: &'static [(&'static str, &'static str)],
    /// First sentences about `{a}` and `{b}`.
    pub(crate) comparisons: &'static [&'static str],
    /// Criterion, and what holds for the one and for the other.
    pub(crate) criteria: &'static [(&'static str, &'static str, &'static str)],
    /// Heads of the columns of a table that compares nothing.
    pub(crate) columns: [&'static str; 3],
    /// Introduces a table.
    pub(crate) tables: &'static [&'static str],
    /// Advice below a comparison.
    pub(crate) choices: &'static [&'static str],
}

/// Texts of a given form.
pub(crate) struct Texts {
    /// The word before an e-mail's subject.
    pub(crate) subject: &'static str,
    pub(crate) subjects: &'static [&'static str],
    pub(crate) salutations: &'static [&'static str],
    /// Paragraphs of a letter, in order; one of each is used.
    pub(crate) letter: [&'static [&'static str]; 3],
    pub(crate) farewells: &'static [&'static str],
    pub(crate) summaries: &'static [&'static str],
    pub(crate) rewritten: &'static [&'static str],
    pub(crate) code_intros: &'static [&'static str],
    pub(crate) code_notes: &'static [&'static str],
    /// Goes on with a text that stops inside a sentence.
    pub(crate) continuations: &'static [&'static str],
}

/// Stories and poems.
pub(crate) struct Tales {
    pub(crate) names: &'static [&'static str],
    /// Sentences of a story in order: beginning, middle, end. `{a}` is the hero.
    pub(crate) openings: &'static [&'static str],
    pub(crate) middles: &'static [&'static str],
    /// Sentences from the middle that can be told again and again: `{o}` is a thing, `{w}` a place. None where the
    /// language has not got them.
    pub(crate) scenes: &'static [&'static str],
    pub(crate) objects: &'static [&'static str],
    pub(crate) places: &'static [&'static str],
    pub(crate) endings: &'static [&'static str],
    /// Pairs of lines that rhyme.
    pub(crate) couplets: &'static [(&'static str, &'static str)],
}

/// The bank of `language`.
pub(crate) const fn bank(language: Language) -> &'static Bank {
    match language {
        Language::English => &english::BANK,
        Language::Spanish => &spanish::BANK,
        Language::French => &french::BANK,
        Language::German => &german::BANK,
        Language::Chinese => &chinese::BANK,
        Language::Japanese => &japanese::BANK,
    }
}
