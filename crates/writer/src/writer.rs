//! From a request to a complete answer.

use std::sync::Arc;

use fakeai_core::{Rng, Seed};

use crate::bias::Bias;
use crate::draft::Draft;
use crate::length::log_normal;
use crate::limits::{Span, end, find_stop};
use crate::prose::{Brief, Composer, Reader};
use crate::source::Source;
use crate::{
    Choice, Format, Generation, GenerationRequest, OutputLength, Prompt, PromptCount, ReplyMode, Segment, SegmentKind,
    Usage, logprobs, refusal,
};

/// Pieces of a long answer are at most about this many bytes, so that a stop text or a limit is seen in time.
const PIECE_BYTES: usize = 64 * 1024;
/// Pieces that add no token before an answer is given up as complete: every token of it is banned.
const FRUITLESS_PIECES: u32 = 4;

/// How answers are written, whatever the request.
#[derive(Clone, Debug, Default)]
pub struct WriterOptions {
    /// How many tokens answers have before a request's own limits.
    pub output_tokens: OutputLength,
    /// Where the words come from.
    pub reply: ReplyMode,
    /// Whether requests for something harmful are refused.
    pub refusals: bool,
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

    /// The answer to `request`, whose prompt was counted by [`crate::count_prompt`], in a workspace seeded with `root`.
    pub fn write(&self, request: &GenerationRequest, prompt: PromptCount, root: Seed) -> Generation {
        let seed = request.seed(root);
        let bias = Bias::new(&request.sampling.logit_bias, request.tokenizer());
        let brief = Brief::read(request, &self.reader);
        let one = |index| self.choice(request, &brief, bias.as_ref(), seed.mix(u64::from(index)));
        let choices: Vec<Choice> = (0..request.choices).map(one).collect();
        let usage = Usage {
            prompt_tokens: prompt.tokens,
            prompt_audio_tokens: prompt.audio_tokens,
            completion_tokens: choices.iter().map(Choice::written_tokens).sum(),
            ..Usage::default()
        };
        Generation { choices, usage }
    }

    fn choice(&self, request: &GenerationRequest, brief: &Brief<'_>, bias: Option<&Bias>, seed: Seed) -> Choice {
        let mut rng = seed.rng();
        let exact = self.options.output_tokens.draw(&mut rng);
        // An object of at least so many tokens is planned as one of exactly so many, so that it is whole.
        let least = request.limits.min_tokens;
        let exact = exact.or_else(|| (request.format == Format::JsonObject && least > 0).then_some(least.max(64)));
        let refused = self.options.refusals && refusal::is_harmful(brief.text);
        // A refusal is as long as it is.
        let span = if refused { Span::most(&request.limits) } else { Span::new(&request.limits, exact) };
        let source =
            if refused { refused_by(brief, &mut rng) } else { self.source(request, brief, bias, span, &mut rng) };
        let (draft, finish) = fill(request, source, span, bias, &mut rng);
        let mut segments = Vec::with_capacity(2);
        if let Prompt::Completion(continuation) = &request.prompt
            && continuation.echo
        {
            let tokens = request.tokenizer().encode(&continuation.text);
            let text = continuation.text.clone();
            segments.push(Segment { kind: SegmentKind::Echo, text, tokens, logprobs: Vec::new() });
        }
        let kind = if refused { SegmentKind::Refusal } else { SegmentKind::Text };
        segments.push(Segment { kind, text: draft.text, tokens: draft.tokens, logprobs: Vec::new() });
        if let Some(top) = request.logprobs {
            let greedy = request.sampling.temperature == Some(0.0);
            for (index, segment) in segments.iter_mut().enumerate() {
                let seed = seed.derive("logprobs").mix(index as u64);
                segment.logprobs = logprobs::draw(segment, top, greedy, seed, bias, request.tokenizer());
            }
        }
        Choice { segments, finish }
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

/// A sentence that declines.
fn refused_by<'b>(brief: &'b Brief<'b>, rng: &mut Rng) -> Source<'b> {
    let mut text = String::new();
    Composer::new(brief, rng.clone(), None, &[]).refuse(&mut text);
    Source::Given(text)
}

/// Writes from `source` until the answer has to end, and ends it.
fn fill(
    request: &GenerationRequest,
    mut source: Source<'_>,
    span: Span,
    bias: Option<&Bias>,
    rng: &mut Rng,
) -> (Draft, crate::Finish) {
    let tokenizer = request.tokenizer();
    let capacity = source.expected_bytes().min(span.most.saturating_mul(8)).saturating_add(256);
    let mut draft = Draft::new(tokenizer, capacity);
    if let Some(bias) = bias.filter(|bias| !bias.exclusive().is_empty()) {
        let count = if span.is_exact() { span.most } else { source.expected_bytes() / source.token_bytes() };
        bias.fill(&mut draft, tokenizer, count.clamp(span.least, span.most), rng);
        let stop = find_stop(&draft, &request.limits, 0);
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
        let stop = find_stop(&draft, &request.limits, bytes_before);
        let long_enough = count > span.most || (count >= span.least && (complete || span.is_exact()));
        if stop.is_some() || long_enough {
            // A closing mark could be banned, or complete a stop text.
            let closing = source.closing().filter(|_| bias.is_none() && request.limits.stop.is_empty());
            let finish = end(&mut draft, span, stop, closing);
            return (draft, finish);
        }
        fruitless = if count > tokens_before { 0 } else { fruitless + 1 };
    }
    let finish = end(&mut draft, span, None, None);
    (draft, finish)
}
