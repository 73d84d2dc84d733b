//! Jobs advance by the clock: what a job is at a moment follows from its schedule and the moment, so nothing runs and
//! nothing sleeps. Here is the line such schedules lie on. It must not know what the jobs do.
//!
//! A [`Moment`] is a date, so that a stored schedule outlives the process. Where the date stands still while ticks go
//! on (a deterministic server), the line goes on with the ticks, and a moment shows the date it was made at.

mod open;

use std::cmp::Ordering;
use std::time::Duration;

use fakeai_core::{Clock, Tick};
use serde::{Deserialize, Serialize};

pub(crate) use open::{OpenJob, forget, open_jobs, remember};

const NANOS: i64 = 1_000_000_000;

/// A point on the line of schedules. Moments are compared by it alone.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Moment {
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    at: i64,
    /// The date to show, Unix seconds, where it stood still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    date: Option<i64>,
}

impl PartialEq for Moment {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Moment {}

impl PartialOrd for Moment {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Moment {
    fn cmp(&self, other: &Self) -> Ordering {
        self.at.cmp(&other.at)
    }
}

impl Moment {
    /// Now.
    pub(crate) fn now(clock: &Clock) -> Self {
        let at = clock.unix_nanos();
        if clock.has_fixed_date() && !clock.is_manual() {
            let at = at.saturating_add(clock.now().since(clock.began()).as_nanos() as i64);
            return Self { at, date: Some(clock.unix()) };
        }
        Self { at, date: None }
    }

    /// The date to show for it, Unix seconds.
    pub(crate) fn unix(self) -> i64 {
        self.date.unwrap_or(self.at.div_euclid(NANOS))
    }

    /// The tick it comes at; now if it has passed.
    pub(crate) fn tick(self, clock: &Clock) -> Tick {
        clock.now() + self.since(Self::now(clock))
    }

    /// Time since `earlier`; zero when `earlier` is later.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.at.saturating_sub(earlier.at).max(0).cast_unsigned())
    }
}

impl std::ops::Add<Duration> for Moment {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        let more = i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
        Self { at: self.at.saturating_add(more), ..self }
    }
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
            return Moment { at: self.moment.at.saturating_sub(behind), ..self.moment };
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
        assert_eq!((start.unix(), Moment::now(&clock).unix()), (100, 102));
        assert_eq!(line.at(tick + Duration::from_secs(1)), start + Duration::from_secs(1));
        assert_eq!(Line::new(&clock).at(tick), start);
        assert_eq!(
            (Moment::now(&clock).since(start), start.since(Moment::now(&clock))),
            (Duration::from_millis(2500), Duration::ZERO)
        );
    }
    #[tokio::test]
    async fn a_date_that_stands_still_stays_with_its_moment_while_the_line_goes_on() {
        let clock = Clock::system().unwrap().with_fixed_date(1000);
        let start = Moment::now(&clock);
        clock.advance(Duration::from_secs(50));
        let now = Moment::now(&clock);
        assert!(now.since(start) >= Duration::from_secs(50));
        assert_eq!((start.unix(), (start + Duration::from_secs(9)).unix(), now.unix()), (1000, 1000, 1050));
        let kept: Moment = serde_json::from_value(serde_json::to_value(start).unwrap()).unwrap();
        assert_eq!((kept, kept.unix()), (start, 1000));
    }
}
