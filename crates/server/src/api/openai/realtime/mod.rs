//! `/realtime`: a conversation over a WebSocket, spoken or written.
//!
//! [`session::Session`] is a machine without a socket or a clock of its own: events and finished work come in, events
//! and work to be done go out, and it says when it wants to be looked at again. [`socket`] feeds it.

mod begin;
mod buffer;
mod calls;
mod config;
mod conversation;
mod dialect;
mod event;
mod heard;
mod item;
mod listening;
mod outbox;
mod prompt;
mod reading;
mod response;
mod secrets;
mod session;
mod socket;
mod sound;
mod translation;
mod turns;
mod update;
mod usage;
mod voice;
mod work;

use axum::routing::get;

use crate::api::Endpoint;

pub(in crate::api::openai) fn endpoints() -> Vec<Endpoint> {
    let mut all = vec![
        Endpoint::api("GET", "/realtime", "connectRealtime", get(socket::connect)),
        Endpoint::api("GET", "/realtime/translations", "connectRealtimeTranslation", get(socket::connect_translation)),
    ];
    all.extend(secrets::endpoints());
    all.extend(calls::endpoints());
    all
}
