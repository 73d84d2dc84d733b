//! A generation as a chat completion: whole, or chunk by chunk.

use bytes::BytesMut;
use fakeai_writer::{Choice, Finish, Generation, Logprob, Segment, SegmentKind, Usage};
use serde::Serialize;

use crate::api::openai::usage::UsageWire;
use crate::body::{Piece, StreamDialect, push_json, push_text};

/// What all chunks of an answer, or the whole answer, have in common.
#[derive(Debug)]
pub(super) struct Head {
    pub id: String,
    pub created: i64,
    /// As the client wrote it.
    pub model: String,
    pub service_tier: &'static str,
    pub fingerprint: String,
}

// === the whole answer ===

#[derive(Serialize)]
pub(super) struct ChatCompletion<'a> {
    id: &'a str,
    object: &'static str,
    created: i64,
    model: &'a str,
    choices: Vec<ChoiceWire<'a>>,
    usage: UsageWire,
    service_tier: &'static str,
    system_fingerprint: &'a str,
}

#[derive(Serialize)]
struct ChoiceWire<'a> {
    index: usize,
    message: MessageWire<'a>,
    logprobs: Option<LogprobsWire>,
    finish_reason: &'static str,
}

#[derive(Serialize)]
struct MessageWire<'a> {
    role: &'static str,
    content: Option<&'a str>,
    refusal: Option<&'a str>,
    annotations: [(); 0],
}

/// The answer as one object.
pub(super) fn completion<'a>(head: &'a Head, generation: &'a Generation, logprobs: bool) -> ChatCompletion<'a> {
    let choices = generation.choices.iter().enumerate();
    ChatCompletion {
        id: &head.id,
        object: "chat.completion",
        created: head.created,
        model: &head.model,
        choices: choices.map(|(index, choice)| whole_choice(index, choice, logprobs)).collect(),
        usage: generation.usage.into(),
        service_tier: head.service_tier,
        system_fingerprint: &head.fingerprint,
    }
}

fn whole_choice(index: usize, choice: &Choice, logprobs: bool) -> ChoiceWire<'_> {
    let text = |kind| choice.segments.iter().find(|segment| segment.kind == kind).map(|segment| segment.text.as_str());
    let refusal = text(SegmentKind::Refusal);
    // A model that refuses says nothing else; one that has nothing to say says the empty text.
    let content = text(SegmentKind::Text).or(if refusal.is_some() { None } else { Some("") });
    ChoiceWire {
        index,
        message: MessageWire { role: "assistant", content, refusal, annotations: [] },
        logprobs: logprobs.then(|| LogprobsWire::of(&choice.segments)),
        finish_reason: choice.finish.name(),
    }
}

// === log probabilities ===

#[derive(Serialize)]
struct LogprobsWire {
    content: Option<Vec<TokenLogprob>>,
    refusal: Option<Vec<TokenLogprob>>,
}

#[derive(Serialize)]
struct TokenLogprob {
    token: String,
    logprob: f64,
    bytes: Vec<u8>,
    top_logprobs: Vec<TopLogprob>,
}

#[derive(Serialize)]
struct TopLogprob {
    token: String,
    logprob: f64,
    bytes: Vec<u8>,
}

impl LogprobsWire {
    fn of(segments: &[Segment]) -> Self {
        let tokens = |kind| {
            let segment = segments.iter().find(|segment| segment.kind == kind)?;
            let logprobs = segment.logprobs.iter().enumerate();
            Some(logprobs.map(|(index, logprob)| TokenLogprob::of(segment.token_bytes(index), logprob)).collect())
        };
        Self { content: tokens(SegmentKind::Text), refusal: tokens(SegmentKind::Refusal) }
    }

    fn of_piece(piece: &Piece<'_>, logprob: &Logprob) -> Self {
        let token = vec![TokenLogprob::of(piece.bytes, logprob)];
        match piece.kind {
            SegmentKind::Refusal => Self { content: None, refusal: Some(token) },
            // Only completions echo.
            SegmentKind::Text | SegmentKind::Echo => Self { content: Some(token), refusal: None },
        }
    }
}

impl TokenLogprob {
    fn of(bytes: &[u8], logprob: &Logprob) -> Self {
        let top = |(bytes, logprob): &(Vec<u8>, f64)| TopLogprob {
            token: String::from_utf8_lossy(bytes).into_owned(),
            logprob: *logprob,
            bytes: bytes.clone(),
        };
        Self {
            token: String::from_utf8_lossy(bytes).into_owned(),
            logprob: logprob.logprob,
            bytes: bytes.to_vec(),
            top_logprobs: logprob.top.iter().map(top).collect(),
        }
    }
}

// === chunk by chunk ===

/// Writes an answer as `chat.completion.chunk` events. What chunks have in common is rendered once.
pub(super) struct Chunks {
    /// `data: {… "choices":[{"index":`
    prefix: Box<[u8]>,
    /// After the choices: closing braces, `"usage":null` if usage will come.
    suffix: &'static [u8],
    include_usage: bool,
    logprobs: bool,
}

impl Chunks {
    pub(super) fn new(head: &Head, include_usage: bool, logprobs: bool) -> Self {
        let mut prefix = BytesMut::with_capacity(256);
        prefix.extend_from_slice(b"data: {\"id\":\"");
        push_text(&mut prefix, &head.id);
        prefix.extend_from_slice(b"\",\"object\":\"chat.completion.chunk\",\"created\":");
        prefix.extend_from_slice(itoa::Buffer::new().format(head.created).as_bytes());
        prefix.extend_from_slice(b",\"model\":\"");
        push_text(&mut prefix, &head.model);
        prefix.extend_from_slice(b"\",\"service_tier\":\"");
        prefix.extend_from_slice(head.service_tier.as_bytes());
        prefix.extend_from_slice(b"\",\"system_fingerprint\":\"");
        prefix.extend_from_slice(head.fingerprint.as_bytes());
        prefix.extend_from_slice(b"\",\"choices\":[");
        let suffix: &[u8] = if include_usage { b"],\"usage\":null}\n\n" } else { b"]}\n\n" };
        Self { prefix: prefix.to_vec().into_boxed_slice(), suffix, include_usage, logprobs }
    }

    fn open(&self, choice: usize, out: &mut BytesMut) {
        out.extend_from_slice(&self.prefix);
        out.extend_from_slice(b"{\"index\":");
        out.extend_from_slice(itoa::Buffer::new().format(choice).as_bytes());
        out.extend_from_slice(b",\"delta\":{");
    }

    fn close(&self, finish: Option<Finish>, out: &mut BytesMut) {
        match finish {
            None => out.extend_from_slice(b",\"finish_reason\":null}"),
            Some(finish) => {
                out.extend_from_slice(b",\"finish_reason\":\"");
                out.extend_from_slice(finish.name().as_bytes());
                out.extend_from_slice(b"\"}");
            }
        }
        out.extend_from_slice(self.suffix);
    }
}

impl StreamDialect for Chunks {
    fn start(&mut self, choice: usize, out: &mut BytesMut) {
        self.open(choice, out);
        out.extend_from_slice(b"\"role\":\"assistant\",\"content\":\"\",\"refusal\":null},\"logprobs\":null");
        self.close(None, out);
    }

    fn piece(&mut self, choice: usize, piece: &Piece<'_>, out: &mut BytesMut) {
        self.open(choice, out);
        out.extend_from_slice(match piece.kind {
            SegmentKind::Refusal => &b"\"refusal\":\""[..],
            SegmentKind::Text | SegmentKind::Echo => b"\"content\":\"",
        });
        push_text(out, piece.text);
        out.extend_from_slice(b"\"},\"logprobs\":");
        match piece.logprob.filter(|_| self.logprobs) {
            Some(logprob) => push_json(out, &LogprobsWire::of_piece(piece, logprob)),
            None => out.extend_from_slice(b"null"),
        }
        self.close(None, out);
    }

    fn finish(&mut self, choice: usize, finish: Finish, out: &mut BytesMut) {
        self.open(choice, out);
        out.extend_from_slice(b"},\"logprobs\":null");
        self.close(Some(finish), out);
    }

    fn end(&mut self, usage: Usage, out: &mut BytesMut) {
        if self.include_usage {
            out.extend_from_slice(&self.prefix);
            out.extend_from_slice(b"],\"usage\":");
            push_json(out, &UsageWire::from(usage));
            out.extend_from_slice(b"}\n\n");
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }
}
