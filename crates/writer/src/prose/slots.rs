//! Filling the slots of phrases: see [`super::bank`] for what they stand for.

use fakeai_tokens::Quote;

use super::Language;
use super::bank::Tales;
use super::composer::Composer;
use super::keywords::Phrase;

/// Shorter parts of phrases are split faster than they are looked up, bytes.
const SHORTEST_QUOTE: usize = 6;

impl Composer<'_> {
    /// One of the phrases.
    pub(super) fn pick(&mut self, phrases: &'static [&'static str]) -> &'static str {
        self.rng.pick(phrases).copied().unwrap_or_default()
    }

    /// Appends a phrase with its slots filled.
    pub(super) fn say(&mut self, out: &mut String, phrase: &'static str) {
        let start = out.len();
        let mut rest = phrase;
        while let Some(at) = memchr::memchr(b'{', rest.as_bytes()) {
            self.quote(out, &rest[..at]);
            let slot = rest.as_bytes().get(at + 1).copied().unwrap_or_default();
            let begins = out.len() == start;
            let from = out.len();
            self.fill(out, slot);
            if begins {
                capitalise(out, from);
            }
            rest = &rest[at + 3..];
        }
        self.quote(out, rest);
    }

    /// Appends a part of a phrase and notes where it stands.
    fn quote(&mut self, out: &mut String, phrase: &'static str) {
        self.note(out, phrase);
        out.push_str(phrase);
    }

    fn note(&mut self, out: &str, phrase: &'static str) {
        if phrase.len() >= SHORTEST_QUOTE {
            self.quotes.push(Quote { at: out.len() as u32, phrase });
        }
    }

    fn fill(&mut self, out: &mut String, slot: u8) {
        match slot {
            b'x' => {
                let index = if self.sectioned && self.paragraphs > 0 && self.rng.chance(0.4) {
                    self.focus
                } else {
                    self.mentioned.next(&mut self.rng)
                };
                let aspect = self.bank.aspects[index].1;
                self.note(out, aspect);
                contracted(out, aspect, self.brief.language);
            }
            b'e' => {
                let index = self.settings.next(&mut self.rng);
                self.quote(out, self.bank.settings[index]);
            }
            b'k' if !self.favoured.is_empty() && self.rng.chance(0.6) => {
                out.push_str(self.rng.pick(self.favoured).map_or("", String::as_str));
            }
            // A prompt with one keyword would have it in every sentence.
            b'k' if self.brief.phrase_count() < 2 && self.rng.chance(0.5) => {
                let this = self.pick(self.bank.this);
                self.quote(out, this);
            }
            b'k' => {
                let index = self.rng.below(self.brief.phrase_count().max(1));
                let phrase = self.brief.phrase(index);
                self.phrase(out, phrase);
            }
            b't' => self.phrase(out, self.brief.topic()),
            b'a' => out.push_str(self.slots.a),
            b'b' => out.push_str(self.slots.b),
            b'n' => out.push_str(&self.slots.n),
            b'v' => turned(out, self.slots.v, self.brief.language),
            b'o' => self.tell(out, |tales| tales.objects),
            b'w' => self.tell(out, |tales| tales.places),
            b'r' => out.push_str(&self.slots.r),
            b'm' => out.push_str(self.brief.model),
            b'p' => self.phrase(out, self.brief.earlier),
            _ => {}
        }
    }

    fn tell(&mut self, out: &mut String, words: fn(&Tales) -> &'static [&'static str]) {
        let word = self.pick(words(&self.bank.tales));
        out.push_str(word);
    }

    fn phrase(&self, out: &mut String, phrase: Option<Phrase<'_>>) {
        let Some(phrase) = phrase else { return out.push_str(self.bank.this[0]) };
        // The article is the prompt's; an answer in another language does without it.
        if !matches!(self.brief.language, Language::German | Language::Chinese | Language::Japanese) {
            contracted(out, phrase.article, self.brief.language);
        }
        out.push_str(phrase.text);
    }

    /// The topic without its article, as a title.
    pub(super) fn capitalised_topic(&self, out: &mut String) {
        let from = out.len();
        out.push_str(self.brief.topic().map_or(self.bank.this[0], |topic| topic.text));
        capitalise(out, from);
    }
}

/// Appends words that begin with an article, drawn together with the preposition before it.
fn contracted(out: &mut String, text: &str, language: Language) {
    let table: &[(&str, &str, &str)] = match language {
        Language::Spanish => &[(" de ", "el ", " del "), (" a ", "el ", " al ")],
        Language::French => {
            &[(" de ", "le ", " du "), (" de ", "les ", " des "), (" à ", "le ", " au "), (" à ", "les ", " aux ")]
        }
        _ => &[],
    };
    let found = table.iter().find(|(before, article, _)| text.starts_with(article) && out.ends_with(before));
    let Some((before, article, together)) = found else { return out.push_str(text) };
    out.truncate(out.len() - before.len());
    out.push_str(together);
    out.push_str(&text[article.len()..]);
}

/// Makes the letter at byte `from` a capital.
pub(super) fn capitalise(out: &mut String, from: usize) {
    let Some(first) = out.get(from..).and_then(|text| text.chars().next()) else { return };
    if first.is_lowercase() {
        let upper: String = first.to_uppercase().collect();
        out.replace_range(from..from + first.len_utf8(), &upper);
    }
}

/// Appends the user's words as said to him: "my" becomes "your".
pub(super) fn turned(out: &mut String, text: &str, language: Language) {
    if language != Language::English {
        return out.push_str(text);
    }
    for (index, word) in text.split(' ').enumerate() {
        if index > 0 {
            out.push(' ');
        }
        out.push_str(match word {
            "my" | "our" => "your",
            "me" | "us" | "I" | "i" | "we" => "you",
            "myself" => "yourself",
            "mine" | "ours" => "yours",
            "I'm" => "you're",
            "am" => "are",
            other => other,
        });
    }
}
