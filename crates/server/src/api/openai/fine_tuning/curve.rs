//! What a job measures at each step: losses that fall as they do when a model learns, drawn from the job's seed.
//!
//! The loss falls exponentially from a start to a floor, both of which depend on the file (long examples start higher),
//! with noise that becomes smaller. On examples it was not trained on the loss falls less far, and rises a little with
//! every epoch beyond the third, as it does when a model begins to learn by heart. Accuracy is the share of tokens
//! guessed, about `exp(-0.6 · loss)`.

use fakeai_core::Seed;
use serde_json::{Map, Value};

use super::method::{Kind, Numbers};

/// The curve of a job.
#[derive(Clone, Copy, Debug)]
pub(super) struct Curve {
    pub seed: Seed,
    pub kind: Kind,
    pub numbers: Numbers,
    /// Mean tokens of an example.
    pub mean_tokens: f64,
    /// Whether there is a file to measure by.
    pub has_validation: bool,
}

/// What is measured at a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Measured {
    pub step: u64,
    pub train_loss: f64,
    pub train_accuracy: f64,
    /// Loss and accuracy on some validation examples.
    pub valid: Option<(f64, f64)>,
    /// Mean reward of the grader on training and validation examples.
    pub reward: Option<(f64, f64)>,
}

impl Curve {
    /// At a step, from 1.
    pub(super) fn at(&self, step: u64) -> Measured {
        let mut rng = self.seed.derive("step").mix(step).rng();
        let progress = step as f64 / self.numbers.steps as f64;
        let (start, floor) = self.ends();
        let fall = (-4.0 * self.numbers.learning_rate.clamp(0.2, 3.0).sqrt() * progress).exp();
        let smooth = floor + (start - floor) * fall;
        let noise = |rng: &mut fakeai_core::Rng| 1.0 + rng.normal().clamp(-2.0, 2.0) * (0.03 + 0.07 * fall);
        let train_loss = smooth * noise(&mut rng);
        let epoch = progress * self.numbers.epochs as f64;
        let gap = 1.06 + 0.03 * (epoch - 3.0).max(0.0);
        let valid_loss = smooth * gap * noise(&mut rng);
        let valid = self.has_validation.then(|| (rounded(valid_loss), self.accuracy(valid_loss)));
        let reward = (self.kind == Kind::Reinforcement).then(|| {
            let mean = |rng: &mut fakeai_core::Rng| {
                let risen = 0.35 + 0.5 * (1.0 - fall) + rng.normal().clamp(-2.0, 2.0) * 0.03;
                rounded(risen.clamp(0.0, 1.0))
            };
            (mean(&mut rng), mean(&mut rng))
        });
        let train_accuracy = self.accuracy(train_loss);
        Measured { step, train_loss: rounded(train_loss), train_accuracy, valid, reward }
    }

    /// The loss over all of the validation file, at the end of an epoch.
    pub(super) fn full(&self, step: u64) -> Option<(f64, f64)> {
        self.has_validation.then(|| {
            let (start, floor) = self.ends();
            let progress = step as f64 / self.numbers.steps as f64;
            let fall = (-4.0 * self.numbers.learning_rate.clamp(0.2, 3.0).sqrt() * progress).exp();
            let gap = 1.06 + 0.03 * (progress * self.numbers.epochs as f64 - 3.0).max(0.0);
            let loss = (floor + (start - floor) * fall) * gap;
            (rounded(loss), self.accuracy(loss))
        })
    }

    /// Where the loss begins and where it would end.
    fn ends(&self) -> (f64, f64) {
        let mut rng = self.seed.derive("ends").rng();
        match self.kind {
            // The loss of a coin that is tossed, ln 2: preferred and other answers are equally likely at first.
            Kind::Dpo => (std::f64::consts::LN_2, rng.range(0.08, 0.2)),
            Kind::Reinforcement => (rng.range(0.25, 0.4), rng.range(0.05, 0.1)),
            Kind::Supervised => {
                let start = 1.1 + 0.35 * (self.mean_tokens.max(1.0) / 50.0).ln_1p() + rng.range(-0.15, 0.15);
                (start, start * rng.range(0.18, 0.32))
            }
        }
    }

    fn accuracy(&self, loss: f64) -> f64 {
        let share = match self.kind {
            // Of pairs in the right order: half of them at ln 2.
            Kind::Dpo => 1.0 - loss / (2.0 * std::f64::consts::LN_2),
            Kind::Supervised | Kind::Reinforcement => (-0.6 * loss).exp(),
        };
        rounded(share.clamp(0.0, 1.0))
    }
}

fn rounded(value: f64) -> f64 {
    (value * 1e5).round() / 1e5
}

impl Measured {
    /// As events and checkpoints show it; `full` is what was measured over all of the validation file.
    pub(super) fn metrics(&self, full: Option<(f64, f64)>) -> Map<String, Value> {
        let mut out = Map::new();
        out.insert("step".to_owned(), self.step.into());
        out.insert("train_loss".to_owned(), self.train_loss.into());
        out.insert("train_mean_token_accuracy".to_owned(), self.train_accuracy.into());
        let pairs = [
            (self.valid, ["valid_loss", "valid_mean_token_accuracy"]),
            (full, ["full_valid_loss", "full_valid_mean_token_accuracy"]),
            (self.reward, ["train_reward_mean", "valid_reward_mean"]),
        ];
        for ((first, second), names) in pairs.into_iter().filter_map(|(pair, names)| pair.map(|pair| (pair, names))) {
            out.insert(names[0].to_owned(), first.into());
            out.insert(names[1].to_owned(), second.into());
        }
        out
    }

    /// A line of the result file.
    pub(super) fn csv(&self) -> String {
        let valid = self.valid.map_or_else(|| ",".to_owned(), |(loss, accuracy)| format!("{loss:.5},{accuracy:.5}"));
        format!("{},{:.5},{:.5},{valid}\n", self.step, self.train_loss, self.train_accuracy)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn losses_fall_and_accuracies_rise(
            seed in any::<u64>(), kind in 0..3_usize, epochs in 1..10_u64, steps in 50..500_u64, mean in 1.0..5000.0_f64,
        ) {
            let kind = [Kind::Supervised, Kind::Dpo, Kind::Reinforcement][kind];
            let numbers = Numbers { epochs, batch_size: 1, learning_rate: 1.8, steps };
            let curve = Curve { seed: Seed::new(seed), kind, numbers, mean_tokens: mean, has_validation: true };
            let mean = |from: u64, to: u64, of: fn(&Measured) -> f64| {
                (from..to).map(|step| of(&curve.at(step))).sum::<f64>() / (to - from) as f64
            };
            let tenth = steps / 10;
            for of in [(|at| at.train_loss) as fn(&Measured) -> f64, |at| at.valid.unwrap().0, |at| 1.0 - at.train_accuracy] {
                prop_assert!(mean(steps - tenth, steps, of) < mean(1, 1 + tenth, of));
            }
            prop_assert_eq!(curve.at(7), curve.at(7));
            for step in [1, steps] {
                let Measured { train_loss, train_accuracy, .. } = curve.at(step);
                prop_assert!(train_loss > 0.0 && train_loss < 10.0 && (0.0..=1.0).contains(&train_accuracy));
            }
        }
    }
}
