//! The highest rate, or the fewest replicas, that keep the promises.
//!
//! Every trial is a whole run with the same seed, so trials differ in nothing but what is searched. Doubling finds a
//! value on each side of the limit, halving the distance then finds the limit, to 1 % for rates.

use serde::Serialize;

use crate::SimulateError;
use crate::case::{Case, Measure, Point, Progress, simulate};
use crate::slo::Slo;

/// What is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Find {
    /// The highest rate.
    Rate,
    /// The fewest GPUs, by the number of replicas.
    Gpus,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Found {
    /// What was searched.
    pub find: Find,
    /// The highest rate, sessions/s, or the fewest GPUs.
    pub value: f64,
    /// All trials, in their order.
    pub trials: Vec<Trial>,
}

/// One trial.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Trial {
    /// The rate or the GPUs.
    pub value: f64,
    /// Whether the promises were kept.
    pub is_kept: bool,
    /// Time to first token at the percentile of the promises, milliseconds.
    pub ttft_ms: f64,
    /// Gap between tokens at that percentile, milliseconds.
    pub itl_ms: f64,
}

/// Doublings and halvings at most.
const MOST_DOUBLINGS: u32 = 20;

/// Rates closer than this factor are the same.
const CLOSE: f64 = 1.01;

/// More replicas than this are no deployment.
const MOST_REPLICAS: u32 = 4096;

/// Searches in `case`; the point is that of what was found.
///
/// # Errors
/// [`SimulateError::Invalid`] without promises, [`SimulateError::Unkept`] if nothing keeps them.
pub(crate) fn search(case: &Case, measure: &Measure, find: Find, progress: &Progress) -> Result<Point, SimulateError> {
    let slo = measure.slo.as_ref().ok_or_else(|| SimulateError::invalid("a search needs an objective: --slo"))?;
    let mut search = Search { case, measure, slo, progress, find, trials: Vec::new(), best: None };
    match find {
        Find::Rate => search.rate()?,
        Find::Gpus => search.replicas()?,
    }
    let Some((value, point)) = search.best else { return Err(search.unkept()) };
    Ok(Point { found: Some(Found { find, value, trials: search.trials }), ..point })
}

struct Search<'a> {
    case: &'a Case,
    measure: &'a Measure,
    slo: &'a Slo,
    progress: &'a Progress,
    find: Find,
    trials: Vec<Trial>,
    /// The best value that kept the promises.
    best: Option<(f64, Point)>,
}

impl Search<'_> {
    /// Runs with `value`, and says whether the promises are kept.
    fn try_out(&mut self, value: f64, case: &Case) -> Result<bool, SimulateError> {
        let (point, _) = simulate(case, self.measure, &mut self.progress.listen(false))?;
        let is_kept = self.slo.is_kept(&point.summary);
        let percentile = self.slo.percentile;
        let (ttft_ms, itl_ms) = (point.summary.ttft_ms.at(percentile), point.summary.itl_ms.at(percentile));
        self.trials.push(Trial { value, is_kept, ttft_ms, itl_ms });
        let is_better = self.best.as_ref().is_none_or(|(best, _)| match self.find {
            Find::Rate => value > *best,
            Find::Gpus => value < *best,
        });
        if is_kept && is_better {
            self.best = Some((value, point));
        }
        Ok(is_kept)
    }

    fn try_rate(&mut self, rate: f64) -> Result<bool, SimulateError> {
        let case = Case { load: self.case.load.at_rate(rate), ..self.case.clone() };
        self.try_out(rate, &case)
    }

    fn rate(&mut self) -> Result<(), SimulateError> {
        let start = self.case.load.arrivals.rate().unwrap_or(1.0);
        let (mut low, mut high) = (start, start);
        if self.try_rate(start)? {
            for _ in 0..MOST_DOUBLINGS {
                high *= 2.0;
                if !self.try_rate(high)? {
                    break;
                }
                low = high;
            }
        } else {
            for _ in 0..MOST_DOUBLINGS {
                low /= 2.0;
                if self.try_rate(low)? {
                    break;
                }
                high = low;
            }
        }
        while self.best.is_some() && high / low > CLOSE {
            let middle = (low * high).sqrt();
            if self.try_rate(middle)? {
                low = middle;
            } else {
                high = middle;
            }
        }
        Ok(())
    }

    fn try_replicas(&mut self, replicas: u32) -> Result<bool, SimulateError> {
        let mut case = self.case.clone();
        case.served.deployment.replicas = replicas;
        let gpus = f64::from(case.served.deployment.gpus());
        self.try_out(gpus, &case)
    }

    fn replicas(&mut self) -> Result<(), SimulateError> {
        // Below it the promises are broken; 0 replicas serve nobody.
        let (mut low, mut high) = (0, 1);
        while !self.try_replicas(high)? {
            if high >= MOST_REPLICAS || self.is_hopeless() {
                return Ok(());
            }
            (low, high) = (high, high * 2);
        }
        while high - low > 1 {
            let middle = u32::midpoint(low, high);
            if self.try_replicas(middle)? {
                high = middle;
            } else {
                low = middle;
            }
        }
        Ok(())
    }

    /// Whether more replicas change nothing any more.
    fn is_hopeless(&self) -> bool {
        let [.., before, last] = self.trials[..] else { return false };
        last.value >= 64.0
            && (before.ttft_ms - last.ttft_ms).abs() < 1e-3 * last.ttft_ms
            && before.itl_ms <= last.itl_ms
    }

    fn unkept(&self) -> SimulateError {
        let percentile = self.slo.percentile;
        let tried = self.trials.last().map_or(String::new(), |trial| {
            let unit = if self.find == Find::Rate { "requests/s" } else { "GPUs" };
            format!(
                ": with {:.4} {unit}, TTFT is {:.0} ms and ITL {:.1} ms at p{percentile}",
                trial.value, trial.ttft_ms, trial.itl_ms
            )
        });
        SimulateError::Unkept { what: format!("nothing keeps {}{tried}", self.slo) }
    }
}
