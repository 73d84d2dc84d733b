//! The calls a model decides to make, and how they are written.

use fakeai_core::Seed;

use super::{Tool, ToolInput};
use crate::{CalledTool, Finish, GenerationRequest, Segment, SegmentKind};

/// What a model decided about its tools.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// The calls to make, in order; none means an answer in words.
    pub(crate) calls: Vec<Planned>,
}

/// One call to make.
#[derive(Debug)]
pub(crate) struct Planned {
    /// The place of the tool in the list.
    pub(crate) tool: usize,
    /// What it is called with.
    pub(crate) input: String,
}

impl Plan {
    /// What the model decides, by the conversation.
    pub(crate) fn of(_request: &GenerationRequest) -> Self {
        Self::default()
    }

    /// Appends the calls, at most `most` tokens of them.
    pub(crate) fn write(
        &self,
        request: &GenerationRequest,
        most: u32,
        _seed: Seed,
        segments: &mut Vec<Segment>,
    ) -> Finish {
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

/// A call as tokens: first those of its name, which show nothing, then those of its input.
fn written(request: &GenerationRequest, tool: &Tool, input: &str) -> Segment {
    let tokenizer = request.tokenizer();
    let mut tokens = tokenizer.encode(&tool.name);
    for token in &mut tokens {
        token.end = 0;
    }
    tokenizer.encode_into(input, &mut tokens);
    let custom = matches!(tool.input, ToolInput::Text);
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
