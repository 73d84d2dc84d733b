//! Conversations (`ShareGPT`): `{"conversations": [{"from": "human", "value": "…"}, {"from": "gpt", "value": "…"}, …]}`,
//! one a line or all in an array; also `messages` with `role` and `content`. They have texts and no times.
//!
//! Each answer makes a request: its prompt is all that was said before, and the next one in the conversation begins
//! with both. What is said on the model's side without a question before it belongs to the next prompt.

use std::cell::Cell;
use std::io::{BufRead, Read};
use std::rc::Rc;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{DeserializeSeed, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::lines::words;
use super::{Collected, Format};
use crate::SimulateError;
use crate::workload::{Segment, Turn};

/// Contents of conversations are told apart from all others by this bit.
const OF_CONVERSATIONS: u64 = 1 << 62;

/// Tokens beyond this in one conversation are no conversation.
const MOST_TOKENS: u32 = 100_000_000;

#[derive(Deserialize)]
struct Conversation {
    #[serde(alias = "messages")]
    conversations: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(alias = "role")]
    from: String,
    #[serde(alias = "content")]
    value: String,
}

/// Adds the conversation in `json`.
pub(super) fn add(json: &str, line: usize, collected: &mut Collected<'_>) -> Result<(), SimulateError> {
    let conversation: Conversation = match serde_json::from_str(json) {
        Ok(conversation) => conversation,
        Err(error) => return collected.bad(line, words(&error)),
    };
    let content = collected.sessions.len() as u64 | OF_CONVERSATIONS;
    let (mut turns, mut said, mut has_asked) = (Vec::new(), 0_u32, false);
    for message in &conversation.conversations {
        let tokens = (collected.reading.count_tokens)(&message.value).min(MOST_TOKENS);
        let is_answer = matches!(message.from.as_str(), "gpt" | "chatgpt" | "assistant" | "bing" | "bard");
        let all = said.saturating_add(tokens).min(MOST_TOKENS);
        if is_answer && has_asked && said > 0 && tokens > 0 {
            turns.push(Turn {
                prompt_tokens: said,
                output_tokens: tokens,
                segments: [Segment { content, tokens: all }].into(),
                pause: Duration::ZERO,
            });
        }
        has_asked = !is_answer;
        said = all;
    }
    if turns.is_empty() {
        return collected.bad(line, "a conversation without a question and an answer");
    }
    collected.add(Duration::ZERO, turns);
    Ok(())
}

/// Reads an array of conversations, one after another.
pub(super) fn read_array(reader: impl BufRead, collected: &mut Collected<'_>) -> Result<(), SimulateError> {
    (collected.format, collected.is_timed) = (Format::ShareGpt, false);
    let line = Rc::new(Cell::new(1));
    let mut failure = None;
    let lines = Lines { reader, line: Rc::clone(&line) };
    let seed = Entries { collected: &mut *collected, line: &line, failure: &mut failure };
    let read = seed.deserialize(&mut serde_json::Deserializer::from_reader(lines));
    match (failure, read) {
        (Some(error), _) => Err(error),
        (None, Ok(())) => Ok(()),
        (None, Err(error)) if error.is_io() => Err(collected.broken(error.into())),
        // What follows a broken entry cannot be found again, so skipping it would skip the rest unseen.
        (None, Err(error)) => Err(SimulateError::Line {
            file: collected.reading.file.to_owned(),
            line: error.line(),
            reason: words(&error),
        }),
    }
}

/// Counts lines as their bytes are asked for, one at a time, as `serde_json` does.
struct Lines<R> {
    reader: R,
    line: Rc<Cell<usize>>,
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.reader.read(buffer)?;
        let ends = memchr::memchr_iter(b'\n', &buffer[..read]).count();
        self.line.set(self.line.get() + ends);
        Ok(read)
    }
}

/// Takes the entries of the array.
struct Entries<'a, 'b> {
    collected: &'a mut Collected<'b>,
    line: &'a Cell<usize>,
    failure: &'a mut Option<SimulateError>,
}

impl<'de> DeserializeSeed<'de> for Entries<'_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Entries<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("an array of conversations")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while let Some(entry) = entries.next_element::<Box<RawValue>>()? {
            if self.collected.is_full() {
                // The rest is read and forgotten, so that the array's end is found.
                continue;
            }
            if let Err(error) = add(entry.get(), self.line.get(), self.collected) {
                *self.failure = Some(error);
                return Err(serde::de::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}
