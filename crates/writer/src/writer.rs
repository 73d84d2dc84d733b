//! From a request to a complete answer.

use std::borrow::Cow;
use std::sync::Arc;

use fakeai_core::{Rng, Seed};

use crate::bias::Bias;
use crate::draft::Draft;
use crate::length::log_normal;
use crate::limits::{Span, end, find_stop};
use crate::prediction::{compare, edited};
use crate::prose::{Brief, Composer, Reader};
use crate::shaped::shaped;
use crate::shown::told;
use crate::source::Source;
use crate::tools::Plan;
use crate::{
    Choice, Finish, Generation, GenerationRequest, Limits, OutputLength, Prompt, PromptCount, ReplyMode, Segment,
    SegmentKind, Usage, logprobs, refusal,
};

/// Pieces of a long answer are at most about this many bytes, so that a stop text or a limit is seen in time.
const PIECE_BYTES: usize = 64 * 1024;
/// Bytes of a token of English thoughts, about.
const THOUGHT_TOKEN_BYTES: usize = 5;
/// Tokens that are said of a text before the filter sees what it is.
const FILTERED: usize = 24;
/// Pieces that add no token before an answer is given up as complete: every token of it is banned.
const FRUITLESS_PIECES: u32 = 4;

/// How answers are written, whatever the request.
#[derive(Clone, Debug, Default)]
pub struct WriterOptions {
    /// How many tokens answers have before a request's own limits.
    pub output_tokens: OutputLength,
    /// Where the words come from.
    pub reply: ReplyMode,
    /// What is refused or cut.
    pub safety: Safety,
}

/// What a careful model refuses or does not finish.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Safety {
    /// Requests for something harmful are refused.
    pub refusals: bool,
    /// So are attempts to talk the model out of its rules.
    pub jailbreaks: bool,
    /// Protected texts are cut with [`Finish::ContentFilter`].
    pub filter: bool,
}

impl Safety {
    fn refuses(self, text: &str) -> bool {
        (self.refusals && refusal::is_harmful(text)) || (self.jailbreaks && refusal::is_jailbreak(text))
    }
}

/// Writes answers. A pure function of options, request and seed; what it remembers makes it faster and nothing else.
/// Clones remember together.
#[derive(Clone, Debug, Default)]
pub struct Writer {
    options: WriterOptions,
    reader: Arc<Reader>,
}

impl Writer {
    /// A writer that follows `options`.
    pub fn new(options: WriterOptions) -> Self {
        Self { options, reader: Arc::default() }
    }

    /// The answer to `request`, whose prompt was counted by [`crate::count_prompt`]; `seed` is [`GenerationRequest::seed`].
    pub fn write(&self, request: &GenerationRequest, prompt: PromptCount, seed: Seed) -> Generation {
        let bias = Bias::new(&request.sampling.logit_bias, request.tokenizer());
        let brief = Brief::read(request, &self.reader);
        let plan = Plan::of(request, brief.language, seed);
        let asked = Asked { request, brief: &brief, plan: &plan, bias: bias.as_ref(), prompt_tokens: prompt.tokens };
        let choices: Vec<Choice> =
            (0..request.choices).map(|index| self.choice(&asked, seed.mix(u64::from(index)))).collect();
        let reasoning = choices.iter().flat_map(|choice| &choice.segments);
        let reasoning = reasoning.filter(|segment| segment.kind == SegmentKind::Reasoning);
        let usage = Usage {
            prompt_tokens: prompt.tokens,
            prompt_audio_tokens: prompt.audio_tokens,
            completion_tokens: choices.iter().map(Choice::written_tokens).sum(),
            reasoning_tokens: reasoning.map(|segment| segment.tokens.len() as u32).sum(),
            ..Usage::default()
        };
        let mut generation = Generation { choices, usage };
        if let Some(prediction) = &request.prediction {
            predicted(&mut generation, prediction, request);
        }
        generation
    }

    fn choice(&self, asked: &Asked<'_>, seed: Seed) -> Choice {
        let Asked { request, brief, plan, bias, .. } = *asked;
        let mut segments = Vec::with_capacity(2);
        if let Prompt::Completion(continuation) = &request.prompt
            && continuation.echo
        {
            let tokens = request.tokenizer().encode(&continuation.text);
            let text = continuation.text.clone();
            segments.push(Segment { kind: SegmentKind::Echo, text, tokens, ..Segment::default() });
        }
        let mut limits = Cow::Borrowed(&request.limits);
        if let Some(thoughts) = asked.think(seed.derive("reasoning")) {
            limits.to_mut().max_tokens -= thoughts.tokens.len() as u32;
            segments.push(thoughts);
        }
        let refused = self.options.safety.refuses(brief.text);
        let finish = if plan.calls.is_empty() || refused {
            let (segment, finish) = self.answer(asked, &limits, refused, &mut seed.rng());
            segments.push(segment);
            finish
        } else {
            plan.write(request, limits.max_tokens, &mut segments)
        };
        if let Some(top) = request.logprobs {
            let greedy = request.sampling.temperature == Some(0.0);
            for (index, segment) in segments.iter_mut().enumerate() {
                let seed = seed.derive("logprobs").mix(index as u64);
                segment.logprobs = logprobs::draw(segment, top, greedy, seed, bias, request.tokenizer());
            }
        }
        Choice { segments, finish }
    }

    /// What is said, as text or as a refusal, within `limits`.
    fn answer(&self, asked: &Asked<'_>, limits: &Limits, refused: bool, rng: &mut Rng) -> (Segment, Finish) {
        let Asked { request, brief, bias, .. } = *asked;
        let exact = self.options.output_tokens.draw(rng);
        // An object of at least so many tokens is planned as one of exactly so many, so that it is whole.
        let least = limits.min_tokens;
        let exact = exact.or_else(|| (request.format.is_json_object() && least > 0).then_some(least.max(64)));
        let given = if refused { None } else { asked.given(limits, rng) };
        // What is given, or a refusal, is as long as it is.
        let natural = refused || matches!(given, Some(Source::Given(_) | Source::Shaped(_)));
        let span = if natural && !limits.ignore_eos { Span::most(limits) } else { Span::new(limits, exact) };
        let source = match given {
            Some(given) => given,
            None if refused => refused_by(brief, rng),
            None => self.source(request, brief, bias, span, rng),
        };
        let (mut draft, mut finish) = fill(request, limits, source, span, bias, rng);
        if self.options.safety.filter && !refused && refusal::is_recitation(brief.text) && draft.tokens.len() > FILTERED
        {
            draft.cut(FILTERED, draft.text.len());
            finish = Finish::ContentFilter;
        }
        let kind = if refused { SegmentKind::Refusal } else { SegmentKind::Text };
        (Segment { kind, text: draft.text, tokens: draft.tokens, ..Segment::default() }, finish)
    }

    fn source<'b>(
        &self,
        request: &GenerationRequest,
        brief: &'b Brief<'b>,
        bias: Option<&'b Bias>,
        span: Span,
        rng: &mut Rng,
    ) -> Source<'b> {
        let exact = span.is_exact().then_some(span.most as u32);
        match &self.options.reply {
            ReplyMode::Auto => {
                let favoured = bias.map_or(&[][..], Bias::favoured);
                Source::Composed(Box::new(Composer::new(brief, rng.clone(), exact, favoured)))
            }
            ReplyMode::Fixed(text) => Source::Given(text.clone()),
            ReplyMode::Echo => Source::Given(request.last_user_text().to_owned()),
            ReplyMode::Lorem => {
                let tokens = exact.unwrap_or_else(|| log_normal(rng, 4.9, 0.8));
                Source::Lorem { tokens, rng: rng.clone() }
            }
        }
    }
}

/// Counts how much of each answer was predicted. What was predicted in vain counts as written.
fn predicted(generation: &mut Generation, prediction: &str, request: &GenerationRequest) {
    let predicted = request.tokenizer().encode(prediction);
    for choice in &generation.choices {
        let said = choice.segments.iter().find(|segment| segment.kind == SegmentKind::Text);
        let found = compare(&predicted, said.map_or(&[], |segment| &segment.tokens));
        generation.usage.accepted_prediction_tokens += found.accepted;
        generation.usage.rejected_prediction_tokens += found.rejected;
        generation.usage.completion_tokens += found.rejected;
    }
}

/// What is asked, and all that was found out about it before the first choice.
#[derive(Clone, Copy)]
struct Asked<'a> {
    request: &'a GenerationRequest,
    brief: &'a Brief<'a>,
    plan: &'a Plan,
    bias: Option<&'a Bias>,
    prompt_tokens: u32,
}

impl<'a> Asked<'a> {
    /// The text the answer has to be, where the request leaves no choice: of its shape, as predicted, or what came of
    /// its tools.
    fn given(&self, limits: &Limits, rng: &mut Rng) -> Option<Source<'a>> {
        let Asked { request, brief, plan, bias, .. } = *self;
        if let Some(text) = shaped(&request.format, brief, plan.report.as_deref(), limits.max_tokens as usize, rng) {
            return Some(Source::Shaped(text));
        }
        if request.format.is_json_object() {
            return None;
        }
        let lead = match (&plan.report, &request.prediction) {
            (Some(report), _) => report.clone(),
            (None, Some(prediction)) => edited(prediction, brief.text),
            (None, None) => told(request)?,
        };
        let favoured = bias.map_or(&[][..], Bias::favoured);
        Some(Source::Led(lead, Box::new(Composer::new(brief, rng.clone(), Some(1), favoured))))
    }

    /// What the model thinks, if it does.
    fn think(&self, seed: Seed) -> Option<Segment> {
        let mut rng = seed.rng();
        let reasoning = self.request.reasoning?;
        let count = reasoning.draw_tokens(self.prompt_tokens, self.request.limits.max_tokens, &mut rng) as usize;
        if count == 0 {
            return None;
        }
        let mut draft = Draft::new(self.request.tokenizer(), count * THOUGHT_TOKEN_BYTES);
        let mut composer = Composer::new(self.brief, rng, Some(count as u32), &[]);
        while draft.tokens.len() < count {
            let missing = count - draft.tokens.len();
            let bytes = draft.text.len() + (missing + 8) * THOUGHT_TOKEN_BYTES;
            composer.think(&mut draft.text, bytes);
            draft.tokenise(&[]);
        }
        draft.cut(count, draft.text.len());
        Some(Segment { kind: SegmentKind::Reasoning, text: draft.text, tokens: draft.tokens, ..Segment::default() })
    }
}

/// A sentence that declines.
fn refused_by<'b>(brief: &'b Brief<'b>, rng: &mut Rng) -> Source<'b> {
    let mut text = String::new();
    Composer::new(brief, rng.clone(), None, &[]).refuse(&mut text);
    Source::Given(text)
}

/// Writes from `source` until the answer has to end, and ends it.
fn fill(
    request: &GenerationRequest,
    limits: &Limits,
    mut source: Source<'_>,
    span: Span,
    bias: Option<&Bias>,
    rng: &mut Rng,
) -> (Draft, Finish) {
    let tokenizer = request.tokenizer();
    let capacity = source.expected_bytes().min(span.most.saturating_mul(8)).saturating_add(256);
    let mut draft = Draft::new(tokenizer, capacity);
    if let Some(bias) = bias.filter(|bias| !bias.exclusive().is_empty()) {
        let count = if span.is_exact() { span.most } else { source.expected_bytes() / source.token_bytes() };
        bias.fill(&mut draft, tokenizer, count.clamp(span.least, span.most), rng);
        let stop = find_stop(&draft, limits, 0);
        let finish = end(&mut draft, span, stop, None);
        return (draft, finish);
    }
    let mut complete = false;
    let mut fruitless = 0;
    while fruitless < FRUITLESS_PIECES {
        let (bytes_before, tokens_before) = (draft.text.len(), draft.tokens.len());
        // One more than the most shows that the answer would have been longer.
        let wanted = if complete || span.is_exact() { span.least } else { span.most + 1 };
        let missing = wanted.saturating_sub(tokens_before).saturating_mul(source.token_bytes());
        let cap = bytes_before + missing.min(PIECE_BYTES) + 16;
        if complete {
            source.go_on(&mut draft.text, cap);
        } else {
            complete = source.write(&mut draft.text, cap);
        }
        match bias {
            Some(bias) => bias.rewrite(&mut draft, tokenizer, bytes_before, rng),
            None => draft.tokenise(source.quotes()),
        }
        let count = draft.tokens.len();
        let stop = find_stop(&draft, limits, bytes_before);
        let long_enough = count > span.most || (count >= span.least && (complete || span.is_exact()));
        if stop.is_some() || long_enough {
            // A closing mark could be banned, or complete a stop text.
            let closing = source.closing().filter(|_| bias.is_none() && limits.stop.is_empty());
            let finish = end(&mut draft, span, stop, closing);
            return (draft, finish);
        }
        fruitless = if count > tokens_before { 0 } else { fruitless + 1 };
    }
    let finish = end(&mut draft, span, None, None);
    (draft, finish)
}
