//! What users are promised.

use std::fmt;
use std::str::FromStr;

use crate::SimulateError;
use crate::summary::{Distribution, Summary};

/// Which latency is promised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// Time to first token.
    Ttft,
    /// Each gap between tokens.
    Itl,
    /// The mean gap of a request.
    Tpot,
    /// From the request to its last token.
    E2e,
}

impl Goal {
    const WORDS: [(&'static str, Self); 4] =
        [("ttft", Self::Ttft), ("itl", Self::Itl), ("tpot", Self::Tpot), ("e2e", Self::E2e)];

    /// As typed.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, goal)| *goal == self).map_or("", |(word, _)| word)
    }

    /// The latencies it is about.
    const fn of(self, summary: &Summary) -> &Distribution {
        match self {
            Self::Ttft => &summary.ttft_ms,
            Self::Itl => &summary.itl_ms,
            Self::Tpot => &summary.tpot_ms,
            Self::E2e => &summary.e2e_ms,
        }
    }
}

/// One promise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    /// Which latency.
    pub goal: Goal,
    /// At most this, milliseconds.
    pub most_ms: f64,
}

/// All promises, and which percentile must keep them.
#[derive(Clone, Debug, PartialEq)]
pub struct Slo {
    /// The promises.
    pub bounds: Vec<Bound>,
    /// 50, 90, 95 or 99.
    pub percentile: u8,
}

impl Slo {
    /// The percentile unless another is asked for.
    pub const PERCENTILE: u8 = 95;

    /// Whether every promise is kept at the percentile. Rejected requests keep none.
    pub fn is_kept(&self, summary: &Summary) -> bool {
        let refused = summary.rejected as f64 / (summary.requests.max(1)) as f64;
        refused <= 1.0 - f64::from(self.percentile) / 100.0
            && summary.finished > 0
            && self.bounds.iter().all(|bound| bound.goal.of(summary).at(self.percentile) <= bound.most_ms)
    }

    /// Whether one request keeps every promise; its gaps count by their mean.
    pub(crate) fn keeps(&self, ttft_ms: f64, tpot_ms: f64, e2e_ms: f64) -> bool {
        self.bounds.iter().all(|bound| {
            let found = match bound.goal {
                Goal::Ttft => ttft_ms,
                Goal::Itl | Goal::Tpot => tpot_ms,
                Goal::E2e => e2e_ms,
            };
            found <= bound.most_ms
        })
    }

    /// Another percentile.
    ///
    /// # Errors
    /// [`SimulateError::Invalid`] unless it is one that summaries have.
    pub fn with_percentile(self, percentile: u8) -> Result<Self, SimulateError> {
        if [50, 90, 95, 99].contains(&percentile) {
            Ok(Self { percentile, ..self })
        } else {
            Err(SimulateError::invalid(format!("promises are kept at p50, p90, p95 or p99, not p{percentile}")))
        }
    }
}

impl FromStr for Slo {
    type Err = SimulateError;

    /// `ttft=500ms,itl=50ms`; times with `ms` or `s`.
    fn from_str(text: &str) -> Result<Self, SimulateError> {
        let wrong = || {
            SimulateError::invalid(format!(
                "`{text}` is no objective; say ttft, itl, tpot or e2e with a time, such as ttft=500ms,itl=50ms"
            ))
        };
        let bound = |part: &str| {
            let (name, time) = part.split_once('=').ok_or_else(wrong)?;
            let goal = Goal::WORDS.iter().find(|(word, _)| *word == name.trim()).ok_or_else(wrong)?.1;
            let time = time.trim();
            let (number, scale) = match time.strip_suffix("ms") {
                Some(number) => (number, 1.0),
                None => (time.strip_suffix('s').ok_or_else(wrong)?, 1e3),
            };
            let most_ms = number.trim().parse::<f64>().ok().map(|number| number * scale).ok_or_else(wrong)?;
            if most_ms > 0.0 && most_ms.is_finite() { Ok(Bound { goal, most_ms }) } else { Err(wrong()) }
        };
        let bounds = text.split(',').map(bound).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { bounds, percentile: Self::PERCENTILE })
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.goal.word().to_uppercase();
        match self.most_ms {
            long if long >= 10_000.0 => write!(formatter, "{name} ≤ {} s", long / 1e3),
            short => write!(formatter, "{name} ≤ {short} ms"),
        }
    }
}

impl fmt::Display for Slo {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, bound) in self.bounds.iter().enumerate() {
            write!(formatter, "{}{bound}", if place > 0 { ", " } else { "" })?;
        }
        write!(formatter, " at p{}", self.percentile)
    }
}
