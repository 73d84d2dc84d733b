//! The latency models that do not depend on load: fixed knobs, per-model profiles, none.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use fakeai_core::{Rng, Tick};

use crate::flow::{Flow, Gap};
use crate::{LatencyTable, Sequence};

/// How tokens are timed.
#[derive(Clone, Debug, PartialEq)]
pub enum LatencyModel {
    /// The same knobs for every model.
    Knobs(Knobs),
    /// Each model at its own speed, as its card says.
    Profile,
    /// As a table of measurements says, for as many sequences as run when one begins.
    Table(Arc<LatencyTable>),
    /// No waiting.
    Instant,
}

/// A mean in milliseconds and how far draws stray from it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Jittered {
    /// The mean, milliseconds.
    pub mean_ms: f64,
    /// Draws are uniform within ± this share of the mean, percent.
    pub jitter_percent: f64,
    /// If above 0, draws are normal with this standard deviation instead, milliseconds, and stray by
    /// [`MOST_STRAY`] of the mean at most.
    pub deviation_ms: f64,
}

/// Normal draws stray no further than this share of the mean (as llm-d's simulator does).
const MOST_STRAY: f64 = 0.7;

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
        if jitter_percent > 100.0 {
            Err(ParseJitterError)
        } else {
            Ok(Self { mean_ms, jitter_percent, ..Self::default() })
        }
    }
}

impl Jittered {
    fn draw(self, rng: &mut Rng) -> Duration {
        let factor = if self.deviation_ms > 0.0 && self.mean_ms > 0.0 {
            (1.0 + self.deviation_ms / self.mean_ms * rng.normal()).clamp(1.0 - MOST_STRAY, 1.0 + MOST_STRAY)
        } else {
            let spread = self.jitter_percent / 100.0;
            rng.range(1.0 - spread, 1.0 + spread)
        };
        Duration::from_nanos((self.mean_ms * factor * 1e6).max(0.0) as u64)
    }

    fn gap(self, factor: f64) -> Gap {
        let mean_ns = self.mean_ms * 1e6 * factor;
        if self.mean_ms == 0.0 {
            Gap::None
        } else if self.deviation_ms > 0.0 {
            Gap::Clamped { mean_ns, deviation: self.deviation_ms / self.mean_ms, most: MOST_STRAY }
        } else {
            Gap::Uniform { mean_ns, spread: self.jitter_percent / 100.0 }
        }
    }

    fn times(self, factor: f64) -> Self {
        Self { mean_ms: self.mean_ms * factor, deviation_ms: self.deviation_ms * factor, ..self }
    }
}

/// Fixed time to first token and between tokens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Knobs {
    /// Time to first token.
    pub ttft: Jittered,
    /// Time between tokens.
    pub itl: Jittered,
    /// The time to the first token for each prompt token that is not cached, in addition to `ttft`, milliseconds.
    pub prefill_token_ms: f64,
    /// The time to the first token if the prompt was read by another engine; load does not slow it down.
    pub transfer: Jittered,
    /// The same for each prompt token, where `transfer` is 0, milliseconds.
    pub transfer_token_ms: f64,
    /// How load slows both down; `None` if it does not.
    pub load: Option<LoadFactor>,
}

/// How load slows the knobs down, as in llm-d's simulator: sequences run in slots, whoever finds none waits, and each
/// time is multiplied by `1 + (factor − 1)·(running − 1)/(slots − 1)`, which is fixed when a sequence begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoadFactor {
    /// How much slower it is when all slots are taken; at least 1.
    pub factor: f64,
    /// Sequences that run at a time.
    pub slots: u32,
    /// Sequences that may wait for a slot.
    pub most_waiting: usize,
}

impl Default for Knobs {
    fn default() -> Self {
        let knob = |mean_ms| Jittered { mean_ms, jitter_percent: 10.0, deviation_ms: 0.0 };
        Self {
            ttft: knob(20.0),
            itl: knob(5.0),
            prefill_token_ms: 0.0,
            transfer: Jittered::default(),
            transfer_token_ms: 0.0,
            load: None,
        }
    }
}

impl Knobs {
    /// A sequence that begins at `start`, `factor` times as slow as alone.
    pub(crate) fn flow(&self, sequence: &Sequence, start: Tick, factor: f64) -> Flow {
        let mut rng = sequence.seed.rng();
        let uncached = sequence.prompt_tokens.saturating_sub(sequence.cached_tokens);
        let mean_ms = self.ttft.mean_ms + self.prefill_token_ms * f64::from(uncached);
        let first = if sequence.is_read_elsewhere {
            self.transfer_of(sequence.prompt_tokens)
        } else {
            Jittered { mean_ms, ..self.ttft }.times(factor)
        };
        let first = start + first.draw(&mut rng);
        let gap = self.itl.gap(sequence.pace() * factor);
        Flow::new(first, sequence.output_tokens, gap, rng)
    }
}

impl Knobs {
    /// How long a prompt takes from another engine, as llm-d's simulator has it.
    fn transfer_of(&self, prompt_tokens: u32) -> Jittered {
        if self.transfer.mean_ms > 0.0 {
            return self.transfer;
        }
        Jittered { mean_ms: self.transfer_token_ms * f64::from(prompt_tokens), ..self.transfer }
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
            is_read_elsewhere: false,
            speed: card,
            temperature: 1.0,
            seed: Seed::new(seed),
        }
    }

    #[test]
    fn knobs_read_as_typed() {
        let knob = |mean_ms, jitter_percent| Ok(Jittered { mean_ms, jitter_percent, deviation_ms: 0.0 });
        assert_eq!("20".parse(), knob(20.0, 10.0));
        assert_eq!("1.5:0".parse(), knob(1.5, 0.0));
        assert_eq!("7:25%".parse(), knob(7.0, 25.0));
        for bad in ["", "x", "-1", "5:-2", "5:101", "inf", "NaN:3"] {
            assert!(bad.parse::<Jittered>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_first_token_waits_and_the_rest_follow() {
        let engine = Engine::new(LatencyModel::Knobs(Knobs::default()));
        let now = Tick::from_nanos(1_000);
        let mut flow = engine.submit(&sequence(3, 1), now).unwrap();
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
            let (first, last) = engine.submit(&sequence, Tick::default()).unwrap().take_all().unwrap();
            last.since(first).as_secs_f64()
        };
        assert!(span(90) < 0.2 * span(0), "{} {}", span(90), span(0));
    }

    #[test]
    fn load_slows_down_and_makes_wait() {
        let exactly = |mean_ms| Jittered { mean_ms, jitter_percent: 0.0, deviation_ms: 0.0 };
        let load = Some(LoadFactor { factor: 3.0, slots: 2, most_waiting: 1 });
        let knobs = Knobs { ttft: exactly(10.0), itl: exactly(10.0), prefill_token_ms: 0.1, load, ..Knobs::default() };
        let engine = Engine::new(LatencyModel::Knobs(knobs));
        let span = || engine.submit(&sequence(2, 1), Tick::default()).map(|flow| flow.take_all().unwrap());
        let millis = |(first, last): (Tick, Tick)| (first.as_nanos() / 1_000_000, last.as_nanos() / 1_000_000);
        // A hundred prompt tokens take 10 ms more.
        assert_eq!(millis(span().unwrap()), (20, 30));
        assert_eq!(millis(span().unwrap()), (60, 90));
        // The third begins when the first has ended.
        assert_eq!(millis(span().unwrap()), (30 + 60, 30 + 90));
        assert_eq!(span(), Err(crate::EngineError::QueueFull { waiting: 1 }));
    }

    #[test]
    fn a_prompt_read_elsewhere_costs_its_transfer() {
        let exactly = |mean_ms| Jittered { mean_ms, jitter_percent: 0.0, deviation_ms: 0.0 };
        let load = Some(LoadFactor { factor: 3.0, slots: 1, most_waiting: 9 });
        let knobs = Knobs { transfer: exactly(7.0), transfer_token_ms: 0.5, load, ..Knobs::default() };
        let first = |knobs| {
            let sequence = Sequence { is_read_elsewhere: true, ..sequence(2, 1) };
            let flow = Engine::new(LatencyModel::Knobs(knobs)).submit(&sequence, Tick::default()).unwrap();
            flow.take_all().unwrap().0.as_nanos() / 1_000_000
        };
        assert_eq!(first(knobs), 7);
        assert_eq!(first(Knobs { transfer: Jittered::default(), ..knobs }), 50);
    }

    #[test]
    fn instant_means_now() {
        let flow = Engine::new(LatencyModel::Instant).submit(&sequence(5, 1), Tick::from_nanos(9)).unwrap();
        assert_eq!(flow.take_all(), Some((Tick::from_nanos(9), Tick::from_nanos(9))));
    }

    proptest! {
        #[test]
        fn times_never_run_backwards(seed: u64, tokens in 0_u32..300, profile: bool) {
            let model = if profile { LatencyModel::Profile } else { LatencyModel::Knobs(Knobs::default()) };
            let mut flow = Engine::new(model).submit(&sequence(tokens, seed), Tick::default()).unwrap();
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
