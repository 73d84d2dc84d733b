//! Completion request → one [`GenerationRequest`] for each prompt.

use fakeai_catalog::ModelCard;
use fakeai_writer::{Continuation, Format, GenerationRequest, Limits, Prompt, Sampling, Seeding, Tools, Verbosity};

use super::wire::CompletionRequest;
use crate::api::openai::chat::{logit_bias, stops};
use crate::api::openai::transfer::TransferRequest;
use crate::context::Context;
use crate::error::ApiError;
use crate::generation::{Answer, Elsewhere, TokenLimit};
use crate::wire::{OneOrMany, Range, TokenInput, integer, number};

/// A completion request, understood.
pub(super) struct Lowered {
    pub requests: Vec<GenerationRequest>,
    pub limit: TokenLimit,
    /// The model as the client wrote it.
    pub model: String,
    /// `Some` for a streamed answer: whether usage is wanted.
    pub stream: Option<bool>,
    pub best: Best,
}

/// Which of the choices written are given: the best `n` of `best_of`.
#[derive(Clone, Copy)]
pub(super) struct Best {
    pub n: usize,
    /// Whether the log probabilities that were written are shown, or were for choosing only.
    pub shows_logprobs: bool,
}

impl Best {
    /// Keeps the `n` choices with the highest mean log probability; all written tokens stay counted.
    pub(super) fn of(self, mut answer: Answer) -> Answer {
        if answer.generation.choices.len() <= self.n {
            return answer;
        }
        let mean = |choice: &fakeai_writer::Choice| {
            let all = choice.segments.iter().flat_map(|segment| &segment.logprobs);
            let (sum, count) = all.fold((0.0, 0_u32), |(sum, count), token| (sum + token.logprob, count + 1));
            sum / f64::from(count.max(1))
        };
        let mut both: Vec<_> = answer.generation.choices.into_iter().zip(answer.paces).collect();
        both.sort_by(|(left, _), (right, _)| mean(right).total_cmp(&mean(left)));
        both.truncate(self.n);
        (answer.generation.choices, answer.paces) = both.into_iter().unzip();
        if !self.shows_logprobs {
            let segments = answer.generation.choices.iter_mut().flat_map(|choice| &mut choice.segments);
            segments.for_each(|segment| segment.logprobs = Vec::new());
        }
        answer
    }
}

/// `max_tokens` unless the client says otherwise.
const DEFAULT_MAX_TOKENS: i64 = 16;

pub(super) fn lower(context: &Context, wire: CompletionRequest) -> Result<Lowered, ApiError> {
    let model = wire.model.filter(|model| !model.is_empty()).ok_or_else(ApiError::missing_model)?;
    let temperature = number("temperature", wire.temperature, Range::new(0.0, 2.0))?;
    number("top_p", wire.top_p, Range::new(0.0, 1.0))?;
    number("presence_penalty", wire.presence_penalty, Range::new(-2.0, 2.0))?;
    number("frequency_penalty", wire.frequency_penalty, Range::new(-2.0, 2.0))?;
    let n = integer("n", wire.n, Range::new(1, 128))?.unwrap_or(1);
    let best_of = best_of(wire.best_of, n, wire.stream.unwrap_or_default())?;
    let logprobs = integer("logprobs", wire.logprobs, Range::new(0, 5))?.map(|top| top as u8);
    let max_tokens = integer("max_tokens", wire.max_tokens, Range::from(0))?.unwrap_or(DEFAULT_MAX_TOKENS);
    let max_tokens = u32::try_from(max_tokens).unwrap_or(u32::MAX);
    let elsewhere = wire.kv_transfer_params.as_ref().map(TransferRequest::elsewhere).unwrap_or_default();
    let max_tokens = if elsewhere == Elsewhere::Decode { max_tokens.min(1) } else { max_tokens };
    let min_tokens = integer("min_tokens", wire.min_tokens, Range::from(0))?.unwrap_or(0) as u32;
    let stop = stops(wire.stop.map(OneOrMany::into_vec).unwrap_or_default())?;
    let logit_bias = logit_bias(wire.logit_bias.unwrap_or_default())?;
    let echo = wire.echo.unwrap_or_default();
    if wire.stream_options.is_some() && !wire.stream.unwrap_or_default() {
        let message = "The 'stream_options' parameter is only allowed when 'stream' is enabled.";
        return Err(ApiError::invalid(message).param("stream_options"));
    }
    let card = context.model(&model)?;
    let prompts = prompts(&card, wire.prompt)?;
    let seed = match (wire.seed, temperature) {
        (Some(seed), _) => Seeding::Given(seed),
        (None, Some(0.0)) => Seeding::Same,
        _ => Seeding::Repeat(0),
    };
    // The best of several are found by their log probabilities.
    let logprobs_needed = if best_of > n { Some(logprobs.unwrap_or(0)) } else { logprobs };
    let request = |text: String| GenerationRequest {
        model: card.clone(),
        prompt: Prompt::Completion(Continuation { text, suffix: wire.suffix.clone(), echo }),
        choices: best_of as u32,
        sampling: Sampling { seed, temperature, logit_bias: logit_bias.clone() },
        limits: Limits {
            max_tokens,
            min_tokens: min_tokens.min(max_tokens),
            ignore_eos: wire.ignore_eos.unwrap_or_default(),
            stop: stop.clone(),
        },
        format: Format::Text,
        logprobs: logprobs_needed,
        verbosity: Verbosity::Medium,
        tools: Tools::default(),
        reasoning: None,
        prediction: None,
    };
    Ok(Lowered {
        requests: prompts.into_iter().map(request).collect(),
        limit: TokenLimit { param: "max_tokens", tokens: max_tokens },
        model,
        stream: wire
            .stream
            .unwrap_or_default()
            .then(|| wire.stream_options.and_then(|options| options.include_usage).unwrap_or_default()),
        best: Best { n: n as usize, shows_logprobs: logprobs.is_some() },
    })
}

fn best_of(best_of: Option<i64>, n: i64, stream: bool) -> Result<i64, ApiError> {
    let best_of = integer("best_of", best_of, Range::new(1, 128))?.unwrap_or(n);
    if best_of < n {
        let message = format!(
            "You requested that the server return more choices than it will generate (HINT: best_of ({best_of}) must be greater than or equal to n ({n}))."
        );
        return Err(ApiError::invalid(message).param("best_of"));
    }
    if stream && best_of > n {
        return Err(
            ApiError::invalid("Streaming is not supported when 'best_of' is greater than 'n'.").param("best_of")
        );
    }
    Ok(best_of)
}

/// The texts to go on with; token ids are put back into words.
fn prompts(card: &ModelCard, prompt: Option<TokenInput>) -> Result<Vec<String>, ApiError> {
    let decode = |ids: Vec<u32>| {
        let size = card.tokenizer.vocabulary_size();
        if let Some(id) = ids.iter().find(|id| **id >= size) {
            let message = format!("Invalid 'prompt': token id {id} is not in the model's vocabulary.");
            return Err(ApiError::invalid(message).param("prompt").code("invalid_value"));
        }
        Ok(String::from_utf8_lossy(&card.tokenizer.decode(&ids)).into_owned())
    };
    let empty = || {
        let message = "Invalid 'prompt': empty array. Expected an array with minimum length 1, but got an empty \
                       array instead.";
        ApiError::invalid(message).param("prompt").code("empty_array")
    };
    match prompt {
        None => Ok(vec![String::new()]),
        Some(TokenInput::Text(text)) => Ok(vec![text]),
        Some(TokenInput::Texts(texts)) if texts.is_empty() => Err(empty()),
        Some(TokenInput::Texts(texts)) => Ok(texts),
        Some(TokenInput::Ids(ids)) => Ok(vec![decode(ids)?]),
        Some(TokenInput::IdLists(lists)) => lists.into_iter().map(decode).collect(),
    }
}
