//! A request as the engine sees it.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use fakeai_core::Seed;
use fakeai_engine::kv::{ExtraKeys, ImageSpan, chain};
use fakeai_engine::scheduler::Submission;
use fakeai_writer::{Choice, GenerationRequest, Rendered};
use rustc_hash::FxHasher;

use crate::generation::Terms;

/// One choice of a request, as a sequence whose blocks hold `block_tokens` tokens.
pub(crate) fn submission(
    request: &GenerationRequest,
    rendered: &Rendered,
    choice: &Choice,
    terms: &Terms,
    block_tokens: u32,
) -> Submission {
    let mut whole = rendered.clone();
    whole.add_answer(choice);
    let image = |(at, hash): &(std::ops::Range<u32>, u64)| ImageSpan {
        hash: *hash,
        first_token: at.start,
        tokens: at.end - at.start,
    };
    let images: Vec<ImageSpan> = whole.media.iter().map(image).collect();
    let mut model = FxHasher::default();
    request.model.id.hash(&mut model);
    let extra = ExtraKeys { model: model.finish(), adapter: 0, salt: terms.cache_salt.as_deref(), images: &images };
    let output_tokens = choice.written_tokens().max(1);
    Submission {
        max_output_tokens: terms.limit.map_or(output_tokens, |limit| limit.tokens.max(output_tokens)),
        priority: terms.priority,
        chain: Arc::from(chain(&whole.ids, block_tokens, &extra)),
        ..Submission::new(rendered.ids.len().max(1) as u32, output_tokens)
    }
}

/// The sequence with what its draws begin with and what of its answer was predicted.
pub(crate) fn drawn(submission: Submission, seed: Seed, predicted_tokens: u32) -> Submission {
    Submission { seed, predicted_tokens, ..submission }
}
