//! What all chunks of an answer, or the whole answer, have in common.

use fakeai_writer::{Generation, SegmentKind};
use serde_json::Value;

use super::voice::SpokenAnswer;
use crate::api::openai::transfer::TransferAnswer;
use crate::context::Context;

/// What all chunks of an answer, or the whole answer, have in common.
#[derive(Debug)]
pub(super) struct Head {
    pub id: String,
    pub created: i64,
    /// As the client wrote it.
    pub model: String,
    pub service_tier: &'static str,
    pub fingerprint: String,
    pub manner: Manner,
    pub call_ids: CallIds,
    /// The sound of each choice, if the answer is spoken; a refusal or a call has none.
    pub spoken: Vec<Option<SpokenAnswer>>,
    /// What a server elsewhere has to know; absent unless it was asked for, null if there is nothing.
    pub transfer: Option<TransferAnswer>,
    /// How request and answer were judged, if they were.
    pub moderation: Option<Value>,
}

/// How the client wants to see an answer.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Manner {
    /// Log probabilities beside the text.
    pub logprobs: bool,
    /// The usage as a last chunk.
    pub include_usage: bool,
    /// Chunks are padded to hide the length of their tokens.
    pub obfuscation: bool,
    /// Calls look like the older `function_call`.
    pub function_call: bool,
    /// What the model thinks is shown.
    pub reasoning: Thoughts,
}

/// Whether thoughts are shown, and under which name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Thoughts {
    /// Not at all, as `OpenAI`.
    #[default]
    Hidden,
    /// As `reasoning_content`: DeepSeek, Qwen, vLLM.
    Content,
    /// As `reasoning`, for clients that asked in the way of OpenRouter.
    Reasoning,
}

impl Thoughts {
    /// The field's name; `None` if there is none.
    pub(super) const fn field(self) -> Option<&'static str> {
        match self {
            Self::Hidden => None,
            Self::Content => Some("reasoning_content"),
            Self::Reasoning => Some("reasoning"),
        }
    }
}

/// The ids of all calls of an answer, by choice and segment.
#[derive(Debug, Default)]
pub(super) struct CallIds(Vec<Vec<Option<String>>>);

impl CallIds {
    /// New ids for the calls of `generation`; nothing is kept for an answer without calls.
    pub(super) fn new(context: &Context, generation: &Generation) -> Self {
        let mut segments = generation.choices.iter().flat_map(|choice| &choice.segments);
        if !segments.any(|segment| segment.kind == SegmentKind::Call) {
            return Self::default();
        }
        let id = |kind| (kind == SegmentKind::Call).then(|| context.id("call_", 24));
        let choices = generation.choices.iter();
        Self(choices.map(|choice| choice.segments.iter().map(|segment| id(segment.kind)).collect()).collect())
    }

    /// The place of a call among the calls of its choice, and its id.
    pub(super) fn get(&self, choice: usize, segment: usize) -> Option<(usize, &str)> {
        let segments = self.0.get(choice)?;
        let id = segments.get(segment)?.as_deref()?;
        Some((segments[..segment].iter().flatten().count(), id))
    }

    /// The segment of the first call of a choice.
    pub(super) fn first(&self, choice: usize) -> Option<usize> {
        self.0.get(choice)?.iter().position(Option::is_some)
    }
}
