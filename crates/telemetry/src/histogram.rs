//! Histograms: fixed buckets for Prometheus, fine ones for how well the server keeps pace.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fakeai_core::Sharded;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Counts under fixed upper bounds, as Prometheus wants them.
#[derive(Clone, Debug)]
pub struct Buckets {
    bounds: &'static [f64],
    counts: Box<[u64]>,
    sum: f64,
}

impl Buckets {
    /// Seconds from 1 ms to a minute: request latency.
    pub const LATENCY_SECONDS: &'static [f64] =
        &[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 60.0];
    /// Seconds from 1 ms to 10 s: time to first token, with vLLM's bounds.
    pub const TTFT_SECONDS: &'static [f64] =
        &[0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];
    /// Seconds from 1 ms to 2.5 s: time between tokens.
    pub const ITL_SECONDS: &'static [f64] =
        &[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5];

    /// An empty histogram with these upper bounds, rising.
    pub fn new(bounds: &'static [f64]) -> Self {
        Self { bounds, counts: vec![0; bounds.len() + 1].into_boxed_slice(), sum: 0.0 }
    }

    /// Counts one value.
    pub fn observe(&mut self, value: f64) {
        self.observe_many(value, 1);
    }

    /// Counts the same value `times` times.
    pub fn observe_many(&mut self, value: f64, times: u64) {
        self.counts[self.bounds.partition_point(|bound| *bound < value)] += times;
        self.sum += value * times as f64;
    }

    /// Adds what another histogram with the same bounds counted.
    pub fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.sum += other.sum;
    }

    /// Values counted.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Sum of the values counted.
    pub const fn sum(&self) -> f64 {
        self.sum
    }

    /// Mean of the values counted; 0 if there are none.
    pub fn mean(&self) -> f64 {
        self.sum / self.count().max(1) as f64
    }

    /// The upper bounds, rising.
    pub const fn bounds(&self) -> &'static [f64] {
        self.bounds
    }

    /// Upper bounds and how many values are at or below each, rising; the last bound is infinity.
    pub fn cumulative(&self) -> impl Iterator<Item = (f64, u64)> {
        self.cumulative_at(self.bounds)
    }

    /// The same at other bounds, rising. Exact where they are among its own; else what is above the next lower one is
    /// left out.
    pub fn cumulative_at(&self, bounds: &[f64]) -> impl Iterator<Item = (f64, u64)> {
        let mut slots = self.bounds.iter().copied().chain([f64::INFINITY]).zip(&self.counts).peekable();
        let mut sum = 0;
        bounds.iter().copied().chain([f64::INFINITY]).map(move |bound| {
            while let Some((_, count)) = slots.next_if(|(own, _)| *own <= bound) {
                sum += count;
            }
            (bound, sum)
        })
    }
}

/// As it is written: its bounds are known to who reads it.
#[derive(Deserialize, Serialize)]
struct WrittenBuckets {
    counts: Vec<u64>,
    sum: f64,
}

impl Serialize for Buckets {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        WrittenBuckets { counts: self.counts.to_vec(), sum: self.sum }.serialize(serializer)
    }
}

impl Buckets {
    /// Reads what was written of a histogram with these bounds. Fails where it has another number of them.
    pub(crate) fn read<'de, D: Deserializer<'de>>(bounds: &'static [f64], deserializer: D) -> Result<Self, D::Error> {
        let WrittenBuckets { counts, sum } = WrittenBuckets::deserialize(deserializer)?;
        if counts.len() != bounds.len() + 1 {
            let message = format!("a histogram has {} counts instead of {}", counts.len(), bounds.len() + 1);
            return Err(serde::de::Error::custom(message));
        }
        Ok(Self { bounds, counts: counts.into_boxed_slice(), sum })
    }
}

/// How late tokens leave, measured against the tick they were scheduled for. Shared by all streams; counting is one
/// atomic addition, to counts of the thread's own. Values are kept to 1/8 of their size, from 1 µs to 10 minutes.
#[derive(Debug, Default)]
pub struct Pacing {
    counts: Sharded<Counts>,
}

/// One count for each slot, and the sum of what was counted.
#[derive(Debug)]
struct Counts {
    slots: [AtomicU64; (SUB_BUCKETS * OCTAVES) as usize],
    micros: AtomicU64,
}

const SUB_BUCKETS: u64 = 8;
const OCTAVES: u64 = 30;

impl Default for Counts {
    fn default() -> Self {
        Self { slots: [const { AtomicU64::new(0) }; (SUB_BUCKETS * OCTAVES) as usize], micros: AtomicU64::new(0) }
    }
}

impl Pacing {
    /// Counts `tokens` that left `late` after their time.
    pub fn observe(&self, late: Duration, tokens: u64) {
        let micros = u64::try_from(late.as_micros()).unwrap_or(u64::MAX);
        let own = self.counts.own();
        own.slots[Self::slot(micros)].fetch_add(tokens, Ordering::Relaxed);
        own.micros.fetch_add(micros.saturating_mul(tokens), Ordering::Relaxed);
    }

    /// Forgets what was counted.
    pub(crate) fn clear(&self) {
        for counts in self.counts.iter() {
            counts.slots.iter().chain([&counts.micros]).for_each(|count| count.store(0, Ordering::Relaxed));
        }
    }

    fn slot(micros: u64) -> usize {
        if micros < SUB_BUCKETS {
            return micros as usize;
        }
        let octave = u64::from(micros.ilog2()) - 3;
        let within = (micros >> octave) - SUB_BUCKETS;
        ((octave + 1) * SUB_BUCKETS + within).min(SUB_BUCKETS * OCTAVES - 1) as usize
    }

    /// The upper end of a slot, microseconds.
    const fn upper_micros(slot: usize) -> u64 {
        let (octave, within) = (slot as u64 / SUB_BUCKETS, slot as u64 % SUB_BUCKETS);
        if octave == 0 { within + 1 } else { (SUB_BUCKETS + within + 1) << (octave - 1) }
    }

    fn slots(&self) -> Vec<u64> {
        let slot = |slot: usize| self.counts.iter().map(|counts| counts.slots[slot].load(Ordering::Relaxed)).sum();
        (0..(SUB_BUCKETS * OCTAVES) as usize).map(slot).collect()
    }

    /// Upper bounds, seconds, and how many tokens were at most that late, rising; the last bound is infinity. And the
    /// sum of all, seconds.
    pub fn histogram(&self) -> (Vec<(f64, u64)>, f64) {
        let slots = self.slots();
        // From 8 µs to a second and beyond, in doublings, which are where octaves of slots end.
        let bounds = (0..18_u64).map(|octave| ((octave + 1) * SUB_BUCKETS, (SUB_BUCKETS << octave) as f64 / 1e6));
        let mut cumulative: Vec<(f64, u64)> =
            bounds.map(|(end, bound)| (bound, slots[..end as usize].iter().sum())).collect();
        cumulative.push((f64::INFINITY, slots.iter().sum()));
        let micros: u64 = self.counts.iter().map(|counts| counts.micros.load(Ordering::Relaxed)).sum();
        (cumulative, micros as f64 / 1e6)
    }

    /// What was counted so far.
    pub fn summary(&self) -> PacingSummary {
        let counts = self.slots();
        let total: u64 = counts.iter().sum();
        let quantile = |share: f64| {
            let rank = (total as f64 * share).ceil() as u64;
            let mut seen = 0;
            let slot = counts.iter().position(|count| {
                seen += count;
                seen >= rank
            });
            if total == 0 { 0 } else { slot.map_or(0, Self::upper_micros) }
        };
        PacingSummary {
            tokens: total,
            p50_us: quantile(0.5),
            p90_us: quantile(0.9),
            p99_us: quantile(0.99),
            p999_us: quantile(0.999),
            max_us: quantile(1.0),
        }
    }
}

/// How late tokens left: delivered against scheduled time, microseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct PacingSummary {
    /// Tokens counted.
    pub tokens: u64,
    /// Half of them were at most this late.
    pub p50_us: u64,
    /// 90 % were at most this late.
    pub p90_us: u64,
    /// 99 % were at most this late.
    pub p99_us: u64,
    /// 99.9 % were at most this late.
    pub p999_us: u64,
    /// The latest.
    pub max_us: u64,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn buckets_count_at_their_upper_bound() {
        let mut buckets = Buckets::new(&[1.0, 2.0]);
        for value in [0.5, 1.0, 1.5, 2.5] {
            buckets.observe(value);
        }
        assert_eq!(buckets.cumulative().collect::<Vec<_>>(), [(1.0, 2), (2.0, 3), (f64::INFINITY, 4)]);
        assert!((buckets.sum() - 5.5).abs() < 1e-9);
    }

    #[test]
    fn fewer_bounds_of_a_histogram_are_as_exact() {
        let mut fine = Buckets::new(&[1.0, 2.0, 3.0, 4.0]);
        let mut coarse = Buckets::new(&[2.0, 4.0]);
        for value in [0.5, 2.0, 2.5, 3.5, 9.0] {
            fine.observe_many(value, 3);
            coarse.observe_many(value, 3);
        }
        assert!(fine.cumulative_at(&[2.0, 4.0]).eq(coarse.cumulative()));
    }

    #[test]
    fn pacing_gives_quantiles() {
        let pacing = Pacing::default();
        assert_eq!(pacing.summary().p99_us, 0);
        for micros in 1..=1000 {
            pacing.observe(Duration::from_micros(micros), 1);
        }
        let (cumulative, seconds) = pacing.histogram();
        assert_eq!((cumulative[0], cumulative[4], cumulative[18]), ((8e-6, 7), (128e-6, 127), (f64::INFINITY, 1000)));
        assert!((seconds - 0.500_5).abs() < 1e-9);
        let summary = pacing.summary();
        assert_eq!(summary.tokens, 1000);
        assert!((500..=576).contains(&summary.p50_us) && (990..=1088).contains(&summary.p99_us), "{summary:?}");
    }

    proptest! {
        #[test]
        fn every_value_lies_under_its_slots_end(micros in 0_u64..600_000_000) {
            let slot = Pacing::slot(micros);
            prop_assert!(micros < Pacing::upper_micros(slot));
            prop_assert!(slot == 0 || micros >= Pacing::upper_micros(slot - 1));
        }
    }
}
