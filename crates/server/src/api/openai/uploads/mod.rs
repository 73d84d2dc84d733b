//! Uploads: a file that comes in parts, in any order and at the same time.

mod complete;
mod routes;
mod stored;

pub(super) use routes::endpoints;
