//! A request as the engine sees it.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use fakeai_core::Seed;
use fakeai_engine::kv::{ExtraKeys, ImageSpan, chain};
use fakeai_engine::scheduler::{Phase, Submission};
use fakeai_events::Adapter;
use fakeai_writer::{Choice, GenerationRequest, Rendered};
use rustc_hash::FxHasher;

use super::Driver;
use super::contents::Text;
use crate::generation::{Elsewhere, Terms};

/// What the driver takes in.
#[derive(Clone, Debug)]
pub(crate) struct Sequence {
    /// As the engine sees it.
    pub(crate) submission: Submission,
    /// Its tokens, where somebody is told of them.
    pub(super) text: Option<Arc<Text>>,
}

/// One choice of a request, as `driver` takes it in.
pub(crate) fn sequence(
    request: &GenerationRequest,
    rendered: &Rendered,
    choice: &Choice,
    (terms, adapter): (&Terms, Option<&Adapter>),
    driver: &Driver,
) -> Sequence {
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
    let number = adapter.map_or(0, |adapter| adapter.id);
    let extra =
        ExtraKeys { model: model.finish(), adapter: number, salt: terms.cache_salt.as_deref(), images: &images };
    let output_tokens = choice.written_tokens().max(1);
    let submission = Submission {
        max_output_tokens: terms.limit.map_or(output_tokens, |limit| limit.tokens.max(output_tokens)),
        priority: terms.priority,
        adapter: number,
        phase: if terms.elsewhere == Elsewhere::Prefill { Phase::Decode } else { Phase::Both },
        chain: Arc::from(chain(&whole.ids, driver.block_tokens(), &extra)),
        ..Submission::new(rendered.ids.len().max(1) as u32, output_tokens)
    };
    let text = driver
        .tells_caches()
        .then(|| Arc::new(Text { ids: whole.ids, chain: Arc::clone(&submission.chain), adapter: adapter.cloned() }));
    Sequence { submission, text }
}

impl Sequence {
    /// The sequence with what its draws begin with and what of its answer was predicted.
    pub(crate) fn drawn(self, seed: Seed, predicted_tokens: u32) -> Self {
        Self { submission: Submission { seed, predicted_tokens, ..self.submission }, ..self }
    }
}
