//! How times are spread: means and percentiles, in milliseconds.

use serde::Serialize;

use crate::histogram::Buckets;
use crate::slim::Slim;

/// Measured times, exactly, milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Spread {
    /// How many there are.
    pub samples: usize,
    /// Mean.
    pub avg_ms: f64,
    /// Least.
    pub min_ms: f64,
    /// Greatest.
    pub max_ms: f64,
    /// Median.
    pub p50_ms: f64,
    /// 90th percentile.
    pub p90_ms: f64,
    /// 95th percentile.
    pub p95_ms: f64,
    /// 99th percentile.
    pub p99_ms: f64,
}

impl Spread {
    /// Of `seconds`; `None` without any.
    pub(super) fn of(mut seconds: Vec<f64>) -> Option<Self> {
        if seconds.is_empty() {
            return None;
        }
        let avg = seconds.iter().sum::<f64>() / seconds.len() as f64;
        let [min, p50, p90, p95, p99, max] = ranks(&mut seconds, [0.0, 0.5, 0.9, 0.95, 0.99, 1.0]);
        let ms = |seconds: f64| seconds * 1e3;
        Some(Self {
            samples: seconds.len(),
            avg_ms: ms(avg),
            min_ms: ms(min),
            max_ms: ms(max),
            p50_ms: ms(p50),
            p90_ms: ms(p90),
            p95_ms: ms(p95),
            p99_ms: ms(p99),
        })
    }
}

/// The values that rising `shares` of all values do not exceed (nearest rank); zeros without any. Puts `values` into
/// another order, which is quicker than sorting them.
pub(super) fn ranks<const N: usize>(values: &mut [f64], shares: [f64; N]) -> [f64; N] {
    let length = values.len();
    let mut done = 0;
    shares.map(|share| {
        if length == 0 {
            return 0.0;
        }
        let rank = ((length as f64 * share).ceil() as usize).clamp(1, length) - 1;
        if rank >= done {
            // Everything before `done` is smaller already.
            values[done..].select_nth_unstable_by(rank - done, f64::total_cmp);
            done = rank + 1;
        }
        values[rank]
    })
}

/// Percentiles out of ranges, milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Percentiles {
    /// Mean.
    pub avg_ms: f64,
    /// Median.
    pub p50: f64,
    /// 90th percentile.
    pub p90: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 99th percentile.
    pub p99: f64,
}

impl Percentiles {
    /// Of what `slim` counted, each to a third of its value, and to less where values are alike.
    pub(super) fn of_slim(slim: &Slim) -> Self {
        let ms = |share| slim.quantile(share) * 1e3;
        Self { avg_ms: slim.mean() * 1e3, p50: ms(0.5), p90: ms(0.9), p95: ms(0.95), p99: ms(0.99) }
    }

    /// Of what `buckets` counted, interpolated within a bucket as Prometheus' `histogram_quantile` does.
    pub(super) fn of_buckets(buckets: &Buckets) -> Self {
        let ms = |share| quantile(buckets, share) * 1e3;
        Self { avg_ms: buckets.mean() * 1e3, p50: ms(0.5), p90: ms(0.9), p95: ms(0.95), p99: ms(0.99) }
    }
}

fn quantile(buckets: &Buckets, share: f64) -> f64 {
    let rank = share * buckets.count() as f64;
    let (mut lower, mut below) = (0.0, 0.0);
    for (bound, count) in buckets.cumulative() {
        let count = count as f64;
        if count >= rank && count > below {
            // What lies above the last bound is only known to lie there.
            return if bound.is_finite() { lower + (bound - lower) * (rank - below) / (count - below) } else { lower };
        }
        (lower, below) = (bound, count);
    }
    0.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_times_have_known_percentiles() {
        let spread = Spread::of((1..=100).map(|ms| f64::from(ms) / 1e3).collect()).unwrap();
        assert_eq!(spread.samples, 100);
        let near = |left: f64, right: f64| (left - right).abs() < 1e-9;
        assert!(near(spread.avg_ms, 50.5) && near(spread.p50_ms, 50.0) && near(spread.p95_ms, 95.0), "{spread:?}");
        assert!(near(spread.min_ms, 1.0) && near(spread.max_ms, 100.0) && near(spread.p99_ms, 99.0), "{spread:?}");
        assert_eq!(Spread::of(Vec::new()), None);
        let mut buckets = Buckets::new(&[1.0, 2.0]);
        for value in [0.5, 1.5, 1.5, 9.0] {
            buckets.observe(value);
        }
        assert!(near(quantile(&buckets, 0.5), 1.5) && near(quantile(&buckets, 0.99), 2.0));
        assert_eq!(Percentiles::of_buckets(&Buckets::new(&[1.0])), Percentiles::default());
    }

    proptest! {
        #[test]
        fn ranks_are_those_of_sorted_values(mut values in prop::collection::vec(0.0_f64..9.0, 1..60)) {
            let shares = [0.0, 0.3, 0.5, 0.5, 0.9, 1.0];
            let found = ranks(&mut values, shares);
            values.sort_by(f64::total_cmp);
            let exact = shares.map(|share| values[((values.len() as f64 * share).ceil() as usize).max(1) - 1]);
            prop_assert!(found.iter().zip(exact).all(|(found, exact)| found.total_cmp(&exact).is_eq()));
        }
    }
}
