//! Numbers: on the grid of `multipleOf`, within the bounds, near what the name suggests.

use serde_json::{Number, Value};

use crate::check::fits_number;
use crate::decimal::Decimal;
use crate::names::{self, Entry};

use super::plan::Plan;
use super::{Maker, Place, Way};

/// Bounds after merging; `true` if the bound itself is excluded.
struct Bounds {
    low: Option<(f64, bool)>,
    high: Option<(f64, bool)>,
}

impl Maker<'_> {
    pub(super) fn number(&mut self, plan: &Plan, place: Place<'_>, way: Way, is_integer: bool) -> Option<Value> {
        if let Some(value) = self.placed(place, way).filter(|value| self.holds_number(plan, value)) {
            return Some(value);
        }
        let bounds = self.bounds(plan);
        for _ in 0..4 {
            let Some(value) = self.on_grid(plan, place, way, is_integer, &bounds) else { break };
            if self.holds_number(plan, &value) {
                return Some(value);
            }
        }
        // Beyond what decimals reach: the bounds themselves.
        let ends = [bounds.low, bounds.high].into_iter().flatten().map(|(end, _)| end);
        let between = bounds.low.zip(bounds.high).map(|((low, _), (high, _))| f64::midpoint(low, high));
        let mut candidates = ends.chain(between).chain([0.0, 0.5]).filter_map(Number::from_f64).map(Value::Number);
        candidates.find(|value| self.holds_number(plan, value))
    }

    /// Where the persona of this object is.
    fn placed(&self, place: Place<'_>, way: Way) -> Option<Value> {
        let made = match names::lookup(place.name) {
            Some(Entry::Made(made)) if !way.is_tight && !self.is_varied => *made,
            _ => return None,
        };
        self.persona.number(made).and_then(Number::from_f64).map(Value::Number)
    }

    fn holds_number(&self, plan: &Plan, value: &Value) -> bool {
        plan.types.admit(value) && self.keeps_numbers(plan, value)
    }

    /// Only what is said of numbers: combinations are checked by whoever chose among them.
    fn keeps_numbers(&self, plan: &Plan, value: &Value) -> bool {
        value.as_number().is_some_and(|number| plan.rules.iter().all(|id| fits_number(&self.nodes[*id].number, number)))
    }

    fn bounds(&self, plan: &Plan) -> Bounds {
        let numbers = || plan.rules.iter().map(|id| &self.nodes[*id].number);
        let lows =
            numbers().flat_map(|number| [number.minimum.map(|low| (low, false)), number.above.map(|low| (low, true))]);
        let highs = numbers()
            .flat_map(|number| [number.maximum.map(|high| (high, false)), number.below.map(|high| (high, true))]);
        Bounds {
            low: lows.flatten().max_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1))),
            high: highs.flatten().min_by(|one, other| one.0.total_cmp(&other.0).then(other.1.cmp(&one.1))),
        }
    }

    fn on_grid(&mut self, plan: &Plan, place: Place<'_>, way: Way, is_integer: bool, bounds: &Bounds) -> Option<Value> {
        let is_least = way.is_tight && way.attempt == 0 && !self.is_varied;
        let suggested = match names::lookup(place.name) {
            Some(Entry::Number { low, high, places }) if !self.is_varied => Some((*low, *high, *places)),
            _ => None,
        };
        let steps = plan.rules.iter().filter_map(|id| self.nodes[*id].number.multiple_of.map(|(step, _)| step));
        let whole = is_integer.then_some(Decimal::whole(1));
        let fixed = steps.chain(whole).try_fold(None, |common: Option<Decimal>, step| match common {
            None => Some(Some(step)),
            Some(common) => common.common(step).map(Some),
        })?;
        let (low, high) = window(bounds, suggested.map(|(low, high, _)| (low, high)));
        let places = suggested.map_or(1, |(.., places)| places);
        let tries = if is_least { [0, 1, 2, 4, 8, 12] } else { [places, 2, 3, 4, 8, 12] };
        for scale in tries {
            let step = fixed.unwrap_or(Decimal::new(1, scale));
            let first = Decimal::of_float(low)?
                .first_step(step, bounds.low.is_some_and(|(end, is_open)| is_open && end >= low))?;
            let last = Decimal::of_float(high)?
                .last_step(step, bounds.high.is_some_and(|(end, is_open)| is_open && end <= high))?;
            if first <= last {
                let count = usize::try_from(last - first).unwrap_or(usize::MAX - 1) + 1;
                // Small steps from zero, where zero is within: those are the short numbers.
                let least = 0.clamp(first, last);
                let chosen = if is_least { least } else { first + self.rng.below(count) as i128 };
                return step.times(chosen)?.value();
            }
            if fixed.is_some() && scale == tries[0] {
                return self.on_wide_grid(fixed?, bounds);
            }
        }
        None
    }

    /// A multiple beyond the window that is usual.
    fn on_wide_grid(&mut self, step: Decimal, bounds: &Bounds) -> Option<Value> {
        let end =
            |bound: Option<(f64, bool)>| bound.and_then(|(end, is_open)| Some((Decimal::of_float(end)?, is_open)));
        let (low, high) = (end(bounds.low), end(bounds.high));
        let first = low.and_then(|(low, is_open)| low.first_step(step, is_open));
        let last = high.and_then(|(high, is_open)| high.last_step(step, is_open));
        let chosen = match (first, last) {
            (Some(first), Some(last)) if first > last => return None,
            (Some(first), Some(last)) => {
                first + self.rng.below(usize::try_from(last - first).ok()?.min(99) + 1) as i128
            }
            (Some(first), None) => first + self.rng.below(20) as i128,
            (None, Some(last)) => last - self.rng.below(20) as i128,
            (None, None) => self.rng.below(20) as i128,
        };
        step.times(chosen)?.value()
    }
}

/// Where to look: what the name suggests as far as it is allowed, else what is allowed near zero.
fn window(bounds: &Bounds, suggested: Option<(f64, f64)>) -> (f64, f64) {
    let (low, high) = (bounds.low.map(|(low, _)| low), bounds.high.map(|(high, _)| high));
    if let Some((near, far)) = suggested {
        let (near, far) = (low.map_or(near, |low| near.max(low)), high.map_or(far, |high| far.min(high)));
        if near < far {
            return (near, far);
        }
    }
    match (low, high) {
        (Some(low), Some(high)) => (low, high),
        (Some(low), None) => (low, low + low.abs().clamp(100.0, 1e6)),
        (None, Some(high)) if high < 0.0 => (high - high.abs().clamp(100.0, 1e6), high),
        (None, Some(high)) => (0.0_f64.min(high), high),
        (None, None) => (1.0, 100.0),
    }
}
