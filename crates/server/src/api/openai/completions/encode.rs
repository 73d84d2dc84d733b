//! A generation as a text completion: whole, or chunk by chunk.

use std::borrow::Cow;

use bytes::BytesMut;
use fakeai_writer::{CalledTool, Choice, Finish, Generation, Logprob, Segment, Usage};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::api::openai::transfer::TransferAnswer;
use crate::api::openai::usage::UsageWire;
use crate::body::{Piece, StreamDialect, push_json, push_text};

/// What all chunks of an answer, or the whole answer, have in common.
#[derive(Debug)]
pub(super) struct Head {
    pub id: String,
    pub created: i64,
    /// As the client wrote it.
    pub model: String,
    pub fingerprint: String,
    /// What a server elsewhere has to know; absent unless it was asked for, null if there is nothing.
    pub transfer: Option<TransferAnswer>,
}

#[derive(Serialize)]
pub(super) struct Completion<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    model: &'a str,
    choices: Vec<ChoiceWire<'a>>,
    usage: UsageWire,
    system_fingerprint: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    kv_transfer_params: Option<&'a TransferAnswer>,
}

#[derive(Serialize)]
struct ChoiceWire<'a> {
    text: Cow<'a, str>,
    index: usize,
    logprobs: Option<LogprobsWire>,
    finish_reason: &'static str,
}

/// The answer as one object.
pub(super) fn completion<'a>(head: &'a Head, generation: &'a Generation) -> Completion<'a> {
    Completion {
        id: &head.id,
        object: "text_completion",
        created: head.created,
        model: &head.model,
        choices: generation.choices.iter().enumerate().map(|(index, choice)| whole(index, choice)).collect(),
        usage: generation.usage.into(),
        system_fingerprint: &head.fingerprint,
        kv_transfer_params: head.transfer.as_ref(),
    }
}

fn whole(index: usize, choice: &Choice) -> ChoiceWire<'_> {
    let text = match &choice.segments[..] {
        [only] => Cow::Borrowed(only.text.as_str()),
        several => Cow::Owned(several.iter().map(|segment| segment.text.as_str()).collect()),
    };
    let mut base = 0;
    let mut logprobs: Option<LogprobsWire> = None;
    for segment in &choice.segments {
        if let Some(more) = LogprobsWire::of(segment, base) {
            match &mut logprobs {
                Some(all) => all.append(more),
                None => logprobs = Some(more),
            }
        }
        base += segment.text.len();
    }
    ChoiceWire { text, index, logprobs, finish_reason: choice.finish.name() }
}

/// Log probabilities in the form of 2020: four lists side by side.
#[derive(Serialize)]
struct LogprobsWire {
    tokens: Vec<String>,
    token_logprobs: Vec<f64>,
    top_logprobs: Option<Vec<Map<String, Value>>>,
    text_offset: Vec<usize>,
}

impl LogprobsWire {
    /// Of the tokens of a segment that starts at byte `base`; `None` if none were asked for.
    fn of(segment: &Segment, base: usize) -> Option<Self> {
        if segment.logprobs.is_empty() {
            return None;
        }
        let (logprobs, tokens) = (&segment.logprobs, 0..segment.tokens.len());
        let start = |index: usize| index.checked_sub(1).map_or(0, |before| segment.tokens[before].end as usize) + base;
        Some(Self {
            tokens: tokens.clone().map(|index| word(segment.token_bytes(index))).collect(),
            token_logprobs: logprobs.iter().map(|logprob| logprob.logprob).collect(),
            top_logprobs: logprobs
                .iter()
                .any(|logprob| !logprob.top.is_empty())
                .then(|| logprobs.iter().map(tops).collect()),
            text_offset: tokens.map(start).collect(),
        })
    }

    /// Of one token.
    fn of_piece(piece: &Piece<'_>, logprob: &Logprob) -> Self {
        let top = (!logprob.top.is_empty()).then(|| vec![tops(logprob)]);
        Self {
            tokens: vec![word(piece.bytes)],
            token_logprobs: vec![logprob.logprob],
            top_logprobs: top,
            text_offset: vec![piece.offset],
        }
    }

    fn append(&mut self, more: Self) {
        self.tokens.extend(more.tokens);
        self.token_logprobs.extend(more.token_logprobs);
        self.text_offset.extend(more.text_offset);
        if let (Some(top), Some(more)) = (&mut self.top_logprobs, more.top_logprobs) {
            top.extend(more);
        }
    }
}

fn word(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The most probable tokens at one place.
fn tops(logprob: &Logprob) -> Map<String, Value> {
    logprob.top.iter().map(|(bytes, value)| (word(bytes), Value::from(*value))).collect()
}

/// Writes an answer as `text_completion` events.
pub(super) struct Chunks {
    prefix: Box<[u8]>,
    suffix: Box<[u8]>,
    include_usage: bool,
}

impl Chunks {
    pub(super) fn new(head: &Head, include_usage: bool) -> Self {
        let mut prefix = BytesMut::with_capacity(128);
        prefix.extend_from_slice(b"data: {\"id\":\"");
        push_text(&mut prefix, &head.id);
        prefix.extend_from_slice(b"\",\"object\":\"text_completion\",\"created\":");
        prefix.extend_from_slice(itoa::Buffer::new().format(head.created).as_bytes());
        prefix.extend_from_slice(b",\"choices\":[");
        let mut suffix = BytesMut::with_capacity(96);
        suffix.extend_from_slice(b"],\"model\":\"");
        push_text(&mut suffix, &head.model);
        suffix.extend_from_slice(b"\",\"system_fingerprint\":\"");
        suffix.extend_from_slice(head.fingerprint.as_bytes());
        suffix.extend_from_slice(b"\"");
        Self { prefix: prefix.to_vec().into(), suffix: suffix.to_vec().into(), include_usage }
    }

    fn close(&self, out: &mut BytesMut) {
        out.extend_from_slice(&self.suffix);
        out.extend_from_slice(if self.include_usage { b",\"usage\":null}\n\n" } else { b"}\n\n" });
    }
}

impl StreamDialect for Chunks {
    fn start(&mut self, _: usize, _: Option<(usize, &CalledTool)>, _: &mut BytesMut) {}

    fn piece(&mut self, choice: usize, piece: &Piece<'_>, out: &mut BytesMut) {
        out.extend_from_slice(&self.prefix);
        out.extend_from_slice(b"{\"text\":\"");
        push_text(out, piece.text);
        out.extend_from_slice(b"\",\"index\":");
        out.extend_from_slice(itoa::Buffer::new().format(choice).as_bytes());
        out.extend_from_slice(b",\"logprobs\":");
        push_json(out, &piece.logprob.map(|logprob| LogprobsWire::of_piece(piece, logprob)));
        out.extend_from_slice(b",\"finish_reason\":null}");
        self.close(out);
    }

    fn finish(&mut self, choice: usize, finish: Finish, out: &mut BytesMut) {
        out.extend_from_slice(&self.prefix);
        out.extend_from_slice(b"{\"text\":\"\",\"index\":");
        out.extend_from_slice(itoa::Buffer::new().format(choice).as_bytes());
        out.extend_from_slice(b",\"logprobs\":null,\"finish_reason\":\"");
        out.extend_from_slice(finish.name().as_bytes());
        out.extend_from_slice(b"\"}");
        self.close(out);
    }

    fn end(&mut self, usage: Usage, out: &mut BytesMut) {
        if self.include_usage {
            out.extend_from_slice(&self.prefix);
            out.extend_from_slice(&self.suffix);
            out.extend_from_slice(b",\"usage\":");
            push_json(out, &UsageWire::from(usage));
            out.extend_from_slice(b"}\n\n");
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }
}
