//! Stories and poems.

use super::composer::Composer;
use super::slots::capitalise;
use super::walk::Walk;

impl Composer<'_> {
    /// Title and first sentence of a story.
    pub(super) fn story_opening(&mut self, out: &mut String) {
        let tales = &self.bank.tales;
        self.slots.a = self.pick(tales.names);
        out.push_str("**");
        self.capitalised_topic(out);
        out.push_str("**\n\n");
        let phrase = self.pick(tales.openings);
        self.say(out, phrase);
        self.said += 1;
    }

    /// One sentence from the middle of a story; every few rounds about somebody else.
    pub(super) fn story_sentence(&mut self, out: &mut String) {
        if self.tale.rounds() > 1 && self.rng.chance(0.1) {
            self.slots.a = self.pick(self.bank.tales.names);
        }
        // The events of the bank happen once or twice; scenes with things and places in them go on for ever.
        let scenes = self.bank.tales.scenes;
        let past = self.tale.rounds() > 1;
        if self.rng.chance(if past { 0.85 } else { 0.3 }) {
            if scenes.is_empty() {
                return if past { self.sentence(out) } else { self.event(out) };
            }
            let index = self.scenes.next(&mut self.rng);
            return self.say(out, scenes[index]);
        }
        self.event(out);
    }

    fn event(&mut self, out: &mut String) {
        let index = self.tale.next(&mut self.rng);
        self.say(out, self.bank.tales.middles[index]);
    }

    /// The end of a story.
    pub(super) fn story_ending(&mut self, out: &mut String) {
        out.push_str("\n\n");
        let phrase = self.pick(self.bank.tales.endings);
        self.say(out, phrase);
    }

    /// A title and a few verses of two couplets.
    pub(super) fn poem(&mut self, out: &mut String) {
        let couplets = self.bank.tales.couplets;
        out.push_str("**");
        self.capitalised_topic(out);
        out.push_str("**\n");
        let mut walk = Walk::new(couplets.len());
        let verses = (2 + self.rng.below(2)).min(couplets.len() / 2).max(1);
        for verse in 0..verses {
            for couplet in 0..2 {
                let index = match (verse, couplet) {
                    // The first couplet names the topic.
                    (0, 0) => 0,
                    _ => self.later_couplet(&mut walk),
                };
                let (one, other) = couplets[index];
                for line in [one, other] {
                    out.push_str(if couplet == 0 && std::ptr::eq(line, one) { "\n" } else { "  \n" });
                    let from = out.len();
                    self.say(out, line);
                    capitalise(out, from);
                }
            }
            out.push('\n');
        }
        out.truncate(out.trim_end().len());
    }

    fn later_couplet(&mut self, walk: &mut Walk) -> usize {
        match walk.next(&mut self.rng) {
            0 => walk.next(&mut self.rng),
            other => other,
        }
    }
}
