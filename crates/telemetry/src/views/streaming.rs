//! The view of streams: how quickly they begin, how evenly they go on, how they end.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::core::Statistics;
use super::dates::Dates;
use super::samples::{Ended, Sample, grouped};
use super::spread::Spread;
use crate::histogram::PacingSummary;
use crate::ledger::Ledger;

/// `GET /metrics/streaming`. Where nothing else is said it is the last minute.
#[derive(Debug, Serialize)]
pub struct Streaming {
    /// Being written now.
    pub active_streams: usize,
    /// Ended well.
    pub completed_streams: usize,
    /// Ended by an error.
    pub failed_streams: usize,
    /// Left by the client.
    pub cancelled_streams: usize,
    /// Streams since the start.
    pub total_streams: u64,
    /// Tokens written for answers since the start, streamed or whole.
    pub requested_tokens: u64,
    /// Of those, the ones that were sent.
    pub delivered_tokens: u64,
    /// From arrival to the first token.
    pub ttft: Option<Spread>,
    /// Mean from one token to the next, of each stream.
    pub itl: Option<Spread>,
    /// From arrival to the end.
    pub duration: Option<Spread>,
    /// Tokens a second of each stream, from its first to its last.
    pub tokens_per_second: Statistics,
    /// Tokens of a stream.
    pub tokens_per_stream: Statistics,
    /// How late tokens left after the time they were planned for, since the start.
    pub lateness: PacingSummary,
    /// By model.
    pub by_model: BTreeMap<Arc<str>, StreamsOfOne>,
    /// By endpoint.
    pub by_endpoint: BTreeMap<Arc<str>, StreamsOfOne>,
}

/// The streams of one model or endpoint.
#[derive(Debug, Serialize)]
pub struct StreamsOfOne {
    /// Ended.
    pub streams: usize,
    /// Of those, not well.
    pub failed: usize,
    /// From arrival to the first token.
    pub ttft: Option<Spread>,
    /// Mean from one token to the next.
    pub itl: Option<Spread>,
}

impl StreamsOfOne {
    fn of(samples: &[&Sample]) -> Self {
        Self {
            streams: samples.len(),
            failed: samples.iter().filter(|sample| sample.ended != Ended::Well).count(),
            ttft: Spread::of(samples.iter().filter_map(|sample| sample.ttft).collect()),
            itl: Spread::of(samples.iter().filter_map(|sample| sample.itl).collect()),
        }
    }

    fn by<'a>(streams: &[&'a Sample], name: impl Fn(&'a Sample) -> Option<&'a str>) -> BTreeMap<Arc<str>, Self> {
        let groups = grouped(streams.iter().copied(), name);
        groups.into_iter().map(|(name, samples)| (Arc::from(name), Self::of(&samples))).collect()
    }
}

impl Streaming {
    /// As it is now.
    pub fn of(ledger: &Ledger, dates: Dates) -> Self {
        let now = dates.now();
        let (samples, (total_streams, requested_tokens, delivered_tokens)) = ledger.look(|archive| {
            let sums = archive.totals().into_iter().fold((0, 0, 0), |(streams, written, delivered), (_, totals)| {
                (streams + totals.streams, written + totals.completion_tokens, delivered + totals.delivered_tokens)
            });
            (Sample::within(archive, now), sums)
        });
        let streams: Vec<&Sample> = samples.iter().filter(|sample| sample.stream).collect();
        let ended = |how: &[Ended]| streams.iter().filter(|sample| how.contains(&sample.ended)).count();
        let times = |of: fn(&Sample) -> Option<f64>| streams.iter().filter_map(|sample| of(sample)).collect::<Vec<_>>();
        let seconds = ledger.window_seconds(now);
        Self {
            active_streams: ledger.active_streams(),
            completed_streams: ended(&[Ended::Well]),
            failed_streams: ended(&[Ended::Refused, Ended::Faulty]),
            cancelled_streams: ended(&[Ended::Left]),
            total_streams,
            requested_tokens,
            delivered_tokens,
            ttft: Spread::of(times(|sample| sample.ttft)),
            itl: Spread::of(times(|sample| sample.itl)),
            duration: Spread::of(times(|sample| Some(sample.latency))),
            tokens_per_second: Statistics::of_times(times(Sample::tokens_per_second), seconds),
            tokens_per_stream: Statistics::of_counts(times(|sample| Some(sample.completion_tokens.into())), seconds),
            lateness: ledger.pacing().summary(),
            by_model: StreamsOfOne::by(&streams, |sample| sample.model.as_deref()),
            by_endpoint: StreamsOfOne::by(&streams, |sample| Some(sample.endpoint)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::ledger::tests::record;
    use crate::record::Outcome;

    #[test]
    fn streams_are_counted_by_their_end() {
        let ledger = Ledger::new(true);
        let outcomes = [Outcome::Success, Outcome::Success, Outcome::ClientClosed, Outcome::Error("stream_timeout")];
        for outcome in outcomes {
            let mut record = record("/v1/chat/completions", 1);
            record.outcome = outcome;
            ledger.add(record);
        }
        let mut whole = record("/v1/chat/completions", 2);
        whole.stream = false;
        ledger.add(whole);
        let clock = fakeai_core::Clock::manual(0);
        clock.advance(Duration::from_secs(10));
        let view = Streaming::of(&ledger, Dates::of(&clock));
        assert_eq!((view.completed_streams, view.failed_streams, view.cancelled_streams), (2, 1, 1));
        assert_eq!((view.total_streams, view.requested_tokens, view.active_streams), (4, 55, 0));
        let (ttft, itl) = (view.ttft.unwrap(), view.itl.unwrap());
        assert!((ttft.p50_ms - 20.0).abs() < 1e-6 && (itl.p99_ms - 5.0).abs() < 1e-6);
        assert!((view.tokens_per_second.p50 - 200.0).abs() < 1e-6);
        assert_eq!((view.by_model["gpt-4o"].streams, view.by_endpoint["/v1/chat/completions"].failed), (4, 2));
    }
}
