//! The one pipeline every generating endpoint goes through, free of HTTP: check the context window, let the writer
//! say it, let the engine time it.

mod cache;
mod check;
mod pace;
mod refusal;
mod timing;

use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::sync::Arc;

use fakeai_catalog::ModelCard;
use fakeai_core::Tick;
use fakeai_engine::LatencyModel;
use fakeai_writer::{Finish, Generation, GenerationRequest, Part, Prompt, Role, Seeding, SegmentKind, Turn, Usage};
use futures_util::future::Either;

use crate::context::Context;
use crate::driver::{Admission, Reading};
use crate::error::ApiError;
use crate::gate::breaks_arguments;

pub(crate) use check::TokenLimit;
pub(crate) use pace::Pace;
use timing::Times;
pub(crate) use timing::pace;

/// An answer under way: what is said, and for each choice when.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// What is said.
    pub generation: Generation,
    /// When the tokens of each choice are ready.
    pub paces: Vec<Pace>,
    /// What the physical engine still has to find out of its prompts.
    pub readings: Vec<Prepaid>,
}

/// A prompt of which the physical engine will say how much was cached.
#[derive(Debug)]
pub(crate) struct Prepaid {
    reading: Reading,
    /// When it was given to the engine.
    submitted: Tick,
    card: Arc<ModelCard>,
}

impl Answer {
    /// Adds another answer's choices and counts to these.
    pub(crate) fn append(&mut self, other: Self) {
        self.generation.choices.extend(other.generation.choices);
        self.paces.extend(other.paces);
        self.readings.extend(other.readings);
        let (sum, more) = (&mut self.generation.usage, other.generation.usage);
        sum.prompt_tokens += more.prompt_tokens;
        sum.cached_tokens += more.cached_tokens;
        sum.prompt_audio_tokens += more.prompt_audio_tokens;
        sum.completion_tokens += more.completion_tokens;
        sum.reasoning_tokens += more.reasoning_tokens;
        sum.completion_audio_tokens += more.completion_audio_tokens;
        sum.accepted_prediction_tokens += more.accepted_prediction_tokens;
        sum.rejected_prediction_tokens += more.rejected_prediction_tokens;
    }
}

/// What a client asked for beside what is to be said.
#[derive(Debug, Default)]
pub(crate) struct Terms {
    /// The length it asked for.
    pub limit: Option<TokenLimit>,
    /// Prompts with different keys share nothing in the prompt cache.
    pub cache_key: Option<String>,
    /// Prompts of different salts share nothing in the physical engine's cache either (vLLM's `cache_salt`).
    pub cache_salt: Option<String>,
    /// Lower is more urgent, for an engine that schedules by priority (vLLM's `priority`).
    pub priority: i32,
    /// Whether the prompt stays in the cache for a day.
    pub cached_for_a_day: bool,
    /// Which part of it another server does.
    pub elsewhere: Elsewhere,
}

/// Which part of a request another server does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Elsewhere {
    /// None.
    #[default]
    Nothing,
    /// The prompt was read there.
    Prefill,
    /// The answer is written there, so that one token is enough here.
    Decode,
}

/// Prompts of more bytes than this are not dealt with on the thread that serves the connection: counting them would
/// keep its other connections waiting for a millisecond and more.
const LONG_BYTES: u64 = 64 * 1024;

/// An answer that is there already, or under way where it keeps no connection waiting.
pub(crate) type Generating = Either<Ready<Result<Answer, ApiError>>, Boxed<Result<Answer, ApiError>>>;

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Answers a request. A short one is answered by this call, so that what it is asked and how does not become part of
/// the future, which would be moved with it.
pub(crate) fn generate(context: &Context, request: GenerationRequest, terms: Terms) -> Generating {
    generate_with(context, request, terms, |_, _| {})
}

/// The same; `edit` may change what is said before it is timed, and keeps the counts right.
pub(crate) fn generate_with(
    context: &Context,
    request: GenerationRequest,
    terms: Terms,
    edit: impl FnOnce(&GenerationRequest, &mut Generation) + Send + 'static,
) -> Generating {
    let bytes = prompt_bytes(&request);
    if bytes <= LONG_BYTES {
        return Either::Left(ready(generate_here(context, request, &terms, edit)));
    }
    let here = context.clone();
    Either::Right(Box::pin(async move {
        let there = here.clone();
        aside(&here, bytes, move || generate_here(&there, request, &terms, edit)).await
    }))
}

/// Does `work` on `bytes` of text: here if they are few, else where it keeps no connection waiting.
pub(crate) async fn aside<T: Send + 'static>(
    context: &Context,
    bytes: u64,
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    if bytes <= LONG_BYTES {
        return work();
    }
    let long = context.app().kit.tasks.compute(work);
    long.await.unwrap_or_else(|| Err(ApiError::internal()))
}

fn prompt_bytes(request: &GenerationRequest) -> u64 {
    match &request.prompt {
        Prompt::Chat(turns) => {
            let parts = turns.iter().flat_map(|turn| &turn.parts);
            let bytes = |part: &Part| match part {
                Part::Text(text) | Part::File { text, .. } => text.len() as u64,
                Part::Image { .. } | Part::Audio { .. } | Part::Video { .. } => 0,
            };
            parts.map(bytes).sum()
        }
        Prompt::Completion(continuation) => continuation.text.len() as u64,
    }
}

/// The same on this thread, however long it takes.
pub(crate) fn generate_here(
    context: &Context,
    mut request: GenerationRequest,
    terms: &Terms,
    edit: impl FnOnce(&GenerationRequest, &mut Generation),
) -> Result<Answer, ApiError> {
    let app = context.app();
    if app.settings.safety_message {
        begin_safely(&mut request.prompt);
    }
    let prompt = fakeai_writer::count_prompt(&request, &app.counts);
    if app.settings.context_validation {
        check::fits(&request, prompt.tokens, terms.limit)?;
    }
    let cached_tokens = cache::cached_tokens(context, &request, prompt.tokens, terms);
    let fingerprint = request.fingerprint();
    if let Seeding::Repeat(_) = request.sampling.seed {
        // A line of a batch is drawn by its number, so that it says the same when it is answered anew.
        let repeats = context.batch_line().map(|line| line.number);
        let repeats = repeats.unwrap_or_else(|| context.workspace().count_repeat(fingerprint));
        request.sampling.seed = Seeding::Repeat(repeats);
    }
    let seed = request.seed_of(context.workspace().seed(), fingerprint);
    let mut generation = app.writer.write(&request, prompt, seed);
    generation.usage.cached_tokens = cached_tokens;
    edit(&request, &mut generation);
    if breaks_arguments(context) {
        break_arguments(&mut generation);
    }
    let Times { paces, readings } = timing::submit(context, &request, &generation, terms, seed)?;
    // Only now: what the engine refuses costs nothing.
    note(context, &request, &generation);
    Ok(Answer { generation, paces, readings })
}

/// Takes the end off what tools are called with, so that it is no JSON.
fn break_arguments(generation: &mut Generation) {
    let segments = generation.choices.iter_mut().flat_map(|choice| &mut choice.segments);
    for call in segments.filter(|segment| segment.kind == SegmentKind::Call) {
        call.text.pop();
        let end = call.text.len() as u32;
        call.tokens.iter_mut().for_each(|token| token.end = token.end.min(end));
    }
}

/// What a conversation without instructions of its own begins with, if the server was told so.
const SAFETY_MESSAGE: &str = "You are a helpful, harmless and honest assistant. Decline requests that could cause harm, \
                              protect personal data, and say so when you are not sure.";

fn begin_safely(prompt: &mut Prompt) {
    let Prompt::Chat(turns) = prompt else { return };
    if !turns.iter().any(|turn| matches!(turn.role, Role::System | Role::Developer)) {
        turns.insert(0, Turn::new(Role::System, SAFETY_MESSAGE));
    }
}

impl Answer {
    /// The same with all token times fixed now, for jobs that are a schedule: as planned, or as the physical engine
    /// may be expected to take. The engine works on it all the same.
    pub(crate) fn scheduled(self) -> Self {
        let paces = self.paces.into_iter().map(|pace| Pace::Planned(pace.detach())).collect();
        Self { paces, readings: Vec::new(), ..self }
    }

    /// Waits until it is known how much of the prompt was cached, for one who writes the usage down before the end.
    pub(crate) async fn admitted(&mut self, context: &Context) {
        for prepaid in &self.readings {
            prepaid.reading.begun().await;
        }
        charge_cached(context, &mut self.readings, &mut self.generation.usage);
    }
}

/// Adds what the physical engine found in its cache to usage and record, once.
pub(crate) fn charge_cached(context: &Context, readings: &mut Vec<Prepaid>, usage: &mut Usage) {
    for Prepaid { reading, submitted, card } in readings.drain(..) {
        let cached = reading.cached_tokens();
        usage.cached_tokens += cached;
        let pricing = card.pricing.of_request(usage.prompt_tokens.into(), context.created());
        let saved = pricing.cost_usd(cached.into(), 0, 0) - pricing.cost_usd(cached.into(), cached.into(), 0);
        let mut note = context.note();
        if let Some(Admission { worker, waited, .. }) = reading.admission() {
            note.worker.get_or_insert(worker as u16);
            note.admitted.get_or_insert(submitted + waited);
        }
        note.tokens.cached += cached;
        note.cost_usd -= saved;
    }
}

/// Waits until the last token of the last choice is ready: a non-streaming answer is a stream, collected.
///
/// # Errors
/// The engine that writes it has failed.
pub(crate) async fn collect(context: &Context, answer: Answer) -> Result<Generation, ApiError> {
    let Answer { mut generation, paces, mut readings } = answer;
    let mut first: Option<Tick> = None;
    for pace in paces {
        if let Some((began, _)) = pace.finish(context.clock()).await? {
            first = Some(first.map_or(began, |first| first.min(began)));
        }
    }
    charge_cached(context, &mut readings, &mut generation.usage);
    if first.is_some() {
        context.note().first_token = first;
    }
    context.note().tokens.delivered = generation.usage.completion_tokens;
    Ok(generation)
}

fn note(context: &Context, request: &GenerationRequest, generation: &Generation) {
    let usage = generation.usage;
    let pricing = request.model.pricing.of_request(usage.prompt_tokens.into(), context.created());
    let cost_usd =
        pricing.cost_usd(usage.prompt_tokens.into(), usage.cached_tokens.into(), usage.completion_tokens.into());
    let mut note = context.note();
    note.is_cut |= generation.choices.iter().any(|choice| choice.finish == Finish::Length);
    if let Some(model) = note.model.clone().filter(|_| !note.has_begun) {
        note.has_begun = true;
        context.app().ledger.begin(&model);
    }
    // Added up, because one request may hold several prompts.
    note.tokens.prompt += usage.prompt_tokens;
    note.tokens.cached += usage.cached_tokens;
    note.tokens.completion += usage.completion_tokens;
    note.tokens.reasoning += usage.reasoning_tokens;
    note.tokens.accepted += usage.accepted_prediction_tokens;
    note.tokens.rejected += usage.rejected_prediction_tokens;
    note.tokens.audio += usage.prompt_audio_tokens + usage.completion_audio_tokens;
    note.cost_usd += cost_usd;
    note.token_usd = pricing.cost_usd(0, 0, 1);
}

/// Waits as long as answers take that are not written token by token. `fingerprint` tells requests apart, so that
/// each has its own draw.
pub(crate) async fn delay(context: &Context, fingerprint: u64) {
    let settings = &context.app().settings;
    if context.batch_line().is_some()
        || settings.latency == LatencyModel::Instant
        || settings.response_delay.mean.is_zero()
    {
        return;
    }
    let spread = settings.response_delay.variance;
    let times = context.workspace().count_repeat(fingerprint);
    let mut rng = context.workspace().seed().derive("delay").mix(fingerprint).mix(times).rng();
    let factor = rng.range(1.0 - spread, 1.0 + spread).max(0.0);
    let end = context.arrived() + settings.response_delay.mean.mul_f64(factor);
    if end > context.clock().now() {
        context.clock().sleep_until(end).await;
    }
}
