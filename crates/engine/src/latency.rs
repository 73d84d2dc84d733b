//! The latency models that do not depend on load: fixed knobs, per-model profiles, none.

use std::str::FromStr;
use std::time::Duration;

use fakeai_core::{Rng, Tick};

use crate::Sequence;
use crate::flow::{Flow, Gap};

/// How tokens are timed.
#[derive(Clone, Debug, PartialEq)]
pub enum LatencyModel {
    /// The same knobs for every model.
    Knobs(Knobs),
    /// Each model at its own speed, as its card says.
    Profile,
    /// No waiting.
    Instant,
}

/// A mean in milliseconds and how far draws stray from it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jittered {
    /// The mean, milliseconds.
    pub mean_ms: f64,
    /// Draws are uniform within ± this share of the mean, percent.
    pub jitter_percent: f64,
}

/// What [`Jittered`] could not be read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseJitterError;

impl FromStr for Jittered {
    type Err = ParseJitterError;

    /// `20` (10 % jitter), `20:5` or `20:5%`.
    fn from_str(text: &str) -> Result<Self, ParseJitterError> {
        let number = |text: &str| text.trim().parse::<f64>().ok().filter(|value| value.is_finite() && *value >= 0.0);
        let (mean, jitter) = text.split_once(':').unwrap_or((text, "10"));
        let mean_ms = number(mean).ok_or(ParseJitterError)?;
        let jitter_percent = number(jitter.trim().trim_end_matches('%')).ok_or(ParseJitterError)?;
        if jitter_percent > 100.0 { Err(ParseJitterError) } else { Ok(Self { mean_ms, jitter_percent }) }
    }
}

impl Jittered {
    fn draw(self, rng: &mut Rng) -> Duration {
        let spread = self.jitter_percent / 100.0;
        Duration::from_nanos((self.mean_ms * 1e6 * rng.range(1.0 - spread, 1.0 + spread)).max(0.0) as u64)
    }
}

/// Fixed time to first token and between tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Knobs {
    /// Time to first token.
    pub ttft: Jittered,
    /// Time between tokens.
    pub itl: Jittered,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            ttft: Jittered { mean_ms: 20.0, jitter_percent: 10.0 },
            itl: Jittered { mean_ms: 5.0, jitter_percent: 10.0 },
        }
    }
}

impl Knobs {
    pub(crate) fn flow(&self, sequence: &Sequence, now: Tick) -> Flow {
        let mut rng = sequence.seed.rng();
        let first = now + self.ttft.draw(&mut rng);
        let gap = if self.itl.mean_ms == 0.0 {
            Gap::None
        } else {
            Gap::Uniform { mean_ns: self.itl.mean_ms * 1e6 * sequence.pace(), spread: self.itl.jitter_percent / 100.0 }
        };
        Flow::new(first, sequence.output_tokens, gap, rng)
    }
}

#[cfg(test)]
mod tests {
    use fakeai_core::Seed;
    use proptest::prelude::*;

    use super::*;
    use crate::{Engine, Readiness, Speed};

    fn sequence(output_tokens: u32, seed: u64) -> Sequence {
        let card = Speed {
            ttft_ms: 250.0,
            ttft_deviation_ms: 50.0,
            itl_ms: 15.0,
            itl_deviation_ms: 3.0,
            prefill_tokens_per_second: 1200.0,
        };
        Sequence {
            prompt_tokens: 100,
            cached_tokens: 0,
            output_tokens,
            predicted_tokens: 0,
            speed: card,
            temperature: 1.0,
            seed: Seed::new(seed),
        }
    }

    #[test]
    fn knobs_read_as_typed() {
        assert_eq!("20".parse(), Ok(Jittered { mean_ms: 20.0, jitter_percent: 10.0 }));
        assert_eq!("1.5:0".parse(), Ok(Jittered { mean_ms: 1.5, jitter_percent: 0.0 }));
        assert_eq!("7:25%".parse(), Ok(Jittered { mean_ms: 7.0, jitter_percent: 25.0 }));
        for bad in ["", "x", "-1", "5:-2", "5:101", "inf", "NaN:3"] {
            assert!(bad.parse::<Jittered>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_first_token_waits_and_the_rest_follow() {
        let engine = Engine::new(LatencyModel::Knobs(Knobs::default()));
        let now = Tick::from_nanos(1_000);
        let mut flow = engine.submit(&sequence(3, 1), now);
        let Readiness::At(first) = flow.poll(now) else { panic!("not yet") };
        assert!((18.0..22.0).contains(&(first.since(now).as_secs_f64() * 1e3)));
        assert_eq!(flow.poll(first), Readiness::Ready(first));
        flow.take();
        let second = flow.next().unwrap();
        assert!((4.5..5.5).contains(&(second.since(first).as_secs_f64() * 1e3)));
        flow.take();
        flow.take();
        assert_eq!(flow.poll(second), Readiness::Done);
    }

    #[test]
    fn predicted_tokens_are_quick() {
        let engine = Engine::new(LatencyModel::Knobs(Knobs::default()));
        let span = |predicted_tokens| {
            let sequence = Sequence { predicted_tokens, ..sequence(100, 1) };
            let (first, last) = engine.submit(&sequence, Tick::default()).take_all().unwrap();
            last.since(first).as_secs_f64()
        };
        assert!(span(90) < 0.2 * span(0), "{} {}", span(90), span(0));
    }

    #[test]
    fn instant_means_now() {
        let flow = Engine::new(LatencyModel::Instant).submit(&sequence(5, 1), Tick::from_nanos(9));
        assert_eq!(flow.take_all(), Some((Tick::from_nanos(9), Tick::from_nanos(9))));
    }

    proptest! {
        #[test]
        fn times_never_run_backwards(seed: u64, tokens in 0_u32..300, profile: bool) {
            let model = if profile { LatencyModel::Profile } else { LatencyModel::Knobs(Knobs::default()) };
            let mut flow = Engine::new(model).submit(&sequence(tokens, seed), Tick::default());
            let whole = flow.clone().take_all();
            let mut ticks = Vec::new();
            while let Some(at) = flow.next() {
                ticks.push(at);
                flow.take();
            }
            prop_assert_eq!(ticks.len(), tokens as usize);
            prop_assert!(ticks.is_sorted());
            prop_assert_eq!(whole, ticks.first().copied().zip(ticks.last().copied()));
        }
    }
}
