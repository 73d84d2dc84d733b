//! How long an answer is, where the user of the server decides it.

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

#[cfg(test)]
mod tests {
    use fakeai_core::Seed;

    use super::*;

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
