//! What serves: the engine's cluster, or replicas that follow a table of measured latencies.

use fakeai_core::Tick;
use fakeai_engine::cluster::{Cluster, ClusterEvent, ClusterObserver, Refusal, RequestId};
use fakeai_engine::scheduler::{Replica, Submission};

use crate::SimulateError;
use crate::case::Served;
use crate::cost::watts;
use crate::tabled::Tabled;

/// Tokens of a request left a replica.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    /// A number unique among the requests in flight.
    pub(crate) slot: usize,
    pub(crate) replica: usize,
    pub(crate) at: Tick,
    pub(crate) tokens: u32,
    /// How many there are now, these included.
    pub(crate) produced: u32,
    pub(crate) cached_tokens: u32,
    pub(crate) is_last: bool,
}

/// Something happened to a request.
#[derive(Clone, Debug)]
pub(crate) enum Happened {
    Token(Token),
    /// It was taken in and refused after all.
    Refused(usize, Tick, Refusal),
    /// It went down with its worker.
    Lost(usize, Tick),
}

/// How things stand.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Gauges {
    pub(crate) running: usize,
    pub(crate) waiting: usize,
    /// Share of the KV blocks in use.
    pub(crate) kv_usage: f64,
}

/// What serves.
#[derive(Debug)]
pub(crate) struct Replicas {
    kind: Kind,
    block_tokens: u32,
    blocks: u32,
    /// Power of one GPU, idle and at most, W.
    watts: (f64, f64),
}

#[derive(Debug)]
enum Kind {
    Cluster(Box<Cluster>),
    Tabled(Vec<Tabled>),
}

impl Replicas {
    pub(crate) fn new(served: &Served) -> Result<Self, SimulateError> {
        let deployment = &served.deployment;
        let capacity = deployment.capacity()?;
        let kind = match &served.table {
            None => Kind::Cluster(Box::new(deployment.cluster()?)),
            Some(table) => {
                let settings = &deployment.settings;
                let replica = |number: u32| {
                    let seed = settings.seed.derive("replica").mix(number.into());
                    Tabled::new(table.clone(), settings.max_sequence_tokens, seed)
                };
                Kind::Tabled((0..deployment.replicas.max(1)).map(replica).collect())
            }
        };
        Ok(Self { kind, block_tokens: capacity.block_tokens, blocks: capacity.blocks, watts: watts(&deployment.gpu) })
    }

    pub(crate) const fn block_tokens(&self) -> u32 {
        self.block_tokens
    }

    pub(crate) fn count(&self) -> usize {
        match &self.kind {
            Kind::Cluster(cluster) => cluster.replicas().len(),
            Kind::Tabled(replicas) => replicas.len(),
        }
    }

    /// Takes a request in, of a session if it has one; says its slot.
    pub(crate) fn submit(&mut self, submission: &Submission, session: Option<u64>, at: Tick) -> Result<usize, Refusal> {
        match &mut self.kind {
            Kind::Cluster(cluster) => match session {
                Some(session) => cluster.submit_in_session(submission, session, at),
                None => cluster.submit(submission, at),
            }
            .map(RequestId::slot),
            Kind::Tabled(replicas) => {
                let least = (0..replicas.len()).min_by_key(|place| replicas[*place].running()).unwrap_or_default();
                let slot = replicas[least].submit(submission, at).map_err(Refusal::Impossible)?;
                Ok(slot * replicas.len() + least)
            }
        }
    }

    /// Runs everything that ends by `now`.
    pub(crate) fn advance<O: ClusterObserver>(&mut self, now: Tick, observer: &mut O, happened: &mut Vec<Happened>) {
        match &mut self.kind {
            Kind::Cluster(cluster) => cluster.advance(now, observer, |event| match event {
                ClusterEvent::Tokens(tokens) => happened.push(Happened::Token(Token {
                    slot: tokens.request.slot(),
                    replica: tokens.worker,
                    at: tokens.at,
                    tokens: tokens.tokens,
                    produced: tokens.produced,
                    cached_tokens: tokens.cached_tokens,
                    is_last: tokens.is_last,
                })),
                ClusterEvent::Rejected { request, at, refusal } => {
                    happened.push(Happened::Refused(request.slot(), at, *refusal));
                }
                ClusterEvent::Lost { request, at, .. } => happened.push(Happened::Lost(request.slot(), at)),
                _ => {}
            }),
            Kind::Tabled(replicas) => {
                let count = replicas.len();
                for (place, replica) in replicas.iter_mut().enumerate() {
                    replica.advance(now, |token| {
                        let slot = token.slot * count + place;
                        happened.push(Happened::Token(Token { slot, replica: place, ..token }));
                    });
                }
            }
        }
    }

    pub(crate) fn next_event(&self) -> Option<Tick> {
        match &self.kind {
            Kind::Cluster(cluster) => cluster.next_event(),
            Kind::Tabled(replicas) => replicas.iter().filter_map(Tabled::next_event).min(),
        }
    }

    pub(crate) fn gauges(&self) -> Gauges {
        match &self.kind {
            Kind::Cluster(cluster) => {
                let replicas = cluster.replicas();
                let all = f64::from(self.blocks) * replicas.len() as f64;
                let free: f64 = replicas.iter().map(|replica| f64::from(replica.free_blocks())).sum();
                Gauges {
                    running: replicas.iter().map(Replica::running).sum(),
                    waiting: replicas.iter().map(Replica::waiting).sum::<usize>() + cluster.queued(),
                    kv_usage: if all > 0.0 { 1.0 - free / all } else { 0.0 },
                }
            }
            Kind::Tabled(replicas) => {
                Gauges { running: replicas.iter().map(Tabled::running).sum(), ..Gauges::default() }
            }
        }
    }

    /// Power of one GPU that spends these shares of the time in steps, on memory and on arithmetic.
    pub(crate) fn watts(&self, busy: f64, memory: f64, compute: f64) -> f64 {
        let (idle, most) = self.watts;
        let share = 0.35 * busy.min(1.0) + 0.35 * memory.min(1.0) + 0.3 * compute.min(1.0);
        idle + (most - idle) * share
    }
}
