//! Quotas: how much may be done in a minute and in a day.

mod bucket;
mod limiter;
mod tier;

pub use limiter::{Cost, Limiter, Measure, Refusal, Reservation, Room, Standing, Subject};
pub use tier::{Limits, Tier};

use std::time::Duration;

/// A duration as OpenAI's headers write it: `17ms`, `1s`, `8.64s`, `6m0s`, `23h59m59s`. Whole milliseconds, rounded up.
pub fn written_duration(duration: Duration) -> String {
    let milliseconds = duration.as_nanos().div_ceil(1_000_000);
    if milliseconds < 1000 {
        return format!("{milliseconds}ms");
    }
    let (minutes, rest) = (milliseconds / 60_000, milliseconds % 60_000);
    let mut seconds = format!("{}.{:03}", rest / 1000, rest % 1000);
    while seconds.ends_with('0') {
        seconds.pop();
    }
    let seconds = seconds.trim_end_matches('.');
    match (minutes / 60, minutes % 60) {
        (0, 0) => format!("{seconds}s"),
        (0, minutes) => format!("{minutes}m{seconds}s"),
        (hours, minutes) => format!("{hours}h{minutes}m{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_openai_does() {
        let cases = [
            (0, "0ms"),
            (17, "17ms"),
            (1000, "1s"),
            (8640, "8.64s"),
            (20_000, "20s"),
            (360_000, "6m0s"),
            (61_005, "1m1.005s"),
            (86_399_000, "23h59m59s"),
        ];
        for (milliseconds, text) in cases {
            assert_eq!(written_duration(Duration::from_millis(milliseconds)), text);
        }
        assert_eq!(written_duration(Duration::from_nanos(1)), "1ms");
    }
}
