//! Letters and e-mails.

use super::composer::Composer;

impl Composer<'_> {
    /// A letter about the topic, with a subject if it is an e-mail.
    pub(super) fn letter(&mut self, out: &mut String, email: bool) {
        let texts = &self.bank.texts;
        if email {
            out.push_str("**");
            out.push_str(texts.subject);
            let phrase = self.pick(texts.subjects);
            self.say(out, phrase);
            out.push_str("**\n\n");
        }
        let phrase = self.pick(texts.salutations);
        self.say(out, phrase);
        for paragraph in texts.letter {
            out.push_str("\n\n");
            let phrase = self.pick(paragraph);
            self.say(out, phrase);
        }
        out.push_str("\n\n");
        let phrase = self.pick(texts.farewells);
        self.say(out, phrase);
    }
}
