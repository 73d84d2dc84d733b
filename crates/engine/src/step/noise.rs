//! Steps are not all alike: a shared wobble, and now and then a long one.

use fakeai_core::Rng;

/// How step times stray. All sequences of a step share its draw, so their gaps correlate as in a real engine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noise {
    /// Standard deviation of the logarithm of a step's time; the mean stays as computed.
    pub sigma: f64,
    /// Chance that a step is a hiccup (a graph miss, a collection of garbage).
    pub hiccup_chance: f64,
    /// A hiccup takes up to this many more steps' time.
    pub hiccup_steps: f64,
}

impl Noise {
    /// Every step takes what it was computed to take.
    pub const NONE: Self = Self { sigma: 0.0, hiccup_chance: 0.0, hiccup_steps: 0.0 };

    /// The factor of the next step's time.
    pub(crate) fn draw(&self, rng: &mut Rng) -> f64 {
        let wobble =
            if self.sigma > 0.0 { (self.sigma * rng.normal() - self.sigma * self.sigma / 2.0).exp() } else { 1.0 };
        let hiccup = if self.hiccup_chance > 0.0 && rng.chance(self.hiccup_chance) {
            rng.range(0.0, self.hiccup_steps)
        } else {
            0.0
        };
        wobble + hiccup
    }
}

impl Default for Noise {
    /// Four percent, and one step in a thousand takes one to three times as long.
    fn default() -> Self {
        Self { sigma: 0.04, hiccup_chance: 0.001, hiccup_steps: 2.0 }
    }
}

#[cfg(test)]
mod tests {
    use fakeai_core::Seed;

    use super::*;

    #[test]
    fn noise_strays_around_one() {
        let mut rng = Seed::new(1).rng();
        let draws: Vec<f64> = (0..50_000).map(|_| Noise::default().draw(&mut rng)).collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let longest = draws.iter().copied().fold(0.0, f64::max);
        assert!((mean - 1.001).abs() < 0.002 && (2.0..3.2).contains(&longest), "{mean} {longest}");
        assert!(Noise::NONE.draw(&mut rng).to_bits() == 1.0_f64.to_bits());
    }
}
