//! Small histograms for series: two hundred bytes that give percentiles to a third of their value, and to less where
//! values are alike.

use serde::{Deserialize, Serialize};

/// Values counted in ranges that grow by a factor.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(from = "Written", into = "Written")]
pub struct Slim {
    counts: [u32; SLOTS],
    sum: f64,
    /// The least and the greatest value, seconds.
    least: f32,
    most: f32,
}

const SLOTS: usize = 48;
/// The upper end of the first range, seconds.
const FIRST: f64 = 50e-6;
/// How much each range is wider than the one before: 48 of them end at two and a half hours.
const FACTOR: f64 = 1.5;

impl Default for Slim {
    fn default() -> Self {
        Self { counts: [0; SLOTS], sum: 0.0, least: f32::INFINITY, most: 0.0 }
    }
}

/// As it is written: only the ranges that hold something.
#[derive(Deserialize, Serialize)]
struct Written {
    counts: Vec<(usize, u32)>,
    sum: f64,
    least: Option<f32>,
    most: f32,
}

impl From<Slim> for Written {
    fn from(slim: Slim) -> Self {
        let Slim { counts, sum, least, most } = slim;
        let counts = counts.into_iter().enumerate().filter(|(_, count)| *count > 0).collect();
        Self { counts, sum, least: least.is_finite().then_some(least), most }
    }
}

impl From<Written> for Slim {
    fn from(Written { counts, sum, least, most }: Written) -> Self {
        let mut slim = Self { sum, least: least.unwrap_or(f32::INFINITY), most, ..Self::default() };
        for (slot, count) in counts {
            let kept = &mut slim.counts[slot.min(SLOTS - 1)];
            *kept = kept.saturating_add(count);
        }
        slim
    }
}

impl Slim {
    /// Counts one value, seconds.
    pub fn observe(&mut self, seconds: f64) {
        let slot = if seconds <= FIRST { 0 } else { ((seconds / FIRST).ln() / FACTOR.ln()).ceil() as usize };
        let count = &mut self.counts[slot.min(SLOTS - 1)];
        *count = count.saturating_add(1);
        self.sum += seconds;
        self.least = self.least.min(seconds as f32);
        self.most = self.most.max(seconds as f32);
    }

    /// Adds what another counted.
    pub fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count = count.saturating_add(*more);
        }
        self.sum += other.sum;
        self.least = self.least.min(other.least);
        self.most = self.most.max(other.most);
    }

    /// Values counted.
    pub fn count(&self) -> u64 {
        self.counts.iter().map(|count| u64::from(*count)).sum()
    }

    /// Their mean, 0 without any.
    pub fn mean(&self) -> f64 {
        let count = self.count();
        if count == 0 { 0.0 } else { self.sum / count as f64 }
    }

    /// The value that a share of all values does not exceed, interpolated within its range, which is a third below its
    /// end, and never beyond the least and the greatest value; 0 without any.
    pub fn quantile(&self, share: f64) -> f64 {
        let rank = share.clamp(0.0, 1.0) * self.count() as f64;
        let mut seen = 0.0;
        for (slot, count) in self.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            let count = f64::from(*count);
            if seen + count >= rank {
                let upper = FIRST * FACTOR.powi(slot as i32);
                let lower = if slot == 0 { 0.0 } else { upper / FACTOR };
                let value = lower + (upper - lower) * ((rank - seen) / count).clamp(0.0, 1.0);
                return value.min(self.most.into()).max(self.least.into());
            }
            seen += count;
        }
        0.0
    }

    /// Upper ends of the ranges, seconds, and how many values each holds.
    pub fn ranges(&self) -> impl Iterator<Item = (f64, u32)> {
        self.counts.iter().enumerate().map(|(slot, count)| (FIRST * FACTOR.powi(slot as i32), *count))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_counted_gives_zeros() {
        assert_eq!((Slim::default().mean(), Slim::default().quantile(0.99)), (0.0, 0.0));
    }

    proptest! {
        #[test]
        fn quantiles_are_near(mut values in prop::collection::vec(1e-4_f64..1000.0, 1..200), share in 0.01_f64..1.0) {
            let mut slim = Slim::default();
            for value in &values {
                slim.observe(*value);
            }
            values.sort_by(f64::total_cmp);
            let exact = values[((values.len() as f64 * share).ceil() as usize - 1).min(values.len() - 1)];
            let found = slim.quantile(share);
            prop_assert!(found <= exact * FACTOR && found >= exact / FACTOR / FACTOR, "{} {}", exact, found);
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            prop_assert!(found >= values[0] * 0.999_999 && found <= values[values.len() - 1] * 1.000_001);
            prop_assert!((slim.mean() / mean - 1.0).abs() < 1e-9);
        }
    }
}
