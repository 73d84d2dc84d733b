//! The connection a request came over, as far as the gate needs it.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Waker;

use futures_util::task::AtomicWaker;

/// One connection.
#[derive(Debug, Default)]
pub(crate) struct Line {
    /// Who is at its other end; none on a unix socket.
    peer: Option<IpAddr>,
    heard: AtomicBool,
    reset: AtomicBool,
    waker: AtomicWaker,
}

impl Line {
    /// A connection from `peer`.
    pub(crate) fn new(peer: Option<IpAddr>) -> Self {
        Self { peer, ..Self::default() }
    }

    /// Who is at its other end.
    pub(crate) const fn peer(&self) -> Option<IpAddr> {
        self.peer
    }

    /// Notes that the client has said something whole.
    pub(crate) fn hear(&self) {
        self.heard.store(true, Ordering::Relaxed);
    }

    /// Whether it has.
    pub(crate) fn has_heard(&self) -> bool {
        self.heard.load(Ordering::Relaxed)
    }

    /// Breaks it off at once.
    pub(crate) fn reset(&self) {
        self.reset.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// Whether it is to be broken off; `waker` is woken when it is.
    pub(crate) fn is_reset(&self, waker: &Waker) -> bool {
        if self.reset.load(Ordering::Acquire) {
            return true;
        }
        self.waker.register(waker);
        self.reset.load(Ordering::Acquire)
    }

    /// Whether it is to be broken off.
    pub(crate) fn was_reset(&self) -> bool {
        self.reset.load(Ordering::Acquire)
    }
}
