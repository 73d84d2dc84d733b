//! When a job does what: a function of its making, its pauses and now.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::jobs::Moment;

/// Shares of its time after which the files have been looked at, and training begins.
const VALIDATED: f64 = 0.05;
const STARTED: f64 = 0.1;

/// The times of a job.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Schedule {
    pub created: Moment,
    /// From then to its end, without pauses.
    takes: Duration,
    /// When it was paused, and when it went on.
    pauses: Vec<(Moment, Option<Moment>)>,
    pub cancelled: Option<Moment>,
}

impl Schedule {
    pub(super) const fn new(created: Moment, takes: Duration) -> Self {
        Self { created, takes, pauses: Vec::new(), cancelled: None }
    }

    /// How long it was at work by `now`: pauses do not count, and nothing after it was cancelled.
    pub(super) fn worked(&self, now: Moment) -> Duration {
        let now = self.cancelled.map_or(now, |cancelled| now.min(cancelled));
        let paused = |(from, to): &(Moment, Option<Moment>)| to.map_or(now, |to| to.min(now)).since(*from);
        let paused: Duration = self.pauses.iter().map(paused).sum();
        now.since(self.created).saturating_sub(paused)
    }

    /// When it has been at work for so long; as if it went on now, where it rests.
    pub(super) fn at(&self, worked: Duration) -> Moment {
        let mut at = self.created + worked;
        for (from, to) in &self.pauses {
            if *from < at
                && let Some(to) = to
            {
                at = at + to.since(*from);
            }
        }
        at
    }

    pub(super) fn validated(&self) -> Duration {
        self.takes.mul_f64(VALIDATED)
    }

    pub(super) fn started(&self) -> Duration {
        self.takes.mul_f64(STARTED)
    }

    pub(super) const fn takes(&self) -> Duration {
        self.takes
    }

    /// How long it has worked when it has done `step` of `steps`.
    pub(super) fn stepped(&self, step: u64, steps: u64) -> Duration {
        let training = self.takes.saturating_sub(self.started());
        self.started() + training.mul_f64(step as f64 / steps.max(1) as f64)
    }

    /// Whether it rests.
    pub(super) fn is_paused(&self) -> bool {
        self.cancelled.is_none() && self.pauses.last().is_some_and(|(_, to)| to.is_none())
    }

    pub(super) fn pauses(&self) -> &[(Moment, Option<Moment>)] {
        &self.pauses
    }

    pub(super) fn pause(&mut self, now: Moment) {
        self.pauses.push((now, None));
    }

    pub(super) fn resume(&mut self, now: Moment) {
        if let Some((_, to)) = self.pauses.last_mut() {
            *to = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use fakeai_core::Clock;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pauses_push_what_follows_back() {
        let start = Moment::now(&Clock::manual(0));
        let second = |seconds| start + Duration::from_secs(seconds);
        let mut schedule = Schedule::new(start, Duration::from_secs(100));
        schedule.pause(second(20));
        assert_eq!((schedule.worked(second(90)), schedule.is_paused()), (Duration::from_secs(20), true));
        schedule.resume(second(120));
        assert_eq!(schedule.worked(second(130)), Duration::from_secs(30));
        assert_eq!(
            (schedule.at(Duration::from_secs(100)), schedule.at(Duration::from_secs(10))),
            (second(200), second(10))
        );
        schedule.cancelled = Some(second(140));
        assert_eq!(schedule.worked(second(900)), Duration::from_secs(40));
    }

    proptest! {
        #[test]
        fn moments_and_work_agree(pauses in prop::collection::vec((1..50_u64, 1..50_u64), 0..5), worked in 0..300_u64) {
            let start = Moment::now(&Clock::manual(0));
            let mut schedule = Schedule::new(start, Duration::from_secs(300));
            let mut now = start;
            for (run, rest) in pauses {
                now = now + Duration::from_secs(run);
                schedule.pause(now);
                now = now + Duration::from_secs(rest);
                schedule.resume(now);
            }
            let worked = Duration::from_secs(worked);
            prop_assert_eq!(schedule.worked(schedule.at(worked)), worked);
        }
    }
}
