//! Ticks put on the calendar.

use std::time::Duration;

use fakeai_core::{Clock, Tick};

/// What the server's clock shows, so that a view's ticks can be given as dates.
#[derive(Clone, Copy, Debug)]
pub struct Dates {
    now: Tick,
    unix_nanos: i64,
}

impl Dates {
    /// At tick `now` it is `unix_nanos`.
    pub const fn new(now: Tick, unix_nanos: i64) -> Self {
        Self { now, unix_nanos }
    }

    /// As `clock` is now.
    pub fn of(clock: &Clock) -> Self {
        Self::new(clock.now(), clock.unix_nanos())
    }

    /// The Unix seconds of a date in RFC 3339.
    pub fn parse(text: &str) -> Option<f64> {
        let timestamp: jiff::Timestamp = text.parse().ok()?;
        Some(timestamp.as_millisecond() as f64 / 1e3)
    }

    /// The tick of the look.
    pub const fn now(&self) -> Tick {
        self.now
    }

    /// The tick so long before the look; the first tick if there was none.
    pub const fn ago(&self, back: Duration) -> Tick {
        Tick::from_nanos(self.now.as_nanos().saturating_sub(back.as_nanos() as u64))
    }

    /// Nanoseconds since 1970 of a tick.
    pub(crate) fn unix_nanos(&self, at: Tick) -> i64 {
        self.unix_nanos.saturating_sub(self.now.as_nanos() as i64).saturating_add(at.as_nanos() as i64)
    }

    /// Seconds since 1970 of a tick, to the millisecond.
    pub fn unix_seconds(&self, at: Tick) -> f64 {
        (self.unix_nanos(at) / 1_000_000) as f64 / 1e3
    }

    /// RFC 3339, to the millisecond.
    pub fn text(&self, at: Tick) -> String {
        let millis = self.unix_nanos(at).div_euclid(1_000_000);
        jiff::Timestamp::from_millisecond(millis).unwrap_or_default().to_string()
    }

    /// The tick at a date; the first one for dates before it.
    pub fn tick(&self, unix_seconds: f64) -> Tick {
        let nanos = unix_seconds * 1e9 - self.unix_nanos as f64 + self.now.as_nanos() as f64;
        Tick::from_nanos(nanos.max(0.0) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_dates_and_dates_are_ticks() {
        let clock = Clock::manual(1_735_689_600);
        clock.advance(Duration::from_millis(2500));
        let dates = Dates::of(&clock);
        assert_eq!(dates.text(Tick::default()), "2025-01-01T00:00:00Z");
        assert_eq!(dates.text(dates.now()), "2025-01-01T00:00:02.5Z");
        assert!((dates.unix_seconds(dates.now()) - 1_735_689_602.5).abs() < 1e-6);
        assert_eq!(dates.ago(Duration::from_secs(9)), Tick::default());
        assert_eq!(dates.tick(0.0), Tick::default());
        let near = dates.tick(1_735_689_601.0).as_nanos();
        assert!(near.abs_diff(1_000_000_000) < 1_000, "{near}");
    }
}
