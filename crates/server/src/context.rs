//! One request under way: whose it is, when it came, and what will be written down of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{FromRequestParts, MatchedPath};
use bytes::Bytes;
use fakeai_catalog::ModelCard;
use fakeai_core::{Clock, Ids, Seed, Tick};
use fakeai_guard::{Client, Standing};
use fakeai_store::View;
use fakeai_telemetry::{Caller, Gaps, Outcome, Record, Tokens, Units};
use http::request::Parts;

use crate::access;
use crate::api;
use crate::app::App;
use crate::audit::Sender;
use crate::error::ApiError;
use crate::gate::{Bearer, Planned, Taken, policy};
use crate::station::Station;
use crate::workspace::Workspace;

/// Of the paths that only look, what a watcher asks for: it is not written down, so that who watches does not see himself.
const WATCHES: [&str; 2] = ["/dashboard", "/metrics/stream"];

/// One request under way. Clones are the same request.
#[derive(Clone, Debug)]
pub(crate) struct Context(Arc<Inner>);

/// Which line of which batch a request is. The door finds it among the extensions, where no client can put it.
#[derive(Clone, Debug)]
pub(crate) struct BatchLine {
    /// The batch's id.
    pub batch: Arc<str>,
    /// The line's number, from 1.
    pub number: u64,
    /// Who made the batch.
    pub caller: Option<Arc<Caller>>,
}

impl BatchLine {
    /// What a line of a batch costs of what it costs otherwise, as OpenAI sells it.
    const PRICE: f64 = 0.5;

    /// Its ids: the same whenever the line is answered, so that a batch that is worked on anew after a crash says the
    /// same.
    fn ids(&self) -> Ids {
        Ids::new(Seed::new(0).derive("batch line").derive(&self.batch).mix(self.number))
    }
}

#[derive(Debug)]
struct Inner {
    station: Arc<Station>,
    /// None is the default one.
    workspace: Option<Arc<Workspace>>,
    clock: Arc<Clock>,
    request_id: String,
    arrived: Tick,
    method: http::Method,
    /// As the client wrote it, without the workspace prefix.
    path: String,
    /// Whether it is not written down unless it fails.
    watches: bool,
    line: Option<Box<BatchLine>>,
    ids: Mutex<Ids>,
    note: Mutex<Note>,
    settled: AtomicBool,
}

/// What is known of a request so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Note {
    /// The endpoint's label; empty until a route matched.
    pub endpoint: &'static str,
    /// The model asked.
    pub model: Option<Arc<str>>,
    /// Whether the answer is streamed.
    pub stream: bool,
    /// The status answered.
    pub status: u16,
    /// The error's label, if it is one.
    pub error: Option<&'static str>,
    /// What the client was told of it.
    pub detail: Option<Box<str>>,
    /// When the first token left.
    pub first_token: Option<Tick>,
    /// What was read and written.
    pub tokens: Tokens,
    /// What was used beside tokens.
    pub units: Units,
    /// How evenly the tokens came.
    pub gaps: Gaps,
    /// When the engine began to read the prompt, where it has a queue.
    pub admitted: Option<Tick>,
    /// The worker that wrote the answer, where there is a physical engine.
    pub worker: Option<u16>,
    /// Who asked.
    pub caller: Option<Arc<Caller>>,
    /// The service tier of a text, or the size of pictures.
    pub grade: Option<&'static str>,
    /// The body, if it is JSON, until there is an answer.
    pub body: Bytes,
    /// Bytes of the body sent.
    pub bytes_in: u64,
    /// Bytes of the answer's body.
    pub bytes_out: u64,
    /// Whether an answer reached the most tokens allowed.
    pub is_cut: bool,
    /// Whether the ledger counts it among those being answered.
    pub has_begun: bool,
    /// What it costs, US dollars.
    pub cost_usd: f64,
    /// What a token written costs, US dollars.
    pub token_usd: f64,
    /// A hash of the key that was sent, where somebody wants to know.
    pub credential: u128,
    /// Who sent it, where clients are watched.
    pub client: Option<Client>,
    /// Who has the key that was sent, if it was made through the API.
    pub bearer: Option<Arc<Bearer>>,
    /// Where it comes from, if it changes the organisation.
    pub sender: Option<Box<Sender>>,
    /// What was taken from its sender's quota.
    pub taken: Option<Taken>,
    /// A budget that is nearly spent, for the headers of the answer.
    pub alert: Option<Box<str>>,
    /// Where its sender stands, for the headers of the answer.
    pub standing: Option<Standing>,
    /// What is to go wrong with the answer.
    pub fault: Option<Planned>,
}

/// Who sent a request.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    caller: Option<Arc<Caller>>,
    credential: u128,
    client: Option<Client>,
    endpoint: &'static str,
}

impl Note {
    /// The client left after `delivered` tokens. What was not written is not charged.
    pub(crate) fn leave(&mut self, delivered: u32) {
        let unwritten = self.tokens.completion.saturating_sub(delivered);
        self.cost_usd -= f64::from(unwritten) * self.token_usd;
        self.tokens.delivered = delivered;
        self.tokens.completion = delivered;
        self.tokens.reasoning = self.tokens.reasoning.min(delivered);
    }
}

impl Context {
    /// A request that has just arrived; `workspace` is one called by its name. A `watcher` is not written down where he
    /// only looks.
    pub(crate) fn new(
        station: Arc<Station>,
        workspace: Option<Arc<Workspace>>,
        method: http::Method,
        path: String,
        watcher: bool,
        line: Option<BatchLine>,
    ) -> Self {
        let clock = workspace.as_ref().map_or_else(|| station.clock(), |workspace| Arc::new(workspace.clock()));
        let looks = api::LOOKS.iter().any(|own| path.starts_with(own));
        let owner = workspace.as_ref().unwrap_or_else(|| station.app().workspaces.default());
        let mut ids = line.as_ref().map_or_else(|| owner.ids(looks), BatchLine::ids);
        Self(Arc::new(Inner {
            request_id: ids.next_hex("req_", 32),
            arrived: clock.now(),
            clock,
            station,
            workspace,
            method,
            watches: looks && (watcher || WATCHES.iter().any(|own| path.starts_with(own))),
            path,
            line: line.map(Box::new),
            ids: Mutex::new(ids),
            note: Mutex::default(),
            settled: AtomicBool::new(false),
        }))
    }

    /// Who sent it, for requests of their own that it brings about.
    pub(crate) fn origin(&self) -> Origin {
        let note = self.note();
        Origin {
            caller: note.caller.clone(),
            credential: note.credential,
            client: note.client,
            endpoint: note.endpoint,
        }
    }

    /// A request of its own that this one brings about, by the same sender: an answer in a session.
    pub(crate) fn follow(&self, origin: &Origin) -> Self {
        let (station, workspace) = (Arc::clone(&self.0.station), self.0.workspace.clone());
        let next = Self::new(station, workspace, self.0.method.clone(), self.0.path.clone(), false, None);
        {
            let mut note = next.note();
            note.caller.clone_from(&origin.caller);
            (note.credential, note.client, note.endpoint) = (origin.credential, origin.client, origin.endpoint);
        }
        next
    }

    /// The server.
    pub(crate) fn app(&self) -> &Arc<App> {
        self.0.station.app()
    }

    /// Whose request it is.
    pub(crate) fn workspace(&self) -> &Arc<Workspace> {
        self.0.workspace.as_ref().unwrap_or_else(|| self.app().workspaces.default())
    }

    /// The documents of its workspace, as they are now.
    pub(crate) fn documents(&self) -> View<'_> {
        self.workspace().space().at(self.0.clock.unix_nanos().div_euclid(1_000_000))
    }

    /// The model the request names, if its project may ask it; see [`App::model`].
    pub(crate) fn model(&self, id: &str) -> Result<Arc<ModelCard>, ApiError> {
        policy::model(self, id)?;
        self.0.station.model(self.workspace(), id, self.request_id())
    }

    /// The clock that was the workspace's when the request came.
    pub(crate) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// `x-request-id`.
    pub(crate) fn request_id(&self) -> &str {
        &self.0.request_id
    }

    /// When its head had been read.
    pub(crate) fn arrived(&self) -> Tick {
        self.0.arrived
    }

    /// Unix seconds, for `created`.
    pub(crate) fn created(&self) -> i64 {
        self.0.clock.unix()
    }

    /// A new id: `prefix` and `length` letters and digits.
    pub(crate) fn id(&self, prefix: &str, length: usize) -> String {
        self.0.ids.lock().unwrap_or_else(PoisonError::into_inner).next(prefix, length)
    }

    /// A new id: `prefix` and `length` hexadecimal digits.
    pub(crate) fn hex_id(&self, prefix: &str, length: usize) -> String {
        self.0.ids.lock().unwrap_or_else(PoisonError::into_inner).next_hex(prefix, length)
    }

    /// Path and query as the client wrote them, without a workspace prefix.
    pub(crate) fn path(&self) -> &str {
        &self.0.path
    }

    /// `POST`.
    pub(crate) fn method(&self) -> &http::Method {
        &self.0.method
    }

    /// `system_fingerprint`: the same while model and seed are.
    pub(crate) fn fingerprint(&self, model: &str) -> String {
        Ids::new(self.workspace().seed().derive("fingerprint").derive(model)).next_hex("fp_", 10)
    }

    /// An invalid request's error with the status the server was told to use for them.
    pub(crate) fn validation(&self, error: ApiError) -> ApiError {
        let status = self.app().settings.validation_status;
        if error.status == http::StatusCode::BAD_REQUEST { error.status(status) } else { error }
    }

    /// What is known so far, to add to. Not to be held across an await.
    pub(crate) fn note(&self) -> MutexGuard<'_, Note> {
        self.0.note.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is to go wrong with the answer, once.
    pub(crate) fn note_fault(&self) -> Option<Planned> {
        self.note().fault.take()
    }

    /// The line of a batch that it is, if it is one: it is answered at once, whatever the engine.
    pub(crate) fn batch_line(&self) -> Option<&BatchLine> {
        self.0.line.as_deref()
    }

    /// Adds the request to the workspace's journal. Lines of batches are not there: no client sent them.
    pub(crate) fn remember(&self, body: &[u8]) {
        if self.0.line.is_some() {
            return;
        }
        self.workspace().remember(self.0.arrived, &self.0.method, &self.0.path, body);
    }

    /// Writes the request down, once; later calls do nothing. `outcome` of `None` follows from the status noted.
    pub(crate) fn settle(&self, outcome: Option<Outcome>) {
        if self.0.settled.swap(true, Ordering::Relaxed) {
            return;
        }
        let note = std::mem::take(&mut *self.note());
        let outcome = outcome.unwrap_or(match note.error {
            Some(label) => Outcome::Error(label),
            None if note.status >= 400 => Outcome::Error("error"),
            None => Outcome::Success,
        });
        let ended = self.0.clock.now();
        if let Some((quotas, taken)) = self.app().gate.quotas.as_ref().zip(note.taken) {
            let Tokens { prompt, completion, .. } = note.tokens;
            let key = note.caller.as_ref().and_then(|caller| caller.key.as_ref());
            quotas.settle(taken, key, u64::from(prompt) + u64::from(completion), ended);
        }
        let own = &self.app().kit.clock;
        let record = Record {
            request: self.request_id().into(),
            endpoint: if note.endpoint.is_empty() { "unmatched" } else { note.endpoint },
            model: note.model,
            workspace: Arc::clone(self.workspace_name()),
            caller: note.caller,
            grade: note.grade,
            batch: self.batch_line().map(|line| Arc::clone(&line.batch)),
            worker: note.worker,
            status: note.status,
            outcome,
            detail: note.detail,
            stream: note.stream,
            arrived: self.0.arrived,
            admitted: note.admitted,
            first_token: note.first_token,
            ended,
            at: if self.0.clock.shares_ticks(own) { ended } else { own.now() },
            date: self.0.clock.unix(),
            tokens: note.tokens,
            units: note.units,
            gaps: note.gaps,
            bytes_in: note.bytes_in,
            bytes_out: note.bytes_out,
            is_cut: note.is_cut,
            has_begun: note.has_begun,
            cost_usd: if self.0.line.is_some() { note.cost_usd * BatchLine::PRICE } else { note.cost_usd },
        };
        access::log(&record, &self.0.method, &self.0.path);
        if !self.0.watches || record.outcome != Outcome::Success {
            self.app().ledger.add(record);
        }
    }

    /// Whether the request names its workspace, by path or header.
    pub(crate) fn names_workspace(&self) -> bool {
        self.0.workspace.is_some()
    }

    /// The name of the workspace whose request it is.
    pub(crate) fn workspace_name(&self) -> &Arc<str> {
        self.0.workspace.as_ref().map_or(self.0.station.name(), |own| &own.name)
    }
}

impl<S: Sync> FromRequestParts<S> for Context {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        // The door puts it there; a router called without its door has none.
        let context = parts.extensions.get::<Self>().cloned().ok_or_else(ApiError::internal)?;
        if let Some(path) = parts.extensions.get::<MatchedPath>() {
            context.note().endpoint = api::label(path.as_str());
        }
        Ok(context)
    }
}
