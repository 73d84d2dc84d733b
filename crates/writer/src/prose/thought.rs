//! What a model thinks before it answers: notes to itself, in English whatever the answer's language.

use super::composer::Composer;
use super::intent::Intent;
use super::walk::Walk;

/// First thoughts about a question.
const OPENINGS: &[&str] = &[
    "Okay, the user is asking about {t}. Let me think about what they really need here.",
    "The user wants to know about {t}. First I should work out what is being asked.",
    "Let me look at this: it is about {t}. What would be the most useful answer?",
    "So the question concerns {t}. Let me break it down step by step.",
    "Hmm, {t}. I should be careful to answer exactly what was asked.",
];

/// First thoughts about something to be made.
const TASKS: &[&str] = &[
    "The user wants me to produce something about {t}. Let me plan it before I write.",
    "Okay, I need to write this for {t}. What should it contain?",
    "Let me plan this. The request is about {t}, and the form matters as much as the content.",
];

/// First thoughts about a sum.
const SUMS: &[&str] = &[
    "This is a calculation. Let me go through it carefully.",
    "Let me compute this step by step and then check the result.",
];

/// Thoughts in any order.
const NOTES: &[&str] = &[
    "What do I know about {k}?",
    "The key point seems to be {k}.",
    "I should start from the basics, because nothing says how much they already know.",
    "Let me consider the alternatives before I settle on one.",
    "One could read this in two ways, but the context points to {t}.",
    "If I take {k} literally, the answer is short; they probably want the reasons as well.",
    "First, I should define the terms, then go on to {k}.",
    "An example would make this clearer.",
    "Wait, is that right? Let me check it again.",
    "Yes, that holds.",
    "Let me verify this with a simple case.",
    "It works for the simple case, so the general idea is sound.",
    "There is an exception to mention, though it rarely matters.",
    "I should not claim more than I can support about {k}.",
    "On the other hand, {k} could change the picture.",
    "Let me weigh that: the effect is small compared with the rest.",
    "The order matters here: cause first, then consequence.",
    "It would help to compare {k} with something familiar.",
    "Next, what follows from this for {t}?",
    "In practice people care about cost, time and risk, so I should touch on each.",
    "I could give a list, but a short explanation reads better.",
    "Perhaps a list is clearer after all; let me keep it to the essential points.",
    "The tone of the question is neutral, so the answer should be too.",
    "Let me also think about what could go wrong with {k}.",
    "A common mistake is to confuse the two; I will keep them apart.",
    "So far so good.",
    "Let me restate the question: what exactly is wanted about {t}?",
    "That means the answer has to address {k} directly.",
    "I have enough for the first part; now the second.",
    "Is there anything in the instructions that limits the length or the form?",
    "I will keep it concise unless detail is needed.",
    "Let me double-check the details on {k}.",
    "The numbers do not have to be exact here, but the direction does.",
    "Another angle: who will read this, and what will they do with it?",
    "They will likely follow up on {k}, so I can prepare for that.",
    "Let me think about the counterargument for a moment.",
    "The counterargument is weaker than it looks, because it assumes too much.",
    "I think the conclusion stands.",
    "Let me put the pieces together.",
    "Actually, I should reconsider the beginning: it should say the main thing at once.",
    "Good. The rest follows from that.",
    "What about edge cases? A brief remark will do.",
    "I want to avoid jargon where plain words are enough.",
    "Let me make sure that I do not repeat myself.",
    "Then I can close with a practical hint about {k}.",
];

/// Last thoughts.
const CLOSINGS: &[&str] = &[
    "Alright, I have what I need. Time to write the answer.",
    "Okay, that settles it. Now I can answer.",
    "I am confident enough; let me write it down clearly.",
];

impl Composer<'_> {
    /// Appends thoughts until `out` has at least `bytes`.
    pub(crate) fn think(&mut self, out: &mut String, bytes: usize) {
        let openings = match self.brief.intent {
            Intent::Arithmetic(_) => SUMS,
            Intent::Code(_) | Intent::Json | Intent::Table | Intent::Letter { .. } | Intent::Story | Intent::Poem => {
                TASKS
            }
            _ => OPENINGS,
        };
        let opening = self.pick(openings);
        self.say(out, opening);
        let mut notes = Walk::new(NOTES.len());
        let mut sentences = 1;
        let closing = self.pick(CLOSINGS);
        while out.len() + closing.len() < bytes {
            let paragraph = sentences >= 3 && self.rng.chance(0.3);
            out.push_str(if paragraph { "\n\n" } else { " " });
            sentences = if paragraph { 1 } else { sentences + 1 };
            let note = NOTES[notes.next(&mut self.rng)];
            self.say(out, note);
        }
        out.push_str("\n\n");
        out.push_str(closing);
    }
}
