//! Figures over time, for charts.

use std::time::Duration;

use fakeai_core::Tick;
use serde::Serialize;

use super::window::{Choice, Window};
use crate::archive::{Archive, WINDOW};
use crate::record::Outcome;
use crate::series::{Resolution, Sums};
use crate::slim::Slim;

/// About as many points as a chart has room for.
const MOST_POINTS: u128 = 300;

/// What ended in one span of time.
#[derive(Clone, Debug, Serialize)]
pub struct Point {
    /// When it begins, by the server's clock.
    #[serde(skip)]
    pub start: Tick,
    /// The same, Unix seconds; whoever knows the date fills it in.
    pub t: f64,
    /// Requests.
    pub requests: u64,
    /// Of those, refused or failed.
    pub errors: u64,
    /// Of those, left by the client.
    pub client_closed: u64,
    /// Prompt tokens.
    pub prompt_tokens: u64,
    /// Of those, found in the cache.
    pub cached_tokens: u64,
    /// Tokens written.
    pub completion_tokens: u64,
    /// US dollars.
    pub cost_usd: f64,
    /// Median, 90th and 99th percentile of latency, milliseconds, to a fifth of their value.
    pub latency: [f64; 3],
    /// The same of times to the first token.
    pub ttft: [f64; 3],
    /// The same of times between tokens.
    pub itl: [f64; 3],
    /// How many requests had a latency up to which of [`bounds_ms`]: pairs of index and count.
    pub heat: Vec<(usize, u32)>,
}

/// The upper ends of the ranges that `heat` counts by, milliseconds.
pub fn bounds_ms() -> Vec<f64> {
    Slim::default().ranges().map(|(upper, _)| upper * 1e3).collect()
}

impl Point {
    fn of(start: Tick, sums: &Sums) -> Self {
        let spread = |slim: &Slim| [0.5, 0.9, 0.99].map(|share| slim.quantile(share) * 1e3);
        let counted = sums.latency.ranges().enumerate().filter(|(_, (_, count))| *count > 0);
        Self {
            start,
            t: 0.0,
            requests: sums.requests,
            errors: sums.errors,
            client_closed: sums.client_closed,
            prompt_tokens: sums.prompt_tokens,
            cached_tokens: sums.cached_tokens,
            completion_tokens: sums.completion_tokens,
            cost_usd: sums.cost_usd,
            latency: spread(&sums.latency),
            ttft: spread(&sums.ttft),
            itl: spread(&sums.itl),
            heat: counted.map(|(index, (_, count))| (index, count)).collect(),
        }
    }
}

/// Where points come from and how long their spans are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Points {
    /// How far back they reach.
    pub range: Duration,
    /// How long a span is.
    pub step: Duration,
    resolution: Option<Resolution>,
}

impl Points {
    /// As many points as can be had of the last `range`. The archive has a month of all requests and an hour of each
    /// model; of anything else there is the last minute.
    pub fn new(choice: &Choice, range: Duration) -> Self {
        let most = |resolution: Resolution| resolution.width() * resolution.spans() as u32;
        let one_model = choice.endpoints.is_empty() && choice.models.len() == 1;
        let (range, resolution) = if choice.is_all() {
            let range = range.min(most(Resolution::Hour));
            (range, Some(Resolution::reaching(range)))
        } else if one_model && range > WINDOW {
            (range.min(Duration::from_secs(3600)), Some(Resolution::Minute))
        } else {
            (WINDOW, None)
        };
        let range = range.max(WINDOW);
        let width = resolution.map_or(Duration::from_secs(1), Resolution::width);
        let spans = range.as_nanos().div_ceil(width.as_nanos());
        let step = width * u32::try_from(spans.div_ceil(MOST_POINTS).max(1)).unwrap_or(u32::MAX);
        Self { range, step, resolution }
    }

    /// The points from that of `from` to that of `to`, without those in which nothing ended.
    pub fn get(&self, archive: &Archive, window: &Window, choice: &Choice, from: Tick, to: Tick) -> Vec<Point> {
        let from = self.start(from);
        match self.resolution {
            Some(resolution) if choice.is_all() => self.grouped(archive.series().ring(resolution).spans(from, to)),
            Some(_) => {
                let ring = choice.models.first().and_then(|model| archive.model_minutes(model));
                ring.map_or_else(Vec::new, |ring| self.grouped(ring.spans(from, to)))
            }
            None => self.sampled(window, choice, from, to),
        }
    }

    /// When the span of a tick begins.
    pub fn start(&self, at: Tick) -> Tick {
        let step = self.step.as_nanos() as u64;
        Tick::from_nanos(at.as_nanos() / step * step)
    }

    fn grouped<'a>(&self, spans: impl Iterator<Item = (Tick, &'a Sums)>) -> Vec<Point> {
        let mut groups: Vec<(Tick, Sums)> = Vec::new();
        for (start, sums) in spans.filter(|(_, sums)| sums.requests > 0) {
            self.group(&mut groups, start).merge(sums);
        }
        groups.iter().map(|(start, sums)| Point::of(*start, sums)).collect()
    }

    fn sampled(&self, window: &Window, choice: &Choice, from: Tick, to: Tick) -> Vec<Point> {
        let mut groups: Vec<(Tick, Sums)> = Vec::new();
        let chosen = window.samples(to).filter(|sample| choice.takes(sample.endpoint, sample.model.as_deref()));
        for sample in chosen.filter(|sample| sample.at >= from) {
            let sums = self.group(&mut groups, sample.at);
            sums.requests += 1;
            sums.errors += u64::from(matches!(sample.outcome, Outcome::Error(_)));
            sums.client_closed += u64::from(sample.outcome == Outcome::ClientClosed);
            sums.prompt_tokens += u64::from(sample.prompt);
            sums.cached_tokens += u64::from(sample.cached);
            sums.completion_tokens += u64::from(sample.completion);
            sums.cost_usd += sample.cost_usd;
            sums.latency.observe(sample.latency);
            sample.ttft.into_iter().for_each(|seconds| sums.ttft.observe(seconds));
            sample.itl.into_iter().for_each(|seconds| sums.itl.observe(seconds));
        }
        groups.iter().map(|(start, sums)| Point::of(*start, sums)).collect()
    }

    /// The group of a tick; ticks come nearly in order.
    fn group<'a>(&self, groups: &'a mut Vec<(Tick, Sums)>, at: Tick) -> &'a mut Sums {
        let start = self.start(at);
        let place = groups.partition_point(|(group, _)| *group < start);
        if groups.get(place).is_none_or(|(group, _)| *group != start) {
            groups.insert(place, (start, Sums::default()));
        }
        &mut groups[place].1
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
    fn long_ranges_have_long_spans() {
        let steps = [60, 300, 900, 3600, 21_600, 86_400, 2_592_000, u64::MAX / 4].map(|seconds| {
            let points = Points::new(&Choice::default(), Duration::from_secs(seconds));
            (points.range.as_secs(), points.step.as_secs())
        });
        assert_eq!(
            steps,
            [
                (60, 1),
                (300, 1),
                (900, 3),
                (3600, 12),
                (21_600, 120),
                (86_400, 300),
                (2_592_000, 10_800),
                (2_592_000, 10_800)
            ]
        );
        let other = Choice { endpoints: vec!["/v1/models".to_owned()], ..Choice::default() };
        assert_eq!(Points::new(&other, Duration::from_secs(3600)).range, WINDOW);
    }

    #[test]
    fn points_of_a_filter_are_those_of_all_when_it_takes_all() {
        let (ledger, mut window) = (Ledger::new(true), Window::default());
        for second in [1, 1, 2, 5, 9, 9, 9] {
            ledger.add(record("/v1/models", second));
        }
        ledger.look(|archive| {
            window.update(archive, at(10));
            let get = |choice: Choice| {
                let points = Points::new(&choice, WINDOW);
                points.get(archive, &window, &choice, at(0), at(10))
            };
            let shown = |points: Vec<Point>| {
                let shown =
                    |point: &Point| (point.start, point.requests, point.completion_tokens, point.latency[2].to_bits());
                points.iter().map(shown).collect::<Vec<_>>()
            };
            let all = shown(get(Choice::default()));
            assert_eq!(all.iter().map(|point| point.1).collect::<Vec<_>>(), [2, 1, 1, 3]);
            assert_eq!(shown(get(Choice { endpoints: vec!["/v1/models".to_owned()], ..Choice::default() })), all);
        });
    }
}
