//! A JSON object that has to do with the prompt.

use super::composer::Composer;
use super::words::Cue;
use crate::finds::{Finds, Wish};

/// Names a prompt may ask for, with a value of their kind.
const FIELDS: &[(&str, &[&str])] = &[
    ("name", &["\"Mara Lindholm\"", "\"Elias Brandt\"", "\"Nora Castellanos\"", "\"Tobin Hale\""]),
    ("age", &["29", "34", "41", "57"]),
    ("email", &["\"mara.lindholm@example.com\"", "\"elias@example.org\""]),
    ("city", &["\"Lisbon\"", "\"Kyoto\"", "\"Bergen\"", "\"Montreal\""]),
    ("country", &["\"Portugal\"", "\"Japan\"", "\"Norway\"", "\"Canada\""]),
    ("address", &["\"12 Harbour Street\"", "\"48 Linden Avenue\""]),
    ("phone", &["\"+1-555-0134\"", "\"+1-555-0178\""]),
    ("price", &["19.99", "249.0", "4.5"]),
    ("quantity", &["3", "12", "40"]),
    ("title", &["\"A Quiet Harbour\"", "\"The Second Attempt\""]),
    ("author", &["\"Livia Moreau\"", "\"Oskar Ivers\""]),
    ("year", &["1998", "2011", "2024"]),
    ("date", &["\"2025-03-14\"", "\"2025-09-02\""]),
    ("color", &["\"teal\"", "\"amber\"", "\"slate\""]),
    ("colors", &["[\"teal\", \"amber\", \"slate\"]"]),
    ("hobbies", &["[\"sailing\", \"chess\", \"baking\"]"]),
    ("occupation", &["\"marine biologist\"", "\"carpenter\""]),
    ("job", &["\"marine biologist\"", "\"carpenter\""]),
    ("score", &["0.87", "0.64"]),
    ("rating", &["4.5", "3.8"]),
    ("sentiment", &["\"positive\"", "\"neutral\""]),
    ("category", &["\"general\"", "\"support\""]),
    ("status", &["\"active\"", "\"pending\""]),
    ("id", &["1042", "7315"]),
    ("description", &["\"A short description of the item.\""]),
    ("summary", &["\"A short summary of the text.\""]),
    ("answer", &["\"It depends on the details, but in most cases yes.\""]),
    ("ingredients", &["[\"flour\", \"water\", \"salt\", \"yeast\"]"]),
    ("tags", &["[\"example\", \"sample\"]"]),
    ("temperature", &["18.5", "21.0"]),
    ("active", &["true", "false"]),
];

/// Closes an object that [`Composer::is_open_object`]; one token of every vocabulary.
pub(crate) const CLOSING: &str = "\"}";

/// Text that may be cut behind any word; each is one token of every vocabulary.
const FILLER: &[&str] = &[
    " is", " always", " more", " to", " say", " about", " this", " and", " there", " are", " many", " ways", " to",
    " look", " at", " it", " so", " the", " best", " thing", " to", " do", " is", " to", " start", " with", " one",
    " part", " and", " then", " see", " what", " comes", " next", " because", " each", " step", " makes", " the",
    " other", " parts", " easy", " and", " here",
];

impl Composer<'_> {
    /// An object with the fields the prompt names, or else with what it is about. A long target gets more notes.
    pub(super) fn json(&mut self, out: &mut String) {
        if self.brief.strict_json && self.exact.is_some() {
            return self.open_ended(out);
        }
        let fenced = !self.brief.strict_json;
        if fenced {
            out.push_str("```json\n");
        }
        out.push('{');
        let mut fields = 0;
        let finds = Finds::of(self.brief.text);
        for word in self.brief.words() {
            let name = word.of(self.brief.text);
            let Some((name, values)) = FIELDS.iter().find(|(field, _)| name.eq_ignore_ascii_case(field)) else {
                continue;
            };
            if !out.contains(&format!("\"{name}\":")) {
                key(out, &mut fields, name);
                let value = self.pick(values);
                match given(&finds, name, value) {
                    Some(given) => out.push_str(&given),
                    None => out.push_str(value),
                }
            }
        }
        if fields == 0 {
            self.plain_fields(out, &mut fields);
        }
        self.notes(out, &mut fields);
        out.push_str("\n}");
        if fenced {
            out.push_str("\n```");
        }
        self.end_here();
    }

    /// An object whose last string can be made any number of tokens long.
    fn open_ended(&mut self, out: &mut String) {
        let room = self.wanted_bytes();
        let mut fields = 0;
        out.push('{');
        if room > 400 {
            self.plain_fields(out, &mut fields);
        }
        key(out, &mut fields, "text");
        out.push_str("\"There");
        self.open_object = true;
        self.filler(out, room);
        self.end_here();
    }

    /// Words of one token each until `out` has at least `bytes`.
    pub(super) fn filler(&mut self, out: &mut String, bytes: usize) {
        while out.len() < bytes {
            let at = self.said as usize % FILLER.len();
            out.push_str(FILLER[at]);
            self.said += 1;
        }
    }

    fn plain_fields(&mut self, out: &mut String, fields: &mut u32) {
        let greets = self.brief.words().iter().any(|word| word.cue == Cue::Greeting);
        let topic = self.brief.topic().map(|topic| topic.text).or_else(|| greets.then_some("greeting"));
        if let Some(topic) = topic {
            key(out, fields, "topic");
            string(out, topic);
        }
        key(out, fields, "keywords");
        out.push('[');
        let first = (0..self.brief.phrase_count().min(5)).filter_map(|index| self.brief.phrase(index));
        for (index, phrase) in first.enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            string(out, phrase.text);
        }
        out.push(']');
        key(out, fields, "answer");
        let mut sentence = String::new();
        if greets && self.brief.topic().is_none() {
            sentence.push_str(self.pick(self.bank.talk.greetings));
        } else {
            self.sentence(&mut sentence);
        }
        string(out, &sentence);
        if self.brief.words().iter().any(|word| word.cue == Cue::List) {
            key(out, fields, "items");
            out.push('[');
            for item in 0..5 {
                if item > 0 {
                    out.push_str(", ");
                }
                string(out, self.bank.lists.items[(item * 3 + self.rng.below(3)) % self.bank.lists.items.len()].0);
            }
            out.push(']');
        }
    }

    /// Sentences until the length asked for is nearly reached.
    fn notes(&mut self, out: &mut String, fields: &mut u32) {
        let room = self.wanted_bytes().saturating_sub(out.len());
        if room < 40 {
            return;
        }
        let end = out.len() + room;
        key(out, fields, "notes");
        out.push('[');
        let mut first = true;
        while out.len() < end {
            out.push_str(if first { "\n    " } else { ",\n    " });
            first = false;
            let mut sentence = String::new();
            self.sentence(&mut sentence);
            string(out, &sentence);
        }
        out.push_str("\n  ]");
    }
}

/// What the prompt itself says of a field, as JSON of the same kind as `usual`.
fn given(finds: &Finds, name: &str, usual: &str) -> Option<String> {
    let is_number = usual.starts_with(|first: char| first.is_ascii_digit());
    let wish = Wish::of(name, "", None, is_number);
    let is_named = matches!(
        wish,
        Wish::Person | Wish::City | Wish::Country | Wish::Email | Wish::Phone | Wish::Date | Wish::Number { .. }
    );
    let value = finds.values(&wish).into_iter().find(|_| is_named)?;
    (value.is_number() == is_number).then(|| value.to_string())
}

fn key(out: &mut String, fields: &mut u32, name: &str) {
    out.push_str(if *fields == 0 { "\n  \"" } else { ",\n  \"" });
    out.push_str(name);
    out.push_str("\": ");
    *fields += 1;
}

/// Appends a JSON string.
fn string(out: &mut String, text: &str) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            control if control < ' ' => out.push(' '),
            other => out.push(other),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use fakeai_tokens::{Encoding, Tokenizer};

    use super::*;

    #[test]
    fn filler_and_closing_are_single_tokens() {
        for encoding in Encoding::ALL {
            let tokenizer = Tokenizer::Bpe(encoding);
            assert!(FILLER.iter().chain([&CLOSING]).all(|word| tokenizer.count(word) == 1));
        }
    }
}
