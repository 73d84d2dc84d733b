//! A link that transfers share: each of `n` transfers under way gets an `n`th of the bandwidth (processor sharing).
//!
//! Time is kept as the bytes that each transfer under way has had since the link was first used: that grows by
//! `bandwidth / n`, is the same for all, and a transfer ends when it has grown by its size. So nothing is updated for
//! each transfer when another comes or goes.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use fakeai_core::Tick;

use super::RequestId;
use crate::Gpu;

/// How fast a link is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    /// Bytes in a second, all transfers together.
    pub bytes_per_second: f64,
    /// Time before the first byte, which loads nothing (0.1 to 2 ms in practice).
    pub setup: Duration,
}

impl Link {
    /// Between GPUs of one machine. With a set-up of 0.1 ms.
    pub const fn nvlink(gpu: &Gpu) -> Self {
        Self { bytes_per_second: gpu.nvlink_gb_per_second * 1e9, setup: Duration::from_micros(100) }
    }

    /// Between machines. With a set-up of 1 ms.
    pub const fn network(gpu: &Gpu) -> Self {
        Self { bytes_per_second: gpu.network_gb_per_second * 1e9, setup: Duration::from_millis(1) }
    }
}

/// What is under way on one link.
#[derive(Debug)]
pub(super) struct Traffic {
    bytes_per_second: f64,
    /// Bytes that a transfer under way since the beginning would have had.
    served: f64,
    /// Up to when `served` is counted.
    at: Tick,
    /// Transfers by the `served` at which they end.
    ends: BinaryHeap<Reverse<(Bytes, RequestId)>>,
}

/// A count of bytes that is never NaN.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Bytes(f64);

impl Eq for Bytes {}

impl PartialOrd for Bytes {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Bytes {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl Traffic {
    pub(super) fn new(bytes_per_second: f64) -> Self {
        Self { bytes_per_second, served: 0.0, at: Tick::default(), ends: BinaryHeap::new() }
    }

    /// A transfer of so many bytes begins at `at`.
    pub(super) fn begin(&mut self, request: RequestId, bytes: f64, at: Tick) {
        self.serve(at);
        self.ends.push(Reverse((Bytes(self.served + bytes.max(0.0)), request)));
    }

    /// When the next transfer ends, if none begins before.
    pub(super) fn next_end(&self) -> Option<Tick> {
        let Reverse((end, _)) = self.ends.peek()?;
        let seconds = (end.0 - self.served).max(0.0) * self.ends.len() as f64 / self.bytes_per_second;
        Some(self.at + Duration::from_nanos((seconds * 1e9).ceil() as u64))
    }

    /// Takes out one transfer that has ended by `at`.
    pub(super) fn pop_ended(&mut self, at: Tick) -> Option<RequestId> {
        if self.next_end().is_none_or(|end| end > at) {
            return None;
        }
        let Reverse((end, request)) = self.ends.pop()?;
        // Set to the end exactly, whatever rounding to nanoseconds made of it.
        self.served = end.0;
        self.at = self.at.max(at);
        Some(request)
    }

    /// Gives a transfer up.
    pub(super) fn cancel(&mut self, request: RequestId, at: Tick) {
        self.serve(at);
        self.ends.retain(|Reverse((_, other))| *other != request);
    }

    /// Transfers under way.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    fn serve(&mut self, at: Tick) {
        if !self.ends.is_empty() {
            let seconds = at.since(self.at).as_secs_f64();
            self.served += seconds * self.bytes_per_second / self.ends.len() as f64;
        }
        self.at = self.at.max(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(count: u64) -> Tick {
        Tick::from_nanos(count * 1_000_000)
    }

    #[test]
    fn transfers_share_the_link_by_processor_sharing() {
        // 1 GB/s. A: 100 MB at 0; B: 50 MB at 50 ms. Both at half speed from 50 ms: each has 50 MB left, so both end
        // at 150 ms.
        let (a, b) = (RequestId::new(0, 0), RequestId::new(1, 0));
        let mut traffic = Traffic::new(1e9);
        traffic.begin(a, 1e8, millis(0));
        assert_eq!(traffic.next_end(), Some(millis(100)));
        traffic.begin(b, 5e7, millis(50));
        assert_eq!(traffic.next_end(), Some(millis(150)));
        assert_eq!(traffic.pop_ended(millis(149)), None);
        assert_eq!(traffic.pop_ended(millis(150)), Some(a));
        assert_eq!(traffic.pop_ended(millis(150)), Some(b));
        assert_eq!((traffic.next_end(), traffic.len()), (None, 0));
    }

    #[test]
    fn who_gives_up_leaves_the_others_more() {
        // Both at half speed for 40 ms: 20 MB each; then A alone needs another 80 ms.
        let (a, b) = (RequestId::new(0, 0), RequestId::new(1, 0));
        let mut traffic = Traffic::new(1e9);
        traffic.begin(a, 1e8, millis(0));
        traffic.begin(b, 1e8, millis(0));
        traffic.cancel(b, millis(40));
        assert_eq!(traffic.next_end(), Some(millis(120)));
    }
}
