//! A generation as `chat.completion.chunk` events.

use bytes::BytesMut;
use fakeai_writer::{CalledTool, Finish, SegmentKind, Usage};
use serde_json::Value;

use super::encode::finish_name;
use super::head::{CallIds, Head, Manner};
use super::logprobs::LogprobsWire;
use super::voice::Live;
use crate::api::openai::usage::UsageWire;
use crate::body::{Piece, StreamDialect, push_json, push_text};

/// Writes an answer chunk by chunk. What chunks have in common is rendered once.
pub(super) struct Chunks {
    /// `data: {… "choices":[{"index":`
    prefix: Box<[u8]>,
    /// After the choices: closing braces, `"usage":null` if usage will come.
    suffix: &'static [u8],
    manner: Manner,
    call_ids: CallIds,
    /// Decides the padding.
    padding: u32,
    /// The sound of each choice, if the answer is spoken.
    spoken: Vec<Live>,
    /// How request and answer were judged, if they were.
    moderation: Option<Value>,
}

impl Chunks {
    pub(super) fn new(head: Head) -> Self {
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
        let suffix: &[u8] = if head.manner.include_usage { b"],\"usage\":null" } else { b"]" };
        let prefix = prefix.to_vec().into_boxed_slice();
        let Head { manner, call_ids, moderation, .. } = head;
        Self { prefix, suffix, manner, call_ids, padding: 0, spoken: Vec::new(), moderation }
    }

    /// The same, with sound instead of content.
    pub(super) fn spoken(mut self, spoken: Vec<Live>) -> Self {
        self.spoken = spoken;
        self
    }

    fn open(&self, choice: usize, out: &mut BytesMut) {
        out.extend_from_slice(&self.prefix);
        out.extend_from_slice(b"{\"index\":");
        out.extend_from_slice(itoa::Buffer::new().format(choice).as_bytes());
        out.extend_from_slice(b",\"delta\":{");
    }

    fn close(&mut self, finish: Option<Finish>, said: usize, out: &mut BytesMut) {
        match finish {
            None => out.extend_from_slice(b",\"finish_reason\":null}"),
            Some(finish) => {
                out.extend_from_slice(b",\"finish_reason\":\"");
                out.extend_from_slice(finish_name(finish, self.manner.function_call).as_bytes());
                out.extend_from_slice(b"\"}");
            }
        }
        out.extend_from_slice(self.suffix);
        if self.manner.obfuscation {
            self.obfuscate(said, out);
        }
        out.extend_from_slice(b"}\n\n");
    }

    /// Pads what was `said` in bytes to a multiple of 16, so that lengths tell little about tokens.
    fn obfuscate(&mut self, said: usize, out: &mut BytesMut) {
        const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        out.extend_from_slice(b",\"obfuscation\":\"");
        for _ in 0..(16 - said % 16) {
            self.padding = self.padding.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            out.extend_from_slice(&LETTERS[(self.padding >> 16) as usize % 62..][..1]);
        }
        out.extend_from_slice(b"\"");
    }

    /// The first delta of a call: everything but its input.
    fn open_call(&self, choice: usize, segment: usize, tool: &CalledTool, out: &mut BytesMut) {
        let Some((index, id)) = self.call_ids.get(choice, segment) else { return };
        if self.manner.function_call {
            out.extend_from_slice(b"\"function_call\":{\"name\":\"");
            push_text(out, &tool.name);
            out.extend_from_slice(b"\",\"arguments\":\"\"}");
            return;
        }
        out.extend_from_slice(b"\"tool_calls\":[{\"index\":");
        out.extend_from_slice(itoa::Buffer::new().format(index).as_bytes());
        out.extend_from_slice(b",\"id\":\"");
        out.extend_from_slice(id.as_bytes());
        let (head, tail): (&[u8], &[u8]) = if tool.custom {
            (b"\",\"type\":\"custom\",\"custom\":{\"name\":\"", b"\",\"input\":\"\"}}]")
        } else {
            (b"\",\"type\":\"function\",\"function\":{\"name\":\"", b"\",\"arguments\":\"\"}}]")
        };
        out.extend_from_slice(head);
        push_text(out, &tool.name);
        out.extend_from_slice(tail);
    }

    /// A delta of a call's input.
    fn go_on_calling(&self, choice: usize, piece: &Piece<'_>, custom: bool, out: &mut BytesMut) {
        let tail: &[u8] = if self.manner.function_call {
            out.extend_from_slice(b"\"function_call\":{\"arguments\":\"");
            b"\"}"
        } else {
            let index = self.call_ids.get(choice, piece.segment).map_or(0, |(index, _)| index);
            out.extend_from_slice(b"\"tool_calls\":[{\"index\":");
            out.extend_from_slice(itoa::Buffer::new().format(index).as_bytes());
            let field: &[u8] = if custom { b",\"custom\":{\"input\":\"" } else { b",\"function\":{\"arguments\":\"" };
            out.extend_from_slice(field);
            b"\"}}]"
        };
        push_text(out, piece.text);
        out.extend_from_slice(tail);
    }

    fn call(&mut self, choice: usize, piece: &Piece<'_>, out: &mut BytesMut) {
        let Some(tool) = piece.tool else { return };
        let opens = piece.first && !self.opened_with(choice, piece.segment);
        // A name is several tokens and one delta.
        if !opens && piece.text.is_empty() {
            return;
        }
        self.open(choice, out);
        if opens {
            self.open_call(choice, piece.segment, tool, out);
        } else {
            self.go_on_calling(choice, piece, tool.custom, out);
        }
        out.extend_from_slice(b"},\"logprobs\":null");
        self.close(None, piece.text.len(), out);
    }

    /// A delta of the transcript, and one of sound where it completes a word.
    fn speak(&mut self, choice: usize, piece: &Piece<'_>, out: &mut BytesMut) {
        let Some(live) = self.spoken.get_mut(choice) else { return };
        let sound = live.advance(piece.text.len());
        let id = live.id.clone();
        for (field, text) in [("transcript", piece.text), ("data", sound.as_str())] {
            if text.is_empty() {
                continue;
            }
            self.open(choice, out);
            out.extend_from_slice(b"\"audio\":{\"id\":\"");
            out.extend_from_slice(id.as_bytes());
            out.extend_from_slice(b"\",\"");
            out.extend_from_slice(field.as_bytes());
            out.extend_from_slice(b"\":\"");
            push_text(out, text);
            out.extend_from_slice(b"\"}},\"logprobs\":null");
            self.close(None, text.len(), out);
        }
    }

    /// The last delta of sound: how long it can be referred to.
    fn stop_speaking(&mut self, choice: usize, out: &mut BytesMut) {
        let Some(live) = self.spoken.get(choice).filter(|live| live.has_spoken()) else { return };
        let (id, expires_at) = (live.id.clone(), live.expires_at);
        self.open(choice, out);
        out.extend_from_slice(b"\"audio\":{\"id\":\"");
        out.extend_from_slice(id.as_bytes());
        out.extend_from_slice(b"\",\"expires_at\":");
        out.extend_from_slice(itoa::Buffer::new().format(expires_at).as_bytes());
        out.extend_from_slice(b"}},\"logprobs\":null");
        self.close(None, 0, out);
    }

    /// Whether the chunk with the role already opened this call.
    fn opened_with(&self, choice: usize, segment: usize) -> bool {
        self.call_ids.first(choice) == Some(segment) && self.manner.reasoning.field().is_none()
    }
}

impl StreamDialect for Chunks {
    fn start(&mut self, choice: usize, first_call: Option<(usize, &CalledTool)>, out: &mut BytesMut) {
        self.open(choice, out);
        if let Some((segment, tool)) = first_call.filter(|(segment, _)| self.opened_with(choice, *segment)) {
            out.extend_from_slice(b"\"role\":\"assistant\",\"content\":null,");
            self.open_call(choice, segment, tool, out);
            out.extend_from_slice(b",\"refusal\":null},\"logprobs\":null");
        } else {
            let content: &[u8] = if self.spoken.is_empty() { b"\"\"" } else { b"null" };
            out.extend_from_slice(b"\"role\":\"assistant\",\"content\":");
            out.extend_from_slice(content);
            out.extend_from_slice(b",\"refusal\":null},\"logprobs\":null");
        }
        self.close(None, 0, out);
    }

    fn piece(&mut self, choice: usize, piece: &Piece<'_>, out: &mut BytesMut) {
        let field: &[u8] = match piece.kind {
            SegmentKind::Call => return self.call(choice, piece, out),
            SegmentKind::Text if !self.spoken.is_empty() => return self.speak(choice, piece, out),
            SegmentKind::Reasoning => match self.manner.reasoning.field() {
                None => return,
                Some(field) => field.as_bytes(),
            },
            SegmentKind::Refusal => b"refusal",
            SegmentKind::Text | SegmentKind::Echo => b"content",
        };
        self.open(choice, out);
        out.extend_from_slice(b"\"");
        out.extend_from_slice(field);
        out.extend_from_slice(b"\":\"");
        push_text(out, piece.text);
        out.extend_from_slice(b"\"},\"logprobs\":");
        match piece.logprob.filter(|_| self.manner.logprobs && piece.kind != SegmentKind::Reasoning) {
            Some(logprob) => push_json(out, &LogprobsWire::of_piece(piece, logprob)),
            None => out.extend_from_slice(b"null"),
        }
        self.close(None, piece.text.len(), out);
    }

    fn finish(&mut self, choice: usize, finish: Finish, out: &mut BytesMut) {
        self.stop_speaking(choice, out);
        self.open(choice, out);
        out.extend_from_slice(b"},\"logprobs\":null");
        self.close(Some(finish), 0, out);
    }

    fn end(&mut self, usage: Usage, out: &mut BytesMut) {
        if let Some(moderation) = self.moderation.take() {
            out.extend_from_slice(&self.prefix);
            out.extend_from_slice(self.suffix);
            out.extend_from_slice(b",\"moderation\":");
            push_json(out, &moderation);
            out.extend_from_slice(b"}\n\n");
        }
        if self.manner.include_usage {
            out.extend_from_slice(&self.prefix);
            out.extend_from_slice(b"],\"usage\":");
            push_json(out, &UsageWire::from(usage));
            out.extend_from_slice(b"}\n\n");
        }
        out.extend_from_slice(b"data: [DONE]\n\n");
    }
}
