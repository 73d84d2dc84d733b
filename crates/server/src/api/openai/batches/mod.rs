//! Batches: files of requests that are answered beside the traffic, at half the price, in their own time.
//!
//! Each line goes through the server's own door as a request of its own, so that it is answered, counted and written
//! down as any other. A batch's [`schedule`] says when which line is due; its worker answers what is due by now, in
//! slices that are kept as they are done, and puts them together at the end. So a batch goes on where it was after the
//! process has ended, and no line is in its output twice.

mod batch;
mod check;
mod input;
mod line;
mod live;
mod metrics;
mod parts;
mod queue;
mod routes;
mod schedule;
mod wire;
mod worker;

pub(crate) use live::Desk;
pub(in crate::api) use metrics::BatchMetrics;
pub(super) use routes::endpoints;
pub(super) use worker::resume;
