//! Compares the vLLM scheduler, step for step, with the one of `aisimulate-core`.
//!
//! Both get the same prompts, all at once, and take fixed times for a step. A step is known by its place among the
//! steps that wrote a first or a last token, because the two sum the time of a mixed step differently.

use std::collections::HashMap;

use aisimulate_core::engine::{EngineConfig, TimingModelConfig};
use aisimulate_core::replay::{
    ProviderSpec, ReplayAdapters, ReplayEngineConfig, ReplayEngineFactory, ReplayRequest, ReplaySpec, ReplayTopology,
    Replayer, WorkerPoolSpec,
};
use anyhow::{Context, Result};
use fakeai_core::{Seed, Tick};
use fakeai_engine::kv::{Capacity, ExtraKeys, chain};
use fakeai_engine::scheduler::{EngineKind, Replica, Settings, Submission};
use fakeai_engine::step::{Noise, StepModel};

const BLOCK_TOKENS: u32 = 16;

/// Limits of the engine.
#[derive(Clone, Copy)]
struct Limits {
    name: &'static str,
    blocks: u32,
    sequences: u32,
    batched_tokens: u32,
}

/// A prompt whose first half is shared by its family, and the length of its answer.
struct Request {
    tokens: Vec<u32>,
    output_tokens: u32,
}

/// When the first and the last token of a request were written, in any unit.
type Times = Vec<(f64, f64)>;

fn main() -> Result<()> {
    let limits = |name, blocks, sequences, batched_tokens| Limits { name, blocks, sequences, batched_tokens };
    for limits in [
        limits("roomy", 4000, 256, 8192),
        limits("small steps", 4000, 256, 300),
        limits("few sequences", 4000, 5, 512),
        limits("small cache", 120, 256, 8192),
        limits("all small", 100, 8, 256),
    ] {
        let (mut same, mut preemptions) = (0, 0);
        for seed in 0..20 {
            let requests = requests(seed);
            let (ours, preempted) = run_ours(&requests, limits)?;
            same += u32::from(steps(&ours) == steps(&run_theirs(&requests, limits)?));
            preemptions += preempted;
        }
        println!("{:14} {same} of 20 workloads agree in every step ({preemptions} preemptions)", limits.name);
    }
    Ok(())
}

fn requests(seed: u64) -> Vec<Request> {
    let mut rng = Seed::new(seed).rng();
    let mut request = |number: u32| {
        let length = 20 + rng.below(400) as u32;
        let output_tokens = 5 + rng.below(100) as u32;
        let family = rng.below(6) as u32 * 100_000;
        let own = 10_000_000 + number * 10_000;
        let tokens = (0..length).map(|place| place + if place < length / 2 { family } else { own }).collect();
        Request { tokens, output_tokens }
    };
    (0..40).map(&mut request).collect()
}

fn run_ours(requests: &[Request], limits: Limits) -> Result<(Times, u64)> {
    let settings = Settings {
        noise: Noise::NONE,
        watermark: 0.0,
        max_sequences: limits.sequences,
        max_batched_tokens: limits.batched_tokens,
        ..Settings::new(EngineKind::Vllm, Capacity::of(limits.blocks, BLOCK_TOKENS))
    };
    let mut replica = Replica::new(settings, StepModel::fixed(0.01, 0.0))?;
    let mut places = HashMap::new();
    for (place, request) in requests.iter().enumerate() {
        let hashes = chain(&request.tokens, BLOCK_TOKENS, &ExtraKeys::default());
        let lengths = Submission::new(request.tokens.len() as u32, request.output_tokens);
        let submission = Submission { chain: hashes.into(), ..lengths };
        places.insert(replica.submit(&submission, Tick::default())?, place);
    }
    let mut times = vec![(0.0, 0.0); requests.len()];
    let mut events = Vec::new();
    while let Some(at) = replica.next_event() {
        replica.advance(at, &mut events, &mut ());
    }
    for event in events {
        let place = *places.get(&event.sequence).context("an event of nobody")?;
        let at = event.at.as_nanos() as f64;
        if event.produced == event.tokens {
            times[place].0 = at;
        }
        times[place].1 = at;
    }
    Ok((times, replica.totals().preemptions))
}

fn run_theirs(requests: &[Request], limits: Limits) -> Result<Times> {
    let rank = EngineConfig {
        num_gpu_blocks: limits.blocks as usize,
        block_size: BLOCK_TOKENS as usize,
        max_num_seqs: limits.sequences as usize,
        max_num_batched_tokens: limits.batched_tokens as usize,
        timing_model: TimingModelConfig::Fixed { prefill_ms: 10.0, decode_ms: 10.0 },
        ..EngineConfig::default()
    };
    let engine = ReplayEngineConfig { dp_size: 1, tensor_parallel_size: 1, rank, ..ReplayEngineConfig::default() };
    let request = |(place, request): (usize, &Request)| ReplayRequest {
        id: place.to_string(),
        arrival_time_ms: 0.0,
        input_tokens: request.tokens.len(),
        input_token_ids: Some(request.tokens.clone()),
        output_tokens: request.output_tokens as usize,
        output_token_ids: None,
        dp_rank: None,
        prefill_dp_rank: None,
        session_id: None,
        turn_index: None,
        metadata: serde_json::Value::Null,
    };
    let spec = ReplaySpec {
        version: 1,
        topology: ReplayTopology::Aggregated { workers: WorkerPoolSpec { initial_workers: 1, startup_delay_ms: 0.0 } },
        engine: serde_json::to_value(engine)?,
        adapters: ReplayAdapters { placement: ProviderSpec::round_robin(), scaling: ProviderSpec::no_scaling() },
        max_sim_time_ms: None,
        max_in_flight: None,
        record_per_request: true,
        sla: Default::default(),
        requests: requests.iter().enumerate().map(request).collect(),
    };
    let failed = |error| anyhow::anyhow!("the other simulator failed: {error:?}");
    let report = Replayer::new(spec, ReplayEngineFactory::new()).map_err(failed)?.run().map_err(failed)?;
    let records = serde_json::to_value(&report.per_request)?;
    let mut times = vec![(0.0, 0.0); requests.len()];
    for record in records.as_array().context("no records")? {
        let place: usize = record["request_id"].as_str().context("no id")?.parse()?;
        let time = |field: &str| record[field].as_f64().context("no time");
        *times.get_mut(place).context("a record of nobody")? = (time("first_token_ms")?, time("last_token_ms")?);
    }
    Ok(times)
}

/// The times as places among all times that occur.
fn steps(times: &Times) -> Vec<(usize, usize)> {
    let mut all: Vec<f64> = times.iter().flat_map(|(first, last)| [*first, *last]).collect();
    all.sort_by(f64::total_cmp);
    all.dedup();
    let place = |time: f64| all.partition_point(|other| *other < time);
    times.iter().map(|(first, last)| (place(*first), place(*last))).collect()
}
