//! How long a model thinks before it answers.

use fakeai_core::Rng;

use crate::length::log_normal;

/// How a model thinks before it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Reasoning {
    /// How hard.
    pub effort: Effort,
    /// At most this many tokens, where the client set a budget.
    pub budget_tokens: Option<u32>,
    /// Lengths are multiples of this: `OpenAI` reports thoughts in blocks of 64 tokens.
    pub block_tokens: u32,
}

/// How hard a model thinks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Effort {
    /// Not at all.
    None,
    /// Hardly.
    Minimal,
    /// A little.
    Low,
    /// As usual.
    #[default]
    Medium,
    /// Much.
    High,
    /// Very much.
    ExtraHigh,
    /// As much as it can.
    Max,
}

impl Effort {
    /// The effort of a name on the wire.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|effort| effort.name() == name)
    }

    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Minimal => "minimal",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::ExtraHigh => "xhigh",
            Self::Max => "max",
        }
    }

    /// All of them, the least first.
    pub const ALL: [Self; 7] =
        [Self::None, Self::Minimal, Self::Low, Self::Medium, Self::High, Self::ExtraHigh, Self::Max];

    /// Logarithm of the median tokens of thoughts about an easy prompt.
    const fn log_tokens(self) -> f64 {
        match self {
            Self::None => 0.0,
            Self::Minimal => 3.2,
            Self::Low => 4.6,
            Self::Medium => 5.5,
            Self::High => 6.6,
            Self::ExtraHigh => 7.3,
            Self::Max => 8.0,
        }
    }
}

/// Spread of the length of thoughts: standard deviation of the logarithm of the tokens.
const LENGTH_SIGMA: f64 = 0.35;

impl Reasoning {
    /// How many tokens the thoughts about a prompt of `prompt_tokens` have, where `most` are allowed for thoughts and
    /// answer. A quarter is left for the answer, so that a small limit still shows one.
    pub(crate) fn draw_tokens(self, prompt_tokens: u32, most: u32, rng: &mut Rng) -> u32 {
        if self.effort == Effort::None {
            return 0;
        }
        // Longer prompts give more to think about: doubled for each tenfold beyond a hundred tokens.
        let harder = f64::from(prompt_tokens.max(100)) / 100.0;
        let tokens = log_normal(rng, self.effort.log_tokens() + harder.log10() * std::f64::consts::LN_2, LENGTH_SIGMA);
        let allowed = self.budget_tokens.unwrap_or(u32::MAX).min(most / 4 * 3);
        let block = self.block_tokens.max(1);
        let blocks = if tokens > allowed { allowed / block } else { tokens.div_ceil(block) };
        (blocks * block).min(allowed / block * block)
    }
}

#[cfg(test)]
mod tests {
    use fakeai_core::Seed;

    use super::*;

    fn mean(effort: Effort, prompt_tokens: u32) -> u32 {
        let reasoning = Reasoning { effort, budget_tokens: None, block_tokens: 64 };
        let draw = |seed| reasoning.draw_tokens(prompt_tokens, 100_000, &mut Seed::new(seed).rng());
        (0..200).map(draw).sum::<u32>() / 200
    }

    #[test]
    fn more_effort_is_more_thought() {
        let means = Effort::ALL.map(|effort| mean(effort, 50));
        assert!(means.is_sorted() && means[0] == 0 && means[3] > 2 * means[2] && means[4] > 2 * means[3], "{means:?}");
        assert!(mean(Effort::Medium, 10_000) > 2 * mean(Effort::Medium, 50));
    }

    #[test]
    fn thoughts_keep_their_budget_and_come_in_blocks() {
        for seed in 0..500 {
            let reasoning = Reasoning { effort: Effort::High, budget_tokens: Some(1000), block_tokens: 64 };
            let tokens = reasoning.draw_tokens(500, 900, &mut Seed::new(seed).rng());
            assert!(tokens <= 675 && tokens.is_multiple_of(64), "{tokens}");
        }
    }

    #[test]
    fn names_are_read_back() {
        for effort in Effort::ALL {
            assert_eq!(Effort::from_name(effort.name()), Some(effort));
        }
        assert_eq!(Effort::from_name("ultra"), None);
    }
}
