//! Leases: who does a job, for how long, if several could.

use std::fmt::Debug;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashMap;

use crate::Reply;

/// A job that is somebody's until a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// What is leased.
    pub name: String,
    /// Greater than that of every lease of the home before it. Whoever keeps results refuses those of a smaller one than
    /// they have seen: its holder slept and does not know that the lease is another's now.
    pub fence: u64,
    /// From this moment on it is anybody's, Unix milliseconds.
    pub until_ms: i64,
}

/// Where leases live. Moments are Unix milliseconds and handed in, so that all who share a home agree on them.
pub trait Leases: Send + Sync + Debug {
    /// Takes a lease, if nobody holds it at `now_ms`.
    fn acquire(&self, space: &str, name: &str, now_ms: i64, until_ms: i64) -> Reply<Option<Lease>>;

    /// Holds a lease for longer, if it is still the holder's at `now_ms`.
    fn renew(&self, space: &str, lease: &Lease, now_ms: i64, until_ms: i64) -> Reply<Option<Lease>>;

    /// Gives a lease back; true if nobody else had taken it.
    fn release(&self, space: &str, lease: &Lease) -> Reply<bool>;
}

/// The leases of a home that one process has to itself: they end with it.
#[derive(Debug, Default)]
pub(crate) struct LocalLeases {
    /// Fence and end by space and name.
    held: Mutex<FxHashMap<(String, String), (u64, i64)>>,
}

/// Leases are looked through for those that are over whenever there are this many times 2.
const SWEPT: usize = 1024;

impl LocalLeases {
    pub(crate) fn acquire(&self, key: (&str, &str), now_ms: i64, until_ms: i64, sequence: &AtomicU64) -> Option<Lease> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() >= SWEPT && held.len().is_power_of_two() {
            held.retain(|_, (_, until)| *until > now_ms);
        }
        let key = (key.0.to_owned(), key.1.to_owned());
        if held.get(&key).is_some_and(|(_, until)| *until > now_ms) {
            return None;
        }
        let fence = sequence.fetch_add(1, Ordering::Relaxed);
        let name = key.1.clone();
        held.insert(key, (fence, until_ms));
        Some(Lease { name, fence, until_ms })
    }

    pub(crate) fn renew(&self, space: &str, lease: &Lease, now_ms: i64, until_ms: i64) -> Option<Lease> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let (fence, until) = held.get_mut(&(space.to_owned(), lease.name.clone()))?;
        if *fence != lease.fence || *until <= now_ms {
            return None;
        }
        *until = until_ms;
        Some(Lease { until_ms, ..lease.clone() })
    }

    pub(crate) fn release(&self, space: &str, lease: &Lease) -> bool {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (space.to_owned(), lease.name.clone());
        let own = held.get(&key).is_some_and(|(fence, _)| *fence == lease.fence);
        if own {
            held.remove(&key);
        }
        own
    }
}
