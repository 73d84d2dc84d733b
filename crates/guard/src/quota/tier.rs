//! Tiers, and what they allow.

use std::str::FromStr;

use crate::GuardError;

/// What somebody is allowed; `None` is without limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Requests in a minute (RPM).
    pub requests_per_minute: Option<u64>,
    /// Requests in a day (RPD).
    pub requests_per_day: Option<u64>,
    /// Tokens of prompts and answers in a minute (TPM).
    pub tokens_per_minute: Option<u64>,
    /// Tokens in a day (TPD).
    pub tokens_per_day: Option<u64>,
    /// Pictures in a minute (IPM).
    pub images_per_minute: Option<u64>,
    /// Tokens of prompts that batches may have waiting.
    pub batch_queue_tokens: Option<u64>,
}

/// How long and how much somebody has paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// Nothing yet.
    Free,
    /// What most begin with.
    #[default]
    One,
    /// The second.
    Two,
    /// The third.
    Three,
    /// The fourth.
    Four,
    /// The last.
    Five,
}

impl Tier {
    /// All of them, the smallest first.
    pub const ALL: [Self; 6] = [Self::Free, Self::One, Self::Two, Self::Three, Self::Four, Self::Five];

    /// Its name: `free`, `tier-1` to `tier-5`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::One => "tier-1",
            Self::Two => "tier-2",
            Self::Three => "tier-3",
            Self::Four => "tier-4",
            Self::Five => "tier-5",
        }
    }

    /// What it allows. Requests and tokens a minute are the original's; the others are what OpenAI lists for gpt-4o and
    /// gpt-image-1.
    pub const fn limits(self) -> Limits {
        let (requests, tokens, images, queue) = match self {
            Self::Free => (3, 200_000, 1, 20_000),
            Self::One => (500, 2_000_000, 5, 90_000),
            Self::Two => (5_000, 10_000_000, 20, 1_350_000),
            Self::Three => (10_000, 30_000_000, 50, 50_000_000),
            Self::Four => (30_000, 150_000_000, 150, 200_000_000),
            Self::Five => (30_000, 300_000_000, 250, 5_000_000_000),
        };
        let (requests_per_day, tokens_per_day) = match self {
            Self::Free => (Some(200), Some(2_000_000)),
            Self::One => (Some(10_000), None),
            _ => (None, None),
        };
        Limits {
            requests_per_minute: Some(requests),
            requests_per_day,
            tokens_per_minute: Some(tokens),
            tokens_per_day,
            images_per_minute: Some(images),
            batch_queue_tokens: Some(queue),
        }
    }
}

impl FromStr for Tier {
    type Err = GuardError;

    fn from_str(text: &str) -> Result<Self, GuardError> {
        let found = Self::ALL.into_iter().find(|tier| tier.name() == text || tier.name().replace('-', "") == text);
        found.ok_or_else(|| GuardError::UnknownTier(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for tier in Tier::ALL {
            assert_eq!(tier.name().parse(), Ok(tier));
        }
        assert_eq!("tier1".parse(), Ok(Tier::One));
        assert!("gold".parse::<Tier>().is_err());
    }

    #[test]
    fn a_higher_tier_allows_no_less() {
        for pair in Tier::ALL.windows(2) {
            let (lower, higher) = (pair[0].limits(), pair[1].limits());
            assert!(lower.requests_per_minute <= higher.requests_per_minute);
            assert!(lower.tokens_per_minute < higher.tokens_per_minute);
            assert!(lower.images_per_minute < higher.images_per_minute);
            assert!(lower.batch_queue_tokens < higher.batch_queue_tokens);
        }
    }
}
