//! Threads and their messages. A thread is one document with its messages and runs, so that whatever changes them
//! changes them together or not at all.

mod message;
mod messages;
mod routes;
mod thread;

pub(super) use message::{Made, Message, MessageEnd, MessageWire, Phase};
pub(super) use routes::{ThreadWire, endpoints, fill};
pub(super) use thread::Thread;
