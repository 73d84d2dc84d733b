//! Runs of assistants on threads, and their steps.
//!
//! A run's answer is made when the run is: in rounds, each of which ends with a message or with calls that wait for
//! their outputs. A round is a schedule; what a run is at a moment follows from its rounds and the moment, and nothing
//! works in the background. To cancel a run is to cut its schedule.

mod create;
mod encode;
mod events;
mod hosted;
mod outputs;
mod plan;
mod prompt;
mod routes;
mod run;
mod settings;
mod steps;
mod wire;

pub(super) use routes::endpoints;
pub(super) use run::Run;
