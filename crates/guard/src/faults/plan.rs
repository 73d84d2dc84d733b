//! All rules, and how often each was asked and happened.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fakeai_core::{Seed, Tick};

use super::kind::{Fault, FaultKind};
use super::rule::FaultRule;

/// Endpoints that are counted by name; others are counted together.
const MOST_ENDPOINTS: usize = 100;

/// A request, as far as rules look at it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    /// `chat/completions`.
    pub endpoint: &'a str,
    /// The model, once it is known.
    pub model: Option<&'a str>,
    /// The key, or its fingerprint.
    pub key: Option<&'a str>,
}

/// A time in which faults are more likely.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spike {
    /// What rates are multiplied with, at least 1.
    pub multiplier: f64,
    /// When it is over.
    pub until: Tick,
}

/// How often faults were looked for and happened.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FaultCounts {
    /// Requests that were looked at.
    pub checks: u64,
    /// Faults by kind.
    pub kinds: BTreeMap<FaultKind, u64>,
    /// Faults by endpoint.
    pub endpoints: BTreeMap<String, u64>,
}

impl FaultCounts {
    /// All faults.
    pub fn total(&self) -> u64 {
        self.kinds.values().sum()
    }
}

/// The rules in force. The same seed and order of requests break the same requests.
#[derive(Debug)]
pub struct FaultPlan {
    seed: Seed,
    /// Whether there are rules, and rules that name a model: every request asks, so no lock is taken for it.
    any: AtomicBool,
    any_model: AtomicBool,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    rules: Vec<Entry>,
    next: u64,
    spike: Option<Spike>,
    counts: FaultCounts,
}

#[derive(Debug)]
struct Entry {
    id: u64,
    rule: FaultRule,
    /// Requests it fitted.
    asked: u64,
}

impl FaultPlan {
    /// A plan with these rules.
    pub fn new(rules: impl IntoIterator<Item = FaultRule>, seed: Seed) -> Self {
        let plan =
            Self { seed, any: AtomicBool::new(false), any_model: AtomicBool::new(false), inner: Mutex::default() };
        for rule in rules {
            plan.create(rule);
        }
        plan
    }

    /// Adds a rule behind the others; its number.
    pub fn create(&self, rule: FaultRule) -> u64 {
        let mut inner = self.lock();
        let id = inner.next;
        inner.next += 1;
        inner.rules.push(Entry { id, rule, asked: 0 });
        self.summarise(&inner);
        id
    }

    /// All rules with their numbers, and how many requests each fitted.
    pub fn list(&self) -> Vec<(u64, FaultRule, u64)> {
        self.lock().rules.iter().map(|entry| (entry.id, entry.rule.clone(), entry.asked)).collect()
    }

    /// Takes a rule away; false if there is none.
    pub fn delete(&self, id: u64) -> bool {
        let mut inner = self.lock();
        let before = inner.rules.len();
        inner.rules.retain(|entry| entry.id != id);
        self.summarise(&inner);
        inner.rules.len() < before
    }

    /// Takes all rules away, and ends a spike.
    pub fn clear(&self) {
        let mut inner = self.lock();
        inner.rules.clear();
        inner.spike = None;
        self.summarise(&inner);
    }

    /// Makes faults `multiplier` times as likely for a while.
    pub fn spike(&self, multiplier: f64, lasts: Duration, now: Tick) {
        self.lock().spike = Some(Spike { multiplier: multiplier.max(1.0), until: now + lasts });
    }

    /// The spike at `now`.
    pub fn current_spike(&self, now: Tick) -> Option<Spike> {
        self.lock().spike.filter(|spike| spike.until > now)
    }

    /// Whether there is nothing to decide.
    pub fn is_empty(&self) -> bool {
        !self.any.load(Ordering::Relaxed)
    }

    /// Whether a rule names a model.
    pub fn has_models(&self) -> bool {
        self.any_model.load(Ordering::Relaxed)
    }

    /// What happens to a request: the first rule that fits and whose chance says so. With `by_model` only rules that name
    /// a model are asked, without it only those that do not, so that each is asked once and as early as it can be.
    pub fn decide(&self, asked: Asked<'_>, by_model: bool, now: Tick) -> Option<Fault> {
        let mut inner = self.lock();
        let multiplier = inner.spike.filter(|spike| spike.until > now).map_or(1.0, |spike| spike.multiplier);
        inner.counts.checks += u64::from(!by_model);
        let mut happens = None;
        for entry in &mut inner.rules {
            let Asked { endpoint, model, key } = asked;
            if entry.rule.model.is_some() != by_model || !entry.rule.fits(endpoint, model, key) {
                continue;
            }
            let number = entry.asked;
            entry.asked += 1;
            let place = number.checked_sub(entry.rule.skip);
            let is_due = place.is_some_and(|place| entry.rule.first.is_none_or(|first| place < first));
            let rate = entry.rule.rate * multiplier;
            if is_due && self.seed.derive("fault").mix(entry.id).mix(number).rng().unit() < rate {
                happens = Some(entry.rule.fault);
                break;
            }
        }
        if let Some(fault) = happens {
            inner.counts.add(fault.kind, asked.endpoint);
        }
        happens
    }

    /// Counts a fault that was asked for by the request itself.
    pub fn count(&self, kind: FaultKind, endpoint: &str) {
        self.lock().counts.add(kind, endpoint);
    }

    /// How often faults were looked for and happened.
    pub fn counts(&self) -> FaultCounts {
        self.lock().counts.clone()
    }

    /// The highest rate of all rules.
    pub fn rate(&self) -> f64 {
        self.lock().rules.iter().map(|entry| entry.rule.rate).fold(0.0, f64::max)
    }

    fn summarise(&self, inner: &Inner) {
        self.any.store(!inner.rules.is_empty(), Ordering::Relaxed);
        self.any_model.store(inner.rules.iter().any(|entry| entry.rule.model.is_some()), Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FaultCounts {
    fn add(&mut self, kind: FaultKind, endpoint: &str) {
        *self.kinds.entry(kind).or_default() += 1;
        let known = self.endpoints.contains_key(endpoint) || self.endpoints.len() < MOST_ENDPOINTS;
        *self.endpoints.entry(if known { endpoint } else { "other" }.to_owned()).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CHAT: Asked<'_> = Asked { endpoint: "chat/completions", model: None, key: None };

    fn plan(rules: &[&str]) -> FaultPlan {
        FaultPlan::new(rules.iter().map(|rule| rule.parse().unwrap()), Seed::new(42))
    }

    fn broken(plan: &FaultPlan, requests: usize) -> Vec<bool> {
        (0..requests).map(|_| plan.decide(CHAT, false, Tick::default()).is_some()).collect()
    }

    #[test]
    fn the_first_so_many_fail_and_then_all_is_well() {
        assert_eq!(broken(&plan(&["500;first=2"]), 5), [true, true, false, false, false]);
        assert_eq!(broken(&plan(&["500;skip=1;first=2"]), 5), [false, true, true, false, false]);
    }

    #[test]
    fn the_same_seed_breaks_the_same_requests() {
        let one = broken(&plan(&["503;rate=0.3"]), 1000);
        assert_eq!(one, broken(&plan(&["503;rate=0.3"]), 1000));
        let share = one.iter().filter(|broken| **broken).count();
        assert!((250..350).contains(&share), "{share}");
    }

    #[test]
    fn a_spike_makes_faults_likelier_until_it_is_over() {
        let plan = plan(&["503;rate=0.2"]);
        plan.spike(5.0, Duration::from_secs(10), Tick::default());
        assert!(broken(&plan, 50).iter().all(|broken| *broken));
        let later = Tick::default() + Duration::from_secs(10);
        assert_eq!(plan.current_spike(later), None);
        assert!((0..50).any(|_| plan.decide(CHAT, false, later).is_none()));
    }

    #[test]
    fn rules_come_and_go_and_are_counted() {
        let plan = plan(&["500;endpoint=embeddings"]);
        assert!(plan.decide(CHAT, false, Tick::default()).is_none());
        let id = plan.create("cut;model=gpt*".parse().unwrap());
        assert!(plan.decide(CHAT, false, Tick::default()).is_none());
        let with_model = Asked { model: Some("gpt-4o"), ..CHAT };
        assert_eq!(plan.decide(with_model, true, Tick::default()).unwrap().kind, FaultKind::Cut);
        assert!(plan.delete(id) && !plan.delete(id));
        let counts = plan.counts();
        assert_eq!((counts.checks, counts.total(), counts.endpoints["chat/completions"]), (2, 1, 1));
    }

    proptest! {
        #[test]
        fn rates_hold(rate in 0.0_f64..1.0) {
            let plan = plan(&[]);
            plan.create(FaultRule { rate, ..FaultRule::new(FaultKind::Cut) });
            let share = broken(&plan, 2000).iter().filter(|broken| **broken).count() as f64 / 2000.0;
            prop_assert!((share - rate).abs() < 0.06);
        }
    }
}
