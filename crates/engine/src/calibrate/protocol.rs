//! The closed-loop benchmark the public measurements were made with (`InferenceX`): as many clients as the concurrency,
//! all starting at once, ten prompts for each, lengths uniform between 0.8 and 1 of the nominal ones.

use fakeai_core::{Rng, Seed, Tick};

use crate::EngineError;
use crate::scheduler::{Replica, Submission, TokenEvent};

/// Such a benchmark.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClosedLoop {
    /// Clients.
    pub concurrency: u32,
    /// Prompts in all.
    pub prompts: u32,
    /// Nominal prompt length, tokens.
    pub prompt_tokens: u32,
    /// Nominal answer length, tokens.
    pub output_tokens: u32,
    /// The shortest, as a share of the nominal length.
    pub shortest: f64,
    /// Decides the lengths.
    pub seed: Seed,
}

impl ClosedLoop {
    /// The benchmark as it is run for these clients and lengths.
    pub fn new(concurrency: u32, prompt_tokens: u32, output_tokens: u32) -> Self {
        Self {
            concurrency: concurrency.max(1),
            prompts: concurrency.saturating_mul(10).max(16),
            prompt_tokens,
            output_tokens,
            shortest: 0.8,
            seed: Seed::new(1),
        }
    }
}

/// What a benchmark found.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Mean time to first token, milliseconds.
    pub ttft_ms: f64,
    /// Mean time for each further token, averaged over requests, milliseconds.
    pub tpot_ms: f64,
    /// Tokens written each second over the whole run.
    pub tokens_per_second: f64,
}

#[derive(Clone, Copy, Default)]
struct Request {
    sent: Tick,
    first: Tick,
}

/// Runs the benchmark against an idle replica, in virtual time.
///
/// # Errors
/// As [`Replica::submit`]: a prompt that could never run.
pub fn run_closed_loop(replica: &mut Replica, benchmark: &ClosedLoop) -> Result<Outcome, EngineError> {
    let mut run = Run { requests: Vec::new(), rng: benchmark.seed.derive("lengths").rng(), benchmark };
    let mut left = benchmark.prompts;
    for _ in 0..benchmark.concurrency.min(benchmark.prompts) {
        run.send(replica, Tick::default())?;
        left -= 1;
    }
    let (mut events, mut ended): (Vec<TokenEvent>, Vec<Tick>) = Default::default();
    let (mut ttft, mut tpot, mut tokens, mut timed, mut last) = (0.0, 0.0, 0_u64, 0_u32, Tick::default());
    while let Some(at) = replica.next_event() {
        events.clear();
        replica.advance(at, &mut events, &mut ());
        for event in &events {
            let request = &mut run.requests[event.sequence.slot()];
            if event.produced == event.tokens {
                request.first = event.at;
                ttft += event.at.since(request.sent).as_secs_f64();
            }
            if event.is_last {
                if event.produced > 1 {
                    tpot += event.at.since(request.first).as_secs_f64() / f64::from(event.produced - 1);
                    timed += 1;
                }
                tokens += u64::from(event.produced);
                last = event.at;
                ended.push(event.at);
            }
        }
        // Only now: the next request may get the slot of one whose last token is in the same batch of events.
        for at in ended.drain(..).take(left as usize) {
            left -= 1;
            run.send(replica, at)?;
        }
    }
    let seconds = last.since(Tick::default()).as_secs_f64();
    Ok(Outcome {
        ttft_ms: ttft / f64::from(benchmark.prompts.max(1)) * 1e3,
        tpot_ms: tpot / f64::from(timed.max(1)) * 1e3,
        tokens_per_second: if seconds > 0.0 { tokens as f64 / seconds } else { 0.0 },
    })
}

struct Run<'a> {
    /// By slot of the sequence.
    requests: Vec<Request>,
    rng: Rng,
    benchmark: &'a ClosedLoop,
}

impl Run<'_> {
    fn send(&mut self, replica: &mut Replica, at: Tick) -> Result<(), EngineError> {
        let prompt = self.length(self.benchmark.prompt_tokens);
        let output = self.length(self.benchmark.output_tokens);
        let submission = Submission { max_output_tokens: output, ..Submission::new(prompt, output) };
        let slot = replica.submit(&submission, at)?.slot();
        if self.requests.len() <= slot {
            self.requests.resize(slot + 1, Request::default());
        }
        self.requests[slot] = Request { sent: at, first: at };
        Ok(())
    }

    fn length(&mut self, nominal: u32) -> u32 {
        (f64::from(nominal) * self.rng.range(self.benchmark.shortest, 1.0)).round().max(1.0) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kv::Capacity;
    use crate::scheduler::{EngineKind, Settings};
    use crate::step::{Noise, StepModel};

    #[test]
    fn a_lone_client_sees_the_step_time() {
        let mut settings = Settings::new(EngineKind::Vllm, Capacity::of(10_000, 16));
        settings.noise = Noise::NONE;
        let mut replica = Replica::new(settings, StepModel::fixed(0.01, 0.0)).unwrap();
        let outcome = run_closed_loop(&mut replica, &ClosedLoop::new(1, 100, 50)).unwrap();
        assert!((outcome.ttft_ms - 10.0).abs() < 1e-6 && (outcome.tpot_ms - 10.0).abs() < 1e-6, "{outcome:?}");
        assert!((outcome.tokens_per_second - 100.0).abs() < 1e-6);
    }

    #[test]
    fn requests_that_end_together_are_told_apart() {
        let mut settings = Settings::new(EngineKind::Vllm, Capacity::of(100_000, 16));
        settings.noise = Noise::NONE;
        let mut replica = Replica::new(settings, StepModel::fixed(0.01, 0.0)).unwrap();
        let outcome =
            run_closed_loop(&mut replica, &ClosedLoop { shortest: 1.0, ..ClosedLoop::new(8, 100, 50) }).unwrap();
        assert!((outcome.tpot_ms - 10.0).abs() < 1e-6, "{outcome:?}");
    }

    #[test]
    fn the_first_burst_queues() {
        let mut settings = Settings::new(EngineKind::Vllm, Capacity::of(100_000, 16));
        settings.noise = Noise::NONE;
        let mut replica = Replica::new(settings, StepModel::fixed(0.01, 1e-5)).unwrap();
        let benchmark = ClosedLoop { shortest: 1.0, ..ClosedLoop::new(32, 1024, 64) };
        let outcome = run_closed_loop(&mut replica, &benchmark).unwrap();
        // Four steps of 8,192 prompt tokens: 92 ms each, so 230 ms on average, even in lock-step.
        assert!(outcome.ttft_ms > 100.0, "{outcome:?}");
    }
}
