//! Azure `OpenAI`: the same operations under deployments, with Azure's versions, filters and errors.
//!
//! `target` understands a path, `pass` asks the room of the same operation of OpenAI's API, `filter` judges what was
//! asked and what is answered, `errors` puts refusals into Azure's shapes, `generation` is the older text generation.

mod errors;
mod filter;
mod generation;
mod pass;
mod stream;
mod target;

pub(crate) use errors::shape;
pub(crate) use target::{PREFIX, operation};

use super::Endpoint;

pub(super) fn endpoints() -> Vec<Endpoint> {
    [pass::endpoints(), generation::endpoints()].into_iter().flatten().collect()
}
