//! The calls a model decides to make, and how they are written.

use fakeai_core::Seed;

use super::arguments::inputs;
use super::decide::{Situation, chosen};
use super::report::report;
use super::{Tool, ToolInput};
use crate::finds::Finds;
use crate::prose::Language;
use crate::{CalledTool, Finish, GenerationRequest, Segment, SegmentKind};

/// What a model decided about its tools.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// The calls to make, in order; none means an answer in words.
    pub(crate) calls: Vec<Planned>,
    /// What came of the calls made before.
    pub(crate) report: Option<String>,
}

/// One call to make.
#[derive(Debug)]
pub(crate) struct Planned {
    /// The place of the tool in the list.
    tool: usize,
    /// What it is called with.
    input: String,
}

impl Plan {
    /// What the model decides, by the conversation.
    pub(crate) fn of(request: &GenerationRequest, language: Language, seed: Seed) -> Self {
        let situation = Situation::of(request);
        if request.tools.offered.is_empty() && situation.results.is_empty() {
            return Self::default();
        }
        let mut rng = seed.derive("tools").rng();
        let chosen = chosen(request, &situation, language);
        let mut calls = Vec::new();
        if !chosen.is_empty() {
            let finds = Finds::of(situation.text);
            let single = request.tools.one_at_a_time;
            for place in chosen {
                let Some(tool) = request.tools.offered.get(place) else { continue };
                let inputs = match &tool.input {
                    ToolInput::Arguments(shape) => inputs(shape, &finds, single, &mut rng),
                    ToolInput::Grammar(grammar) => vec![grammar.sample(&mut rng, MOST_INPUT_BYTES)],
                    ToolInput::Text => vec![finds.said().unwrap_or(&finds.clause).to_owned()],
                };
                calls.extend(inputs.into_iter().map(|input| Planned { tool: place, input }));
                if single {
                    break;
                }
            }
        }
        let told = calls.is_empty() && !situation.results.is_empty();
        Self { report: told.then(|| report(&situation, language, &mut rng)), calls }
    }

    /// Appends the calls, at most `most` tokens of them.
    pub(crate) fn write(&self, request: &GenerationRequest, most: u32, segments: &mut Vec<Segment>) -> Finish {
        let mut left = most as usize;
        for call in &self.calls {
            let Some(tool) = request.tools.offered.get(call.tool) else { continue };
            let mut segment = written(request, tool, &call.input);
            let whole = segment.tokens.len() <= left;
            cut(&mut segment, left);
            left -= segment.tokens.len();
            if !segment.tokens.is_empty() {
                segments.push(segment);
            }
            if !whole {
                return Finish::Length;
            }
        }
        Finish::ToolCalls
    }
}

/// Bytes of an input made from a grammar.
const MOST_INPUT_BYTES: usize = 400;

/// A call as tokens: first those of its name, which show nothing, then those of its input.
fn written(request: &GenerationRequest, tool: &Tool, input: &str) -> Segment {
    let tokenizer = request.tokenizer();
    let mut tokens = tokenizer.encode(&tool.name);
    for token in &mut tokens {
        token.end = 0;
    }
    tokenizer.encode_into(input, &mut tokens);
    let custom = !matches!(tool.input, ToolInput::Arguments(_));
    let tool = Some(Box::new(CalledTool { name: tool.name.clone(), custom }));
    Segment { kind: SegmentKind::Call, tool, text: input.to_owned(), tokens, logprobs: Vec::new() }
}

fn cut(segment: &mut Segment, most: usize) {
    if segment.tokens.len() <= most {
        return;
    }
    segment.tokens.truncate(most);
    let end = segment.tokens.last().map_or(0, |token| token.end as usize);
    let end = segment.text.floor_char_boundary(end);
    segment.text.truncate(end);
    for token in segment.tokens.iter_mut().rev().take_while(|token| token.end as usize > end) {
        token.end = end as u32;
    }
}
