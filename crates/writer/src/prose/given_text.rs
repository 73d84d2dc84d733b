//! Answers made from a text the user gave: summaries and corrections.

use super::composer::Composer;
use super::slots::capitalise;

/// Bytes of a given text that are worked on.
const WORKED_ON_BYTES: usize = 4000;

impl<'b> Composer<'b> {
    /// The text the user gave: behind the colon or line break that ends the instruction, else in quotes, else all.
    fn given(&self) -> &'b str {
        let text = self.brief.text;
        let head = &text[..text.floor_char_boundary(200)];
        let border = head.find('\n').or_else(|| head.find(": ")).or_else(|| head.find('：'));
        let behind = border.map_or("", |at| text[at..].trim_start_matches([':', '：', ' ', '\n']));
        let before = border.map_or("", |at| text[..at].trim());
        // The instruction may also stand below the text; it is the shorter of the two.
        let given = if behind.len() >= before.len().min(200) && !behind.is_empty() { behind } else { text };
        let given = given.trim().trim_matches('"');
        &given[..given.floor_char_boundary(WORKED_ON_BYTES)]
    }

    /// The sentences of the given text that say most, in their order.
    pub(super) fn summary(&mut self, out: &mut String) {
        let given = self.given();
        let sentences: Vec<&str> = sentences(given).collect();
        if sentences.len() < 2 {
            let phrase = self.pick(self.bank.texts.summaries);
            self.say(out, phrase);
            let from = out.len();
            out.push_str(sentences.first().copied().unwrap_or(self.bank.this[0]));
            capitalise(out, from);
            return;
        }
        let wanted = self.brief.tone.sentences.map_or(sentences.len().div_ceil(3).clamp(1, 4), |count| count as usize);
        let mut ranked: Vec<(usize, usize)> =
            sentences.iter().enumerate().map(|(index, sentence)| (score(sentence, index, given), index)).collect();
        ranked.sort_unstable_by_key(|(score, index)| (std::cmp::Reverse(*score), *index));
        let mut chosen: Vec<usize> = ranked.into_iter().take(wanted).map(|(_, index)| index).collect();
        chosen.sort_unstable();
        let phrase = self.pick(self.bank.texts.summaries);
        self.say(out, phrase);
        for (number, index) in chosen.into_iter().enumerate() {
            if number > 0 {
                out.push_str(self.bank.space);
            }
            out.push_str(sentences[index]);
        }
    }

    /// The given text with common slips put right.
    pub(super) fn rewrite(&mut self, out: &mut String) {
        let phrase = self.pick(self.bank.texts.rewritten);
        self.say(out, phrase);
        out.push_str("\n\n> ");
        let start = out.len();
        let mut words = self.given().split_whitespace().peekable();
        let mut begins = true;
        while let Some(word) = words.next() {
            // "has went" is "went".
            if matches!(word, "has" | "have" | "had") && words.peek() == Some(&"went") {
                continue;
            }
            if out.len() > start {
                out.push(' ');
            }
            let from = out.len();
            let next_is_vowel = words.peek().is_some_and(|next| next.starts_with(['a', 'e', 'i', 'o', 'u']));
            out.push_str(corrected(word, next_is_vowel));
            if begins {
                capitalise(out, from);
            }
            begins = word.ends_with(['.', '!', '?']);
        }
        if !out.ends_with(['.', '!', '?', '。', '"']) {
            out.push_str(self.bank.full_stop);
        }
    }
}

/// The sentences of a text.
pub(crate) fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(['\n', '。', '！', '？'])
        .flat_map(|line| SentenceEnds { rest: line })
        .map(str::trim)
        .filter(|sentence| sentence.chars().any(char::is_alphanumeric))
}

/// Splits a line behind full stops that white space follows.
struct SentenceEnds<'a> {
    rest: &'a str,
}

impl<'a> Iterator for SentenceEnds<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.rest.is_empty() {
            return None;
        }
        let bytes = self.rest.as_bytes();
        let end = (1..bytes.len())
            .find(|at| matches!(bytes[at - 1], b'.' | b'!' | b'?') && bytes[*at].is_ascii_whitespace())
            .unwrap_or(bytes.len());
        let (sentence, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(sentence)
    }
}

/// How much a sentence says: long words that come again in the text, and standing first.
fn score(sentence: &str, index: usize, text: &str) -> usize {
    let long = sentence.split(|letter: char| !letter.is_alphanumeric()).filter(|word| word.len() > 4);
    let repeated: usize = long.take(24).map(|word| text.matches(word).take(4).count()).sum();
    repeated * 3 / (1 + sentence.len() / 120) + if index == 0 { 6 } else { 0 }
}

/// A word as it should be written.
fn corrected(word: &str, next_is_vowel: bool) -> &str {
    const SLIPS: &[(&str, &str)] = &[
        ("i", "I"),
        ("i'm", "I'm"),
        ("im", "I'm"),
        ("dont", "don't"),
        ("doesnt", "doesn't"),
        ("cant", "can't"),
        ("wont", "won't"),
        ("didnt", "didn't"),
        ("isnt", "isn't"),
        ("wasnt", "wasn't"),
        ("teh", "the"),
        ("recieve", "receive"),
        ("definately", "definitely"),
        ("seperate", "separate"),
        ("untill", "until"),
        ("alot", "a lot"),
        ("buyed", "bought"),
        ("goed", "went"),
        ("runned", "ran"),
        ("eated", "ate"),
        ("thinked", "thought"),
        ("writed", "wrote"),
        ("u", "you"),
        ("ur", "your"),
        ("thx", "thanks"),
        ("becuase", "because"),
        ("wich", "which"),
        ("adress", "address"),
        ("has went", "went"),
        ("informations", "information"),
        ("peoples", "people"),
        ("childs", "children"),
        ("mens", "men"),
        ("tommorow", "tomorrow"),
        ("hes", "he's"),
        ("shes", "she's"),
        ("theyre", "they're"),
        ("thats", "that's"),
        ("whats", "what's"),
        ("lets", "let's"),
    ];
    match word {
        "a" if next_is_vowel => "an",
        _ => SLIPS.iter().find(|(slip, _)| *slip == word).map_or(word, |(_, right)| right),
    }
}
