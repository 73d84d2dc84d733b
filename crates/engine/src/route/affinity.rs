//! Which worker each session went to last. Bounded: sessions are forgotten some time after their last request, and the
//! longest silent one when there are too many.

use fakeai_core::Tick;
use rustc_hash::FxHashMap;

use super::{Candidate, Recent, SessionSettings};

/// Remembers sessions.
#[derive(Clone, Debug)]
pub struct Affinity {
    settings: SessionSettings,
    workers: FxHashMap<u64, usize>,
    uses: Recent<u64>,
}

impl Affinity {
    /// Knows no session yet.
    pub fn new(settings: SessionSettings) -> Self {
        Self { settings, workers: FxHashMap::default(), uses: Recent::new(Some(settings.ttl), settings.capacity) }
    }

    /// The place among the candidates of the worker this session should go back to; `None` if it is new or forgotten,
    /// or its worker is no candidate or too loaded: by more than [`SessionSettings::balance_abs`] requests and
    /// [`SessionSettings::balance_rel`] times as many as the least loaded.
    pub fn find(&mut self, session: u64, candidates: &[Candidate], at: Tick) -> Option<usize> {
        self.forget_stale(at);
        let worker = *self.workers.get(&session)?;
        let place = candidates.iter().position(|candidate| candidate.worker == worker)?;
        let least = candidates.iter().map(|candidate| candidate.active_requests).min()?;
        let own = candidates[place].active_requests;
        let is_overloaded = f64::from(own - least) > f64::from(self.settings.balance_abs)
            && f64::from(own) > self.settings.balance_rel * f64::from(least);
        (!is_overloaded).then_some(place)
    }

    /// The session went to that worker.
    pub fn keep(&mut self, session: u64, worker: usize, at: Tick) {
        self.workers.insert(session, worker);
        self.uses.touch(session, at);
        self.forget_stale(at);
    }

    fn forget_stale(&mut self, at: Tick) {
        while let Some(session) = self.uses.pop_stale(at) {
            self.workers.remove(&session);
        }
    }

    /// Sessions known.
    pub fn len(&self) -> usize {
        self.workers.len()
    }

    /// Whether no session is known.
    pub fn is_empty(&self) -> bool {
        self.workers.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn second(number: u64) -> Tick {
        Tick::from_nanos(number * 1_000_000_000)
    }

    fn candidate(worker: usize, active_requests: u32) -> Candidate {
        Candidate { worker, active_requests, ..Candidate::default() }
    }

    #[test]
    fn a_session_stays_until_its_worker_is_gone_or_too_loaded() {
        let settings = SessionSettings { ttl: Duration::from_secs(10), ..SessionSettings::default() };
        let mut affinity = Affinity::new(settings);
        let calm = [candidate(0, 0), candidate(1, 3)];
        assert_eq!(affinity.find(7, &calm, second(0)), None);
        affinity.keep(7, 1, second(0));
        assert_eq!(affinity.find(7, &calm, second(5)), Some(1));
        assert_eq!(affinity.find(7, &[candidate(0, 0)], second(5)), None);
        assert_eq!(affinity.find(7, &[candidate(0, 10), candidate(1, 74)], second(5)), Some(1));
        assert_eq!(affinity.find(7, &[candidate(0, 10), candidate(1, 75)], second(5)), None);
        assert_eq!(affinity.find(7, &[candidate(0, 200), candidate(1, 299)], second(5)), Some(1));
        assert_eq!(affinity.find(7, &calm, second(10)), None);
    }

    #[test]
    fn the_table_is_bounded() {
        let mut affinity = Affinity::new(SessionSettings { capacity: 3, ..SessionSettings::default() });
        (0..10).for_each(|session| affinity.keep(session, 0, second(session)));
        assert_eq!(affinity.len(), 3);
    }
}
