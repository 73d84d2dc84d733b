//! What holds for every cluster, whatever is done to it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::kv::Capacity;
use crate::route::{OverlapSource, SessionSettings, Strategy as Rule};
use crate::scheduler::{EngineKind, Settings};
use crate::step::StepModel;

#[derive(Clone, Debug)]
enum Act {
    Submit { prompt: u32, output: u32, family: u64, session: Option<u64> },
    Advance(u64),
    Abort(usize),
    Fail(usize, u64),
    Recover(usize, u64),
    Retire(usize),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (1_u32..150, 1_u32..30, 1_u64..4, prop::option::of(0_u64..3))
            .prop_map(|(prompt, output, family, session)| Act::Submit { prompt, output, family, session }),
        6 => (0_u64..40).prop_map(Act::Advance),
        1 => (0_usize..40).prop_map(Act::Abort),
        1 => (0_usize..5, 0_u64..60).prop_map(|(worker, after)| Act::Fail(worker, after)),
        1 => (0_usize..5, 0_u64..60).prop_map(|(worker, after)| Act::Recover(worker, after)),
        1 => (0_usize..5).prop_map(Act::Retire),
    ]
}

#[derive(Clone, Debug)]
struct Shape {
    workers: Vec<(Role, Settings)>,
    ranks: u32,
    settings: ClusterSettings,
}

fn shape() -> impl Strategy<Value = Shape> {
    let kind = prop_oneof![Just(EngineKind::Vllm), Just(EngineKind::Sglang), Just(EngineKind::Trtllm)];
    let overlap = prop::option::of(prop_oneof![
        Just(OverlapSource::Exact),
        Just(OverlapSource::Events),
        Just(OverlapSource::Remembered { ttl: Some(Duration::from_millis(100)), capacity: 12 }),
    ]);
    let route = (0_usize..6, overlap, prop::sample::select(vec![0, 7, 50]), any::<bool>(), any::<u64>()).prop_map(
        |(rule, overlap, interval, has_sessions, seed)| RouteSettings {
            strategy: Rule::all()[rule].1,
            overlap,
            signal_interval: Duration::from_millis(interval),
            sessions: has_sessions.then(|| SessionSettings { capacity: 2, ..SessionSettings::default() }),
            seed: Seed::new(seed),
        },
    );
    let limits = (prop::option::of(1_usize..9), prop::option::of(1_usize..4), prop::option::of(0.2..1.0)).prop_map(
        |(max_in_flight, max_waiting, busy_blocks)| Limits {
            max_in_flight,
            max_waiting,
            busy_blocks,
            busy_prefill_tokens: None,
        },
    );
    let failing = (0_u32..3, prop::option::of((20_u64..300, 5_u64..50, any::<u64>())));
    let sizes = (1_usize..4, 0_usize..3, 16_u32..40, 1_u32..8, 1_u32..4);
    (kind, route, limits, prop::option::of(0.0..2.0), failing, sizes).prop_map(
        |(kind, route, limits, queue_threshold, (migration_limit, outages), sizes)| {
            let (many, prefill, blocks, max_sequences, ranks) = sizes;
            let settings = Settings {
                max_sequences,
                max_batched_tokens: 64,
                ..Settings::new(kind, Capacity { blocks, block_tokens: 16, blocks_per_sequence: 0 })
            };
            let link = Link { bytes_per_second: 1e6, setup: Duration::from_millis(1) };
            let own = if prefill > 0 { Role::Decode } else { Role::Aggregated };
            let roles = std::iter::repeat_n(Role::Prefill, prefill).chain(std::iter::repeat_n(own, many));
            Shape {
                ranks,
                workers: roles.map(|role| (role, settings.clone())).collect(),
                settings: ClusterSettings {
                    route,
                    limits,
                    queue_threshold,
                    migration_limit,
                    outages: outages.map(|(mtbf, mttr, seed)| Outages {
                        mtbf: Duration::from_millis(mtbf),
                        mttr: Duration::from_millis(mttr),
                        seed: Seed::new(seed),
                    }),
                    transfer: (prefill > 0).then_some(Transfer { link, kv_bytes_per_token: 100.0 }),
                    remote: None,
                },
            }
        },
    )
}

/// What the caller of a cluster sees.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    events: Vec<ClusterEvent>,
    submitted: BTreeMap<RequestId, u32>,
    ended: BTreeSet<RequestId>,
}

impl Seen {
    fn end(&mut self, request: RequestId) -> Result<(), TestCaseError> {
        prop_assert!(self.submitted.contains_key(&request) && self.ended.insert(request), "{request:?} ended twice");
        Ok(())
    }

    /// Looks at what is new: every request ends once, and its tokens are numbered without a gap.
    fn look(&mut self, from: usize, produced: &mut BTreeMap<RequestId, u32>) -> Result<(), TestCaseError> {
        for place in from..self.events.len() {
            match self.events[place].clone() {
                ClusterEvent::Tokens(tokens) => {
                    let count = produced.entry(tokens.request).or_insert(0);
                    *count += tokens.tokens;
                    prop_assert_eq!(*count, tokens.produced);
                    prop_assert!(!self.ended.contains(&tokens.request));
                    prop_assert_eq!(tokens.is_last, Some(count) == self.submitted.get_mut(&tokens.request));
                    if tokens.is_last {
                        self.end(tokens.request)?;
                    }
                }
                ClusterEvent::Lost { request, .. } | ClusterEvent::Rejected { request, .. } => self.end(request)?,
                ClusterEvent::Routed(_)
                | ClusterEvent::Migrated { .. }
                | ClusterEvent::Transferred(_)
                | ClusterEvent::WorkerFailed { .. }
                | ClusterEvent::WorkerRecovered { .. } => {}
            }
        }
        Ok(())
    }
}

fn check(cluster: &Cluster) -> Result<(), TestCaseError> {
    let totals = cluster.totals();
    let ended = totals.rejected + totals.finished + totals.aborted + totals.lost;
    prop_assert_eq!(totals.arrived, ended + cluster.in_flight() as u64);
    for (worker, replica) in cluster.workers().iter().zip(cluster.replicas()) {
        let is_down = worker.state() == WorkerState::Failed;
        prop_assert!(!is_down || worker.active_requests() == 0 && replica.running() + replica.waiting() == 0);
    }
    Ok(())
}

fn play(shape: &Shape, acts: &[Act]) -> Result<Seen, TestCaseError> {
    let model = StepModel::fixed(0.005, 0.0001);
    let workers =
        shape.workers.iter().map(|(role, settings)| (*role, Replica::of_ranks(settings, &model, shape.ranks).unwrap()));
    let mut cluster = Cluster::with_roles(workers.collect(), shape.settings.clone()).unwrap();
    let (mut seen, mut produced, mut ids, mut now) = (Seen::default(), BTreeMap::new(), Vec::new(), Tick::default());
    for act in acts {
        let from = seen.events.len();
        match *act {
            Act::Submit { prompt, output, family, session } => {
                let chain = (1..=u64::from((prompt + output) / 16)).map(|place| family * 1000 + place).collect();
                let submission = Submission { chain, ..Submission::new(prompt, output) };
                let result = match session {
                    Some(session) => cluster.submit_in_session(&submission, session, now),
                    None => cluster.submit(&submission, now),
                };
                if let Ok(id) = result {
                    prop_assert!(seen.submitted.insert(id, output).is_none());
                    ids.push(id);
                }
            }
            Act::Advance(by) => {
                now = now + Duration::from_millis(by);
                cluster.advance(now, &mut (), |event| seen.events.push(event));
            }
            Act::Abort(which) => {
                if let Some(id) = ids.get(which).filter(|id| cluster.abort(**id)) {
                    seen.end(*id)?;
                }
            }
            Act::Fail(worker, after) => drop(cluster.fail(worker, now + Duration::from_millis(after))),
            Act::Recover(worker, after) => drop(cluster.recover(worker, now + Duration::from_millis(after))),
            Act::Retire(worker) => drop(cluster.retire(worker)),
        }
        seen.look(from, &mut produced)?;
        check(&cluster)?;
    }
    let mut turns = 0;
    while let Some(at) = cluster.next_event() {
        let from = seen.events.len();
        now = now.max(at);
        cluster.advance(now, &mut (), |event| seen.events.push(event));
        seen.look(from, &mut produced)?;
        turns += 1;
        prop_assert!(turns < 100_000, "it hangs");
    }
    check(&cluster)?;
    prop_assert_eq!(cluster.in_flight(), 0);
    prop_assert_eq!(seen.ended.len(), seen.submitted.len());
    prop_assert_eq!(produced.values().map(|tokens| u64::from(*tokens)).sum::<u64>(), cluster.totals().tokens);
    for ((worker, replica), (_, settings)) in cluster.workers().iter().zip(cluster.replicas()).zip(&shape.workers) {
        for book in worker.books() {
            prop_assert_eq!((book.requests(), book.prefill_tokens(), book.active_blocks()), (0, 0, 0));
        }
        prop_assert_eq!((replica.free_blocks(), replica.held()), (settings.capacity.blocks * shape.ranks, 0));
    }
    prop_assert_eq!(cluster.transferring(), 0);
    Ok(seen)
}

proptest! {
    #[test]
    fn every_request_ends_once_and_tokens_are_conserved(
        shape in shape(),
        acts in prop::collection::vec(act(), 1..60),
    ) {
        let once = play(&shape, &acts)?;
        prop_assert_eq!(once, play(&shape, &acts)?);
    }
}
