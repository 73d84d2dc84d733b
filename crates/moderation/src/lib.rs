//! What in a text may harm: a score for each category of `OpenAI`'s moderation models.
//!
//! Words are judged where they stand. Idioms that only sound dangerous are taken out first (`idioms`), rules find
//! threats, insults, instructions and wishes in what is left (`rules`), and what frames a sentence lowers them again:
//! a report, a story, a negation, help that is offered (`frames`). A pure function of the text: it knows no models, no
//! HTTP, no chance beyond the text's own hash. Of pictures it is told shares of colours and nothing else.

mod category;
mod frames;
mod idioms;
mod pattern;
mod rules;
mod score;
mod words;

pub use category::{Category, Scores};
pub use score::{Sight, score, score_picture};
