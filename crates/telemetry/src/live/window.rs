//! What ended in the last minute, as few numbers.

use std::collections::VecDeque;
use std::sync::Arc;

use fakeai_core::Tick;

use crate::archive::{Archive, WINDOW, window_seconds};
use crate::record::{Outcome, Record};

/// Samples that are kept, as many as the archive has records.
const MOST_SAMPLES: usize = 100_000;
/// Records that are kept whole, for a log.
const MOST_LOGGED: usize = 500;

/// Which requests count: those of any of the endpoints and any of the models; an empty list is all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Choice {
    /// Paths as records have them.
    pub endpoints: Vec<String>,
    /// Names of models.
    pub models: Vec<String>,
}

impl Choice {
    /// Whether everything counts.
    pub const fn is_all(&self) -> bool {
        self.endpoints.is_empty() && self.models.is_empty()
    }

    /// Whether a request with this endpoint and this model counts.
    pub fn takes(&self, endpoint: &str, model: Option<&str>) -> bool {
        let has = |list: &[String], value: &str| list.iter().any(|entry| entry == value);
        (self.endpoints.is_empty() || has(&self.endpoints, endpoint))
            && (self.models.is_empty() || model.is_some_and(|model| has(&self.models, model)))
    }
}

/// What figures need of a record.
#[derive(Clone, Debug)]
pub struct Sample {
    /// When it ended, by the server's clock.
    pub at: Tick,
    /// The endpoint's path.
    pub endpoint: &'static str,
    /// The model.
    pub model: Option<Arc<str>>,
    /// How it ended.
    pub outcome: Outcome,
    /// Whether it was streamed.
    pub stream: bool,
    /// Prompt tokens.
    pub prompt: u32,
    /// Of those, found in the cache.
    pub cached: u32,
    /// Tokens written.
    pub completion: u32,
    /// US dollars.
    pub cost_usd: f64,
    /// Seconds from arrival to end.
    pub latency: f64,
    /// Seconds to the first token, of streams.
    pub ttft: Option<f64>,
    /// Mean seconds between tokens, of streams.
    pub itl: Option<f64>,
    /// Seconds in the engine's queue.
    pub queued: Option<f64>,
}

impl Sample {
    fn of(record: &Record) -> Self {
        Self {
            at: record.at,
            endpoint: record.endpoint,
            model: record.model.clone(),
            outcome: record.outcome.clone(),
            stream: record.stream,
            prompt: record.tokens.prompt,
            cached: record.tokens.cached,
            completion: record.tokens.completion,
            cost_usd: record.cost_usd,
            latency: record.latency_seconds(),
            ttft: record.ttft_seconds().filter(|_| record.stream),
            itl: record.itl_seconds().filter(|_| record.stream),
            queued: record.queue_seconds(),
        }
    }
}

/// What ended in the last minute.
#[derive(Debug, Default)]
pub struct Window {
    seen: u64,
    samples: VecDeque<Sample>,
    log: VecDeque<(u64, Record)>,
    /// The tick at which the server began.
    began: Tick,
}

impl Window {
    /// Takes over what was added to the archive since the last time, and forgets what is older than a minute at `now`.
    pub fn update(&mut self, archive: &Archive, now: Tick) {
        let is_young = |at: Tick| now.since(at) <= WINDOW;
        let added = archive.added();
        let first_logged = added.saturating_sub(MOST_LOGGED as u64);
        for (number, record) in archive.added_since(self.seen) {
            if is_young(record.at) {
                self.samples.push_back(Sample::of(record));
            }
            if number > first_logged {
                self.log.push_back((number, record.clone()));
            }
        }
        (self.seen, self.began) = (added, archive.began());
        self.log.drain(..self.log.len().saturating_sub(MOST_LOGGED));
        // Nearly in order: one that is late by a little stays as long longer, which `samples` puts right.
        while self.samples.len() > MOST_SAMPLES || self.samples.front().is_some_and(|oldest| !is_young(oldest.at)) {
            self.samples.pop_front();
        }
    }

    /// The samples of the minute before `now`.
    pub fn samples(&self, now: Tick) -> impl Iterator<Item = &Sample> {
        self.samples.iter().filter(move |sample| now.since(sample.at) <= WINDOW)
    }

    /// Seconds that the minute before `now` has had: a server younger than it is measured over its age.
    pub(super) fn seconds(&self, now: Tick) -> f64 {
        window_seconds(self.began, now)
    }

    /// The number of the last record taken over; they are counted from 1.
    pub const fn seen(&self) -> u64 {
        self.seen
    }

    /// The last records, at most 500, that have a number above `after`; oldest first.
    pub fn log(&self, after: u64) -> impl DoubleEndedIterator<Item = &Record> {
        self.log.iter().filter(move |(number, _)| *number > after).map(|(_, record)| record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Ledger;
    use crate::ledger::tests::record;

    const fn at(second: u64) -> Tick {
        Tick::from_nanos(second * 1_000_000_000)
    }

    #[test]
    fn each_record_is_taken_over_once_and_forgotten_after_a_minute() {
        let (ledger, mut window) = (Ledger::new(true), Window::default());
        let mut update = |now: u64| {
            ledger.look(|archive| window.update(archive, at(now)));
            (window.samples(at(now)).count(), window.seen())
        };
        ledger.add(record("/v1/models", 1));
        assert_eq!(update(2), (1, 1));
        assert_eq!(update(3), (1, 1));
        ledger.add(record("/v1/models", 4));
        assert_eq!(update(5), (2, 2));
        // One that ended long ago and comes late brings nothing back.
        ledger.add(record("/v1/models", 2));
        assert_eq!(update(63), (1, 3));
        assert_eq!(update(65), (0, 3));
        assert_eq!((window.log(0).count(), window.log(2).count()), (3, 1));
    }

    #[test]
    fn a_choice_takes_any_of_its_endpoints_and_any_of_its_models() {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let choice = Choice { endpoints: list(&["/a", "/b"]), models: list(&["m"]) };
        assert!(choice.takes("/a", Some("m")) && choice.takes("/b", Some("m")));
        assert!(!choice.takes("/a", Some("n")) && !choice.takes("/c", Some("m")) && !choice.takes("/a", None));
        assert!(Choice::default().takes("/a", None));
    }
}
