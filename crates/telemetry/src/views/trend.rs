//! The view over time: sums of each span, how they change, and which of them are out of the ordinary.

use std::collections::BTreeMap;
use std::time::Duration;

use fakeai_core::Tick;
use serde::Serialize;

use super::dates::Dates;
use super::spread::Percentiles;
use crate::ledger::Ledger;
use crate::series::{Resolution, Ring, Sums};

/// A figure this many standard deviations from its mean is out of the ordinary.
pub const THRESHOLD: f64 = 3.0;
/// Fewer spans say nothing of what is ordinary.
const FEWEST_SPANS: usize = 10;
/// Spans of a model's own series.
const MODEL_SPANS: usize = 60;

/// What is asked of the series.
#[derive(Clone, Debug)]
pub struct Asked {
    /// From when on.
    pub from: Tick,
    /// Until when.
    pub to: Tick,
    /// How long spans are; `None` for the finest that reaches back so far.
    pub resolution: Option<Resolution>,
    /// One model alone, by minutes of the last hour.
    pub model: Option<String>,
    /// From how many standard deviations on a figure is out of the ordinary.
    pub threshold: f64,
}

/// `GET /metrics/series`.
#[derive(Debug, Serialize)]
pub struct Trend {
    /// `second`, `minute` or `hour`.
    pub resolution: &'static str,
    /// Seconds of a span.
    pub span_seconds: u64,
    /// The model, if it is one alone.
    pub model: Option<String>,
    /// Every span, the oldest first.
    pub points: Vec<Point>,
    /// By figure: how its second half compares with its first.
    pub rate_of_change: BTreeMap<&'static str, Change>,
    /// Figures out of the ordinary, the oldest first.
    pub anomalies: Vec<Anomaly>,
}

/// One span.
#[derive(Debug, Serialize)]
pub struct Point {
    /// When it began, seconds since 1970.
    pub time: f64,
    /// Whether it is over.
    pub is_complete: bool,
    /// Requests that ended in it.
    pub requests: u64,
    /// Of those, refused or failed.
    pub errors: u64,
    /// Of the errors, the server's own faults.
    pub faults: u64,
    /// Left by the client.
    pub client_closed: u64,
    /// Streamed.
    pub streams: u64,
    /// Tokens read.
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
    /// Requests a second.
    pub requests_per_second: f64,
    /// Tokens written a second.
    pub tokens_per_second: f64,
    /// From arrival to end; `null` without requests.
    pub latency: Option<Percentiles>,
    /// From arrival to the first token; `null` without streams.
    pub ttft: Option<Percentiles>,
    /// Mean from one token to the next; `null` without streams.
    pub itl: Option<Percentiles>,
}

impl Point {
    fn of(start: Tick, sums: &Sums, width: Duration, dates: Dates) -> Self {
        let end = start + width;
        // The span under way is as long as it has been so far.
        let seconds = end.min(dates.now()).since(start).as_secs_f64().max(1e-3);
        let percentiles = |slim: &crate::slim::Slim| (slim.count() > 0).then(|| Percentiles::of_slim(slim));
        Self {
            time: dates.unix_seconds(start),
            is_complete: end <= dates.now(),
            requests: sums.requests,
            errors: sums.errors,
            faults: sums.faults,
            client_closed: sums.client_closed,
            streams: sums.streams,
            prompt_tokens: sums.prompt_tokens,
            cached_tokens: sums.cached_tokens,
            completion_tokens: sums.completion_tokens,
            bytes_in: sums.bytes_in,
            bytes_out: sums.bytes_out,
            cost_usd: sums.cost_usd,
            requests_per_second: sums.requests as f64 / seconds,
            tokens_per_second: sums.completion_tokens as f64 / seconds,
            latency: percentiles(&sums.latency),
            ttft: percentiles(&sums.ttft),
            itl: percentiles(&sums.itl),
        }
    }
}

/// How a figure changes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Change {
    /// Mean of the first half of the complete spans.
    pub before: f64,
    /// Mean of the second half.
    pub after: f64,
    /// By how much the second is greater, in percent of the first; `null` if that is 0.
    pub percent: Option<f64>,
    /// The slope of the line of least squares, a second.
    pub per_second: f64,
}

/// A figure out of the ordinary.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Anomaly {
    /// When its span began, seconds since 1970.
    pub time: f64,
    /// Which figure.
    pub metric: &'static str,
    /// Its value.
    pub value: f64,
    /// The mean over all spans.
    pub mean: f64,
    /// The standard deviation over all spans.
    pub deviation: f64,
    /// How many deviations it is away from the mean.
    pub z_score: f64,
}

type Figure = (&'static str, fn(&Point) -> Option<f64>);

/// The figures that are watched.
const FIGURES: [Figure; 5] = [
    ("requests_per_second", |point| Some(point.requests_per_second)),
    ("tokens_per_second", |point| Some(point.tokens_per_second)),
    ("errors", |point| Some(point.errors as f64)),
    ("latency_avg_ms", |point| point.latency.map(|latency| latency.avg_ms)),
    ("ttft_avg_ms", |point| point.ttft.map(|ttft| ttft.avg_ms)),
];

impl Trend {
    /// What was asked, as it is now; `None` if the model was not asked in the last hour.
    pub fn of(ledger: &Ledger, dates: Dates, asked: Asked) -> Option<Self> {
        let Asked { from, to, resolution, model, threshold } = asked;
        let to = to.min(dates.now());
        let resolution = match (&model, resolution) {
            (Some(_), _) => Resolution::Minute,
            (None, Some(resolution)) => resolution,
            (None, None) => Resolution::reaching(dates.now().since(from)),
        };
        let width = resolution.width();
        let kept = if model.is_some() { MODEL_SPANS } else { resolution.spans() };
        let from = from.max(dates.ago(width * (kept as u32 - 1)));
        let sums = ledger.look(|archive| match &model {
            Some(model) => archive.model_minutes(model).map(|ring| copied(ring, from, to)),
            None => Some(copied(archive.series().ring(resolution), from, to)),
        })?;
        let points = points(sums, (from, to), width, dates);
        let watched: Vec<&Point> = points.iter().filter(|point| point.is_complete).collect();
        let changes = FIGURES.iter().filter_map(|(name, of)| Some((*name, change(&series(&watched, *of))?)));
        let rate_of_change = changes.collect();
        let mut anomalies: Vec<Anomaly> =
            FIGURES.iter().flat_map(|(name, of)| anomalies(name, &series(&watched, *of), threshold)).collect();
        anomalies.sort_by(|left, right| left.time.total_cmp(&right.time));
        let resolution = match resolution {
            Resolution::Second => "second",
            Resolution::Minute => "minute",
            Resolution::Hour => "hour",
        };
        Some(Self { resolution, span_seconds: width.as_secs(), model, points, rate_of_change, anomalies })
    }
}

fn copied(ring: &Ring, from: Tick, to: Tick) -> Vec<(Tick, Sums)> {
    ring.spans(from, to).map(|(start, sums)| (start, sums.clone())).collect()
}

/// A point for every span, also for those in which nothing ended.
fn points(sums: Vec<(Tick, Sums)>, (from, to): (Tick, Tick), width: Duration, dates: Dates) -> Vec<Point> {
    let nanos = width.as_nanos() as u64;
    let mut points = Vec::new();
    let mut sums = sums.into_iter().peekable();
    let nothing = Sums::default();
    for number in from.as_nanos() / nanos..=to.as_nanos() / nanos {
        let start = Tick::from_nanos(number * nanos);
        let own = sums.next_if(|(at, _)| *at == start);
        points.push(Point::of(start, own.as_ref().map_or(&nothing, |(_, sums)| sums), width, dates));
    }
    points
}

/// Times and values of one figure, where it has any.
fn series(points: &[&Point], of: fn(&Point) -> Option<f64>) -> Vec<(f64, f64)> {
    points.iter().filter_map(|point| Some((point.time, of(point)?))).collect()
}

fn mean(values: &[(f64, f64)]) -> f64 {
    values.iter().map(|(_, value)| value).sum::<f64>() / values.len().max(1) as f64
}

fn change(values: &[(f64, f64)]) -> Option<Change> {
    if values.len() < 2 {
        return None;
    }
    let (first, second) = values.split_at(values.len() / 2);
    let (before, after) = (mean(first), mean(second));
    let middle = values.iter().map(|(time, _)| time).sum::<f64>() / values.len() as f64;
    let level = mean(values);
    let (above, below) = values.iter().fold((0.0, 0.0), |(above, below), (time, value)| {
        let from_middle = time - middle;
        (above + from_middle * (value - level), below + from_middle * from_middle)
    });
    Some(Change {
        before,
        after,
        percent: (before != 0.0).then(|| (after - before) / before * 100.0),
        per_second: if below > 0.0 { above / below } else { 0.0 },
    })
}

/// Values whose z-score reaches `threshold`: their distance from the mean in standard deviations.
fn anomalies(metric: &'static str, values: &[(f64, f64)], threshold: f64) -> Vec<Anomaly> {
    if values.len() < FEWEST_SPANS {
        return Vec::new();
    }
    let mean = mean(values);
    let variance = values.iter().map(|(_, value)| (value - mean).powi(2)).sum::<f64>() / values.len() as f64;
    let deviation = variance.sqrt();
    // Sums of floats leave a trace of a deviation where there is none.
    if deviation <= mean.abs() * 1e-9 {
        return Vec::new();
    }
    let score = |(time, value): &(f64, f64)| Anomaly {
        time: *time,
        metric,
        value: *value,
        mean,
        deviation,
        z_score: (value - mean) / deviation,
    };
    values.iter().map(score).filter(|anomaly| anomaly.z_score.abs() >= threshold).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ledger::tests::record;

    fn dates(seconds: u64) -> Dates {
        let clock = fakeai_core::Clock::manual(1_000_000);
        clock.advance(Duration::from_secs(seconds));
        Dates::of(&clock)
    }

    fn asked(from: u64, to: u64) -> Asked {
        let at = |second: u64| Tick::from_nanos(second * 1_000_000_000);
        Asked { from: at(from), to: at(to), resolution: None, model: None, threshold: THRESHOLD }
    }

    #[test]
    fn a_burst_is_out_of_the_ordinary() {
        let ledger = Ledger::new(true);
        for second in 0..60 {
            let times = if second == 40 { 50 } else { 1 };
            (0..times).for_each(|_| ledger.add(record("/v1/chat/completions", second)));
        }
        let trend = Trend::of(&ledger, dates(60), asked(0, 60)).unwrap();
        assert_eq!((trend.resolution, trend.points.len()), ("second", 61));
        assert_eq!((trend.points[40].requests, trend.points[60].requests), (50, 0));
        assert!(trend.points[59].is_complete && !trend.points[60].is_complete);
        let metrics: Vec<_> = trend.anomalies.iter().map(|anomaly| (anomaly.metric, anomaly.value)).collect();
        assert_eq!(metrics, [("requests_per_second", 50.0), ("tokens_per_second", 550.0)]);
        assert!((trend.anomalies[0].time - 1_000_040.0).abs() < 1e-6 && trend.anomalies[0].z_score > 7.0);
        let change = trend.rate_of_change["requests_per_second"];
        assert!((change.before - 1.0).abs() < 1e-9 && (change.after - 79.0 / 30.0).abs() < 1e-9);
        assert!(change.per_second > 0.0);
    }

    #[test]
    fn what_is_even_is_ordinary() {
        let ledger = Ledger::new(true);
        (0..60).for_each(|second| ledger.add(record("/v1/models", second)));
        let trend = Trend::of(&ledger, dates(60), asked(0, 60)).unwrap();
        assert_eq!(trend.anomalies, []);
        assert_eq!(trend.rate_of_change["latency_avg_ms"].percent.map(f64::round), Some(0.0));
    }

    #[test]
    fn longer_looks_have_longer_spans_and_models_their_own() {
        let ledger = Ledger::new(true);
        ledger.add(record("/v1/models", 10_000));
        let trend = Trend::of(&ledger, dates(20_000), asked(0, 20_000)).unwrap();
        assert_eq!((trend.resolution, trend.points.len()), ("minute", 334));
        let of = |model: &str| Asked { model: Some(model.to_owned()), ..asked(0, 20_000) };
        let own = Trend::of(&ledger, dates(10_100), of("gpt-4o")).unwrap();
        assert_eq!(own.points.iter().map(|point| point.requests).sum::<u64>(), 1);
        assert!(Trend::of(&ledger, dates(10_100), of("none")).is_none());
    }

    proptest! {
        #[test]
        fn no_request_is_lost_between_spans(mut seconds in prop::collection::vec(0_u64..3000, 0..50), resolution in 0_usize..3) {
            seconds.sort_unstable();
            let ledger = Ledger::new(true);
            for second in &seconds {
                ledger.add(record("/v1/models", *second));
            }
            let resolution = [Resolution::Second, Resolution::Minute, Resolution::Hour][resolution];
            let trend = Trend::of(&ledger, dates(3001), Asked { resolution: Some(resolution), ..asked(0, 4000) }).unwrap();
            prop_assert_eq!(trend.points.iter().map(|point| point.requests).sum::<u64>(), seconds.len() as u64);
            prop_assert!(trend.points.len() <= resolution.spans());
        }

        #[test]
        fn any_span_of_time_is_answered(from in any::<u64>(), to in any::<u64>(), now in 0_u64..10_000_000) {
            let ledger = Ledger::new(true);
            let at = Tick::from_nanos;
            let asked = Asked { from: at(from), to: at(to), ..asked(0, 0) };
            let trend = Trend::of(&ledger, dates(now), asked).unwrap();
            prop_assert!(trend.points.len() <= Resolution::Second.spans());
        }
    }
}
