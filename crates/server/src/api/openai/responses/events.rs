//! A response as the events of its stream: each with its number, none left out, and ids that stay the same.
//!
//! Everything but the pace follows from the finished response, so a stored one streams again as it did the first time.

use bytes::{BufMut, BytesMut};
use fakeai_writer::{CalledTool, Finish, Usage};
use serde_json::{Value, json};

use super::echo::under_way;
use super::hosted::{self, Steps};
use super::output::shown_text;
use crate::body::{Piece, StreamDialect, push_json, push_text};
use crate::error::ApiError;

/// How a stream differs from the plain one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Replay {
    /// Only events with higher numbers are sent.
    pub after: Option<u64>,
    /// The response was cancelled: the stream breaks off where the tokens do.
    pub cancelled: bool,
}

/// Writes a response event by event.
pub(super) struct Events {
    /// The response as it is in the end.
    response: Value,
    obfuscation: bool,
    replay: Replay,
    /// The number of the next event.
    sequence: u64,
    /// The output item under way or next, whether it was added, and how many of its tokens were said.
    place: usize,
    added: bool,
    said: usize,
    /// What the deltas of the item under way have in common; empty if they do not show.
    delta: DeltaForm,
    padding: u32,
}

/// A delta up to its number, from there to its text, and after it.
#[derive(Default)]
struct DeltaForm {
    head: Vec<u8>,
    middle: Vec<u8>,
    /// Whether they have a list of log probabilities, and whether there is anything in it.
    logprobs: Option<bool>,
}

impl Events {
    pub(super) fn new(response: Value, obfuscation: bool, replay: Replay) -> Self {
        Self {
            response,
            obfuscation,
            replay,
            sequence: 0,
            place: 0,
            added: false,
            said: 0,
            delta: DeltaForm::default(),
            padding: 0,
        }
    }

    fn item(&self) -> &Value {
        &self.response["output"][self.place]
    }

    /// Counts an event; what was written since `start` is taken back if nobody wants it.
    fn count(&mut self, start: usize, out: &mut BytesMut) {
        if self.replay.after.is_some_and(|after| self.sequence <= after) {
            out.truncate(start);
        }
        self.sequence += 1;
    }

    /// One event: its type, its number and `fields`.
    fn emit(&mut self, kind: &str, fields: &Value, out: &mut BytesMut) {
        let start = out.len();
        out.extend_from_slice(b"event: ");
        out.extend_from_slice(kind.as_bytes());
        out.extend_from_slice(b"\ndata: {\"type\":\"");
        out.extend_from_slice(kind.as_bytes());
        out.extend_from_slice(b"\",\"sequence_number\":");
        out.extend_from_slice(itoa::Buffer::new().format(self.sequence).as_bytes());
        for (name, value) in fields.as_object().into_iter().flatten() {
            out.extend_from_slice(b",\"");
            push_text(out, name);
            out.extend_from_slice(b"\":");
            push_json(out, value);
        }
        out.extend_from_slice(b"}\n\n");
        self.count(start, out);
    }

    /// One event of the item under way.
    fn emit_of_item(&mut self, kind: &str, mut fields: Value, out: &mut BytesMut) {
        let mut all = json!({"item_id": self.item()["id"], "output_index": self.place});
        if let (Some(all), Some(fields)) = (all.as_object_mut(), fields.as_object_mut()) {
            all.append(fields);
            all.retain(|name, value| name != "item_id" || !value.is_null());
        }
        self.emit(kind, &all, out);
    }

    fn emit_response(&mut self, kind: &str, status: &str, out: &mut BytesMut) {
        let response = under_way(&self.response, status, Vec::new());
        self.emit(kind, &json!({"response": response}), out);
    }

    /// Shows the beginning of the item at `place`.
    fn add(&mut self, out: &mut BytesMut) {
        (self.added, self.said) = (true, 0);
        let item = self.item().clone();
        if let Some(Steps { added, before, delta, .. }) = hosted::steps(&item) {
            self.emit_added(&added, out);
            for (kind, fields) in before {
                self.emit_of_item(kind, fields, out);
            }
            self.delta = delta.map_or_else(DeltaForm::default, |kind| self.form(kind, "", None));
            return;
        }
        let mut first = item.clone();
        match item["type"].as_str().unwrap_or_default() {
            "message" => {
                (first["status"], first["content"]) = (json!("in_progress"), json!([]));
                self.emit_added(&first, out);
                self.add_part(&item["content"][0], out);
            }
            "reasoning" => self.add_thoughts(first, out),
            "custom_tool_call" => {
                (first["status"], first["input"]) = (json!("in_progress"), json!(""));
                self.emit_added(&first, out);
                self.delta = self.form("response.custom_tool_call_input.delta", "", None);
            }
            _ => {
                (first["status"], first["arguments"]) = (json!("in_progress"), json!(""));
                self.emit_added(&first, out);
                self.delta = self.form("response.function_call_arguments.delta", "", None);
            }
        }
    }

    fn emit_added(&mut self, item: &Value, out: &mut BytesMut) {
        self.emit("response.output_item.added", &json!({"output_index": self.place, "item": item}), out);
    }

    fn add_part(&mut self, part: &Value, out: &mut BytesMut) {
        let (empty, kind) = match part["type"].as_str().unwrap_or_default() {
            "refusal" => (json!({"type": "refusal", "refusal": ""}), "response.refusal.delta"),
            "reasoning_text" => (json!({"type": "reasoning_text", "text": ""}), "response.reasoning_text.delta"),
            _ => (
                json!({"type": "output_text", "annotations": [], "logprobs": [], "text": ""}),
                "response.output_text.delta",
            ),
        };
        let given = part["logprobs"][0].is_object();
        let logprobs = (kind == "response.output_text.delta").then_some(given);
        self.emit_of_item("response.content_part.added", json!({"content_index": 0, "part": empty}), out);
        self.delta = self.form(kind, ",\"content_index\":0", logprobs);
    }

    fn add_thoughts(&mut self, mut first: Value, out: &mut BytesMut) {
        let summary = first["summary"][0].is_object();
        let open = first["content"][0].clone();
        first["summary"] = json!([]);
        if let Some(fields) = first.as_object_mut() {
            fields.remove("content");
            fields.remove("encrypted_content");
        }
        self.emit_added(&first, out);
        self.delta = DeltaForm::default();
        if summary {
            let part = json!({"type": "summary_text", "text": ""});
            self.emit_of_item("response.reasoning_summary_part.added", json!({"summary_index": 0, "part": part}), out);
            self.delta = self.form("response.reasoning_summary_text.delta", ",\"summary_index\":0", None);
        } else if open.is_object() {
            self.add_part(&open, out);
        }
    }

    /// The form of the deltas of the item under way.
    fn form(&self, kind: &str, index: &str, logprobs: Option<bool>) -> DeltaForm {
        let head = format!("event: {kind}\ndata: {{\"type\":\"{kind}\",\"sequence_number\":");
        let id = self.item()["id"].as_str().unwrap_or_default();
        let middle = format!(",\"item_id\":\"{id}\",\"output_index\":{}{index},\"delta\":\"", self.place);
        DeltaForm { head: head.into_bytes(), middle: middle.into_bytes(), logprobs }
    }

    fn say(&mut self, text: &str, out: &mut BytesMut) {
        let token = self.said;
        self.said += 1;
        if text.is_empty() || self.delta.head.is_empty() {
            return;
        }
        let start = out.len();
        out.extend_from_slice(&self.delta.head);
        out.extend_from_slice(itoa::Buffer::new().format(self.sequence).as_bytes());
        out.extend_from_slice(&self.delta.middle);
        push_text(out, text);
        out.extend_from_slice(b"\"");
        if let Some(given) = self.delta.logprobs {
            out.extend_from_slice(b",\"logprobs\":[");
            if given {
                push_json(out, &self.item()["content"][0]["logprobs"][token]);
            }
            out.extend_from_slice(b"]");
        }
        if self.obfuscation {
            self.obfuscate(text.len(), out);
        }
        out.extend_from_slice(b"}\n\n");
        self.count(start, out);
    }

    /// Pads what was `said` in bytes to a multiple of 16, so that lengths tell little about tokens.
    fn obfuscate(&mut self, said: usize, out: &mut BytesMut) {
        const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        out.extend_from_slice(b",\"obfuscation\":\"");
        for _ in 0..(16 - said % 16) {
            self.padding = self.padding.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            out.put_u8(LETTERS[(self.padding >> 16) as usize % 62]);
        }
        out.extend_from_slice(b"\"");
    }

    /// Shows the end of the item under way, and goes on to the next.
    fn close(&mut self, out: &mut BytesMut) {
        let item = self.item().clone();
        let text = shown_text(&item);
        let tools = self.response["tools"].as_array().map_or(&[][..], Vec::as_slice);
        if let Some(Steps { after, .. }) = hosted::steps(&item) {
            for (kind, fields) in hosted::partials(&item, tools).into_iter().chain(after) {
                self.emit_of_item(kind, fields, out);
            }
        } else {
            match item["type"].as_str().unwrap_or_default() {
                "message" => self.close_part(&item["content"][0], out),
                "reasoning" if item["content"].is_array() => self.close_part(&item["content"][0], out),
                "reasoning" if item["summary"][0].is_object() => {
                    let kind = "response.reasoning_summary_text.done";
                    self.emit_of_item(kind, json!({"summary_index": 0, "text": text}), out);
                    let part = json!({"summary_index": 0, "part": item["summary"][0]});
                    self.emit_of_item("response.reasoning_summary_part.done", part, out);
                }
                "function_call" => {
                    let fields = json!({"name": item["name"], "arguments": text});
                    self.emit_of_item("response.function_call_arguments.done", fields, out);
                }
                "custom_tool_call" => {
                    self.emit_of_item("response.custom_tool_call_input.done", json!({"input": text}), out);
                }
                _ => {}
            }
        }
        self.emit("response.output_item.done", &json!({"output_index": self.place, "item": item}), out);
        (self.place, self.added) = (self.place + 1, false);
    }

    fn close_part(&mut self, part: &Value, out: &mut BytesMut) {
        match part["type"].as_str().unwrap_or_default() {
            "refusal" => {
                let fields = json!({"content_index": 0, "refusal": part["refusal"]});
                self.emit_of_item("response.refusal.done", fields, out);
            }
            "reasoning_text" => {
                let fields = json!({"content_index": 0, "text": part["text"]});
                self.emit_of_item("response.reasoning_text.done", fields, out);
            }
            _ => {
                for (index, annotation) in part["annotations"].as_array().into_iter().flatten().enumerate() {
                    let fields = json!({"content_index": 0, "annotation_index": index, "annotation": annotation});
                    self.emit_of_item("response.output_text.annotation.added", fields, out);
                }
                let fields = json!({"content_index": 0, "text": part["text"], "logprobs": part["logprobs"]});
                self.emit_of_item("response.output_text.done", fields, out);
            }
        }
        self.emit_of_item("response.content_part.done", json!({"content_index": 0, "part": part}), out);
    }

    /// Shows all items before `place` to their ends.
    fn advance(&mut self, place: usize, out: &mut BytesMut) {
        while self.place < place {
            if !self.added {
                self.add(out);
            }
            self.close(out);
        }
    }
}

impl StreamDialect for Events {
    fn begin(&mut self, out: &mut BytesMut) {
        if self.response["background"] == true {
            self.emit_response("response.created", "queued", out);
            self.emit_response("response.queued", "queued", out);
        } else {
            self.emit_response("response.created", "in_progress", out);
        }
        self.emit_response("response.in_progress", "in_progress", out);
    }

    fn start(&mut self, _choice: usize, _first_call: Option<(usize, &CalledTool)>, _out: &mut BytesMut) {}

    fn piece(&mut self, _choice: usize, piece: &Piece<'_>, out: &mut BytesMut) {
        self.advance(piece.segment, out);
        if !self.added {
            self.add(out);
        }
        self.say(piece.text, out);
        if piece.last {
            self.close(out);
        }
    }

    fn finish(&mut self, _choice: usize, _finish: Finish, out: &mut BytesMut) {
        if !self.replay.cancelled {
            let all = self.response["output"].as_array().map_or(0, Vec::len);
            self.advance(all, out);
        }
    }

    fn end(&mut self, _usage: Usage, out: &mut BytesMut) {
        if !self.replay.cancelled {
            let kind =
                if self.response["status"] == "incomplete" { "response.incomplete" } else { "response.completed" };
            let response = self.response.take();
            self.emit(kind, &json!({"response": response}), out);
        }
    }

    fn fail(&mut self, error: &ApiError, out: &mut BytesMut) {
        let fields = json!({"code": error.code, "message": error.message, "param": error.param});
        self.emit("error", &fields, out);
    }
}
