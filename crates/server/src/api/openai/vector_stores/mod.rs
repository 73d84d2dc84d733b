//! Vector stores: files of clients, read, cut into chunks and found again.
//!
//! A file is read when it is added: its text, its chunks and their vectors become the content of a document. When it
//! shows as ready follows from a schedule and the clock. For searches each store has a shelf in memory ([`shelf`]), which
//! is made from the documents when it is first needed and brought up to date by their versions, so nothing has to tell
//! it of changes, and it outlives no restart. Who searches for a tool asks [`search::search`].

mod attributes;
mod batch;
mod batches;
mod content;
mod figures;
mod file;
mod files;
mod filter;
mod helper;
mod ingest;
mod ranking;
mod search;
mod shelf;
mod shelves;
mod store;
mod stores;
mod strategy;

use super::Endpoint;

pub(in crate::api) use figures::figures;
pub(super) use figures::usage_bytes;
pub(super) use files::forget_file;
pub(super) use filter::Filter;
pub(super) use helper::{Helper, attach};
pub(super) use ranking::{Ranking, RankingWire};
pub(super) use search::{Found, MOST_RESULTS, Search, passage_of, search};
pub(crate) use shelves::Shelves;
pub(super) use store::VectorStore;

pub(super) fn endpoints() -> Vec<Endpoint> {
    [stores::endpoints(), search::endpoints(), files::endpoints(), batches::endpoints()].into_iter().flatten().collect()
}
