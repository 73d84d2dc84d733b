//! The one pipeline every generating endpoint goes through, free of HTTP: check the context window, let the writer
//! say it, let the engine time it.

mod cache;
mod check;

use std::future::{Future, Ready, ready};
use std::pin::Pin;

use fakeai_engine::{Flow, LatencyModel, Sequence, Speed};
use fakeai_writer::{Generation, GenerationRequest, Part, Prompt, Role, Seeding, Turn};
use futures_util::future::Either;

use crate::context::Context;
use crate::error::ApiError;

pub(crate) use check::TokenLimit;

/// An answer under way: what is said, and for each choice when.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    /// What is said.
    pub generation: Generation,
    /// When the tokens of each choice are ready.
    pub flows: Vec<Flow>,
}

impl Answer {
    /// Adds another answer's choices and counts to these.
    pub(crate) fn append(&mut self, other: Self) {
        self.generation.choices.extend(other.generation.choices);
        self.flows.extend(other.flows);
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
    /// Whether the prompt stays in the cache for a day.
    pub cached_for_a_day: bool,
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
        request.sampling.seed = Seeding::Repeat(context.workspace().count_repeat(fingerprint));
    }
    let seed = request.seed_of(context.workspace().seed(), fingerprint);
    let mut generation = app.writer.write(&request, prompt, seed);
    generation.usage.cached_tokens = cached_tokens;
    edit(&request, &mut generation);
    note(context, &request, &generation);
    let now = context.arrived();
    let predicted_tokens = generation.usage.accepted_prediction_tokens / request.choices.max(1);
    let flows = generation.choices.iter().enumerate().map(|(index, choice)| {
        let sequence = Sequence {
            prompt_tokens: generation.usage.prompt_tokens,
            cached_tokens: generation.usage.cached_tokens,
            output_tokens: choice.written_tokens(),
            predicted_tokens,
            speed: speed(&request),
            temperature: request.sampling.temperature.unwrap_or(1.0),
            seed: seed.derive("pace").mix(index as u64),
        };
        app.engine.submit(&sequence, now)
    });
    Ok(Answer { flows: flows.collect(), generation })
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

/// Waits until the last token of the last choice is ready: a non-streaming answer is a stream, collected.
pub(crate) async fn collect(context: &Context, answer: Answer) -> Generation {
    let spans = answer.flows.into_iter().filter_map(Flow::take_all);
    let whole = spans.reduce(|(first, last), (other_first, other_last)| (first.min(other_first), last.max(other_last)));
    if let Some((first, last)) = whole {
        if last > context.clock().now() {
            context.clock().sleep_until(last).await;
        }
        context.note().first_token = Some(first);
    }
    context.note().tokens.delivered = answer.generation.usage.completion_tokens;
    answer.generation
}

fn speed(request: &GenerationRequest) -> Speed {
    let latency = request.model.latency;
    Speed {
        ttft_ms: latency.ttft_ms,
        ttft_deviation_ms: latency.ttft_deviation_ms,
        itl_ms: latency.itl_ms,
        itl_deviation_ms: latency.itl_deviation_ms,
        prefill_tokens_per_second: latency.prefill_tokens_per_second,
    }
}

fn note(context: &Context, request: &GenerationRequest, generation: &Generation) {
    let usage = generation.usage;
    let cost_usd = request.model.pricing.cost_usd(
        usage.prompt_tokens.into(),
        usage.cached_tokens.into(),
        usage.completion_tokens.into(),
    );
    let mut note = context.note();
    // Added up, because one request may hold several prompts.
    note.tokens.prompt += usage.prompt_tokens;
    note.tokens.cached += usage.cached_tokens;
    note.tokens.completion += usage.completion_tokens;
    note.tokens.reasoning += usage.reasoning_tokens;
    note.cost_usd += cost_usd;
}

/// Waits as long as answers take that are not written token by token. `fingerprint` tells requests apart, so that
/// each has its own draw.
pub(crate) async fn delay(context: &Context, fingerprint: u64) {
    let settings = &context.app().settings;
    if settings.latency == LatencyModel::Instant || settings.response_delay.mean.is_zero() {
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
