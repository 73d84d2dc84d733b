//! One more round of a run: what is said in it, as steps and messages with their times.

use std::time::Duration;

use fakeai_engine::Flow;
use fakeai_writer::{Choice, Finish, GenerationRequest, Limits, Prompt, Segment, SegmentKind, Verbosity};
use serde_json::{Value, json};

use super::hosted::{self, Performed};
use super::prompt::Blocks;
use super::run::{CalledTool, End, Round, Run, Step, StepEnd, ToolCall, Work};
use super::settings::Understood;
use crate::api::openai::threads::{Made, Message, MessageEnd, Thread};
use crate::context::Context;
use crate::error::ApiError;
use crate::generation::{Answer, Terms, TokenLimit, generate_here};
use crate::jobs::{Line, Moment};

/// One of so many parts of the time to its first token a run spends in the queue; the rest it reads.
const QUEUED_PART: u64 = 4;

/// What is said in a round.
#[derive(Default)]
pub(super) struct Said {
    pub answer: Answer,
    /// For each segment, the place of its step in the round and of its call in the step; `None` if it does not show.
    pub places: Vec<Option<(usize, usize)>>,
}

/// Adds a round to `run`, which is not among the thread's runs now, and its messages to `thread`. One that is watched
/// does not queue: its client is told at once.
pub(super) fn add_round(
    context: &Context,
    thread: &mut Thread,
    run: &mut Run,
    watched: bool,
) -> Result<Said, ApiError> {
    let first = run.rounds.is_empty();
    let understood = run.settings.understand(context, first)?;
    context.note().model = Some(understood.card.id.as_str().into());
    let (read, written) = run.usage();
    let left = |most: Option<u32>, used: u32| most.map(|most| most.saturating_sub(used));
    let (prompt_left, left) =
        (left(run.settings.max_prompt_tokens, read), left(run.settings.max_completion_tokens, written));
    let mut blocks = Blocks::of(context, thread, run);
    let Performed { calls, files } = if first {
        hosted::performed(context, &understood, blocks.last_words(), &run.stores)?
    } else {
        Performed::default()
    };
    blocks.add(hosted::told(&calls, files));
    let called = hosted::count(&calls, understood.card.tokenizer);
    let most = understood.card.max_output_tokens.min(left.unwrap_or(u32::MAX)).saturating_sub(called);
    let window = understood.card.context_window_tokens.saturating_sub(left.unwrap_or(0).saturating_add(1));
    let mut request = request(understood, most);
    let prompt_tokens = blocks.fit(context, &mut request, window.min(prompt_left.unwrap_or(u32::MAX)));
    if prompt_left.is_some_and(|left| prompt_tokens > left) {
        return Ok(nothing(context, run, End::Incomplete("max_prompt_tokens".to_owned())));
    }
    if most == 0 {
        return Ok(nothing(context, run, End::Incomplete("max_completion_tokens".to_owned())));
    }
    let limit = left.map(|_| TokenLimit { param: "max_completion_tokens", tokens: most });
    let limit = limit.filter(|limit| limit.tokens < request.model.max_output_tokens);
    let terms = Terms { limit, ..Terms::default() };
    let tokenizer = request.tokenizer();
    let made = generate_here(context, request, &terms, |request, generation| {
        hosted::insert(&calls, tokenizer, request.limits.max_tokens.saturating_add(called), generation);
    });
    match made {
        Ok(answer) => {
            let answer = answer.scheduled();
            let places = write_down(context, thread, run, &answer, calls);
            if let Some(round) = run.rounds.last_mut().filter(|_| watched) {
                round.starts = round.from;
            }
            Ok(Said { answer, places })
        }
        // The thread was accepted before; that it cannot be answered is the run's own failure.
        Err(error) if error.code == Some("context_length_exceeded") => {
            let end = End::Failed("invalid_prompt".to_owned(), error.message.into_owned());
            Ok(nothing(context, run, end))
        }
        Err(error) => Err(error),
    }
}

fn request(understood: Understood, max_tokens: u32) -> GenerationRequest {
    let Understood { card, tools, format, reasoning, sampling, .. } = understood;
    GenerationRequest {
        model: card,
        prompt: Prompt::Chat(Vec::new()),
        choices: 1,
        sampling,
        limits: Limits { max_tokens, min_tokens: 0, ignore_eos: false, stop: Vec::new() },
        format,
        logprobs: None,
        verbosity: Verbosity::Medium,
        tools,
        reasoning,
        prediction: None,
    }
}

/// A round in which nothing is said.
fn nothing(context: &Context, run: &mut Run, end: End) -> Said {
    let now = Moment::now(context.clock());
    run.rounds.push(Round {
        from: now,
        starts: now,
        ends: now,
        end,
        steps: Vec::new(),
        prompt_tokens: 0,
        completion_tokens: 0,
        pace: Vec::new(),
    });
    Said::default()
}

/// Adds the round that `answer` is; `calls` were made of the platform's tools. Gives the places of the segments.
fn write_down(
    context: &Context,
    thread: &mut Thread,
    run: &mut Run,
    answer: &Answer,
    calls: Vec<ToolCall>,
) -> Vec<Option<(usize, usize)>> {
    let line = Line::new(context.clock());
    let from = line.at(context.arrived());
    let pace = answer.paces.first().map(|flow| pace(line, from, flow.forecast())).unwrap_or_default();
    let (first, last) = (pace.first().copied().unwrap_or(0), pace.last().copied().unwrap_or(0));
    let usage = answer.generation.usage;
    let mut draft = Draft {
        context,
        run_id: &run.id,
        assistant_id: &run.assistant_id,
        from,
        pace: &pace,
        steps: Vec::new(),
        messages: &mut thread.messages,
        at: 0,
        hidden: 0,
        marks: hosted::marks(&calls),
        places: Vec::new(),
    };
    let end = answer.generation.choices.first().map_or(End::Completed, |choice| draft.add_all(choice, calls));
    let Draft { mut steps, places, .. } = draft;
    if let Some(step) = steps.first_mut() {
        step.prompt_tokens = usage.prompt_tokens;
    }
    run.rounds.push(Round {
        from,
        starts: from + Duration::from_nanos(first / QUEUED_PART),
        ends: from + Duration::from_nanos(last),
        end,
        steps,
        prompt_tokens: usage.prompt_tokens,
        completion_tokens: usage.completion_tokens,
        pace,
    });
    run.keep_lifetime(&mut thread.messages);
    places
}

/// When each token of a flow is ready, nanoseconds after `from`.
fn pace(line: Line, from: Moment, mut flow: Flow) -> Vec<u64> {
    let mut pace = Vec::new();
    while let Some(tick) = flow.next() {
        pace.push(u64::try_from(line.at(tick).since(from).as_nanos()).unwrap_or(u64::MAX));
        flow.take();
    }
    pace
}

/// The steps of a round as they are found in what is said.
struct Draft<'a> {
    context: &'a Context,
    run_id: &'a str,
    assistant_id: &'a str,
    from: Moment,
    pace: &'a [u64],
    steps: Vec<Step>,
    messages: &'a mut Vec<Message>,
    /// Tokens before the next segment.
    at: usize,
    /// Tokens since the last step that show in none.
    hidden: usize,
    /// What messages cite: what stands in them, and the id of the file.
    marks: Vec<(String, String)>,
    places: Vec<Option<(usize, usize)>>,
}

impl Draft<'_> {
    /// All steps of `choice`; what the run is after them.
    fn add_all(&mut self, choice: &Choice, calls: Vec<ToolCall>) -> End {
        let mut own = calls.into_iter();
        for segment in &choice.segments {
            let count = segment.tokens.len();
            match segment.kind {
                SegmentKind::Reasoning | SegmentKind::Echo => self.hidden += count,
                SegmentKind::Call => match own.next() {
                    Some(call) => self.add(Work::Calls(vec![call]), count, true),
                    None => self.call(segment, choice.finish == Finish::ToolCalls),
                },
                SegmentKind::Text | SegmentKind::Refusal => self.say(segment, choice.finish),
            }
            self.at += count;
            let shows = self.hidden == 0;
            let place = self.steps.last().map(|step| (self.steps.len() - 1, step.calls().len().saturating_sub(1)));
            self.places.push(place.filter(|_| shows));
        }
        match choice.finish {
            Finish::ToolCalls if self.steps.iter().any(|step| step.ends.is_none()) => End::Action,
            Finish::Length => End::Incomplete("max_completion_tokens".to_owned()),
            _ => End::Completed,
        }
    }

    /// The moment of a token; of the last one behind it.
    fn moment(&self, token: usize) -> Moment {
        let nanos = self.pace.get(token).or(self.pace.last()).copied().unwrap_or(0);
        self.from + Duration::from_nanos(nanos)
    }

    /// A step of the next `count` tokens, which ends with them or waits.
    fn add(&mut self, work: Work, count: usize, ends: bool) {
        let last = self.at + count;
        self.steps.push(Step {
            id: self.context.id("step_", 24),
            begins: self.moment(self.at),
            ends: ends.then(|| self.moment(last.saturating_sub(1))),
            end: StepEnd::Completed,
            work,
            prompt_tokens: 0,
            completion_tokens: (count + self.hidden) as u32,
            first: self.at,
            last,
            marks: Vec::new(),
        });
        self.hidden = 0;
    }

    /// A call of a function: those that follow one another are one step.
    fn call(&mut self, segment: &Segment, waits: bool) {
        let tool = CalledTool::Function {
            name: segment.tool.as_ref().map(|tool| tool.name.clone()).unwrap_or_default(),
            arguments: segment.text.clone(),
            output: None,
        };
        let call = ToolCall { id: self.context.id("call_", 24), tool };
        let (count, last) = (segment.tokens.len(), self.at + segment.tokens.len());
        let ends = (!waits).then(|| self.moment(last.saturating_sub(1)));
        let functions = |calls: &[ToolCall]| matches!(calls, [ToolCall { tool: CalledTool::Function { .. }, .. }, ..]);
        match self.steps.last_mut() {
            Some(Step { work: Work::Calls(calls), last: end, completion_tokens, ends: until, .. })
                if functions(calls) =>
            {
                calls.push(call);
                (*end, *until) = (last, ends);
                *completion_tokens += count as u32;
            }
            _ => self.add(Work::Calls(vec![call]), count, !waits),
        }
    }

    /// A message.
    fn say(&mut self, segment: &Segment, finish: Finish) {
        let count = segment.tokens.len();
        // All the tokens there were went into thoughts.
        if count == 0 && finish == Finish::Length {
            return;
        }
        let id = self.context.id("msg_", 24);
        self.add(Work::Message(id.clone()), count, true);
        let (begins, ends) = (self.moment(self.at), self.moment((self.at + count).saturating_sub(1)));
        if let Some(step) = self.steps.last_mut() {
            step.marks = segment.tokens.iter().map(|token| token.end).collect();
        }
        let end = match finish {
            Finish::Length => MessageEnd::MaxTokens,
            Finish::ContentFilter => MessageEnd::ContentFilter,
            Finish::Stop | Finish::ToolCalls => MessageEnd::Completed,
        };
        let (run_id, assistant_id) = (self.run_id.to_owned(), self.assistant_id.to_owned());
        let made = Made { run_id, assistant_id, ends, end };
        self.messages.push(Message::by_run(id, begins, vec![part(segment, &self.marks)], made));
    }
}

/// What is said, as the part of a message.
fn part(segment: &Segment, marks: &[(String, String)]) -> Value {
    if segment.kind == SegmentKind::Refusal {
        return json!({"type": "refusal", "refusal": segment.text});
    }
    let cited = |(mark, file): &(String, String)| {
        let at = segment.text.find(mark)?;
        let start = segment.text[..at].chars().count();
        Some(json!({
            "type": "file_citation", "text": mark, "file_citation": {"file_id": file},
            "start_index": start, "end_index": start + mark.chars().count(),
        }))
    };
    let annotations: Vec<Value> = marks.iter().filter_map(cited).collect();
    json!({"type": "text", "text": {"value": segment.text, "annotations": annotations}})
}
