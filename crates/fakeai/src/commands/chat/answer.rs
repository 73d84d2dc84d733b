//! One answer, printed as it comes.

use std::io::Write;

use fakeai_core::{Clock, Tick};
use serde::Deserialize;

use crate::client::{Body, ErrorObject, sse};
use crate::error::Error;

/// An answer and its figures.
#[derive(Debug)]
pub(super) struct Answer {
    /// What was said.
    pub(super) text: String,
    usage: Option<Usage>,
    /// When its first words came.
    first: Option<Tick>,
    end: Tick,
}

#[derive(Clone, Copy, Debug, Deserialize)]
struct Usage {
    prompt_tokens: u64,
    completion_tokens: u64,
}

/// A chunk of a stream, or a whole answer, as far as we look.
#[derive(Debug, Deserialize)]
struct Message {
    #[serde(default)]
    choices: Vec<Choice>,
    usage: Option<Usage>,
    error: Option<ErrorObject>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    #[serde(alias = "message")]
    delta: Delta,
}

#[derive(Debug, Deserialize)]
struct Delta {
    content: Option<String>,
    refusal: Option<String>,
}

impl Message {
    fn parse(json: &[u8]) -> Result<Self, Error> {
        serde_json::from_slice(json).map_err(|error| Error::Answer(format!("unexpected JSON: {error}")))
    }

    /// Every word in it.
    fn words(&self) -> impl Iterator<Item = &str> {
        let deltas = self.choices.iter().map(|choice| &choice.delta);
        deltas.flat_map(|delta| [&delta.content, &delta.refusal]).flatten().map(String::as_str)
    }
}

impl Answer {
    /// Reads server-sent events and prints each word when it comes.
    pub(super) async fn streamed(mut body: Body, clock: &Clock, out: &mut dyn Write) -> Result<Self, Error> {
        let mut answer = Self { text: String::new(), usage: None, first: None, end: clock.now() };
        let (mut parser, mut events, mut is_done) = (sse::Parser::default(), Vec::new(), false);
        while let Some(bytes) = body.chunk().await? {
            parser.feed(&bytes, |data| events.push(data.to_vec())).map_err(|error| Error::Answer(error.to_string()))?;
            answer.end = clock.now();
            for data in events.drain(..) {
                if data == b"[DONE]" {
                    is_done = true;
                } else {
                    answer.add(Message::parse(&data)?, out)?;
                }
            }
            out.flush()?;
        }
        writeln!(out)?;
        if is_done { Ok(answer) } else { Err(Error::Answer("the stream ended without [DONE]".to_owned())) }
    }

    /// Reads and prints an answer in one piece.
    pub(super) async fn whole(body: Body, clock: &Clock, out: &mut dyn Write) -> Result<Self, Error> {
        let message = Message::parse(&body.bytes().await?)?;
        let mut answer = Self { text: String::new(), usage: None, first: None, end: clock.now() };
        answer.add(message, out)?;
        answer.first = None;
        writeln!(out)?;
        Ok(answer)
    }

    fn add(&mut self, message: Message, out: &mut dyn Write) -> Result<(), Error> {
        for words in message.words().filter(|words| !words.is_empty()) {
            self.first.get_or_insert(self.end);
            out.write_all(words.as_bytes())?;
            self.text.push_str(words);
        }
        self.usage = message.usage.or(self.usage);
        match message.error {
            Some(error) => Err(error.into_stream_error()),
            None => Ok(()),
        }
    }

    /// `7 prompt + 12 answer tokens, 0.31 s, first after 0.02 s`.
    pub(super) fn figures(&self, begun: Tick) -> String {
        let count =
            |usage: Usage| format!("{} prompt + {} answer tokens, ", usage.prompt_tokens, usage.completion_tokens);
        let tokens = self.usage.map(count);
        let first = self.first.map(|first| format!(", first after {:.2} s", first.since(begun).as_secs_f64()));
        let total = self.end.since(begun).as_secs_f64();
        format!("{}{total:.2} s{}", tokens.unwrap_or_default(), first.unwrap_or_default())
    }
}
