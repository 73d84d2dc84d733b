//! Going on with a text, as completions models do.

use super::composer::Composer;

impl Composer<'_> {
    /// Ends the sentence the prompt stops in, or begins a new one; before a suffix, leads over to it.
    pub(super) fn continue_text(&mut self, out: &mut String) {
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
                out.push_str(if prompt.ends_with(['?', ':', '？', '：']) { "\n\n" } else { self.bank.space });
            }
            self.sentence(out);
        }
        if self.brief.suffix.is_some() {
            // The rest of the text is there already: one sentence joins the two.
            self.end_here();
        }
    }

    /// "The capital of France is" goes on with its name.
    fn continued_fact(&self) -> Option<&'static str> {
        let tail = self.brief.text.trim_end().ends_with(" is");
        let asks = self.brief.words.list.iter().any(|word| word.cue == super::words::Cue::Capital);
        (tail && asks).then(|| self.capital_name()).flatten()
    }
}
