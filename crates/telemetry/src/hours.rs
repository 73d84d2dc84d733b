//! Requests of each hour of the last day: little enough to be kept for every model.

use std::collections::VecDeque;

use fakeai_core::Tick;

const NANOS: u64 = 3_600_000_000_000;
/// Hours that are kept, the one under way among them.
const MOST: usize = 24;

/// Requests of each hour, the oldest first.
#[derive(Clone, Debug, Default)]
pub struct Hours(VecDeque<(u64, u64)>);

impl Hours {
    /// Counts requests that ended at `at`; those that ended before all hours kept are left out.
    pub(crate) fn add(&mut self, at: Tick, requests: u64) {
        self.add_to(at.as_nanos() / NANOS, requests);
    }

    /// Adds what others counted.
    pub(crate) fn absorb(&mut self, other: &Self) {
        for (hour, requests) in &other.0 {
            self.add_to(*hour, *requests);
        }
    }

    /// Adds requests of an hour that began at another place of the line: they go where most of it lies.
    pub(crate) fn put(&mut self, start: Tick, requests: u64) {
        self.add_to(start.as_nanos().saturating_add(NANOS / 2) / NANOS, requests);
    }

    fn add_to(&mut self, hour: u64, requests: u64) {
        match self.0.iter().rposition(|(kept, _)| *kept <= hour) {
            Some(place) if self.0[place].0 == hour => self.0[place].1 += requests,
            Some(place) => self.0.insert(place + 1, (hour, requests)),
            None if self.0.len() < MOST => self.0.push_front((hour, requests)),
            None => {}
        }
        let newest = self.0.back().map_or(0, |(hour, _)| *hour);
        while self.0.len() > MOST || self.0.front().is_some_and(|(hour, _)| hour + MOST as u64 <= newest) {
            self.0.pop_front();
        }
    }

    /// When each hour began, and requests that ended in it; hours without any are left out.
    pub fn iter(&self) -> impl Iterator<Item = (Tick, u64)> {
        self.0.iter().map(|(hour, requests)| (Tick::from_nanos(hour * NANOS), *requests))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_last_day_is_kept(mut hours in prop::collection::vec(0_u64..100, 1..200)) {
            hours.sort_unstable();
            let mut kept = Hours::default();
            for hour in &hours {
                kept.add(Tick::from_nanos(hour * NANOS), 1);
            }
            let last = *hours.last().unwrap();
            let young = hours.iter().filter(|hour| **hour + MOST as u64 > last).count() as u64;
            prop_assert_eq!(kept.iter().map(|(_, requests)| requests).sum::<u64>(), young);
        }

        #[test]
        fn any_order_is_taken(hours in prop::collection::vec(0_u64..100, 1..200)) {
            let mut kept = Hours::default();
            for hour in &hours {
                kept.add(Tick::from_nanos(hour * NANOS), 1);
            }
            let starts: Vec<Tick> = kept.iter().map(|(start, _)| start).collect();
            prop_assert!(starts.len() <= MOST && starts.is_sorted());
        }
    }
}
