//! What happened when: sums for each second of the last hour, each minute of the last day and each hour of the last
//! month.

use std::collections::VecDeque;
use std::time::Duration;

use fakeai_core::Tick;
use serde::{Deserialize, Serialize};

use crate::record::{Outcome, Record};
use crate::slim::Slim;

/// What ended in one span of time.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Sums {
    /// Requests.
    pub requests: u64,
    /// Of those, refused or failed.
    pub errors: u64,
    /// Of the errors, those that are the server's own fault.
    pub faults: u64,
    /// Of those, left by the client.
    pub client_closed: u64,
    /// Of those, streamed.
    pub streams: u64,
    /// Prompt tokens.
    pub prompt_tokens: u64,
    /// Of those, found in the cache.
    pub cached_tokens: u64,
    /// Tokens written.
    pub completion_tokens: u64,
    /// Bytes received.
    pub bytes_in: u64,
    /// Bytes sent.
    pub bytes_out: u64,
    /// US dollars.
    pub cost_usd: f64,
    /// Seconds from arrival to end.
    pub latency: Slim,
    /// Seconds to the first token, of streams.
    pub ttft: Slim,
    /// Mean seconds between tokens, of streams.
    pub itl: Slim,
}

impl Sums {
    /// Adds one request.
    pub fn add(&mut self, record: &Record) {
        self.requests += 1;
        self.errors += u64::from(record.is_error());
        self.faults += u64::from(record.is_fault());
        self.client_closed += u64::from(record.outcome == Outcome::ClientClosed);
        self.streams += u64::from(record.stream);
        self.prompt_tokens += u64::from(record.tokens.prompt);
        self.cached_tokens += u64::from(record.tokens.cached);
        self.completion_tokens += u64::from(record.tokens.completion);
        self.bytes_in += record.bytes_in;
        self.bytes_out += record.bytes_out;
        self.cost_usd += record.cost_usd;
        self.latency.observe(record.latency_seconds());
        if record.stream {
            record.ttft_seconds().into_iter().for_each(|seconds| self.ttft.observe(seconds));
            record.itl_seconds().into_iter().for_each(|seconds| self.itl.observe(seconds));
        }
    }

    /// Adds other sums.
    pub fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        self.errors += other.errors;
        self.faults += other.faults;
        self.client_closed += other.client_closed;
        self.streams += other.streams;
        self.prompt_tokens += other.prompt_tokens;
        self.cached_tokens += other.cached_tokens;
        self.completion_tokens += other.completion_tokens;
        self.bytes_in += other.bytes_in;
        self.bytes_out += other.bytes_out;
        self.cost_usd += other.cost_usd;
        self.latency.merge(&other.latency);
        self.ttft.merge(&other.ttft);
        self.itl.merge(&other.itl);
    }
}

/// How long the spans of a series are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// Seconds, for an hour.
    Second,
    /// Minutes, for a day.
    Minute,
    /// Hours, for thirty days.
    Hour,
}

impl Resolution {
    /// How long a span is.
    pub const fn width(self) -> Duration {
        match self {
            Self::Second => Duration::from_secs(1),
            Self::Minute => Duration::from_secs(60),
            Self::Hour => Duration::from_secs(3600),
        }
    }

    /// Spans that are kept.
    pub const fn spans(self) -> usize {
        match self {
            Self::Second => 3600,
            Self::Minute => 24 * 60,
            Self::Hour => 30 * 24,
        }
    }

    /// The finest whose spans reach back so far.
    pub fn reaching(back: Duration) -> Self {
        let reaches = |resolution: &Self| resolution.width() * resolution.spans() as u32 >= back;
        [Self::Second, Self::Minute].into_iter().find(reaches).unwrap_or(Self::Hour)
    }
}

/// Sums of equal spans, the oldest forgotten.
#[derive(Clone, Debug)]
pub struct Ring {
    width_ns: u64,
    most: usize,
    /// The number of the first span kept, counted from the beginning of time.
    first: u64,
    sums: VecDeque<Sums>,
}

impl Ring {
    /// An empty ring.
    pub fn new(width: Duration, most: usize) -> Self {
        Self { width_ns: (width.as_nanos() as u64).max(1), most: most.max(1), first: 0, sums: VecDeque::new() }
    }

    /// Adds sums of requests to the span they ended in; what ended before all spans is left out.
    pub fn add(&mut self, at: Tick, sums: &Sums) {
        if let Some(own) = self.at(at) {
            own.merge(sums);
        }
    }

    /// The span of a tick, made if it is new.
    pub fn at(&mut self, at: Tick) -> Option<&mut Sums> {
        let number = at.as_nanos() / self.width_ns;
        if self.sums.is_empty() || number >= self.first + (self.sums.len() + self.most) as u64 {
            self.sums.clear();
            self.first = number;
        }
        while number >= self.first + self.sums.len() as u64 {
            self.sums.push_back(Sums::default());
            if self.sums.len() > self.most {
                self.sums.pop_front();
                self.first += 1;
            }
        }
        self.sums.get_mut(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    /// Adds the spans of another ring of the same width.
    pub fn absorb(&mut self, other: &Self) {
        for (start, sums) in other.spans(Tick::default(), Tick::from_nanos(u64::MAX)) {
            if let Some(own) = self.at(start) {
                own.merge(sums);
            }
        }
    }

    /// Every span in which something ended, with the tick it begins at.
    pub(crate) fn filled(&self) -> impl Iterator<Item = (Tick, &Sums)> {
        self.spans(Tick::default(), Tick::from_nanos(u64::MAX / 2)).filter(|(_, sums)| sums.requests > 0)
    }

    /// Adds sums of a span that began at another place of the line: they go where most of it lies.
    pub(crate) fn put(&mut self, start: Tick, sums: &Sums) {
        if let Some(own) = self.at(start + Duration::from_nanos(self.width_ns / 2)) {
            own.merge(sums);
        }
    }

    /// The spans that overlap `from..=to`, with the ticks they begin at; empty ones that were never made are left out.
    pub fn spans(&self, from: Tick, to: Tick) -> impl Iterator<Item = (Tick, &Sums)> {
        let width = self.width_ns;
        let spans = (self.first..).zip(&self.sums).map(move |(number, sums)| (Tick::from_nanos(number * width), sums));
        spans.filter(move |(start, _)| start.as_nanos() + width > from.as_nanos() && *start <= to)
    }
}

/// Sums at all three resolutions.
#[derive(Clone, Debug)]
pub struct Series {
    rings: [Ring; 3],
}

impl Default for Series {
    fn default() -> Self {
        let ring = |resolution: Resolution| Ring::new(resolution.width(), resolution.spans());
        Self { rings: [Resolution::Second, Resolution::Minute, Resolution::Hour].map(ring) }
    }
}

impl Series {
    /// Adds sums of requests that ended at `at`.
    pub fn add(&mut self, at: Tick, sums: &Sums) {
        self.rings.iter_mut().for_each(|ring| ring.add(at, sums));
    }

    /// Adds the spans of another series.
    pub fn absorb(&mut self, other: &Self) {
        self.rings.iter_mut().zip(&other.rings).for_each(|(own, other)| own.absorb(other));
    }

    /// The spans of one resolution.
    pub const fn ring(&self, resolution: Resolution) -> &Ring {
        &self.rings[resolution as usize]
    }

    /// The same to be written to.
    pub(crate) const fn ring_mut(&mut self, resolution: Resolution) -> &mut Ring {
        &mut self.rings[resolution as usize]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ledger::tests::record;

    fn one(second: u64) -> Sums {
        let mut sums = Sums::default();
        sums.add(&record("/v1/models", second));
        sums
    }

    #[test]
    fn each_second_has_its_own_requests() {
        let mut series = Series::default();
        let at = |second: u64| Tick::from_nanos(second * 1_000_000_000);
        for second in [5, 5, 7, 70] {
            series.add(at(second), &one(second));
        }
        let seconds: Vec<_> = series
            .ring(Resolution::Second)
            .spans(at(0), at(100))
            .filter(|(_, sums)| sums.requests > 0)
            .map(|(start, sums)| (start.as_nanos() / 1_000_000_000, sums.requests))
            .collect();
        assert_eq!(seconds, [(5, 2), (7, 1), (70, 1)]);
        let minutes: Vec<u64> =
            series.ring(Resolution::Minute).spans(at(0), at(100)).map(|(_, sums)| sums.requests).collect();
        assert_eq!(minutes, [3, 1]);
        assert_eq!(series.ring(Resolution::Hour).spans(at(0), at(100)).next().unwrap().1.completion_tokens, 44);
    }

    proptest! {
        #[test]
        fn a_ring_keeps_what_is_young_and_nothing_twice(mut seconds in prop::collection::vec(0_u64..400, 1..80), most in 1_usize..50) {
            seconds.sort_unstable();
            let mut ring = Ring::new(Duration::from_secs(1), most);
            for second in &seconds {
                ring.add(Tick::from_nanos(second * 1_000_000_000), &one(*second));
            }
            let last = *seconds.last().unwrap();
            let young = seconds.iter().filter(|second| **second + most as u64 > last).count();
            let all: u64 = ring.spans(Tick::default(), Tick::from_nanos(u64::MAX / 2)).map(|(_, sums)| sums.requests).sum();
            prop_assert_eq!(all, young as u64);
        }
    }
}
