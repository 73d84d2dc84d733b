//! A response under way: what has become due of it is sent, item by item.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fakeai_core::Tick;
use fakeai_engine::{LatencyModel, Readiness};
use fakeai_telemetry::{Gaps, OpenStream, Outcome, Ticket};
use fakeai_writer::{Finish, SegmentKind, Usage};
use serde_json::{Value, json};

use super::begin::charge;
use super::config::{Config, format, tokens};
use super::conversation::Conversation;
use super::dialect::Dialect;
use super::item::{Content, Item, ItemStatus, Said};
use super::outbox::Outbox;
use super::prompt::Given;
use super::usage::ResponseUsage;
use super::voice::{Made, Sound, Speaking};
use crate::api::openai::chat::TOKENS_PER_SECOND;
use crate::body::Script;
use crate::context::Context;
use crate::error::ApiError;
use crate::generation::{Answer, Pace, Prepaid, charge_cached};

/// How a response ended.
#[derive(Clone, Debug)]
pub(super) enum Ending {
    Completed,
    /// Why: `turn_detected`, `client_cancelled`.
    Cancelled(&'static str),
    /// Why: `max_output_tokens`, `content_filter`.
    Incomplete(&'static str),
    Failed(ApiError),
}

/// A response under way. Dropping it says that the client left.
#[derive(Debug)]
pub(super) struct Response {
    pub id: String,
    context: Context,
    config: Config,
    /// Whether it is part of the conversation.
    pub is_in_conversation: bool,
    given: Given,
    saying: Option<Saying>,
    open: Option<Open>,
    output: Vec<Item>,
    usage: Usage,
    heard_until: Option<Tick>,
    has_ended: bool,
}

/// What it says, once that is known.
#[derive(Debug)]
struct Saying {
    script: Script,
    /// The messages still to be said.
    texts: VecDeque<String>,
    pace: Pace,
    readings: Vec<Prepaid>,
    delivered: u32,
    last: Tick,
    gaps: Gaps,
    open: Arc<OpenStream>,
    ticket: Ticket,
}

/// The item that is being said.
#[derive(Debug)]
struct Open {
    item: Item,
    /// Whether its last token was sent.
    is_written: bool,
    /// Bytes of its text that were sent.
    shown: usize,
    sound: Option<Sound>,
}

impl Response {
    /// One that is about to answer; `context` is its own.
    pub(super) fn new(id: String, context: Context, config: Config, is_in_conversation: bool) -> Self {
        {
            let mut note = context.note();
            note.status = 200;
            note.stream = true;
        }
        Self {
            id,
            context,
            config,
            is_in_conversation,
            given: Given::default(),
            saying: None,
            open: None,
            output: Vec::new(),
            usage: Usage::default(),
            heard_until: None,
            has_ended: false,
        }
    }

    /// The request that it is.
    pub(super) fn context(&self) -> &Context {
        &self.context
    }

    /// Takes in what it says and when; `given` is what the prompt counts.
    pub(super) fn answer(&mut self, answer: Answer, given: Given) {
        let Answer { mut generation, paces, readings } = answer;
        charge(&self.context, &self.config.card, given, &generation);
        self.given = given;
        self.usage = generation.usage;
        let (Some(pace), Some(choice)) = (paces.into_iter().next(), generation.choices.pop()) else { return };
        let texts = choice.segments.iter().filter(|segment| is_said(segment.kind));
        let texts = texts.map(|segment| segment.text.clone()).collect();
        let (endpoint, model) = {
            let note = self.context.note();
            (note.endpoint, note.model.clone())
        };
        let (request, workspace) = (self.context.request_id().into(), Arc::clone(self.context.workspace_name()));
        let count = choice.written_tokens();
        let open = Arc::new(OpenStream::new(request, endpoint, model, workspace, self.context.arrived(), count));
        self.saying = Some(Saying {
            script: Script::from(choice),
            texts,
            pace,
            readings,
            delivered: 0,
            last: self.context.arrived(),
            gaps: Gaps::default(),
            ticket: self.context.app().ledger.open(Arc::clone(&open)),
            open,
        });
    }

    /// Sends all that is due at `now`. True once it has ended.
    pub(super) fn advance(&mut self, now: Tick, out: &mut Outbox, conversation: &mut Conversation) -> bool {
        while let Some(saying) = &mut self.saying {
            if let Some(failure) = saying.pace.failure() {
                self.end(&Ending::Failed(failure), out, conversation);
                break;
            }
            self.send_sound(now, out);
            if let Some(open) = &self.open
                && open.is_written
            {
                if open.sound.as_ref().is_some_and(|sound| !sound.has_ended()) {
                    break;
                }
                self.close(ItemStatus::Completed, out, conversation);
                continue;
            }
            let Some(saying) = &mut self.saying else { break };
            if saying.script.next_kind().is_none() {
                let ending = match saying.script.finish {
                    Finish::Length => Ending::Incomplete("max_output_tokens"),
                    Finish::ContentFilter => Ending::Incomplete("content_filter"),
                    Finish::Stop | Finish::ToolCalls => Ending::Completed,
                };
                self.end(&ending, out, conversation);
                break;
            }
            match saying.pace.poll(now) {
                Readiness::Ready(due) => {
                    self.note_token(now, due);
                    self.say(due, out, conversation);
                }
                Readiness::At(_) => break,
                // Fewer ticks than tokens: what is left is ready.
                Readiness::Done => self.say(now, out, conversation),
            }
        }
        self.has_ended
    }

    /// When something is due next; `None` if nothing is, or it is not known yet.
    pub(super) fn due(&mut self) -> Option<Tick> {
        let saying = self.saying.as_mut()?;
        let sound = self.open.as_ref().and_then(|open| open.sound.as_ref()?.due(open.shown));
        if self.open.as_ref().is_some_and(|open| open.is_written) {
            return sound;
        }
        let token = saying.pace.next();
        match (token, sound) {
            (Some(token), Some(sound)) => Some(token.min(sound)),
            (token, sound) => token.or(sound),
        }
    }

    /// Wakes `waker` when the engine knows more. True if it does already.
    pub(super) fn listen(&self, waker: &Waker) -> bool {
        self.saying.as_ref().is_some_and(|saying| saying.pace.listen(waker))
    }

    /// Who has to make more of its sound.
    pub(super) fn wanted(&mut self) -> Option<Box<Speaking>> {
        self.open.as_mut()?.sound.as_mut()?.wanted()
    }

    /// Takes in sound that was made.
    pub(super) fn take(&mut self, made: Made) {
        if let Some(sound) = self.open.as_mut().and_then(|open| open.sound.as_mut()) {
            sound.take(made);
        }
    }

    /// The number and the text of what is being said, if its sound carries the number only; once.
    pub(super) fn mark(&mut self) -> Option<(u64, String)> {
        self.open.as_mut()?.sound.as_mut()?.mark.take()
    }

    /// When who listens has heard all of it, if it begins to be played as soon as it comes.
    pub(super) fn heard_until(&self) -> Option<Tick> {
        self.heard_until
    }

    fn note_token(&mut self, now: Tick, due: Tick) {
        let Some(saying) = &mut self.saying else { return };
        saying.pace.take();
        saying.delivered += 1;
        if saying.delivered == 1 {
            self.context.note().first_token = Some(now);
        } else {
            saying.gaps.longest = saying.gaps.longest.max(now.since(saying.last));
        }
        saying.last = now;
        let late = now.since(due);
        saying.gaps.late += late;
        saying.gaps.latest = saying.gaps.latest.max(late);
        saying.open.deliver(saying.delivered, now);
        self.context.app().ledger.pacing().observe(late, 1);
    }

    /// Says the next token, which was due at `due`.
    fn say(&mut self, due: Tick, out: &mut Outbox, conversation: &mut Conversation) {
        let Some(saying) = &mut self.saying else { return };
        let Some(piece) = saying.script.say() else { return };
        let (kind, first, last) = (piece.kind, piece.first, piece.last);
        let text = piece.text.to_owned();
        if first {
            let item = match piece.tool {
                Some(tool) => {
                    let call_id = self.context.id("call_", 16);
                    Some(Said::Call { call_id, name: tool.name.clone(), arguments: String::new() })
                }
                None => is_said(kind).then_some(Said::Message { role: "assistant", content: Vec::new() }),
            };
            if let Some(said) = item {
                self.begin_item(said, out, conversation);
            }
        }
        let Some(open) = &mut self.open else { return };
        open.shown += text.len();
        open.is_written = last;
        if let Some(sound) = &mut open.sound {
            sound.begin(due);
        }
        let id = open.item.id.clone();
        let (index, is_spoken) = (self.output.len(), open.sound.is_some());
        let response = &self.id;
        match &mut open.item.said {
            Said::Call { call_id, arguments, .. } => {
                arguments.push_str(&text);
                if !text.is_empty() {
                    let fields = json!({
                        "response_id": response, "item_id": id, "output_index": index, "call_id": call_id, "delta": text,
                    });
                    out.send("response.function_call_arguments.delta", fields);
                }
            }
            Said::Message { content, .. } => {
                match content.first_mut() {
                    Some(Content::Text(said)) => said.push_str(&text),
                    Some(Content::Spoken(spoken)) => spoken.transcript.push_str(&text),
                    _ => {}
                }
                if !text.is_empty() {
                    let name =
                        if is_spoken { "response.output_audio_transcript.delta" } else { "response.output_text.delta" };
                    out.send(name, part(response, &id, index, &[("delta", json!(text))]));
                }
            }
            Said::Result { .. } => {}
        }
    }

    fn begin_item(&mut self, said: Said, out: &mut Outbox, conversation: &mut Conversation) {
        let id = self.context.id("item_", 21);
        let mut item = Item { id, said, status: ItemStatus::InProgress };
        let index = self.output.len();
        out.send(
            "response.output_item.added",
            json!({"response_id": self.id, "output_index": index, "item": item.shown(out.dialect)}),
        );
        if self.is_in_conversation
            && let Ok(previous) = conversation.insert(item.clone(), None)
        {
            let fields = json!({"previous_item_id": previous, "item": item.shown(out.dialect)});
            out.send("conversation.item.added", fields);
        }
        let mut sound = None;
        if let Said::Message { content, .. } = &mut item.said {
            let text = self.saying.as_mut().and_then(|saying| saying.texts.pop_front()).unwrap_or_default();
            let part_shown = if self.config.speaks {
                let output = &self.config.output;
                sound = Some(Sound::new(&text, (output.voice, output.speed), output.coding, rtf(&self.context)));
                content.push(Content::Spoken(super::item::Spoken::default()));
                json!({"type": "audio", "transcript": ""})
            } else {
                content.push(Content::Text(String::new()));
                json!({"type": "text", "text": ""})
            };
            let fields = part(&self.id, &item.id, index, &[("part", part_shown)]);
            out.send("response.content_part.added", fields);
        }
        self.open = Some(Open { item, is_written: false, shown: 0, sound });
    }

    fn send_sound(&mut self, now: Tick, out: &mut Outbox) {
        let Some(open) = &mut self.open else { return };
        let Some(sound) = &mut open.sound else { return };
        while let Some(word) = sound.next(open.shown, now) {
            let delta = STANDARD.encode(&word.sound);
            let fields = part(&self.id, &open.item.id, self.output.len(), &[("delta", json!(delta))]);
            out.send("response.output_audio.delta", fields);
        }
    }

    /// Ends the item that is being said.
    fn close(&mut self, status: ItemStatus, out: &mut Outbox, conversation: &mut Conversation) {
        let Some(Open { mut item, sound, .. }) = self.open.take() else { return };
        item.status = status;
        let index = self.output.len();
        let response = &self.id;
        let id = item.id.clone();
        match &mut item.said {
            Said::Call { call_id, name, arguments } => out.send(
                "response.function_call_arguments.done",
                json!({
                    "response_id": response, "item_id": id, "output_index": index, "call_id": call_id, "name": name,
                    "arguments": arguments,
                }),
            ),
            Said::Message { content, .. } => match content.first_mut() {
                Some(Content::Spoken(spoken)) => {
                    self.heard_until = sound.as_ref().and_then(Sound::heard_until).or(self.heard_until);
                    let said = sound.map(|sound| sound.spoken).unwrap_or_default();
                    (spoken.milliseconds, spoken.words) = (said.milliseconds, said.words);
                    if status == ItemStatus::Incomplete {
                        // Words go before their sound; what was not heard was not said.
                        spoken.cut(spoken.milliseconds);
                    }
                    let transcript = &spoken.transcript;
                    out.send("response.output_audio.done", part(response, &id, index, &[]));
                    let fields = part(response, &id, index, &[("transcript", json!(transcript))]);
                    out.send("response.output_audio_transcript.done", fields);
                    let shown = json!({"type": "audio", "transcript": transcript});
                    out.send("response.content_part.done", part(response, &id, index, &[("part", shown)]));
                }
                Some(Content::Text(text)) => {
                    out.send("response.output_text.done", part(response, &id, index, &[("text", json!(text))]));
                    let shown = json!({"type": "text", "text": text});
                    out.send("response.content_part.done", part(response, &id, index, &[("part", shown)]));
                }
                _ => {}
            },
            Said::Result { .. } => {}
        }
        let shown = item.shown(out.dialect);
        if self.is_in_conversation {
            let items = conversation.items();
            let place = items.iter().position(|known| known.id == id);
            let previous = place.and_then(|place| place.checked_sub(1)).map(|before| items[before].id.clone());
            if let Some(known) = conversation.get_mut(&id) {
                *known = item.clone();
            }
            out.send("conversation.item.done", json!({"previous_item_id": previous, "item": shown}));
        }
        out.send("response.output_item.done", json!({"response_id": self.id, "output_index": index, "item": shown}));
        self.output.push(item);
    }

    /// Ends the response, be it before its time.
    pub(super) fn end(&mut self, ending: &Ending, out: &mut Outbox, conversation: &mut Conversation) {
        if self.has_ended {
            return;
        }
        if self.open.is_some() {
            self.close(ItemStatus::Incomplete, out, conversation);
        }
        self.has_ended = true;
        let used = self.used(matches!(ending, Ending::Completed | Ending::Incomplete(_)));
        let usage = (!matches!(ending, Ending::Failed(_)) || used.text > 0).then(|| used.shown());
        let shown = self.shown(out.dialect, conversation, Some((ending, usage)));
        out.send("response.done", json!({"response": shown}));
        self.settle(ending, used);
    }

    /// What was used so far. What is said is whole, or as much as was sent.
    fn used(&mut self, is_whole: bool) -> ResponseUsage {
        if let Some(saying) = &mut self.saying {
            charge_cached(&self.context, &mut saying.readings, &mut self.usage);
        }
        let (text, audio) = if is_whole {
            let audio = self.usage.completion_audio_tokens;
            (self.usage.completion_tokens - audio, audio)
        } else {
            let spoken = |item: &Item| match &item.said {
                Said::Message { content, .. } => content.iter().map(spoken_milliseconds).sum::<u64>(),
                _ => 0,
            };
            let milliseconds: u64 = self.output.iter().map(spoken).sum();
            let audio = (milliseconds as f64 / 1000.0 * TOKENS_PER_SECOND).ceil() as u32;
            (self.saying.as_ref().map_or(0, |saying| saying.delivered), audio)
        };
        ResponseUsage { given: self.given, cached: self.usage.cached_tokens, text, audio }
    }

    fn settle(&mut self, ending: &Ending, used: ResponseUsage) {
        if let Some(saying) = self.saying.take() {
            self.context.app().ledger.close(saying.ticket);
            let mut note = self.context.note();
            note.gaps = saying.gaps;
            note.tokens.audio = used.given.audio + used.audio;
            match ending {
                Ending::Completed | Ending::Incomplete(_) => note.tokens.delivered = used.text + used.audio,
                Ending::Cancelled(_) | Ending::Failed(_) => note.leave(used.text + used.audio),
            }
        }
        let outcome = match ending {
            Ending::Failed(error) => {
                let mut note = self.context.note();
                note.status = error.status.as_u16();
                note.detail = Some(error.detail());
                Some(Outcome::Error(error.label()))
            }
            Ending::Completed | Ending::Cancelled(_) | Ending::Incomplete(_) => None,
        };
        self.context.settle(outcome);
    }

    /// `response` of an event; without an ending it is under way.
    pub(super) fn shown(
        &self,
        dialect: Dialect,
        conversation: &Conversation,
        ending: Option<(&Ending, Option<Value>)>,
    ) -> Value {
        let (status, details) = ending.as_ref().map_or(("in_progress", None), |(ending, _)| ending.shown());
        let output: Vec<Value> = self.output.iter().map(|item| item.shown(dialect)).collect();
        let mut shown = json!({
            "object": "realtime.response", "id": self.id, "status": status, "output": output,
            "max_output_tokens": tokens(self.config.max_output_tokens), "metadata": self.config.metadata,
        });
        let mut put = |name: &str, value: Value| shown[name] = value;
        if let Some(details) = details {
            put("status_details", details);
        }
        if self.is_in_conversation {
            put("conversation_id", json!(conversation.id));
        }
        let (output, speaks) = (&self.config.output, self.config.speaks);
        match dialect {
            Dialect::General | Dialect::Translation => {
                put("output_modalities", json!([if speaks { "audio" } else { "text" }]));
                let coding = format(output.coding);
                put("audio", json!({"output": {"format": coding, "voice": self.config.voice_name()}}));
            }
            Dialect::Beta => {
                put("modalities", if speaks { json!(["audio", "text"]) } else { json!(["text"]) });
                put("voice", json!(self.config.voice_name()));
                put("output_audio_format", json!(output.coding.beta_name()));
                put("temperature", json!(self.config.temperature));
            }
        }
        if let Some(usage) = ending.and_then(|(_, usage)| usage) {
            put("usage", usage);
        }
        shown
    }
}

impl Drop for Response {
    fn drop(&mut self) {
        if !self.has_ended {
            let used = self.used(false);
            if let Some(saying) = &self.saying {
                self.context.app().ledger.close(saying.ticket);
                let mut note = self.context.note();
                note.gaps = saying.gaps;
                note.leave(used.text + used.audio);
            }
            self.context.settle(Some(Outcome::ClientClosed));
        }
    }
}

impl Ending {
    /// `status` and `status_details`.
    fn shown(&self) -> (&'static str, Option<Value>) {
        match self {
            Self::Completed => ("completed", None),
            Self::Cancelled(reason) => ("cancelled", Some(json!({"type": "cancelled", "reason": reason}))),
            Self::Incomplete(reason) => ("incomplete", Some(json!({"type": "incomplete", "reason": reason}))),
            Self::Failed(error) => {
                let code = error.code.unwrap_or(error.kind);
                let error = json!({"type": error.kind, "code": code, "message": error.message});
                ("failed", Some(json!({"type": "failed", "error": error})))
            }
        }
    }
}

/// Whether tokens of this kind are a message.
pub(super) const fn is_said(kind: SegmentKind) -> bool {
    matches!(kind, SegmentKind::Text | SegmentKind::Refusal)
}

fn spoken_milliseconds(content: &Content) -> u64 {
    match content {
        Content::Spoken(spoken) => spoken.milliseconds,
        _ => 0,
    }
}

/// Seconds a second of speech takes to leave.
pub(super) fn rtf(context: &Context) -> f64 {
    let settings = &context.app().settings;
    if settings.latency == LatencyModel::Instant { 0.0 } else { settings.audio.rtf }
}

/// The fields of an event about the one content of an item.
fn part(response: &str, item: &str, index: usize, more: &[(&str, Value)]) -> Value {
    let mut fields = json!({"response_id": response, "item_id": item, "output_index": index, "content_index": 0});
    for (name, value) in more {
        fields[*name] = value.clone();
    }
    fields
}
