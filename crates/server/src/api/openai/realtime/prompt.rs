//! A conversation as what the model is asked.

use std::sync::Arc;

use fakeai_tokens::CountMemo;
use fakeai_writer::{
    Call, Format, GenerationRequest, Limits, Part, Prompt, Role, Sampling, Seeding, Turn, Verbosity, count_prompt,
};

use super::config::{Config, Truncation};
use super::item::{Content, Item, Said};
use crate::api::openai::responses::fit;
use crate::context::Context;
use crate::generation::TokenLimit;

/// What the model is asked, and what that counts.
pub(super) struct Asked {
    pub request: GenerationRequest,
    pub limit: Option<TokenLimit>,
    pub given: Given,
}

/// What a prompt counts, in tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Given {
    pub text: u32,
    pub audio: u32,
    pub image: u32,
}

impl Given {
    pub(super) const fn total(self) -> u32 {
        self.text + self.audio + self.image
    }
}

/// What `config` asks about `items`.
pub(super) fn ask(context: &Context, config: &Config, items: &[&Item]) -> Asked {
    let counted = turns(config, items, counted);
    let before = counted.len();
    let card = &config.card;
    let most = config.max_output_tokens;
    let limit = most.map(|tokens| TokenLimit { param: "max_output_tokens", tokens });
    let mut request = GenerationRequest {
        model: Arc::clone(card),
        prompt: Prompt::Chat(counted),
        choices: 1,
        sampling: Sampling { seed: Seeding::Repeat(0), temperature: Some(config.temperature), logit_bias: Vec::new() },
        limits: Limits {
            max_tokens: most.unwrap_or(card.max_output_tokens),
            min_tokens: 0,
            ignore_eos: false,
            stop: Vec::new(),
        },
        format: Format::Text,
        logprobs: None,
        // Nobody listens to a lecture.
        verbosity: if config.speaks { Verbosity::Low } else { Verbosity::Medium },
        tools: config.tools.clone(),
        reasoning: None,
        prediction: None,
    };
    shorten(context, config.truncation, &mut request, limit);
    let given = given(&mut request, &context.app().counts);
    let Prompt::Chat(kept) = &request.prompt else { return Asked { request, limit, given } };
    let mut dropped = before - kept.len();
    let mut words = turns(config, items, words);
    // The same turns as were dropped of those that were counted.
    words.retain(|turn| {
        let is_dropped = dropped > 0 && turn.role != Role::System;
        dropped -= usize::from(is_dropped);
        !is_dropped
    });
    request.prompt = Prompt::Chat(words);
    Asked { request, limit, given }
}

/// The turns of a conversation, the pieces of its messages as `parts` makes them.
fn turns(config: &Config, items: &[&Item], parts: fn(&Content) -> Part) -> Vec<Turn> {
    let mut turns = Vec::with_capacity(items.len() + 1);
    if !config.instructions.is_empty() {
        turns.push(Turn::new(Role::System, config.instructions.as_str()));
    }
    for item in items {
        add(item, parts, &mut turns);
    }
    turns
}

/// Drops the oldest turns of a conversation that has become too long.
fn shorten(context: &Context, truncation: Truncation, request: &mut GenerationRequest, limit: Option<TokenLimit>) {
    let answer = limit.map_or(1, |limit| limit.tokens);
    let window = request.model.context_window_tokens;
    match truncation {
        Truncation::Disabled => {}
        Truncation::Auto => fit(context, request, limit),
        Truncation::Ratio(share, most) => {
            let room = window.saturating_sub(answer).min(most.unwrap_or(u32::MAX));
            if count_prompt(request, &context.app().counts).tokens > room {
                let kept = (f64::from(room) * share) as u32;
                let limit = TokenLimit { param: "max_output_tokens", tokens: window.saturating_sub(kept) };
                fit(context, request, Some(limit));
            }
        }
    }
}

fn add(item: &Item, parts: fn(&Content) -> Part, turns: &mut Vec<Turn>) {
    match &item.said {
        Said::Message { role, content } => {
            let role = match *role {
                "system" => Role::System,
                "assistant" => Role::Assistant,
                _ => Role::User,
            };
            let parts = content.iter().map(parts).collect();
            turns.push(Turn { role, name: None, parts, calls: Vec::new(), answers: None });
        }
        Said::Call { call_id, name, arguments } => {
            let call = Call { id: call_id.clone(), name: name.clone(), input: arguments.clone() };
            match turns.last_mut().filter(|turn| turn.role == Role::Assistant) {
                Some(turn) => turn.calls.push(call),
                None => turns.push(Turn {
                    role: Role::Assistant,
                    name: None,
                    parts: Vec::new(),
                    calls: vec![call],
                    answers: None,
                }),
            }
        }
        Said::Result { call_id, output } => {
            turns.push(Turn { answers: Some(call_id.clone()), ..Turn::new(Role::Tool, output.as_str()) });
        }
    }
}

/// A piece of a message as the model understands it: what is said aloud is its words.
fn words(content: &Content) -> Part {
    match content {
        Content::Text(text) => Part::Text(text.clone()),
        Content::Picture { part, .. } => Part::clone(part),
        Content::Heard(heard) if heard.text.is_empty() => Part::Audio { seconds: heard.seconds, facts: None },
        Content::Heard(heard) => Part::Text(heard.text.clone()),
        Content::Spoken(spoken) => Part::Text(spoken.transcript.clone()),
    }
}

/// A piece of a message as it counts: what is said aloud is sound.
fn counted(content: &Content) -> Part {
    match content {
        Content::Heard(heard) => Part::Audio { seconds: heard.seconds, facts: None },
        // Ten tokens a second are what sound counts that is given, twenty what the model has spoken.
        Content::Spoken(spoken) if spoken.milliseconds > 0 => {
            Part::Audio { seconds: spoken.milliseconds as f64 / 1000.0 * 2.0, facts: None }
        }
        Content::Text(_) | Content::Picture { .. } | Content::Spoken(_) => words(content),
    }
}

/// What the prompt counts, by what it is made of. Takes its pictures away if it has any.
fn given(request: &mut GenerationRequest, memo: &CountMemo) -> Given {
    let whole = count_prompt(request, memo);
    let is_picture = |part: &Part| matches!(part, Part::Image { .. });
    let Prompt::Chat(turns) = &mut request.prompt else { return Given::default() };
    let image = if turns.iter().any(|turn| turn.parts.iter().any(is_picture)) {
        for turn in turns {
            turn.parts.retain(|part| !is_picture(part));
        }
        whole.tokens - count_prompt(request, memo).tokens
    } else {
        0
    };
    Given { text: whole.tokens - whole.audio_tokens - image, audio: whole.audio_tokens, image }
}
