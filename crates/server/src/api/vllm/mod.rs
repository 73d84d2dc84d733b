//! What vLLM's server has beside OpenAI's operations: tokens, adapters, controls of the engine.

mod adapters;
mod control;
mod tokens;

use super::Endpoint;

pub(super) fn endpoints() -> Vec<Endpoint> {
    [tokens::endpoints(), control::endpoints(), adapters::endpoints()].into_iter().flatten().collect()
}
