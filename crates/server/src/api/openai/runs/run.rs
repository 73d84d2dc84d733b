//! A run as it is kept, and what it is at a moment.

use std::ops::Range;
use std::time::Duration;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::settings::RunSettings;
use crate::api::openai::threads::{Message, MessageEnd};
use crate::jobs::Moment;

/// How long a run may take, waiting for outputs included.
const LIFETIME: Duration = Duration::from_secs(600);

/// A run.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(in crate::api::openai) struct Run {
    pub id: String,
    pub assistant_id: String,
    pub created: Moment,
    pub metadata: Map<String, Value>,
    /// Vector stores that it searches: the assistant's and the thread's.
    #[serde(default)]
    pub(super) stores: Vec<String>,
    pub(super) settings: RunSettings,
    /// At least one.
    pub(super) rounds: Vec<Round>,
    /// Whether somebody asked to cancel it.
    pub cancelled: bool,
}

/// A part of a run that nothing from outside has to happen in.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Round {
    /// When it was asked for.
    pub from: Moment,
    /// When it leaves the queue.
    pub starts: Moment,
    /// When it is over.
    pub ends: Moment,
    /// What then is.
    pub end: End,
    pub steps: Vec<Step>,
    pub prompt_tokens: u32,
    pub completion_tokens: u32,
    /// When each of its tokens is ready, nanoseconds after `from`; empty once it is over and no longer needed.
    pub pace: Vec<u64>,
}

/// What a run is after a round.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum End {
    Completed,
    /// The client has to give the outputs of the calls.
    Action,
    /// The reason.
    Incomplete(String),
    /// Code and message.
    Failed(String, String),
    Cancelled,
    Expired,
}

/// A step of a run.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Step {
    pub id: String,
    pub begins: Moment,
    /// `None` while its outputs are not given.
    pub ends: Option<Moment>,
    pub end: StepEnd,
    pub work: Work,
    pub prompt_tokens: u32,
    pub completion_tokens: u32,
    /// Tokens of the round before it and behind it.
    pub first: usize,
    pub last: usize,
    /// Where its tokens end in what shows of it, bytes; for a message.
    pub marks: Vec<u32>,
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StepPhase {
    /// It is being written.
    Writing,
    /// Its outputs are awaited.
    Waiting,
    /// It is over.
    Ended,
}

/// How a step ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StepEnd {
    Completed,
    Cancelled,
    Expired,
}

/// What is done in a step.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Work {
    /// The message of this id is written.
    Message(String),
    /// These tools are called.
    Calls(Vec<ToolCall>),
}

/// A call of a tool.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct ToolCall {
    pub id: String,
    pub tool: CalledTool,
}

/// What is called.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CalledTool {
    /// A function of the client's.
    Function { name: String, arguments: String, output: Option<String> },
    /// Code, and what it printed.
    Code { input: String, logs: Option<String> },
    /// The files, for something.
    Search {
        query: String,
        #[serde(default)]
        results: Vec<SearchResult>,
        /// What the model takes from them.
        #[serde(default)]
        answer: Option<String>,
        #[serde(default)]
        ranker: String,
        #[serde(default)]
        threshold: f32,
    },
}

/// What a search found. Its text stays where it is.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct SearchResult {
    pub store: String,
    pub file_id: String,
    pub filename: String,
    pub score: f32,
    /// Where it is in the file's text, bytes.
    pub span: Range<u32>,
    /// What stands in the message where it is cited, if it is.
    pub marker: Option<String>,
}

/// `status` of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::api::openai) enum Status {
    Queued,
    InProgress,
    RequiresAction,
    Cancelling,
    Cancelled,
    Failed,
    Completed,
    Incomplete,
    Expired,
}

impl Status {
    /// The name on the wire.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::InProgress => "in_progress",
            Self::RequiresAction => "requires_action",
            Self::Cancelling => "cancelling",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
            Self::Completed => "completed",
            Self::Incomplete => "incomplete",
            Self::Expired => "expired",
        }
    }

    /// Whether the run goes on.
    pub(in crate::api::openai) const fn is_active(self) -> bool {
        matches!(self, Self::Queued | Self::InProgress | Self::RequiresAction | Self::Cancelling)
    }
}

impl End {
    /// The status of a run that ended so.
    pub(super) const fn status(&self) -> Status {
        match self {
            Self::Completed => Status::Completed,
            Self::Action => Status::RequiresAction,
            Self::Incomplete(_) => Status::Incomplete,
            Self::Failed(..) => Status::Failed,
            Self::Cancelled => Status::Cancelled,
            Self::Expired => Status::Expired,
        }
    }
}

impl Run {
    /// When it expires.
    pub(super) fn expires(&self) -> Moment {
        self.created + LIFETIME
    }

    /// The same in Unix milliseconds.
    pub(in crate::api::openai) fn expires_ms(&self) -> i64 {
        self.expires().unix().saturating_mul(1000)
    }

    /// What it is.
    pub(in crate::api::openai) fn status(&self, now: Moment) -> Status {
        let Some(round) = self.rounds.last() else { return Status::Queued };
        if now < round.ends {
            return match self.cancelled {
                true => Status::Cancelling,
                false if now < round.starts => Status::Queued,
                false => Status::InProgress,
            };
        }
        match round.end.status() {
            Status::RequiresAction if now >= self.expires() => Status::Expired,
            status => status,
        }
    }

    /// The steps that have begun, in order, and how far they are.
    pub(super) fn steps_by(&self, now: Moment) -> impl Iterator<Item = (&Step, StepPhase)> {
        let expired = self.status(now) == Status::Expired;
        let steps = self.rounds.iter().flat_map(|round| round.steps.iter().map(move |step| (round, step)));
        steps.filter(move |(_, step)| step.begins <= now).map(move |(round, step)| {
            let phase = match step.ends {
                Some(ends) if ends <= now => StepPhase::Ended,
                None if expired => StepPhase::Ended,
                None if round.ends <= now => StepPhase::Waiting,
                _ => StepPhase::Writing,
            };
            (step, phase)
        })
    }

    /// All steps in order, begun or not.
    pub(super) fn steps(&self) -> impl Iterator<Item = &Step> {
        self.rounds.iter().flat_map(|round| &round.steps)
    }

    /// Tokens given and written by now.
    pub(super) fn usage(&self) -> (u32, u32) {
        let add = |(prompt, completion): (u32, u32), round: &Round| {
            (prompt + round.prompt_tokens, completion + round.completion_tokens)
        };
        self.rounds.iter().fold((0, 0), add)
    }

    /// The calls that wait for outputs: of the last round, if it ended with them.
    pub(super) fn waiting(&self) -> Vec<&ToolCall> {
        let round = self.rounds.last().filter(|round| round.end == End::Action);
        let steps = round.into_iter().flat_map(|round| &round.steps).filter(|step| step.ends.is_none());
        steps.flat_map(Step::calls).collect()
    }

    /// Gives the waiting calls their outputs: ids and texts, all of them. Gives back the steps that are over with it.
    pub(super) fn submit(&mut self, mut outputs: FxHashMap<String, String>, now: Moment) -> Vec<String> {
        let mut done = Vec::new();
        let steps = self.rounds.last_mut().into_iter().flat_map(|round| &mut round.steps);
        for step in steps.filter(|step| step.ends.is_none()) {
            step.ends = Some(now);
            done.push(step.id.clone());
            let Work::Calls(calls) = &mut step.work else { continue };
            for call in calls {
                if let CalledTool::Function { output, .. } = &mut call.tool {
                    *output = outputs.remove(&call.id);
                }
            }
        }
        done
    }

    /// Cancels it; its messages are among `messages`. What it was doing stops at the next token.
    pub(super) fn cancel(&mut self, now: Moment, messages: &mut Vec<Message>) {
        self.cancelled = true;
        let next = self.rounds.last().and_then(|round| {
            let next = round.pace.partition_point(|nanos| round.at(*nanos) <= now);
            round.pace.get(next).map(|nanos| round.at(*nanos))
        });
        self.cut(next.unwrap_or(now), End::Cancelled, messages);
    }

    /// Ends it when it expires, if it would take longer.
    pub(super) fn keep_lifetime(&mut self, messages: &mut Vec<Message>) {
        let expires = self.expires();
        if self.rounds.last().is_some_and(|round| round.ends > expires) {
            self.cut(expires, End::Expired, messages);
        }
    }

    /// Ends the last round at `at`; what is after that never was.
    fn cut(&mut self, at: Moment, end: End, messages: &mut Vec<Message>) {
        let (how, of_message) = match end {
            End::Expired => (StepEnd::Expired, MessageEnd::RunExpired),
            _ => (StepEnd::Cancelled, MessageEnd::RunCancelled),
        };
        let Some(round) = self.rounds.last_mut() else { return };
        let over = round.ends <= at;
        let written = if over { usize::MAX } else { round.pace.partition_point(|nanos| round.at(*nanos) < at) };
        if !over {
            let steps = std::mem::take(&mut round.steps);
            let (kept, dropped): (Vec<Step>, Vec<Step>) = steps.into_iter().partition(|step| step.begins < at);
            round.steps = kept;
            messages.retain(|message| !dropped.iter().any(|step| step.message_id() == Some(&message.id)));
            round.pace.truncate(written);
            round.completion_tokens = written as u32;
        }
        for step in round.steps.iter_mut().filter(|step| step.ends.is_none_or(|ends| !over && ends >= at)) {
            let last = step.last.min(written);
            step.completion_tokens = step.completion_tokens.saturating_sub((step.last - last) as u32);
            (step.ends, step.end, step.last) = (Some(at), how, last);
            let shown = (last - step.first).checked_sub(1).and_then(|token| step.marks.get(token));
            let bytes = shown.map_or(0, |end| *end as usize);
            if let Some(message) = messages.iter_mut().find(|message| step.message_id() == Some(&message.id)) {
                message.cut(at, bytes, of_message);
            }
        }
        (round.starts, round.ends, round.end) = (round.starts.min(at), at, end);
    }

    /// Lets go of what only a run under way needs.
    pub(in crate::api::openai) fn forget_pace(&mut self, now: Moment) {
        for round in self.rounds.iter_mut().filter(|round| round.ends < now) {
            round.pace = Vec::new();
            round.steps.iter_mut().for_each(|step| step.marks = Vec::new());
        }
    }
}

impl Round {
    /// The moment so many nanoseconds after it was asked for.
    fn at(&self, nanos: u64) -> Moment {
        self.from + Duration::from_nanos(nanos)
    }
}

impl CalledTool {
    /// `type` on the wire.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Function { .. } => "function",
            Self::Code { .. } => "code_interpreter",
            Self::Search { .. } => "file_search",
        }
    }
}

impl Step {
    /// The calls made in it.
    pub(super) fn calls(&self) -> &[ToolCall] {
        match &self.work {
            Work::Calls(calls) => calls,
            Work::Message(_) => &[],
        }
    }

    /// The message written in it.
    pub(super) fn message_id(&self) -> Option<&str> {
        match &self.work {
            Work::Message(id) => Some(id),
            Work::Calls(_) => None,
        }
    }
}
