//! Whole runs: they agree with the benchmark the engine is calibrated by, lose nothing, and repeat.

#![expect(clippy::unwrap_used, reason = "what fails in a helper fails the test")]

use std::sync::Arc;
use std::time::Duration;

use fakeai_core::Seed;
use fakeai_engine::calibrate::{ClosedLoop, run_closed_loop};
use fakeai_engine::scheduler::Replica;
use fakeai_engine::step::{EngineKind, Noise};
use fakeai_engine::{Architecture, Deployment, Gpu, LatencyTable};
use fakeai_simulate::*;
use proptest::prelude::*;

fn deployment(model: &str) -> Deployment {
    let architecture = Architecture::find(model).unwrap().clone();
    Deployment::new(EngineKind::Vllm, architecture, Gpu::find("h100").unwrap().clone()).unwrap()
}

fn case(deployment: Deployment, synthetic: Synthetic, arrivals: Arrivals) -> Case {
    let load = Load { source: Source::Synthetic(synthetic), arrivals, turn_pause: Duration::ZERO, seed: Seed::new(42) };
    Case { labels: Labels::default(), served: Served { deployment, table: None }, load }
}

fn simulated(case: &Case, measure: &Measure) -> (Point, Run) {
    simulate(case, measure, &mut |_, _| {}).unwrap()
}

fn fixed(requests: u32, prompt: u32, output: u32) -> Synthetic {
    let requests = Requests::Count(requests);
    Synthetic { requests, prompt: Lengths::Fixed(prompt), output: Lengths::Fixed(output), ..Synthetic::new() }
}

fn closed(concurrency: u32) -> Arrivals {
    Arrivals::Closed { concurrency, think: Duration::ZERO }
}

#[test]
fn a_closed_loop_agrees_with_the_engines_own_benchmark() {
    for (concurrency, prompt, output) in [(1, 500, 40), (8, 3000, 30), (64, 1024, 50)] {
        let mut deployment = deployment("llama-3.1-8b");
        deployment.settings.noise = Noise::NONE;
        let mut replica = Replica::new(deployment.settings_of(0).unwrap(), deployment.step_model()).unwrap();
        let benchmark = ClosedLoop { shortest: 1.0, ..ClosedLoop::new(concurrency, prompt, output) };
        let expected = run_closed_loop(&mut replica, &benchmark).unwrap();
        let case = case(deployment, fixed(benchmark.prompts, prompt, output), closed(concurrency));
        let found = simulated(&case, &Measure::default()).0.summary;
        for (found, expected) in [
            (found.ttft_ms.mean, expected.ttft_ms),
            (found.tpot_ms.mean, expected.tpot_ms),
            (found.output_tokens_per_second, expected.tokens_per_second),
        ] {
            assert!((found / expected - 1.0).abs() < 1e-6, "{concurrency}: {found} {expected}");
        }
    }
}

#[test]
fn turns_follow_their_answers_and_hit_the_cache() {
    let turns = Synthetic { turns: 4, turn_pause: Duration::from_secs(1), ..fixed(40, 512, 64) };
    let (point, run) =
        simulated(&case(deployment("llama-3.1-8b"), turns, Arrivals::Poisson { rate: 0.5 }), &Measure::default());
    for session in run.records.chunks(4) {
        for pair in session.windows(2) {
            assert_eq!(pair[1].arrival, pair[0].end + Duration::from_secs(1));
            assert!(pair[1].cached_tokens > pair[0].prompt_tokens - 16, "{pair:?}");
        }
    }
    assert!(point.summary.cache_hit_rate > 0.5, "{}", point.summary.cache_hit_rate);
}

#[test]
fn what_cannot_run_is_rejected_and_counted() {
    let mut small = deployment("llama-3.1-8b");
    (small.kv_blocks, small.settings.max_sequence_tokens) = (Some(100), 3000);
    for (prompt, kind) in [(2000, Rejection::CacheTooSmall), (4000, Rejection::ContextTooLong)] {
        for arrivals in [closed(4), Arrivals::Poisson { rate: 1.0 }] {
            let (point, _) = simulated(&case(small.clone(), fixed(20, prompt, 10), arrivals), &Measure::default());
            let summary = point.summary;
            assert_eq!((summary.rejected, summary.finished, summary.rejections[0].kind), (20, 0, kind));
        }
    }
}

#[test]
fn a_warm_up_does_not_count() {
    let case = case(deployment("llama-3.1-8b"), fixed(100, 100, 10), closed(10));
    let measure = Measure { options: Options { warmup: 0.3, interval: None }, ..Measure::default() };
    let summary = simulated(&case, &measure).0.summary;
    assert_eq!((summary.requests, summary.output_tokens), (70, 700));
    assert!(
        simulate(&case, &Measure { options: Options { warmup: 1.0, interval: None }, ..measure }, &mut |_, _| {})
            .is_err()
    );
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let synthetic = Synthetic { requests: Requests::Count(200), ..Synthetic::new() };
    let case = case(deployment("llama-3.1-8b"), synthetic, Arrivals::Gamma { rate: 20.0, variation: 2.0 });
    let json = || serde_json::to_string(&simulated(&case, &Measure::default()).0).unwrap();
    assert_eq!(json(), json());
    let mut other = case.clone();
    other.load.seed = Seed::new(43);
    assert_ne!(json(), serde_json::to_string(&simulated(&other, &Measure::default()).0).unwrap());
}

#[test]
fn the_highest_rate_keeps_the_promise_and_a_higher_one_does_not() {
    let slo: Slo = "ttft=1s,itl=60ms".parse().unwrap();
    let measure = Measure { slo: Some(slo.clone()), find: Some(Find::Rate), ..Measure::default() };
    let synthetic = Synthetic { requests: Requests::Count(400), ..Synthetic::new() };
    let case = case(deployment("llama-3.1-8b"), synthetic, Arrivals::Poisson { rate: 1.0 });
    let found = simulate_all(std::slice::from_ref(&case), &measure, 1, &Progress::default()).remove(0).unwrap().0;
    let rate = found.found.as_ref().unwrap().value;
    assert!(slo.is_kept(&found.summary) && rate > 1.0);
    let faster = Case { load: case.load.at_rate(rate * 1.05), ..case.clone() };
    assert!(!slo.is_kept(&simulated(&faster, &Measure::default()).0.summary));
    // Twice the rate needs about twice the GPUs.
    let twice = Case { load: case.load.at_rate(rate * 2.0), ..case };
    let measure = Measure { find: Some(Find::Gpus), ..measure };
    let found = simulate_all(&[twice], &measure, 1, &Progress::default()).remove(0).unwrap().0;
    assert!((2.0..=3.0).contains(&found.found.unwrap().value));
}

#[test]
fn what_nothing_can_keep_is_said() {
    let measure = Measure { slo: Some("ttft=1ms".parse().unwrap()), find: Some(Find::Rate), ..Measure::default() };
    let case = case(deployment("llama-3.1-8b"), fixed(50, 100, 10), Arrivals::Poisson { rate: 1.0 });
    for find in [Find::Rate, Find::Gpus] {
        let measure = Measure { find: Some(find), ..measure.clone() };
        let failure =
            simulate_all(std::slice::from_ref(&case), &measure, 1, &Progress::default()).remove(0).unwrap_err();
        assert!(failure.reason.starts_with("nothing keeps TTFT ≤ 1 ms at p95: with "), "{}", failure.reason);
    }
}

#[test]
fn a_table_of_latencies_is_followed() {
    let csv = "concurrency,ttft_p50_ms,ttft_p90_ms,ttft_p99_ms,itl_p50_ms,itl_p90_ms,itl_p99_ms\n\
               1,50,60,80,10,11,15\n32,400,600,900,20,25,40\n";
    let mut case = case(deployment("llama-3.1-8b"), fixed(400, 100, 100), closed(32));
    case.served.table = Some(Arc::new(LatencyTable::read_csv(csv).unwrap()));
    let (point, run) = simulated(&case, &Measure::default());
    let summary = point.summary;
    assert_eq!((summary.finished, run.work.steps), (400, 0));
    assert!((summary.itl_ms.p50 / 20.0 - 1.0).abs() < 0.05, "{:?}", summary.itl_ms);
    assert!((summary.ttft_ms.p50 / 400.0 - 1.0).abs() < 0.3, "{:?}", summary.ttft_ms);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn nothing_is_lost(
        seed: u64,
        is_closed: bool,
        turns in 1_u32..4,
        replicas in 1_u32..4,
        kv_blocks in 20_u32..400,
        engine in 0_usize..3,
        most_waiting in prop::option::of(0_usize..20),
    ) {
        let mut deployment = deployment("llama-3.1-8b");
        deployment.settings.kind = [EngineKind::Vllm, EngineKind::Sglang, EngineKind::Trtllm][engine];
        (deployment.kv_blocks, deployment.replicas) = (Some(kv_blocks), replicas);
        deployment.settings.max_waiting = most_waiting;
        let synthetic = Synthetic {
            requests: Requests::Count(60),
            prompt: Lengths::Uniform(1, 2000),
            output: Lengths::Uniform(1, 60),
            prefixes: Some(Prefixes { groups: 2, tokens: 100 }),
            turns,
            turn_pause: Duration::from_millis(100),
        };
        let arrivals = if is_closed { closed(12) } else { Arrivals::Poisson { rate: 30.0 } };
        let mut case = case(deployment, synthetic, arrivals);
        case.load.seed = Seed::new(seed);
        let (point, run) = simulated(&case, &Measure::default());
        let Summary { requests, finished, rejected, .. } = point.summary;
        prop_assert_eq!((requests, requests), (run.records.len() as u64, finished + rejected));
        for record in &run.records {
            prop_assert!(record.outcome != Outcome::Pending);
            if record.outcome == Outcome::Finished {
                prop_assert!(record.arrival <= record.first && record.first <= record.end);
                prop_assert!(record.queued <= record.first.since(record.arrival));
                prop_assert!(record.cached_tokens < record.prompt_tokens);
            }
        }
        let sum = |of: fn(&Sample) -> u64| run.series.samples.iter().map(of).sum::<u64>();
        prop_assert_eq!(sum(|sample| sample.arrived), requests);
        prop_assert_eq!(sum(|sample| sample.finished), finished);
        prop_assert_eq!(sum(|sample| sample.written_tokens), point.summary.output_tokens);
        prop_assert!(run.series.samples.iter().all(|sample| (0.0..=1.0).contains(&sample.kv_usage)));
    }
}
