//! The view of latency: histograms since the start, percentiles of the last minute, and profiles by what a request
//! asked for.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::dates::Dates;
use super::samples::{Sample, grouped};
use super::spread::Spread;
use crate::archive::Archive;
use crate::histogram::Buckets;
use crate::ledger::Ledger;

/// Upper bounds of profiles by tokens of the prompt, and by tokens of prompt and answer.
const PROMPT_BOUNDS: &[u32] = &[100, 500, 1000, 2000, 4000, 8000, 16_000, 32_000];
/// Upper bounds of profiles by tokens of the answer.
const OUTPUT_BOUNDS: &[u32] = &[50, 100, 200, 500, 1000, 2000, 4000];
/// Most requests of each range.
const BATCH_BOUNDS: &[u32] = &[1, 2, 4, 8, 16, 32, 64, 128, 256, 512];

/// `GET /metrics/latency`.
#[derive(Debug, Serialize)]
pub struct LatencyMetrics {
    /// From arrival to end since the start, by endpoint.
    pub histograms: BTreeMap<&'static str, Histogram>,
    /// From arrival to the first token of streams since the start, by endpoint.
    pub ttft_histograms: BTreeMap<&'static str, Histogram>,
    /// Of the last minute.
    pub percentiles: LatencyPercentiles,
    /// Of the last minute.
    pub profiles: Profiles,
}

/// Counts under fixed upper bounds.
#[derive(Debug, Serialize)]
pub struct Histogram {
    /// Values counted.
    pub count: u64,
    /// Their sum, seconds.
    pub sum_seconds: f64,
    /// Rising bounds; the last range, which has none, is `null`.
    pub buckets: Vec<Bucket>,
}

/// One range.
#[derive(Debug, Serialize)]
pub struct Bucket {
    /// The upper bound, seconds, which belongs to the range.
    pub le_seconds: Option<f64>,
    /// Values in this range alone.
    pub count: u64,
}

impl Histogram {
    fn of(buckets: &Buckets) -> Self {
        let mut before = 0;
        let ranges = buckets.cumulative().map(|(bound, count)| {
            let own = count - before;
            before = count;
            Bucket { le_seconds: Some(bound).filter(|bound| bound.is_finite()), count: own }
        });
        Self { buckets: ranges.collect(), count: buckets.count(), sum_seconds: buckets.sum() }
    }
}

/// Percentiles, from arrival to end.
#[derive(Debug, Serialize)]
pub struct LatencyPercentiles {
    /// By endpoint.
    pub by_endpoint: BTreeMap<Arc<str>, Spread>,
    /// By model.
    pub by_model: BTreeMap<Arc<str>, Spread>,
}

/// Requests that wrote tokens, by what they were like.
#[derive(Debug, Serialize)]
pub struct Profiles {
    /// By model.
    pub by_model: BTreeMap<Arc<str>, Profile>,
    /// By tokens of the prompt.
    pub by_prompt_tokens: Vec<Profiled>,
    /// By tokens of prompt and answer.
    pub by_context_tokens: Vec<Profiled>,
    /// By tokens of the answer.
    pub by_completion_tokens: Vec<Profiled>,
    /// By how many requests of the model were under way at the middle of each, itself among them: `above` and `up_to` are
    /// requests. Only those that have ended since are known.
    pub by_batch_size: Vec<Profiled>,
}

/// A profile and its range of tokens, or of requests.
#[derive(Debug, Serialize)]
pub struct Profiled {
    /// More than this.
    pub above: u32,
    /// At most as many as this; `null` without a limit.
    pub up_to: Option<u32>,
    /// Of the requests between them.
    #[serde(flatten)]
    pub profile: Profile,
}

/// How long requests of one kind take.
#[derive(Debug, Serialize)]
pub struct Profile {
    /// How many there were.
    pub requests: usize,
    /// From arrival to end.
    pub latency: Option<Spread>,
    /// From arrival to the first token.
    pub ttft: Option<Spread>,
    /// Mean from one token to the next.
    pub itl: Option<Spread>,
    /// Mean over the requests of tokens a second, from the first to the last.
    pub tokens_per_second: Option<f64>,
}

impl Profile {
    fn of(samples: &[&Sample]) -> Self {
        let times = |of: fn(&Sample) -> Option<f64>| samples.iter().filter_map(|sample| of(sample)).collect::<Vec<_>>();
        let speeds = times(Sample::tokens_per_second);
        Self {
            requests: samples.len(),
            latency: Spread::of(times(|sample| Some(sample.latency))),
            ttft: Spread::of(times(|sample| sample.ttft)),
            itl: Spread::of(times(|sample| sample.itl)),
            tokens_per_second: (!speeds.is_empty()).then(|| speeds.iter().sum::<f64>() / speeds.len() as f64),
        }
    }

    /// Profiles by ranges of tokens; ranges without requests are left out.
    fn by_tokens(samples: &[&Sample], bounds: &[u32], tokens: impl Fn(&Sample) -> u32) -> Vec<Profiled> {
        Self::by_counts(samples.iter().map(|sample| (*sample, tokens(sample))), bounds)
    }

    fn by_counts<'a>(samples: impl Iterator<Item = (&'a Sample, u32)>, bounds: &[u32]) -> Vec<Profiled> {
        let mut parts: BTreeMap<usize, Vec<&Sample>> = BTreeMap::new();
        for (sample, count) in samples {
            let place = bounds.partition_point(|bound| *bound < count);
            parts.entry(place).or_default().push(sample);
        }
        let profiled = |(place, samples): (usize, Vec<&Sample>)| Profiled {
            above: place.checked_sub(1).map_or(0, |below| bounds[below]),
            up_to: bounds.get(place).copied(),
            profile: Self::of(&samples),
        };
        parts.into_iter().map(profiled).collect()
    }
}

/// Each sample with how many of its model were under way at its middle: those that had begun less those that had ended.
fn batches<'a>(by_model: &BTreeMap<&str, Vec<&'a Sample>>) -> Vec<(&'a Sample, u32)> {
    let nanos = |sample: &Sample| (sample.at.as_nanos(), (sample.latency * 1e9) as u64);
    let mut all = Vec::new();
    for samples in by_model.values() {
        let mut ends: Vec<u64> = samples.iter().map(|sample| nanos(sample).0).collect();
        let mut begins: Vec<u64> =
            samples.iter().map(|sample| nanos(sample)).map(|(at, took)| at.saturating_sub(took)).collect();
        ends.sort_unstable();
        begins.sort_unstable();
        all.extend(samples.iter().map(|sample| {
            let (at, took) = nanos(sample);
            let middle = at.saturating_sub(took / 2);
            let begun = begins.partition_point(|begin| *begin <= middle);
            let ended = ends.partition_point(|end| *end < middle);
            (*sample, u32::try_from(begun.saturating_sub(ended)).unwrap_or(u32::MAX).max(1))
        }));
    }
    all
}

fn spreads(parts: BTreeMap<&str, Vec<&Sample>>) -> BTreeMap<Arc<str>, Spread> {
    let spread = |(name, samples): (&str, Vec<&Sample>)| {
        Some((Arc::from(name), Spread::of(samples.iter().map(|sample| sample.latency).collect())?))
    };
    parts.into_iter().filter_map(spread).collect()
}

fn merged(archive: &Archive) -> [BTreeMap<&'static str, Buckets>; 2] {
    let mut both = [BTreeMap::new(), BTreeMap::new()];
    for (key, totals) in archive.totals() {
        for (all, buckets) in both.iter_mut().zip([&totals.latency, &totals.ttft]) {
            if buckets.count() > 0 {
                all.entry(key.endpoint)
                    .and_modify(|all: &mut Buckets| all.merge(buckets))
                    .or_insert_with(|| buckets.clone());
            }
        }
    }
    both
}

impl LatencyMetrics {
    /// As it is now.
    pub fn of(ledger: &Ledger, dates: Dates) -> Self {
        let ([latency, ttft], samples) = ledger.look(|archive| (merged(archive), Sample::within(archive, dates.now())));
        let histograms = |all: BTreeMap<&'static str, Buckets>| {
            all.into_iter().map(|(endpoint, buckets)| (endpoint, Histogram::of(&buckets))).collect()
        };
        let written: Vec<&Sample> = samples.iter().filter(|sample| sample.completion_tokens > 0).collect();
        let by_model = grouped(written.iter().copied(), |sample| sample.model.as_deref());
        Self {
            histograms: histograms(latency),
            ttft_histograms: histograms(ttft),
            percentiles: LatencyPercentiles {
                by_endpoint: spreads(grouped(samples.iter(), |sample| Some(sample.endpoint))),
                by_model: spreads(grouped(samples.iter(), |sample| sample.model.as_deref())),
            },
            profiles: Profiles {
                by_batch_size: Profile::by_counts(batches(&by_model).into_iter(), BATCH_BOUNDS),
                by_model: by_model
                    .into_iter()
                    .map(|(model, samples)| (Arc::from(model), Profile::of(&samples)))
                    .collect(),
                by_prompt_tokens: Profile::by_tokens(&written, PROMPT_BOUNDS, |sample| sample.prompt_tokens),
                by_context_tokens: Profile::by_tokens(&written, PROMPT_BOUNDS, |sample| {
                    sample.prompt_tokens.saturating_add(sample.completion_tokens)
                }),
                by_completion_tokens: Profile::by_tokens(&written, OUTPUT_BOUNDS, |sample| sample.completion_tokens),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use fakeai_core::Tick;

    use super::*;
    use crate::ledger::tests::record;

    #[test]
    fn a_batch_is_what_is_under_way_together() {
        let ledger = Ledger::new(true);
        let at = |millis: u64| Tick::from_nanos(millis * 1_000_000);
        // Four together, of which one goes on alone; one of another model beside them; one long after them.
        for (begins, ends, model) in
            [(0, 100, "a"), (10, 110, "a"), (20, 90, "a"), (0, 1000, "a"), (0, 100, "b"), (2000, 2100, "a")]
        {
            let mut record = record("/v1/chat/completions", 1);
            record.model = Some(Arc::from(model));
            (record.arrived, record.first_token) = (at(begins), Some(at(begins + 5)));
            (record.ended, record.at) = (at(ends), at(ends));
            ledger.add(record);
        }
        let clock = fakeai_core::Clock::manual(0);
        clock.advance(Duration::from_secs(10));
        let sizes = LatencyMetrics::of(&ledger, Dates::of(&clock)).profiles.by_batch_size;
        let sizes: Vec<_> = sizes.iter().map(|part| (part.up_to, part.profile.requests)).collect();
        assert_eq!(sizes, [(Some(1), 3), (Some(4), 3)]);
    }

    #[test]
    fn known_requests_have_known_profiles() {
        let ledger = Ledger::new(true);
        for (prompt, completion) in [(10, 11), (10, 51), (100, 11), (101, 11), (40_000, 5000)] {
            let mut record = record("/v1/chat/completions", 1);
            (record.tokens.prompt, record.tokens.completion) = (prompt, completion);
            ledger.add(record);
        }
        let mut silent = record("/v1/embeddings", 2);
        silent.tokens.completion = 0;
        ledger.add(silent);
        let clock = fakeai_core::Clock::manual(0);
        clock.advance(Duration::from_secs(10));
        let view = LatencyMetrics::of(&ledger, Dates::of(&clock));
        let ranges = |profiles: &[Profiled]| {
            profiles.iter().map(|part| (part.above, part.up_to, part.profile.requests)).collect::<Vec<_>>()
        };
        assert_eq!(
            ranges(&view.profiles.by_prompt_tokens),
            [(0, Some(100), 3), (100, Some(500), 1), (32_000, None, 1)]
        );
        assert_eq!(
            ranges(&view.profiles.by_completion_tokens),
            [(0, Some(50), 3), (50, Some(100), 1), (4000, None, 1)]
        );
        assert_eq!(
            ranges(&view.profiles.by_context_tokens),
            [(0, Some(100), 2), (100, Some(500), 2), (32_000, None, 1)]
        );
        assert_eq!(ranges(&view.profiles.by_batch_size), [(4, Some(8), 5)]);
        let histogram = &view.histograms["/v1/chat/completions"];
        let counted: Vec<_> = histogram.buckets.iter().filter(|bucket| bucket.count > 0).collect();
        assert_eq!((counted.len(), counted[0].le_seconds, counted[0].count, histogram.count), (1, Some(0.1), 5, 5));
        assert_eq!((view.percentiles.by_model["gpt-4o"].samples, view.percentiles.by_endpoint.len()), (6, 2));
        assert!((view.profiles.by_model["gpt-4o"].tokens_per_second.unwrap() - 200.0).abs() < 1e-6);
    }
}
