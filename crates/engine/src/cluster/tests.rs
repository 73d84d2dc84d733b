//! Clusters as a caller sees them.

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::kv::Capacity;
use crate::route::{RouteSettings, Strategy};
use crate::scheduler::{EngineKind, Settings};
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
    assert_eq!((cluster.totals().aborted, cluster.workers()[0].book().requests()), (1, 0));
    assert_eq!(cluster.replicas()[0].free_blocks(), 100);
}
