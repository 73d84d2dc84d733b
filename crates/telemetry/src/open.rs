//! Streams that are being written.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use fakeai_core::{Sharded, Tick};
use rustc_hash::FxHashMap;

/// A stream that is being written.
#[derive(Debug)]
pub struct OpenStream {
    /// Its request's id.
    pub request: Box<str>,
    /// The endpoint's path.
    pub endpoint: &'static str,
    /// The model.
    pub model: Option<Arc<str>>,
    /// The workspace.
    pub workspace: Arc<str>,
    /// When the request came, by its workspace's clock.
    pub arrived: Tick,
    /// Tokens it will have.
    pub tokens: u32,
    delivered: AtomicU32,
    /// The tick of the first token; 0 before it.
    first_token: AtomicU64,
}

impl OpenStream {
    /// A stream without tokens so far.
    pub const fn new(
        request: Box<str>,
        endpoint: &'static str,
        model: Option<Arc<str>>,
        workspace: Arc<str>,
        arrived: Tick,
        tokens: u32,
    ) -> Self {
        let (delivered, first_token) = (AtomicU32::new(0), AtomicU64::new(0));
        Self { request, endpoint, model, workspace, arrived, tokens, delivered, first_token }
    }

    /// So many tokens have left by `now`.
    pub fn deliver(&self, delivered: u32, now: Tick) {
        if self.delivered.swap(delivered, Ordering::Relaxed) == 0 {
            self.first_token.store(now.as_nanos().max(1), Ordering::Relaxed);
        }
    }

    /// Tokens that have left.
    pub fn delivered(&self) -> u32 {
        self.delivered.load(Ordering::Relaxed)
    }

    /// When the first of them left.
    pub fn first_token(&self) -> Option<Tick> {
        Some(self.first_token.load(Ordering::Relaxed)).filter(|at| *at > 0).map(Tick::from_nanos)
    }
}

/// All streams that are being written, each where it was begun.
#[derive(Debug, Default)]
pub(crate) struct OpenStreams(Sharded<Mutex<Shelf>>);

#[derive(Debug, Default)]
struct Shelf {
    next: u64,
    streams: FxHashMap<u64, Arc<OpenStream>>,
}

/// Where a stream is found again, to be closed.
#[derive(Clone, Copy, Debug)]
pub struct Ticket {
    place: usize,
    number: u64,
}

impl OpenStreams {
    pub(crate) fn open(&self, stream: Arc<OpenStream>) -> Ticket {
        let (place, shelf) = self.0.own_numbered();
        let mut shelf = shelf.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.next += 1;
        let number = shelf.next;
        shelf.streams.insert(number, stream);
        Ticket { place, number }
    }

    pub(crate) fn close(&self, ticket: Ticket) {
        if let Some(shelf) = self.0.iter().nth(ticket.place) {
            shelf.lock().unwrap_or_else(PoisonError::into_inner).streams.remove(&ticket.number);
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.0.iter().map(|shelf| shelf.lock().unwrap_or_else(PoisonError::into_inner).streams.len()).sum()
    }

    /// All of them, the oldest first.
    pub(crate) fn all(&self) -> Vec<Arc<OpenStream>> {
        let mut all = Vec::new();
        for shelf in self.0.iter() {
            all.extend(shelf.lock().unwrap_or_else(PoisonError::into_inner).streams.values().cloned());
        }
        all.sort_by_key(|stream| stream.arrived);
        all
    }
}
