//! Clusters as a caller sees them.

use std::collections::BTreeMap;
use std::time::Duration;

use fakeai_core::Seed;

use super::*;
use crate::kv::{Capacity, KvEvent};
use crate::route::{KvCost, OverlapSource, Reason, RouteSettings, Stage, Strategy};
use crate::scheduler::{EngineKind, Settings, StepReport};
use crate::step::{Noise, StepModel};

fn millis(count: u64) -> Tick {
    Tick::from_nanos(count * 1_000_000)
}

/// 10 ms a step, 100 blocks of 16 tokens.
fn replica() -> Replica {
    let settings = Settings { noise: Noise::NONE, ..Settings::new(EngineKind::Vllm, Capacity::of(100, 16)) };
    Replica::new(settings, StepModel::fixed(0.01, 0.0)).unwrap()
}

fn cluster(workers: usize, settings: ClusterSettings) -> Cluster {
    Cluster::with_roles((0..workers).map(|_| (Role::Aggregated, replica())).collect(), settings).unwrap()
}

/// Everything that happens from now on.
fn finish(cluster: &mut Cluster) -> Vec<ClusterEvent> {
    let mut events = Vec::new();
    while let Some(at) = cluster.next_event() {
        cluster.advance(at, &mut (), |event| events.push(event));
    }
    events
}

fn tokens(events: &[ClusterEvent]) -> Vec<Tokens> {
    events
        .iter()
        .filter_map(|event| if let ClusterEvent::Tokens(tokens) = event { Some(*tokens) } else { None })
        .collect()
}

#[test]
fn sequences_spread_and_all_are_served() {
    let mut cluster = cluster(3, ClusterSettings::default());
    let mut workers: Vec<usize> = (0..6)
        .map(|_| {
            let request = cluster.submit(&Submission::new(10, 5), millis(0)).unwrap();
            cluster.worker_of(request).unwrap()
        })
        .collect();
    workers.sort_unstable();
    assert_eq!(workers, [0, 0, 1, 1, 2, 2]);
    let mut written = BTreeMap::new();
    for event in tokens(&finish(&mut cluster)) {
        *written.entry((event.request, event.worker)).or_insert(0) += event.tokens;
    }
    assert_eq!(written.len(), 6);
    assert!(written.values().all(|tokens| *tokens == 5));
    assert_eq!((cluster.totals().finished, cluster.in_flight()), (6, 0));
    assert!(Cluster::new(Vec::new()).is_err());
}

#[test]
fn a_request_is_dropped_wherever_it_is() {
    let mut cluster = cluster(1, ClusterSettings::of(Strategy::RoundRobin));
    let request = cluster.submit(&Submission::new(10, 5), millis(0)).unwrap();
    cluster.advance(millis(25), &mut (), |_| {});
    assert!(cluster.abort(request) && !cluster.abort(request));
    assert!(tokens(&finish(&mut cluster)).is_empty());
    assert_eq!((cluster.totals().aborted, cluster.workers()[0].active_requests()), (1, 0));
    assert_eq!(cluster.replicas()[0].free_blocks(), 100);
}

fn chain(family: u64, blocks: u64) -> std::sync::Arc<[u64]> {
    (1..=blocks).map(|place| family * 1000 + place).collect()
}

fn prompt(family: u64, tokens: u32, output: u32) -> Submission {
    Submission { chain: chain(family, u64::from(tokens / 16)), ..Submission::new(tokens, output) }
}

fn routed(events: &[ClusterEvent]) -> Vec<Routed> {
    events
        .iter()
        .filter_map(|event| if let ClusterEvent::Routed(routed) = event { Some(*routed) } else { None })
        .collect()
}

#[test]
fn a_prompt_goes_where_its_beginning_is_cached() {
    let overlap = [OverlapSource::Exact, OverlapSource::Events, OverlapSource::REMEMBERED];
    for (name, strategy) in Strategy::all().into_iter().filter(|(_, strategy)| strategy.uses_overlap()) {
        for source in overlap {
            let route = RouteSettings { overlap: Some(source), ..RouteSettings::of(strategy) };
            let mut cluster = cluster(4, ClusterSettings { route, ..ClusterSettings::default() });
            for family in 0..4 {
                let at = millis(1000 * family);
                cluster.advance(at, &mut (), |_| {});
                let first = cluster.submit(&prompt(family, 320, 2), at).unwrap();
                let worker = cluster.worker_of(first).unwrap();
                finish(&mut cluster);
                let again = cluster.submit(&prompt(family, 320, 2), millis(1000 * family + 500)).unwrap();
                assert_eq!(cluster.worker_of(again), Some(worker), "{name} {source:?}");
                assert_eq!(cluster.choice(Stage::Whole).overlap_blocks, 19, "{name} {source:?}");
                let events = finish(&mut cluster);
                assert_eq!(tokens(&events)[0].cached_tokens, 304);
                assert_eq!(routed(&events)[0].best_overlap_blocks, 19);
            }
        }
    }
}

#[test]
fn remembered_blocks_expire_and_real_ones_do_not() {
    for (source, expected) in [(OverlapSource::REMEMBERED, 0), (OverlapSource::Events, 19)] {
        let route = RouteSettings { overlap: Some(source), ..RouteSettings::of(Strategy::Kv(KvCost::default())) };
        let mut cluster = cluster(2, ClusterSettings { route, ..ClusterSettings::default() });
        cluster.submit(&prompt(1, 320, 2), millis(0)).unwrap();
        finish(&mut cluster);
        cluster.advance(millis(121_000), &mut (), |_| {});
        cluster.submit(&prompt(1, 320, 2), millis(121_000)).unwrap();
        assert_eq!(cluster.choice(Stage::Whole).overlap_blocks, expected);
    }
}

#[test]
fn old_signals_send_everybody_to_the_same_worker() {
    let spread = |signal_interval| {
        let route = RouteSettings { signal_interval, ..RouteSettings::default() };
        let mut cluster = cluster(2, ClusterSettings { route, ..ClusterSettings::default() });
        let first = cluster.submit(&Submission::new(10, 1000), millis(0)).unwrap();
        let worker = cluster.worker_of(first).unwrap();
        cluster.advance(millis(1000), &mut (), |_| {});
        let requests: Vec<RequestId> =
            (0..9).map(|_| cluster.submit(&Submission::new(10, 1000), millis(1000)).unwrap()).collect();
        requests.iter().filter(|request| cluster.worker_of(**request) == Some(worker)).count()
    };
    assert_eq!(spread(Duration::ZERO), 4);
    assert_eq!(spread(Duration::from_secs(1)), 0);
}

#[test]
fn a_session_goes_back_to_its_worker() {
    let mut cluster = cluster(4, ClusterSettings::default());
    let mut before = None;
    for turn in 0..8 {
        let at = millis(turn * 1000);
        cluster.advance(at, &mut (), |_| {});
        let request = cluster.submit_in_session(&Submission::new(10, 5), 7, at).unwrap();
        let worker = cluster.worker_of(request);
        assert!(before.is_none() || worker == before);
        before = worker;
    }
    assert_eq!(cluster.choice(Stage::Whole).reason, Reason::Session);
    let worker = before.unwrap();
    assert!(cluster.retire(worker) && !cluster.retire(worker));
    let request = cluster.submit_in_session(&Submission::new(10, 5), 7, millis(8000)).unwrap();
    assert_ne!(cluster.worker_of(request), before);
}

#[test]
fn what_is_too_much_is_refused_in_the_words_of_the_real_thing() {
    let with = |limits| cluster(2, ClusterSettings { limits, ..ClusterSettings::default() });
    let long = Submission::new(640, 100);
    let submit = |cluster: &mut Cluster| cluster.submit(&long, millis(0));

    let mut cluster = with(Limits { max_in_flight: Some(1), ..Limits::default() });
    submit(&mut cluster).unwrap();
    assert_eq!(submit(&mut cluster), Err(Refusal::TooManyInFlight { in_flight: 1, limit: 1 }));

    let mut cluster = with(Limits { max_waiting: Some(1), ..Limits::default() });
    submit(&mut cluster).unwrap();
    submit(&mut cluster).unwrap();
    assert_eq!(submit(&mut cluster), Err(Refusal::QueuesFull { workers: 2, waiting: 1 }));

    let mut cluster = with(Limits { busy_prefill_tokens: Some(600), ..Limits::default() });
    submit(&mut cluster).unwrap();
    submit(&mut cluster).unwrap();
    let refusal = submit(&mut cluster).unwrap_err();
    assert_eq!(refusal, Refusal::AllBusy { workers: 2 });
    assert_eq!(refusal.to_string(), "Service temporarily unavailable: All workers are busy, please retry later");
    // Their prompts are read after one step.
    cluster.advance(millis(15), &mut (), |_| {});
    assert!(cluster.submit(&long, millis(15)).is_ok());

    let mut cluster = with(Limits { busy_blocks: Some(0.35), ..Limits::default() });
    submit(&mut cluster).unwrap();
    submit(&mut cluster).unwrap();
    cluster.advance(millis(15), &mut (), |_| {});
    assert_eq!(cluster.submit(&long, millis(15)), Err(Refusal::AllBusy { workers: 2 }));

    assert!(cluster.retire(0) && cluster.retire(1));
    assert_eq!(cluster.submit(&long, millis(15)), Err(Refusal::NoWorker));
    assert!(cluster.recover(0, millis(20)));
    cluster.advance(millis(20), &mut (), |_| {});
    assert_eq!(cluster.submit(&long, millis(20)), Err(Refusal::AllBusy { workers: 1 }));
    assert_eq!((cluster.totals().rejected, cluster.totals().arrived), (3, 5));

    let refusal = with(Limits::default()).submit(&Submission::new(2000, 5), millis(0)).unwrap_err();
    assert!(matches!(refusal, Refusal::Impossible(EngineError::SequenceTooLarge { .. })) && !refusal.is_retryable());
}

#[test]
fn requests_wait_at_the_router_while_all_workers_read() {
    let settings = ClusterSettings { queue_threshold: Some(0.0), ..ClusterSettings::default() };
    let mut cluster = cluster(2, settings);
    let requests: Vec<RequestId> =
        (0..6).map(|_| cluster.submit(&Submission::new(160, 3), millis(0)).unwrap()).collect();
    assert_eq!(cluster.queued(), 4);
    assert!(cluster.abort(requests[3]) && cluster.queued() == 3);
    let events = finish(&mut cluster);
    let waits: Vec<u128> = routed(&events).iter().map(|routed| routed.waited.as_millis()).collect();
    // The prompts of the first two are read by 10 ms. The next two join the steps that begin at 20 ms, since those of
    // 10 ms have begun when the router hears of it; they are read by 30 ms.
    assert_eq!(waits, [0, 0, 10, 10, 30]);
    assert_eq!((cluster.totals().finished, cluster.totals().aborted), (5, 1));
}

#[test]
fn what_a_failed_worker_had_is_lost_or_moved() {
    for migration_limit in [0, 1] {
        let settings = ClusterSettings { migration_limit, ..ClusterSettings::of(Strategy::RoundRobin) };
        let mut cluster = cluster(2, settings);
        let hit = cluster.submit(&prompt(1, 160, 10), millis(0)).unwrap();
        let spared = cluster.submit(&prompt(2, 160, 10), millis(0)).unwrap();
        assert!(cluster.fail(0, millis(45)) && cluster.recover(0, millis(60)) && !cluster.fail(2, millis(0)));
        let events = finish(&mut cluster);
        let of = |request: RequestId| -> Vec<(usize, u32)> {
            tokens(&events).iter().filter(|t| t.request == request).map(|t| (t.worker, t.produced)).collect()
        };
        assert_eq!(of(spared), (1..=10).map(|produced| (1, produced)).collect::<Vec<_>>());
        let before = (1..=4).map(|produced| (0, produced));
        if migration_limit == 0 {
            assert_eq!(of(hit), before.collect::<Vec<_>>());
            assert!(events.contains(&ClusterEvent::Lost { request: hit, worker: 0, at: millis(45) }));
            assert_eq!((cluster.totals().lost, cluster.totals().finished), (1, 1));
        } else {
            assert_eq!(of(hit), before.chain((5..=10).map(|produced| (1, produced))).collect::<Vec<_>>());
            assert!(events.contains(&ClusterEvent::Migrated { request: hit, from: 0, at: millis(45) }));
            assert_eq!((cluster.totals().lost, cluster.totals().finished), (0, 2));
        }
        assert!(events.contains(&ClusterEvent::WorkerRecovered { worker: 0, at: millis(60) }));
        assert_eq!(cluster.replicas()[0].cached_blocks(&chain(1, 10)), 0);
        assert_eq!(cluster.worker_totals(0).unwrap().aborted, 1);
    }
}

#[test]
fn workers_fail_by_chance_only_while_somebody_is_there_to_see_it() {
    let play = |seed| {
        let outages = Outages { mtbf: Duration::from_secs(10), mttr: Duration::from_secs(1), seed: Seed::new(seed) };
        let settings = ClusterSettings { outages: Some(outages), migration_limit: 9, ..ClusterSettings::default() };
        let mut cluster = cluster(4, settings);
        assert_eq!(cluster.next_event(), None);
        for _ in 0..8 {
            cluster.submit(&Submission::new(10, 1500), millis(0)).unwrap();
        }
        let events = finish(&mut cluster);
        assert_eq!(cluster.totals().finished + cluster.totals().lost, 8);
        (cluster.totals().failures, events)
    };
    let (failures, events) = play(42);
    // 15 s and what is done again, four workers: a failure about every 2.8 s.
    assert!((5..40).contains(&failures), "{failures}");
    assert_eq!(events, play(42).1);
    assert_ne!(events, play(43).1);
}

/// 100 kB a token over 1 GB/s, 1 ms of set-up.
fn disaggregated(prefill: usize, decode: usize, settings: ClusterSettings) -> Cluster {
    let link = Link { bytes_per_second: 1e9, setup: Duration::from_millis(1) };
    let transfer = Some(Transfer { link, kv_bytes_per_token: 1e5 });
    let roles = std::iter::repeat_n(Role::Prefill, prefill).chain(std::iter::repeat_n(Role::Decode, decode));
    let workers = roles.map(|role| (role, replica())).collect();
    Cluster::with_roles(workers, ClusterSettings { transfer, ..settings }).unwrap()
}

#[test]
fn the_first_token_comes_after_prefill_transfer_and_a_decode_step() {
    let mut cluster = disaggregated(1, 1, ClusterSettings::default());
    cluster.submit(&prompt(1, 160, 5), millis(0)).unwrap();
    let events = finish(&mut cluster);
    // Prefill to 10 ms, set-up to 11, 160 × 100 kB at 1 GB/s to 27, the first decode step to 37.
    let times: Vec<Tick> = tokens(&events).iter().map(|tokens| tokens.at).collect();
    assert_eq!(times, [37, 47, 57, 67, 77].map(millis));
    assert!(tokens(&events).iter().all(|tokens| tokens.worker == 1));
    let stages: Vec<Stage> = routed(&events).iter().map(|routed| routed.stage).collect();
    assert_eq!(stages, [Stage::Prefill, Stage::Decode]);
    // The same again: nine of ten blocks are there, so 16 tokens travel, in 1.6 ms.
    cluster.advance(millis(100), &mut (), |_| {});
    cluster.submit(&prompt(1, 160, 1), millis(100)).unwrap();
    let events = finish(&mut cluster);
    assert_eq!(tokens(&events)[0].at, Tick::from_nanos(122_600_000));
    assert_eq!(tokens(&events)[0].cached_tokens, 144);
    assert_eq!((cluster.totals().transfers, cluster.totals().transferred_bytes), (2, 17_600_000));
    assert!(cluster.replicas().iter().all(|replica| replica.free_blocks() == 100 && replica.held() == 0));
}

#[test]
fn transfers_at_the_same_time_share_the_link() {
    let mut cluster = disaggregated(2, 2, ClusterSettings::of(Strategy::RoundRobin));
    for family in 0..2 {
        cluster.submit(&prompt(family, 160, 1), millis(0)).unwrap();
    }
    let times: Vec<Tick> = tokens(&finish(&mut cluster)).iter().map(|tokens| tokens.at).collect();
    // 11 ms + 2 × 16 ms + 10 ms.
    assert_eq!(times, [53, 53].map(millis));
}

#[test]
fn either_end_of_a_transfer_may_fail_or_be_dropped() {
    for (victim, at) in [(0, 5), (0, 15), (2, 15), (2, 45)] {
        let settings = ClusterSettings { migration_limit: 1, ..ClusterSettings::of(Strategy::RoundRobin) };
        let mut cluster = disaggregated(2, 2, settings.clone());
        let request = cluster.submit(&prompt(1, 160, 5), millis(0)).unwrap();
        cluster.fail(victim, millis(at));
        let events = finish(&mut cluster);
        let produced: Vec<u32> = tokens(&events).iter().map(|tokens| tokens.produced).collect();
        assert_eq!(produced, [1, 2, 3, 4, 5], "worker {victim} at {at} ms");
        assert_eq!((cluster.totals().finished, cluster.totals().migrations), (1, 1));
        assert_eq!(cluster.worker_of(request), None);

        let mut cluster = disaggregated(2, 2, settings);
        let request = cluster.submit(&prompt(1, 160, 5), millis(0)).unwrap();
        cluster.advance(millis(at), &mut (), |_| {});
        assert!(cluster.abort(request));
        finish(&mut cluster);
        assert!(cluster.replicas().iter().all(|replica| replica.free_blocks() == 100));
        assert_eq!(cluster.transferring(), 0);
    }
}

#[test]
fn roles_must_fit_together() {
    let of = |roles: &[Role], transfer: bool| {
        let link = Link { bytes_per_second: 1e9, setup: Duration::ZERO };
        let transfer = transfer.then_some(Transfer { link, kv_bytes_per_token: 1.0 });
        let workers = roles.iter().map(|role| (*role, replica())).collect();
        Cluster::with_roles(workers, ClusterSettings { transfer, ..ClusterSettings::default() }).is_ok()
    };
    assert!(of(&[Role::Prefill, Role::Decode], true) && of(&[Role::Aggregated], false));
    assert!(!of(&[Role::Prefill, Role::Decode], false) && !of(&[Role::Prefill], true) && !of(&[Role::Decode], true));
    assert!(!of(&[Role::Aggregated], true) && !of(&[Role::Aggregated, Role::Prefill, Role::Decode], true));
}

/// Notes what it is told.
#[derive(Default)]
struct Watcher {
    steps: Vec<usize>,
    admitted: Vec<(usize, RequestId, u32)>,
    stored: usize,
}

impl ClusterObserver for Watcher {
    fn step(&mut self, worker: usize, _report: &StepReport) {
        self.steps.push(worker);
    }

    fn admitted(&mut self, worker: usize, request: RequestId, _waited: Duration, cached_tokens: u32) {
        self.admitted.push((worker, request, cached_tokens));
    }

    fn cache_changed(&mut self, _worker: usize, _rank: u32, events: &[KvEvent]) {
        self.stored += events.len();
    }
}

#[test]
fn an_observer_is_told_which_worker_and_which_request() {
    // The router follows the caches by itself, but only who asks is told of them.
    for (is_noting, stored) in [(false, 0), (true, 10)] {
        let mut cluster = cluster(2, ClusterSettings::of(Strategy::Kv(KvCost::default())));
        if is_noting {
            cluster.note_cache_events();
        }
        let first = cluster.submit(&prompt(1, 160, 2), millis(0)).unwrap();
        let worker = cluster.worker_of(first).unwrap();
        let mut watcher = Watcher::default();
        cluster.advance(millis(100), &mut watcher, |_| {});
        let second = cluster.submit(&prompt(1, 160, 1), millis(100)).unwrap();
        cluster.advance(millis(200), &mut watcher, |_| {});
        assert_eq!(watcher.steps, [worker; 3]);
        assert_eq!(watcher.admitted, [(worker, first, 0), (worker, second, 144)]);
        assert_eq!(watcher.stored, stored);
    }
}

#[test]
fn who_waits_at_the_router_is_refused_when_nobody_is_left() {
    let settings = ClusterSettings { queue_threshold: Some(0.0), ..ClusterSettings::default() };
    let mut cluster = cluster(1, settings);
    let served = cluster.submit(&Submission::new(160, 3), millis(0)).unwrap();
    let queued = cluster.submit(&Submission::new(160, 3), millis(0)).unwrap();
    cluster.fail(0, millis(5));
    let events = finish(&mut cluster);
    assert!(events.contains(&ClusterEvent::Lost { request: served, worker: 0, at: millis(5) }));
    let refusal = Box::new(Refusal::NoWorker);
    assert!(events.contains(&ClusterEvent::Rejected { request: queued, at: millis(5), refusal }));
    assert_eq!(cluster.submit(&Submission::new(160, 3), millis(9)), Err(Refusal::NoWorker));
}

#[test]
fn the_router_sees_each_data_parallel_rank() {
    let settings = Settings { noise: Noise::NONE, ..Settings::new(EngineKind::Vllm, Capacity::of(100, 16)) };
    let engine = || Replica::of_ranks(&settings, &StepModel::fixed(0.01, 0.0), 2).unwrap();
    let workers = vec![(Role::Aggregated, engine()), (Role::Aggregated, engine())];
    let mut cluster = Cluster::with_roles(workers, ClusterSettings::of(Strategy::Kv(KvCost::default()))).unwrap();
    let mut homes = BTreeMap::new();
    for round in 0..3 {
        for family in 0..4 {
            cluster.submit(&prompt(family, 320, 2), millis(1000 * round)).unwrap();
        }
        let events = finish(&mut cluster);
        for (family, routed) in (0..).zip(routed(&events)) {
            let home = (routed.worker, routed.rank);
            assert_eq!(*homes.entry(family).or_insert(home), home);
            assert_eq!(routed.overlap_blocks, if round == 0 { 0 } else { 19 });
        }
        assert!(tokens(&events).iter().all(|tokens| tokens.cached_tokens == if round == 0 { 0 } else { 304 }));
    }
    homes
        .values()
        .enumerate()
        .for_each(|(place, home)| assert!(!homes.values().take(place).any(|other| other == home)));
    assert_eq!(cluster.targets()[3], Target { worker: 1, rank: 1 });
    let named = cluster.submit(&Submission { rank: Some(1), ..prompt(9, 320, 2) }, millis(9000)).unwrap();
    assert!(
        matches!(finish(&mut cluster)[0], ClusterEvent::Routed(Routed { request, rank: 1, .. }) if request == named)
    );
    for cluster in [&mut cluster, &mut super::tests::cluster(1, ClusterSettings::default())] {
        let refusal = cluster.submit(&Submission { rank: Some(2), ..prompt(9, 320, 2) }, millis(9000)).unwrap_err();
        assert_eq!(refusal.to_string(), "there is no data-parallel rank 2");
    }
}
