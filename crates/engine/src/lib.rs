//! When it is said: decides when each token of a sequence is ready.
//!
//! The engine has no clock of its own: every call is told the time, so the server drives it with real time and tests
//! drive the same code with time they made up. It knows no text, no JSON, no async: a [`Sequence`] is counts, a
//! [`Flow`] is ticks.

mod architecture;
pub mod calibrate;
pub mod cluster;
mod deployment;
mod error;
mod flow;
pub mod gpu;
mod hardware;
pub mod kv;
mod latency;
mod latency_table;
mod nearest;
mod profile;
mod prompt_cache;
pub mod route;
pub mod scheduler;
mod slots;
pub mod step;

pub use architecture::{Architecture, Experts, Latent, Shape, Window};
pub use deployment::{Deployment, Disaggregation};
pub use error::EngineError;
pub use flow::{Flow, Readiness};
pub use hardware::{Board, Gpu, Precision};
pub use latency::{Jittered, Knobs, LatencyModel, LoadFactor, ParseJitterError};
pub use latency_table::LatencyTable;
pub use profile::Speed;
pub use prompt_cache::{PromptCache, Retention};

use std::sync::{Mutex, PoisonError};

use fakeai_core::{Seed, Tick};

use slots::Slots;

/// What the engine needs to know of one answer.
#[derive(Clone, Copy, Debug)]
pub struct Sequence {
    /// Tokens to read before the first can be written.
    pub prompt_tokens: u32,
    /// Of those, already in the cache.
    pub cached_tokens: u32,
    /// Tokens that will be written.
    pub output_tokens: u32,
    /// Whether the prompt was read by another engine, from which its keys and values come.
    pub is_read_elsewhere: bool,
    /// Of those, predicted by the client and only confirmed.
    pub predicted_tokens: u32,
    /// How fast the model is, unloaded.
    pub speed: Speed,
    /// Sampling temperature: hotter is slower in the profile model.
    pub temperature: f64,
    /// Decides the jitter.
    pub seed: Seed,
}

impl Sequence {
    /// The share of its usual time a token takes: predicted tokens are confirmed a window at a time, as a speculative
    /// decoder confirms its drafts.
    fn pace(&self) -> f64 {
        const WINDOW_TOKENS: f64 = 16.0;
        let predicted = f64::from(self.predicted_tokens.min(self.output_tokens));
        1.0 - predicted / f64::from(self.output_tokens.max(1)) * (1.0 - 1.0 / WINDOW_TOKENS)
    }
}

/// Decides when tokens are ready. One engine serves the whole server.
#[derive(Debug)]
pub struct Engine {
    model: LatencyModel,
    /// Of knobs that load slows down.
    slots: Mutex<Slots>,
}

impl Engine {
    /// An engine that times tokens by `model`.
    pub fn new(model: LatencyModel) -> Self {
        Self { model, slots: Mutex::default() }
    }

    /// Takes a sequence in at `now`. Dropping the flow ends the sequence, but its slot is taken until its time is over.
    ///
    /// # Errors
    /// [`EngineError::QueueFull`] if as many wait as may.
    pub fn submit(&self, sequence: &Sequence, now: Tick) -> Result<Flow, EngineError> {
        Ok(match &self.model {
            LatencyModel::Instant => Flow::instant(sequence.output_tokens, now),
            LatencyModel::Knobs(knobs) => match knobs.load {
                None => knobs.flow(sequence, now, 1.0),
                Some(load) => self.in_slot(knobs, load, sequence, now)?,
            },
            LatencyModel::Profile => sequence.speed.flow(sequence, now),
            LatencyModel::Table(table) => self.by_table(table, sequence, now),
        })
    }

    /// The table knows what a load does to all, so that all draw from the load there is when they begin.
    fn by_table(&self, table: &LatencyTable, sequence: &Sequence, now: Tick) -> Flow {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, running) = slots.next(u32::MAX, now);
        let mut rng = sequence.seed.rng();
        let mut at = now + table.draw_ttft(running, sequence.prompt_tokens, &mut rng);
        let mut ticks = Vec::with_capacity(sequence.output_tokens as usize);
        for _ in 0..sequence.output_tokens {
            ticks.push(at);
            at = at + table.draw_itl(running, sequence.prompt_tokens, &mut rng);
        }
        slots.fill(ticks.last().copied().unwrap_or(now));
        Flow::given(ticks)
    }

    fn in_slot(&self, knobs: &Knobs, load: LoadFactor, sequence: &Sequence, now: Tick) -> Result<Flow, EngineError> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = slots.waiting(now);
        if waiting >= load.most_waiting {
            return Err(EngineError::QueueFull { waiting });
        }
        let (start, running) = slots.next(load.slots, now);
        let share = f64::from(running - 1) / f64::from(load.slots.max(2) - 1);
        let flow = knobs.flow(sequence, start, 1.0 + (load.factor - 1.0) * share);
        slots.fill(flow.clone().take_all().map_or(start, |(_, last)| last));
        Ok(flow)
    }

    /// How tokens are timed.
    pub const fn model(&self) -> &LatencyModel {
        &self.model
    }
}
