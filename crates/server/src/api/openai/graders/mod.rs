//! Graders: what a sample is worth. Pure functions of a grader, an item and a sample; evals and fine-tuning ask them.
//!
//! Strings and similarities are really compared. There is no model behind a model's judgement and no interpreter behind
//! Python: both are simulated from how near the sample is to what it is compared with, so they are the same every time.

mod formula;
mod grade;
mod parse;
mod reply;
mod routes;
mod similarity;
mod simulated;
mod template;

pub(super) use grade::Fault;
pub(super) use parse::Grader;
pub(super) use routes::endpoints;
pub(super) use template::{Scope, Template, Unfilled};
