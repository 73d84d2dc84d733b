//! When each token of an answer is ready: by the model of time the server was told, or by the physical engine.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use fakeai_catalog::ModelCard;
use fakeai_core::Seed;
use fakeai_engine::{Flow, Sequence, Speed};
use fakeai_telemetry::engine::Ending;
use fakeai_writer::{Choice, Finish, Generation, GenerationRequest, Rendered};
use rustc_hash::FxHasher;

use super::refusal::{refused, unable};
use super::{Elsewhere, Pace, Prepaid, Terms};
use crate::context::Context;
use crate::driver::{Asked, Driver, sequence};
use crate::error::ApiError;

/// When the choices of one prompt are ready.
#[derive(Debug)]
pub(super) struct Times {
    pub(super) paces: Vec<Pace>,
    pub(super) readings: Vec<Prepaid>,
}

/// Lets the engine time the choices of `generation`.
pub(super) fn submit(
    context: &Context,
    request: &GenerationRequest,
    generation: &Generation,
    terms: &Terms,
    seed: Seed,
) -> Result<Times, ApiError> {
    if context.batch_line().is_some() {
        // When they show is the batch's business.
        let now = context.clock().now();
        let at_once = |choice: &Choice| Pace::Planned(Flow::instant(choice.written_tokens(), now));
        return Ok(Times { paces: generation.choices.iter().map(at_once).collect(), readings: Vec::new() });
    }
    let predicted_tokens = generation.usage.accepted_prediction_tokens / request.choices.max(1);
    if let Some(driver) = context.app().drivers.on(context.clock(), &context.app().kit.tasks) {
        return run(context, &driver.map_err(unable)?, request, generation, terms, (seed, predicted_tokens));
    }
    let now = context.arrived();
    let is_read_elsewhere = terms.elsewhere == Elsewhere::Prefill;
    let paces = generation.choices.iter().enumerate().map(|(index, choice)| {
        let sequence = Sequence {
            prompt_tokens: generation.usage.prompt_tokens,
            // A card's speed knows no transfer: then what was read elsewhere is as good as cached.
            cached_tokens: if is_read_elsewhere {
                generation.usage.prompt_tokens
            } else {
                generation.usage.cached_tokens
            },
            output_tokens: choice.written_tokens(),
            predicted_tokens,
            is_read_elsewhere,
            speed: speed(&request.model),
            temperature: request.sampling.temperature.unwrap_or(1.0),
            seed: seed.derive("pace").mix(index as u64),
        };
        context.app().engine.submit(&sequence, now).map(Pace::Planned).map_err(unable)
    });
    Ok(Times { paces: paces.collect::<Result<_, _>>()?, readings: Vec::new() })
}

/// Submits each choice to the physical engine, which reads the prompt for each and mostly finds it in its cache.
fn run(
    context: &Context,
    driver: &Arc<Driver>,
    request: &GenerationRequest,
    generation: &Generation,
    terms: &Terms,
    (seed, predicted_tokens): (Seed, u32),
) -> Result<Times, ApiError> {
    let rendered = Rendered::of(request);
    // OpenAI sends prompts of one key to the same machine, too.
    let session = terms.cache_key.as_ref().map(|key| {
        let mut hasher = FxHasher::default();
        key.hash(&mut hasher);
        hasher.finish()
    });
    let adapters = context.app().adapters.as_ref();
    let adapter = adapters.and_then(|adapters| adapters.find(&request.model.id)).map(|entry| entry.adapter);
    let mut times = Times { paces: Vec::new(), readings: Vec::new() };
    let longest = generation.choices.iter().map(Choice::written_tokens).max().unwrap_or(0);
    let choices = (generation.choices.len() as u32, longest);
    for (index, choice) in generation.choices.iter().enumerate() {
        let sequence = sequence(request, &rendered, choice, (terms, adapter.as_ref()), driver);
        let sequence = sequence.drawn(seed.derive("pace").mix(index as u64), predicted_tokens);
        let asked = Asked {
            ending: if choice.finish == Finish::Length { Ending::Length } else { Ending::Stop },
            max_tokens: terms.limit.map(|limit| limit.tokens),
            choices: (index == 0).then_some(choices),
        };
        let live = driver.submit(sequence, session, asked, context.clock().now()).map_err(refused)?;
        if index == 0 {
            times.readings.push(Prepaid {
                reading: live.reading(),
                submitted: context.clock().now(),
                card: Arc::clone(&request.model),
            });
        }
        times.paces.push(Pace::Live(live));
    }
    Ok(times)
}

/// When the tokens of an answer are ready that the writer does not write, and the physical engine not time: sound, and
/// what is heard in it.
pub(crate) fn pace(
    context: &Context,
    card: &ModelCard,
    (prompt_tokens, output_tokens): (u32, u32),
    seed: Seed,
) -> Result<Flow, ApiError> {
    if context.batch_line().is_some() {
        return Ok(Flow::instant(output_tokens, context.clock().now()));
    }
    let sequence = Sequence {
        prompt_tokens,
        cached_tokens: 0,
        output_tokens,
        predicted_tokens: 0,
        is_read_elsewhere: false,
        speed: speed(card),
        temperature: 1.0,
        seed: seed.derive("pace"),
    };
    context.app().engine.submit(&sequence, context.arrived()).map_err(unable)
}

fn speed(card: &ModelCard) -> Speed {
    let latency = card.latency;
    Speed {
        ttft_ms: latency.ttft_ms,
        ttft_deviation_ms: latency.ttft_deviation_ms,
        itl_ms: latency.itl_ms,
        itl_deviation_ms: latency.itl_deviation_ms,
        prefill_tokens_per_second: latency.prefill_tokens_per_second,
    }
}
