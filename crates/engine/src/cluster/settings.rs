//! How a cluster is set up.

use std::time::Duration;

use fakeai_core::Seed;

use super::{Limits, Link};
use crate::EngineError;
use crate::route::{RouteSettings, Strategy};

/// How a cluster is set up. By default nothing is refused, nothing fails, and the least loaded worker is chosen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClusterSettings {
    /// How workers are chosen.
    pub route: RouteSettings,
    /// What is refused.
    pub limits: Limits,
    /// While every worker has more unread prompt tokens than this many times its `max_batched_tokens`, requests wait at
    /// the router (Dynamo's `router_queue_threshold`, 4.0 there); `None` sends them on at once.
    pub queue_threshold: Option<f64>,
    /// How often a request may be moved to another worker when its own fails (Dynamo's `migration_limit`); 0 loses it.
    pub migration_limit: u32,
    /// Workers that fail by themselves.
    pub outages: Option<Outages>,
    /// The link from prefill to decode workers; needed if there are such.
    pub transfer: Option<Transfer>,
    /// The link from engines outside, for prompts that were read there ([`crate::scheduler::Phase::Decode`]). Every
    /// transfer has all of it: who else uses it is not known. `None` is a link that takes no time.
    pub remote: Option<Transfer>,
}

/// Workers that fail and come back by chance: both times are drawn from exponential distributions, for each worker.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outages {
    /// Mean time from recovery to failure.
    pub mtbf: Duration,
    /// Mean time from failure to recovery.
    pub mttr: Duration,
    /// Decides when.
    pub seed: Seed,
}

/// How keys and values get from a prefill worker to a decode worker.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transfer {
    /// The link all transfers share.
    pub link: Link,
    /// Bytes of the keys and values of one token, all layers.
    pub kv_bytes_per_token: f64,
}

impl ClusterSettings {
    /// That strategy, everything else by default.
    pub fn of(strategy: Strategy) -> Self {
        Self { route: RouteSettings::of(strategy), ..Self::default() }
    }

    /// Whether a cluster can run so.
    ///
    /// # Errors
    /// [`EngineError::InvalidSettings`], which says what cannot be.
    pub fn check(&self) -> Result<(), EngineError> {
        let wrong = |what: &str| Err(EngineError::InvalidSettings { what: what.to_owned() });
        if !self.limits.busy_blocks.is_none_or(|share| (0.0..=1.0).contains(&share)) {
            return wrong("the busy threshold on blocks is a share of the cache, from 0 to 1");
        }
        if !self.queue_threshold.is_none_or(|times| times.is_finite() && times >= 0.0) {
            return wrong("the router's queue threshold must be a number from 0");
        }
        if self.outages.is_some_and(|outages| outages.mtbf.is_zero() || outages.mttr.is_zero()) {
            return wrong("times between failure and recovery must be more than 0");
        }
        for transfer in [&self.transfer, &self.remote].into_iter().flatten() {
            let bytes = transfer.kv_bytes_per_token;
            let is_rate = transfer.link.bytes_per_second > 0.0 && transfer.link.bytes_per_second.is_finite();
            if !(is_rate && bytes.is_finite() && bytes >= 0.0) {
                return wrong("a transfer needs a bandwidth above 0 and a size of tokens from 0");
            }
        }
        self.route.check()
    }
}
