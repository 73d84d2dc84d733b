//! Lists, steps, comparisons and tables.

use super::Language;
use super::composer::Composer;
use super::slots::{capitalise, turned};
use super::things;
use super::walk::Walk;
use super::words::Cue;

impl<'b> Composer<'b> {
    /// Exactly `count` items.
    pub(super) fn list(&mut self, out: &mut String, count: u32) {
        self.slots.n = self.items_called(count);
        let phrase = match self.brief.language {
            // The prompt's own words say what the items are for.
            Language::English if !self.slots.n.ends_with("ideas") => {
                self.pick(&["Here are {n}:", "Sure! Here are {n}:"])
            }
            _ => self.pick(self.bank.lists.intros),
        };
        self.say(out, phrase);
        out.push_str("\n\n");
        let good = ["benefit", "advantage", "reason", "pros"].iter().any(|word| self.slots.n.contains(word));
        let lists = &self.bank.lists;
        let items = if good && !self.slots.n.contains("disadvantage") && !lists.merits.is_empty() {
            lists.merits
        } else {
            lists.items
        };
        let mut walk = Walk::new(items.len());
        for item in 1..=count {
            if item > 1 {
                out.push('\n');
            }
            out.push_str(&item.to_string());
            out.push_str(". ");
            if item as usize > items.len() {
                self.sentence(out);
                continue;
            }
            let (title, text) = items[walk.next(&mut self.rng)];
            self.titled(out, title, text);
        }
    }

    /// "5 ideas for a birthday party", in the prompt's own words.
    fn items_called(&self, count: u32) -> String {
        let mut called = count.to_string();
        if matches!(self.brief.language, Language::Chinese | Language::Japanese) {
            return called;
        }
        called.push(' ');
        let named =
            self.brief.words().iter().find(|word| word.cue == Cue::List && !Self::is_bare(word.of(self.brief.text)));
        match named {
            Some(word) => turned(&mut called, self.brief.clause(word.start as usize), self.brief.language),
            None if things::asked(self.brief.text, self.brief.all_words()).is_some() => {
                turned(&mut called, self.brief.clause(self.brief.from as usize), self.brief.language);
            }
            None => called.push_str(match self.brief.language {
                Language::French => "idées",
                Language::German => "Ideen",
                _ => "ideas",
            }),
        }
        called
    }

    /// Words that ask for a list without saying of what, and those whose number is not the list's.
    fn is_bare(word: &str) -> bool {
        !word.ends_with(['s', 'e', 'n'])
            || ["list", "lista", "liste", "bullet", "idea", "name"].iter().any(|bare| word.eq_ignore_ascii_case(bare))
    }

    fn titled(&mut self, out: &mut String, title: &'static str, text: &'static str) {
        out.push_str("**");
        out.push_str(title);
        out.push_str("**");
        out.push_str(self.bank.colon);
        self.say(out, text);
    }

    /// Steps towards what the user wants to do.
    pub(super) fn how_to(&mut self, out: &mut String) {
        self.slots.v = self.action();
        let phrase =
            if self.slots.v.is_empty() { self.pick(self.bank.leads) } else { self.pick(self.bank.lists.how_to) };
        self.say(out, phrase);
        self.said += 1;
        if self.brief.tone.sentences.is_some() {
            return;
        }
        out.push_str("\n\n");
        let steps = self.bank.lists.steps;
        let count = if self.brief.tone.brief { 3 } else { 5 + self.rng.below(3) };
        // In order, leaving some out.
        let mut left_out = steps.len() - count.min(steps.len());
        let mut number = 0;
        for (index, (title, text)) in steps.iter().enumerate() {
            let inner = index > 0 && index + 1 < steps.len();
            if left_out > 0 && inner && self.rng.chance(left_out as f64 / (steps.len() - index) as f64) {
                left_out -= 1;
                continue;
            }
            number += 1;
            if number > 1 {
                out.push('\n');
            }
            out.push_str(&number.to_string());
            out.push_str(". ");
            self.titled(out, title, text);
        }
        if self.brief.tone.brief {
            return self.end_here();
        }
        self.end_block();
    }

    /// "bake sourdough bread": what follows "how do I".
    fn action(&self) -> &'b str {
        let clause = self.brief.clause(self.brief.from as usize);
        let mut rest = clause;
        for opening in [
            "do ",
            "does ",
            "can ",
            "could ",
            "should ",
            "would ",
            "to ",
            "i ",
            "you ",
            "we ",
            "one ",
            "someone ",
            "best ",
            "puedo ",
            "se puede ",
            "podría ",
            "puis-je ",
            "peut-on ",
            "on peut ",
            "kann ich ",
            "kann man ",
            "mache ich ",
        ] {
            if rest.as_bytes().get(..opening.len()).is_some_and(|head| head.eq_ignore_ascii_case(opening.as_bytes())) {
                rest = &rest[opening.len()..];
            }
        }
        for opening in ["请问", "我", "如何", "怎么样", "怎么", "怎样", "才能", "可以"] {
            rest = rest.strip_prefix(opening).unwrap_or(rest);
        }
        if self.brief.language == Language::Japanese { "" } else { rest }
    }

    /// What is compared: the words around "and", "vs", "y", "et", "und", "和", "と".
    fn compared(&self) -> (&'b str, &'b str) {
        let clause = self.brief.clause(0);
        for joint in [
            " and ", " vs. ", " vs ", " versus ", " or ", " with ", " to ", " y ", " et ", " und ", " o ", " ou ",
            " oder ", "和", "与", "と",
        ] {
            let Some((before, after)) = clause.split_once(joint) else { continue };
            let before = last_words(before);
            let after = after.split_once([',', '(', '的', 'の']).map_or(after, |(head, _)| head);
            let after = after.split_once(" for ").or_else(|| after.split_once(" in ")).map_or(after, |(head, _)| head);
            if !before.is_empty() && !after.is_empty() {
                return (before, after.trim());
            }
        }
        let text = |index| self.brief.phrase(index).map_or(self.bank.this[0], |phrase| phrase.text);
        (text(0), text(1))
    }

    /// Two things side by side.
    pub(super) fn compare(&mut self, out: &mut String) {
        (self.slots.a, self.slots.b) = self.compared();
        let phrase = self.pick(self.bank.lists.comparisons);
        self.say(out, phrase);
        self.said += 1;
        if self.brief.tone.sentences.is_some() || self.brief.tone.brief {
            return;
        }
        out.push_str("\n\n");
        if self.rng.chance(0.5) {
            self.comparison_table(out, 4);
        } else {
            self.comparison_bullets(out);
        }
        out.push_str("\n\n");
        let phrase = self.pick(self.bank.lists.choices);
        self.say(out, phrase);
        self.end_block();
    }

    fn comparison_bullets(&mut self, out: &mut String) {
        let mut walk = Walk::new(self.bank.lists.criteria.len());
        let picked: Vec<usize> = (0..3).map(|_| walk.next(&mut self.rng)).collect();
        for side in 0..2 {
            if side > 0 {
                out.push_str("\n\n");
            }
            out.push_str("**");
            let from = out.len();
            out.push_str(if side == 0 { self.slots.a } else { self.slots.b });
            capitalise(out, from);
            out.push_str("**\n");
            for index in &picked {
                let (name, one, other) = self.bank.lists.criteria[*index];
                out.push_str("\n- ");
                out.push_str(name);
                out.push_str(self.bank.colon);
                out.push_str(if side == 0 { one } else { other });
            }
        }
    }

    fn comparison_table(&mut self, out: &mut String, rows: usize) {
        let heads = [self.bank.lists.columns[0], self.slots.a, self.slots.b];
        row(out, &heads);
        out.push_str("\n|---|---|---|");
        let criteria = self.bank.lists.criteria;
        let mut walk = Walk::new(criteria.len());
        for _ in 0..rows.min(criteria.len()) {
            let (name, one, other) = criteria[walk.next(&mut self.rng)];
            out.push('\n');
            row(out, &[name, one, other]);
        }
    }

    /// A table: of a comparison where two things are named, else of aspects.
    pub(super) fn table(&mut self, out: &mut String) {
        let phrase = self.pick(self.bank.lists.tables);
        self.say(out, phrase);
        out.push_str("\n\n");
        let two = self.brief.words().iter().any(|word| word.cue == Cue::Compare);
        if two {
            (self.slots.a, self.slots.b) = self.compared();
            self.comparison_table(out, 6);
            return;
        }
        row(out, &self.bank.lists.columns);
        out.push_str("\n|---|---|---|");
        let mut walk = Walk::new(self.bank.aspects.len());
        for item in 0..5 {
            let (title, aspect) = self.bank.aspects[walk.next(&mut self.rng)];
            out.push_str("\n| ");
            out.push_str(title);
            out.push_str(" | ");
            let from = out.len();
            out.push_str(aspect);
            capitalise(out, from);
            out.push_str(" | ");
            let from = out.len();
            out.push_str(self.brief.phrase(item).map_or(self.bank.this[0], |phrase| phrase.text));
            capitalise(out, from);
            out.push_str(" |");
        }
    }
}

fn row(out: &mut String, cells: &[&str; 3]) {
    out.push('|');
    for cell in cells {
        out.push(' ');
        let from = out.len();
        out.push_str(cell);
        capitalise(out, from);
        out.push_str(" |");
    }
}

/// The last few words of `text`, from behind the words that lead up to them: "between TCP" is "TCP".
fn last_words(text: &str) -> &str {
    let mut start = 0;
    for lead in [
        "between ",
        "compare ",
        "comparing ",
        "is ",
        "of ",
        "entre ",
        "zwischen ",
        "comparar ",
        "choose ",
        "use ",
        "der ",
        "el ",
        "la ",
        "le ",
        "the ",
        "Compare ",
        "Comparing ",
    ] {
        if let Some(at) = text.rfind(lead) {
            start = start.max(at + lead.len());
        }
    }
    let rest = text[start..].trim();
    let rest =
        ["请比较", "比较", "请问", "请解释"].iter().fold(rest, |rest, lead| rest.strip_prefix(lead).unwrap_or(rest));
    let words = rest.split(' ').count();
    if words > 4 { rest.rsplit(' ').next().unwrap_or(rest) } else { rest }
}
