//! Short answers: greetings, thanks, jokes, sums, single words.

use super::arithmetic;
use super::composer::Composer;
use super::intent::Intent;
use super::slots::capitalise;

impl Composer<'_> {
    /// What people say without a topic.
    pub(super) fn talk(&mut self, out: &mut String) {
        let talk = &self.bank.talk;
        let phrases = match self.brief.intent {
            Intent::Wellbeing => talk.wellbeing,
            Intent::Thanks => talk.thanks,
            Intent::Acknowledge => talk.acknowledged,
            Intent::Identity => talk.identity,
            Intent::Joke => talk.jokes,
            _ => talk.greetings,
        };
        let phrase = self.pick(phrases);
        self.say(out, phrase);
    }

    /// Something said to somebody who tells something.
    pub(super) fn statement(&mut self, out: &mut String) {
        let phrase = self.pick(self.bank.talk.statements);
        self.say(out, phrase);
    }

    /// The value of a sum.
    pub(super) fn result(&mut self, out: &mut String, value: f64) {
        self.slots.r = arithmetic::shown(value);
        if self.brief.tone.brief {
            return self.say(out, "{r}");
        }
        let phrase = self.pick(self.bank.talk.results);
        self.say(out, phrase);
    }

    /// A single word, as asked for.
    pub(super) fn one_word(&mut self, out: &mut String) {
        match &self.brief.intent {
            Intent::Arithmetic(value) => out.push_str(&arithmetic::shown(*value)),
            Intent::YesNo => out.push_str(self.bank.talk.yes),
            Intent::Capital => match self.capital_name() {
                Some(name) => out.push_str(name),
                None => out.push_str(self.bank.talk.yes),
            },
            _ => {
                let from = out.len();
                let topic = self.brief.topic().map_or("", |topic| topic.text);
                out.push_str(
                    topic.split(' ').next_back().filter(|word| !word.is_empty()).unwrap_or(self.bank.talk.yes),
                );
                capitalise(out, from);
            }
        }
    }
}

/// Small talk in Chinese and Japanese.
pub(super) fn ideographic_small_talk(text: &str) -> Option<Intent> {
    const TALK: &[(&str, Intent)] = &[
        ("你是谁", Intent::Identity),
        ("あなたは誰", Intent::Identity),
        ("你好吗", Intent::Wellbeing),
        ("元気ですか", Intent::Wellbeing),
        ("谢谢", Intent::Thanks),
        ("ありがとう", Intent::Thanks),
        ("笑话", Intent::Joke),
        ("冗談", Intent::Joke),
        ("你好", Intent::Greeting),
        ("您好", Intent::Greeting),
        ("こんにちは", Intent::Greeting),
        ("こんばんは", Intent::Greeting),
    ];
    let brief = text.chars().count() <= 16;
    TALK.iter().find(|(word, _)| text.contains(word) && brief).map(|(_, intent)| intent.clone())
}
