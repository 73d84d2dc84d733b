//! From values to places, and the marks between.

/// How values are spread along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spread {
    Linear,
    Logarithmic,
}

/// An axis from `low` to `high`, both on a mark.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scale {
    spread: Spread,
    low: f64,
    high: f64,
    /// Where marks stand.
    pub(super) marks: Vec<f64>,
}

/// Marks of a linear axis, about.
const MARKS: f64 = 5.0;

/// Marks of an axis that ends where its values end, about.
const TIGHT_MARKS: f64 = 8.0;

impl Scale {
    /// An axis that shows all `values`. A linear one begins at 0 unless values lie far from it. Values that a
    /// logarithmic one cannot show (0 and below) are drawn at its low end.
    pub(super) fn of(values: impl Iterator<Item = f64> + Clone, spread: Spread, from_zero: bool) -> Self {
        let values = values.filter(|value| value.is_finite() && (spread == Spread::Linear || *value > 0.0));
        let low = values.clone().fold(f64::INFINITY, f64::min);
        let high = values.fold(f64::NEG_INFINITY, f64::max);
        match spread {
            _ if low > high => Self::linear(0.0, 1.0),
            Spread::Logarithmic => Self::logarithmic(low, high),
            Spread::Linear => Self::linear(if from_zero { low.min(0.0) } else { low }, high),
        }
    }

    /// A linear axis from 0 that ends where `values` end; marks stand at round values between.
    pub(super) fn tight(values: impl Iterator<Item = f64> + Clone) -> Self {
        let values = values.filter(|value| value.is_finite());
        let low = values.clone().fold(0.0, f64::min);
        let high = values.fold(f64::NEG_INFINITY, f64::max);
        if low >= high {
            return Self::of([low, high].into_iter(), Spread::Linear, false);
        }
        let step = round_up((high - low) / TIGHT_MARKS);
        let marks = (0..).map(|mark| ((low / step).ceil() + f64::from(mark)) * step);
        Self { spread: Spread::Linear, low, high, marks: marks.take_while(|mark| *mark <= high).collect() }
    }

    fn linear(low: f64, high: f64) -> Self {
        let width = if high > low { high - low } else { high.abs().max(1.0) };
        let step = round_up(width / MARKS);
        let first = (low / step).floor();
        let last = (high / step - 1e-9).ceil().max(first + 1.0);
        let marks: Vec<f64> = (0..=(last - first) as u32).map(|mark| (first + f64::from(mark)) * step).collect();
        Self { spread: Spread::Linear, low: first * step, high: last * step, marks }
    }

    fn logarithmic(low: f64, high: f64) -> Self {
        // The marks 1, 2, 5 around the values; fewer where that is many decades.
        let decades = (high / low).log10();
        let digits: &[f64] = if decades > 3.0 { &[1.0] } else { &[1.0, 2.0, 5.0] };
        let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
        let all: Vec<f64> =
            (first..=last).flat_map(|decade| digits.iter().map(move |digit| digit * 10_f64.powi(decade))).collect();
        let from = all.iter().rposition(|mark| *mark <= low * (1.0 + 1e-9)).unwrap_or_default();
        let to = all.iter().position(|mark| *mark >= high * (1.0 - 1e-9)).unwrap_or(all.len() - 1).max(from + 1);
        let mut marks: Vec<f64> = all.get(from..=to).unwrap_or_default().to_vec();
        if marks.len() < 2 {
            marks = vec![low, low * 10.0];
        }
        let (low, high) = (marks[0], marks[marks.len() - 1]);
        // More than eight would crowd: only the decades.
        if marks.len() > 8 {
            marks.retain(|mark| (mark.log10() - mark.log10().round()).abs() < 1e-9);
        }
        Self { spread: Spread::Logarithmic, low, high, marks }
    }

    /// The place of a value: 0 at the low end, 1 at the high end.
    pub(super) fn place(&self, value: f64) -> f64 {
        let place = match self.spread {
            Spread::Linear => (value - self.low) / (self.high - self.low),
            Spread::Logarithmic => (value.max(self.low) / self.low).ln() / (self.high / self.low).ln(),
        };
        place.clamp(0.0, 1.0)
    }

    /// Whether a value lies on the axis.
    pub(super) fn holds(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

/// The next of 1, 2, 2.5, 5 times a power of ten.
fn round_up(width: f64) -> f64 {
    let power = 10_f64.powf(width.log10().floor());
    let digits = width / power;
    power * [1.0, 2.0, 2.5, 5.0].into_iter().find(|digit| digits <= digit * (1.0 + 1e-9)).unwrap_or(10.0)
}

/// A number as short as it can be read: 1.5k, 12M, 0.05.
pub(super) fn short(value: f64) -> String {
    let (scaled, unit) = match value.abs() {
        size if size >= 1e9 => (value / 1e9, "G"),
        size if size >= 1e6 => (value / 1e6, "M"),
        size if size >= 1e4 => (value / 1e3, "k"),
        _ => (value, ""),
    };
    let digits = match scaled.abs() {
        0.0 => 0,
        size if size < 0.001 => 5,
        size if size < 0.1 => 3,
        size if size < 1.0 => 2,
        size if size < 100.0 => 1,
        _ => 0,
    };
    let text = format!("{scaled:.digits$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{unit}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn marks(low: f64, high: f64, spread: Spread) -> String {
        let scale = Scale::of([low, high].into_iter(), spread, true);
        scale.marks.iter().map(|mark| short(*mark)).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn marks_are_round() {
        assert_eq!(marks(0.3, 9.7, Spread::Linear), "0 2 4 6 8 10");
        assert_eq!(marks(3.0, 210.0, Spread::Logarithmic), "2 5 10 20 50 100 200 500");
        assert_eq!(marks(0.0, 0.0, Spread::Linear), "0 0.2");
        let tight = Scale::tight([0.0, 58.4].into_iter());
        assert_eq!(tight.marks.len(), 6, "{tight:?}");
        assert!((tight.place(58.4) - 1.0).abs() < 1e-9);
        assert_eq!(marks(1.0, 10_000.0, Spread::Logarithmic), "1 10 100 1000 10k");
    }

    proptest! {
        #[test]
        fn everything_has_a_place(values in prop::collection::vec(-1e12_f64..1e12, 0..20), is_linear: bool) {
            let spread = if is_linear { Spread::Linear } else { Spread::Logarithmic };
            let scale = Scale::of(values.iter().copied(), spread, false);
            prop_assert!((2..=12).contains(&scale.marks.len()), "{:?}", scale);
            prop_assert!(scale.marks.is_sorted());
            for value in values {
                prop_assert!((0.0..=1.0).contains(&scale.place(value)));
            }
        }
    }
}
