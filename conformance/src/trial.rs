//! One scenario under way: sends what the scenario says, judges request and answer, and notes what it finds.
//!
//! A scenario goes on when a part of it is missing: what would need the missing part is not asked for.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::document::{Document, Operation};
use crate::events::{self, Event};
use crate::judge::Judge;
use crate::report::Report;
use crate::server::{Answer, Server};

/// Events of streams that the document describes in words only: its operations name no schema for them.
const STREAMS_IN_WORDS: [(&str, &str); 4] = [
    ("createCompletion", crate::faults::COMPLETION_CHUNK),
    ("createRun", "#/components/schemas/AssistantStreamEvent"),
    ("createThreadAndRun", "#/components/schemas/AssistantStreamEvent"),
    ("submitToolOuputsToRun", "#/components/schemas/AssistantStreamEvent"),
];
/// Those whose events are judged together with their names: `{"event": …, "data": …}`.
const NAMED_EVENTS: &str = "#/components/schemas/AssistantStreamEvent";
/// What an error looks like.
const ERROR: &str = "#/components/schemas/ErrorResponse";
/// The end of a stream where the API has one.
const DONE: &str = "[DONE]";

/// One scenario under way.
pub(crate) struct Trial<'t, 'a> {
    document: &'a Document,
    judge: &'t Judge<'a>,
    server: &'t Server,
    report: &'t mut Report<'a>,
    name: String,
}

impl<'t, 'a> Trial<'t, 'a> {
    pub(crate) fn new(
        document: &'a Document,
        judge: &'t Judge<'a>,
        server: &'t Server,
        report: &'t mut Report<'a>,
        name: &str,
    ) -> Self {
        Self { document, judge, server, report, name: name.to_owned() }
    }

    /// What follows is told under this name.
    pub(crate) fn name(&mut self, name: impl Into<String>) {
        self.name = name.into();
    }

    /// The server, to move its clock.
    pub(crate) fn server(&self) -> &'t Server {
        self.server
    }

    /// Sends `body` and judges both ways; null if there is no such route or `path` holds what an earlier call should
    /// have given and did not.
    pub(crate) async fn call(&mut self, operation: &str, path: &[&Value], body: Value) -> Result<Value> {
        let Some((operation, answer)) = self.send(operation, path, "", Some(&body)).await? else {
            return Ok(Value::Null);
        };
        self.judge_answer(operation, &answer)
    }

    /// The same without a body, with a query (`limit=2`) or none.
    pub(crate) async fn list(&mut self, operation: &str, path: &[&Value], query: &str) -> Result<Value> {
        let Some((operation, answer)) = self.send(operation, path, query, None).await? else {
            return Ok(Value::Null);
        };
        self.judge_answer(operation, &answer)
    }

    /// The same for a form with a file: texts by name, the file's field and content.
    pub(crate) async fn form(
        &mut self,
        operation: &str,
        path: &[&Value],
        texts: &[(&str, &str)],
        (field, content): (&str, impl AsRef<[u8]>),
    ) -> Result<Value> {
        self.named_form(operation, path, texts, (field, "lines.jsonl", content)).await
    }

    /// The same for a file that has a name: the file's field, name and content.
    pub(crate) async fn named_form(
        &mut self,
        operation: &str,
        path: &[&Value],
        texts: &[(&str, &str)],
        file: (&str, &str, impl AsRef<[u8]>),
    ) -> Result<Value> {
        let Some(known) = self.document.operation(operation) else {
            self.unknown(operation)?;
            return Ok(Value::Null);
        };
        let parameters: Option<Vec<String>> = path.iter().map(|value| value.as_str().map(str::to_owned)).collect();
        let Some(parameters) = parameters else { return Ok(Value::Null) };
        let answer = self.server.send_form(&known.filled(&parameters), texts, file).await?;
        if answer.is_unrouted() {
            return Ok(Value::Null);
        }
        self.report.answered(&known.id);
        self.judge_answer(known, &answer)
    }

    /// A request that must be refused with `status` and an error in OpenAI's envelope.
    pub(crate) async fn refuse(&mut self, operation: &str, path: &[&Value], body: Value, status: u16) -> Result<()> {
        let Some(known) = self.document.operation(operation) else { return self.unknown(operation) };
        let body = Some(&body).filter(|body| !body.is_null());
        let Some(answer) = self.exchange(known, path, "", body).await? else { return Ok(()) };
        if answer.status != status {
            return self
                .wrong(operation, format!("status {} where {status} was expected: {}", answer.status, shown(&answer)));
        }
        let complaints = self.judge.complaints(ERROR, &answer.json().unwrap_or_default())?;
        complaints.into_iter().try_for_each(|what| self.wrong(operation, format!("error {what}")))
    }

    /// A streamed answer: each event judged, the end looked for. Empty if there is no such route.
    pub(crate) async fn stream(&mut self, operation: &str, path: &[&Value], body: Value) -> Result<Vec<Event>> {
        let Some((operation, answer)) = self.send(operation, path, "", Some(&body)).await? else {
            return Ok(Vec::new());
        };
        self.judge_stream(operation, &answer)
    }

    /// The same for a stream that is fetched: no body, a query.
    pub(crate) async fn follow(&mut self, operation: &str, path: &[&Value], query: &str) -> Result<Vec<Event>> {
        let Some((operation, answer)) = self.send(operation, path, query, None).await? else {
            return Ok(Vec::new());
        };
        self.judge_stream(operation, &answer)
    }

    /// Notes it if something that the schemas cannot say does not hold.
    pub(crate) fn hold(&mut self, operation: &str, holds: bool, what: &str) -> Result<()> {
        if holds { Ok(()) } else { self.wrong(operation, what) }
    }

    /// Sends a body that the document asks for in a way nobody can (a key that the answer has); the answer is judged.
    pub(crate) async fn send_unjudged(&mut self, operation: &str, body: Value) -> Result<Value> {
        let Some(known) = self.document.operation(operation) else {
            self.unknown(operation)?;
            return Ok(Value::Null);
        };
        let Some(answer) = self.exchange(known, &[], "", Some(&body)).await? else { return Ok(Value::Null) };
        self.judge_answer(known, &answer)
    }

    /// Talks over a WebSocket: after each of `said`, as far as the server has nothing more to say. Events are judged by
    /// the schema at `pointer` and told under `operation`; there must be `count` of type `kind`.
    pub(crate) async fn talk(
        &mut self,
        operation: &str,
        path: &str,
        said: &[Vec<Value>],
        pointer: &str,
        (kind, count): (&str, usize),
    ) -> Result<()> {
        let events = self.server.talk(path, said).await?;
        let mut found = 0;
        let mut valid = 0;
        for (index, event) in events.iter().enumerate() {
            found += usize::from(event["type"] == kind);
            let complaints = self.judge.complaints(pointer, event)?;
            valid += usize::from(complaints.is_empty());
            for what in complaints {
                let place = format!("{}, event {index} {}", self.name, event["type"]);
                self.report.wrong(operation, &place, what);
            }
        }
        self.report.valid(operation, valid);
        self.hold(operation, found >= count, "not as many answers as there should be")
    }

    async fn send(
        &mut self,
        operation: &str,
        path: &[&Value],
        query: &str,
        body: Option<&Value>,
    ) -> Result<Option<(&'a Operation, Answer)>> {
        let Some(known) = self.document.operation(operation) else {
            self.unknown(operation)?;
            return Ok(None);
        };
        if let (Some(body), Some(pointer)) = (body, &known.request) {
            for what in self.judge.complaints(pointer, body)? {
                self.wrong(operation, format!("the scenario's own request {what}"))?;
            }
        }
        let answer = self.exchange(known, path, query, body).await?;
        Ok(answer.map(|answer| (known, answer)))
    }

    /// The answer, if there is a route and everything that the path needs.
    async fn exchange(
        &mut self,
        operation: &Operation,
        path: &[&Value],
        query: &str,
        body: Option<&Value>,
    ) -> Result<Option<Answer>> {
        let parameters: Option<Vec<String>> = path.iter().map(|value| value.as_str().map(str::to_owned)).collect();
        let Some(parameters) = parameters else { return Ok(None) };
        let mut uri = operation.filled(&parameters);
        if !query.is_empty() {
            uri = format!("{uri}{}{query}", if uri.contains('?') { '&' } else { '?' });
        }
        let answer = self.server.send(&operation.method, &uri, body).await;
        let answer = answer.with_context(|| format!("{}, {}", operation.id, self.name))?;
        if answer.is_unrouted() {
            return Ok(None);
        }
        self.report.answered(&operation.id);
        Ok(Some(answer))
    }

    fn judge_answer(&mut self, operation: &Operation, answer: &Answer) -> Result<Value> {
        let Some(answers) = operation.answers.get(&answer.status.to_string()) else {
            self.wrong(&operation.id, format!("status {} is not in the document: {}", answer.status, shown(answer)))?;
            return Ok(Value::Null);
        };
        if answers.others.contains(&answer.content_type) || answer.body.is_empty() && answers.json.is_none() {
            self.report.valid(&operation.id, 1);
            return Ok(Value::Null);
        }
        if answers.json.is_none() && answers.others.is_empty() {
            // The document says nothing of the body.
            self.report.valid(&operation.id, 1);
            return Ok(answer.json().unwrap_or_default());
        }
        let Some(body) = answer.json() else {
            self.wrong(&operation.id, format!("a body of {} that is no JSON", answer.content_type))?;
            return Ok(Value::Null);
        };
        let Some(pointer) = &answers.json else {
            self.report.valid(&operation.id, 1);
            return Ok(body);
        };
        let complaints = self.judge.complaints(pointer, &body)?;
        if complaints.is_empty() {
            self.report.valid(&operation.id, 1);
        }
        complaints.into_iter().try_for_each(|what| self.wrong(&operation.id, what))?;
        Ok(body)
    }

    fn judge_stream(&mut self, operation: &Operation, answer: &Answer) -> Result<Vec<Event>> {
        if answer.status != 200 || answer.content_type != "text/event-stream" {
            let what = format!("status {} of {}, no stream: {}", answer.status, answer.content_type, shown(answer));
            self.wrong(&operation.id, what)?;
            return Ok(Vec::new());
        }
        let in_words = STREAMS_IN_WORDS.iter().find(|(id, _)| *id == operation.id).map(|(_, pointer)| *pointer);
        let named = operation.answers.get("200").and_then(|answers| answers.events.as_deref());
        // A response that is fetched again streams the events of the one that was created.
        let again = self.document.operation("createResponse").and_then(|one| one.answers.get("200")?.events.as_deref());
        let pointer = in_words.or(named).or(again).context("the document has no schema of streams")?;
        let events = events::parse(&String::from_utf8_lossy(&answer.body));
        let mut are_valid = !events.is_empty();
        for (index, event) in events.iter().enumerate() {
            for what in self.complaints_of(pointer, event)? {
                are_valid = false;
                let place = format!("{}, event {index} {}", self.name, event.name);
                self.report.wrong(&operation.id, place.trim_end(), what);
            }
        }
        if are_valid {
            self.report.valid(&operation.id, events.len());
        } else if events.is_empty() {
            self.wrong(&operation.id, "a stream without events")?;
        }
        Ok(events)
    }

    fn complaints_of(&self, pointer: &str, event: &Event) -> Result<Vec<String>> {
        let is_named = pointer == NAMED_EVENTS;
        if event.data == DONE && !is_named {
            return Ok(Vec::new());
        }
        let data = match serde_json::from_str(&event.data) {
            Ok(data) => data,
            Err(_) if event.data == DONE => Value::from(DONE),
            Err(error) => return Ok(vec![format!("is no JSON: {error}")]),
        };
        let value = if is_named { json!({"event": event.name, "data": data}) } else { data };
        self.judge.complaints(pointer, &value)
    }

    fn unknown(&mut self, operation: &str) -> Result<()> {
        self.wrong(operation, "the document has no such operation")
    }

    #[expect(clippy::unnecessary_wraps, reason = "ends a function of results in one word")]
    fn wrong(&mut self, operation: &str, what: impl Into<String>) -> Result<()> {
        self.report.wrong(operation, &self.name, what);
        Ok(())
    }
}

/// The events' data, `[DONE]` left out.
pub(crate) fn data(events: &[Event]) -> Vec<Value> {
    events.iter().filter_map(|event| serde_json::from_str(&event.data).ok()).collect()
}

fn shown(answer: &Answer) -> String {
    let text = String::from_utf8_lossy(&answer.body);
    let line: Vec<&str> = text.split_whitespace().collect();
    line.join(" ").chars().take(300).collect()
}
