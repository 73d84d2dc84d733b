//! The engine that turns phrases into sentences, paragraphs and sections, as long as is wanted.

use fakeai_core::Rng;
use fakeai_tokens::Quote;

use super::Language;
use super::bank::{Bank, bank};
use super::brief::Brief;
use super::intent::Intent;
use super::tone::Persona;
use super::walk::Walk;
use super::why;
use super::words::Cue;
use crate::Verbosity;
use crate::length::log_normal;

/// Texts of at least this many tokens get headings.
const SECTIONED_TOKENS: usize = 330;
/// Spread of the length of answers of one kind: standard deviation of the logarithm of the tokens.
const LENGTH_SIGMA: f64 = 0.45;

/// An answer of a hundred tokens quotes about so many phrases.
const USUAL_QUOTES: usize = 32;

/// Writes one answer to a brief.
pub(crate) struct Composer<'b> {
    pub(super) brief: &'b Brief<'b>,
    pub(super) bank: &'static Bank,
    pub(super) rng: Rng,
    /// Words to use more often than the prompt does.
    pub(super) favoured: &'b [String],
    /// Things put into slots by the form of the answer.
    pub(super) slots: Slots<'b>,
    /// Bytes at which the answer comes to its end; 0 where its form decides.
    target_bytes: usize,
    body: Walk,
    aspects: Walk,
    pub(super) settings: Walk,
    /// Through the aspects sentences mention.
    pub(super) mentioned: Walk,
    /// Through the events of a story.
    pub(super) tale: Walk,
    pub(super) scenes: Walk,
    /// The aspect the current section is about.
    pub(super) focus: usize,
    opened: bool,
    closed: bool,
    pub(super) sectioned: bool,
    /// Sentences of the current paragraph, and how many it will have.
    sentences: u32,
    planned: u32,
    pub(super) paragraphs: u32,
    /// The length in tokens, where that is given.
    pub(super) exact: Option<u32>,
    /// An object whose last string goes on.
    pub(super) open_object: bool,
    /// Whether it tells a story.
    pub(super) telling: bool,
    /// Sentences of the whole answer.
    pub(super) said: u32,
    /// Where which phrases stand.
    pub(super) quotes: Vec<Quote>,
}

/// What the form of an answer puts into slots.
#[derive(Debug, Default)]
pub(super) struct Slots<'b> {
    pub(super) a: &'b str,
    pub(super) b: &'b str,
    pub(super) n: String,
    pub(super) v: &'b str,
    pub(super) r: String,
}

impl<'b> Composer<'b> {
    /// A composer of one answer, of `exact` tokens if that is given.
    pub(crate) fn new(brief: &'b Brief<'b>, mut rng: Rng, exact: Option<u32>, favoured: &'b [String]) -> Self {
        let bank = bank(brief.language);
        let tokens = exact.or_else(|| brief.intent.log_tokens().map(|mu| natural_tokens(brief, mu, &mut rng)));
        let tokens = tokens.unwrap_or(0) as usize;
        Self {
            brief,
            bank,
            favoured,
            slots: Slots::default(),
            target_bytes: tokens * bank.token_bytes,
            body: Walk::new(bank.body.len()),
            aspects: Walk::new(bank.aspects.len()),
            settings: Walk::new(bank.settings.len()),
            mentioned: Walk::new(bank.aspects.len()),
            tale: Walk::new(bank.tales.middles.len()),
            scenes: Walk::new(bank.tales.scenes.len()),
            focus: rng.below(bank.aspects.len()),
            opened: false,
            closed: false,
            sectioned: tokens >= SECTIONED_TOKENS && brief.intent != Intent::Continue && brief.tone.sentences.is_none(),
            sentences: 0,
            planned: 2 + rng.below(2) as u32,
            paragraphs: 0,
            exact,
            open_object: false,
            telling: brief.intent == Intent::Story,
            said: 0,
            quotes: Vec::with_capacity(USUAL_QUOTES),
            rng,
        }
    }

    /// Where in the text phrases of the bank stand, in order.
    pub(crate) fn quotes(&self) -> &[Quote] {
        &self.quotes
    }

    /// Bytes of one token, about.
    pub(crate) const fn token_bytes(&self) -> usize {
        self.bank.token_bytes
    }

    /// The mark at the end of a sentence.
    pub(crate) const fn full_stop(&self) -> &'static str {
        self.bank.full_stop
    }

    /// Bytes of the whole answer, about.
    pub(crate) const fn expected_bytes(&self) -> usize {
        if self.target_bytes == 0 { 600 } else { self.target_bytes }
    }

    /// A sentence that declines.
    pub(crate) fn refuse(&mut self, out: &mut String) {
        let phrase = self.pick(self.bank.talk.refusals);
        self.say(out, phrase);
    }

    /// Appends the answer up to its end or until `out` has at least `cap_bytes`; whether that was its end.
    pub(crate) fn write(&mut self, out: &mut String, cap_bytes: usize) -> bool {
        let start = out.len();
        let complete = self.write_plain(out, cap_bytes);
        self.raise(out, start);
        complete
    }

    fn write_plain(&mut self, out: &mut String, cap_bytes: usize) -> bool {
        if !self.opened {
            self.opened = true;
            self.open(out);
        }
        while !self.is_done(out) {
            if out.len() >= cap_bytes {
                return false;
            }
            self.step(out);
        }
        if !self.closed {
            self.closed = true;
            self.close(out);
        }
        true
    }

    /// Whether the text is an object that still has to be closed, by [`super::json::CLOSING`].
    pub(crate) const fn is_open_object(&self) -> bool {
        self.open_object
    }

    /// Goes on past the end until `out` has at least `bytes`.
    pub(crate) fn go_on(&mut self, out: &mut String, bytes: usize) {
        let start = out.len();
        self.sectioned = self.brief.intent != Intent::Continue;
        if self.open_object {
            return self.filler(out, bytes);
        }
        while out.len() < bytes {
            self.step(out);
        }
        self.raise(out, start);
    }

    /// Capital letters where they are wanted.
    fn raise(&self, out: &mut String, from: usize) {
        if self.brief.tone.upper {
            let raised = out[from..].to_uppercase();
            out.truncate(from);
            out.push_str(&raised);
        }
    }

    fn is_done(&self, out: &str) -> bool {
        match self.brief.tone.sentences {
            Some(sentences) if self.target_bytes > 0 => self.said >= sentences,
            _ => out.len() >= self.target_bytes,
        }
    }

    fn open(&mut self, out: &mut String) {
        match self.brief.tone.persona {
            Some(Persona::Pirate) => out.push_str(self.pick(&["Arr, matey! ", "Ahoy there! ", "Shiver me timbers! "])),
            Some(Persona::Bard) => out.push_str(self.pick(&["Hark! ", "Prithee, lend thine ear. ", "Good morrow! "])),
            _ => {}
        }
        if self.brief.tone.words == Some(1) {
            self.one_word(out);
            return self.end_here();
        }
        match &self.brief.intent {
            Intent::Greeting | Intent::Wellbeing | Intent::Thanks | Intent::Acknowledge | Intent::Identity => {
                self.talk(out);
            }
            Intent::Joke => self.talk(out),
            Intent::Say(range) => out.push_str(self.brief.text.get(range.clone()).unwrap_or_default()),
            Intent::Arithmetic(value) => self.result(out, *value),
            Intent::Capital => self.capital(out),
            Intent::Code(program) => self.code(out, *program),
            Intent::Json => self.json(out),
            Intent::Table => self.table(out),
            Intent::List(count) if self.things(out, *count) => {}
            Intent::List(count) => self.list(out, *count),
            Intent::Translate => self.translate(out),
            Intent::Summary => self.summary(out),
            Intent::Rewrite => self.rewrite(out),
            Intent::Letter { email } => self.letter(out, *email),
            Intent::Story => self.story_opening(out),
            Intent::Poem if self.verse(out) => {}
            Intent::Poem => self.poem(out),
            Intent::Compare => self.compare(out),
            Intent::HowTo => self.how_to(out),
            Intent::YesNo => self.lead(out, self.bank.verdicts),
            Intent::Fact => self.lead(out, self.bank.facts),
            Intent::Statement => self.statement(out),
            Intent::Explain | Intent::Essay => self.lead(out, self.bank.leads),
            Intent::Continue => self.continue_text(out),
        }
    }

    /// The first sentence of a text about the topic, sometimes after a word about what was said before.
    fn lead(&mut self, out: &mut String, phrases: &'static [&'static str]) {
        if self.brief.intent == Intent::Essay {
            out.push_str("# ");
            self.capitalised_topic(out);
            out.push_str("\n\n");
        }
        let free = self.brief.tone.sentences.is_none_or(|sentences| sentences > 2);
        if self.brief.earlier.is_some() && free && self.rng.chance(0.5) {
            let phrase = self.pick(self.bank.talk.earlier);
            self.say(out, phrase);
            self.end_sentence();
        }
        let why = self.brief.intent == Intent::Explain && self.brief.language == Language::English;
        let phrase = if why && self.brief.words().iter().take(3).any(|word| word.cue == Cue::Why) {
            self.slots.r = why::undone(self.brief).unwrap_or_default();
            let neutral = self.slots.r.is_empty();
            self.pick(if neutral { why::NEUTRAL } else { why::REASONS })
        } else {
            self.pick(phrases)
        };
        self.say(out, phrase);
        self.end_sentence();
    }

    /// A last sentence, where there is room for one.
    fn close(&mut self, out: &mut String) {
        match self.brief.tone.persona {
            Some(Persona::Pirate) => {
                out.push_str(self.pick(&[" Fair winds to ye!", " Yo ho!", " Now hoist the sails!"]));
            }
            Some(Persona::Bard) => out.push_str(" Fare thee well!"),
            Some(Persona::Teacher) => out.push_str(" Does that make sense so far?"),
            None => {}
        }
        let talkative =
            self.brief.tone == super::tone::Tone::default() && self.target_bytes > 60 * self.bank.token_bytes;
        match self.brief.intent {
            Intent::Story => self.story_ending(out),
            Intent::Continue => {}
            _ if talkative && self.rng.chance(0.5) => {
                out.push_str("\n\n");
                let phrase = self.pick(self.bank.closings);
                self.say(out, phrase);
                self.planned = 0;
            }
            _ => {}
        }
    }

    /// One more sentence, list or heading.
    fn step(&mut self, out: &mut String) {
        let plain = matches!(self.brief.intent, Intent::Continue | Intent::Story);
        if self.sentences >= self.planned && !out.is_empty() && self.brief.tone.sentences.is_none() {
            self.paragraphs += 1;
            self.sentences = 0;
            self.planned = 3 + self.rng.below(3) as u32;
            out.push_str("\n\n");
            if self.sectioned && !plain && self.paragraphs % 2 == 1 {
                self.heading(out);
            } else if self.sectioned && !plain && self.rng.chance(0.3) {
                self.bullets(out);
                self.sentences = self.planned;
                return;
            }
        }
        if !out.is_empty() && !out.ends_with(char::is_whitespace) {
            out.push_str(self.bank.space);
        }
        if self.telling {
            self.story_sentence(out);
        } else {
            self.sentence(out);
        }
        self.end_sentence();
    }

    /// The answer is complete here, however long it was meant to be.
    pub(super) fn end_here(&mut self) {
        self.target_bytes = 0;
        self.end_block();
    }

    /// What follows begins a new paragraph.
    pub(super) fn end_block(&mut self) {
        self.sentences = self.planned;
    }

    /// Bytes the answer is meant to have; 0 where its form decides.
    pub(super) const fn wanted_bytes(&self) -> usize {
        self.target_bytes
    }

    /// Counts a sentence.
    fn end_sentence(&mut self) {
        self.sentences += 1;
        self.said += 1;
    }

    fn heading(&mut self, out: &mut String) {
        self.focus = self.aspects.next(&mut self.rng);
        out.push_str("## ");
        out.push_str(self.bank.aspects[self.focus].0);
        let round = self.aspects.rounds() - 1;
        if round > 0 {
            // Later rounds look at the same aspect in another setting, and at last number the rest.
            out.push_str(self.bank.colon);
            out.push_str(self.bank.settings[(round - 1 + self.focus) % self.bank.settings.len()]);
        }
        if round > self.bank.settings.len() {
            out.push_str(" (");
            out.push_str(&(round / self.bank.settings.len() + 1).to_string());
            out.push(')');
        }
        out.push_str("\n\n");
    }

    fn bullets(&mut self, out: &mut String) {
        for item in 0..3 {
            if item > 0 {
                out.push('\n');
            }
            self.focus = self.aspects.next(&mut self.rng);
            out.push_str("- **");
            out.push_str(self.bank.aspects[self.focus].0);
            out.push_str("**");
            out.push_str(self.bank.colon);
            self.sentence(out);
        }
    }

    /// One sentence about the topic.
    pub(super) fn sentence(&mut self, out: &mut String) {
        let index = self.body.next(&mut self.rng);
        self.say(out, self.bank.body[index]);
    }
}

/// The length of an answer nobody gave a length.
fn natural_tokens(brief: &Brief<'_>, mu: f64, rng: &mut Rng) -> u32 {
    let drawn = f64::from(log_normal(rng, mu, LENGTH_SIGMA));
    let verbosity = match brief.verbosity {
        Verbosity::Low => 0.5,
        Verbosity::Medium => 1.0,
        Verbosity::High => 2.0,
    };
    let brevity = if brief.tone.brief { 0.3 } else { 1.0 };
    // English takes about four tokens for three words.
    let wanted = brief.tone.words.filter(|words| *words > 1).map(|words| f64::from(words) * 4.0 / 3.0);
    wanted.unwrap_or(drawn * verbosity * brevity).clamp(8.0, 8000.0) as u32
}
