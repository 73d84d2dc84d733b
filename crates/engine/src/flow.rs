//! The token times of one sequence.

use std::time::Duration;

use fakeai_core::{Rng, Tick};

/// The state of the next token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// It has been ready since this tick.
    Ready(Tick),
    /// It will be ready at this tick.
    At(Tick),
    /// There is none: all have been taken.
    Done,
}

/// When the tokens of one sequence are ready. Times are absolute and fixed at submission, so that a slow reader does
/// not slow the writer and pacing never drifts.
#[derive(Clone, Debug)]
pub struct Flow {
    next: Tick,
    left: u32,
    gap: Gap,
    rng: Rng,
    /// All ticks, the last first, where they were given.
    given: Option<Box<[Tick]>>,
}

/// How the time between two tokens is drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Gap {
    /// All at once.
    None,
    /// Uniform around a mean.
    Uniform { mean_ns: f64, spread: f64 },
    /// Normal around a mean, at most a share of it away.
    Clamped { mean_ns: f64, deviation: f64, most: f64 },
    /// Normal around a mean, never below a floor.
    Normal { mean_ns: f64, deviation_ns: f64, floor_ns: f64 },
}

impl Gap {
    fn draw(self, rng: &mut Rng) -> Duration {
        let nanos = match self {
            Self::None => return Duration::ZERO,
            Self::Uniform { mean_ns, spread: 0.0 } => mean_ns,
            Self::Uniform { mean_ns, spread } => mean_ns * rng.range(1.0 - spread, 1.0 + spread),
            Self::Clamped { mean_ns, deviation, most } => {
                mean_ns * (1.0 + deviation * rng.normal()).clamp(1.0 - most, 1.0 + most)
            }
            Self::Normal { mean_ns, deviation_ns, floor_ns } => (mean_ns + deviation_ns * rng.normal()).max(floor_ns),
        };
        Duration::from_nanos(nanos.max(0.0) as u64)
    }
}

impl Flow {
    pub(crate) const fn new(first: Tick, tokens: u32, gap: Gap, rng: Rng) -> Self {
        Self { next: first, left: tokens, gap, rng, given: None }
    }

    /// Tokens ready at these ticks, in rising order: a flow that was drawn before, taken up again.
    pub fn given(mut ticks: Vec<Tick>) -> Self {
        let first = ticks.first().copied().unwrap_or_default();
        let count = ticks.len() as u32;
        ticks.reverse();
        Self { given: Some(ticks.into_boxed_slice()), ..Self::instant(count, first) }
    }

    /// All tokens ready at `now`.
    pub fn instant(tokens: u32, now: Tick) -> Self {
        Self::new(now, tokens, Gap::None, fakeai_core::Seed::new(0).rng())
    }

    /// The state of the next token at `now`.
    pub fn poll(&self, now: Tick) -> Readiness {
        match self.left {
            0 => Readiness::Done,
            _ if self.next <= now => Readiness::Ready(self.next),
            _ => Readiness::At(self.next),
        }
    }

    /// The tick the next token is (or was) ready at.
    pub const fn next(&self) -> Option<Tick> {
        if self.left == 0 { None } else { Some(self.next) }
    }

    /// Takes the next token.
    pub fn take(&mut self) {
        self.left = self.left.saturating_sub(1);
        if let Some(given) = &self.given {
            let at = (self.left as usize).checked_sub(1).and_then(|last| given.get(last));
            self.next = at.copied().unwrap_or(self.next);
        } else if self.left > 0 {
            self.next = self.next + self.gap.draw(&mut self.rng);
        }
    }

    /// The ticks of all tokens that are left.
    pub fn ticks(mut self) -> Vec<Tick> {
        let mut ticks = Vec::with_capacity(self.left as usize);
        while let Some(at) = self.next() {
            ticks.push(at);
            self.take();
        }
        ticks
    }

    /// The ticks of the first and the last token, taking all.
    pub fn take_all(mut self) -> Option<(Tick, Tick)> {
        let first = self.next()?;
        let mut last = first;
        while let Some(at) = self.next() {
            last = at;
            if matches!(self.gap, Gap::None) && self.given.is_none() {
                break;
            }
            self.take();
        }
        Some((first, last))
    }
}
