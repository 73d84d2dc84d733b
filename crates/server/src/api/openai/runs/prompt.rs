//! The prompt of a run: the thread as turns, with the calls made in it and their results, as much of it as fits.

use fakeai_writer::{Call, GenerationRequest, Prompt, Role, Turn};

use super::hosted::{exchange, told};
use super::run::{CalledTool, Run, Step};
use crate::api::openai::threads::Thread;
use crate::context::Context;

/// A prompt in blocks: turns that stay or go together, the oldest first.
#[derive(Debug)]
pub(super) struct Blocks {
    instructions: Option<Turn>,
    blocks: Vec<Vec<Turn>>,
    /// Blocks from here on always stay: the last message of the user's and what came of it.
    kept: usize,
}

impl Blocks {
    /// What `run` reads of `thread`.
    pub(super) fn of(context: &Context, thread: &Thread, run: &Run) -> Self {
        let mut blocks: Vec<Vec<Turn>> = Vec::new();
        let most = run.settings.truncation_strategy.last_messages.map_or(usize::MAX, |count| count as usize);
        let skipped = thread.messages.len().saturating_sub(most);
        for message in &thread.messages[skipped..] {
            let made = message.made.as_ref().and_then(|made| thread.runs.iter().find(|run| run.id == made.run_id));
            if let Some(maker) = made {
                // The calls that led to the message.
                let before = maker.steps().take_while(|step| step.message_id() != Some(&message.id));
                blocks.extend(before.filter_map(answered));
            }
            blocks.push(vec![message.turn(context)]);
        }
        let kept = blocks.iter().rposition(|block| block.iter().any(|turn| turn.role == Role::User)).unwrap_or(0);
        blocks.extend(run.steps().filter_map(answered));
        let instructions = Some(&run.settings.instructions).filter(|text| !text.is_empty());
        Self { instructions: instructions.map(|text| Turn::new(Role::System, text)), blocks, kept }
    }

    /// Adds turns that always stay.
    pub(super) fn add(&mut self, turns: Vec<Turn>) {
        if !turns.is_empty() {
            self.blocks.push(turns);
        }
    }

    /// What the user said last.
    pub(super) fn last_words(&self) -> &str {
        let turns = self.blocks.iter().flatten().rev();
        turns.into_iter().find(|turn| turn.role == Role::User).and_then(Turn::text).unwrap_or_default()
    }

    /// The prompt without the first `dropped` blocks.
    fn prompt(&self, dropped: usize) -> Prompt {
        let turns = self.blocks.iter().skip(dropped).flatten();
        Prompt::Chat(self.instructions.iter().chain(turns).cloned().collect())
    }

    /// Gives `request` as much of the prompt as `most` tokens hold, the newest; and counts it.
    pub(super) fn fit(&self, context: &Context, request: &mut GenerationRequest, most: u32) -> u32 {
        let mut count = |dropped: usize| {
            request.prompt = self.prompt(dropped);
            fakeai_writer::count_prompt(request, &context.app().counts).tokens
        };
        let whole = count(0);
        if whole <= most || self.kept == 0 {
            return whole;
        }
        // The fewest that have to go; more dropped are fewer tokens.
        let (mut low, mut high) = (1, self.kept);
        while low < high {
            let middle = usize::midpoint(low, high);
            if count(middle) <= most { high = middle } else { low = middle + 1 }
        }
        count(low)
    }
}

/// The calls of a step and their outputs; `None` if it made none or their outputs never came.
fn answered(step: &Step) -> Option<Vec<Turn>> {
    let function = |tool: &CalledTool| match tool {
        CalledTool::Function { name, arguments, output } => Some((name.clone(), arguments.clone(), output.clone())),
        _ => None,
    };
    let (mut calls, mut results) = (Vec::new(), Vec::new());
    for call in step.calls() {
        let Some((name, input, output)) = function(&call.tool) else { continue };
        results.push(output?);
        calls.push(Call { id: call.id.clone(), name, input });
    }
    let turns = if calls.is_empty() { told(step.calls(), Vec::new()) } else { exchange(calls, results) };
    (!turns.is_empty()).then_some(turns)
}
