//! How a router is set up, with the defaults of the routers themselves.

use std::time::Duration;

use fakeai_core::Seed;

use super::{CacheAware, Hybrid, KvCost, Learned};
use crate::EngineError;

/// By which rule a worker is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Strategy {
    /// Each in turn.
    RoundRobin,
    /// The fewest sequences.
    #[default]
    LeastLoaded,
    /// `SGLang`'s rule: the longest cached beginning, unless the load is out of balance.
    CacheAware(CacheAware),
    /// Dynamo's cost function.
    Kv(KvCost),
    /// A weighted sum of what is to be read, to be written, and of active requests.
    Hybrid(Hybrid),
    /// Learns from the time to first token of each request.
    Learned(Learned),
}

impl Strategy {
    /// Every strategy with its defaults, under the name it is configured by.
    pub fn all() -> [(&'static str, Self); 6] {
        [
            ("round_robin", Self::RoundRobin),
            ("least_loaded", Self::LeastLoaded),
            ("cache_aware", Self::CacheAware(CacheAware::default())),
            ("kv", Self::Kv(KvCost::default())),
            ("hybrid", Self::Hybrid(Hybrid::default())),
            ("learned", Self::Learned(Learned::default())),
        ]
    }

    /// The strategy of that name with its defaults; `-` is as good as `_`.
    ///
    /// # Errors
    /// [`EngineError::InvalidSettings`], which names all.
    pub fn find(name: &str) -> Result<Self, EngineError> {
        let folded = name.replace('-', "_");
        let all = Self::all();
        all.iter().find(|(known, _)| *known == folded).map(|(_, strategy)| *strategy).ok_or_else(|| {
            let known: Vec<&str> = all.iter().map(|(known, _)| *known).collect();
            EngineError::InvalidSettings { what: format!("unknown router `{name}` (known: {})", known.join(", ")) }
        })
    }

    /// The name it is configured by.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::RoundRobin => "round_robin",
            Self::LeastLoaded => "least_loaded",
            Self::CacheAware(_) => "cache_aware",
            Self::Kv(_) => "kv",
            Self::Hybrid(_) => "hybrid",
            Self::Learned(_) => "learned",
        }
    }

    /// Whether it asks how much of a prompt each worker has cached.
    pub fn uses_overlap(&self) -> bool {
        match self {
            Self::RoundRobin | Self::LeastLoaded => false,
            Self::Kv(cost) => cost.overlap_score_credit > 0.0,
            Self::CacheAware(_) | Self::Hybrid(_) | Self::Learned(_) => true,
        }
    }

    /// Whether it asks which blocks would be active.
    pub const fn uses_blocks(&self) -> bool {
        matches!(self, Self::Kv(_) | Self::Learned(_))
    }

    /// Where routers of this kind know from who has what cached: Dynamo's from events, `SGLang`'s and the blend from
    /// their own memory of what they sent where.
    pub const fn usual_overlap(&self) -> OverlapSource {
        match self {
            Self::CacheAware(_) => OverlapSource::Remembered { ttl: None, capacity: CacheAware::MAX_TREE_BLOCKS },
            Self::Hybrid(_) => OverlapSource::REMEMBERED,
            _ => OverlapSource::Events,
        }
    }
}

/// Where the router knows from how much of a prompt each worker has cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverlapSource {
    /// It asks each worker, as no real router can: the yardstick for the others. Costs O(workers × blocks).
    Exact,
    /// It follows the events of the caches, which come at the end of each step.
    Events,
    /// It remembers what it sent where.
    Remembered {
        /// For how long after it was sent; `None` for ever.
        ttl: Option<Duration>,
        /// Blocks at most, counted for each worker.
        capacity: usize,
    },
}

impl OverlapSource {
    /// Dynamo's router without events: 120 s.
    pub const REMEMBERED: Self =
        Self::Remembered { ttl: Some(Duration::from_secs(120)), capacity: CacheAware::MAX_TREE_BLOCKS };
}

/// Sessions that go back to where they were.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SessionSettings {
    /// For how long after its last request a session is remembered.
    pub ttl: Duration,
    /// Sessions at most.
    pub capacity: usize,
    /// A worker is too loaded if it has so many requests more than the least loaded …
    pub balance_abs: u32,
    /// … and so many times as many.
    pub balance_rel: f64,
}

impl Default for SessionSettings {
    fn default() -> Self {
        Self { ttl: Duration::from_secs(600), capacity: 65_536, balance_abs: 64, balance_rel: 1.5 }
    }
}

/// How a router is set up.
#[derive(Clone, Debug, PartialEq)]
pub struct RouteSettings {
    /// By which rule a worker is chosen.
    pub strategy: Strategy,
    /// Where it knows from who has what cached; `None` for what is usual with the strategy.
    pub overlap: Option<OverlapSource>,
    /// How often what engines report (running, waiting, blocks) is read, as a router that scrapes metrics does; zero
    /// for always exact. What the router counts itself is always exact.
    pub signal_interval: Duration,
    /// Sessions that go back to where they were; `None` ignores sessions.
    pub sessions: Option<SessionSettings>,
    /// Decides ties, draws and exploration.
    pub seed: Seed,
}

impl Default for RouteSettings {
    fn default() -> Self {
        Self {
            strategy: Strategy::default(),
            overlap: None,
            signal_interval: Duration::ZERO,
            sessions: Some(SessionSettings::default()),
            seed: Seed::new(0),
        }
    }
}

impl RouteSettings {
    /// That strategy, everything else by default.
    pub fn of(strategy: Strategy) -> Self {
        Self { strategy, ..Self::default() }
    }

    /// Where it knows from who has what cached; `None` if it does not ask.
    pub fn overlap_source(&self) -> Option<OverlapSource> {
        self.strategy.uses_overlap().then(|| self.overlap.unwrap_or_else(|| self.strategy.usual_overlap()))
    }

    /// Whether a router can run so.
    ///
    /// # Errors
    /// [`EngineError::InvalidSettings`], which says what cannot be.
    pub fn check(&self) -> Result<(), EngineError> {
        let weights: &[f64] = match &self.strategy {
            Strategy::RoundRobin | Strategy::LeastLoaded => &[],
            Strategy::CacheAware(rule) => &[rule.cache_threshold, rule.balance_rel_threshold],
            Strategy::Kv(cost) => &[
                cost.overlap_score_credit,
                cost.overlap_score_credit_decay,
                cost.prefill_load_scale,
                cost.decode_active_request_weight,
                cost.temperature,
            ],
            Strategy::Hybrid(hybrid) => &[hybrid.overlap_weight, hybrid.load_balance_weight],
            Strategy::Learned(learned) => &[learned.exploration, learned.memory],
        };
        if !weights.iter().all(|weight| weight.is_finite() && *weight >= 0.0) {
            return Err(EngineError::InvalidSettings { what: "a router's weights must be numbers from 0".to_owned() });
        }
        if let Strategy::Learned(learned) = &self.strategy
            && (learned.exploration > 1.0 || learned.memory > 1.0)
        {
            let what = "exploration and memory of the learned router are shares, from 0 to 1".to_owned();
            return Err(EngineError::InvalidSettings { what });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strategies_are_found_by_name() {
        assert_eq!(Strategy::find("round-robin"), Ok(Strategy::RoundRobin));
        assert_eq!(Strategy::find("kv").unwrap().name(), "kv");
        let error = Strategy::find("magic").unwrap_err().to_string();
        let known = "round_robin, least_loaded, cache_aware, kv, hybrid, learned";
        assert_eq!(error, format!("unknown router `magic` (known: {known})"));
    }

    #[test]
    fn weights_must_be_numbers_from_0() {
        let check = |strategy| RouteSettings::of(strategy).check();
        assert!(Strategy::all().into_iter().all(|(_, strategy)| check(strategy).is_ok()));
        assert!(check(Strategy::Kv(KvCost { temperature: -1.0, ..KvCost::default() })).is_err());
        assert!(check(Strategy::Hybrid(Hybrid { overlap_weight: f64::NAN, ..Hybrid::default() })).is_err());
        assert!(check(Strategy::Learned(Learned { exploration: 1.5, ..Learned::default() })).is_err());
    }
}
