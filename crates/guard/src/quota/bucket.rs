//! One token bucket.

use std::time::Duration;

use fakeai_core::Tick;

/// As a share of the bucket, what may be missing of an amount.
const ROUNDING: f64 = 1e-10;

/// A bucket that begins full, holds what may be done in one window, and fills evenly over the window.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bucket {
    /// What was taken and has not come back; less than nothing never, more than the bucket holds if more was used than
    /// was reserved.
    taken: f64,
    at: Tick,
}

impl Bucket {
    /// What is left at `now` of a bucket that holds `size`; below zero if more was used than there was.
    pub(super) fn left(&self, size: u64, window: Duration, now: Tick) -> f64 {
        size as f64 - self.taken_at(size, window, now)
    }

    /// Takes `amount`, or gives it back if it is below zero.
    pub(super) fn take(&mut self, amount: f64, size: u64, window: Duration, now: Tick) {
        self.taken = (self.taken_at(size, window, now) + amount).max(0.0);
        self.at = self.at.max(now);
    }

    /// How long it takes until there are `amount` left; nothing if there are.
    pub(super) fn until(&self, amount: f64, size: u64, window: Duration, now: Tick) -> Duration {
        let missing = amount - self.left(size, window, now);
        // What floats round away keeps nobody waiting, so that who waits as long as told is let in.
        if missing <= size as f64 * ROUNDING {
            return Duration::ZERO;
        }
        Duration::from_nanos((missing / size as f64 * window.as_nanos() as f64).round() as u64)
    }

    fn taken_at(&self, size: u64, window: Duration, now: Tick) -> f64 {
        let refilled = now.since(self.at).as_nanos() as f64 / window.as_nanos() as f64 * size as f64;
        (self.taken - refilled).max(0.0)
    }
}
