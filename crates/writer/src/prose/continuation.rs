//! Going on with a text, as completions models do.

use super::Language;
use super::composer::Composer;

impl Composer<'_> {
    /// Ends the sentence the prompt stops in, or begins a new one; before a suffix, leads over to it.
    pub(super) fn continue_text(&mut self, out: &mut String) {
        if self.begins_tale() {
            return self.tale(out);
        }
        let prompt = self.brief.text.trim_end_matches(' ');
        let spaced = self.brief.text.len() > prompt.len();
        if prompt.ends_with(|last: char| last.is_alphanumeric() || last == ',') {
            let phrase = match self.continued_fact() {
                Some(capital) => capital,
                None => self.pick(self.bank.texts.continuations),
            };
            let phrase = if spaced { phrase.trim_start() } else { phrase };
            if !phrase.starts_with(' ') && !spaced {
                out.push_str(self.bank.space);
            }
            self.say(out, phrase);
            if !phrase.ends_with('.') && !phrase.ends_with('。') {
                out.push_str(self.bank.full_stop);
            }
        } else {
            if !self.brief.text.ends_with(char::is_whitespace) && !prompt.is_empty() {
                out.push_str(if prompt.ends_with(['?', '？']) { "\n\n" } else { self.bank.space });
            }
            self.sentence(out);
        }
        if self.brief.suffix.is_some() {
            // The rest of the text is there already: one sentence joins the two.
            self.end_here();
        }
    }

    /// Whether the prompt stops where stories begin.
    fn begins_tale(&self) -> bool {
        const OPENINGS: [&str; 6] =
            ["once upon a time", "érase una vez", "il était une fois", "es war einmal", "从前", "昔々"];
        let prompt = self.brief.text.trim_end_matches([' ', ',', '，', '、']);
        prompt.len() < 80 && OPENINGS.iter().any(|opening| prompt.to_lowercase().ends_with(opening))
    }

    /// The hero of a story that has just begun.
    fn tale(&mut self, out: &mut String) {
        self.slots.a = self.pick(self.bank.tales.names);
        self.telling = true;
        let comma = self.brief.text.trim_end().ends_with([',', '，', '、']);
        let phrase = match self.brief.language {
            Language::English => ", in a village by the sea, there lived a lamplighter called {a}.",
            Language::Spanish => ", en un pueblo junto al mar, alguien que se llamaba {a}.",
            Language::French => ", dans un village au bord de la mer, une enfant que l’on appelait {a}.",
            Language::German => ", in einem Dorf am Meer, ein Kind mit Namen {a}.",
            Language::Chinese => "，海边的村子里住着一个叫{a}的孩子。",
            Language::Japanese => "、海辺の村に{a}という子どもがいました。",
        };
        let skipped = phrase.chars().next().map_or(0, char::len_utf8);
        let phrase = if comma { &phrase[skipped..] } else { phrase };
        self.say(out, if self.brief.text.ends_with(' ') { phrase.trim_start() } else { phrase });
    }

    /// "The capital of France is" goes on with its name.
    fn continued_fact(&self) -> Option<&'static str> {
        let ends = self.brief.text.trim_end().ends_with(" is");
        let asks = self.brief.words().iter().any(|word| word.cue == super::words::Cue::Capital);
        (ends && asks).then(|| self.capital_name()).flatten()
    }
}
