//! How long prompts and answers are.

use std::fmt;
use std::str::FromStr;

use fakeai_core::Rng;

use crate::SimulateError;

/// A distribution of counts of tokens. Draws are whole and at least 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Lengths {
    /// Always the same.
    Fixed(u32),
    /// Every count from the first to the second alike.
    Uniform(u32, u32),
    /// exp(N(μ, σ)).
    Lognormal(f64, f64),
    /// N(mean, deviation).
    Normal(f64, f64),
}

/// No draw is longer.
const LONGEST: f64 = 10_000_000.0;

impl Lengths {
    /// Prompts much like those of Azure's conversations: median 992 tokens, mean 1,487.
    pub const PROMPTS: Self = Self::Lognormal(6.9, 0.9);
    /// Answers much like those of Azure's conversations: median 134 tokens, mean 221.
    pub const ANSWERS: Self = Self::Lognormal(4.9, 1.0);

    /// The next length, tokens.
    pub fn draw(self, rng: &mut Rng) -> u32 {
        let length = match self {
            Self::Fixed(tokens) => return tokens.max(1),
            Self::Uniform(low, high) => return low + rng.below((high - low) as usize + 1) as u32,
            Self::Lognormal(mu, sigma) => (mu + sigma * rng.normal()).exp(),
            Self::Normal(mean, deviation) => mean + deviation * rng.normal(),
        };
        length.round().clamp(1.0, LONGEST) as u32
    }
}

impl FromStr for Lengths {
    type Err = SimulateError;

    /// `1024`, `uniform:800-1024`, `lognormal:6.9,0.9` (μ and σ of the logarithm), `normal:1000,200`.
    fn from_str(text: &str) -> Result<Self, SimulateError> {
        let wrong = || {
            SimulateError::invalid(format!(
                "`{text}` is no distribution of lengths; say 1024, uniform:800-1024, lognormal:6.9,0.9 or normal:1000,200"
            ))
        };
        let count = |text: &str| {
            text.trim().parse::<u32>().ok().filter(|tokens| (1..=LONGEST as u32).contains(tokens)).ok_or_else(wrong)
        };
        let pair = |text: &str, most: f64| {
            let (first, second) = text.split_once(',').ok_or_else(wrong)?;
            let number = |text: &str| text.trim().parse::<f64>().ok().filter(|value| (0.0..=most).contains(value));
            number(first).zip(number(second)).ok_or_else(wrong)
        };
        let Some((name, rest)) = text.split_once(':') else { return Ok(Self::Fixed(count(text)?)) };
        match name {
            "fixed" => Ok(Self::Fixed(count(rest)?)),
            "uniform" => {
                let (low, high) = rest.split_once('-').ok_or_else(wrong)?;
                let (low, high) = (count(low)?, count(high)?);
                if low > high { Err(wrong()) } else { Ok(Self::Uniform(low, high)) }
            }
            "lognormal" => pair(rest, 20.0).map(|(mu, sigma)| Self::Lognormal(mu, sigma)),
            "normal" => pair(rest, LONGEST).map(|(mean, deviation)| Self::Normal(mean, deviation)),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Lengths {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(tokens) => write!(formatter, "{tokens}"),
            Self::Uniform(low, high) => write!(formatter, "uniform:{low}-{high}"),
            Self::Lognormal(mu, sigma) => write!(formatter, "lognormal:{mu},{sigma}"),
            Self::Normal(mean, deviation) => write!(formatter, "normal:{mean},{deviation}"),
        }
    }
}
