//! A session: what clients say and what time brings comes in, events go out. It has no socket and never sleeps; what
//! takes a while is [`Work`] for others.

use std::collections::VecDeque;
use std::task::Waker;
use std::time::Duration;

use fakeai_core::Tick;
use serde_json::{Map, Value, json};

use super::begin::begin;
use super::buffer::InputBuffer;
use super::calls;
use super::config::{Config, Kind};
use super::conversation::Conversation;
use super::dialect::Dialect;
use super::event::{self, ClientEvent};
use super::heard::{Listening, Purpose, Writing};
use super::item::{Content, Heard, Item, ItemStatus, Recording, Said};
use super::outbox::Outbox;
use super::reading::{Reading, object_of};
use super::response::{Ending, Response};
use super::work::{Done, Work};
use crate::context::{Context, Origin};
use crate::error::ApiError;

/// Responses under way beside the conversation's.
const MOST_RESPONSES: usize = 16;

/// How often a session looks whether its call goes on.
const CALL_LOOK: Duration = Duration::from_secs(1);

/// A session.
pub(super) struct Session {
    pub(super) context: Context,
    origin: Origin,
    id: String,
    pub(super) config: Config,
    pub(super) conversation: Conversation,
    pub(super) out: Outbox,
    pub(super) buffer: InputBuffer,
    pub(super) responses: Vec<Answering>,
    pub(super) writings: Vec<Writing>,
    pub(super) works: Vec<Work>,
    /// Recordings of the conversation that somebody listens to.
    pub(super) listening: usize,
    /// Whether the model has to answer once the answer under way has ended.
    pub(super) owes_answer: bool,
    /// What was said and is still to be translated.
    pub(super) untranslated: VecDeque<String>,
    /// When the model speaks up by itself, if nobody says anything.
    pub(super) idle_at: Option<Tick>,
    has_spoken: bool,
    last_response: Option<String>,
    ends: Tick,
    expires: i64,
    /// The call that it answers, and when to look whether that goes on.
    call: Option<(String, Tick)>,
    /// Set once it is over: the code and the reason that the socket is closed with.
    pub(super) over: Option<(u16, &'static str)>,
}

/// A response, and what it has still to be asked.
pub(super) struct Answering {
    pub(super) response: Response,
    /// Set until it is asked.
    unasked: Option<Unasked>,
    has_ended: bool,
}

/// What a response answers.
struct Unasked {
    config: Config,
    /// Items instead of the conversation's.
    input: Option<Vec<Item>>,
}

impl Session {
    /// A session that has just been opened.
    pub(super) fn new(context: Context, origin: Origin, config: Config, dialect: Dialect) -> Self {
        let limit = context.app().settings.audio.session_limit;
        let mut out = Outbox::new(context.clone(), dialect);
        let (id, conversation) = (out.id("sess_"), Conversation::new(out.id("conv_")));
        let expires = context.created().saturating_add(i64::try_from(limit.as_secs()).unwrap_or(i64::MAX));
        out.send("session.created", json!({"session": config.shown(dialect, &id, expires)}));
        if config.kind == Kind::Conversation {
            out.send("conversation.created", json!({"conversation": conversation.shown()}));
        }
        let buffer = InputBuffer::new(config.input.coding, config.input.turns, out.id("item_"));
        Self {
            ends: context.clock().now() + limit,
            origin,
            id,
            conversation,
            buffer,
            responses: Vec::new(),
            writings: Vec::new(),
            works: Vec::new(),
            listening: 0,
            owes_answer: false,
            untranslated: VecDeque::new(),
            idle_at: None,
            has_spoken: false,
            last_response: None,
            expires,
            call: None,
            over: None,
            config,
            out,
            context,
        }
    }

    /// The same, of a call: it ends when the call does.
    pub(super) fn of_call(self, call: String) -> Self {
        let now = self.context.clock().now();
        Self { call: Some((call, now + CALL_LOOK)), ..self }
    }

    /// The next event to be sent.
    pub(super) fn pop(&mut self) -> Option<String> {
        self.out.pop()
    }

    /// What others have to do.
    pub(super) fn take_works(&mut self) -> Vec<Work> {
        std::mem::take(&mut self.works)
    }

    /// The client has sent a text.
    pub(super) fn hear(&mut self, text: &str) {
        match event::read(text) {
            Ok((event, name)) => {
                if let Err(error) = self.take(event) {
                    self.out.fail(&error, name.as_deref());
                }
            }
            Err((error, name)) => self.out.fail(&error, name.as_deref()),
        }
        self.advance();
    }

    /// The client has sent something that is no event.
    pub(super) fn refuse(&mut self, error: &ApiError) {
        self.out.fail(error, None);
    }

    fn take(&mut self, event: ClientEvent) -> Result<(), ApiError> {
        if self.config.kind != Kind::Conversation {
            self.check_kind(&event)?;
        }
        match event {
            ClientEvent::UpdateSession(session) => self.update(&session),
            ClientEvent::Append(sound) => self.append(&sound),
            ClientEvent::Commit => self.commit(),
            ClientEvent::Clear => {
                self.buffer.clear();
                self.out.send("input_audio_buffer.cleared", Value::Null);
                Ok(())
            }
            ClientEvent::CreateItem { previous, item } => self.create_item(previous.as_deref(), &item),
            ClientEvent::RetrieveItem(id) => {
                let item = self.conversation.retrieve(&id, self.out.dialect)?;
                self.out.send("conversation.item.retrieved", json!({"item": item}));
                Ok(())
            }
            ClientEvent::TruncateItem { id, content_index, audio_end_ms } => {
                self.conversation.truncate(&id, content_index, audio_end_ms)?;
                let fields = json!({"item_id": id, "content_index": content_index, "audio_end_ms": audio_end_ms});
                self.out.send("conversation.item.truncated", fields);
                Ok(())
            }
            ClientEvent::DeleteItem(id) => {
                self.conversation.delete(&id)?;
                self.out.send("conversation.item.deleted", json!({"item_id": id}));
                Ok(())
            }
            ClientEvent::CreateResponse(wish) => self.create_response(&wish),
            ClientEvent::CancelResponse(id) => self.cancel(id.as_deref(), "client_cancelled"),
            ClientEvent::ClearOutput => self.clear_output(),
            ClientEvent::CloseSession if self.config.kind == Kind::Translation => {
                self.out.send("session.closed", Value::Null);
                self.over = Some((1000, "session_closed"));
                Ok(())
            }
            ClientEvent::CloseSession => {
                let message = "Invalid value: 'session.close'. It ends translation sessions only: close the socket.";
                Err(ApiError::invalid(message).param("type").code("invalid_value"))
            }
        }
    }

    /// Refuses what is said in conversations only.
    fn check_kind(&self, event: &ClientEvent) -> Result<(), ApiError> {
        let fits = match event {
            ClientEvent::UpdateSession(_) | ClientEvent::Append(_) => true,
            ClientEvent::CloseSession => self.config.kind == Kind::Translation,
            ClientEvent::Commit | ClientEvent::Clear | ClientEvent::RetrieveItem(_) | ClientEvent::DeleteItem(_) => {
                self.config.kind == Kind::Transcription
            }
            _ => false,
        };
        if fits {
            return Ok(());
        }
        let message = format!("This event is not allowed in a {} session.", self.config.kind.name());
        Err(ApiError::invalid(message).param("type").code("invalid_value"))
    }

    fn update(&mut self, session: &Map<String, Value>) -> Result<(), ApiError> {
        let dialect = self.out.dialect;
        let config = self.config.updated(&self.context, dialect, session, self.has_spoken)?;
        let has_changed = config.input.turns != self.config.input.turns;
        self.buffer.configure(config.input.coding, config.input.turns, has_changed);
        self.config = config;
        let name = match (self.config.kind, dialect) {
            (Kind::Transcription, Dialect::Beta) => "transcription_session.updated",
            _ => "session.updated",
        };
        self.out.send(name, json!({"session": self.config.shown(dialect, &self.id, self.expires)}));
        Ok(())
    }

    fn create_item(&mut self, previous: Option<&str>, map: &Map<String, Value>) -> Result<(), ApiError> {
        let (dialect, out) = (self.out.dialect, &self.out);
        let (item, recordings) = Item::read(map, "item", dialect, || out.id("item_"))?;
        if let Said::Result { call_id, .. } = &item.said
            && !self
                .conversation
                .items()
                .iter()
                .any(|known| matches!(&known.said, Said::Call { call_id: own, .. } if own == call_id))
        {
            let message = format!("Tool call ID '{call_id}' not found in conversation.");
            return Err(ApiError::invalid(message).param("item.call_id").code("invalid_tool_call_id"));
        }
        self.idle_at = None;
        self.add(item, previous)?;
        let id = self.conversation.last().map(str::to_owned);
        // Put elsewhere than at the end, it is found by its own id.
        let id = map.get("id").and_then(Value::as_str).map(str::to_owned).or(id);
        for (index, sound) in recordings {
            self.listen(id.clone().unwrap_or_default(), (index, sound));
        }
        Ok(())
    }

    /// Puts an item into the conversation and says so.
    pub(super) fn add(&mut self, item: Item, previous: Option<&str>) -> Result<(), ApiError> {
        let shown = item.shown(self.out.dialect);
        let previous = self.conversation.insert(item, previous)?;
        let fields = json!({"previous_item_id": previous, "item": shown});
        self.out.send("conversation.item.added", fields.clone());
        self.out.send("conversation.item.done", fields);
        Ok(())
    }

    /// Has somebody listen to a recording of the conversation.
    pub(super) fn listen(&mut self, item: String, (index, sound): Recording) {
        self.listening += 1;
        self.works.push(self.listening_to(item, Purpose::Content(index), sound));
    }

    /// The work of listening.
    pub(super) fn listening_to(&self, item: String, purpose: Purpose, sound: Vec<u8>) -> Work {
        let wanted = self.config.input.transcription.as_ref();
        Work::Listen(Box::new(Listening {
            item,
            purpose,
            coding: self.config.input.coding,
            sound,
            language: wanted.and_then(|wanted| wanted.language.clone()),
            card: wanted.map_or_else(|| self.config.card.clone(), |wanted| wanted.card.clone()),
        }))
    }

    /// A request of its own, by the same sender.
    pub(super) fn follow(&self) -> Context {
        self.context.follow(&self.origin)
    }

    fn create_response(&mut self, wish: &Map<String, Value>) -> Result<(), ApiError> {
        let config = self.config.of_response(&self.context, self.out.dialect, wish, self.has_spoken)?;
        let fields = Reading::new(wish, "response");
        let is_in_conversation = match fields.text("conversation")? {
            None | Some("auto") => true,
            Some("none") => false,
            Some(id) if id == self.conversation.id => true,
            Some(other) => {
                return Err(ApiError::unsupported_value("response.conversation", other, &["auto", "none"]));
            }
        };
        let input = fields.list("input")?.map(|list| self.input(list)).transpose()?;
        if is_in_conversation && self.active().is_some() {
            let id = self.active().map_or("", |active| active.response.id.as_str());
            let message = format!(
                "Conversation already has an active response in progress: {id}. Wait until the response is finished \
                 before creating a new one."
            );
            return Err(ApiError::invalid(message).code("conversation_already_has_active_response"));
        }
        if self.responses.len() >= MOST_RESPONSES {
            let message = format!("A session has at most {MOST_RESPONSES} responses under way.");
            return Err(ApiError::invalid(message).code("too_many_responses"));
        }
        self.respond(config, input, is_in_conversation);
        Ok(())
    }

    /// Items that a response answers instead of the conversation's.
    fn input(&self, list: &[Value]) -> Result<Vec<Item>, ApiError> {
        let item = |(index, value): (usize, &Value)| {
            let path = format!("response.input[{index}]");
            let fields = object_of(value, &path)?;
            if fields.text("type")? == Some("item_reference") {
                let id = fields.needed("id")?;
                return self.conversation.get(id).cloned().ok_or_else(|| {
                    let message = format!("Item with item_id '{id}' does not exist in the conversation.");
                    ApiError::invalid(message).param(fields.path("id")).code("invalid_value")
                });
            }
            let Value::Object(map) = value else { return Err(ApiError::wrong_type(&path, "an object", value)) };
            let (item, recordings) = Item::read(map, &path, self.out.dialect, || self.out.id("item_"))?;
            if !recordings.is_empty() {
                let message = "Sound in the input of a response is not listened to by this server: add it to the \
                               conversation and refer to its item.";
                return Err(ApiError::invalid(message).param(path).code("not_built_yet"));
            }
            Ok(item)
        };
        list.iter().enumerate().map(item).collect()
    }

    /// Begins a response. It is asked once all that was said has been understood.
    pub(super) fn respond(&mut self, config: Config, input: Option<Vec<Item>>, is_in_conversation: bool) {
        self.idle_at = None;
        let id = self.out.id("resp_");
        let response = Response::new(id.clone(), self.follow(), config.clone(), is_in_conversation);
        let shown = response.shown(self.out.dialect, &self.conversation, None);
        self.out.send("response.created", json!({"response": shown}));
        self.last_response = Some(id);
        self.responses.push(Answering { response, unasked: Some(Unasked { config, input }), has_ended: false });
    }

    /// The response of the conversation, if one is under way.
    pub(super) fn active(&self) -> Option<&Answering> {
        self.responses.iter().find(|answering| answering.response.is_in_conversation)
    }

    /// Ends a response before its time: the one of this id, else the conversation's.
    pub(super) fn cancel(&mut self, id: Option<&str>, reason: &'static str) -> Result<(), ApiError> {
        let place = self.responses.iter().position(|answering| match id {
            Some(id) => answering.response.id == id,
            None => answering.response.is_in_conversation,
        });
        let Some(place) = place else {
            let message = "Cancellation failed: no active response found";
            return Err(ApiError::invalid(message).code("response_cancel_not_active"));
        };
        let mut answering = self.responses.remove(place);
        answering.response.end(&Ending::Cancelled(reason), &mut self.out, &mut self.conversation);
        self.note_spoken();
        Ok(())
    }

    /// Says no more of what is being said.
    fn clear_output(&mut self) -> Result<(), ApiError> {
        if self.active().is_some() {
            self.cancel(None, "client_cancelled")?;
        }
        let Some(response) = self.last_response.clone() else {
            let message = "There is no output audio to clear.";
            return Err(ApiError::invalid(message).code("output_audio_buffer_empty"));
        };
        self.out.send("output_audio_buffer.cleared", json!({"response_id": response}));
        Ok(())
    }

    fn note_spoken(&mut self) {
        let spoken = |item: &Item| match &item.said {
            Said::Message { content, .. } => content.iter().any(|content| matches!(content, Content::Spoken(_))),
            _ => false,
        };
        self.has_spoken |= self.conversation.items().last().is_some_and(spoken);
    }

    /// Something that others did is done.
    pub(super) fn done(&mut self, done: Done) {
        match done {
            Done::Kept => {}
            Done::Spoken { response, made } => {
                let Some(answering) = self.find(&response) else { return };
                match made {
                    Some(made) => answering.response.take(made),
                    None => self.fail(&response, ApiError::internal()),
                }
            }
            Done::Answered { response, given, answer } => {
                let Some(answering) = self.find(&response) else { return };
                match answer {
                    Ok(answer) => answering.response.answer(*answer, given),
                    Err(error) => self.fail(&response, error),
                }
            }
            Done::Understood(understood) => self.understood(*understood),
        }
        self.advance();
    }

    fn find(&mut self, response: &str) -> Option<&mut Answering> {
        self.responses.iter_mut().find(|answering| answering.response.id == response)
    }

    fn fail(&mut self, response: &str, error: ApiError) {
        let Some(place) = self.responses.iter().position(|answering| answering.response.id == response) else { return };
        let mut answering = self.responses.remove(place);
        answering.response.end(&Ending::Failed(error), &mut self.out, &mut self.conversation);
    }

    /// Sends all that is due by now.
    pub(super) fn advance(&mut self) {
        let now = self.context.clock().now();
        if now >= self.ends && self.over.is_none() {
            let minutes = self.context.app().settings.audio.session_limit.as_secs() / 60;
            let message = format!("Your session hit the maximum duration of {minutes} minutes.");
            self.out.fail(&ApiError::invalid(message).code("session_expired"), None);
            self.over = Some((1001, "session_expired"));
            return;
        }
        if let Some((call, look)) = &mut self.call
            && now >= *look
        {
            *look = now + CALL_LOOK;
            if !calls::goes_on(&self.context, call) {
                self.over = Some((1000, "call_ended"));
                return;
            }
        }
        let out = &mut self.out;
        self.writings.retain_mut(|writing| {
            let has_ended = writing.advance(now, out);
            if has_ended {
                show(&mut self.conversation, &writing.item, writing.index, &writing.text);
            }
            !has_ended
        });
        self.ask_ready();
        for answering in &mut self.responses {
            answering.has_ended = answering.response.advance(now, &mut self.out, &mut self.conversation);
            if let Some(speaking) = answering.response.wanted() {
                self.works.extend(answering.response.mark().map(|(number, text)| Work::Keep { number, text }));
                self.works.push(Work::Speak { response: answering.response.id.clone(), speaking });
            }
        }
        let ended = self.responses.iter().any(|answering| answering.has_ended);
        if ended {
            let heard_until = self.responses.iter().filter_map(|answering| answering.response.heard_until()).max();
            self.responses.retain(|answering| !answering.has_ended);
            self.note_spoken();
            self.idle_at = self.idle_after(heard_until.unwrap_or(now));
        }
        self.answer_or_speak_up(now);
        self.translate_next();
    }

    /// Asks the responses that wait, if all that was said has been understood.
    fn ask_ready(&mut self) {
        if self.listening > 0 {
            return;
        }
        let mut failed = Vec::new();
        for answering in &mut self.responses {
            let Some(Unasked { config, input }) = answering.unasked.take() else { continue };
            let items: Vec<&Item> = match &input {
                Some(input) => input.iter().collect(),
                None => self.conversation.items().iter().collect(),
            };
            let response = answering.response.id.clone();
            match begin(answering.response.context(), &config, &items) {
                Ok((generating, given)) => self.works.push(Work::Answer { response, given, generating }),
                Err(error) => failed.push((response, error)),
            }
            if let Some(limits) = rate_limits(answering.response.context()) {
                self.out.send("rate_limits.updated", json!({"rate_limits": limits}));
            }
        }
        for (response, error) in failed {
            self.fail(&response, error);
        }
    }

    /// When something is due next.
    pub(super) fn due(&mut self) -> Tick {
        let responses = self.responses.iter_mut().filter_map(|answering| answering.response.due());
        let looks = self.call.as_ref().map(|(_, look)| *look);
        let due = responses.chain(looks).min().unwrap_or(self.ends).min(self.ends);
        let due = self.writings.iter().map(Writing::due).min().map_or(due, |writing| due.min(writing));
        self.idle_at.map_or(due, |idle| due.min(idle))
    }

    /// Wakes `waker` when the engine knows more. True if it does already.
    pub(super) fn listen_to_engine(&self, waker: &Waker) -> bool {
        let mut is_known = false;
        for answering in &self.responses {
            is_known |= answering.response.listen(waker);
        }
        is_known
    }
}

/// Shows what was written down in its item.
fn show(conversation: &mut Conversation, item: &str, index: usize, text: &str) {
    if let Some(Item { said: Said::Message { content, .. }, .. }) = conversation.get_mut(item)
        && let Some(Content::Heard(heard)) = content.get_mut(index)
    {
        heard.transcript = Some(text.to_owned());
    }
}

/// Where the sender of a response stands, if anybody counts.
fn rate_limits(context: &Context) -> Option<Value> {
    let standing = context.note().standing?;
    let limit = |name: &str, room: Option<fakeai_guard::Room>| {
        let room = room?;
        let reset = room.reset.as_secs_f64();
        Some(json!({"name": name, "limit": room.limit, "remaining": room.remaining, "reset_seconds": reset}))
    };
    Some([limit("requests", standing.requests), limit("tokens", standing.tokens)].into_iter().flatten().collect())
}

/// A user's turn of sound.
pub(super) fn spoken_item(id: String, milliseconds: u64) -> Item {
    let seconds = Duration::from_millis(milliseconds).as_secs_f64();
    let content = vec![Content::Heard(Heard { seconds, ..Heard::default() })];
    Item { id, said: Said::Message { role: "user", content }, status: ItemStatus::Completed }
}
