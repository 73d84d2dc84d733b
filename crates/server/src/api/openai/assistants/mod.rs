//! Assistants: a model with instructions and tools, kept to be run on threads. Runs look them up; they know no runs.

mod checks;
mod routes;
mod tools;
mod wire;

pub(super) use checks::{instructions, resources, response_format, temperature, top_p};
pub(super) use routes::endpoints;
pub(super) use tools::{Offered, Searching, echoed, offered};
pub(super) use wire::{Assistant, find};
