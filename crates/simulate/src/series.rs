//! What happened over time, in intervals that double when there are too many of them.

use std::time::Duration;

use fakeai_core::Tick;
use serde::Serialize;

/// One interval. Gauges are as at its end; where intervals were joined, their mean.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Sample {
    /// Its end, seconds after the start.
    pub at_s: f64,
    /// Sequences running.
    pub running: f64,
    /// Sequences waiting.
    pub waiting: f64,
    /// Share of the KV blocks in use, over all replicas.
    pub kv_usage: f64,
    /// Requests that arrived in the interval.
    pub arrived: u64,
    /// Requests that finished in it.
    pub finished: u64,
    /// Prompt tokens read in it, those found in the cache not counted.
    pub read_tokens: u64,
    /// Tokens written in it.
    pub written_tokens: u64,
    /// Preemptions in it.
    pub preemptions: u64,
    /// Share of the time that replicas were in a step.
    pub busy: f64,
    /// Share of the time that arithmetic took, were it alone.
    pub compute: f64,
    /// Share of the time that memory took, were it alone.
    pub memory: f64,
    /// Power of one GPU, W.
    pub watts: f64,
}

impl Sample {
    fn join(self, next: Self) -> Self {
        let mean = f64::midpoint;
        Self {
            at_s: next.at_s,
            running: mean(self.running, next.running),
            waiting: mean(self.waiting, next.waiting),
            kv_usage: mean(self.kv_usage, next.kv_usage),
            arrived: self.arrived + next.arrived,
            finished: self.finished + next.finished,
            read_tokens: self.read_tokens + next.read_tokens,
            written_tokens: self.written_tokens + next.written_tokens,
            preemptions: self.preemptions + next.preemptions,
            busy: mean(self.busy, next.busy),
            compute: mean(self.compute, next.compute),
            memory: mean(self.memory, next.memory),
            watts: mean(self.watts, next.watts),
        }
    }
}

/// Samples at even intervals from the start on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Series {
    /// Length of an interval, seconds.
    pub interval_s: f64,
    /// The intervals in order.
    pub samples: Vec<Sample>,
}

impl Series {
    /// The same in intervals of twice the length.
    pub(crate) fn halved(&self) -> Self {
        let join = |pair: &[Sample]| match pair {
            [one, next] => one.join(*next),
            [one, ..] => *one,
            [] => Sample::default(),
        };
        Self { interval_s: self.interval_s * 2.0, samples: self.samples.chunks(2).map(join).collect() }
    }
}

/// More samples than this are joined in pairs: enough for a plot.
const MOST_SAMPLES: usize = 480;

/// The first length of an interval, unless one is asked for.
const FIRST_INTERVAL: Duration = Duration::from_millis(50);

/// Samples as they are made.
#[derive(Debug)]
pub(crate) struct Sampler {
    interval: Duration,
    may_grow: bool,
    next: Tick,
    samples: Vec<Sample>,
}

impl Sampler {
    /// Samples every `interval`, or as fits.
    pub(crate) fn new(interval: Option<Duration>) -> Self {
        let may_grow = interval.is_none();
        let interval = interval.unwrap_or(FIRST_INTERVAL).max(Duration::from_millis(1));
        Self { interval, may_grow, next: Tick::default() + interval, samples: Vec::new() }
    }

    /// When the interval under way ends.
    pub(crate) const fn next(&self) -> Tick {
        self.next
    }

    /// Its length.
    pub(crate) const fn interval(&self) -> Duration {
        self.interval
    }

    /// Ends it.
    pub(crate) fn push(&mut self, sample: Sample) {
        self.samples.push(Sample { at_s: self.next.since(Tick::default()).as_secs_f64(), ..sample });
        if self.may_grow && self.samples.len() == MOST_SAMPLES {
            self.samples = self.samples.chunks_exact(2).map(|pair| pair[0].join(pair[1])).collect();
            self.interval *= 2;
        }
        self.next = self.next + self.interval;
    }

    pub(crate) fn into_series(self) -> Series {
        Series { interval_s: self.interval.as_secs_f64(), samples: self.samples }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_joined_and_nothing_is_lost() {
        let mut sampler = Sampler::new(None);
        for _ in 0..5_000 {
            sampler.push(Sample { arrived: 1, running: 2.0, ..Sample::default() });
        }
        let end = sampler.next().since(Tick::default()).as_secs_f64() - sampler.interval().as_secs_f64();
        let series = sampler.into_series();
        assert!((MOST_SAMPLES / 2..MOST_SAMPLES).contains(&series.samples.len()));
        assert_eq!(series.samples.iter().map(|sample| sample.arrived).sum::<u64>(), 5_000);
        assert!(series.samples.iter().all(|sample| (sample.running - 2.0).abs() < 1e-9));
        assert!((series.samples.last().unwrap().at_s - end).abs() < 1e-9);
    }
}
