//! How long an answer is, where the user of the server decides it.

use std::fmt;
use std::str::FromStr;

use fakeai_core::Rng;

/// Longer answers than this are not drawn; a request's own `max_tokens` may still ask for more.
const LONGEST_TOKENS: u32 = 1_000_000;

/// How many tokens an answer has before the request's own limits apply.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum OutputLength {
    /// As long as such an answer usually is: a log-normal draw around the kind of the question.
    #[default]
    Auto,
    /// Exactly this many tokens.
    Fixed(u32),
    /// Each length in `low..=high` tokens alike.
    Uniform {
        /// Fewest tokens.
        low: u32,
        /// Most tokens.
        high: u32,
    },
    /// A draw whose natural logarithm is normal.
    LogNormal {
        /// Mean of the logarithm of the tokens.
        mu: f64,
        /// Its standard deviation.
        sigma: f64,
    },
}

impl OutputLength {
    /// The exact length in tokens; `None` leaves it to the answer.
    pub(crate) fn draw(self, rng: &mut Rng) -> Option<u32> {
        match self {
            Self::Auto => None,
            Self::Fixed(tokens) => Some(tokens),
            Self::Uniform { low, high } => {
                Some(low.saturating_add(rng.below(high.saturating_sub(low) as usize + 1) as u32))
            }
            Self::LogNormal { mu, sigma } => Some(log_normal(rng, mu, sigma)),
        }
    }
}

/// A log-normal draw of at least one token.
pub(crate) fn log_normal(rng: &mut Rng, mu: f64, sigma: f64) -> u32 {
    (mu + sigma * rng.normal()).exp().round().clamp(1.0, f64::from(LONGEST_TOKENS)) as u32
}

/// Why a text is not an [`OutputLength`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputLengthError(String);

impl fmt::Display for OutputLengthError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}; allowed are `auto`, a number of tokens such as `128`, `uniform:50,200` and `lognormal:4.9,1.0`",
            self.0
        )
    }
}

impl std::error::Error for OutputLengthError {}

impl FromStr for OutputLength {
    type Err = OutputLengthError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = |what: &str| OutputLengthError(format!("`{text}` {what}"));
        let text_trimmed = text.trim();
        if text_trimmed.eq_ignore_ascii_case("auto") {
            return Ok(Self::Auto);
        }
        let Some((name, numbers)) = text_trimmed.split_once(':') else {
            return text_trimmed.parse().map(Self::Fixed).map_err(|_| wrong("is not a length"));
        };
        let pair = numbers.split_once(',').ok_or_else(|| wrong("needs two numbers with a comma between them"))?;
        match name.trim().to_ascii_lowercase().as_str() {
            "uniform" => match (pair.0.trim().parse(), pair.1.trim().parse()) {
                (Ok(low), Ok(high)) if low <= high => Ok(Self::Uniform { low, high }),
                (Ok(_), Ok(_)) => Err(wrong("has its larger number first")),
                _ => Err(wrong("needs two whole numbers of tokens")),
            },
            "lognormal" => match (pair.0.trim().parse::<f64>(), pair.1.trim().parse::<f64>()) {
                (Ok(mu), Ok(sigma)) if mu.is_finite() && sigma.is_finite() && sigma >= 0.0 => {
                    Ok(Self::LogNormal { mu, sigma })
                }
                (Ok(_), Ok(_)) => Err(wrong("needs a finite mean and a deviation of at least 0")),
                _ => Err(wrong("needs a mean and a deviation of the logarithm")),
            },
            _ => Err(wrong("names no distribution")),
        }
    }
}

impl fmt::Display for OutputLength {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => formatter.write_str("auto"),
            Self::Fixed(tokens) => write!(formatter, "{tokens}"),
            Self::Uniform { low, high } => write!(formatter, "uniform:{low},{high}"),
            Self::LogNormal { mu, sigma } => write!(formatter, "lognormal:{mu},{sigma}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use fakeai_core::Seed;

    use super::*;

    #[test]
    fn texts_are_read_and_shown() {
        for text in ["auto", "128", "uniform:50,200", "lognormal:4.9,1"] {
            assert_eq!(text.parse::<OutputLength>().map(|length| length.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "-1", "many", "uniform:9,1", "uniform:1", "lognormal:x,1", "lognormal:1,-1", "zipf:1,2"] {
            let error = text.parse::<OutputLength>().unwrap_err().to_string();
            assert!(error.contains("allowed are") && error.contains(text), "{error}");
        }
    }

    #[test]
    fn draws_follow_the_distribution() {
        let mut rng = Seed::new(1).rng();
        let uniform = OutputLength::Uniform { low: 3, high: 5 };
        assert!((0..100).all(|_| (3..=5).contains(&uniform.draw(&mut rng).unwrap())));
        let mut draws: Vec<_> = (0..999).map(|_| log_normal(&mut rng, 4.9, 0.8)).collect();
        draws.sort_unstable();
        assert!((115..155).contains(&draws[499]), "median {}", draws[499]);
        assert_eq!(OutputLength::Auto.draw(&mut rng), None);
        assert!(OutputLength::Uniform { low: 0, high: u32::MAX }.draw(&mut rng).is_some());
    }
}
