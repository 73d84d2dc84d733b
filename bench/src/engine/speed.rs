//! How fast the engine runs on one core, in time of that core: a full batch of decodes, the prefix cache, an hour of real traffic.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use fakeai_core::{Rng, Seed, Tick};
use fakeai_engine::cluster::{Cluster, ClusterEvent, ClusterSettings, Role};
use fakeai_engine::kv::{BlockPool, Capacity, ExtraKeys, Memory, chain};
use fakeai_engine::route::Strategy;
use fakeai_engine::scheduler::{EngineKind, Replica, Settings, Submission};
use fakeai_engine::step::{Layout, Profile, StepModel};
use fakeai_engine::{Architecture, Gpu};

pub(super) fn run(trace: Option<&Path>) -> Result<()> {
    decode()?;
    prefixes();
    route()?;
    if let Some(trace) = trace {
        for (name, strategy) in Strategy::all() {
            replay(trace, name, strategy)?;
        }
    }
    Ok(())
}

/// Time this thread has had a core for: what others do on the machine does not count.
fn now() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

fn since(begin: Duration) -> Duration {
    now().saturating_sub(begin)
}

/// Llama 3.1 70B on four H100.
fn replica(seed: u64) -> Result<Replica> {
    let architecture = Architecture::find("meta-llama/Llama-3.1-70B-Instruct")?;
    let gpu = Gpu::find("H100")?;
    let layout = Layout { tensor_parallel: 4, ..Layout::default() };
    let profile = Profile::find(EngineKind::Vllm, "H100", false)?;
    let capacity = Capacity::of_model(architecture, gpu, 4, &Memory::default())?;
    let settings = Settings { seed: Seed::new(seed), ..Settings::new(EngineKind::Vllm, capacity) };
    Ok(Replica::new(settings, StepModel::new(architecture, gpu, &layout, &profile.coefficients))?)
}

fn decode() -> Result<()> {
    for sequences in [1_u32, 32, 256] {
        let mut replica = replica(1)?;
        for _ in 0..sequences {
            replica.submit(&Submission::new(200, 1500), Tick::default())?;
        }
        let mut events = Vec::new();
        let begin = now();
        while let Some(at) = replica.next_event() {
            events.clear();
            replica.advance(at, &mut events, &mut ());
        }
        let nanos = since(begin).as_secs_f64() * 1e9 / replica.totals().sequence_steps as f64;
        println!("decode, batch of {sequences:3}: {nanos:6.1} ns per sequence and step");
    }
    Ok(())
}

/// Prompts of 8,192 tokens, half of each a beginning that 64 families share, through a cache of 65,536 blocks.
fn prefixes() {
    const TOKENS: usize = 8192;
    let mut rng = Seed::new(3).rng();
    let draw = |rng: &mut Rng, count: usize| -> Vec<u32> { (0..count).map(|_| rng.bits() as u32).collect() };
    let families: Vec<Vec<u32>> = (0..64).map(|_| draw(&mut rng, TOKENS / 2)).collect();
    let prompts: Vec<Vec<u32>> =
        (0..2000).map(|place| [families[place % 64].as_slice(), &draw(&mut rng, TOKENS / 2)].concat()).collect();
    for block_tokens in [16, 32, 64] {
        let begin = now();
        let chains: Vec<Vec<u64>> =
            prompts.iter().map(|prompt| chain(prompt, block_tokens, &ExtraKeys::default())).collect();
        let hashed = since(begin);
        let mut pool = BlockPool::new(65_536);
        let mut hits = 0_u64;
        let begin = now();
        for chain in &chains {
            let mut held = Vec::with_capacity(chain.len());
            let (matched, _) = pool.match_prefix(chain);
            hits += u64::from(matched);
            pool.hold_prefix(&chain[..matched as usize], &mut held);
            pool.allocate(chain.len() as u32 - matched, &mut held);
            pool.publish(&held, chain, matched as usize);
            pool.release(&mut held);
        }
        let kept = since(begin);
        let rate = |time: Duration| prompts.len() as f64 / time.as_secs_f64();
        println!(
            "prompts of 8,192 tokens in blocks of {block_tokens}: hash {:7.0}/s, match and insert {:7.0}/s, both {:7.0}/s ({:.0} % found)",
            rate(hashed),
            rate(kept),
            rate(hashed + kept),
            hits as f64 * 100.0 / chains.iter().map(Vec::len).sum::<usize>() as f64,
        );
    }
}

/// What sending one request to one of eight workers costs, the worker's own intake included: prompts of 1,024 tokens,
/// whose content is unknown, or known and half shared by 64 families.
fn route() -> Result<()> {
    const REQUESTS: u64 = 4000;
    for (name, strategy) in Strategy::all() {
        let mut costs = [0.0; 2];
        for (cost, is_known) in costs.iter_mut().zip([false, true]) {
            let mut cluster = cluster(strategy)?;
            let mut spent = Duration::ZERO;
            for number in 0..REQUESTS {
                let at = Tick::from_nanos(number * 50_000_000);
                cluster.advance(at, &mut (), |_| {});
                let block = |place| if place < 32 { number % 64 * 64 + place + 1 } else { (number + 64) * 64 + place };
                let chain = if is_known { (0..64).map(block).collect() } else { Arc::from([]) };
                let submission = Submission { chain, ..Submission::new(1024, 100) };
                let begin = now();
                cluster.submit(&submission, at)?;
                spent += since(begin);
            }
            *cost = spent.as_secs_f64() * 1e6 / REQUESTS as f64;
        }
        println!("route {name:12} over 8 workers: {:.2} µs, {:.2} µs with 64 known blocks", costs[0], costs[1]);
    }
    Ok(())
}

fn cluster(strategy: Strategy) -> Result<Cluster> {
    let workers = (0..8).map(|seed| Ok((Role::Aggregated, replica(seed)?))).collect::<Result<_>>()?;
    Ok(Cluster::with_roles(workers, ClusterSettings::of(strategy))?)
}

/// An hour of Azure's conversations over eight replicas.
fn replay(path: &Path, name: &str, strategy: Strategy) -> Result<()> {
    let text = std::fs::read_to_string(path).with_context(|| format!("can't read {}", path.display()))?;
    let requests = text.lines().skip(1).map(parse).collect::<Option<Vec<_>>>().context("a line of the trace is odd")?;
    let start = requests.first().map_or(0, |request| request.0);
    let mut cluster = cluster(strategy)?;
    let mut seen = Seen::default();
    let begin = now();
    for (at, prompt, output) in &requests {
        let at = Tick::from_nanos(at - start);
        cluster.advance(at, &mut (), |event| seen.take(&event));
        let request = cluster.submit(&Submission::new(*prompt, *output), at)?;
        seen.arrivals.resize(seen.arrivals.len().max(request.slot() + 1), at);
        seen.arrivals[request.slot()] = at;
    }
    while let Some(at) = cluster.next_event() {
        cluster.advance(at, &mut (), |event| seen.take(&event));
    }
    let spent = since(begin).as_secs_f64();
    seen.ttfts.sort_by(f64::total_cmp);
    println!(
        "{name:12} {} requests, {} tokens, {:.0} s of traffic over 8 replicas: {spent:.2} s; TTFT mean {:.1} ms, p99 {:.1} ms",
        requests.len(),
        seen.tokens,
        seen.last.since(Tick::default()).as_secs_f64(),
        seen.ttfts.iter().sum::<f64>() * 1e3 / seen.ttfts.len() as f64,
        seen.ttfts.get(seen.ttfts.len() * 99 / 100).copied().unwrap_or_default() * 1e3,
    );
    Ok(())
}

/// What a replay has shown so far.
#[derive(Default)]
struct Seen {
    tokens: u64,
    last: Tick,
    /// By slot of the request.
    arrivals: Vec<Tick>,
    /// Seconds.
    ttfts: Vec<f64>,
}

impl Seen {
    fn take(&mut self, event: &ClusterEvent) {
        let ClusterEvent::Tokens(event) = event else { return };
        self.tokens += u64::from(event.tokens);
        self.last = self.last.max(event.at);
        if event.produced == event.tokens {
            self.ttfts.push(event.at.since(self.arrivals[event.request.slot()]).as_secs_f64());
        }
    }
}

/// `2023-11-16 18:15:46.6805900,374,44`: nanoseconds of the day, prompt and answer.
fn parse(line: &str) -> Option<(u64, u32, u32)> {
    let mut fields = line.split(',');
    let (_, time) = fields.next()?.split_once(' ')?;
    let mut parts = time.splitn(3, ':');
    let (hours, minutes) = (parts.next()?.parse::<u64>().ok()?, parts.next()?.parse::<u64>().ok()?);
    let seconds: f64 = parts.next()?.parse().ok()?;
    let nanos = (hours * 3600 + minutes * 60) * 1_000_000_000 + (seconds * 1e9) as u64;
    Some((nanos, fields.next()?.trim().parse().ok()?, fields.next()?.trim().parse().ok()?))
}
