//! Responses: create, whole, streamed or in the background; what is stored; counting and compacting input.
//!
//! The way of a request: [`wire`] → [`history`] and [`items`] → [`lower`] → the pipeline → [`output`] → [`echo`] or
//! [`events`]. Everything of an answer is known when it is made: a stream shows it at its pace, and the state of one
//! in the background is a function of its token times and now.

mod compact;
mod content;
mod create;
mod echo;
mod events;
mod history;
mod hosted;
mod items;
mod lower;
mod offers;
mod output;
mod routes;
mod seal;
mod socket;
mod stored;
mod truncation;
mod turns;
mod wire;

pub(super) use items::{ItemIds, Sent, read};
pub(super) use offers::parsed;
pub(super) use routes::endpoints;
pub(super) use stored::{ended, page_of};
pub(super) use truncation::fit;
