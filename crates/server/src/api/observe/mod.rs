//! Looking in from outside: health, and the views of the ledger.

mod asked;
mod core;
mod exposition;
mod health;
mod jobs;
mod models;
mod persistence;
mod rate_limits;
mod records;
mod savings;
mod vector_stores;

use fakeai_telemetry::Dates;

use super::Endpoint;
use crate::context::Context;

pub(in crate::api) use core::allowed;
pub(in crate::api) use exposition::exposition;

pub(super) fn endpoints() -> Vec<Endpoint> {
    [
        health::endpoints(),
        core::endpoints(),
        jobs::endpoints(),
        models::endpoints(),
        persistence::endpoints(),
        rate_limits::endpoints(),
        records::endpoints(),
        vector_stores::endpoints(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What the views' ticks are on the calendar. Records are in the order of the server's own clock; where the date stands
/// still for the asker, as on a deterministic server, it does so here too.
fn dates(context: &Context) -> Dates {
    Dates::new(context.app().kit.clock.now(), context.clock().unix_nanos())
}
