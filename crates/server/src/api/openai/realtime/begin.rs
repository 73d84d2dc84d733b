//! How a response begins: what it may use, what it says, and what that costs.

use bytes::Bytes;
use fakeai_catalog::ModelCard;
use fakeai_media::speech::{SPEECH_RATE, Speaker, Voice};
use fakeai_writer::{Finish, Generation, GenerationRequest, Prompt};
use serde_json::json;

use super::config::Config;
use super::item::Item;
use super::prompt::{Asked, Given, ask};
use super::response::is_said;
use crate::api::openai::chat::TOKENS_PER_SECOND;
use crate::context::Context;
use crate::error::ApiError;
use crate::generation::{Generating, Terms, generate_with};

/// How a message is spoken.
#[derive(Clone, Copy, Debug)]
struct Manner {
    voice: &'static Voice,
    speed: f64,
    most_tokens: Option<u32>,
}

/// Has `config` answer `items`; `context` is the response's own. What was given is known at once.
///
/// # Errors
/// The sender may not ask for it now.
pub(super) fn begin(context: &Context, config: &Config, items: &[&Item]) -> Result<(Generating, Given), ApiError> {
    let Asked { request, limit, given } = ask(context, config, items);
    admit(context, config, &request)?;
    context.note().model = Some(config.card.id.as_str().into());
    let manner = config.speaks.then_some(Manner {
        voice: config.output.voice,
        speed: config.output.speed,
        most_tokens: config.max_output_tokens,
    });
    let terms = Terms { limit, ..Terms::default() };
    let edit = move |_: &GenerationRequest, generation: &mut Generation| {
        let usage = &mut generation.usage;
        usage.prompt_tokens = given.total();
        usage.prompt_audio_tokens = given.audio;
        usage.cached_tokens = usage.cached_tokens.min(given.total());
        if let Some(manner) = manner {
            speak(generation, manner);
        }
    };
    Ok((generate_with(context, request, terms, edit), given))
}

/// Takes what the response may use from its sender's quota.
fn admit(context: &Context, config: &Config, request: &GenerationRequest) -> Result<(), ApiError> {
    let Prompt::Chat(turns) = &request.prompt else { return Ok(()) };
    let said: Vec<&str> = turns.iter().flat_map(|turn| &turn.parts).filter_map(|part| part.text()).collect();
    let body = json!({"model": config.card.id, "max_output_tokens": config.max_output_tokens, "input": said});
    context.app().gate.look(context, Bytes::from(body.to_string()))?;
    Ok(())
}

/// Counts the sound of what is said, and cuts what there is no room for.
fn speak(generation: &mut Generation, manner: Manner) {
    let Some(choice) = generation.choices.first_mut() else { return };
    let spoken = |text: &str| {
        let samples = Speaker::new(text, manner.voice, manner.speed).total_samples();
        (samples as f64 / f64::from(SPEECH_RATE) * TOKENS_PER_SECOND).ceil() as u32
    };
    let mut audio = 0;
    for segment in choice.segments.iter_mut().filter(|segment| is_said(segment.kind)) {
        let mut sound = spoken(&segment.text);
        if let Some(most) = manner.most_tokens
            && segment.tokens.len() as u32 + sound > most
        {
            // The longest beginning that fits: sound goes with the length of its text.
            let (mut fits, mut exceeds) = (0, segment.tokens.len());
            let end = |tokens: usize| match tokens.checked_sub(1) {
                Some(last) => segment.text.floor_char_boundary(segment.tokens[last].end as usize),
                None => 0,
            };
            while exceeds - fits > 1 {
                let middle = usize::midpoint(fits, exceeds);
                if middle as u32 + spoken(&segment.text[..end(middle)]) <= most {
                    fits = middle;
                } else {
                    exceeds = middle;
                }
            }
            let cut = end(fits);
            segment.tokens.truncate(fits);
            segment.tokens.iter_mut().for_each(|token| token.end = token.end.min(cut as u32));
            segment.text.truncate(cut);
            sound = spoken(&segment.text);
            choice.finish = Finish::Length;
        }
        audio += sound;
    }
    let usage = &mut generation.usage;
    usage.completion_tokens = choice.token_count() + audio;
    usage.completion_audio_tokens = audio;
}

/// Corrects what a response costs: sound has a price of its own.
pub(super) fn charge(context: &Context, card: &ModelCard, given: Given, generation: &Generation) {
    let (pricing, usage) = (&card.pricing, generation.usage);
    let more = |tokens: u32, own: Option<f64>, usual: Option<f64>| {
        f64::from(tokens) * (own.or(usual).unwrap_or_default() - usual.unwrap_or_default()) / 1e6
    };
    let input = more(given.audio, pricing.audio_input_per_million, pricing.input_per_million);
    let output = more(usage.completion_audio_tokens, pricing.audio_output_per_million, pricing.output_per_million);
    let mut note = context.note();
    note.cost_usd += input + output;
    let written = f64::from(usage.completion_tokens.max(1));
    note.token_usd += output / written;
}
