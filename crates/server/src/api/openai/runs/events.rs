//! A run as events: `thread.*`, `thread.run.*`, `thread.run.step.*`, `thread.message.*`, `error`, `done`.
//!
//! The objects in them are the stored ones. What others do to the run meanwhile, such as cancelling it, is seen in the
//! thread's document, which is looked at again whenever the bus says that it has changed.

use bytes::BytesMut;
use fakeai_store::Subscription;
use fakeai_writer::{CalledTool as Named, Finish, SegmentKind, Usage};
use serde::Serialize;
use serde_json::{Value, json};

use super::encode;
use super::run::{CalledTool, Run, Status, Step, StepPhase, ToolCall, Work};
use crate::api::openai::threads::{Message, Phase, Thread};
use crate::body::{Piece, StreamDialect, push_json, push_text};
use crate::context::Context;
use crate::error::ApiError;
use crate::jobs::Moment;

/// What set the run going.
#[derive(Debug)]
pub(super) enum Beginning {
    /// It was made, and the thread with it.
    Thread,
    /// It was made.
    Run,
    /// Outputs were given, which ended the steps of these ids.
    Outputs(Vec<String>),
}

/// Writes a run event by event.
pub(super) struct RunEvents {
    context: Context,
    thread: Thread,
    run: Run,
    /// For each segment, the places of its step and its call.
    places: Vec<Option<(usize, usize)>>,
    beginning: Beginning,
    /// Says when the thread has changed.
    changes: Subscription,
    /// Whether it was looked at since it was subscribed to.
    seen: bool,
    /// Steps of the round that were opened, and how many of them were closed.
    opened: usize,
    closed: usize,
    /// What comes before each delta of the message, up to its text.
    prefix: Vec<u8>,
    /// Whether somebody removed the thread.
    gone: bool,
}

/// An event of a name and an object.
fn event(name: &str, data: &impl Serialize, out: &mut BytesMut) {
    open(name, out);
    push_json(out, data);
    out.extend_from_slice(b"\n\n");
}

fn open(name: &str, out: &mut BytesMut) {
    out.extend_from_slice(b"event: ");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\ndata: ");
}

/// A delta of one call, at its place in the step.
fn call_delta(step: &Step, delta: &Value, out: &mut BytesMut) {
    let details = json!({"type": "tool_calls", "tool_calls": [delta]});
    let object = json!({"id": step.id, "object": "thread.run.step.delta", "delta": {"step_details": details}});
    event("thread.run.step.delta", &object, out);
}

/// One token of a call.
fn call(step: &Step, place: usize, piece: &Piece<'_>, out: &mut BytesMut) {
    let Some(ToolCall { id, tool }) = step.calls().get(place) else { return };
    let kind = tool.kind();
    if piece.first {
        let opened = match tool {
            CalledTool::Function { name, .. } => json!({"name": name, "arguments": "", "output": null}),
            CalledTool::Code { .. } => json!({"input": "", "outputs": []}),
            CalledTool::Search { .. } => json!({}),
        };
        call_delta(step, &json!({"index": place, "id": id, "type": kind, kind: opened}), out);
    }
    let field = match tool {
        CalledTool::Function { .. } => "arguments",
        CalledTool::Code { .. } => "input",
        CalledTool::Search { .. } => return,
    };
    if !piece.text.is_empty() {
        call_delta(step, &json!({"index": place, "type": kind, kind: {field: piece.text}}), out);
    }
    if let CalledTool::Code { logs: Some(logs), .. } = tool
        && piece.last
    {
        let outputs = json!([{"index": 0, "type": "logs", "logs": logs}]);
        call_delta(step, &json!({"index": place, "type": kind, kind: {"outputs": outputs}}), out);
    }
}

impl RunEvents {
    pub(super) fn new(
        context: Context,
        thread: Thread,
        run: Run,
        places: Vec<Option<(usize, usize)>>,
        beginning: Beginning,
    ) -> Self {
        let changes = Thread::changes(&context, &thread.id);
        let (prefix, gone, seen) = (Vec::new(), false, false);
        Self { context, thread, run, places, beginning, changes, seen, opened: 0, closed: 0, prefix, gone }
    }

    fn steps(&self) -> &[Step] {
        self.run.rounds.last().map_or(&[], |round| &round.steps)
    }

    fn run_event(&self, status: Status, out: &mut BytesMut) {
        let object = encode::run(&self.run, &self.thread.id, status);
        event(&format!("thread.run.{}", status.name()), &object, out);
    }

    fn step_event(&self, step: &Step, name: Option<&str>, phase: StepPhase, out: &mut BytesMut) {
        let object = encode::step(&self.run, step, &self.thread.id, phase);
        let name = name.unwrap_or_else(|| object["status"].as_str().unwrap_or_default());
        event(&format!("thread.run.step.{name}"), &object, out);
    }

    fn message(&self, step: &Step) -> Option<&Message> {
        self.thread.messages.iter().rev().find(|message| step.message_id() == Some(&message.id))
    }

    /// Opens steps up to `wanted`, closing those before it.
    fn reach(&mut self, wanted: usize, out: &mut BytesMut) {
        while self.opened <= wanted && self.opened < self.steps().len() {
            self.close(out);
            let Some(step) = self.steps().get(self.opened) else { return };
            for name in ["created", "in_progress"] {
                self.step_event(step, Some(name), StepPhase::Writing, out);
            }
            if let Some(message) = self.message(step) {
                let object = message.object(&self.thread.id, Phase::Open);
                for name in ["created", "in_progress"] {
                    event(&format!("thread.message.{name}"), &object, out);
                }
                self.prefix = prefix(message);
            }
            self.opened += 1;
        }
    }

    /// Closes the open step, unless it waits for outputs.
    fn close(&mut self, out: &mut BytesMut) {
        if self.closed == self.opened {
            return;
        }
        let Some(step) = self.steps().get(self.closed).filter(|step| step.ends.is_some()) else { return };
        if let Some(message) = self.message(step) {
            let object = message.object(&self.thread.id, Phase::Ended);
            event(&format!("thread.message.{}", object["status"].as_str().unwrap_or_default()), &object, out);
        }
        self.step_event(step, None, StepPhase::Ended, out);
        self.closed = self.opened;
    }

    fn text(&self, step: &Step, piece: &Piece<'_>, out: &mut BytesMut) {
        if piece.text.is_empty() {
            return;
        }
        out.extend_from_slice(&self.prefix);
        push_text(out, piece.text);
        if piece.last
            && let Some(annotations) = self.message(step).map(annotations).filter(|all| !all.is_empty())
        {
            out.extend_from_slice(b"\",\"annotations\":");
            push_json(out, &annotations);
            out.extend_from_slice(b"}}]}}\n\n");
            return;
        }
        let tail: &[u8] = match (piece.kind, piece.first) {
            (SegmentKind::Refusal, _) => b"\"}]}}\n\n",
            (_, true) => b"\",\"annotations\":[]}}]}}\n\n",
            (_, false) => b"\"}}]}}\n\n",
        };
        out.extend_from_slice(tail);
    }

    /// Looks at the thread again, if it has changed.
    fn look(&mut self) {
        let mut changed = !self.seen;
        // Several changes are one look.
        while self.changes.try_next().is_some() {
            changed = true;
        }
        if !changed {
            return;
        }
        // A store that fails for a moment is looked at again.
        let Ok(document) = Thread::document(&self.context, &self.thread.id) else { return };
        self.seen = true;
        if document.as_ref().is_some_and(|document| Some(document.version) == self.thread.version) {
            return;
        }
        let found = Thread::read(document, &self.thread.id).ok();
        match found.and_then(|thread| Some((thread.run(&self.run.id).ok()?.clone(), thread))) {
            Some((run, thread)) => (self.run, self.thread) = (run, thread),
            None => self.gone = true,
        }
    }
}

/// What a message cites, numbered as deltas are.
fn annotations(message: &Message) -> Vec<Value> {
    let all = message.content.first().and_then(|part| part["text"]["annotations"].as_array()).into_iter().flatten();
    let numbered = |(index, annotation): (usize, &Value)| {
        let mut numbered = annotation.clone();
        numbered["index"] = json!(index);
        numbered
    };
    all.enumerate().map(numbered).collect()
}

/// A delta of a message up to its text.
fn prefix(message: &Message) -> Vec<u8> {
    let mut out = BytesMut::with_capacity(192);
    open("thread.message.delta", &mut out);
    out.extend_from_slice(b"{\"id\":\"");
    out.extend_from_slice(message.id.as_bytes());
    let refuses = message.content.first().is_some_and(|part| part["type"] == "refusal");
    let inner: &[u8] = if refuses {
        b"\",\"object\":\"thread.message.delta\",\"delta\":{\"content\":[{\"index\":0,\"type\":\"refusal\",\"refusal\":\""
    } else {
        b"\",\"object\":\"thread.message.delta\",\"delta\":{\"content\":[{\"index\":0,\"type\":\"text\",\"text\":{\"value\":\""
    };
    out.extend_from_slice(inner);
    out.to_vec()
}

impl StreamDialect for RunEvents {
    fn begin(&mut self, out: &mut BytesMut) {
        match &self.beginning {
            Beginning::Thread => event("thread.created", &self.thread.object(), out),
            Beginning::Run => {}
            Beginning::Outputs(done) => {
                for step in self.run.steps().filter(|step| done.contains(&step.id)) {
                    self.step_event(step, None, StepPhase::Ended, out);
                }
            }
        }
        if !matches!(self.beginning, Beginning::Outputs(_)) {
            let object = encode::run(&self.run, &self.thread.id, Status::Queued);
            event("thread.run.created", &object, out);
        }
        self.run_event(Status::Queued, out);
        self.run_event(Status::InProgress, out);
    }

    fn start(&mut self, _choice: usize, _first_call: Option<(usize, &Named)>, _out: &mut BytesMut) {}

    fn piece(&mut self, _choice: usize, piece: &Piece<'_>, out: &mut BytesMut) {
        let Some((wanted, call)) = self.places.get(piece.segment).copied().flatten() else { return };
        self.reach(wanted, out);
        let Some(step) = self.steps().get(wanted) else { return };
        match &step.work {
            Work::Message(_) => self.text(step, piece, out),
            Work::Calls(_) => self::call(step, call, piece, out),
        }
    }

    fn finish(&mut self, _choice: usize, _finish: Finish, _out: &mut BytesMut) {}

    fn stopped(&mut self) -> bool {
        self.look();
        let now = Moment::now(self.context.clock());
        let early = |status| matches!(status, Status::Cancelled | Status::Expired);
        self.gone || self.run.rounds.last().is_some_and(|round| round.ends <= now && early(round.end.status()))
    }

    fn end(&mut self, _usage: Usage, out: &mut BytesMut) {
        if !self.gone {
            let status = self.run.rounds.last().map_or(Status::Completed, |round| round.end.status());
            if status == Status::Cancelled {
                self.run_event(Status::Cancelling, out);
            } else {
                self.reach(usize::MAX - 1, out);
            }
            self.close(out);
            self.run_event(status, out);
        }
        out.extend_from_slice(b"event: done\ndata: [DONE]\n\n");
    }

    fn fail(&mut self, error: &ApiError, out: &mut BytesMut) {
        open("error", out);
        out.extend_from_slice(&error.to_line());
        out.extend_from_slice(b"\n\n");
    }
}
