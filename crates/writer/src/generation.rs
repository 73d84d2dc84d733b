//! What a model says, complete and already in tokens, before anybody decides when and how it is sent.

use fakeai_tokens::Token;

/// The whole answer to a [`crate::GenerationRequest`].
#[derive(Clone, Debug, Default)]
pub struct Generation {
    /// One for each choice asked for.
    pub choices: Vec<Choice>,
    /// What it costs.
    pub usage: Usage,
}

/// One answer: segments in the order they are said.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// What is said; the tokens of all segments follow one another in time.
    pub segments: Vec<Segment>,
    /// Why it ended.
    pub finish: Finish,
}

impl Choice {
    /// Tokens of all segments.
    pub fn token_count(&self) -> u32 {
        self.segments.iter().map(|segment| segment.tokens.len() as u32).sum()
    }

    /// Tokens the model wrote: all but the echoed prompt.
    pub fn written_tokens(&self) -> u32 {
        let written = self.segments.iter().filter(|segment| segment.kind != SegmentKind::Echo);
        written.map(|segment| segment.tokens.len() as u32).sum()
    }
}

/// A run of tokens of one kind.
#[derive(Clone, Debug, Default)]
pub struct Segment {
    /// What the tokens are.
    pub kind: SegmentKind,
    /// The tool that is called, for a call.
    pub tool: Option<Box<CalledTool>>,
    /// The text they make.
    pub text: String,
    /// The tokens. The last may be cut short by a stop sequence or inside a character, down to no bytes at all: they
    /// were written and count, though they do not show.
    pub tokens: Vec<Token>,
    /// Their log probabilities, if asked for: as many as tokens.
    pub logprobs: Vec<Logprob>,
}

impl Segment {
    /// The bytes of token `index`; not always whole characters.
    pub fn token_bytes(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).map_or(0, |before| self.tokens[before].end as usize);
        &self.text.as_bytes()[start..self.tokens[index].end as usize]
    }
}

/// The tool a call is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalledTool {
    /// Its name.
    pub name: String,
    /// Whether it takes text instead of arguments.
    pub custom: bool,
}

/// What a run of tokens is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SegmentKind {
    /// The answer.
    #[default]
    Text,
    /// What the model thinks before it answers.
    Reasoning,
    /// What a tool is called with. The first tokens name the tool and show no bytes.
    Call,
    /// A refusal to answer.
    Refusal,
    /// The prompt of a completion, said again before the answer. It is not written by the model and costs nothing.
    Echo,
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Finish {
    /// It was complete, or a stop sequence came.
    #[default]
    Stop,
    /// It reached the most tokens allowed.
    Length,
    /// It called tools.
    ToolCalls,
    /// What came next was withheld.
    ContentFilter,
}

impl Finish {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ToolCalls => "tool_calls",
            Self::ContentFilter => "content_filter",
        }
    }
}

/// How probable a token was.
#[derive(Clone, Debug, PartialEq)]
pub struct Logprob {
    /// Natural logarithm of the chosen token's probability.
    pub logprob: f64,
    /// The most probable tokens, the chosen one among them where its probability puts it, in falling order:
    /// token bytes and logarithm. Their probabilities and the rest sum to 1.
    pub top: Vec<(Vec<u8>, f64)>,
}

/// Token counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens given.
    pub prompt_tokens: u32,
    /// Of those, found in the cache.
    pub cached_tokens: u32,
    /// Of those, sound.
    pub prompt_audio_tokens: u32,
    /// Tokens written, of all choices.
    pub completion_tokens: u32,
    /// Of those, thought before the answer.
    pub reasoning_tokens: u32,
    /// Of those, sound.
    pub completion_audio_tokens: u32,
    /// Of those, written as predicted.
    pub accepted_prediction_tokens: u32,
    /// Of those, predicted and not written.
    pub rejected_prediction_tokens: u32,
}

impl Usage {
    /// Given and written.
    pub const fn total_tokens(self) -> u32 {
        self.prompt_tokens + self.completion_tokens
    }
}
