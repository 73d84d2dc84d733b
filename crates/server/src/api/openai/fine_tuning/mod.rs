//! Fine-tuning: jobs that read a training file and end with a model.
//!
//! Nothing is trained. The file is read when the job is made: its examples are checked and its tokens counted. From then
//! on what the job is, its events, checkpoints and losses, follows from its document and now. When it has succeeded, its
//! results and its model are put where others find them: by a task that waits for that moment, or by whoever looks
//! first.

mod checkpoints;
mod curve;
mod events;
mod examples;
mod finish;
mod job;
mod method;
mod metrics;
mod permissions;
mod routes;
mod schedule;
mod wire;

pub(super) use finish::resume;
pub(in crate::api) use metrics::FineTuningMetrics;
pub(super) use routes::endpoints;
