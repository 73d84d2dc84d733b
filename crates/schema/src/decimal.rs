//! Decimal numbers, exactly: for `multipleOf` and for values on a grid.

use serde_json::{Number, Value};

/// `digits / 10^scale`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decimal {
    digits: i128,
    scale: u32,
}

/// More places than this are not looked at: 10^18 times 10^18 still fits.
const MOST_PLACES: u32 = 18;

impl Decimal {
    pub(crate) const fn whole(digits: i128) -> Self {
        Self { digits, scale: 0 }
    }

    /// `digits / 10^scale`, for a scale of at most 18.
    pub(crate) fn new(digits: i128, scale: u32) -> Self {
        Self { digits, scale: scale.min(MOST_PLACES) }
    }

    /// The number as it is written; `None` if it is too large or too fine.
    pub(crate) fn of(number: &Number) -> Option<Self> {
        if let Some(digits) = number.as_i64().map(i128::from).or(number.as_u64().map(i128::from)) {
            return Some(Self::whole(digits));
        }
        Self::of_float(number.as_f64()?)
    }

    /// The shortest decimal that reads as this float.
    pub(crate) fn of_float(float: f64) -> Option<Self> {
        if !float.is_finite() || float.abs() > 1e18 {
            return None;
        }
        // `Display` of floats never writes an exponent.
        let text = float.to_string();
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        let scale = u32::try_from(fraction.len()).ok().filter(|scale| *scale <= MOST_PLACES)?;
        let digits = format!("{whole}{fraction}").parse().ok()?;
        Some(Self { digits, scale })
    }

    fn at_scale(self, scale: u32) -> Option<i128> {
        self.digits.checked_mul(10_i128.checked_pow(scale.checked_sub(self.scale)?)?)
    }

    /// Both at the finer of their scales.
    fn aligned(self, other: Self) -> Option<(i128, i128, u32)> {
        let scale = self.scale.max(other.scale);
        Some((self.at_scale(scale)?, other.at_scale(scale)?, scale))
    }

    /// Whether this is a whole multiple of `step`.
    pub(crate) fn is_multiple_of(self, step: Self) -> Option<bool> {
        let (own, step, _) = self.aligned(step)?;
        own.checked_rem(step).map(|rest| rest == 0)
    }

    /// The least common multiple; both must be positive.
    pub(crate) fn common(self, other: Self) -> Option<Self> {
        let (one, two, scale) = self.aligned(other)?;
        let (mut a, mut b) = (one, two);
        while b != 0 {
            (a, b) = (b, a.checked_rem(b)?);
        }
        Some(Self { digits: one.checked_div(a)?.checked_mul(two)?, scale })
    }

    /// The least `k` with `k * step >= self`, or `> self` if it is open.
    pub(crate) fn first_step(self, step: Self, is_open: bool) -> Option<i128> {
        let (own, step, _) = self.aligned(step)?;
        let floor = own.checked_div_euclid(step)?;
        let is_exact = own.checked_rem_euclid(step)? == 0;
        Some(if is_exact && !is_open { floor } else { floor + 1 })
    }

    /// The greatest `k` with `k * step <= self`, or `< self` if it is open.
    pub(crate) fn last_step(self, step: Self, is_open: bool) -> Option<i128> {
        let (own, step, _) = self.aligned(step)?;
        let floor = own.checked_div_euclid(step)?;
        let is_exact = own.checked_rem_euclid(step)? == 0;
        Some(if is_exact && is_open { floor - 1 } else { floor })
    }

    /// `self * count`.
    pub(crate) fn times(self, count: i128) -> Option<Self> {
        Some(Self { digits: self.digits.checked_mul(count)?, scale: self.scale })
    }

    /// As a JSON number: whole if it is.
    pub(crate) fn value(self) -> Option<Value> {
        let unit = 10_i128.checked_pow(self.scale)?;
        if self.digits % unit == 0 {
            let whole = self.digits / unit;
            return match (i64::try_from(whole), u64::try_from(whole)) {
                (Ok(whole), _) => Some(Value::from(whole)),
                (_, Ok(whole)) => Some(Value::from(whole)),
                _ => None,
            };
        }
        let sign = if self.digits < 0 { "-" } else { "" };
        let (whole, fraction) =
            (self.digits.unsigned_abs() / unit.unsigned_abs(), self.digits.unsigned_abs() % unit.unsigned_abs());
        let text = format!("{sign}{whole}.{fraction:0width$}", width = self.scale as usize);
        Number::from_f64(text.parse().ok()?).map(Value::Number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiples_are_exact_in_decimal() {
        let decimal = |float| Decimal::of_float(float).unwrap();
        assert_eq!(decimal(19.99).is_multiple_of(decimal(0.01)), Some(true));
        assert_eq!(decimal(0.3).is_multiple_of(decimal(0.1)), Some(true));
        assert_eq!(decimal(0.35).is_multiple_of(decimal(0.1)), Some(false));
        assert_eq!(decimal(0.3).first_step(decimal(0.1), true), Some(4));
        assert_eq!(decimal(-0.35).last_step(decimal(0.1), false), Some(-4));
        assert_eq!(decimal(0.25).common(Decimal::whole(1)).and_then(Decimal::value), Some(Value::from(1)));
        assert_eq!(decimal(0.01).times(-1999).and_then(Decimal::value), Some(serde_json::json!(-19.99)));
    }
}
