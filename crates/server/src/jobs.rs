//! Jobs advance by the clock: what a job is at a moment follows from its schedule and the moment, so nothing runs and
//! nothing sleeps. Here is the line such schedules lie on. It must not know what the jobs do.
//!
//! A [`Moment`] is a date, so that a stored schedule outlives the process. Where the date stands still while ticks go
//! on (a deterministic server), ticks take its place and every date shown is that of today.

use std::time::Duration;

use fakeai_core::{Clock, Tick};
use serde::{Deserialize, Serialize};

const NANOS: i64 = 1_000_000_000;

/// A point on the line of schedules: nanoseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct Moment(i64);

impl Moment {
    /// Now.
    pub(crate) fn now(clock: &Clock) -> Self {
        if stands_still(clock) {
            Self(clock.unix_nanos().saturating_add_unsigned(clock.now().as_nanos()))
        } else {
            Self(clock.unix_nanos())
        }
    }

    /// The date to show for it, Unix seconds.
    pub(crate) fn unix(self, clock: &Clock) -> i64 {
        if stands_still(clock) { clock.unix() } else { self.0.div_euclid(NANOS) }
    }

    /// The moment after a part of the time to `later`; `share` is 0 to 1.
    pub(crate) fn towards(self, later: Self, share: f64) -> Self {
        let way = later.0.saturating_sub(self.0).max(0);
        Self(self.0.saturating_add((way as f64 * share) as i64))
    }
}

impl std::ops::Add<Duration> for Moment {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)))
    }
}

fn stands_still(clock: &Clock) -> bool {
    clock.has_fixed_date() && !clock.is_manual()
}

/// Ticks as moments.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    tick: Tick,
    moment: Moment,
}

impl Line {
    /// The line of a clock.
    pub(crate) fn new(clock: &Clock) -> Self {
        Self { tick: clock.now(), moment: Moment::now(clock) }
    }

    /// The moment of a tick.
    pub(crate) fn at(self, tick: Tick) -> Moment {
        let ahead = tick.since(self.tick);
        if ahead.is_zero() {
            let behind = i64::try_from(self.tick.since(tick).as_nanos()).unwrap_or(i64::MAX);
            return Moment(self.moment.0.saturating_sub(behind));
        }
        self.moment + ahead
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_follow_a_clock_that_is_moved() {
        let clock = Clock::manual(100);
        let (start, line, tick) = (Moment::now(&clock), Line::new(&clock), clock.now());
        clock.advance(Duration::from_millis(2500));
        assert_eq!(Moment::now(&clock), start + Duration::from_millis(2500));
        assert_eq!((start.unix(&clock), Moment::now(&clock).unix(&clock)), (100, 102));
        assert_eq!(line.at(tick + Duration::from_secs(1)), start + Duration::from_secs(1));
        assert_eq!(Line::new(&clock).at(tick), start);
        assert_eq!(start.towards(start + Duration::from_secs(8), 0.25), start + Duration::from_secs(2));
    }
}
