//! When the lines of a batch are due, on the line of dates.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::jobs::Moment;

/// A batch is looked through during the first part of its time and put together during the last; these are shares.
const VALIDATING: f64 = 0.05;
const FINALIZING: f64 = 0.05;
/// Lines become due in at most so many portions, so that a batch of many days does not write its progress for each.
const PORTIONS: u64 = 100;

/// How long a batch may take, whatever its schedule says: `completion_window`.
pub(super) const WINDOW: Duration = Duration::from_secs(24 * 3600);

/// When a batch does what.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(super) struct Schedule {
    /// When it was made.
    pub created: Moment,
    /// From then to its end.
    takes: Duration,
}

impl Schedule {
    pub(super) const fn new(created: Moment, takes: Duration) -> Self {
        Self { created, takes }
    }

    /// When its file has been looked through.
    pub(super) fn begins(&self) -> Moment {
        self.created + self.takes.mul_f64(VALIDATING)
    }

    /// How long its files are put together.
    pub(super) fn finalizing(&self) -> Duration {
        self.takes.mul_f64(FINALIZING)
    }

    /// When it is over, whether or not all lines are answered.
    pub(super) fn expires(&self) -> Moment {
        self.created + WINDOW
    }

    /// When the line behind `before` of `total` is due.
    pub(super) fn due(&self, before: u64, total: u64) -> Moment {
        let portion = portion(total);
        let group = (before / portion + 1) * portion;
        let share = group.min(total) as f64 / total.max(1) as f64;
        self.begins() + self.takes.mul_f64(share * (1.0 - VALIDATING - FINALIZING))
    }

    /// How many of `total` lines are due by `now`; none that would be due when it has expired.
    pub(super) fn due_by(&self, now: Moment, total: u64) -> u64 {
        let now = now.min(self.expires());
        let (portion, mut low, mut high) = (portion(total), 0, total.div_ceil(portion(total)));
        // The last portion that is due, by halving.
        while low < high {
            let middle = u64::midpoint(low, high + 1);
            if self.due((middle - 1) * portion, total) <= now { low = middle } else { high = middle - 1 }
        }
        (low * portion).min(total)
    }
}

fn portion(total: u64) -> u64 {
    total.div_ceil(PORTIONS).max(1)
}

#[cfg(test)]
mod tests {
    use fakeai_core::Clock;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_are_due_one_after_the_other() {
        let start = Moment::now(&Clock::manual(0));
        let schedule = Schedule::new(start, Duration::from_secs(100));
        assert_eq!(schedule.begins(), start + Duration::from_secs(5));
        assert_eq!(schedule.due(0, 9), start + Duration::from_secs(15));
        assert_eq!(schedule.due_by(start + Duration::from_secs(14), 9), 0);
        assert_eq!(schedule.due_by(start + Duration::from_secs(15), 9), 1);
        assert_eq!(schedule.due_by(start + Duration::from_secs(95), 9), 9);
        let instant = Schedule::new(start, Duration::ZERO);
        assert_eq!((instant.due_by(start, 50_000), instant.due(49_999, 50_000)), (50_000, start));
        let slow = Schedule::new(start, WINDOW * 2);
        assert_eq!(slow.due_by(start + WINDOW * 3, 100), slow.due_by(slow.expires(), 100));
        assert!((45..=50).contains(&slow.due_by(slow.expires(), 100)));
    }

    proptest! {
        #[test]
        fn what_is_due_by_a_moment_is_what_was_due_before_it(total in 1..60_000_u64, takes in 0..100_000_u64, at in 0..100_000_u64) {
            let start = Moment::now(&Clock::manual(0));
            let schedule = Schedule::new(start, Duration::from_secs(takes));
            let now = start + Duration::from_secs(at);
            let due = schedule.due_by(now, total);
            let open = now.min(schedule.expires());
            prop_assert!(due <= total);
            prop_assert!(due == 0 || schedule.due(due - 1, total) <= open);
            prop_assert!(due == total || schedule.due(due, total) > open);
        }
    }
}
