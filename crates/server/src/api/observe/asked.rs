//! What queries of the views say.

use std::time::Duration;

use fakeai_core::Tick;
use fakeai_telemetry::Dates;

use crate::error::ApiError;
use crate::wire::{Query, Range, integer};

/// `limit`: 1 to `most`.
pub(super) fn limit(query: &Query, unless_said: usize, most: i64) -> Result<usize, ApiError> {
    let Some(text) = query.get("limit") else { return Ok(unless_said) };
    let number = text.parse().map_err(|_| not_a("limit", "an integer"))?;
    let limit = integer("limit", Some(number), Range::new(1, most))?;
    Ok(limit.map_or(unless_said, |limit| limit as usize))
}

/// A number within bounds.
pub(super) fn number(query: &Query, name: &str, unless_said: f64, (low, high): (f64, f64)) -> Result<f64, ApiError> {
    let Some(text) = query.get(name) else { return Ok(unless_said) };
    let number: f64 = text.parse().map_err(|_| not_a(name, "a number"))?;
    if number > low && number < high {
        return Ok(number);
    }
    let message = format!("Invalid '{name}': expected a number above {low} and below {high}, but got {text} instead.");
    Err(ApiError::invalid(message).param(name).code("invalid_value"))
}

/// A date: seconds since 1970, or before now with a minus sign; RFC 3339; `unless_said` before now.
pub(super) fn date(query: &Query, name: &str, dates: Dates, unless_said: Duration) -> Result<Tick, ApiError> {
    let Some(text) = query.get(name) else { return Ok(dates.ago(unless_said)) };
    let seconds = match text.parse::<f64>() {
        Ok(seconds) if seconds.is_finite() => seconds,
        Ok(_) => return Err(not_a(name, "a date")),
        Err(_) => Dates::parse(text).ok_or_else(|| not_a(name, "a date"))?,
    };
    if text.starts_with('-') {
        let back = Duration::try_from_secs_f64(-seconds).map_err(|_| not_a(name, "a date"))?;
        return Ok(dates.ago(back));
    }
    Ok(dates.tick(seconds))
}

fn not_a(name: &str, what: &str) -> ApiError {
    let hint = if what == "a date" { " (seconds since 1970, seconds before now as -900, or RFC 3339)" } else { "" };
    ApiError::invalid(format!("Invalid '{name}': expected {what}{hint}.")).param(name).code("invalid_value")
}

#[cfg(test)]
mod tests {
    use fakeai_core::Clock;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dates_have_three_spellings() {
        let clock = Clock::manual(1_735_689_600);
        clock.advance(Duration::from_secs(100));
        let dates = Dates::of(&clock);
        let seconds = |query: &str| {
            let at = date(&Query::of(query), "from", dates, Duration::from_secs(5)).unwrap();
            (at.as_nanos() as f64 / 1e9).round() as u64
        };
        assert_eq!(seconds("/x?from=1735689650"), 50);
        assert_eq!(seconds("/x?from=-40"), 60);
        assert_eq!(seconds("/x?from=2025-01-01T00:01:10Z"), 70);
        assert_eq!(seconds("/x"), 95);
        for wrong in ["yesterday", "nan", "inf", ""] {
            assert!(date(&Query::of(&format!("/x?from={wrong}")), "from", dates, Duration::ZERO).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_query_is_read(text in any::<String>()) {
            let query = Query::of(&format!("/x?from={text}&limit={text}&n={text}"));
            let _ = date(&query, "from", Dates::of(&Clock::manual(0)), Duration::ZERO);
            let _ = limit(&query, 10, 100);
            let _ = number(&query, "n", 0.5, (0.0, 1.0));
        }
    }
}
