//! Words worth reading: what a prompt asks for, and an answer to it in its language.
//!
//! [`Brief::read`] understands the prompt once, by a [`Reader`] that remembers; a [`Composer`] then writes from it, piece by piece, any number of
//! tokens. Phrases are in one [`bank`] a language; files such as `lists` or `letters` each know one form of answer.

mod arithmetic;
mod bank;
mod borders;
mod brief;
mod chinese;
mod code;
mod composer;
mod continuation;
mod english;
mod facts;
mod french;
mod german;
mod given_text;
mod intent;
mod japanese;
mod json;
mod keywords;
mod language;
mod letters;
mod lexicon;
mod lists;
mod memo;
mod reading;
mod slots;
mod spanish;
mod tales;
mod talk;
mod things;
mod thought;
mod tone;
mod translation;
mod verbatim;
mod verse;
mod vocabulary;
mod walk;
mod why;
mod words;

pub(crate) use brief::Brief;
pub(crate) use composer::Composer;
pub(crate) use given_text::sentences;
pub(crate) use json::CLOSING;
pub(crate) use language::Language;
pub(crate) use reading::Reader;
