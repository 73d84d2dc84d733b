//! When sessions begin.

use std::fmt;
use std::time::Duration;

use fakeai_core::{Rng, Seed};

use super::{Clients, Session};
use crate::SimulateError;

/// When sessions begin; rates are sessions/s.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Arrivals {
    /// As recorded, so many times as fast.
    Recorded {
        /// 2 is twice as fast.
        speed: f64,
    },
    /// As recorded, at another mean rate.
    RecordedAt {
        /// The mean rate.
        rate: f64,
    },
    /// Independent of each other.
    Poisson {
        /// The rate.
        rate: f64,
    },
    /// In bunches: gaps of a gamma distribution.
    Gamma {
        /// The mean rate.
        rate: f64,
        /// Standard deviation of the gaps over their mean: 1 is Poisson, more is burstier.
        variation: f64,
    },
    /// Evenly spaced.
    Constant {
        /// The rate.
        rate: f64,
    },
    /// Independent of each other at a rate that changes evenly from the first to the last.
    Ramp {
        /// The rate at the start.
        from: f64,
        /// The rate at the end.
        to: f64,
    },
    /// So many at once, evenly spaced.
    Burst {
        /// The mean rate.
        rate: f64,
        /// Sessions of a burst.
        size: u32,
    },
    /// As many clients, each with one session at a time; all start at once.
    Closed {
        /// Clients.
        concurrency: u32,
        /// From the end of a session to the same client's next.
        think: Duration,
    },
}

/// No rate is beyond this.
const FASTEST: f64 = 1e6;

impl Arrivals {
    /// The mean rate, sessions/s, where it does not depend on what is served or was recorded.
    pub fn rate(&self) -> Option<f64> {
        match *self {
            Self::Recorded { .. } | Self::Closed { .. } => None,
            Self::RecordedAt { rate }
            | Self::Poisson { rate }
            | Self::Gamma { rate, .. }
            | Self::Constant { rate }
            | Self::Burst { rate, .. } => Some(rate),
            Self::Ramp { from, to } => Some(f64::midpoint(from, to)),
        }
    }

    /// The same pattern at another mean rate; a closed loop becomes Poisson.
    pub fn at_rate(&self, rate: f64) -> Self {
        match *self {
            Self::Recorded { .. } | Self::RecordedAt { .. } => Self::RecordedAt { rate },
            Self::Poisson { .. } | Self::Closed { .. } => Self::Poisson { rate },
            Self::Gamma { variation, .. } => Self::Gamma { rate, variation },
            Self::Constant { .. } => Self::Constant { rate },
            Self::Ramp { from, to } => {
                let scale = rate / f64::midpoint(from, to);
                Self::Ramp { from: from * scale, to: to * scale }
            }
            Self::Burst { size, .. } => Self::Burst { rate, size },
        }
    }

    /// Whether it can be.
    ///
    /// # Errors
    /// [`SimulateError::Invalid`] names what cannot.
    pub fn check(&self) -> Result<(), SimulateError> {
        let is_rate = |rate: f64| rate > 0.0 && rate <= FASTEST;
        let rates = match *self {
            Self::Recorded { speed } => [speed, speed],
            Self::Ramp { from, to } => [from, to],
            _ => [self.rate().unwrap_or(1.0); 2],
        };
        if !rates.iter().all(|rate| is_rate(*rate)) {
            return Err(SimulateError::invalid(format!("a rate is above 0 and at most {FASTEST} a second")));
        }
        match *self {
            Self::Gamma { variation, .. } if !(0.01..=100.0).contains(&variation) => {
                Err(SimulateError::invalid("the variation of gamma arrivals is from 0.01 to 100"))
            }
            Self::Burst { size: 0, .. } | Self::Closed { concurrency: 0, .. } => {
                Err(SimulateError::invalid("a burst or a closed loop has at least one client"))
            }
            _ => Ok(()),
        }
    }

    /// Gives `sessions`, which are in order, their arrivals; a closed loop's are its clients'.
    pub(super) fn set(
        &self,
        sessions: &mut [Session],
        is_timed: bool,
        seed: Seed,
    ) -> Result<Option<Clients>, SimulateError> {
        self.check()?;
        let mut rng = seed.derive("arrivals").rng();
        let total = sessions.len() as f64;
        match *self {
            Self::Closed { concurrency, think } => {
                for session in sessions.iter_mut() {
                    session.arrival = Duration::ZERO;
                }
                return Ok(Some(Clients { count: concurrency, think }));
            }
            Self::Recorded { .. } | Self::RecordedAt { .. } if !is_timed => {
                return Err(SimulateError::invalid(
                    "these requests have no recorded times; say a rate or a concurrency",
                ));
            }
            Self::Recorded { speed } => {
                for session in sessions {
                    session.arrival = stretch(session.arrival, 1.0 / speed);
                }
            }
            Self::RecordedAt { rate } => {
                let last = sessions.last().map(|session| session.arrival).unwrap_or_default().as_secs_f64();
                let factor = if last > 0.0 { total / rate / last } else { 1.0 };
                for session in sessions {
                    session.arrival = stretch(session.arrival, factor);
                }
            }
            Self::Burst { rate, size } => {
                for (place, session) in sessions.iter_mut().enumerate() {
                    let burst = place as u64 / u64::from(size) * u64::from(size);
                    session.arrival = seconds(burst as f64 / rate);
                }
            }
            Self::Ramp { from, to } => {
                let mut expected = 0.0;
                for session in sessions {
                    session.arrival = seconds(ramp_time(expected, from, to, total));
                    expected -= (1.0 - rng.unit()).ln();
                }
            }
            Self::Poisson { rate } | Self::Constant { rate } | Self::Gamma { rate, .. } => {
                let mut at = 0.0;
                for session in sessions {
                    session.arrival = seconds(at);
                    at += self.gap(&mut rng) / rate;
                }
            }
        }
        Ok(None)
    }

    /// A gap of mean 1.
    fn gap(&self, rng: &mut Rng) -> f64 {
        match *self {
            Self::Poisson { .. } => -(1.0 - rng.unit()).ln(),
            Self::Gamma { variation, .. } => {
                let shape = 1.0 / (variation * variation);
                gamma(shape, rng) / shape
            }
            _ => 1.0,
        }
    }
}

/// When `expected` arrivals are reached at a rate that goes evenly from `from` to `to` over `total` arrivals:
/// `from·t + (to − from)·t² / 2T = expected` with `T = 2·total / (from + to)`.
fn ramp_time(expected: f64, from: f64, to: f64, total: f64) -> f64 {
    let whole = 2.0 * total / (from + to);
    if expected >= total {
        return whole + (expected - total) / to;
    }
    let slope = (to - from) / whole;
    // The stable form of the quadratic's root: it holds for slope 0 too.
    2.0 * expected / (from + (from * from + 2.0 * slope * expected).max(0.0).sqrt())
}

/// A draw of a gamma distribution of that shape and scale 1 (Marsaglia and Tsang, 2000).
fn gamma(shape: f64, rng: &mut Rng) -> f64 {
    if shape < 1.0 {
        let boost = (1.0 - rng.unit()).powf(1.0 / shape);
        return gamma(shape + 1.0, rng) * boost;
    }
    let d = shape - 1.0 / 3.0;
    let c = 1.0 / (9.0 * d).sqrt();
    loop {
        let x = rng.normal();
        let v = (1.0 + c * x).powi(3);
        if v > 0.0 && (1.0 - rng.unit()).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
            return d * v;
        }
    }
}

/// The latest arrival: a thousand years, so that ticks do not run over.
const LATEST_S: f64 = 3e9;

fn seconds(value: f64) -> Duration {
    Duration::from_secs_f64(value.clamp(0.0, LATEST_S))
}

fn stretch(arrival: Duration, factor: f64) -> Duration {
    seconds(arrival.as_secs_f64() * factor)
}

/// A rate in four decimals at most.
fn per_second(rate: f64) -> String {
    format!("{}/s", (rate * 1e4).round() / 1e4)
}

impl fmt::Display for Arrivals {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recorded { speed } if (speed - 1.0).abs() < 1e-9 => write!(formatter, "as recorded"),
            Self::Recorded { speed } => write!(formatter, "as recorded, {speed} times as fast"),
            Self::RecordedAt { rate } => write!(formatter, "as recorded, at {}", per_second(*rate)),
            Self::Poisson { rate } => write!(formatter, "poisson, {}", per_second(*rate)),
            Self::Gamma { rate, variation } => {
                write!(formatter, "gamma with variation {variation}, {}", per_second(*rate))
            }
            Self::Constant { rate } => write!(formatter, "constant, {}", per_second(*rate)),
            Self::Ramp { from, to } => write!(formatter, "ramp from {} to {}", per_second(*from), per_second(*to)),
            Self::Burst { rate, size } => write!(formatter, "bursts of {size}, {}", per_second(*rate)),
            Self::Closed { concurrency, think } if think.is_zero() => write!(formatter, "closed loop of {concurrency}"),
            Self::Closed { concurrency, think } => {
                write!(formatter, "closed loop of {concurrency}, thinking {} s", think.as_secs_f64())
            }
        }
    }
}
