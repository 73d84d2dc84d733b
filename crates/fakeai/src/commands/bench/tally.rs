//! What was measured. Workers keep one request's times to themselves and hand them in when it ends, so that there is one
//! set of histograms however many workers there are.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hdrhistogram::Histogram;

use crate::error::Error;

/// One request's figures.
#[derive(Debug, Default)]
pub(super) struct Sample {
    /// From the request to its last byte.
    pub(super) latency: Duration,
    /// From the request to its first token.
    pub(super) ttft: Option<Duration>,
    /// Between one token and the next.
    pub(super) itl: Vec<Duration>,
    pub(super) prompt_tokens: u64,
    pub(super) completion_tokens: u64,
}

/// All requests' figures. Times are in nanoseconds.
#[derive(Debug)]
pub(super) struct Figures {
    pub(super) latency: Histogram<u64>,
    pub(super) ttft: Histogram<u64>,
    pub(super) itl: Histogram<u64>,
    /// Requests answered.
    pub(super) answered: u64,
    pub(super) prompt_tokens: u64,
    pub(super) completion_tokens: u64,
    /// Failed requests by kind.
    pub(super) errors: BTreeMap<String, u64>,
}

/// No answer is waited for this long in earnest.
const LONGEST: Duration = Duration::from_hours(1);

/// Figures that workers share.
#[derive(Debug)]
pub(super) struct Tally(Mutex<Figures>);

impl Tally {
    pub(super) fn new() -> Result<Self, Error> {
        // A thousandth of each figure is precise enough. What takes longer than the range counts as its end.
        let histogram =
            || Histogram::new_with_bounds(1, nanos(LONGEST), 3).map_err(|error| Error::Failed(error.to_string()));
        Ok(Self(Mutex::new(Figures {
            latency: histogram()?,
            ttft: histogram()?,
            itl: histogram()?,
            answered: 0,
            prompt_tokens: 0,
            completion_tokens: 0,
            errors: BTreeMap::new(),
        })))
    }

    /// Adds an answered request.
    pub(super) fn add(&self, sample: &Sample) {
        let Sample { latency, ttft, itl, prompt_tokens, completion_tokens } = sample;
        let mut figures = self.figures();
        figures.answered += 1;
        figures.prompt_tokens += prompt_tokens;
        figures.completion_tokens += completion_tokens;
        figures.latency.saturating_record(nanos(*latency));
        if let Some(ttft) = *ttft {
            figures.ttft.saturating_record(nanos(ttft));
        }
        for &itl in itl {
            figures.itl.saturating_record(nanos(itl));
        }
    }

    /// Adds a failed request.
    pub(super) fn fail(&self, error: &Error) {
        *self.figures().errors.entry(error.kind()).or_default() += 1;
    }

    /// The figures so far.
    pub(super) fn figures(&self) -> MutexGuard<'_, Figures> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whole nanoseconds.
fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
