//! The prompt cache as clients see it in their usage.

use std::hash::{Hash, Hasher};
use std::time::Duration;

use fakeai_engine::Retention;
use fakeai_writer::{Blocks, GenerationRequest, prefix_chain};
use rustc_hash::FxHasher;

use super::Terms;
use crate::context::Context;

/// Tokens by which cached beginnings grow (`OpenAI`, "Prompt caching").
const STEP_TOKENS: u32 = 128;
/// What `prompt_cache_retention: "24h"` asks for.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Tokens of the prompt that were read lately, in whole blocks. From now on all of it was.
pub(super) fn cached_tokens(context: &Context, request: &GenerationRequest, prompt_tokens: u32, terms: &Terms) -> u32 {
    // The physical engine has a cache of its own, and says itself what it found there.
    let settings = context.app().settings.prompt_cache.filter(|_| !context.app().drivers.is_physical());
    let Some(settings) = settings else { return 0 };
    if prompt_tokens < settings.min_tokens {
        return 0;
    }
    let blocks = Blocks { first_tokens: settings.min_tokens.max(1), step_tokens: STEP_TOKENS };
    let mut salt = FxHasher::default();
    terms.cache_key.hash(&mut salt);
    let chain = prefix_chain(request, salt.finish(), blocks);
    let retention = Retention(if terms.cached_for_a_day { DAY.max(settings.retention) } else { settings.retention });
    let hits = context.workspace().read_prompt(&chain, retention, context.arrived());
    // The whole prompt is never cached: the last tokens have to be read to answer.
    let most = prompt_tokens.saturating_sub(1) / STEP_TOKENS * STEP_TOKENS;
    blocks.tokens(hits).min(most)
}
